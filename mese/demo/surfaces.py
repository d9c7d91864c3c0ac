"""Grounds, light and texture for the drawn pictures: paper, wood, sky, grain, shadow.

Everything is drawn at twice the final size and halved at the end, which is what smooths the
edges. Noise comes from a few cached tiles, so that a picture costs milliseconds.
"""

from __future__ import annotations

import os
import random
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageChops, ImageColor, ImageDraw, ImageFilter

SIZE = 224
"""Side of a finished picture, in pixels."""
CANVAS = SIZE * 2
"""Side of the square that is drawn on, before it is halved."""
JPEG_QUALITY = 86
NOISE_TILES = 6

Colour = tuple[int, int, int]
Array = np.ndarray[Any, Any]


def rgb(colour: str) -> Colour:
    red, green, blue = ImageColor.getrgb(colour)[:3]
    return red, green, blue


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """`share` of `b` in `a`."""
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return red, green, blue


def shift(colour: Colour, rng: random.Random, amount: int = 10) -> Colour:
    """The colour a little off, so that no two pictures share an exact ground."""
    red, green, blue = (max(0, min(255, c + rng.randint(-amount, amount))) for c in colour)
    return red, green, blue


@lru_cache(maxsize=NOISE_TILES * 8)
def noise(tile: int, cell: int) -> Array:
    """float32 (CANVAS, CANVAS) in [-1, 1]: random values `cell` pixels apart, smoothly joined."""
    side = max(2, CANVAS // cell)
    values = np.random.default_rng([tile, cell]).uniform(-1, 1, (side, side)).astype(np.float32)
    grid = Image.fromarray(values).resize((CANVAS, CANVAS), Image.Resampling.BICUBIC)
    return np.asarray(grid, dtype=np.float32)


@lru_cache(maxsize=NOISE_TILES)
def _streaks(tile: int) -> Array:
    """float32 (CANVAS, CANVAS): noise drawn out sideways, the grain of wood."""
    values = np.random.default_rng([tile, 7]).uniform(-1, 1, (90, 5)).astype(np.float32)
    grid = Image.fromarray(values).resize((CANVAS, CANVAS), Image.Resampling.BICUBIC)
    return np.asarray(grid, dtype=np.float32)


def lighten(image: Image.Image, by: Array) -> Image.Image:
    """Adds `by` (float, in steps of 255) to all three channels."""
    pixels = np.asarray(image).astype(np.float32)
    pixels += by[:, :, None]  # in place: three times faster than a second array
    return _picture(pixels)


def multiply(image: Image.Image, by: Array) -> Image.Image:
    """Multiplies all three channels by `by` (float, 1 = unchanged)."""
    pixels = np.asarray(image).astype(np.float32)
    pixels *= by[:, :, None]
    return _picture(pixels)


def _picture(pixels: Array) -> Image.Image:
    np.clip(pixels, 0, 255, out=pixels)
    return Image.fromarray(pixels.astype(np.uint8))


def plain(colour: Colour) -> Image.Image:
    return Image.new("RGB", (CANVAS, CANVAS), colour)


def gradient(top: Colour, bottom: Colour) -> Image.Image:
    ramp = Image.linear_gradient("L").resize((CANVAS, CANVAS))
    return Image.composite(plain(bottom), plain(top), ramp)


def grain(
    image: Image.Image, rng: random.Random, strength: float = 6, cell: int = 2
) -> Image.Image:
    return lighten(image, noise(rng.randrange(NOISE_TILES), cell) * strength)


def paper(rng: random.Random, colour: str = "#F4EDDC") -> Image.Image:
    sheet = plain(shift(rgb(colour), rng, 5))
    return grain(grain(sheet, rng, 5, 2), rng, 6, 64)


def wood(rng: random.Random, colour: str = "#A9764A") -> Image.Image:
    board = plain(shift(rgb(colour), rng, 4))
    board = lighten(board, _streaks(rng.randrange(NOISE_TILES)) * 20)
    draw = ImageDraw.Draw(board)
    seam = rng.randrange(60, 200)
    for y in range(seam, CANVAS, 170):
        draw.line((0, y, CANVAS, y), mix(rgb(colour), (0, 0, 0), 0.5), 3)
    return board


def cork(rng: random.Random) -> Image.Image:
    board = plain(shift(rgb("#C79A63"), rng, 8))
    return grain(grain(board, rng, 26, 5), rng, 14, 2)


def denim(rng: random.Random) -> Image.Image:
    cloth = grain(plain(shift(rgb("#3C5A86"), rng, 12)), rng, 14, 3)
    y, x = np.mgrid[0:CANVAS, 0:CANVAS]
    return lighten(cloth, (((x + y) // 3) % 3 - 1).astype(np.float32) * 9)


def bricks(rng: random.Random) -> Image.Image:
    wall = plain(shift(rgb("#C9C2B6"), rng, 8))
    draw = ImageDraw.Draw(wall)
    height, width = 30, 72
    for row in range(CANVAS // height + 1):
        for column in range(-1, CANVAS // width + 2):
            x = column * width + (row % 2) * width // 2
            tone = rng.randint(-14, 14)
            colour = shift(rgb("#B9B0A4"), random.Random(tone), 0)
            colour = mix(colour, (255, 255, 255) if tone > 0 else (0, 0, 0), abs(tone) / 90)
            draw.rectangle((x, row * height, x + width - 5, row * height + height - 5), colour)
    return grain(wall, rng, 12, 3)


def sky(rng: random.Random) -> Image.Image:
    """A day, evening or overcast sky with soft clouds."""
    tops = [("#3F86D1", "#CFE6F7"), ("#5B6FA8", "#F6C9A0"), ("#8FA3B5", "#DDE4E9")]
    top, bottom = rng.choice(tops)
    ground = gradient(shift(rgb(top), rng, 8), shift(rgb(bottom), rng, 8))
    clouds = np.clip(noise(rng.randrange(NOISE_TILES), 112), 0, 1) * 60
    return lighten(ground, clouds)


def vignette(image: Image.Image, depth: float = 0.35) -> Image.Image:
    """Darker towards the corners."""
    return multiply(image, 1 - depth * _distance_from_centre() ** 2)


@lru_cache(maxsize=1)
def _distance_from_centre() -> Array:
    axis = np.linspace(-1, 1, CANVAS, dtype=np.float32)
    return np.minimum(np.hypot(axis[:, None], axis[None, :]), 1.42) / 1.42


def drop(ground: Image.Image, thing: Image.Image, at: tuple[int, int], lift: int = 8) -> None:
    """Pastes an RGBA `thing` with a soft shadow `lift` pixels below it."""
    room = lift * 2
    shadow = Image.new("L", (thing.width + 2 * room, thing.height + 2 * room))
    shadow.paste(thing.getchannel("A").point(lambda a: a * 0.45), (room, room))
    shadow = shadow.filter(ImageFilter.BoxBlur(lift * 0.7))
    ground.paste((0, 0, 0), (at[0] - room + lift // 2, at[1] - room + lift), shadow)
    ground.paste(thing, at, thing)


def turned(thing: Image.Image, degrees: float) -> Image.Image:
    """An RGBA picture turned counter-clockwise on nothing."""
    turn = thing.convert("RGBA")
    return turn.rotate(degrees, Image.Resampling.BILINEAR, expand=True)


def rounded(size: tuple[int, int], radius: int) -> Image.Image:
    """A mask with round corners, smooth at the edge."""
    big = Image.new("L", (size[0] * 2, size[1] * 2))
    box = (0, 0, big.width - 1, big.height - 1)
    ImageDraw.Draw(big).rounded_rectangle(box, radius * 2, fill=255)
    return big.resize(size, Image.Resampling.BOX)


def within(mask: Image.Image, other: Image.Image) -> Image.Image:
    return ImageChops.multiply(mask, other)


def finish(canvas: Image.Image) -> Image.Image:
    return canvas.resize((SIZE, SIZE), Image.Resampling.BOX)


def save(picture: Image.Image, path: Path) -> None:
    """Writes a JPEG; it appears whole or not at all, so that a stop leaves no half picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.part")  # two builds may run beside each other
    picture.save(part, "JPEG", quality=JPEG_QUALITY)
    part.replace(path)
