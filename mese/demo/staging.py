"""Where a drawn thing is seen: on paper, on a wall, on a screen, printed, stitched, pinned.

A staging takes a flat picture of the thing and a random generator that is seeded by entity and
look, and gives a square canvas of `surfaces.CANVAS` pixels. Families share them, so that a setting
says nothing about the class.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from mese.demo import surfaces as s
from mese.demo.surfaces import CANVAS

Staging = Callable[[Image.Image, random.Random], Image.Image]

MUTED = ("#DCE3E8", "#E9E2D6", "#2F3B46", "#6F7F86", "#CBD8CC", "#E8D6D3", "#40485A", "#F3F1EC")


def fitted(thing: Image.Image, width: float, height: float) -> Image.Image:
    """The thing as large as fits, its proportions kept, with an opaque alpha."""
    scale = min(width / thing.width, height / thing.height)
    size = (max(2, round(thing.width * scale)), max(2, round(thing.height * scale)))
    return thing.resize(size, Image.Resampling.BICUBIC).convert("RGBA")


def covering(thing: Image.Image, width: int, height: int, across: float = 0.5) -> Image.Image:
    """The thing filling width × height, cut at the sides; `across` says which part stays."""
    scale = min(thing.width / width, thing.height / height)
    # Rounding may leave a side a hair longer than the thing, and a box outside it is refused.
    wide, high = min(thing.width, width * scale), min(thing.height, height * scale)
    left, top = (thing.width - wide) * across, (thing.height - high) / 2
    box = (left, top, left + wide, top + high)
    return thing.resize((width, height), Image.Resampling.BICUBIC, box).convert("RGBA")


def centred(thing: Image.Image, rng: random.Random, play: int = 14) -> tuple[int, int]:
    """Where to paste the thing: about the middle."""
    x = (CANVAS - thing.width) // 2 + rng.randint(-play, play)
    return x, (CANVAS - thing.height) // 2 + rng.randint(-play, play)


def flat(thing: Image.Image, rng: random.Random) -> Image.Image:
    ground = s.paper(rng, rng.choice(MUTED))
    cloth = fitted(thing, rng.uniform(350, 400), 330)
    s.drop(ground, cloth, centred(cloth, rng), 7)
    return ground


def close_up(thing: Image.Image, rng: random.Random) -> Image.Image:
    cloth = covering(thing, 560, 560, rng.uniform(0.05, 0.6))
    cloth = cloth.rotate(rng.uniform(-8, 8), Image.Resampling.BILINEAR)
    image = cloth.crop((56, 56, 56 + CANVAS, 56 + CANVAS)).convert("RGB")
    y, x = np.mgrid[0:CANVAS, 0:CANVAS]
    weave = ((x // 2 + y // 2) % 2 - 0.5).astype(np.float32) * 9
    folds = s.noise(rng.randrange(s.NOISE_TILES), 112) * 0.16 + 1
    return s.multiply(s.lighten(image, weave), folds)


def roundel(thing: Image.Image, rng: random.Random) -> Image.Image:
    side = rng.randint(310, 370)
    ground = s.gradient(*(s.shift(s.rgb(c), rng) for c in rng.sample(MUTED, 2)))
    badge = covering(thing, side, side, rng.uniform(0.25, 0.5))
    gloss = Image.new("RGBA", (side, side))
    box = (-side // 4, -side * 2 // 3, side + side // 4, side * 9 // 20)
    ImageDraw.Draw(gloss).ellipse(box, (255, 255, 255, 46))
    badge.alpha_composite(gloss)
    rim = ImageDraw.Draw(badge)
    rim.ellipse((0, 0, side - 1, side - 1), outline=(236, 236, 238), width=13)
    badge.putalpha(s.rounded((side, side), side // 2))
    s.drop(ground, badge, centred(badge, rng), 10)
    return ground


def stamp(thing: Image.Image, rng: random.Random) -> Image.Image:
    ground = s.paper(rng, rng.choice(("#D9C7A3", "#E6DCC8", "#C5D0D6")))
    print_ = fitted(thing, 290, 250)
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
    s.drop(ground, sheet, centred(sheet, rng), 4)
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


def on_wall(thing: Image.Image, rng: random.Random) -> Image.Image:
    wall = s.bricks(rng)
    paint = fitted(thing, 400, 330)
    layer = Image.new("RGB", wall.size, "white")
    at = centred(paint, rng, 10)
    layer.paste(paint, at)
    worn = s.noise(rng.randrange(s.NOISE_TILES), 12) + s.noise(rng.randrange(s.NOISE_TILES), 48)
    keep = np.clip((worn + 1.25) * 300, 0, 235).astype(np.uint8)
    area = Image.new("L", wall.size)
    area.paste(255, (*at, at[0] + paint.width, at[1] + paint.height))
    shade = np.asarray(wall.convert("L"), dtype=np.float32) / 178
    wall.paste(s.multiply(layer, shade), mask=s.within(area, Image.fromarray(keep)))
    return wall


def map_pin(thing: Image.Image, rng: random.Random) -> Image.Image:
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
    face = covering(thing, round(side * 0.8), round(side * 0.8), rng.uniform(0.2, 0.5))
    inset = (side - face.width) // 2
    pin.paste(face, (inset, inset), s.rounded(face.size, face.width // 2))
    s.drop(ground, pin, centred(pin, rng, 26), 8)
    return ground


def card(thing: Image.Image, rng: random.Random) -> Image.Image:
    table = s.wood(rng, rng.choice(("#A9764A", "#7B5A3C", "#C8A27A", "#57606B")))
    print_ = fitted(thing, 320, 250)
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
    s.drop(table, sheet, centred(sheet, rng, 6), 10)
    return table


def patch(thing: Image.Image, rng: random.Random) -> Image.Image:
    cloth = s.denim(rng)
    badge = fitted(thing, 330, 260)
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
    s.drop(cloth, sewn, centred(sewn, rng), 6)
    return cloth


def on_screen(thing: Image.Image, rng: random.Random) -> Image.Image:
    desk = s.gradient(s.shift(s.rgb(rng.choice(MUTED)), rng), (58, 60, 66))
    width, height = 380, 262
    case = Image.new("RGBA", (width, height), (24, 25, 28, 255))
    glass = Image.new("RGBA", (width - 28, height - 28), s.rgb(rng.choice(MUTED)))
    shown = fitted(thing, glass.width * 0.86, glass.height * 0.86)
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
