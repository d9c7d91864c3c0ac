"""Samples of the elements in their true colours: ingots, powders, crystals, liquids, gases."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from PIL import Image, ImageDraw, ImageFilter

from mese.demo import surfaces as s
from mese.demo.families.elements.atom import Atom
from mese.demo.surfaces import Colour

SIDE = 300
"""Of the square that a sample is drawn on."""
WHITE, BLACK = (255, 255, 255), (0, 0, 0)
FLOOR = 250
"""Where things stand in that square."""


def _sheet() -> Image.Image:
    return Image.new("RGBA", (SIDE, SIDE))


def _nugget(
    draw: ImageDraw.ImageDraw, rng: random.Random, colour: Colour, x: float, r: float
) -> None:
    """A lump of facets, lit from the upper left."""
    y, count = FLOOR - r * 0.8, rng.randint(8, 11)
    rim = [
        (x + r * rng.uniform(0.85, 1.1) * math.cos(a), y + r * rng.uniform(0.7, 0.85) * math.sin(a))
        for a in (math.tau * k / count for k in range(count))
    ]
    top = (x + rng.uniform(-0.25, 0.1) * r, y - rng.uniform(0.05, 0.3) * r)
    for k, here in enumerate(rim):
        there = rim[(k + 1) % count]
        angle = math.tau * (k + 0.5) / count
        light = -math.cos(angle - 0.9) * 0.42 + rng.uniform(-0.1, 0.1)
        tone = s.mix(colour, WHITE if light > 0 else BLACK, min(0.6, abs(light)))
        draw.polygon([top, here, there], tone)


def metal(atom: Atom, rng: random.Random) -> Image.Image:
    """An ingot or a few nuggets."""
    image, colour = _sheet(), s.rgb(atom.tint)
    draw = ImageDraw.Draw(image)
    if rng.random() < 0.5:
        for x, r in ((92, 46), (205, 62), (142, 40)):
            _nugget(draw, rng, colour, x + rng.randint(-8, 8), r * rng.uniform(0.9, 1.15))
        return image
    deep, tall = rng.randint(34, 48), rng.randint(54, 72)
    left, right = 30, 236
    draw.polygon(
        [(left, FLOOR), (left + 14, FLOOR - tall), (right - 14, FLOOR - tall), (right, FLOOR)],
        s.mix(colour, BLACK, 0.12),
    )
    back = [(left + 14 + deep, FLOOR - tall - deep), (right - 14 + deep, FLOOR - tall - deep)]
    draw.polygon(
        [(left + 14, FLOOR - tall), back[0], back[1], (right - 14, FLOOR - tall)],
        s.mix(colour, WHITE, 0.42),
    )
    draw.polygon(
        [(right, FLOOR), (right - 14, FLOOR - tall), back[1], (right + deep, FLOOR - deep)],
        s.mix(colour, BLACK, 0.36),
    )
    return image


def crystal(atom: Atom, rng: random.Random) -> Image.Image:
    """A group of sharp crystals."""
    image, colour = _sheet(), s.rgb(atom.tint)
    draw = ImageDraw.Draw(image)
    for n in range(6):
        x, wide = 60 + n * 32 + rng.randint(-8, 8), rng.randint(22, 34)
        tall, lean = rng.randint(70, 160), rng.randint(-26, 26)
        peak = (x + lean, FLOOR - tall)
        left, right = (x - wide / 2, FLOOR), (x + wide / 2, FLOOR)
        draw.polygon(
            [left, (left[0] + lean, FLOOR - tall * 0.75), peak, (x + 3, FLOOR)],
            s.mix(colour, WHITE, rng.uniform(0.25, 0.5)),
        )
        draw.polygon(
            [(x + 3, FLOOR), peak, (right[0] + lean, FLOOR - tall * 0.75), right],
            s.mix(colour, BLACK, rng.uniform(0.1, 0.4)),
        )
    return image


def powder(atom: Atom, rng: random.Random) -> Image.Image:
    """A heap on a watch glass."""
    image, colour = _sheet(), s.rgb(atom.tint)
    draw = ImageDraw.Draw(image)
    draw.ellipse((24, FLOOR - 40, 276, FLOOR + 24), (214, 224, 230, 210), (160, 172, 180), 3)
    peak = (150 + rng.randint(-26, 26), FLOOR - rng.randint(96, 130))
    draw.polygon([(56, FLOOR - 6), peak, (246, FLOOR - 6)], colour)
    draw.ellipse((54, FLOOR - 24, 247, FLOOR + 12), colour)
    draw.polygon([peak, (246, FLOOR - 6), (170, FLOOR + 6)], s.mix(colour, BLACK, 0.2))
    for _ in range(240):
        share = rng.random()
        x = rng.uniform(64 + 80 * share, 238 - 80 * share)
        y = FLOOR - share * 88 + rng.uniform(-4, 8)
        tone = s.mix(colour, rng.choice((WHITE, BLACK)), rng.uniform(0.1, 0.35))
        draw.ellipse((x - 2, y - 2, x + 2, y + 2), tone)
    return image


def _bottle(fill: Colour | None, level: float, haze: float) -> Image.Image:
    """A corked bottle; `level` is the share that is filled, `haze` how dense the filling is."""
    image = _sheet()
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((82, 76, 218, FLOOR), 22, (226, 236, 240, 120), (120, 134, 142), 4)
    if fill is not None:
        top = FLOOR - 6 - (FLOOR - 90) * level
        inside = Image.new("RGBA", image.size)
        pen = ImageDraw.Draw(inside)
        pen.rounded_rectangle((88, top, 212, FLOOR - 5), 16, (*fill, round(255 * haze)))
        image.alpha_composite(inside)
        if level < 1:
            pen = ImageDraw.Draw(image)
            pen.ellipse((88, top - 8, 212, top + 10), s.mix(fill, WHITE, 0.3))
    draw = ImageDraw.Draw(image)
    draw.rectangle((116, 52, 184, 80), (205, 216, 222, 200), (120, 134, 142), 3)
    draw.rounded_rectangle((120, 28, 180, 60), 7, (162, 118, 76))
    shine = Image.new("RGBA", image.size)
    ImageDraw.Draw(shine).rounded_rectangle((98, 92, 114, 228), 8, (255, 255, 255, 130))
    image.alpha_composite(shine)
    return image


def liquid(atom: Atom, rng: random.Random) -> Image.Image:
    return _bottle(s.rgb(atom.tint), rng.uniform(0.45, 0.65), 0.96)


def gas(atom: Atom, rng: random.Random) -> Image.Image:
    return _bottle(s.rgb(atom.tint), 1, rng.uniform(0.6, 0.75))


def none(atom: Atom, rng: random.Random) -> Image.Image:
    """Too short-lived to be seen: an empty bottle with a speck of light."""
    image = _bottle(None, 0, 0)
    x, y = rng.randint(120, 180), rng.randint(140, 220)
    for r, alpha in ((16, 60), (9, 120), (4, 255)):
        spot = Image.new("RGBA", image.size)
        ImageDraw.Draw(spot).ellipse((x - r, y - r, x + r, y + r), (120, 200, 255, alpha))
        image.alpha_composite(spot)
    return image


def glow(atom: Atom, rng: random.Random) -> Image.Image:
    """A discharge tube that shines in the gas's own light."""
    image, colour = _sheet(), s.rgb(atom.tint)
    light = Image.new("L", image.size)
    y = 165 + rng.randint(-14, 14)
    ImageDraw.Draw(light).rounded_rectangle((34, y - 34, 266, y + 34), 34, fill=200)
    light = light.filter(ImageFilter.BoxBlur(16))
    image.paste((*colour, 255), mask=light)
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((30, y - 20, 270, y + 20), 20, (*s.mix(colour, WHITE, 0.35), 255))
    draw.rounded_rectangle((44, y - 8, 256, y + 8), 8, (*s.mix(colour, WHITE, 0.8), 255))
    for x in (14, 262):
        draw.rounded_rectangle((x, y - 24, x + 26, y + 24), 6, (66, 70, 78))
    return image


FORMS: dict[str, Callable[[Atom, random.Random], Image.Image]] = {
    "metal": metal,
    "crystal": crystal,
    "powder": powder,
    "liquid": liquid,
    "gas": gas,
    "glow": glow,
    "none": none,
}


def sample(atom: Atom, rng: random.Random) -> Image.Image:
    """The element as one would see it, on nothing; a trefoil warns of rays."""
    image = FORMS[atom.form](atom, rng)
    if atom.active:
        trefoil(image, (260, 114), 36)
    return image


def trefoil(image: Image.Image, at: tuple[int, int], radius: int) -> None:
    """The sign for radioactivity."""
    x, y = at
    draw = ImageDraw.Draw(image)
    box = (x - radius, y - radius, x + radius, y + radius)
    draw.ellipse(box, (246, 205, 40), (30, 30, 30), 3)
    inner = (x - radius * 0.8, y - radius * 0.8, x + radius * 0.8, y + radius * 0.8)
    for start in (-120, 0, 120):
        draw.pieslice(inner, start, start + 60, (30, 30, 30))
    for part, colour in ((0.28, (246, 205, 40)), (0.17, (30, 30, 30))):
        r = radius * part
        draw.ellipse((x - r, y - r, x + r, y + r), colour)
