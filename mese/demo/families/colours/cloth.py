"""Colour on threads: a ball of yarn, folded silk, buttons, a printed pattern."""

from __future__ import annotations

import math
import random

import numpy as np
from PIL import Image, ImageDraw

from mese.demo import surfaces as s
from mese.demo.families.colours.wet import BLACK, WHITE, contrasting
from mese.demo.surfaces import CANVAS, Colour


def yarn(colour: Colour, rng: random.Random) -> Image.Image:
    """A ball of wool on a table."""
    table = s.wood(rng, rng.choice(("#A9764A", "#6F6259", "#8E979C")))
    side = rng.randint(290, 330)
    ball = Image.new("RGBA", (side, side))
    draw = ImageDraw.Draw(ball)
    draw.ellipse((2, 2, side - 3, side - 3), s.mix(colour, BLACK, 0.22))
    for _ in range(5):
        _winding(draw, colour, side, rng)
    ball.putalpha(s.rounded((side, side), side // 2))
    x, y = (CANVAS - side) // 2 + rng.randint(-30, 30), (CANVAS - side) // 2 - rng.randint(0, 40)
    tail = [(x + side / 2 + k * 9, y + side - 12 + 26 * math.sin(k / 4)) for k in range(30)]
    ImageDraw.Draw(table).line(tail, colour, 8, joint="curve")
    s.drop(table, ball, (x, y), 12)
    return table


def _winding(draw: ImageDraw.ImageDraw, colour: Colour, side: int, rng: random.Random) -> None:
    """One layer of parallel threads across the ball."""
    turn, middle = rng.uniform(0, math.pi), side / 2
    along, out = (math.cos(turn), math.sin(turn)), (-math.sin(turn), math.cos(turn))
    start = rng.uniform(-0.9, 0.2) * middle
    for k in range(9):
        off = start + k * 11
        if abs(off) >= middle:
            continue
        half = math.sqrt(middle**2 - off**2)
        points = []
        for t in (-1, -0.6, -0.2, 0.2, 0.6, 1):
            bow = off + (1 - t * t) * middle * 0.16
            points.append(
                (
                    middle + along[0] * t * half + out[0] * bow,
                    middle + along[1] * t * half + out[1] * bow,
                )
            )
        tone = s.mix(colour, rng.choice((WHITE, BLACK)), rng.uniform(0, 0.12))
        draw.line(points, s.mix(colour, BLACK, 0.3), 11, joint="curve")
        draw.line(points, tone, 8, joint="curve")


def silk(colour: Colour, rng: random.Random) -> Image.Image:
    """Cloth in folds, close up."""
    y, x = np.mgrid[0:CANVAS, 0:CANVAS].astype(np.float32) / CANVAS
    turn = rng.uniform(0, math.pi)
    wave = s.noise(rng.randrange(s.NOISE_TILES), 112) * 0.22
    across = (x * math.cos(turn) + y * math.sin(turn) + wave) * rng.uniform(3.2, 5)
    fold = np.sin(across * math.tau / 2)
    light = 1 + 0.2 * fold - 0.12 * np.abs(fold) ** 4
    gleam = np.clip(np.sin(across * math.tau / 2 + 0.6), 0, 1) ** 12 * 38
    return s.lighten(s.multiply(s.plain(colour), light), gleam)


def buttons(colour: Colour, rng: random.Random) -> Image.Image:
    """Buttons of one colour strewn on plain cloth."""
    cloth = s.grain(s.plain(s.shift(contrasting(colour), rng, 8)), rng, 9, 3)
    spots = [(x, y) for x in (88, 224, 360) for y in (88, 224, 360)]
    for x, y in rng.sample(spots, rng.randint(5, 8)):
        side = rng.randint(92, 124)
        button = _button(colour, side, rng)
        at = (x - side // 2 + rng.randint(-20, 20), y - side // 2 + rng.randint(-20, 20))
        s.drop(cloth, button, at, 5)
    return cloth


def _button(colour: Colour, side: int, rng: random.Random) -> Image.Image:
    button = Image.new("RGBA", (side, side))
    draw = ImageDraw.Draw(button)
    draw.ellipse((1, 1, side - 2, side - 2), s.mix(colour, BLACK, 0.18))
    draw.ellipse((4, 3, side - 6, side - 7), colour)
    inset = side * 0.2
    draw.ellipse(
        (inset, inset, side - inset, side - inset), outline=s.mix(colour, BLACK, 0.2), width=3
    )
    turn, holes = rng.uniform(0, math.pi / 2), rng.choice((2, 4))
    for k in range(holes):
        angle = turn + math.tau * k / holes
        x, y = side / 2 + side * 0.12 * math.cos(angle), side / 2 + side * 0.12 * math.sin(angle)
        draw.ellipse((x - 5, y - 5, x + 5, y + 5), (44, 42, 46))
    return button


def pattern(colour: Colour, rng: random.Random) -> Image.Image:
    """Wallpaper: dots, stripes, checks or waves in the colour."""
    paper = s.mix(contrasting(colour), WHITE if sum(colour) < 450 else BLACK, 0.35)
    sheet = s.plain(paper)
    draw = ImageDraw.Draw(sheet)
    step = rng.choice((56, 64, 75))
    rng.choice((_dots, _stripes, _checks, _waves))(draw, colour, step)
    sheet = sheet.rotate(rng.choice((0, 0, 90)))
    return s.vignette(s.grain(sheet, rng, 5, 3), 0.2)


def _dots(draw: ImageDraw.ImageDraw, colour: Colour, step: int) -> None:
    for row, y in enumerate(range(0, CANVAS + step, step // 2)):
        for x in range((row % 2) * step // 2, CANVAS + step, step):
            r = step * 0.27
            draw.ellipse((x - r, y - r, x + r, y + r), colour)


def _stripes(draw: ImageDraw.ImageDraw, colour: Colour, step: int) -> None:
    for x in range(0, CANVAS, step):
        draw.rectangle((x, 0, x + step * 0.55, CANVAS), colour)
        draw.rectangle((x + step * 0.68, 0, x + step * 0.74, CANVAS), colour)


def _checks(draw: ImageDraw.ImageDraw, colour: Colour, step: int) -> None:
    for row, y in enumerate(range(0, CANVAS, step)):
        for x in range((row % 2) * step, CANVAS, 2 * step):
            draw.rectangle((x, y, x + step - 1, y + step - 1), colour)


def _waves(draw: ImageDraw.ImageDraw, colour: Colour, step: int) -> None:
    for y in range(0, CANVAS + step, step):
        points = [(x, y + step * 0.3 * math.sin(x / step * 3)) for x in range(-8, CANVAS + 8, 8)]
        draw.line(points, colour, round(step * 0.42), joint="curve")
