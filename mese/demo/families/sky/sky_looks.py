"""The twelve looks of a constellation or a star: chart, night photograph, engraving, poster, cloth.

Stars stand where they do in the sky, larger when brighter; the picture of a star marks it in its
constellation with a glow of its colour. The whole-sky chart shows where in the sky all this is.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from PIL import Image, ImageDraw

from mese.demo import staging
from mese.demo import surfaces as s
from mese.demo.families.sky import chart
from mese.demo.families.sky.chart import Figure, Star
from mese.demo.surfaces import CANVAS, Array, Colour

Canvas = Image.Image
MIDDLE = CANVAS / 2
Mark = Literal["ring", "cross", "glow"]


@dataclass(frozen=True)
class Frame:
    """A figure laid out on the canvas: its stars, its lines, other stars, the Sun's path."""

    spots: Array
    others: Array
    magnitudes: Array
    path: Array


def lay_out(
    figure: Figure, room: float, turn: float = 0.0, shift: tuple[float, float] = (0, 0)
) -> Frame:
    """`room` is the figure's size in canvas pixels, `turn` degrees against north up."""
    centre = chart.middle(figure)
    own = chart.project(np.array([(star.ra, star.dec) for star in figure.stars]), centre)
    field, magnitudes = chart.field()
    low, high = own.min(axis=0), own.max(axis=0)
    scale = room / max(float((high - low).max()), 0.12)
    c, sn = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    rotation = np.array([[c, sn], [-sn, c]])

    def place(points: Array) -> Array:
        moved = (points - (low + high) / 2) * scale @ rotation
        return moved + MIDDLE + np.array(shift)

    others = place(chart.project(field, centre))
    seen = ((others > -20) & (others < CANVAS + 20)).all(axis=1)
    return Frame(
        place(own), others[seen], magnitudes[seen], place(chart.project(chart.ecliptic(), centre))
    )


def tint(star: Star) -> Colour:
    """A star's colour from its B−V, a little stronger than the eye has it."""
    blue, white, yellow, red = (150, 186, 255), (246, 248, 255), (255, 226, 160), (255, 138, 84)
    steps = ((-0.3, blue), (0.2, white), (0.9, yellow), (1.7, red))
    value = min(max(star.colour, -0.3), 1.7)
    for (a, low), (b, high) in pairwise(steps):
        if value <= b:
            return s.mix(low, high, (value - a) / (b - a))
    return red


def _radius(magnitude: float, scale: float = 1.0) -> float:
    return max(1.4, 8.4 - 1.55 * magnitude) * scale


def _dot(draw: ImageDraw.ImageDraw, spot: Array, r: float, colour: Colour) -> None:
    draw.ellipse((spot[0] - r, spot[1] - r, spot[0] + r, spot[1] + r), colour)


def _field(ground: Canvas, frame: Frame, colour: Colour) -> None:
    draw = ImageDraw.Draw(ground)
    for spot, magnitude in zip(frame.others, frame.magnitudes, strict=True):
        _dot(draw, spot, _radius(float(magnitude), 0.8), colour)


def _lines(
    ground: Canvas, figure: Figure, frame: Frame, colour: tuple[int, ...], width: int
) -> None:
    draw = ImageDraw.Draw(ground, "RGBA")
    for a, b in figure.lines:
        draw.line((*frame.spots[a], *frame.spots[b]), colour, width)


def _stars(
    ground: Canvas, figure: Figure, frame: Frame, colour: Colour | None, scale: float = 1.0
) -> None:
    draw = ImageDraw.Draw(ground)
    for star, spot in zip(figure.stars, frame.spots, strict=True):
        _dot(draw, spot, _radius(star.magnitude, scale), colour or tint(star))


def _marked(ground: Canvas, figure: Figure, frame: Frame, mark: Mark = "ring") -> None:
    """Points out the star that the picture is about, in its colour."""
    if figure.marked is None:
        return
    star, (x, y) = figure.stars[figure.marked], frame.spots[figure.marked]
    colour, draw = tint(star), ImageDraw.Draw(ground, "RGBA")
    for k in range(7, 0, -1):
        r = 5.2 * k
        draw.ellipse((x - r, y - r, x + r, y + r), (*colour, 40))
    draw.ellipse((x - 12, y - 12, x + 12, y + 12), (*colour, 255))
    draw.ellipse((x - 5, y - 5, x + 5, y + 5), (255, 255, 255, 235))
    if mark == "ring":
        draw.ellipse((x - 34, y - 34, x + 34, y + 34), outline=(*colour, 255), width=4)
    elif mark == "cross":
        for dx, dy in ((46, 0), (-46, 0), (0, 46), (0, -46)):
            draw.line((x + dx * 0.4, y + dy * 0.4, x + dx, y + dy), (*colour, 255), 4)


def _dashed(ground: Canvas, points: Array, colour: tuple[int, ...], width: int = 3) -> None:
    draw = ImageDraw.Draw(ground, "RGBA")
    for a, b in zip(points[::2], points[1::2], strict=False):
        if abs(a - b).max() < 90:
            draw.line((*a, *b), colour, width)


def atlas(figure: Figure, rng: random.Random) -> Canvas:
    """A printed chart: black stars on cream, the Sun's path dashed."""
    ground = s.paper(rng, rng.choice(("#F6F1E2", "#EAF0F2")))
    frame = lay_out(figure, rng.uniform(270, 340), rng.uniform(-15, 15))
    draw = ImageDraw.Draw(ground)
    for k in range(-40, CANVAS + 80, 74):
        draw.line((k, 0, k + 24, CANVAS), (205, 208, 205), 2)
        draw.line((0, k, CANVAS, k + 18), (205, 208, 205), 2)
    _dashed(ground, frame.path, (206, 120, 60, 255))
    _field(ground, frame, (140, 142, 150))
    _lines(ground, figure, frame, (60, 96, 140, 255), 4)
    _stars(ground, figure, frame, (26, 28, 36), 1.25)
    _marked(ground, figure, frame, "ring")
    return ground


def night(figure: Figure, rng: random.Random) -> Canvas:
    """A long exposure without lines: dust, colours, a horizon glow."""
    ground = s.gradient(s.shift((8, 10, 26), rng, 4), s.shift((34, 34, 62), rng, 10))
    cloud = np.clip(s.noise(rng.randrange(s.NOISE_TILES), 112), 0, 1) * 34
    ground = s.lighten(ground, cloud + s.noise(rng.randrange(s.NOISE_TILES), 3) * 5)
    frame = lay_out(figure, rng.uniform(300, 350), rng.uniform(-30, 30))
    _field(ground, frame, (176, 180, 200))
    draw = ImageDraw.Draw(ground, "RGBA")
    for star, spot in zip(figure.stars, frame.spots, strict=True):
        for k in (3.4, 2.2):
            r = _radius(star.magnitude) * k
            draw.ellipse((spot[0] - r, spot[1] - r, spot[0] + r, spot[1] + r), (*tint(star), 34))
    _lines(ground, figure, frame, (150, 170, 220, 46), 2)
    _stars(ground, figure, frame, None, 1.1)
    _marked(ground, figure, frame, "glow")
    return ground


def over_hills(figure: Figure, rng: random.Random) -> Canvas:
    """Above a dark ridge with trees, at dusk."""
    tops = (
        ((16, 22, 56), (214, 122, 88)),
        ((10, 26, 48), (82, 150, 156)),
        ((24, 16, 48), (168, 96, 140)),
    )
    top, low = rng.choice(tops)
    ground = s.gradient(s.shift(top, rng), s.shift(low, rng))
    frame = lay_out(figure, 255, rng.uniform(-35, 35), (0, -48))
    _field(ground, frame, (190, 190, 205))
    _lines(ground, figure, frame, (255, 255, 255, 110), 3)
    _stars(ground, figure, frame, None, 1.15)
    _marked(ground, figure, frame, "glow")
    draw, phase = ImageDraw.Draw(ground), rng.uniform(0, 6)
    ridge = [
        (x, 382 + 16 * math.sin(x / 70 + phase) + 7 * math.sin(x / 19))
        for x in range(0, CANVAS + 9, 8)
    ]
    draw.polygon([(0, CANVAS), *ridge, (CANVAS, CANVAS)], (10, 12, 18))
    for _ in range(9):
        x, h = rng.randrange(CANVAS), rng.randint(26, 60)
        draw.polygon([(x - h / 4, 396), (x + h / 4, 396), (x, 396 - h)], (8, 10, 14))
    return ground


def engraving(figure: Figure, rng: random.Random) -> Canvas:
    """An old atlas: brown ink, stars with rays, a double frame."""
    ground = s.paper(rng, "#E9D9B4")
    ink = (92, 58, 30)
    frame = lay_out(figure, 260, rng.uniform(-20, 20))
    draw = ImageDraw.Draw(ground, "RGBA")
    for arc in range(90, 560, 78):
        box = (MIDDLE - arc, 560 - arc, MIDDLE + arc, 560 + arc)
        draw.ellipse(box, outline=(*ink, 60), width=2)
    _dashed(ground, frame.path, (*ink, 130), 3)
    _lines(ground, figure, frame, (*ink, 150), 3)
    for star, (x, y) in zip(figure.stars, frame.spots, strict=True):
        r = _radius(star.magnitude) * 1.9
        rays = [
            (
                x + (r if k % 2 == 0 else r * 0.4) * math.sin(k * math.pi / 6),
                y - (r if k % 2 == 0 else r * 0.4) * math.cos(k * math.pi / 6),
            )
            for k in range(12)
        ]
        draw.polygon(rays, ink)
    _marked(ground, figure, frame, "cross")
    draw.rectangle((14, 14, CANVAS - 15, CANVAS - 15), outline=ink, width=7)
    draw.rectangle((28, 28, CANVAS - 29, CANVAS - 29), outline=ink, width=2)
    return s.vignette(ground, 0.25)


def chalk(figure: Figure, rng: random.Random) -> Canvas:
    board = s.grain(s.plain(s.shift((38, 48, 58), rng, 6)), rng, 6, 3)
    frame = lay_out(figure, rng.uniform(270, 320), rng.uniform(-10, 10))
    line = rng.choice(((250, 226, 120), (170, 220, 250), (246, 246, 240)))
    _lines(board, figure, frame, (*line, 220), 5)
    _stars(board, figure, frame, (248, 248, 244), 1.7)
    _marked(board, figure, frame, "ring")
    return s.lighten(board, s.noise(rng.randrange(s.NOISE_TILES), 3) * 11)


def poster(figure: Figure, rng: random.Random) -> Canvas:
    """Gold on a deep ground, in a ring."""
    grounds = ((18, 42, 66), (64, 24, 46), (20, 56, 48), (34, 28, 70))
    ground = s.plain(s.shift(rng.choice(grounds), rng, 6))
    gold = (226, 186, 104)
    draw = ImageDraw.Draw(ground)
    for r, width in ((206, 6), (192, 2)):
        draw.ellipse((MIDDLE - r, MIDDLE - r, MIDDLE + r, MIDDLE + r), outline=gold, width=width)
    frame = lay_out(figure, 232)
    _lines(ground, figure, frame, (*gold, 255), 4)
    _stars(ground, figure, frame, (252, 240, 210), 1.8)
    _marked(ground, figure, frame, "cross")
    return s.grain(ground, rng, 4)


def stickers(figure: Figure, rng: random.Random) -> Canvas:
    """Glow-in-the-dark stars on a bedroom wall."""
    ground = s.grain(s.plain(s.shift((52, 58, 96), rng, 10)), rng, 5, 3)
    frame = lay_out(figure, 300, rng.uniform(-25, 25))
    draw = ImageDraw.Draw(ground)
    for n, (star, (x, y)) in enumerate(zip(figure.stars, frame.spots, strict=True)):
        r, lean = 9 + _radius(star.magnitude) * 1.8, rng.uniform(0, 1)
        points = [
            (
                x + (r if k % 2 == 0 else r * 0.45) * math.sin(k * math.pi / 5 + lean),
                y - (r if k % 2 == 0 else r * 0.45) * math.cos(k * math.pi / 5 + lean),
            )
            for k in range(10)
        ]
        own = n == figure.marked
        draw.polygon(points, tint(star) if own else (196, 226, 150))
    _lines(ground, figure, frame, (220, 240, 190, 60), 3)
    _marked(ground, figure, frame, "ring")
    return s.vignette(ground, 0.45)


def whole_sky(figure: Figure, rng: random.Random) -> Canvas:
    """Half the sky about its pole: where the figure stands, and the Sun's path."""
    ground = s.paper(rng, rng.choice(("#20304E", "#2A2444", "#16383E")))
    _, dec = chart.middle(figure)
    pole = 90.0 if dec >= 0 else -90.0
    scale, turn = 100.0, rng.uniform(0, 360)

    def place(points: Array) -> Array:
        moved = points.copy()
        moved[:, 0] += turn
        return chart.project(moved, (0.0, pole)) * scale + MIDDLE

    disc = Image.new("L", ground.size)
    ImageDraw.Draw(disc).ellipse((10, 10, CANVAS - 10, CANVAS - 10), 255)
    sky = s.plain((12, 18, 36))
    field, magnitudes = chart.field()
    draw = ImageDraw.Draw(sky, "RGBA")
    for r in (105, 200):
        draw.ellipse(
            (MIDDLE - r, MIDDLE - r, MIDDLE + r, MIDDLE + r), outline=(90, 110, 160, 150), width=2
        )
    _dashed(sky, place(chart.ecliptic()), (240, 190, 70, 255), 4)
    for spot, magnitude in zip(place(field), magnitudes, strict=True):
        _dot(draw, spot, _radius(float(magnitude), 0.55), (150, 156, 180))
    spots = place(np.array([(star.ra, star.dec) for star in figure.stars]))
    frame = Frame(spots, spots, magnitudes, spots)
    _lines(sky, figure, frame, (255, 120, 96, 255), 4)
    _stars(sky, figure, frame, (255, 240, 220), 0.9)
    _marked(sky, figure, frame, "glow")
    ground.paste(sky, mask=disc)
    ImageDraw.Draw(ground).ellipse((8, 8, CANVAS - 9, CANVAS - 9), outline=(196, 172, 110), width=6)
    return ground


def _dark_chart(figure: Figure, rng: random.Random) -> Canvas:
    ground = s.gradient((14, 22, 48), (26, 40, 78))
    frame = lay_out(figure, 300, rng.uniform(-20, 20))
    _dashed(ground, frame.path, (240, 190, 70, 200))
    _field(ground, frame, (150, 160, 190))
    _lines(ground, figure, frame, (120, 200, 240, 255), 4)
    _stars(ground, figure, frame, None, 1.3)
    _marked(ground, figure, frame, "ring")
    return ground


def app(figure: Figure, rng: random.Random) -> Canvas:
    return staging.on_screen(_dark_chart(figure, rng).crop((24, 70, 424, 378)), rng)


def stitched(figure: Figure, rng: random.Random) -> Canvas:
    return staging.patch(poster(figure, rng), rng)


def card(figure: Figure, rng: random.Random) -> Canvas:
    return staging.card(night(figure, rng), rng)


def detail(figure: Figure, rng: random.Random) -> Canvas:
    """A part of the figure, larger: about the marked star, or one of the brightest."""
    brightest = sorted(range(len(figure.stars)), key=lambda n: figure.stars[n].magnitude)[:3]
    about = figure.marked if figure.marked is not None else rng.choice(brightest)
    turn = rng.uniform(-20, 20)
    first = lay_out(figure, 560, turn)
    x, y = (first.spots[about] - MIDDLE) * -0.8
    frame = lay_out(figure, 560, turn, (float(x), float(y)))
    ground = s.vignette(s.gradient(s.shift((16, 24, 52), rng, 6), (6, 8, 20)), 0.4)
    _field(ground, frame, (160, 168, 196))
    _lines(ground, figure, frame, (110, 140, 200, 190), 4)
    _stars(ground, figure, frame, None, 1.9)
    _marked(ground, figure, frame, "cross")
    return ground


def reference(figure: Figure) -> Canvas:
    """North up, white on black, with the lines; a star ringed."""
    ground = s.plain((6, 8, 14))
    frame = lay_out(figure, 330)
    _dashed(ground, frame.path, (200, 150, 60, 255))
    _lines(ground, figure, frame, (96, 118, 150, 255), 3)
    _stars(ground, figure, frame, None, 1.4)
    _marked(ground, figure, frame, "ring")
    return ground


LOOKS: dict[str, Callable[[Figure, random.Random], Canvas]] = {
    "atlas": atlas,
    "night": night,
    "over-hills": over_hills,
    "engraving": engraving,
    "chalk": chalk,
    "poster": poster,
    "stickers": stickers,
    "whole-sky": whole_sky,
    "app": app,
    "patch": stitched,
    "card": card,
    "detail": detail,
}
