"""Glyphs of the Greek, Hebrew and Cyrillic letters as masks.

Greek and Cyrillic come from the fonts that Streamlit ships; these hold no Hebrew, so that the
Hebrew letters are drawn here, stroke by stroke with a broad pen, from `hebrew.toml`.
"""

from __future__ import annotations

import importlib.util
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mese.demo.family import FactsError

STROKES = Path(__file__).parent / "hebrew.toml"
FONTS = "static/static/media"
"""Where Streamlit keeps its fonts, below its package."""
EM = 300
"""Font size at which glyphs are drawn before they are fitted."""
TALL = 210
"""Height of a capital at that size, in pixels; Hebrew letters are drawn as tall."""

Point = tuple[float, float]


@dataclass(frozen=True)
class Face:
    """A way to write: a font file with its axes, and the Hebrew pen (width, height) of its like."""

    file: str
    axes: tuple[float, ...]
    pen: Point


FACES: Mapping[str, Face] = {
    "light": Face("SourceSansVF-Upright", (300,), (0.07, 0.07)),
    "sans": Face("SourceSansVF-Upright", (600,), (0.12, 0.13)),
    "black": Face("SourceSansVF-Upright", (900,), (0.17, 0.21)),
    "serif": Face("SourceSerifVariable-Roman", (400, 40), (0.08, 0.17)),
    "bold": Face("SourceSerifVariable-Roman", (800, 40), (0.13, 0.22)),
    "italic": Face("SourceSerifVariable-Italic", (500, 40), (0.06, 0.15)),
    "mono": Face("SourceCodeVF-Upright", (500,), (0.1, 0.1)),
}


@lru_cache(maxsize=len(FACES))
def font(face: str) -> ImageFont.FreeTypeFont:
    """The font of a face. Raises `FactsError` where the installed Streamlit has no such file."""
    loaded = ImageFont.truetype(font_file(FACES[face].file), EM)
    loaded.set_variation_by_axes(list(FACES[face].axes))
    return loaded


@lru_cache(maxsize=len(FACES))
def font_file(name: str) -> Path:
    """The file of a font, whose name ends in a checksum that changes from release to release."""
    spec = importlib.util.find_spec("streamlit")
    folder = Path(spec.origin).parent / FONTS if spec and spec.origin else Path(FONTS)
    found = sorted(folder.glob(f"{name}.*woff2"))
    if not found:
        raise FactsError(f"{folder}: no font {name}; install the pinned streamlit")
    return found[0]


@lru_cache(maxsize=128)
def glyph(text: str, face: str) -> Image.Image:
    """Mask ("L") of the text in a face, cut at its sides.

    It reaches from the top of a capital to the foot line at least, so that a small sign stays
    small beside a large one.
    """
    sheet = _hebrew(text, face) if text in strokes() else _of_font(text, face)
    left, top, right, bottom = sheet.getbbox() or (0, 0, 1, 1)
    return sheet.crop((left, min(top, EM), right, max(bottom, EM + TALL)))


def fitted(text: str, face: str, width: float, height: float) -> Image.Image:
    """The glyph's mask as large as fits into width × height."""
    mask = glyph(text, face)
    scale = min(width / mask.width, height / mask.height)
    size = (max(1, round(mask.width * scale)), max(1, round(mask.height * scale)))
    return mask.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)


def has(text: str) -> bool:
    """Whether the fonts hold every character, or it is drawn here."""
    if text in strokes():
        return True
    missing = bytes(font("sans").getmask("\uffff"))
    return all(bytes(font("sans").getmask(sign)) != missing for sign in text)


def _of_font(text: str, face: str) -> Image.Image:
    """Text whose capitals reach from y = EM to y = EM + TALL."""
    type_ = font(face)
    capital = -type_.getbbox("H", anchor="ls")[1]
    scaled = type_.font_variant(size=round(EM * TALL / capital))
    scaled.set_variation_by_axes(list(FACES[face].axes))
    left, _, right, _ = scaled.getbbox(text, anchor="ls")
    sheet = Image.new("L", (round(right - left) + 20, 3 * EM))
    ImageDraw.Draw(sheet).text((10 - left, EM + TALL), text, 255, scaled, anchor="ls")
    return sheet


@lru_cache(maxsize=1)
def strokes() -> Mapping[str, tuple[tuple[Point, ...], ...]]:
    """The pen's ways of every Hebrew letter."""
    table = tomllib.loads(STROKES.read_text(encoding="utf-8"))["strokes"]
    return {letter: tuple(_way(stroke) for stroke in ways) for letter, ways in table.items()}


def _way(stroke: str) -> tuple[Point, ...]:
    numbers = [float(number) for number in stroke.removeprefix("~").split()]
    points = list(zip(numbers[::2], numbers[1::2], strict=True))
    return tuple(_curve(points)) if stroke.startswith("~") else tuple(points)


def _curve(points: Sequence[Point], steps: int = 8) -> list[Point]:
    """A Catmull-Rom spline through the points."""
    ends = np.array([points[0], *points, points[-1]])
    found: list[Point] = []
    for a, b, c, d in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
        for t in np.linspace(0, 1, steps, endpoint=False):
            cubic = (3 * b - a - 3 * c + d) * t**3 + (2 * a - 5 * b + 4 * c - d) * t**2
            x, y = (cubic + (c - a) * t + 2 * b) / 2
            found.append((float(x), float(y)))
    return [*found, points[-1]]


def _hebrew(letter: str, face: str) -> Image.Image:
    """A letter written with the face's pen, drawn at twice the size and halved."""
    side = 2 * TALL
    sheet = Image.new("L", (round(1.4 * side), 6 * EM))
    draw = ImageDraw.Draw(sheet)
    wide, high = (reach * side / 2 for reach in FACES[face].pen)
    # The foot line is where the nib's lower edge comes to rest.
    for way in strokes()[letter]:
        spots = [
            (0.2 * side + x * 0.92 * side, 2 * EM + high + y * (side - 2 * high)) for x, y in way
        ]
        for one, other in pairwise(spots):
            draw.polygon(_swept(one, other, wide, high), 255)
    return sheet.resize((sheet.width // 2, sheet.height // 2), Image.Resampling.BOX)


def _swept(one: Point, other: Point, wide: float, high: float) -> list[Point]:
    """What a slanted nib covers on its way: the hull of the nib at both ends."""
    slant = wide * 0.35
    nib = (
        (-wide - slant, high),
        (-wide + slant, -high),
        (wide + slant, -high),
        (wide - slant, high),
    )
    return hull([(x + dx, y + dy) for x, y in (one, other) for dx, dy in nib])


def hull(points: Sequence[Point]) -> list[Point]:
    """The convex hull of the points, in order (Andrew's monotone chain)."""
    ordered = sorted(set(points))
    return _chain(ordered)[:-1] + _chain(ordered[::-1])[:-1]


def _chain(points: Sequence[Point]) -> list[Point]:
    chain: list[Point] = []
    for point in points:
        while len(chain) > 1 and _turn(chain[-2], chain[-1], point) <= 0:
            chain.pop()
        chain.append(point)
    return chain


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
