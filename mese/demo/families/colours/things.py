"""Things of one colour: tiles, pencils, a painted room, a mug."""

from __future__ import annotations

import math
import random

from PIL import Image, ImageDraw

from mese.demo import surfaces as s
from mese.demo.families.colours.wet import BLACK, WHITE, contrasting
from mese.demo.surfaces import CANVAS, Colour


def tiles(colour: Colour, rng: random.Random) -> Image.Image:
    """Glazed tiles, no two fired alike."""
    wall = s.plain((206, 202, 194) if sum(colour) < 560 else (120, 122, 126))
    draw = ImageDraw.Draw(wall)
    side, gap = rng.choice((68, 84, 106)), 7
    shift = rng.randrange(side)
    brick = rng.random() < 0.5
    for row, y in enumerate(range(-shift, CANVAS, side)):
        for x in range(-shift - (side // 2 if brick and row % 2 else 0), CANVAS, side):
            share = rng.uniform(-0.1, 0.1)
            tone = s.mix(colour, WHITE if share > 0 else BLACK, abs(share))
            box = (x, y, x + side - gap, y + side - gap)
            draw.rounded_rectangle(box, 6, tone)
            shine = (x + 8, y + 8, x + side - gap - 8, y + 13)
            draw.rounded_rectangle(shine, 3, s.mix(tone, WHITE, 0.35))
    return s.vignette(wall, 0.25)


def pencils(colour: Colour, rng: random.Random) -> Image.Image:
    """A coloured pencil, sharpened, and what it scribbled."""
    sheet = s.paper(rng, "#FAF7EF" if sum(colour) < 660 else "#5F646C")
    draw = ImageDraw.Draw(sheet)
    y = rng.randint(70, 110)
    points = []
    for k in range(rng.randint(26, 34)):
        points.append(
            (60 + k * 9 + rng.randint(-5, 5), y + (0 if k % 2 else 150) + rng.randint(-16, 16))
        )
    draw.line(points, colour, 9, joint="curve")
    length, thick = 360, 54
    pencil = Image.new("RGBA", (length, thick))
    pen = ImageDraw.Draw(pencil)
    for top, bottom, tone in (
        (0, 16, s.mix(colour, WHITE, 0.25)),
        (17, 36, colour),
        (37, thick, s.mix(colour, BLACK, 0.22)),
    ):
        pen.rectangle((90, top, length, bottom), tone)
    pen.polygon([(0, thick / 2), (92, 0), (92, thick)], (226, 190, 140))
    pen.polygon([(0, thick / 2), (34, thick * 0.32), (34, thick * 0.68)], colour)
    pencil = s.turned(pencil, rng.uniform(-28, 28))
    at = ((CANVAS - pencil.width) // 2 + rng.randint(0, 40), 330 - pencil.height // 2)
    s.drop(sheet, pencil, at, 8)
    return sheet


def room(colour: Colour, rng: random.Random) -> Image.Image:
    """A wall painted in the colour, with a piece of furniture before it."""
    wall = s.multiply(s.plain(colour), 1 + s.noise(rng.randrange(s.NOISE_TILES), 150) * 0.05)
    draw = ImageDraw.Draw(wall)
    level = rng.randint(340, 370)
    draw.rectangle((0, level, CANVAS, CANVAS), s.rgb(rng.choice(("#A98C6A", "#6E5B4B", "#B9B4AA"))))
    draw.rectangle((0, level - 14, CANVAS, level), (240, 238, 232))
    rng.choice((_armchair, _frame, _lamp))(draw, level, rng)
    return s.vignette(wall, 0.25)


def _armchair(draw: ImageDraw.ImageDraw, level: int, rng: random.Random) -> None:
    x, cloth = rng.randint(110, 180), rng.choice(((92, 96, 104), (214, 208, 198)))
    dark = s.mix(cloth, BLACK, 0.2)
    draw.rounded_rectangle((x, level - 130, x + 170, level + 20), 24, cloth)
    draw.rounded_rectangle((x + 26, level - 40, x + 144, level + 26), 12, s.mix(cloth, WHITE, 0.15))
    for side in (x - 24, x + 152):
        draw.rounded_rectangle((side, level - 66, side + 42, level + 34), 16, dark)
    for leg in (x - 6, x + 166):
        draw.rectangle((leg, level + 34, leg + 10, level + 58), (60, 46, 36))


def _frame(draw: ImageDraw.ImageDraw, level: int, rng: random.Random) -> None:
    x, y = rng.randint(90, 190), rng.randint(60, 110)
    draw.rectangle((x, y, x + 150, y + 190), (46, 44, 44))
    draw.rectangle((x + 12, y + 12, x + 138, y + 178), (244, 242, 236))
    draw.ellipse((x + 46, y + 60, x + 104, y + 118), (120, 120, 122))
    draw.rectangle((0, level + 40, CANVAS, level + 44), (90, 78, 66))


def _lamp(draw: ImageDraw.ImageDraw, level: int, rng: random.Random) -> None:
    x = rng.randint(110, 320)
    draw.rectangle((x - 4, 150, x + 4, level + 30), (70, 70, 74))
    draw.ellipse((x - 46, level + 20, x + 46, level + 44), (70, 70, 74))
    draw.polygon([(x - 42, 84), (x + 42, 84), (x + 70, 170), (x - 70, 170)], (240, 232, 212))


def mug(colour: Colour, rng: random.Random) -> Image.Image:
    """A mug on a table against a plain wall."""
    wall = s.shift(contrasting(colour), rng, 8)
    ground = s.gradient(wall, s.mix(wall, BLACK, 0.2))
    draw = ImageDraw.Draw(ground)
    level = rng.randint(300, 330)
    draw.rectangle((0, level, CANVAS, CANVAS), s.rgb(rng.choice(("#8E6B4C", "#5C5F66", "#C9BBA6"))))
    cup = Image.new("RGBA", (300, 270))
    pen = ImageDraw.Draw(cup)
    pen.ellipse((178, 70, 286, 200), outline=s.mix(colour, BLACK, 0.18), width=26)
    pen.rectangle((20, 40, 210, 230), colour)
    pen.ellipse((20, 206, 210, 256), colour)
    for k in range(24):
        share = math.cos(k / 23 * math.pi) * 0.22
        tone = s.mix(colour, WHITE if share > 0 else BLACK, abs(share))
        left = 20 + k * 190 / 24
        bulge = 24 * math.sin((k + 0.5) / 24 * math.pi)
        pen.rectangle((left, 40, left + 9, 231 + bulge), tone)
    pen.ellipse((20, 14, 210, 66), s.mix(colour, WHITE, 0.25))
    pen.ellipse((32, 20, 198, 60), s.mix(colour, BLACK, 0.4))
    pen.ellipse((38, 30, 192, 60), (70, 44, 28))
    if rng.random() < 0.5:
        cup = cup.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    s.drop(ground, cup, ((CANVAS - 300) // 2 + rng.randint(-40, 40), level - 190), 8)
    return ground
