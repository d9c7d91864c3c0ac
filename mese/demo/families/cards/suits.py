"""The four French suits as shapes, and where the pips of a number card stand."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache

from PIL import Image, ImageDraw

RED, BLACK = (200, 32, 44), (26, 26, 32)
INK: Mapping[str, tuple[int, int, int]] = {
    "spades": BLACK,
    "hearts": RED,
    "diamonds": RED,
    "clubs": BLACK,
}
FINE = 4
"""Shapes are drawn this many times larger and reduced."""

LEFT, MIDDLE, RIGHT = 0.0, 0.5, 1.0
_SIDES = (LEFT, RIGHT)
PIPS: Mapping[int, tuple[tuple[float, float], ...]] = {
    1: ((MIDDLE, 1 / 2),),
    2: ((MIDDLE, 0.0), (MIDDLE, 1.0)),
    3: ((MIDDLE, 0.0), (MIDDLE, 1 / 2), (MIDDLE, 1.0)),
    4: tuple((x, y) for y in (0.0, 1.0) for x in _SIDES),
    5: (*((x, y) for y in (0.0, 1.0) for x in _SIDES), (MIDDLE, 1 / 2)),
    6: tuple((x, y) for y in (0.0, 1 / 2, 1.0) for x in _SIDES),
    7: (*((x, y) for y in (0.0, 1 / 2, 1.0) for x in _SIDES), (MIDDLE, 1 / 4)),
    8: (
        *((x, y) for y in (0.0, 1 / 2, 1.0) for x in _SIDES),
        (MIDDLE, 1 / 4),
        (MIDDLE, 3 / 4),
    ),
    9: (*((x, y) for y in (0.0, 1 / 3, 2 / 3, 1.0) for x in _SIDES), (MIDDLE, 1 / 2)),
    10: (
        *((x, y) for y in (0.0, 1 / 3, 2 / 3, 1.0) for x in _SIDES),
        (MIDDLE, 1 / 6),
        (MIDDLE, 5 / 6),
    ),
}
"""Number of pips → their places, as shares of the field of pips; those below its middle are
upside down. A five has its fifth pip in the middle, an eight its two between the rows."""


@lru_cache(maxsize=64)
def shape(suit: str, height: int) -> Image.Image:
    """Mask ("L") of a suit's sign, `height` pixels high. Raises `KeyError` for no suit."""
    INK[suit]
    tall = height * FINE
    mask = Image.new("L", (tall, tall))
    draw = ImageDraw.Draw(mask)
    {"spades": _spade, "hearts": _heart, "diamonds": _diamond, "clubs": _club}[suit](draw, tall)
    return mask.resize((height, height), Image.Resampling.BOX)


def _outline(side: float, top: float, bottom: float) -> list[tuple[float, float]]:
    """A heart's outline, upright, from y = top to y = bottom."""
    points = []
    for k in range(120):
        t = math.tau * k / 120
        x = 16 * math.sin(t) ** 3
        y = 13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)
        share = (12 - y) / 29
        points.append((side / 2 + x / 34 * side * 0.96, top + share * (bottom - top)))
    return points


def _heart(draw: ImageDraw.ImageDraw, side: int) -> None:
    draw.polygon(_outline(side, side * 0.04, side * 0.98), 255)


def _stem(draw: ImageDraw.ImageDraw, side: int, top: float) -> None:
    middle, foot = side / 2, side * 0.98
    left = [(middle - side * 0.2 * t**2.4, top + (foot - top) * t) for t in _steps()]
    right = [(side - x, y) for x, y in reversed(left)]
    draw.polygon([*left, *right], 255)


def _steps() -> list[float]:
    return [k / 20 for k in range(21)]


def _spade(draw: ImageDraw.ImageDraw, side: int) -> None:
    turned = [(x, side * 0.84 - y) for x, y in _outline(side, 0.0, side * 0.82)]
    draw.polygon(turned, 255)
    _stem(draw, side, side * 0.55)


def _diamond(draw: ImageDraw.ImageDraw, side: int) -> None:
    middle, wide, tall = side / 2, side * 0.4, side * 0.48
    points = []
    for k in range(4):
        a, b = math.tau * k / 4, math.tau * (k + 1) / 4
        ends = [(wide * math.sin(t), -tall * math.cos(t)) for t in (a, b)]
        for t in _steps():
            bow = 1 - 0.22 * math.sin(math.pi * t)
            x = ends[0][0] + (ends[1][0] - ends[0][0]) * t
            y = ends[0][1] + (ends[1][1] - ends[0][1]) * t
            points.append((middle + x * bow, middle + y * bow))
    draw.polygon(points, 255)


def _club(draw: ImageDraw.ImageDraw, side: int) -> None:
    r = side * 0.215
    for x, y in ((0.5, 0.235), (0.25, 0.575), (0.75, 0.575)):
        draw.ellipse((x * side - r, y * side - r, x * side + r, y * side + r), fill=255)
    draw.ellipse((side * 0.4, side * 0.38, side * 0.6, side * 0.62), fill=255)
    _stem(draw, side, side * 0.42)
