"""A world as a lit ball, or as the lump that a small one is, with its own face, rings and marks.

The face is a map (longitude across, latitude down) made once a body; a view looks its pixels up.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from mese.demo.families.sky.worlds import Body
from mese.demo.surfaces import Array, Colour, mix

WIDTH, HEIGHT = 384, 192
"""The face's map in pixels; the side that is shown lies about its middle."""
FINEST = 220
"""Pixels across at most: the map has no more, and a larger ball is drawn out."""
RING_TILT = 0.32
RINGS = (
    (1.28, 1.5, (150, 132, 104, 150)),
    (1.52, 1.94, (226, 206, 164, 225)),
    (2.02, 2.26, (196, 178, 142, 190)),
)
"""Saturn's C, B and A ring: inner and outer radius in radii of the globe, colour."""


@dataclass(frozen=True)
class View:
    """`light` is where the light comes from: degrees around (0 right, 90 above) and `height`
    towards the viewer, 1 for full, 0 for half, below 0 for a crescent; `turn` shifts longitudes."""

    light: float = 150.0
    height: float = 0.55
    turn: float = 0.0
    roll: float = 0.0


def _noise(rng: np.random.Generator, across: int, down: int) -> Array:
    values = rng.uniform(-1, 1, (down, across)).astype(np.float32)
    grid = Image.fromarray(values).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
    return np.asarray(grid, dtype=np.float32)


def _rough(rng: np.random.Generator) -> Array:
    """About [-1, 1]: noise of four sizes."""
    layers = [_noise(rng, 6 * 2**k, 3 * 2**k) * 0.6**k for k in range(4)]
    return np.sum(layers, axis=0) / 1.4


def _banded(rng: np.random.Generator) -> Array:
    latitude = np.linspace(-1, 1, HEIGHT, dtype=np.float32)[:, None]
    wave = latitude * 10 + _noise(rng, 24, 10) * 0.35
    return np.sin(wave) * 0.6 + np.sin(wave * 2.3 + 1) * 0.35 + _noise(rng, 30, 40) * 0.12


def _blend(colours: tuple[Colour, ...], height: Array) -> Array:
    """Pixels: the second colour in the hollows, the third on the heights, the first between."""
    base, low, high = (np.array(c, dtype=np.float32) for c in colours)
    down, up = np.clip(-height, 0, 1)[:, :, None], np.clip(height, 0, 1)[:, :, None]
    return base + (low - base) * down + (high - base) * up


def _earth(rng: np.random.Generator) -> Array:
    sea, land, cloud = ((46, 95, 158), (84, 122, 62), (236, 240, 243))
    rough = _rough(rng)
    pixels = _blend((sea, (28, 66, 128), (70, 124, 180)), rough)
    pixels[rough > 0.12] = land
    pixels[rough > 0.45] = (150, 130, 84)
    white = np.clip(_noise(rng, 20, 12) * 1.6 + _noise(rng, 60, 40) * 0.6, 0, 1)[:, :, None]
    return pixels + (np.array(cloud, dtype=np.float32) - pixels) * white * 0.85


@lru_cache(maxsize=160)
def face(body: Body) -> Array:
    """float32 (HEIGHT, WIDTH, 3): the map of a body's surface."""
    rng = np.random.default_rng(list(body.name.encode()))
    if body.kind == "earth":
        pixels = _earth(rng)
        pixels[: HEIGHT // 12] = pixels[-HEIGHT // 14 :] = (240, 244, 247)
    elif body.kind == "bands":
        pixels = _blend(body.colours, _banded(rng))
    else:
        depth = {"haze": 0.25, "ice": 0.8, "craters": 0.9, "rock": 1.1, "lump": 1.0}[body.kind]
        pixels = _blend(body.colours, _rough(rng) * depth)
    image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    dice = random.Random(f"face:{body.name}")
    if body.kind in ("craters", "lump"):
        for _ in range(90 if body.kind == "craters" else 34):
            _crater(image, body, dice)
    _mark(image, body, dice)
    return np.asarray(image.filter(ImageFilter.GaussianBlur(0.6)), dtype=np.float32)


def _crater(image: Image.Image, body: Body, dice: random.Random, size: float = 0) -> None:
    x, y = dice.uniform(0, WIDTH), dice.uniform(HEIGHT * 0.1, HEIGHT * 0.9)
    r = size or 1.5 + 8 * dice.random() ** 3
    if size:
        x, y = WIDTH * dice.uniform(0.42, 0.56), HEIGHT * dice.uniform(0.42, 0.58)
    draw = ImageDraw.Draw(image, "RGBA")
    low, high = body.colours[1], body.colours[2]
    draw.ellipse((x - r, y - r, x + r, y + r), (*high, 190))
    draw.ellipse((x - r * 0.8, y - r * 0.75, x + r, y + r), (*low, 210))
    if r > 6:
        draw.ellipse((x - r * 0.2, y - r * 0.2, x + r * 0.2, y + r * 0.2), (*high, 170))


def _mark(image: Image.Image, body: Body, dice: random.Random) -> None:
    """What a body is known by: the spot, the heart, the stripes."""
    draw = ImageDraw.Draw(image, "RGBA")
    w, h = WIDTH, HEIGHT
    if body.mark == "spot":
        draw.ellipse((w * 0.52, h * 0.58, w * 0.62, h * 0.7), (184, 84, 56, 235))
        draw.ellipse((w * 0.54, h * 0.61, w * 0.6, h * 0.67), (206, 112, 78, 220))
    elif body.mark == "darkspot":
        draw.ellipse((w * 0.46, h * 0.56, w * 0.55, h * 0.66), (26, 40, 100, 220))
        draw.ellipse((w * 0.47, h * 0.65, w * 0.54, h * 0.68), (226, 234, 250, 200))
    elif body.mark == "caps":
        draw.rectangle((0, 0, w, h * 0.1), (244, 240, 236, 235))
        draw.rectangle((0, h * 0.93, w, h), (244, 240, 236, 225))
    elif body.mark in ("cap", "redcap"):
        colour = (246, 232, 224, 200) if body.mark == "cap" else (150, 92, 70, 200)
        box = (0, h * 0.66, w, h) if body.mark == "cap" else (0, 0, w, h * 0.22)
        draw.rectangle(box, colour)
    elif body.mark == "heart":
        cream = (244, 232, 212, 245)
        draw.ellipse((w * 0.42, h * 0.42, w * 0.52, h * 0.62), cream)
        draw.ellipse((w * 0.49, h * 0.42, w * 0.59, h * 0.62), cream)
        draw.polygon([(w * 0.425, h * 0.55), (w * 0.585, h * 0.55), (w * 0.505, h * 0.8)], cream)
    elif body.mark in ("lines", "stripes", "chevron"):
        _lines(draw, body, dice)
    elif body.mark == "twotone":
        draw.rectangle((0, 0, w * 0.47, h), (*body.colours[1], 225))
    elif body.mark in ("bigcrater", "herschel"):
        _crater(image, body, dice, 24 if body.mark == "herschel" else 19)
    elif body.mark in ("brightdot", "brightring", "dots", "sponge", "maria"):
        _dots(draw, body, dice)


def _lines(draw: ImageDraw.ImageDraw, body: Body, dice: random.Random) -> None:
    w, h = WIDTH, HEIGHT
    if body.mark == "chevron":
        points = [(w * 0.44, h * 0.4), (w * 0.52, h * 0.62), (w * 0.58, h * 0.38)]
        draw.line(points, (238, 240, 242, 230), 9, joint="curve")
        return
    colour = (
        (120, 176, 206, 220)
        if body.mark == "stripes"
        else (*mix(body.colours[1], (90, 50, 20), 0.35), 200)
    )
    for k in range(5 if body.mark == "stripes" else 16):
        x = w * (0.4 + 0.045 * k) if body.mark == "stripes" else dice.uniform(0.1, 0.9) * w
        y = h * 0.8 if body.mark == "stripes" else dice.uniform(0.2, 0.8) * h
        dx, dy = (
            (16, 24) if body.mark == "stripes" else (dice.uniform(20, 80), dice.uniform(-40, 40))
        )
        draw.line((x, y, x + dx * 0.5, y + dy * 0.6, x + dx, y + dy), colour, 3 if k % 2 else 2)


def _dots(draw: ImageDraw.ImageDraw, body: Body, dice: random.Random) -> None:
    w, h = WIDTH, HEIGHT
    if body.mark == "maria":
        for x, y, r in (
            (0.44, 0.36, 17),
            (0.5, 0.33, 13),
            (0.55, 0.4, 14),
            (0.41, 0.55, 15),
            (0.6, 0.46, 9),
        ):
            draw.ellipse((w * x - r, h * y - r, w * x + r, h * y + r), (116, 114, 112, 190))
        return
    if body.mark == "brightring":
        draw.ellipse(
            (w * 0.45, h * 0.14, w * 0.55, h * 0.24), outline=(230, 230, 234, 235), width=3
        )
        return
    many, colour = {"brightdot": (3, (252, 250, 244, 240)), "dots": (46, (120, 52, 26, 210))}.get(
        body.mark, (110, (62, 46, 34, 220))
    )
    for _ in range(many):
        left, top = dice.uniform(0.28, 0.72) * w, dice.uniform(0.15, 0.85) * h
        size = dice.uniform(2, 5)
        draw.ellipse((left - size, top - size, left + size, top + size), colour)


def _outline(body: Body, angle: Array) -> Array:
    """Radius of the silhouette (at most 1) at each angle."""
    if body.kind != "lump":
        return np.ones_like(angle) if body.mark != "egg" else 1 - 0.3 * np.sin(angle) ** 2
    dice = random.Random(f"shape:{body.name}")
    radius = 1 - 0.14 * np.cos(2 * angle + 3)
    if body.mark == "peanut":
        radius = 0.74 + 0.24 * np.cos(2 * angle)
    elif body.mark == "top":
        radius = 0.82 + 0.14 * np.cos(2 * angle) + 0.05 * np.cos(4 * angle)
    for k in range(2, 9):
        radius = radius + dice.uniform(-0.16, 0.16) / k * np.cos(k * angle + dice.uniform(0, 6))
    return radius / radius.max()


@lru_cache(maxsize=12)
def _grid(side: int) -> tuple[Array, Array, Array, Array]:
    """x, y (up), distance from the middle and angle of a square's pixels, within [-1, 1]."""
    axis = (np.arange(side, dtype=np.float32) + 0.5) / side * 2 - 1
    x, y = np.broadcast_to(axis, (side, side)), np.broadcast_to(-axis[:, None], (side, side))
    return x, y, np.hypot(x, y), np.arctan2(y, x)


def ball(body: Body, side: int, view: View) -> Image.Image:
    """RGBA (side, side): the world alone, without rings."""
    small = _ball(body, min(max(4, side), FINEST), view)
    return small if side <= FINEST else small.resize((side, side), Image.Resampling.BICUBIC)


def _ball(body: Body, side: int, view: View) -> Image.Image:
    x0, y0, far, angle = _grid(side)
    far = far / _outline(body, angle) if body.kind == "lump" or body.mark == "egg" else far
    c, s = math.cos(math.radians(view.roll)), math.sin(math.radians(view.roll))
    unit = far / np.maximum(np.hypot(x0, y0), 1e-6)
    nx, ny = x0 * unit, y0 * unit
    nz = np.sqrt(np.clip(1 - far * far, 0, 1))
    x, y = nx * c + ny * s, ny * c - nx * s
    u = 0.5 + view.turn + np.arctan2(x, nz) / (2 * np.pi)
    v = 0.5 - np.arcsin(np.clip(y, -1, 1)) / np.pi
    map_ = face(body)
    rows = np.clip((v * HEIGHT).astype(np.intp), 0, HEIGHT - 1)
    pixels = map_[rows, (u * WIDTH).astype(np.intp) % WIDTH]
    flat = math.sqrt(max(0.0, 1 - view.height**2))
    lx, ly = flat * math.cos(math.radians(view.light)), flat * math.sin(math.radians(view.light))
    lit = np.clip((nx * lx + ny * ly + nz * view.height) * 1.5 + 0.08, 0.05, 1.06)
    shaded = np.clip(pixels * lit[:, :, None], 0, 255).astype(np.uint8)
    image = Image.fromarray(shaded).convert("RGBA")
    edge = np.clip((1 - far) * side / 2, 0, 1) * 255
    image.putalpha(Image.fromarray(edge.astype(np.uint8)))
    return image


def globe(body: Body, radius: int, view: View) -> Image.Image:
    """RGBA with room for rings: the world with what surrounds it, centred."""
    if body.mark not in ("rings", "tilted"):
        return ball(body, radius * 2, view)
    side = round(radius * 4.7)
    sheet = Image.new("RGBA", (side, side))
    rings = _rings(body, radius, side)
    behind, before = rings.copy(), rings.copy()
    behind.paste((0, 0, 0, 0), (0, side // 2, side, side))
    before.paste((0, 0, 0, 0), (0, 0, side, side // 2))
    sheet.alpha_composite(behind)
    middle = side // 2 - radius
    sheet.alpha_composite(ball(body, radius * 2, view), (middle, middle))
    sheet.alpha_composite(before)
    tilt = -18 if body.mark == "rings" else 78
    return sheet.rotate(tilt, Image.Resampling.BILINEAR)


def _rings(body: Body, radius: int, side: int) -> Image.Image:
    sheet = Image.new("RGBA", (side, side))
    draw, m = ImageDraw.Draw(sheet), side / 2
    if body.mark == "tilted":
        for r in (1.64, 2.0):
            box = (m - r * radius, m - r * radius * 0.25, m + r * radius, m + r * radius * 0.25)
            draw.ellipse(box, outline=(190, 205, 210, 150), width=max(1, radius // 60))
        return sheet
    for _inner, outer, colour in reversed(RINGS):
        r = outer * radius
        draw.ellipse((m - r, m - r * RING_TILT, m + r, m + r * RING_TILT), colour)
        r = _inner * radius
        draw.ellipse((m - r, m - r * RING_TILT, m + r, m + r * RING_TILT), (0, 0, 0, 0))
    return sheet
