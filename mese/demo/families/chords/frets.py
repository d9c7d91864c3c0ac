"""Chords as guitar grips: the little grid of a songbook, and fingers on the neck."""

from __future__ import annotations

import random

from PIL import Image, ImageDraw

from mese.demo import surfaces as s
from mese.demo.families.chords.keyboard import INTERVAL_COLOURS
from mese.demo.families.chords.theory import OCTAVE, STRINGS, Chord, grip
from mese.demo.surfaces import CANVAS

SHOWN = 4
"""Frets in a songbook's grid."""
INLAYS = (3, 5, 7, 9, 12, 15)


def _interval(chord: Chord, string: int, fret: int) -> int:
    return (STRINGS[string] + fret - chord.root.pitch) % OCTAVE


def grid(chord: Chord, width: int, height: int, ink: str, sheet: str) -> Image.Image:
    """The songbook's grid, RGB: strings upright, the head above, rings for open strings."""
    image = Image.new("RGB", (width, height), sheet)
    draw = ImageDraw.Draw(image)
    frets = grip(chord)
    base = min(fret for fret in frets if fret >= 0)
    left, top = width * 0.2, height * 0.2
    across, down = (width * 0.64) / 5, (height * 0.7) / SHOWN
    for row in range(SHOWN + 1):
        thick = round(width / 26) if row == 0 and base == 0 else max(3, width // 90)
        draw.line((left, top + row * down, left + 5 * across, top + row * down), ink, thick)
    for string in range(6):
        x = left + string * across
        draw.line((x, top, x, top + SHOWN * down), ink, max(3, width // 90))
    for k in range(base):
        # So many ticks beside the grid as frets lie above it.
        y = top + down * 0.15 + k * down * 0.22
        draw.line((width * 0.06, y, width * 0.11, y), ink, max(3, width // 80))
    for string, fret in enumerate(frets):
        mark = INTERVAL_COLOURS[_interval(chord, string, fret)] if fret >= 0 else ink
        row = fret - base + (1 if base else 0) if fret >= 0 else fret
        _mark(draw, (left + string * across, top), row, (across, down), mark)
    return image


def _mark(
    draw: ImageDraw.ImageDraw,
    at: tuple[float, float],
    row: int,
    unit: tuple[float, float],
    mark: str,
) -> None:
    """A dot on the fret, a ring above an open string, a cross above a silent one."""
    x, top = at
    r = unit[0] * 0.38
    if row > 0:
        y = top + (row - 0.5) * unit[1]
        draw.ellipse((x - r, y - r, x + r, y + r), mark)
        return
    y, r = top - unit[0] * 0.6, r * 0.7
    if row == 0:
        draw.ellipse((x - r, y - r, x + r, y + r), outline=mark, width=5)
    else:
        draw.line((x - r, y - r, x + r, y + r), mark, 5)
        draw.line((x - r, y + r, x + r, y - r), mark, 5)


def neck(chord: Chord, rng: random.Random) -> Image.Image:
    """The guitar's neck from above, fingertips on the strings; a whole canvas."""
    image = s.wood(rng, rng.choice(("#4A2F22", "#5E3B28", "#3A2A24")))
    draw = ImageDraw.Draw(image)
    frets = grip(chord)
    base = max(0, min(fret for fret in frets if fret >= 0) - 1)
    pitch = CANVAS / 5.2
    edge = 40 + rng.randint(-8, 8)
    gap = (CANVAS - 2 * edge) / 5
    for row in range(6):
        x = row * pitch + 18
        is_nut = base + row == 0
        draw.line((x, 0, x, CANVAS), "#EFE6CF" if is_nut else "#C9C6BD", 16 if is_nut else 6)
        if base + row + 1 in INLAYS:
            _disc(draw, (x + pitch / 2, CANVAS / 2), 13, "#E9E4D4")
    for string in range(6):
        y = CANVAS - edge - string * gap  # the low string lies at the bottom of a songbook's neck
        draw.line((0, y + 3, CANVAS, y + 3), (20, 14, 10), 3)
        draw.line((0, y, CANVAS, y), "#D9D4C4" if string > 2 else "#B89B6A", 6 - string // 2)
    for string, fret in enumerate(frets):
        if fret > base:
            y = CANVAS - edge - string * gap
            x = 18 + (fret - base - 0.45) * pitch
            colour = INTERVAL_COLOURS[_interval(chord, string, fret)]
            _disc(draw, (x + 3, y + 5), 25, "#1A120D")
            _disc(draw, (x, y), 24, colour)
            _disc(draw, (x - 7, y - 8), 6, "#FFFFFF")
    return s.vignette(image, 0.3)


def _disc(draw: ImageDraw.ImageDraw, at: tuple[float, float], radius: float, colour: str) -> None:
    draw.ellipse((at[0] - radius, at[1] - radius, at[0] + radius, at[1] + radius), colour)
