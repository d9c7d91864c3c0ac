"""The twelve looks of a flag: flying, hung out, and the stagings that all families share."""

from __future__ import annotations

import math
import random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from mese.demo import staging as st
from mese.demo import surfaces as s
from mese.demo.staging import Staging
from mese.demo.surfaces import CANVAS


def rippled(flag: Image.Image, rng: random.Random, swing: float) -> Image.Image:
    """The flag in the wind: columns sway more towards the fly, folds are lit and shaded."""
    room = math.ceil(swing) + 2
    width, height = flag.width, flag.height
    x = np.arange(width, dtype=np.float32)
    phase = x / width * math.tau * rng.uniform(1.1, 1.7) + rng.uniform(0, math.tau)
    calm = 0.25 + 0.75 * x / width
    sway = np.sin(phase) * swing * calm
    rows = np.arange(height + 2 * room)[:, None] - room - sway[None, :]
    inside = (rows >= 0) & (rows <= height - 1)
    source = np.clip(np.rint(rows), 0, height - 1).astype(np.intp)
    columns = np.broadcast_to(np.arange(width), source.shape)
    pixels = np.asarray(flag.convert("RGB"), dtype=np.float32)[source, columns]
    light = 1 + 0.2 * np.cos(phase + 0.5) * calm
    lit = np.clip(pixels * light[None, :, None], 0, 255).astype(np.uint8)
    return Image.fromarray(np.dstack([lit, (inside * 255).astype(np.uint8)]))


def waving(flag: Image.Image, rng: random.Random) -> Image.Image:
    ground = s.sky(rng)
    cloth = rippled(st.fitted(flag, rng.uniform(370, 430), 300), rng, rng.uniform(12, 22))
    cloth = s.turned(cloth, rng.uniform(-7, 5))
    ground.paste(cloth, st.centred(cloth, rng), cloth)
    return ground


def on_pole(flag: Image.Image, rng: random.Random) -> Image.Image:
    ground = s.sky(rng)
    draw = ImageDraw.Draw(ground)
    hill = s.shift(s.rgb(rng.choice(("#5E8F4E", "#7A8B5A", "#8A8178", "#B79F77"))), rng)
    level = rng.randint(350, 400)
    draw.ellipse((-260, level, CANVAS + 180, level + 420), hill)
    pole, top = rng.randint(70, 130), rng.randint(30, 60)
    draw.rectangle((pole - 5, top, pole + 4, level + 20), (205, 205, 208))
    draw.rectangle((pole + 1, top, pole + 4, level + 20), (140, 140, 146))
    draw.ellipse((pole - 9, top - 14, pole + 8, top + 3), (214, 178, 78))
    cloth = rippled(st.fitted(flag, 290, 190), rng, rng.uniform(7, 14))
    ground.paste(cloth, (pole + 4, top), cloth)
    return ground


def bunting(flag: Image.Image, rng: random.Random) -> Image.Image:
    ground = s.sky(rng) if rng.random() < 0.6 else s.bricks(rng)
    draw = ImageDraw.Draw(ground)
    start = rng.randint(-50, -10)
    for line in (rng.randint(40, 70), rng.randint(235, 265)):
        sag = rng.uniform(18, 44)
        droop = [(x, line + sag * math.sin(math.pi * x / CANVAS)) for x in range(0, CANVAS + 1, 8)]
        draw.line(droop, (60, 55, 50), 3)
        for x in range(start, CANVAS, 166):
            middle = min(max(x + 74, 0), CANVAS)
            y = line + sag * math.sin(math.pi * middle / CANVAS)
            cloth = s.turned(st.fitted(flag, 148, 112), rng.uniform(-6, 6))
            ground.paste(cloth, (x, round(y) - 4), cloth)
    return ground


def reference(flag: Image.Image) -> Image.Image:
    """The canonical picture: the whole flag on white with a hairline."""
    ground = s.plain((255, 255, 255))
    cloth = st.fitted(flag, 410, 410)
    x, y = (CANVAS - cloth.width) // 2, (CANVAS - cloth.height) // 2
    ground.paste(cloth, (x, y))
    edge = (x - 2, y - 2, x + cloth.width + 1, y + cloth.height + 1)
    ImageDraw.Draw(ground).rectangle(edge, outline=(170, 170, 170), width=2)
    return ground.filter(ImageFilter.SMOOTH)


LOOKS: dict[str, Staging] = {
    "flat": st.flat,
    "close-up": st.close_up,
    "waving": waving,
    "pole": on_pole,
    "roundel": st.roundel,
    "stamp": st.stamp,
    "wall": st.on_wall,
    "pin": st.map_pin,
    "card": st.card,
    "patch": st.patch,
    "bunting": bunting,
    "screen": st.on_screen,
}
