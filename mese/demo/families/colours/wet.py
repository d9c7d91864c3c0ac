"""Paint while it is wet: a brush stroke, a can from above, a blot of watercolour, drips."""

from __future__ import annotations

import math
import random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from mese.demo import surfaces as s
from mese.demo.surfaces import CANVAS, Colour

WHITE, BLACK = (255, 255, 255), (0, 0, 0)


def contrasting(colour: Colour) -> Colour:
    """A grey ground that the colour stands out from."""
    light = sum(colour) / 3
    return (226, 224, 218) if light < 150 else (84, 88, 96)


def stroke(colour: Colour, rng: random.Random) -> Image.Image:
    """A broad brush stroke, its bristles dry at the end."""
    ground = s.paper(rng, "#%02X%02X%02X" % contrasting(colour))  # noqa: UP031
    y, x = np.mgrid[0:CANVAS, 0:CANVAS].astype(np.float32)
    tilt, bend = rng.uniform(-0.3, 0.3), rng.uniform(-30, 30)
    along = (x - 30) / (CANVAS - 60)
    across = (y - CANVAS / 2 - tilt * (x - CANVAS / 2) - bend * np.sin(along * math.pi)) / 120
    bristles = s.noise(rng.randrange(s.NOISE_TILES), 5)
    lines = bristles[:, :1] * 0.55 + bristles[:, 200:201] * 0.45
    rows = np.clip(((across + 1) / 2 * (CANVAS - 1)), 0, CANVAS - 1).astype(np.intp)
    hair = lines[rows, 0]
    end = 0.86 + hair * 0.16
    inside = (np.abs(across) < 1 + hair * 0.05) & (along > 0.03 + hair * 0.03) & (along < end)
    shade = np.where(inside, 1 + hair * 0.09 - np.abs(across) * 0.05, 1)
    layer = s.multiply(s.plain(colour), shade)
    mask = Image.fromarray((inside * 255).astype(np.uint8)).filter(ImageFilter.BoxBlur(1))
    ground.paste(layer, mask=mask)
    return ground


def can(colour: Colour, rng: random.Random) -> Image.Image:
    """An open tin of paint on a floor, seen from above."""
    floor = s.wood(rng, rng.choice(("#B58C63", "#7E6A58", "#9AA0A3")))
    x, y, r = CANVAS / 2 + rng.randint(-40, 40), CANVAS / 2 + rng.randint(-40, 40), 150
    tin = Image.new("RGBA", (340, 340))
    draw = ImageDraw.Draw(tin)
    draw.ellipse((8, 8, 332, 332), (188, 192, 198, 255), (120, 124, 130), 4)
    draw.ellipse((26, 26, 314, 314), s.mix(colour, BLACK, 0.3))
    draw.ellipse((34, 42, 306, 314), colour)
    turn = rng.uniform(0, 360)
    for k, share in enumerate((0.14, -0.08, 0.1)):
        tone = s.mix(colour, WHITE if share > 0 else BLACK, abs(share))
        inset = 70 + 28 * k
        draw.arc(
            (inset, inset, 340 - inset, 340 - inset), turn + 70 * k, turn + 70 * k + 150, tone, 7
        )
    s.drop(floor, tin, (round(x - 170), round(y - 170)), 14)
    pen = ImageDraw.Draw(floor)
    for _ in range(rng.randint(3, 7)):
        angle, far, size = rng.uniform(0, math.tau), rng.uniform(r + 40, 250), rng.uniform(5, 13)
        at = (x + far * math.cos(angle), y + far * math.sin(angle))
        pen.ellipse((at[0] - size, at[1] - size, at[0] + size, at[1] + size), colour)
    return floor


def watercolour(colour: Colour, rng: random.Random) -> Image.Image:
    """A pool of thin paint that has dried, darker at its edge."""
    sheet = s.paper(rng, "#F6F3EA" if sum(colour) < 690 else "#8C8F94")
    y, x = np.mgrid[0:CANVAS, 0:CANVAS].astype(np.float32)
    cx, cy = CANVAS / 2 + rng.randint(-40, 40), CANVAS / 2 + rng.randint(-40, 40)
    ragged = s.noise(rng.randrange(s.NOISE_TILES), 60) * 0.2
    ragged = ragged + s.noise(rng.randrange(s.NOISE_TILES), 18) * 0.05
    far = np.hypot((x - cx) / rng.uniform(150, 190), (y - cy) / rng.uniform(130, 175)) + ragged
    depth = np.clip((1 - far) * 14, 0, 1) * (
        0.82 + 0.18 * np.clip(1 - np.abs(far - 0.93) * 12, 0, 1)
    )
    mask = Image.fromarray((depth * 255).astype(np.uint8))
    wash = s.multiply(s.plain(colour), 1 + s.noise(rng.randrange(s.NOISE_TILES), 90) * 0.07)
    sheet.paste(wash, mask=mask)
    return s.grain(sheet, rng, 5, 3)
