"""Chords as keys held down on a piano keyboard of two octaves."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image, ImageDraw

from mese.demo.families.chords.theory import NATURALS, OCTAVE, Chord
from mese.demo.surfaces import mix, rgb

WHITE_KEYS = 14
BLACK_WIDTH = 0.6
BLACK_LENGTH = 0.62

INTERVAL_COLOURS = {
    0: "#D7263D",
    3: "#2E5EAA",
    4: "#F2A541",
    6: "#6A4C93",
    7: "#2A9D8F",
    10: "#8D99AE",
    11: "#E76F9A",
}
"""Half steps above the root → colour: kinds of chords differ in their colours."""


@dataclass(frozen=True)
class Style:
    """How a keyboard looks; `held` is one colour for all keys, or empty for one an interval."""

    white: str = "#FBFAF5"
    black: str = "#1B1B1F"
    gap: str = "#55555C"
    held: str = ""
    dots: bool = False


def keyboard(chord: Chord, width: int, height: int, style: Style) -> Image.Image:
    """The keyboard from C, RGB, with the chord held in root position."""
    image = Image.new("RGB", (width, height), style.gap)
    draw = ImageDraw.Draw(image)
    held = {chord.root.pitch + half: half for half in chord.half_steps}
    for black in (False, True):
        for key in range(2 * OCTAVE):
            if (key % OCTAVE not in NATURALS) == black:
                colour = style.black if black else style.white
                _key(draw, key, (width / WHITE_KEYS, height), colour, style, held)
    return image


def _key(
    draw: ImageDraw.ImageDraw,
    key: int,
    unit: tuple[float, float],
    colour: str,
    style: Style,
    held: dict[int, int],
) -> None:
    width, height = unit
    left, right, bottom = _span(key, width, height)
    radius = width * 0.12
    draw.rounded_rectangle((left, -radius, right, bottom), radius, colour)
    is_black = key % OCTAVE not in NATURALS
    if is_black:
        shine = mix(rgb(colour), (255, 255, 255), 0.22)
        draw.rectangle((left + width * 0.1, 0, right - width * 0.1, bottom * 0.9), shine)
    if key not in held:
        return
    mark = style.held or INTERVAL_COLOURS[held[key]]
    if style.dots:
        middle, r = (left + right) / 2, width * (0.23 if is_black else 0.32)
        y = bottom - width * 0.55
        draw.ellipse((middle - r, y - r, middle + r, y + r), mark)
    else:
        draw.rounded_rectangle((left, -radius, right, bottom), radius, mark)
        dark = mix(rgb(mark), (0, 0, 0), 0.3)
        draw.line((left, bottom - radius, right, bottom - radius), dark, max(2, round(radius / 2)))


def _span(key: int, width: float, height: float) -> tuple[float, float, float]:
    """Left, right and lower edge of a key."""
    octave, pitch = divmod(key, OCTAVE)
    if pitch in NATURALS:
        left = (octave * 7 + NATURALS.index(pitch)) * width
        return left + 1.5, left + width - 1.5, height - 3
    middle = (octave * 7 + NATURALS.index(pitch - 1) + 1) * width
    half = width * BLACK_WIDTH / 2
    return middle - half, middle + half, height * BLACK_LENGTH
