"""The twelve looks of a shape: chalk, blueprint, pencil, poster, cut-out, neon, thread, sand, ink.

All take a `Drawing`, so that a look says nothing about the shape. Solids show their lit sides or
their hidden edges, curves are a stroke, polygons an area.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from mese.demo import staging
from mese.demo import surfaces as s
from mese.demo.families.shapes.drawing import Drawing, draw
from mese.demo.surfaces import CANVAS, Array, Colour

Canvas = Image.Image
MIDDLE = CANVAS / 2
BOLD = ("#D1495B", "#2E86AB", "#EDAE49", "#3A7D44", "#7B4B94", "#E4572E", "#1B9AAA", "#5C6BC0")


def _at(
    points: Array, room: float, x: float = MIDDLE, y: float = MIDDLE
) -> list[tuple[float, float]]:
    """Canvas points of a drawing whose larger side is `room` pixels."""
    return [(float(px), float(py)) for px, py in points * (room / 2) + (x, y)]


def _strokes(
    ground: Canvas,
    runs: tuple[Array, ...],
    room: float,
    colour: tuple[int, ...],
    width: int,
    at: tuple[float, float] = (MIDDLE, MIDDLE),
) -> None:
    pen = ImageDraw.Draw(ground, "RGBA" if ground.mode == "RGB" else None)
    for run in runs:
        pen.line(_at(run, room, *at), colour, width, joint="curve")


def _dashes(
    ground: Canvas, runs: tuple[Array, ...], room: float, colour: tuple[int, ...], width: int
) -> None:
    """Broken lines: what lies behind."""
    pen = ImageDraw.Draw(ground, "RGBA")
    for run in runs:
        (ax, ay), (bx, by) = _at(run[[0, -1]], room)
        parts = max(2, round(np.hypot(bx - ax, by - ay) / 9))
        for k in range(0, parts, 2):
            t, u = k / parts, min(1.0, (k + 1) / parts)
            pen.line(
                (ax + (bx - ax) * t, ay + (by - ay) * t, ax + (bx - ax) * u, ay + (by - ay) * u),
                colour,
                width,
            )


def _filled(
    ground: Canvas,
    drawing: Drawing,
    room: float,
    colour: Colour,
    at: tuple[float, float] = (MIDDLE, MIDDLE),
) -> None:
    """Areas in one colour, darker where less light falls."""
    pen = ImageDraw.Draw(ground)
    for points, light in drawing.areas:
        tone = s.mix((16, 16, 28), colour, 0.2 + 0.8 * light)
        pen.polygon(_at(points, room, *at), tone)


def chalk(drawing: Drawing, rng: random.Random) -> Canvas:
    board = s.grain(s.plain(s.shift(s.rgb(rng.choice(("#2F4F43", "#33383F"))), rng, 6)), rng, 6, 3)
    colour = rng.choice(((244, 244, 238), (250, 226, 130), (170, 220, 250)))
    room = rng.uniform(300, 350)
    _dashes(board, drawing.hidden, room, (*colour, 120), 3)
    _strokes(board, drawing.lines, room, (*colour, 235), 6)
    return s.lighten(board, s.noise(rng.randrange(s.NOISE_TILES), 3) * 13)


def _grid(ground: Canvas, step: int, colour: tuple[int, ...], start: int, width: int = 1) -> None:
    pen = ImageDraw.Draw(ground, "RGBA")
    for k in range(start % step, CANVAS, step):
        pen.line((k, 0, k, CANVAS), colour, width)
        pen.line((0, k, CANVAS, k), colour, width)


def blueprint(drawing: Drawing, rng: random.Random) -> Canvas:
    ground = s.grain(s.plain(s.shift((28, 70, 136), rng, 8)), rng, 4, 56)
    start = rng.randrange(28)
    _grid(ground, 28, (255, 255, 255, 36), start)
    _grid(ground, 140, (255, 255, 255, 62), start, 2)
    room = rng.uniform(290, 340)
    _dashes(ground, drawing.hidden, room, (210, 226, 250, 190), 2)
    _strokes(ground, drawing.lines, room, (246, 250, 255, 255), 4)
    pen, r = ImageDraw.Draw(ground), room / 2 + 26
    pen.line((MIDDLE - r, 418, MIDDLE + r, 418), (220, 232, 250), 2)
    for x in (MIDDLE - r, MIDDLE + r):
        pen.line((x, 408, x, 428), (220, 232, 250), 2)
    return ground


def pencil(drawing: Drawing, rng: random.Random) -> Canvas:
    """On squared paper, drawn twice by a hand that is nearly steady."""
    ground = s.paper(rng, "#F8F6EE")
    _grid(ground, 32, (120, 160, 210, 90), rng.randrange(32), 2)
    room = rng.uniform(290, 350)
    _dashes(ground, drawing.hidden, room, (90, 90, 100, 150), 2)
    for _ in range(2):
        at = (MIDDLE + rng.uniform(-2, 2), MIDDLE + rng.uniform(-2, 2))
        _strokes(ground, drawing.lines, room + rng.uniform(-3, 3), (60, 60, 70, 170), 3, at)
    return s.lighten(ground, s.noise(rng.randrange(s.NOISE_TILES), 112) * 5)


def poster(drawing: Drawing, rng: random.Random) -> Canvas:
    """Flat colours, the line in the paper's white."""
    low, high = (s.shift(s.rgb(c), rng) for c in rng.sample(BOLD, 2))
    ground = s.plain(s.mix(low, (250, 246, 236), 0.72 if rng.random() < 0.6 else 0.0))
    bright = sum(ground.getpixel((0, 0))) > 420  # type: ignore[arg-type]
    room = rng.uniform(280, 340)
    _filled(ground, drawing, room, high)
    ink = s.mix(high, (20, 20, 30), 0.75) if bright else (252, 250, 244)
    _strokes(ground, drawing.lines, room, ink, 7 if not drawing.areas else 5)
    return s.grain(ground, rng, 4)


def cut_out(drawing: Drawing, rng: random.Random) -> Canvas:
    """Card or a wooden block on a table; a curve is a bent wire."""
    table = s.wood(rng, rng.choice(("#C8A27A", "#7B5A3C", "#57606B", "#A9764A")))
    colour = s.shift(s.rgb(rng.choice((*BOLD, "#F2EBDD"))), rng)
    thing = Image.new("RGBA", (CANVAS, CANVAS))
    room = rng.uniform(270, 320)
    pen = ImageDraw.Draw(thing)
    for points, light in drawing.areas:
        pen.polygon(_at(points, room), (*s.mix((20, 16, 12), colour, 0.25 + 0.75 * light), 255))
    edge = s.mix(colour, (255, 255, 255), 0.35)
    _strokes(thing, drawing.lines, room, (*edge, 255), 3 if drawing.areas else 11)
    s.drop(table, thing, (rng.randint(-12, 12), rng.randint(-12, 12)), 9)
    return s.grain(table, rng, 4)


def neon(drawing: Drawing, rng: random.Random) -> Canvas:
    wall = s.multiply(s.bricks(rng), np.full((CANVAS, CANVAS), 0.3, dtype=np.float32))
    colour = rng.choice(
        ((255, 70, 130), (70, 220, 255), (150, 255, 110), (255, 170, 60), (190, 120, 255))
    )
    tube = s.plain((0, 0, 0))
    room = rng.uniform(270, 320)
    _strokes(tube, drawing.lines, room, colour, 11)
    small = tube.resize((CANVAS // 4, CANVAS // 4)).filter(ImageFilter.GaussianBlur(6))
    halo = small.resize(tube.size, Image.Resampling.BILINEAR)
    lit = ImageChops.screen(ImageChops.screen(wall, halo), tube)
    _strokes(lit, drawing.lines, room, (*s.mix(colour, (255, 255, 255), 0.75), 255), 4)
    return lit


def thread(drawing: Drawing, rng: random.Random) -> Canvas:
    """Embroidery on cloth: a light line of short stitches over a darker one."""
    cloth = s.denim(rng) if rng.random() < 0.5 else s.grain(s.paper(rng, "#E6DCC8"), rng, 12, 3)
    dark = s.shift(s.rgb(rng.choice(BOLD)), rng)
    light = s.mix(dark, (255, 255, 255), 0.5)
    room, hoop = rng.uniform(230, 260), 212
    _strokes(cloth, drawing.lines, room, dark, 9)
    pen = ImageDraw.Draw(cloth)
    for run in drawing.lines:
        points = np.array(_at(run, room))
        steps = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
        marks = np.arange(0, steps[-1], 6.0)
        xs, ys = np.interp(marks, steps, points[:, 0]), np.interp(marks, steps, points[:, 1])
        for x, y in zip(xs, ys, strict=True):
            pen.line((x - 3, y - 3, x + 3, y + 3), light, 2)
    for r, tone in ((hoop, (150, 108, 64)), (hoop - 5, (196, 150, 96)), (hoop - 10, (130, 92, 54))):
        pen.ellipse((MIDDLE - r, MIDDLE - r, MIDDLE + r, MIDDLE + r), outline=tone, width=6)
    return cloth


def wallpaper(drawing: Drawing, rng: random.Random) -> Canvas:
    """Many small ones in rows, as on wrapping paper."""
    low, high = (s.rgb(c) for c in rng.sample(BOLD, 2))
    ground = s.plain(s.mix(s.shift(low, rng), (255, 255, 255), 0.6))
    step, slip = rng.randint(124, 150), rng.randint(-60, 0)
    for row, y in enumerate(range(slip, CANVAS + 80, step)):
        for column, x in enumerate(range(slip - (row % 2) * step // 2, CANVAS + 80, step)):
            tone = high if (row + column) % 2 else s.mix(low, (0, 0, 0), 0.25)
            _filled(ground, drawing, step * 0.68, tone, (x, y))
            ink = s.mix(tone, (10, 10, 20), 0.55)
            _strokes(ground, drawing.lines, step * 0.68, ink, 2 if drawing.areas else 4, (x, y))
    return s.grain(ground, rng, 5)


def sand(drawing: Drawing, rng: random.Random) -> Canvas:
    """A groove in the sand: dark on one side, bright on the other."""
    beach = s.grain(s.grain(s.plain(s.shift((214, 186, 140), rng, 8)), rng, 14, 2), rng, 10, 56)
    groove = Image.new("L", (CANVAS, CANVAS))
    pen = ImageDraw.Draw(groove)
    for run in drawing.lines:
        pen.line(_at(run, rng.uniform(318, 322)), 255, 13, joint="curve")
    depth = np.asarray(groove.filter(ImageFilter.GaussianBlur(3)), dtype=np.float32) / 255
    slope = np.roll(depth, 5, (0, 1)) - np.roll(depth, -5, (0, 1))
    return s.vignette(s.lighten(beach, slope * 62 - depth * 34), 0.3)


def _software(drawing: Drawing, rng: random.Random) -> Canvas:
    ground = s.gradient((30, 34, 44), (18, 20, 28))
    _grid(ground, 40, (120, 140, 180, 50), 24)
    pen = ImageDraw.Draw(ground)
    pen.line((MIDDLE, 0, MIDDLE, CANVAS), (90, 110, 150), 2)
    pen.line((0, MIDDLE, CANVAS, MIDDLE), (90, 110, 150), 2)
    colour = s.rgb(rng.choice(("#4FC3F7", "#FFB74D", "#AED581", "#F06292")))
    _filled(ground, drawing, 290, s.mix(colour, (30, 34, 44), 0.45))
    _dashes(ground, drawing.hidden, 290, (*colour, 110), 2)
    _strokes(ground, drawing.lines, 290, (*colour, 255), 5)
    return ground


def screen(drawing: Drawing, rng: random.Random) -> Canvas:
    return staging.on_screen(_software(drawing, rng), rng)


def stamped(drawing: Drawing, rng: random.Random) -> Canvas:
    return staging.stamp(poster(drawing, rng), rng)


def ink(drawing: Drawing, rng: random.Random) -> Canvas:
    """A page of an old book, so near that the shape runs off it."""
    ground = s.paper(rng, "#EFE4C8")
    room = rng.uniform(470, 560)
    at = (MIDDLE + rng.uniform(-60, 60), MIDDLE + rng.uniform(-60, 60))
    pen = ImageDraw.Draw(ground, "RGBA")
    for points, light in drawing.areas:
        pen.polygon(_at(points, room, *at), (88, 60, 34, round((1 - light) * 190) + 12))
    _strokes(ground, drawing.lines, room, (52, 34, 22, 240), 5, at)
    return s.vignette(s.grain(ground, rng, 8, 3), 0.3)


def reference(drawing: Drawing) -> Canvas:
    """Upright, black on white, with a blue area; hidden edges dashed."""
    ground = s.plain((255, 255, 255))
    _filled(ground, drawing, 350, (150, 190, 236))
    _dashes(ground, drawing.hidden, 350, (90, 110, 150, 170), 2)
    _strokes(ground, drawing.lines, 350, (20, 26, 40), 5)
    return ground


LOOKS: dict[str, Callable[[Drawing, random.Random], Canvas]] = {
    "chalk": chalk,
    "blueprint": blueprint,
    "pencil": pencil,
    "poster": poster,
    "cut-out": cut_out,
    "neon": neon,
    "thread": thread,
    "wallpaper": wallpaper,
    "sand": sand,
    "screen": screen,
    "stamp": stamped,
    "ink": ink,
}


def paint(spec: str, look: str | None, rng: random.Random) -> Canvas:
    """A shape's description in a look, turned by chance; look None is the reference."""
    return LOOKS[look](draw(spec, rng), rng) if look else reference(draw(spec))
