"""The twelve looks of a flag: flat, flying, printed, stitched, on a wall, on a screen.

Each look takes the flat flag and a random generator that is seeded by entity and look, and gives
a square canvas of `surfaces.CANVAS` pixels.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from mese.demo import surfaces as s
from mese.demo.surfaces import CANVAS

Look = Callable[[Image.Image, random.Random], Image.Image]

MUTED = ("#DCE3E8", "#E9E2D6", "#2F3B46", "#6F7F86", "#CBD8CC", "#E8D6D3", "#40485A", "#F3F1EC")


def fitted(flag: Image.Image, width: float, height: float) -> Image.Image:
    """The flag as large as fits, its proportions kept, with an opaque alpha."""
    scale = min(width / flag.width, height / flag.height)
    size = (max(2, round(flag.width * scale)), max(2, round(flag.height * scale)))
    return flag.resize(size, Image.Resampling.BICUBIC).convert("RGBA")


def covering(flag: Image.Image, width: int, height: int, across: float = 0.5) -> Image.Image:
    """The flag filling width × height, cut at the sides; `across` says which part stays."""
    scale = min(flag.width / width, flag.height / height)
    left, top = (flag.width - width * scale) * across, (flag.height - height * scale) / 2
    box = (left, top, left + width * scale, top + height * scale)
    return flag.resize((width, height), Image.Resampling.BICUBIC, box).convert("RGBA")


def _centred(thing: Image.Image, rng: random.Random, play: int = 14) -> tuple[int, int]:
    x = (CANVAS - thing.width) // 2 + rng.randint(-play, play)
    return x, (CANVAS - thing.height) // 2 + rng.randint(-play, play)


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


def flat(flag: Image.Image, rng: random.Random) -> Image.Image:
    ground = s.paper(rng, rng.choice(MUTED))
    cloth = fitted(flag, rng.uniform(350, 400), 330)
    s.drop(ground, cloth, _centred(cloth, rng), 7)
    return ground


def close_up(flag: Image.Image, rng: random.Random) -> Image.Image:
    cloth = covering(flag, 560, 560, rng.uniform(0.05, 0.6))
    cloth = cloth.rotate(rng.uniform(-8, 8), Image.Resampling.BILINEAR)
    image = cloth.crop((56, 56, 56 + CANVAS, 56 + CANVAS)).convert("RGB")
    y, x = np.mgrid[0:CANVAS, 0:CANVAS]
    weave = ((x // 2 + y // 2) % 2 - 0.5).astype(np.float32) * 9
    folds = s.noise(rng.randrange(s.NOISE_TILES), 112) * 0.16 + 1
    return s.multiply(s.lighten(image, weave), folds)


def waving(flag: Image.Image, rng: random.Random) -> Image.Image:
    ground = s.sky(rng)
    cloth = rippled(fitted(flag, rng.uniform(370, 430), 300), rng, rng.uniform(12, 22))
    cloth = s.turned(cloth, rng.uniform(-7, 5))
    ground.paste(cloth, _centred(cloth, rng), cloth)
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
    cloth = rippled(fitted(flag, 290, 190), rng, rng.uniform(7, 14))
    ground.paste(cloth, (pole + 4, top), cloth)
    return ground


def roundel(flag: Image.Image, rng: random.Random) -> Image.Image:
    side = rng.randint(310, 370)
    ground = s.gradient(*(s.shift(s.rgb(c), rng) for c in rng.sample(MUTED, 2)))
    badge = covering(flag, side, side, rng.uniform(0.25, 0.5))
    gloss = Image.new("RGBA", (side, side))
    box = (-side // 4, -side * 2 // 3, side + side // 4, side * 9 // 20)
    ImageDraw.Draw(gloss).ellipse(box, (255, 255, 255, 46))
    badge.alpha_composite(gloss)
    rim = ImageDraw.Draw(badge)
    rim.ellipse((0, 0, side - 1, side - 1), outline=(236, 236, 238), width=13)
    badge.putalpha(s.rounded((side, side), side // 2))
    s.drop(ground, badge, _centred(badge, rng), 10)
    return ground


def stamp(flag: Image.Image, rng: random.Random) -> Image.Image:
    ground = s.paper(rng, rng.choice(("#D9C7A3", "#E6DCC8", "#C5D0D6")))
    print_ = fitted(flag, 290, 250)
    edge, tooth = 26, 8
    size = (print_.width + 2 * edge, print_.height + 2 * edge)
    sheet = Image.new("RGBA", size, (252, 250, 243, 255))
    sheet.paste(print_, (edge, edge))
    holes = ImageDraw.Draw(sheet)
    for x in range(0, size[0] + 22, 22):
        for y in (0, size[1]):
            holes.ellipse((x - tooth, y - tooth, x + tooth, y + tooth), (0, 0, 0, 0))
    for y in range(0, size[1] + 22, 22):
        for x in (0, size[0]):
            holes.ellipse((x - tooth, y - tooth, x + tooth, y + tooth), (0, 0, 0, 0))
    sheet = s.turned(sheet, rng.uniform(-12, 12))
    s.drop(ground, sheet, _centred(sheet, rng), 4)
    _postmark(ground, rng)
    return ground


def _postmark(ground: Image.Image, rng: random.Random) -> None:
    x, y = rng.choice((90, 350)), rng.choice((90, 350))
    ink = ImageDraw.Draw(ground, "RGBA")
    for r in (62, 46):
        ink.ellipse((x - r, y - r, x + r, y + r), outline=(40, 40, 60, 110), width=4)
    for k in range(4):
        points = [(x + 66 + t * 9, y - 30 + 20 * k + 7 * math.sin(t)) for t in range(24)]
        ink.line(points, (40, 40, 60, 90), 4)


def on_wall(flag: Image.Image, rng: random.Random) -> Image.Image:
    wall = s.bricks(rng)
    paint = fitted(flag, 400, 330)
    layer = Image.new("RGB", wall.size, "white")
    at = _centred(paint, rng, 10)
    layer.paste(paint, at)
    worn = s.noise(rng.randrange(s.NOISE_TILES), 12) + s.noise(rng.randrange(s.NOISE_TILES), 48)
    keep = np.clip((worn + 1.25) * 300, 0, 235).astype(np.uint8)
    area = Image.new("L", wall.size)
    area.paste(255, (*at, at[0] + paint.width, at[1] + paint.height))
    shade = np.asarray(wall.convert("L"), dtype=np.float32) / 178
    wall.paste(s.multiply(layer, shade), mask=s.within(area, Image.fromarray(keep)))
    return wall


def map_pin(flag: Image.Image, rng: random.Random) -> Image.Image:
    ground = s.plain(s.shift(s.rgb(rng.choice(("#E8EDDF", "#DDE8EE", "#EFE9DD"))), rng, 6))
    heights = s.noise(rng.randrange(s.NOISE_TILES), 90) * 6
    contour = np.abs(heights - np.rint(heights)) < 0.09
    ground = s.lighten(ground, contour.astype(np.float32) * -34)
    side = rng.randint(190, 230)
    pin = Image.new("RGBA", (side, round(side * 1.42)))
    draw, middle = ImageDraw.Draw(pin), side / 2
    body = (*s.rgb(rng.choice(("#C0392B", "#2C3E50", "#1F7A6D", "#F2F2F2"))), 255)
    draw.polygon(
        [(side * 0.09, side * 0.7), (middle, pin.height - 2), (side * 0.91, side * 0.7)], body
    )
    draw.ellipse((0, 0, side - 1, side - 1), body)
    face = covering(flag, round(side * 0.8), round(side * 0.8), rng.uniform(0.2, 0.5))
    inset = (side - face.width) // 2
    pin.paste(face, (inset, inset), s.rounded(face.size, face.width // 2))
    s.drop(ground, pin, _centred(pin, rng, 26), 8)
    return ground


def card(flag: Image.Image, rng: random.Random) -> Image.Image:
    table = s.wood(rng, rng.choice(("#A9764A", "#7B5A3C", "#C8A27A", "#57606B")))
    print_ = fitted(flag, 320, 250)
    edge = 16
    sheet = Image.new("RGBA", (print_.width + 2 * edge, print_.height + 2 * edge), "#FBFAF6")
    sheet.paste(print_, (edge, edge))
    lean = rng.choice((-1, 1)) * rng.uniform(0.12, 0.25)
    grow = abs(lean) * sheet.height
    size = (round(sheet.width + grow), sheet.height)
    slide = -grow if lean > 0 else 0
    sheet = sheet.transform(
        size, Image.Transform.AFFINE, (1, lean, slide, 0, 1, 0), Image.Resampling.BILINEAR
    )
    sheet = s.turned(sheet, rng.uniform(-18, 18))
    sheet.thumbnail((CANVAS - 20, CANVAS - 20), Image.Resampling.BILINEAR)
    s.drop(table, sheet, _centred(sheet, rng, 6), 10)
    return table


def patch(flag: Image.Image, rng: random.Random) -> Image.Image:
    cloth = s.denim(rng)
    badge = fitted(flag, 330, 260)
    rows = (np.arange(badge.height) % 4 < 2).astype(np.float32)[:, None]
    thread = np.asarray(badge, dtype=np.float32).copy()
    thread[:, :, :3] *= (0.84 + 0.16 * rows)[:, :, None]
    badge = Image.fromarray(thread.astype(np.uint8))
    hem = s.rgb(rng.choice(("#1E1E22", "#E8E2D0", "#7A2E2E", "#C8A24A")))
    edge = 14
    sewn = Image.new("RGBA", (badge.width + 2 * edge, badge.height + 2 * edge), (*hem, 255))
    sewn.paste(badge, (edge, edge))
    draw = ImageDraw.Draw(sewn)
    for x in range(0, sewn.width, 8):
        for y in (0, sewn.height - edge):
            draw.line((x, y, x + 3, y + edge), s.mix(hem, (128, 128, 128), 0.35), 2)
    for y in range(0, sewn.height, 8):
        for x in (0, sewn.width - edge):
            draw.line((x, y, x + edge, y + 3), s.mix(hem, (128, 128, 128), 0.35), 2)
    sewn.putalpha(s.rounded(sewn.size, 20))
    sewn = s.turned(sewn, rng.uniform(-9, 9))
    s.drop(cloth, sewn, _centred(sewn, rng), 6)
    return cloth


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
            cloth = s.turned(fitted(flag, 148, 112), rng.uniform(-6, 6))
            ground.paste(cloth, (x, round(y) - 4), cloth)
    return ground


def on_screen(flag: Image.Image, rng: random.Random) -> Image.Image:
    desk = s.gradient(s.shift(s.rgb(rng.choice(MUTED)), rng), (58, 60, 66))
    width, height = 380, 262
    case = Image.new("RGBA", (width, height), (24, 25, 28, 255))
    glass = Image.new("RGBA", (width - 28, height - 28), s.rgb(rng.choice(MUTED)))
    shown = fitted(flag, glass.width * 0.86, glass.height * 0.86)
    glass.paste(shown, ((glass.width - shown.width) // 2, (glass.height - shown.height) // 2))
    shine = Image.new("RGBA", glass.size)
    slope = [(0, 0), (glass.width * 0.6, 0), (glass.width * 0.25, glass.height), (0, glass.height)]
    ImageDraw.Draw(shine).polygon(slope, (255, 255, 255, 20))
    glass.alpha_composite(shine)
    case.paste(glass, (14, 14))
    case.putalpha(s.rounded(case.size, 16))
    draw = ImageDraw.Draw(desk)
    x, y = (CANVAS - width) // 2 + rng.randint(-14, 14), rng.randint(34, 66)
    middle = x + width // 2
    neck, foot = y + height, y + height + 58
    stand = [(middle - 30, neck), (middle + 30, neck), (middle + 44, foot), (middle - 44, foot)]
    draw.polygon(stand, (120, 122, 128))
    draw.ellipse((middle - 90, y + height + 46, middle + 90, y + height + 72), (140, 142, 148))
    s.drop(desk, case, (x, y), 8)
    return s.vignette(desk, 0.25)


def reference(flag: Image.Image) -> Image.Image:
    """The canonical picture: the whole flag on white with a hairline."""
    ground = s.plain((255, 255, 255))
    cloth = fitted(flag, 410, 410)
    x, y = (CANVAS - cloth.width) // 2, (CANVAS - cloth.height) // 2
    ground.paste(cloth, (x, y))
    edge = (x - 2, y - 2, x + cloth.width + 1, y + cloth.height + 1)
    ImageDraw.Draw(ground).rectangle(edge, outline=(170, 170, 170), width=2)
    return ground.filter(ImageFilter.SMOOTH)


LOOKS: dict[str, Look] = {
    "flat": flat,
    "close-up": close_up,
    "waving": waving,
    "pole": on_pole,
    "roundel": roundel,
    "stamp": stamp,
    "wall": on_wall,
    "pin": map_pin,
    "card": card,
    "patch": patch,
    "bunting": bunting,
    "screen": on_screen,
}
