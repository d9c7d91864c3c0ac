"""Shell diagrams: rings around a nucleus, with as many dots on each as it has electrons."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from mese.demo import surfaces as s
from mese.demo.families.elements.atom import Atom
from mese.demo.families.elements.tile import write
from mese.demo.surfaces import Colour


@dataclass(frozen=True)
class Pen:
    """Colours of rings, electrons, outermost electrons, nucleus and the writing on it."""

    ring: Colour
    dot: Colour
    outer: Colour
    core: Colour
    ink: Colour


def pen_of(atom: Atom) -> Pen:
    """For light grounds, in the colour of the element's part of the table."""
    colour = s.rgb(atom.colour)
    return Pen(
        (150, 154, 164), (58, 64, 78), s.mix(colour, (0, 0, 0), 0.1), colour, (255, 255, 255)
    )


CHALK = Pen((196, 206, 198), (236, 240, 232), (250, 224, 120), (72, 104, 92), (246, 248, 240))
NEON = Pen((48, 96, 190), (110, 232, 255), (255, 92, 190), (250, 244, 190), (30, 24, 60))


def radii(count: int, reach: float) -> list[float]:
    """Of the rings, from the inside out; the last has `reach`."""
    inner = reach * 0.3 if count > 1 else reach * 0.6
    step = (reach - inner) / max(1, count - 1)
    return [inner + step * n for n in range(count)]


def paint_shells(
    image: Image.Image,
    atom: Atom,
    middle: tuple[float, float],
    reach: float,
    pen: Pen,
    rng: random.Random,
    label: str = "",
) -> None:
    """Draws the diagram on the image; `reach` is the radius of the outermost ring."""
    draw = ImageDraw.Draw(image)
    dot = reach * (0.052 if len(atom.shells) < 5 else 0.036)
    for number, (radius, count) in enumerate(
        zip(radii(len(atom.shells), reach), atom.shells, strict=True), start=1
    ):
        outermost = number == len(atom.shells)
        _ring(draw, middle, radius, pen.ring, max(2, round(reach / 90)))
        turn = rng.uniform(0, math.tau)
        for k in range(count):
            angle = turn + math.tau * k / count
            x, y = middle[0] + radius * math.cos(angle), middle[1] + radius * math.sin(angle)
            size = dot * (1.35 if outermost else 1)
            colour = pen.outer if outermost else pen.dot
            draw.ellipse((x - size, y - size, x + size, y + size), colour)
    core = reach * (0.19 if len(atom.shells) > 1 else 0.26)
    x, y = middle
    draw.ellipse((x - core, y - core, x + core, y + core), pen.core)
    write(image, label or f"{atom.number}+", middle, core * 0.86, pen.ink)


def _ring(
    draw: ImageDraw.ImageDraw, at: tuple[float, float], radius: float, ink: Colour, width: int
) -> None:
    x, y = at
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), outline=ink, width=width)


def flat_diagram(atom: Atom, side: int, rng: random.Random, ground: Colour) -> Image.Image:
    """The diagram alone, with the symbol in the nucleus."""
    image = Image.new("RGB", (side, side), ground)
    at = (side / 2, side / 2)
    paint_shells(image, atom, at, side * 0.43, pen_of(atom), rng, atom.symbol)
    return image


def glow(image: Image.Image) -> Image.Image:
    """The image with light around all that is bright."""
    small = image.resize((image.width // 4, image.height // 4), Image.Resampling.BOX)
    halo = small.filter(ImageFilter.BoxBlur(3)).resize(image.size, Image.Resampling.BILINEAR)
    return ImageChops.screen(image, halo)
