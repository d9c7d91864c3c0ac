"""Chords as notes on a staff: clef, noteheads and accidentals drawn from curves of our own."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from mese.demo.families.chords.theory import Chord

Point = tuple[float, float]

BOTTOM_LINE = 2
"""The lowest line is E, two letters above middle C."""

CLEF = (
    (-0.05, -0.5),
    (-0.5, -0.1),
    (-0.1, 0.65),
    (0.75, 0.35),
    (0.8, -0.55),
    (0.0, -1.0),
    (-1.0, -0.55),
    (-1.2, 0.5),
    (-0.6, 1.5),
    (0.25, 2.4),
    (0.6, 3.5),
    (0.35, 4.4),
    (0.0, 4.1),
    (-0.15, 3.2),
    (0.1, 1.5),
    (0.45, -1.2),
    (0.45, -2.3),
    (-0.05, -2.7),
    (-0.5, -2.3),
)
"""A treble clef about the G line, in spaces of the staff, y upwards."""

Ink = tuple[int, int, int] | tuple[int, int, int, int] | str


@lru_cache(maxsize=1)
def _clef_curve() -> tuple[Point, ...]:
    """The clef's points joined smoothly (Catmull-Rom), ten a stretch."""
    points = np.array([CLEF[0], *CLEF, CLEF[-1]])
    curve: list[Point] = []
    for a, b, c, d in zip(points, points[1:], points[2:], points[3:], strict=False):
        for t in np.linspace(0, 1, 10, endpoint=False):
            spot = 0.5 * (
                2 * b
                + (c - a) * t
                + (2 * a - 5 * b + 4 * c - d) * t**2
                + (3 * b - a - 3 * c + d) * t**3
            )
            curve.append((float(spot[0]), float(spot[1])))
    return tuple(curve)


def lines(
    draw: ImageDraw.ImageDraw, box: tuple[float, float, float], space: float, ink: Ink
) -> None:
    """Five lines; `box` is left, right and the height of the lowest line."""
    left, right, bottom = box
    for line in range(5):
        y = bottom - line * space
        draw.line((left, y, right, y), ink, max(2, round(space / 11)))


def clef(draw: ImageDraw.ImageDraw, x: float, bottom: float, space: float, ink: Ink) -> None:
    """A treble clef on the staff whose lowest line is at `bottom`."""
    g_line = bottom - space
    curve = [(x + px * space, g_line - py * space) for px, py in _clef_curve()]
    draw.line(curve, ink, max(3, round(space * 0.2)), joint="curve")
    end, r = curve[-1], space * 0.3
    draw.ellipse((end[0] - r * 0.4, end[1] - r, end[0] + r * 1.6, end[1] + r), ink)


def stack(
    draw: ImageDraw.ImageDraw,
    chord: Chord,
    at: tuple[float, float],
    space: float,
    ink: Ink,
    hollow: Ink | None = None,
) -> None:
    """The chord in root position from the octave above middle C; `at` is x and the lowest line."""
    x, bottom = at
    steps = [chord.root.letter + up for up, _ in chord.quality.intervals]
    for row, (step, note) in enumerate(zip(steps, chord.notes, strict=True)):
        y = bottom - (step - BOTTOM_LINE) * space / 2
        _ledgers(draw, step, (x, bottom), space, ink)
        _head(draw, (x, y), space, ink, hollow)
        if note.raised:
            # Every second accidental stands further left, as engravers set them.
            _accidental(draw, note.raised, (x - space * (1.6 + 1.05 * (row % 2)), y), space, ink)


def _ledgers(
    draw: ImageDraw.ImageDraw, step: int, at: tuple[float, float], space: float, ink: Ink
) -> None:
    x, bottom = at
    below, above = range(BOTTOM_LINE - 2, step - 1, -2), range(BOTTOM_LINE + 10, step + 1, 2)
    for line in (*below, *above):
        y = bottom - (line - BOTTOM_LINE) * space / 2
        draw.line((x - space, y, x + space, y), ink, max(2, round(space / 10)))


def _head(draw: ImageDraw.ImageDraw, at: Point, space: float, ink: Ink, hollow: Ink | None) -> None:
    draw.polygon(_leaning(at, space * 0.68, space * 0.47, 0.35), ink)
    if hollow is not None:
        draw.polygon(_leaning(at, space * 0.42, space * 0.27, 0.9), hollow)


def _leaning(at: Point, wide: float, high: float, lean: float) -> list[Point]:
    """An ellipse turned by `lean` radians."""
    turns = [k * math.tau / 28 for k in range(28)]
    c, s = math.cos(lean), math.sin(lean)
    flat = [(wide * math.cos(t), high * math.sin(t)) for t in turns]
    return [(at[0] + x * c - y * s, at[1] - x * s - y * c) for x, y in flat]


def _accidental(draw: ImageDraw.ImageDraw, raised: int, at: Point, space: float, ink: Ink) -> None:
    for k in range(abs(raised)):
        spot = (at[0] - k * space * 0.8, at[1])
        (_sharp if raised > 0 else _flat)(draw, spot, space, ink)


def _sharp(draw: ImageDraw.ImageDraw, at: Point, space: float, ink: Ink) -> None:
    x, y = at
    thin, thick = max(2, round(space / 9)), max(3, round(space / 4.5))
    for side in (-0.2, 0.2):
        lift = -side * space * 0.35
        top, foot = y - 1.35 * space + lift, y + 1.35 * space + lift
        draw.line((x + side * space, top, x + side * space, foot), ink, thin)
    for level in (-0.42, 0.42):
        middle, rise = y + level * space, space * 0.12
        draw.line((x - 0.5 * space, middle + rise, x + 0.5 * space, middle - rise), ink, thick)


def _flat(draw: ImageDraw.ImageDraw, at: Point, space: float, ink: Ink) -> None:
    x, y = at
    thin = max(2, round(space / 8))
    stem = x - 0.35 * space
    draw.line((stem, y - 1.8 * space, stem, y + 0.62 * space), ink, thin)
    bowl = [(0.0, -0.25), (0.3, -0.5), (0.62, -0.42), (0.68, -0.1), (0.4, 0.3), (0.0, 0.62)]
    curve = [(stem + px * space, y + py * space) for px, py in bowl]
    draw.line(curve, ink, max(3, round(space / 6)), joint="curve")


def page(chord: Chord, size: tuple[int, int], ink: Ink, sheet: Ink) -> Image.Image:
    """One staff across an RGB sheet, the chord as whole notes in its middle."""
    width, height = size
    image = Image.new("RGB", size, sheet)
    draw = ImageDraw.Draw(image)
    space = height / 9
    bottom = height / 2 + 2 * space
    lines(draw, (width * 0.05, width * 0.95, bottom), space, ink)
    clef(draw, width * 0.17, bottom, space, ink)
    stack(draw, chord, (width * 0.62, bottom), space, ink, sheet)
    draw.line((width * 0.95, bottom, width * 0.95, bottom - 4 * space), ink, 4)
    return image
