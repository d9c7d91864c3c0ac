"""Settings in which a card is seen: on felt, in a fan, in a hand, in its box, pinned, torn."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from mese.demo import staging
from mese.demo import surfaces as s
from mese.demo.families.cards.faces import BACKS, Card, back, face
from mese.demo.surfaces import CANVAS, Colour

Look = Callable[[Card, random.Random], Image.Image]

FELTS = ("#1F6B47", "#7A1F2E", "#1E4E79", "#3A3A40", "#5B3E7A")
CHIPS = ("#B3262A", "#1D3F8A", "#1B1B1F", "#1F6B46", "#C98A1B")
SKINS = ("#F0CDB0", "#D9A679", "#A56E45", "#6E452B")


def reference(card: Card) -> Image.Image:
    """The card upright on plain grey."""
    image = s.plain((226, 228, 230))
    sheet = face(card).resize((285, 399), Image.Resampling.BICUBIC)
    image.paste(sheet, ((CANVAS - 285) // 2, (CANVAS - 399) // 2), sheet)
    return image


def felt(rng: random.Random) -> Image.Image:
    return _felt(rng.choice(FELTS), rng.randrange(s.NOISE_TILES)).copy()


@lru_cache(maxsize=30)
def _felt(colour: str, tile: int) -> Image.Image:
    return s.lighten(s.plain(s.rgb(colour)), s.noise(tile, 2) * 11)


def placed(sheet: Image.Image, share: float, degrees: float) -> Image.Image:
    """A card scaled and turned counter-clockwise on nothing, in one step."""
    turn = math.radians(degrees)
    cos, sin = math.cos(turn), math.sin(turn)
    wide = (abs(cos) * sheet.width + abs(sin) * sheet.height) * share
    tall = (abs(sin) * sheet.width + abs(cos) * sheet.height) * share
    size = (math.ceil(wide) + 2, math.ceil(tall) + 2)
    a, b, d, e = cos / share, -sin / share, sin / share, cos / share
    x, y = size[0] / 2, size[1] / 2
    matrix = (a, b, sheet.width / 2 - a * x - b * y, d, e, sheet.height / 2 - d * x - e * y)
    return sheet.transform(size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)


def lay(
    ground: Image.Image,
    sheet: Image.Image,
    share: float,
    at: tuple[float, float],
    degrees: float,
) -> None:
    """Lays a card on the ground, its middle at the point, with a small shadow."""
    laid = placed(sheet, share, degrees)
    corner = (round(at[0] - laid.width / 2), round(at[1] - laid.height / 2))
    s.drop(ground, laid, corner, 4)


def middle(rng: random.Random, play: int = 16) -> tuple[float, float]:
    return CANVAS / 2 + rng.randint(-play, play), CANVAS / 2 + rng.randint(-play, play)


def on_felt(card: Card, rng: random.Random) -> Image.Image:
    ground = felt(rng)
    ring = s.mix(s.rgb(rng.choice(FELTS)), (240, 220, 160), 0.6)
    ImageDraw.Draw(ground).ellipse((-140, -180, 590, 400), outline=ring, width=4)
    lay(ground, face(card), 0.92, middle(rng), rng.uniform(-35, 35))
    return s.vignette(ground, 0.3)


def fan(card: Card, rng: random.Random) -> Image.Image:
    """In front of a fan of cards that are turned away."""
    ground = felt(rng)
    number = rng.randrange(len(BACKS))
    others = rng.randint(3, 5)
    for k in range(others):
        lean = 46 - k * (70 / others)
        spot = (224 - 130 * math.sin(math.radians(lean)), 300 - 150 * math.cos(math.radians(lean)))
        lay(ground, back(number), 0.66, spot, lean)
    lay(ground, face(card), 0.72, (290 + rng.randint(-14, 14), 216), rng.uniform(-26, -12))
    return ground


def held(card: Card, rng: random.Random) -> Image.Image:
    """Between thumb and fingers."""
    image = s.gradient(*(s.shift(s.rgb(c), rng) for c in rng.sample(staging.MUTED, 2)))
    skin = s.rgb(rng.choice(SKINS))
    dark = s.mix(skin, (60, 20, 10), 0.3)
    draw = ImageDraw.Draw(image)
    sleeve = s.rgb(rng.choice(("#2B3550", "#6B2E35", "#E8E4DA", "#35533F")))
    draw.polygon([(150, CANVAS), (180, 400), (330, 396), (372, CANVAS)], sleeve)
    for k in range(3):
        draw.rounded_rectangle((292, 236 + 46 * k, 372, 278 + 46 * k), 20, skin, dark, 2)
    draw.rounded_rectangle((172, 330, 340, 424), 40, skin)
    lay(image, face(card), 0.88, (224 + rng.randint(-8, 8), 196), rng.uniform(-7, 9))
    thumb = Image.new("RGBA", (84, 176))
    pen = ImageDraw.Draw(thumb)
    pen.rounded_rectangle((6, 4, 78, 172), 36, skin, dark, 2)
    pen.rounded_rectangle((22, 12, 62, 56), 18, s.mix(skin, (255, 235, 230), 0.5), dark, 2)
    thumb = s.turned(thumb, rng.uniform(14, 26))
    image.paste(thumb, (158, 292), thumb)
    return image


def corner(card: Card, rng: random.Random) -> Image.Image:
    """So near that one corner fills the picture."""
    image = s.wood(rng, rng.choice(("#7B5A3C", "#A9764A", "#57606B")))
    near = face(card).crop((0, 0, 240, 250))
    big = placed(near, 2.1, rng.uniform(-14, 14))
    s.drop(image, big, (rng.randint(-24, 8), rng.randint(-30, 4)), 8)
    return s.vignette(image, 0.2)


def box(card: Card, rng: random.Random) -> Image.Image:
    """Half out of its box."""
    image = s.paper(rng, rng.choice(("#DCE3E8", "#E9E2D6", "#CBD8CC", "#C9B79C")))
    colour = s.shift(BACKS[rng.randrange(len(BACKS))], rng, 6)
    package = Image.new("RGBA", (300, 520))
    package.paste(placed(face(card), 1.06, 0), (16, 6))
    draw = ImageDraw.Draw(package)
    draw.rectangle((6, 226, 294, 516), colour)
    draw.chord((106, 190, 194, 262), 0, 180, s.mix(colour, (0, 0, 0), 0.45))
    gold = s.mix(colour, (255, 220, 140), 0.6)
    draw.rectangle((24, 278, 276, 500), outline=gold, width=4)
    draw.ellipse((90, 324, 210, 444), outline=gold, width=6)
    draw.polygon([(150, 336), (198, 384), (150, 432), (102, 384)], gold)
    package = s.turned(package, rng.uniform(-16, 16))
    s.drop(image, package, ((CANVAS - package.width) // 2, rng.randint(4, 24)), 9)
    return image


def solitaire(card: Card, rng: random.Random) -> Image.Image:
    """Face up at the end of a column, between columns of hidden cards."""
    ground = felt(rng)
    number = rng.randrange(len(BACKS))
    hidden = back(number)
    for column in (-1, 0, 1):
        deep = rng.randint(2, 4) if column else 2
        for k in range(deep):
            lay(ground, hidden, 0.5, (224 + column * 168, 84 + 24 * k), 0)
    lay(ground, face(card), 0.74, (224, 262 + rng.randint(-6, 8)), rng.uniform(-2, 2))
    return ground


def table(card: Card, rng: random.Random) -> Image.Image:
    """Seen along a table top."""
    ground = s.wood(rng, rng.choice(("#A9764A", "#7B5A3C", "#C8A27A")))
    lay(ground, back(rng.randrange(len(BACKS))), 0.66, (110, 120), rng.uniform(-60, 60))
    lay(ground, face(card), 1.0, (232 + rng.randint(-16, 16), 236), rng.uniform(-28, 28))
    tilt = rng.uniform(0.22, 0.4)
    leaning = ground.transform(
        ground.size, Image.Transform.PERSPECTIVE, _leaning(tilt), Image.Resampling.BILINEAR
    )
    return s.vignette(leaning, 0.35)


def _leaning(tilt: float) -> tuple[float, ...]:
    """Perspective coefficients (a to h) of a table top whose far edge is drawn narrower.

    A point (x, y) of the picture shows ((ax + by + c) / w, (dx + ey + f) / w) of the top seen from
    above, w = gx + hy + 1. The near edge is shown 1 + tilt times as large, so that no edge shows.
    """
    side = float(CANVAS)
    grow = 1 / (1 + tilt)
    h = tilt / side * 0.6
    wide, deep = grow * (1 + h * side), (1 + h * side) * grow
    a, e = wide, deep
    c = side / 2 * (1 - a)
    return (a, h * side / 2, c, 0.0, e, side * (1 - grow) * 0.5, 0.0, h)


def screen(card: Card, rng: random.Random) -> Image.Image:
    """In a game on a screen."""
    shown = Image.new("RGB", (360, 250), s.shift(s.rgb(rng.choice(FELTS)), rng))
    sheet = placed(face(card), 0.66, 0)
    shown.paste(sheet, (66, 10), sheet)
    draw = ImageDraw.Draw(shown)
    for k in range(3):
        colour = s.rgb(rng.choice(CHIPS))
        draw.rounded_rectangle((262, 40 + 62 * k, 334, 82 + 62 * k), 12, colour, (235, 235, 235), 3)
    return staging.on_screen(shown, rng)


def pinned(card: Card, rng: random.Random) -> Image.Image:
    board = s.cork(rng)
    draw = ImageDraw.Draw(board)
    note = s.rgb(rng.choice(("#F6E58D", "#C8E6C9", "#F8C8C8", "#CFE3F5")))
    x, y = rng.choice((20, 300)), rng.choice((24, 310))
    draw.rectangle((x, y, x + 120, y + 110), note)
    for k in range(4):
        draw.line((x + 14, y + 26 + 20 * k, x + 100 - 9 * k, y + 26 + 20 * k), (120, 120, 120), 4)
    spot = middle(rng, 20)
    lay(board, face(card), 0.86, spot, rng.uniform(-16, 16))
    px, py = spot[0] + rng.randint(-20, 20), spot[1] - 128
    draw.ellipse((px - 8, py, px + 22, py + 24), (60, 40, 20))
    pin = s.rgb(rng.choice(CHIPS))
    draw.ellipse((px - 14, py - 14, px + 14, py + 14), pin)
    draw.ellipse((px - 8, py - 9, px - 1, py - 2), s.mix(pin, (255, 255, 255), 0.7))
    return board


def chips(card: Card, rng: random.Random) -> Image.Image:
    """Under a lamp beside stacks of chips."""
    ground = felt(rng)
    lay(ground, face(card), 0.84, (264 + rng.randint(-14, 14), 214), rng.uniform(-18, 18))
    draw = ImageDraw.Draw(ground)
    for x, y in ((84, 350), (62, 190), (182, 400)):
        colour = s.rgb(rng.choice(CHIPS))
        for k in range(rng.randint(2, 5)):
            _chip(draw, x + rng.randint(-3, 3), y - 11 * k, colour)
    return s.vignette(ground, 0.6)


def _chip(draw: ImageDraw.ImageDraw, x: int, y: int, colour: Colour) -> None:
    wide, high = 52, 30
    edge = s.mix(colour, (0, 0, 0), 0.45)
    draw.ellipse((x - wide, y - high + 9, x + wide, y + high + 9), edge)
    draw.ellipse((x - wide, y - high, x + wide, y + high), colour, edge, 2)
    for k in range(6):
        start = k * 60
        spot = (x - wide + 3, y - high + 3, x + wide - 3, y + high - 3)
        draw.arc(spot, start, start + 22, (244, 240, 230), 9)
    draw.ellipse((x - 26, y - 15, x + 26, y + 15), outline=(244, 240, 230), width=3)


def vintage(card: Card, rng: random.Random) -> Image.Image:
    """An old card: yellowed, creased, worn at its edges."""
    album = s.paper(rng, rng.choice(("#3B2F2A", "#57483A", "#2E3532", "#6B5A48")))
    sheet = face(card)
    pixels = np.asarray(sheet, dtype=np.float32).copy()
    tint = np.array([0.93, 0.84, 0.66], dtype=np.float32)
    stain = s.noise(rng.randrange(s.NOISE_TILES), 60)[: sheet.height, : sheet.width]
    pixels[:, :, :3] = (pixels[:, :, :3] * 0.86 + 22) * tint * (1 + 0.09 * stain)[:, :, None]
    old = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(old)
    y = rng.randint(90, 260)
    draw.line((0, y, old.width, y + rng.randint(-50, 50)), (120, 96, 66, 255), 3)
    lay(album, old, 1.02, middle(rng, 10), rng.uniform(-9, 9))
    pen = ImageDraw.Draw(album)
    for x, y, dx, dy in ((70, 22, 1, 1), (378, 22, -1, 1), (70, 426, 1, -1), (378, 426, -1, -1)):
        pen.polygon([(x, y), (x + 46 * dx, y), (x, y + 46 * dy)], (205, 190, 160))
    return s.vignette(album, 0.3)


def torn(card: Card, rng: random.Random) -> Image.Image:
    """In two pieces."""
    ground = s.paper(rng, rng.choice(("#6F7F86", "#40485A", "#B7A58A", "#8A9A8C")))
    sheet = face(card)
    wide, tall = sheet.size
    rip = [
        (x, tall * 0.5 + rng.randint(-9, 9) + (x - wide / 2) * 0.2) for x in range(0, wide + 16, 16)
    ]
    for upper in (True, False):
        keep = Image.new("L", sheet.size)
        edge = [(0, 0), (wide, 0)] if upper else [(0, tall), (wide, tall)]
        shift = 0 if upper else 2
        ImageDraw.Draw(keep).polygon([*edge, *((x, y + shift) for x, y in reversed(rip))], 255)
        piece = sheet.copy()
        piece.putalpha(s.within(keep, sheet.getchannel("A")))
        lean = rng.uniform(2, 11) * (1 if upper else -1)
        part = placed(piece, 0.96, lean)
        drift = (-12, -22) if upper else (14, 22)
        at = ((CANVAS - part.width) // 2 + drift[0], (CANVAS - part.height) // 2 + drift[1])
        s.drop(ground, part, at, 5)
    return ground


LOOKS: Mapping[str, Look] = {
    "felt": on_felt,
    "fan": fan,
    "held": held,
    "corner": corner,
    "box": box,
    "solitaire": solitaire,
    "table": table,
    "screen": screen,
    "pinned": pinned,
    "chips": chips,
    "vintage": vintage,
    "torn": torn,
}
