"""An element's tile, as on a wall chart: its number, its symbol and its weight."""

from __future__ import annotations

from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

from mese.demo import surfaces as s
from mese.demo.families.elements.atom import Atom
from mese.demo.surfaces import Colour

INK = (28, 30, 36)


@lru_cache(maxsize=64)
def font(size: int) -> ImageFont.FreeTypeFont:
    """Pillow's own typeface, which has all that symbols and numbers need."""
    found = ImageFont.load_default(size)
    if not isinstance(found, ImageFont.FreeTypeFont):
        raise RuntimeError("this Pillow was built without FreeType; install the pinned wheel")
    return found


def write(
    image: Image.Image,
    text: str,
    at: tuple[float, float],
    size: float,
    ink: Colour,
    anchor: str = "mm",
    bold: bool = False,
) -> None:
    """Writes a symbol or number; `bold` thickens the strokes."""
    stroke = max(1, round(size / 40)) if bold else 0
    draw = ImageDraw.Draw(image)
    draw.text(at, text, ink, font(round(size)), anchor, stroke_width=stroke)


def tile(atom: Atom, side: int, ground: Colour, ink: Colour) -> Image.Image:
    """A square tile: number above, symbol in the middle, weight below."""
    image = Image.new("RGB", (side, side), ground)
    rim = s.mix(ground, ink, 0.55)
    ImageDraw.Draw(image).rectangle((0, 0, side - 1, side - 1), outline=rim, width=side // 40)
    margin = side * 0.09
    write(image, str(atom.number), (margin, margin), side * 0.15, ink, "lt")
    write(image, atom.symbol, (side / 2, side * 0.54), side * 0.42, ink, bold=True)
    weight = f"[{atom.weight}]" if atom.active and "." not in atom.weight else atom.weight
    write(image, weight, (side / 2, side * 0.87), side * 0.11, ink)
    return image


def bright(atom: Atom, side: int) -> Image.Image:
    """White on the full colour of its part of the table."""
    return tile(atom, side, s.rgb(atom.colour), (255, 255, 255))


def pale(atom: Atom, side: int) -> Image.Image:
    """Dark on a tint of that colour."""
    return tile(atom, side, s.mix(s.rgb(atom.colour), (255, 255, 255), 0.62), INK)


def dark(atom: Atom, side: int) -> Image.Image:
    """The colour on near-black."""
    light = s.mix(s.rgb(atom.colour), (255, 255, 255), 0.25)
    return tile(atom, side, (24, 26, 34), light)
