"""Settings in which a signal flag is seen: in the wind, at sea, through glasses, in a code book."""

from __future__ import annotations

import math
import random
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from mese.demo import staging
from mese.demo import surfaces as s
from mese.demo.families.letters.signal_flags import COLOURS, outlined
from mese.demo.staging import Staging
from mese.demo.surfaces import CANVAS


def reference(cloth: Image.Image) -> Image.Image:
    """The flag flat on white, its hoist to the left."""
    ground = s.plain((250, 250, 247))
    sign = outlined(staging.fitted(cloth, 370, 320))
    ground.paste(sign, ((CANVAS - sign.width) // 2, (CANVAS - sign.height) // 2), sign)
    return ground


def waved(cloth: Image.Image, rng: random.Random, width: int) -> Image.Image:
    """The flag in the wind: it waves more towards its fly, with light and shade."""
    still = staging.fitted(cloth, width, width * 0.8)
    swing = still.height * rng.uniform(0.05, 0.1)
    x = np.arange(still.width) / still.width
    phase = rng.uniform(0, math.tau) + rng.uniform(6, 10) * x
    shifts = np.rint(np.sin(phase) * swing * np.sqrt(x) + swing).astype(int)
    tall = np.zeros((still.height + 2 * math.ceil(swing) + 2, still.width, 4), dtype=np.uint8)
    rows = np.arange(still.height)[:, None] + shifts[None, :]
    tall[rows, np.arange(still.width)[None, :]] = np.asarray(still)
    shade = 1 - 0.17 * np.cos(phase) * np.sqrt(x)
    lit = np.clip(tall[:, :, :3] * shade[None, :, None], 0, 255)
    tall[:, :, :3] = lit.astype(np.uint8)
    return Image.fromarray(tall)


def hoisted(cloth: Image.Image, rng: random.Random) -> Image.Image:
    """On its halyard before the sky."""
    image = s.sky(rng)
    sign = waved(cloth, rng, rng.randint(300, 340))
    x, y = rng.randint(50, 74), (CANVAS - sign.height) // 2 + rng.randint(-30, 30)
    draw = ImageDraw.Draw(image)
    draw.line((x - 6, 0, x + 4, CANVAS), (230, 226, 214), 6)
    draw.line((x - 3, 0, x + 7, CANVAS), (120, 116, 106), 2)
    image.paste(sign, (x, y), sign)
    return image


def at_sea(cloth: Image.Image, rng: random.Random) -> Image.Image:
    """High above a boat."""
    image = s.sky(rng)
    horizon = rng.randint(290, 340)
    water = s.shift(s.rgb(rng.choice(("#2F6C8F", "#3E5F78", "#2B7F86"))), rng)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, horizon, CANVAS, CANVAS), water)
    for y in range(horizon + 6, CANVAS, 11):
        for _ in range(4):
            x, long = rng.randint(-20, CANVAS), rng.randint(14, 20 + (y - horizon) // 2)
            draw.line((x, y, x + long, y), s.mix(water, (255, 255, 255), 0.22), 3)
    mast, deck = rng.randint(96, 150), horizon + rng.randint(34, 60)
    hull = s.rgb(rng.choice(("#F2F0E8", "#1F2C44", "#7C2E2A", "#2E5B4E")))
    left = mast - rng.randint(60, 80)
    right = mast + rng.randint(220, 270)
    draw.polygon(
        [(left, deck), (right, deck), (right - 46, deck + 52), (left + 22, deck + 52)], hull
    )
    draw.rectangle((mast + 40, deck - 44, mast + 150, deck), s.mix(hull, (255, 255, 255), 0.6))
    for x in range(mast + 54, mast + 140, 32):
        draw.ellipse((x, deck - 32, x + 18, deck - 14), (52, 70, 86))
    draw.line((mast, 10, mast, deck), (92, 74, 52), 8)
    sign = waved(cloth, rng, rng.randint(210, 250))
    image.paste(sign, (mast + 5, rng.randint(20, 44)), sign)
    return s.grain(image, rng, 4, 2)


def binoculars(cloth: Image.Image, rng: random.Random) -> Image.Image:
    """Through two lenses."""
    view = s.sky(rng)
    sign = waved(cloth, rng, rng.randint(210, 240))
    view.paste(sign, ((CANVAS - sign.width) // 2, (CANVAS - sign.height) // 2), sign)
    drift = rng.randint(-8, 8)
    lenses = _lenses()
    dark = s.plain((10, 11, 13))
    dark.paste(
        view, (0, 0), lenses.transform(lenses.size, Image.Transform.AFFINE, (1, 0, drift, 0, 1, 0))
    )
    ImageDraw.Draw(dark).line((224 - drift, 210, 224 - drift, 238), (30, 30, 30), 2)
    return dark


@lru_cache(maxsize=1)
def _lenses() -> Image.Image:
    mask = Image.new("L", (CANVAS, CANVAS))
    draw = ImageDraw.Draw(mask)
    for x in (148, 300):
        draw.ellipse((x - 152, 72, x + 152, 376), fill=255)
    return mask.filter(ImageFilter.GaussianBlur(5))


def bunting(cloth: Image.Image, rng: random.Random) -> Image.Image:
    """On a line between plain triangles of cloth."""
    image = s.sky(rng)
    draw = ImageDraw.Draw(image)
    slope, top = rng.uniform(-0.16, 0.16), rng.randint(84, 120)
    line = [(x, top + slope * (x - 224) + 0.0006 * (x - 224) ** 2) for x in range(-10, 470, 20)]
    draw.line(line, (70, 66, 60), 5)
    for x in (18, 366):
        colour = s.mix(s.rgb(COLOURS[rng.choice(list(COLOURS))]), (128, 140, 150), 0.25)
        y = top + slope * (x - 224) + 12
        draw.polygon([(x - 40, y), (x + 76, y + slope * 116), (x + 20, y + 150)], colour)
    sign = staging.fitted(cloth, 236, 210)
    sign = s.turned(sign, -math.degrees(math.atan(slope)) + rng.uniform(-2, 2))
    s.drop(image, sign, ((CANVAS - sign.width) // 2 - 20, top + 4), 4)
    return image


def code_page(cloth: Image.Image, rng: random.Random) -> Image.Image:
    """A page of a code book: the flag, rows of print, blank plates."""
    image = s.paper(rng, rng.choice(("#F3ECD9", "#F7F3E8", "#E8DFC6")))
    draw = ImageDraw.Draw(image)
    ink = s.rgb(rng.choice(("#5B5247", "#3F4650")))
    sign = outlined(staging.fitted(cloth, 230, 180), 2)
    x, y = 36 + rng.randint(0, 12), 40 + rng.randint(0, 16)
    image.paste(sign, (x, y), sign)
    for k in range(6):
        right = CANVAS - rng.randint(28, 96)
        draw.line(
            (x + 270, y + 14 + 28 * k, right, y + 14 + 28 * k), s.mix(ink, (255, 255, 255), 0.4), 7
        )
    for k in range(6):
        yy = y + 222 + 30 * k
        draw.line((x, yy, CANVAS - rng.randint(30, 130), yy), s.mix(ink, (255, 255, 255), 0.4), 7)
    draw.line((x, y + 200, CANVAS - 34, y + 200), ink, 3)
    return s.vignette(s.grain(image, rng, 4), 0.25)


def night(cloth: Image.Image, rng: random.Random) -> Image.Image:
    """Caught in a searchlight."""
    sky = s.gradient((10, 14, 30), s.shift((34, 44, 70), rng))
    sign = waved(cloth, rng, rng.randint(270, 310))
    x, y = (CANVAS - sign.width) // 2, (CANVAS - sign.height) // 2 + rng.randint(-20, 20)
    draw = ImageDraw.Draw(sky, "RGBA")
    source = rng.choice((-60, CANVAS + 60))
    draw.polygon([(source, CANVAS + 40), (60, 20), (CANVAS - 60, 20)], (255, 246, 210, 34))
    for _ in range(26):
        u, v = rng.randrange(CANVAS), rng.randrange(CANVAS)
        draw.ellipse((u, v, u + 2, v + 2), (255, 255, 255, 190))
    draw.line((x, 0, x, CANVAS), (150, 150, 140, 255), 4)
    sky.paste(sign, (x, y), sign)
    return s.vignette(sky, 0.75)


def on_deck(cloth: Image.Image, rng: random.Random) -> Image.Image:
    """Spread out on planks."""
    deck = s.wood(rng, rng.choice(("#B08A5A", "#8D7A66", "#C9A877")))
    sign = s.turned(waved(cloth, rng, 310), rng.uniform(-38, 38))
    s.drop(deck, sign, staging.centred(sign, rng, 20), 5)
    return s.vignette(deck, 0.3)


def on_panel(look: Staging) -> Staging:
    """A staging of the flag on a pale card, for those that show rectangles only."""

    def staged(cloth: Image.Image, rng: random.Random) -> Image.Image:
        tint = s.shift(s.rgb(rng.choice(("#E9EDF0", "#EFE8DA", "#D5DEE4", "#B9C7CF"))), rng, 6)
        panel = Image.new("RGB", (360, 290), tint)
        sign = outlined(staging.fitted(cloth, 300, 240), 2)
        panel.paste(sign, ((360 - sign.width) // 2, (290 - sign.height) // 2), sign)
        return look(panel, rng)

    return staged


LOOKS: dict[str, Staging] = {
    "hoisted": hoisted,
    "at-sea": at_sea,
    "binoculars": binoculars,
    "bunting": bunting,
    "code-page": code_page,
    "night": night,
    "on-deck": on_deck,
    "stamp": on_panel(staging.stamp),
    "card": on_panel(staging.card),
    "patch": on_panel(staging.patch),
    "screen": on_panel(staging.on_screen),
    "sign": on_panel(staging.flat),
}
