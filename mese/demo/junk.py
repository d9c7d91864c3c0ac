"""Pictures that belong to nothing: what an image search returns beside the point.

Cards that say "no image", doodles, wallpapers, charts without labels, empty desks. They show no
entity of the corpus and no class, so that they fit no context.
"""

from __future__ import annotations

import colorsys
import math
import random
from collections.abc import Callable, Mapping
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from mese.demo import surfaces as s
from mese.demo.family import Family, Subject
from mese.demo.surfaces import CANVAS, Colour

VERSIONS = 4
"""Pictures of each idea."""

Idea = Callable[[random.Random], Image.Image]

GREYS = ("#E6E8EA", "#D9DCE0", "#ECECEC", "#CFD4D8")
SOFT = ("#F2E9E1", "#E3ECEF", "#EDE6F0", "#E7EFE3", "#F4EFD9")


def _hue(rng: random.Random, grey: float = 0.5, value: float = 0.85) -> Colour:
    red, green, blue = colorsys.hsv_to_rgb(rng.random(), grey, value)
    return round(red * 255), round(green * 255), round(blue * 255)


def _blurred(image: Image.Image, radius: int) -> Image.Image:
    """Blurred on a quarter of the canvas: nobody sees the difference, and it takes a tenth."""
    small = image.resize((CANVAS // 4, CANVAS // 4), Image.Resampling.BOX)
    small = small.filter(ImageFilter.GaussianBlur(radius / 4))
    return small.resize((CANVAS, CANVAS), Image.Resampling.BICUBIC)


def not_available(rng: random.Random) -> Image.Image:
    """A grey card with the sign of a picture, struck out."""
    ground = s.rgb(rng.choice(GREYS))
    image, ink = s.plain(ground), s.mix(ground, (70, 76, 84), rng.uniform(0.4, 0.7))
    draw = ImageDraw.Draw(image)
    wide, high = rng.randint(180, 250), rng.randint(140, 190)
    left, top = (CANVAS - wide) // 2, (CANVAS - high) // 2
    right, bottom = left + wide, top + high
    draw.rounded_rectangle((left, top, right, bottom), 18, outline=ink, width=12)
    draw.ellipse((left + 36, top + 30, left + 72, top + 66), ink)
    hills = [(left + 24, bottom - 24), (left + wide * 0.4, top + high * 0.5)]
    hills += [(left + wide * 0.55, bottom - 55), (left + wide * 0.72, top + high * 0.4)]
    draw.polygon([*hills, (right - 24, bottom - 24)], ink)
    if rng.random() < 0.6:
        draw.line((left - 24, top - 24, right + 24, bottom + 24), ground, 30)
        draw.line((left - 24, top - 24, right + 24, bottom + 24), ink, 12)
    return image


def doodles(rng: random.Random) -> Image.Image:
    """What a hand draws during a phone call."""
    sheet = s.paper(rng, rng.choice(("#FBFAF4", "#F6F0DC", "#EEF2F4")))
    draw = ImageDraw.Draw(sheet)
    for y in range(30, CANVAS, 34):
        draw.line((0, y, CANVAS, y), (198, 210, 224), 2)
    inks = ((38, 52, 110), (30, 30, 34), (150, 40, 48))
    for _ in range(rng.randint(5, 8)):
        at = rng.randint(70, CANVAS - 70), rng.randint(70, CANVAS - 70)
        rng.choice((_scribble, _coil, _flower))(draw, at, rng.choice(inks), rng)
    return sheet


def _scribble(
    draw: ImageDraw.ImageDraw, at: tuple[int, int], ink: Colour, rng: random.Random
) -> None:
    points = [(at[0] - 60 + k * 6, at[1] + rng.randint(-34, 34)) for k in range(rng.randint(9, 20))]
    draw.line(points, ink, 4, joint="curve")


def _coil(draw: ImageDraw.ImageDraw, at: tuple[int, int], ink: Colour, rng: random.Random) -> None:
    slide = rng.uniform(1.5, 3.0)
    turns = [k * 0.35 for k in range(90)]
    draw.line(
        [(at[0] - 70 + t * slide + 22 * math.cos(t), at[1] + 22 * math.sin(t)) for t in turns],
        ink,
        3,
        joint="curve",
    )


def _flower(
    draw: ImageDraw.ImageDraw, at: tuple[int, int], ink: Colour, rng: random.Random
) -> None:
    petals, reach = rng.randint(5, 8), rng.randint(26, 40)
    for k in range(petals):
        x = at[0] + reach * math.cos(math.tau * k / petals)
        y = at[1] + reach * math.sin(math.tau * k / petals)
        draw.ellipse((x - 15, y - 15, x + 15, y + 15), outline=ink, width=4)
    draw.line((at[0], at[1] + reach, at[0] + 8, at[1] + reach + 70), ink, 4)


def wallpaper(rng: random.Random) -> Image.Image:
    """Soft waves of colour, one behind the other."""
    hue, image = rng.random(), s.plain((246, 246, 248))
    draw = ImageDraw.Draw(image)
    for layer in range(6):
        red, green, blue = colorsys.hsv_to_rgb((hue + layer * 0.03) % 1, 0.2 + layer * 0.11, 0.92)
        swing, wave, phase = rng.uniform(24, 60), rng.uniform(0.008, 0.02), rng.uniform(0, 6)
        level = 40 + layer * 68
        crest = [(x, level + swing * math.sin(phase + wave * x)) for x in range(0, CANVAS + 16, 16)]
        colour = (round(red * 255), round(green * 255), round(blue * 255))
        draw.polygon([*crest, (CANVAS, CANVAS), (0, CANVAS)], colour)
    return s.grain(image, rng, 4)


def chart(rng: random.Random) -> Image.Image:
    """Bars, a line or a ring, with axes and no word."""
    image = s.plain(s.rgb(rng.choice(("#FFFFFF", "#F7F8FA", "#22262E"))))
    draw = ImageDraw.Draw(image)
    colours = [_hue(rng, 0.55, 0.8) for _ in range(4)]
    for y in range(70, 380, 62):
        draw.line((60, y, 400, y), (160, 164, 170), 2)
    rng.choice((_bars, _curve, _ring))(draw, colours, rng)
    return image


def _bars(draw: ImageDraw.ImageDraw, colours: list[Colour], rng: random.Random) -> None:
    for k in range(7):
        x = 72 + k * 48
        draw.rectangle((x, rng.randint(90, 340), x + 30, 380), colours[k % 2])


def _curve(draw: ImageDraw.ImageDraw, colours: list[Colour], rng: random.Random) -> None:
    for colour in colours[:2]:
        level, points = rng.randint(180, 300), []
        for x in range(64, 400, 24):
            level = max(80, min(370, level + rng.randint(-40, 36)))
            points.append((x, level))
        draw.line(points, colour, 7, joint="curve")


def _ring(draw: ImageDraw.ImageDraw, colours: list[Colour], rng: random.Random) -> None:
    start = rng.uniform(0, 360)
    for colour in colours:
        sweep = rng.uniform(50, 120)
        draw.arc((100, 100, 348, 348), start, start + sweep, colour, 62)
        start += sweep


def pattern(rng: random.Random) -> Image.Image:
    """Wrapping paper: dots, chevrons or scales in two colours."""
    ground, ink = _hue(rng, 0.25, 0.95), _hue(rng, 0.45, 0.75)
    image = s.plain(ground)
    draw = ImageDraw.Draw(image)
    kind, step = rng.choice(("dots", "chevrons", "scales")), rng.choice((40, 52, 64))
    for row, y in enumerate(range(0, CANVAS + step, step)):
        if kind == "chevrons":
            teeth = range(-step, CANVAS + step, step)
            zigzag = [(x, y + (k % 2) * step * 0.5) for k, x in enumerate(teeth)]
            draw.line(zigzag, ink, step // 4)
            continue
        for x in range(-(row % 2) * step // 2, CANVAS + step, step):
            if kind == "dots":
                draw.ellipse((x - step // 5, y - step // 5, x + step // 5, y + step // 5), ink)
            else:
                draw.arc((x - step // 2, y - step, x + step // 2, y), 0, 180, ink, 5)
    return s.grain(image, rng, 4)


def desk(rng: random.Random) -> Image.Image:
    """An empty desk by a wall, with a lamp or a mug."""
    wall = s.rgb(rng.choice(SOFT))
    image = s.gradient(wall, s.mix(wall, (0, 0, 0), 0.15))
    top = rng.randint(290, 330)
    board = s.wood(rng, rng.choice(("#A9764A", "#C8A27A", "#7B5A3C")))
    image.paste(board.crop((0, 0, CANVAS, CANVAS - top)), (0, top))
    draw = ImageDraw.Draw(image)
    x, colour = rng.randint(80, 150), _hue(rng, 0.4, 0.6)
    draw.ellipse((x - 46, top + 12, x + 46, top + 34), s.mix(colour, (0, 0, 0), 0.3))
    draw.line([(x, top + 22), (x - 30, 190), (x + 50, 110)], (70, 72, 78), 9, joint="curve")
    draw.polygon([(x + 30, 86), (x + 66, 118), (x + 116, 178), (x + 10, 168)], colour)
    mug, cup = rng.randint(270, 350), _hue(rng, 0.35, 0.75)
    draw.ellipse((mug + 36, top - 40, mug + 76, top + 6), outline=cup, width=9)
    draw.rounded_rectangle((mug, top - 56, mug + 58, top + 24), 10, cup)
    return s.vignette(image, 0.2)


def lights(rng: random.Random) -> Image.Image:
    """A street at night, out of focus."""
    image = s.gradient((14, 16, 30), (34, 26, 40))
    for _ in range(26):
        r = rng.randint(12, 40)
        x, y = rng.randint(0, CANVAS), round(rng.gauss(CANVAS * 0.55, 90))
        disc = Image.new("L", (2 * r, 2 * r))
        ImageDraw.Draw(disc).ellipse((0, 0, 2 * r - 1, 2 * r - 1), rng.randint(60, 150))
        image.paste(_hue(rng, 0.5, 1.0), (x - r, y - r), disc)
    return _blurred(image, 6)


def web_page(rng: random.Random) -> Image.Image:
    """A page that has not loaded: grey blocks where things will be."""
    image = s.plain((250, 250, 251))
    draw = ImageDraw.Draw(image)
    block, bar = (226, 229, 233), _hue(rng, 0.3, 0.8)
    draw.rectangle((0, 0, CANVAS, 52), bar)
    draw.rounded_rectangle((20, 16, rng.randint(90, 150), 36), 8, (255, 255, 255))
    columns = rng.choice((2, 3))
    width = (CANVAS - 20 * (columns + 1)) // columns
    for row in range(2):
        for column in range(columns):
            x, y = 20 + column * (width + 20), 76 + row * 186
            draw.rounded_rectangle((x, y, x + width, y + 110), 10, block)
            draw.rounded_rectangle((x, y + 122, x + width, y + 136), 6, block)
            end = x + rng.randint(width // 3, width)
            draw.rounded_rectangle((x, y + 146, end, y + 160), 6, block)
    return image


def hills(rng: random.Random) -> Image.Image:
    """Somewhere: bare hills in mist."""
    image = s.sky(rng)
    draw = ImageDraw.Draw(image)
    far, near = _hue(rng, 0.2, 0.8), _hue(rng, 0.35, 0.35)
    for layer in range(4):
        level, points = 200 + layer * 62, []
        phase, swing = rng.uniform(0, 6), rng.uniform(20, 46)
        for x in range(0, CANVAS + 14, 14):
            height = math.sin(phase + x / 90) + 0.4 * math.sin(2 * phase + x / 33)
            points.append((x, level - swing * height))
        draw.polygon([*points, (CANVAS, CANVAS), (0, CANVAS)], s.mix(far, near, layer / 3))
    return s.grain(image, rng, 4)


def burst(rng: random.Random) -> Image.Image:
    """An advertisement without its words."""
    one, two = _hue(rng, 0.6, 0.95), _hue(rng, 0.25, 1.0)
    image = s.plain(one)
    draw = ImageDraw.Draw(image)
    middle, rays = (CANVAS // 2, CANVAS // 2), rng.choice((14, 18, 22))
    for k in range(0, 2 * rays, 2):
        a, b = math.tau * k / (2 * rays), math.tau * (k + 1) / (2 * rays)
        ends = [(middle[0] + 400 * math.cos(t), middle[1] + 400 * math.sin(t)) for t in (a, b)]
        draw.polygon([middle, *ends], two)
    draw.rounded_rectangle((70, 150, 378, 298), 26, (255, 255, 255))
    draw.rounded_rectangle((110, 186, 338, 214), 14, s.mix(one, (0, 0, 0), 0.25))
    draw.rounded_rectangle((150, 236, 298, 260), 12, s.mix(one, (255, 255, 255), 0.4))
    return image


def code_matrix(rng: random.Random) -> Image.Image:
    """A square code that no reader could read."""
    image = s.paper(rng, "#FBFBFA")
    draw = ImageDraw.Draw(image)
    cells = rng.choice((21, 25))
    side = 320 // cells
    left = (CANVAS - side * cells) // 2
    for row in range(cells):
        for column in range(cells):
            if rng.random() < 0.5:
                x, y = left + column * side, left + row * side
                draw.rectangle((x, y, x + side - 1, y + side - 1), (28, 28, 32))
    return image


def form(rng: random.Random) -> Image.Image:
    """A form that nobody filled in, on some table."""
    table = s.wood(rng, rng.choice(("#A9764A", "#57606B", "#7B5A3C")))
    sheet = Image.new("RGBA", (270, 360), "#FCFBF8")
    draw = ImageDraw.Draw(sheet)
    draw.rectangle((24, 24, rng.randint(110, 200), 40), (120, 126, 134))
    for y in range(66, 330, rng.choice((28, 34, 40))):
        draw.rectangle((24, y, 24 + rng.randint(30, 70), y + 6), (170, 174, 180))
        draw.line((110, y + 10, 246, y + 10), (190, 194, 200), 2)
    leaning = s.turned(sheet, rng.uniform(-16, 16))
    at = (CANVAS - leaning.width) // 2, (CANVAS - leaning.height) // 2
    s.drop(table, leaning, at, 8)
    return table


def maze(rng: random.Random) -> Image.Image:
    """A maze of slanting strokes."""
    image = s.plain(s.rgb(rng.choice(SOFT)))
    draw, ink = ImageDraw.Draw(image), _hue(rng, 0.5, 0.4)
    step = rng.choice((28, 32, 56))
    for x in range(0, CANVAS, step):
        for y in range(0, CANVAS, step):
            ends = (x, y, x + step, y + step) if rng.random() < 0.5 else (x, y + step, x + step, y)
            draw.line(ends, ink, step // 5)
    return image


def plant(rng: random.Random) -> Image.Image:
    """A pot plant on a window sill."""
    wall = s.rgb(rng.choice(SOFT))
    image = s.gradient(s.mix(wall, (255, 255, 255), 0.4), wall)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 360, CANVAS, CANVAS), s.mix(wall, (90, 80, 70), 0.3))
    green = s.shift((66, 118, 74), rng, 24)
    for _ in range(rng.randint(9, 13)):
        lean = rng.uniform(-1.1, 1.1)
        reach = rng.uniform(120, 200)
        x, y = 224 + reach * math.sin(lean), 290 - reach * math.cos(lean)
        side = 20 * math.cos(lean), 20 * math.sin(lean)
        middle = (224 + x) / 2, (290 + y) / 2
        leaf = [(224, 290), (middle[0] - side[0], middle[1] - side[1]), (x, y)]
        leaf.append((middle[0] + side[0], middle[1] + side[1]))
        draw.polygon(leaf, s.shift(green, rng, 16))
    pot = s.shift(s.rgb(rng.choice(("#B5653C", "#E4E1DA", "#56616B"))), rng)
    draw.polygon([(166, 280), (282, 280), (264, 384), (184, 384)], pot)
    draw.rectangle((158, 266, 290, 292), s.mix(pot, (0, 0, 0), 0.12))
    return s.vignette(image, 0.15)


def static(rng: random.Random) -> Image.Image:
    """A screen without a signal."""
    seed = np.random.default_rng(rng.randrange(2**32))
    values = seed.integers(20, 230, (CANVAS // 4, CANVAS // 4), dtype=np.uint8)
    snow = Image.fromarray(values).resize((CANVAS, CANVAS), Image.Resampling.NEAREST)
    rows = (np.arange(CANVAS) % 8 < 4).astype(np.float32)[:, None]
    lines = np.broadcast_to(0.8 + 0.2 * rows, (CANVAS, CANVAS))
    return s.vignette(s.multiply(snow.convert("RGB"), lines), 0.5)


IDEAS: Mapping[str, Idea] = {
    "not-available": not_available,
    "doodles": doodles,
    "wallpaper": wallpaper,
    "chart": chart,
    "pattern": pattern,
    "desk": desk,
    "lights": lights,
    "web-page": web_page,
    "hills": hills,
    "burst": burst,
    "code-matrix": code_matrix,
    "form": form,
    "maze": maze,
    "plant": plant,
    "static": static,
}


def names() -> tuple[str, ...]:
    """The names of the pictures, 60 of them, always in this order."""
    return tuple(f"{idea}-{version}" for idea in IDEAS for version in range(1, VERSIONS + 1))


def paint(name: str, rng: random.Random) -> Image.Image:
    """The picture on a canvas of `surfaces.CANVAS` pixels. Raises KeyError for an unknown name."""
    if name not in names():
        raise KeyError(f"no junk picture {name!r}; the names are those of junk.names()")
    idea, _, _ = name.rpartition("-")
    return IDEAS[idea](rng)


def _paint_subject(subject: Subject, look: str | None, rng: random.Random) -> Image.Image:
    return paint(subject.name, rng)


@lru_cache(maxsize=1)
def junk() -> Family:
    """The pictures as a family that is drawn with the others but is no part of the corpus."""
    return Family(
        name="junk",
        classes=(),
        subjects=tuple(Subject(f"junk/{name}", name, (), (), {}) for name in names()),
        frames=(),
        looks=("found",),
        paint=_paint_subject,
        class_nouns=frozenset(),
    )
