"""Settings in which a letter is seen: chalk, neon, stone, thread, lamps, a chart of its row.

Each look takes a letter and a seeded random generator and gives a canvas. The chart shows where in
its row the letter stands, and how long the row is, which no sentence tells so directly.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from mese.demo import surfaces as s
from mese.demo.families.letters import glyphs
from mese.demo.surfaces import CANVAS, Colour

PAINTS = ("#C8372D", "#1F6FB2", "#2E8B57", "#E0A21B", "#7A4FA3", "#D9662B", "#17807E", "#B8336A")


@dataclass(frozen=True)
class Letter:
    """A letter's forms (`small` is empty in a script without), its place and its row's length."""

    capital: str
    small: str
    place: int
    total: int


def form(letter: Letter, rng: random.Random, both: bool = True) -> str:
    """One of the ways to show a letter: capital, small, or side by side."""
    if not letter.small:
        return letter.capital
    ways = [letter.capital, letter.small, letter.capital + letter.small]
    return rng.choice(ways if both else ways[:2])


def middle(mask: Image.Image, rng: random.Random, play: int = 12) -> tuple[int, int]:
    x = (CANVAS - mask.width) // 2 + rng.randint(-play, play)
    return x, (CANVAS - mask.height) // 2 + rng.randint(-play, play)


def sheet_of(mask: Image.Image, at: tuple[int, int]) -> Image.Image:
    """The mask on a canvas-sized one."""
    sheet = Image.new("L", (CANVAS, CANVAS))
    sheet.paste(mask, at)
    return sheet


def turned(mask: Image.Image, degrees: float) -> Image.Image:
    return mask.rotate(degrees, Image.Resampling.BILINEAR, expand=True)


def speckled(mask: Image.Image, rng: random.Random, cell: int, keep: float) -> Image.Image:
    """A canvas-sized mask with holes of about `cell` pixels; `keep` is the share that stays."""
    holes = (s.noise(rng.randrange(s.NOISE_TILES), cell) + keep * 2 - 0.6) * 400
    return s.within(mask, Image.fromarray(np.clip(holes, 0, 255).astype(np.uint8)))


def reference(letter: Letter) -> Image.Image:
    """Capital and small letter on ruled lines, as in a primer."""
    image = s.plain((253, 252, 248))
    draw = ImageDraw.Draw(image)
    text = letter.capital + letter.small
    mask = glyphs.fitted(text, "serif", 330, 230)
    x, y = (CANVAS - mask.width) // 2, (CANVAS - mask.height) // 2
    for line in (y, y + mask.height):
        draw.line((24, line, CANVAS - 24, line), (196, 208, 224), 3)
    draw.rectangle((8, 8, CANVAS - 9, CANVAS - 9), outline=(210, 206, 196), width=3)
    image.paste((24, 26, 32), (x, y), mask)
    return image


def chalk(letter: Letter, rng: random.Random) -> Image.Image:
    board = s.shift(s.rgb(rng.choice(("#2C4A3E", "#2B3036", "#23403C"))), rng, 5)
    image = s.grain(s.plain(board), rng, 12, 90)
    mask = turned(glyphs.fitted(form(letter, rng), "sans", 300, 230), rng.uniform(-9, 9))
    at = middle(mask, rng, 26)
    dust = s.rgb(rng.choice(("#F4F1E6", "#F4F1E6", "#F6E27A", "#F3B7B7")))
    smear = sheet_of(mask, (at[0] + 10, at[1] + 4)).filter(ImageFilter.BoxBlur(9))
    image.paste(dust, mask=smear.point(lambda v: v * 0.16))
    image.paste(dust, mask=speckled(sheet_of(mask, at), rng, 2, 0.55))
    draw = ImageDraw.Draw(image, "RGBA")
    y = at[1] + mask.height + 26
    for k in range(rng.randint(1, 2)):
        draw.line((at[0] - 10, y + 14 * k, at[0] + mask.width, y + 14 * k - 8), (*dust, 120), 5)
    return image


def neon(letter: Letter, rng: random.Random) -> Image.Image:
    night = rng.uniform(0.2, 0.34)
    wall = s.bricks(rng).point(lambda v: v * night)
    colour = s.rgb(rng.choice(("#FF3B6B", "#36E0FF", "#FFB020", "#7CFF5B", "#C77BFF")))
    mask = glyphs.fitted(form(letter, rng), "light", 330, 270)
    tube = sheet_of(mask, middle(mask, rng, 20))
    small = tube.resize((112, 112), Image.Resampling.BOX)
    glow = np.zeros((112, 112), dtype=np.float32)
    for radius in (14, 4):
        halo = small.filter(ImageFilter.BoxBlur(radius)).filter(ImageFilter.BoxBlur(radius))
        light = np.asarray(halo, dtype=np.float32)
        glow += light * (140 / max(float(light.max()), 1))
    mist = Image.fromarray(np.clip(glow, 0, 255).astype(np.uint8)).resize(tube.size)
    shine = Image.composite(s.plain(colour), s.plain((0, 0, 0)), mist)
    wall = ImageChops.add(wall, shine)
    wall.paste(colour, mask=tube.filter(ImageFilter.BoxBlur(3)).point(lambda v: min(255, v * 3)))
    wall.paste(s.mix(colour, (255, 255, 255), 0.8), mask=tube)
    return wall


def block(letter: Letter, rng: random.Random) -> Image.Image:
    """A toy block: a face with the letter, two more sides."""
    floor = s.shift(s.rgb(rng.choice(("#E8E2D4", "#C9D8DF", "#D8C7B0", "#B9C7B4"))), rng)
    image = s.gradient(s.mix(floor, (255, 255, 255), 0.4), floor)
    paint = s.shift(s.rgb(rng.choice(PAINTS)), rng)
    side, deep = rng.randint(228, 262), rng.randint(44, 70)
    x, y = (CANVAS - side - deep) // 2 + rng.randint(-14, 14), rng.randint(118, 140)
    pine = s.shift(s.rgb("#DDB888"), rng, 8)
    draw = ImageDraw.Draw(image, "RGBA")
    draw.ellipse((x - 26, y + side - 26, x + side + deep + 34, y + side + 24), (0, 0, 0, 60))
    top = [(x, y), (x + deep, y - deep), (x + side + deep, y - deep), (x + side, y)]
    draw.polygon(top, s.mix(pine, (255, 255, 255), 0.35))
    far = x + side + deep
    right = [(x + side, y), (far, y - deep), (far, y + side - deep), (x + side, y + side)]
    draw.polygon(right, s.mix(pine, (60, 30, 0), 0.3))
    draw.rectangle((x, y, x + side, y + side), pine)
    edge = side // 12
    inner = (x + edge, y + edge, x + side - edge, y + side - edge)
    filled = rng.random() < 0.5
    draw.rounded_rectangle(inner, 16, fill=paint if filled else None, outline=paint, width=edge)
    mask = glyphs.fitted(form(letter, rng, both=False), "bold", side * 0.56, side * 0.54)
    at = (x + (side - mask.width) // 2, y + (side - mask.height) // 2)
    image.paste(pine if filled else paint, at, mask)
    return s.grain(image, rng, 5, 3)


def carved(letter: Letter, rng: random.Random) -> Image.Image:
    stone = s.shift(s.rgb(rng.choice(("#B9B2A5", "#9DA3A6", "#C7B79B", "#8F8577", "#D6D2CA"))), rng)
    image = s.grain(s.grain(s.plain(stone), rng, 10, 3), rng, 14, 40)
    mask = glyphs.fitted(form(letter, rng), "serif", 330, 250)
    x, y = middle(mask, rng)
    image.paste(s.mix(stone, (255, 255, 255), 0.55), (x + 5, y + 5), mask)
    image.paste(s.mix(stone, (0, 0, 0), 0.62), (x - 2, y - 2), mask)
    deep = mask.filter(ImageFilter.BoxBlur(3)).point(lambda v: max(0, v * 3 - 510))
    image.paste(s.mix(stone, (0, 0, 0), 0.4), (x + 2, y + 2), deep)
    draw = ImageDraw.Draw(image)
    for gap in (22, CANVAS - 22):
        draw.line((0, gap, CANVAS, gap + rng.randint(-3, 3)), s.mix(stone, (0, 0, 0), 0.35), 4)
    return s.vignette(image, 0.3)


def typed(letter: Letter, rng: random.Random) -> Image.Image:
    """The same key struck all over a sheet of paper."""
    image = s.paper(rng, rng.choice(("#F3EEDF", "#F8F6F0", "#E9E0C8")))
    ink = s.rgb(rng.choice(("#23232B", "#23232B", "#9C2B2B", "#27406F")))
    forms = [f for f in (letter.capital, letter.small) if f]
    size = rng.choice((46, 58, 74))
    masks = [glyphs.fitted(f, "mono", size, size * 1.3) for f in forms]
    step, lead = round(size * 1.25), round(size * 1.75)
    for row, y in enumerate(range(rng.randint(-20, 12), CANVAS, lead)):
        for column, x in enumerate(range(rng.randint(-16, 12), CANVAS, step)):
            mask = masks[(row + column * rng.choice((1, 1, 2))) % len(masks)]
            faint = rng.uniform(0.45, 1.0)
            at = (x + rng.randint(-2, 2), y + lead - mask.height + rng.randint(-3, 3))
            image.paste(ink, at, mask.point(lambda v, by=faint: v * by))
    return s.vignette(image, 0.16)


def sprayed(letter: Letter, rng: random.Random) -> Image.Image:
    """A stencil on a wall or a crate: bridges in the letter, mist around it."""
    boards = rng.choice(("#B98F5E", "#8E9AA0", "#A7B0A0"))
    wall = s.wood(rng, boards) if rng.random() < 0.6 else s.bricks(rng)
    paint = s.rgb(rng.choice(("#1B1B1F", "#F2F0EA", "#B3262A", "#1D3F8A")))
    mask = glyphs.fitted(form(letter, rng), "black", 320, 250)
    cut = ImageDraw.Draw(mask)
    for share in (0.36, 0.68):
        x = mask.width * share
        cut.line((x, 0, x, mask.height), 0, 9)
    sheet = sheet_of(turned(mask, rng.uniform(-5, 5)), middle(mask, rng, 20))
    mist = sheet.resize((112, 112)).filter(ImageFilter.BoxBlur(7)).resize(sheet.size)
    wall.paste(paint, mask=speckled(mist, rng, 2, 0.1).point(lambda v: v * 0.5))
    wall.paste(paint, mask=speckled(sheet, rng, 3, 0.75))
    return wall


def stitched(letter: Letter, rng: random.Random) -> Image.Image:
    """Cross stitch on linen with a border."""
    linen = s.shift(s.rgb(rng.choice(("#EFE7D3", "#E3E6E0", "#D9CDB4"))), rng, 5)
    image = s.plain(linen)
    draw = ImageDraw.Draw(image)
    cell = 14
    for k in range(0, CANVAS, cell // 2):
        draw.line((k, 0, k, CANVAS), s.mix(linen, (90, 70, 40), 0.1))
        draw.line((0, k, CANVAS, k), s.mix(linen, (90, 70, 40), 0.1))
    thread, other = (s.rgb(c) for c in rng.sample(PAINTS, 2))
    side = CANVAS // cell
    small = glyphs.fitted(form(letter, rng), "sans", 22, 19)
    grid = np.zeros((side, side), dtype=np.uint8)
    y, x = (side - small.height) // 2, (side - small.width) // 2
    grid[y : y + small.height, x : x + small.width] = np.asarray(small)
    for row, column in zip(*np.nonzero(grid > 118), strict=True):
        _cross(draw, int(column) * cell, int(row) * cell, cell, thread)
    motif = rng.choice(((0, 2), (0, 1, 3), (0,)))
    for k in range(1, side - 1):
        if k % 4 in motif:
            for at in ((k, 2), (k, side - 3), (2, k), (side - 3, k)):
                _cross(draw, at[0] * cell, at[1] * cell, cell, other)
    return s.vignette(image, 0.15)


def _cross(draw: ImageDraw.ImageDraw, x: int, y: int, cell: int, thread: Colour) -> None:
    draw.line((x + 2, y + 2, x + cell - 3, y + cell - 3), s.mix(thread, (0, 0, 0), 0.3), 5)
    draw.line((x + 2, y + cell - 3, x + cell - 3, y + 2), thread, 5)


def keycap(letter: Letter, rng: random.Random) -> Image.Image:
    """A key among blank neighbours."""
    dark = rng.random() < 0.5
    case = s.shift(s.rgb("#1E2024" if dark else "#C9CBCE"), rng, 6)
    cap = s.shift(s.rgb("#3A3D44" if dark else "#F4F3EF"), rng, 6)
    accent = s.rgb(rng.choice(PAINTS))
    image = s.gradient(s.mix(case, (255, 255, 255), 0.12), case)
    draw = ImageDraw.Draw(image)
    side, gap = 212, 18
    x0, y0 = 118 + rng.randint(-26, 26), 118 + rng.randint(-26, 26)
    for row in (-1, 0, 1):
        for column in (-1, 0, 1):
            own = row == column == 0
            tone = accent if own and rng.random() < 0.4 else cap
            x = x0 + column * (side + gap) + row * 26
            y = y0 + row * (side + gap)
            draw.rounded_rectangle((x, y, x + side, y + side), 26, s.mix(tone, (0, 0, 0), 0.35))
            top = (x + 16, y + 8, x + side - 16, y + side - 26)
            draw.rounded_rectangle(top, 22, s.mix(tone, (255, 255, 255), 0.06))
            if own:
                mask = glyphs.fitted(form(letter, rng), "sans", 120, 96)
                ink = (245, 245, 242) if sum(tone) < 420 else (34, 34, 40)
                at = (x + (side - mask.width) // 2, y + 8 + (side - 34 - mask.height) // 2)
                image.paste(ink, at, mask)
    return s.vignette(image, 0.3)


def inked(letter: Letter, rng: random.Random) -> Image.Image:
    """Written with a pen on old paper, with a flourish and a blot."""
    image = s.paper(rng, rng.choice(("#E7D6AE", "#EFE3C4", "#DCC79B")))
    ink = s.shift(s.rgb(rng.choice(("#3A2415", "#1E2A4A", "#5A1E1E"))), rng, 6)
    mask = glyphs.fitted(form(letter, rng), "italic", 300, 240)
    sheet = sheet_of(turned(mask, rng.uniform(-6, 10)), middle(mask, rng, 18))
    image.paste(ink, mask=speckled(sheet, rng, 18, 0.85))
    draw = ImageDraw.Draw(image)
    y, wave = rng.randint(366, 392), rng.uniform(14, 26)
    flourish = [(70 + 5 * t, y + wave * math.sin(t / 9) * math.sin(t / 20)) for t in range(62)]
    draw.line(flourish, ink, 4, joint="curve")
    x, y, r = rng.randint(40, 400), rng.randint(30, 80), rng.randint(4, 13)
    draw.ellipse((x - r, y - r, x + r, y + r), ink)
    return s.vignette(image, 0.4)


def lamps(letter: Letter, rng: random.Random) -> Image.Image:
    """A board of round lamps, some of them lit."""
    colour = s.rgb(rng.choice(("#FFB52E", "#FF4B3A", "#6FE35B", "#F5F7FF")))
    off = s.mix(colour, (12, 13, 16), 0.86)
    image = s.plain((14, 15, 18))
    draw = ImageDraw.Draw(image)
    side = rng.choice((20, 24, 28))
    step = CANVAS / side
    small = glyphs.fitted(form(letter, rng, both=side > 20), "sans", side * 0.74, side * 0.66)
    lit = np.zeros((side, side), dtype=np.float32)
    y, x = (side - small.height) // 2, (side - small.width) // 2 + rng.randint(-1, 1)
    lit[y : y + small.height, x : x + small.width] = np.asarray(small) / 255
    radius = step * 0.4
    for row in range(side):
        for column in range(side):
            cx, cy = (column + 0.5) * step, (row + 0.5) * step
            tone = s.mix(off, colour, 1.0 if lit[row, column] > 0.45 else 0.0)
            draw.ellipse((cx - radius, cy - radius, cx + radius, cy + radius), tone)
    return s.vignette(image, 0.25)


def plate(letter: Letter, rng: random.Random) -> Image.Image:
    """An enamel plate screwed to a wall."""
    wall = s.bricks(rng) if rng.random() < 0.5 else s.grain(s.plain((214, 205, 190)), rng, 10, 60)
    pairs = (("#1D4E9E", "#F6F5EF"), ("#F6F5EF", "#1C1C22"), ("#1F6B46", "#F6F5EF"))
    back, front = (s.rgb(c) for c in rng.choice((*pairs, ("#8E1F24", "#F3E4B0"))))
    width, height = rng.randint(280, 350), rng.randint(240, 300)
    sign = Image.new("RGBA", (width, height), (*back, 255))
    draw = ImageDraw.Draw(sign)
    draw.rounded_rectangle((10, 10, width - 11, height - 11), 22, outline=front, width=6)
    face = rng.choice(("sans", "bold", "serif"))
    mask = glyphs.fitted(form(letter, rng), face, width * 0.66, height * 0.6)
    sign.paste(front, ((width - mask.width) // 2, (height - mask.height) // 2), mask)
    for x, y in ((26, 26), (width - 27, 26), (26, height - 27), (width - 27, height - 27)):
        draw.ellipse((x - 7, y - 7, x + 7, y + 7), (176, 172, 162), (70, 68, 64))
    sign.putalpha(s.rounded(sign.size, 28))
    sign = s.turned(sign, rng.uniform(-6, 6))
    s.drop(wall, sign, ((CANVAS - sign.width) // 2, (CANVAS - sign.height) // 2), 8)
    return wall


def chart(letter: Letter, rng: random.Random) -> Image.Image:
    """The whole row as empty boxes, the letter in its own."""
    image = s.paper(rng, rng.choice(("#F7F4EA", "#EAF0F2", "#F4ECE4")))
    accent = s.shift(s.rgb(rng.choice(PAINTS)), rng)
    columns = 6 if letter.total > 30 else rng.choice((4, 5))
    rows = -(-letter.total // columns)
    step = min(400 / columns, 400 / rows)
    left, top = (CANVAS - step * columns) / 2, (CANVAS - step * rows) / 2
    draw = ImageDraw.Draw(image)
    for number in range(letter.total):
        x, y = left + number % columns * step, top + number // columns * step
        own = number == letter.place
        box = (x + 4, y + 4, x + step - 4, y + step - 4)
        draw.rounded_rectangle(box, 9, accent if own else (226, 222, 212), (150, 146, 138), 2)
    x, y = left + letter.place % columns * step, top + letter.place // columns * step
    big = step * 1.75
    x = min(max(x + step / 2 - big / 2, 6), CANVAS - big - 6)
    y = min(max(y + step / 2 - big / 2, 6), CANVAS - big - 6)
    draw.rounded_rectangle((x, y, x + big, y + big), 14, accent, (255, 255, 255), 5)
    mask = glyphs.fitted(letter.capital + letter.small, "sans", big * 0.72, big * 0.55)
    spot = (round(x + (big - mask.width) / 2), round(y + (big - mask.height) / 2))
    image.paste((255, 255, 255), spot, mask)
    return image


LOOKS: Mapping[str, Callable[[Letter, random.Random], Image.Image]] = {
    "chalk": chalk,
    "neon": neon,
    "block": block,
    "carved": carved,
    "typed": typed,
    "sprayed": sprayed,
    "stitched": stitched,
    "keycap": keycap,
    "inked": inked,
    "lamps": lamps,
    "plate": plate,
    "chart": chart,
}
