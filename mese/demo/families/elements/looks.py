"""The twelve looks of an element, and its reference: tiles, shells, the table, samples."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from PIL import Image, ImageDraw

from mese.demo import staging as st
from mese.demo import surfaces as s
from mese.demo.families.elements import levels, sample, shells, table, tile
from mese.demo.families.elements.atom import Atom
from mese.demo.surfaces import CANVAS

Look = Callable[[Atom, random.Random], Image.Image]


def poster(atom: Atom, rng: random.Random) -> Image.Image:
    """The table on a classroom wall, seen from near: the part with the element."""
    wall = s.grain(s.plain(s.shift(s.rgb(rng.choice(("#D8D2C2", "#BFCBC9", "#C9C3D3"))), rng)), rng)
    cell = rng.choice((22, 26, 30))
    sheet = table.framed(atom, cell, table.PRINTED)
    column, row = atom.cell
    # Keeps the element in view and the rest of the table as far as it goes.
    x = CANVAS * rng.uniform(0.3, 0.7) - (column + 1.5) * cell
    y = CANVAS * rng.uniform(0.35, 0.65) - (row + 1.5) * cell
    poster = s.turned(sheet, rng.uniform(-4, 4))
    s.drop(wall, poster, (round(x), round(y)), 8)
    return s.vignette(wall, 0.3)


def screen(atom: Atom, rng: random.Random) -> Image.Image:
    return st.on_screen(table.framed(atom, 16, table.GLOWING), rng)


def neighbours(atom: Atom, rng: random.Random) -> Image.Image:
    """A close view of a wall chart, askew."""
    chart = table.neighbourhood(atom, rng.choice((128, 142)), 2)
    lean = math.radians(rng.uniform(-12, 12))
    cos, sin, half = math.cos(lean), math.sin(lean), CANVAS / 2
    x, y = (chart.width / 2 + rng.randint(-50, 50) for _ in "xy")
    # Turned and cut in one step: where on the chart a pixel of the view is read.
    turn = (cos, -sin, x - (cos - sin) * half, sin, cos, y - (sin + cos) * half)
    view = chart.transform(
        (CANVAS, CANVAS), Image.Transform.AFFINE, turn, Image.Resampling.BILINEAR
    )
    return s.vignette(view, 0.3)


def card(atom: Atom, rng: random.Random) -> Image.Image:
    return st.card(tile.pale(atom, 280), rng)


def patch(atom: Atom, rng: random.Random) -> Image.Image:
    return st.patch(tile.bright(atom, 260), rng)


def block(atom: Atom, rng: random.Random) -> Image.Image:
    """A wooden toy block on a table."""
    ground = s.wood(rng, rng.choice(("#6B4F3A", "#8A7B6C", "#4E5A63")))
    side, depth = 230, 64
    wood = s.shift((222, 188, 140), rng, 8)
    ink = s.mix(s.rgb(atom.colour), (0, 0, 0), 0.15)
    front = tile.tile(atom, side, wood, ink)
    cube = Image.new("RGBA", (side + depth, side + depth))
    cube.paste(front, (0, depth))
    draw = ImageDraw.Draw(cube)
    roof = [(0, depth), (depth, 0), (side + depth - 1, 0), (side, depth)]
    draw.polygon(roof, s.mix(wood, (255, 255, 255), 0.3))
    flank = [(side, depth), (side + depth - 1, 0), (side + depth - 1, side), (side, side + depth)]
    draw.polygon(flank, s.mix(wood, (0, 0, 0), 0.28))
    cube = s.turned(cube, rng.uniform(-8, 8))
    s.drop(ground, cube, st.centred(cube, rng, 24), 12)
    return ground


def chalk(atom: Atom, rng: random.Random) -> Image.Image:
    board = s.grain(s.plain(s.shift((44, 70, 62), rng, 6)), rng, 12, 56)
    at = (CANVAS / 2 + rng.randint(-16, 16), CANVAS / 2 + rng.randint(-16, 16))
    shells.paint_shells(board, atom, at, rng.uniform(175, 195), shells.CHALK, rng)
    return s.grain(board, rng, 16, 2)


def neon(atom: Atom, rng: random.Random) -> Image.Image:
    night = s.gradient((14, 12, 34), (34, 16, 52))
    at = (CANVAS / 2 + rng.randint(-30, 30), CANVAS / 2 + rng.randint(-30, 30))
    reach = rng.uniform(150, 205)
    shells.paint_shells(night, atom, at, reach, shells.NEON, rng, atom.symbol)
    return shells.glow(night)


def stamp(atom: Atom, rng: random.Random) -> Image.Image:
    ground = s.mix(s.rgb(atom.colour), (255, 255, 255), 0.8)
    return st.stamp(shells.flat_diagram(atom, 250, rng, ground), rng)


def bench(atom: Atom, rng: random.Random) -> Image.Image:
    """A sample on a laboratory bench."""
    dark = atom.form == "glow"
    wall = s.rgb(rng.choice(("#2B3038", "#33303A")) if dark else rng.choice(st.MUTED[:5:2]))
    room = s.gradient(s.shift(wall, rng), s.mix(wall, (0, 0, 0), 0.25))
    level = rng.randint(300, 330)
    top = s.rgb(rng.choice(("#E7E3DA", "#5B4636", "#8E969C")))
    ImageDraw.Draw(room).rectangle((0, level, CANVAS, CANVAS), s.mix(top, (0, 0, 0), 0.4 * dark))
    thing = sample.sample(atom, rng)
    grown = round(sample.SIDE * rng.uniform(1.0, 1.25))
    thing = thing.resize((grown, grown), Image.Resampling.BILINEAR)
    x = (CANVAS - grown) // 2 + rng.randint(-30, 30)
    floor = round(sample.FLOOR * grown / sample.SIDE)
    s.drop(room, thing, (x, level + rng.randint(30, 50) - floor), 9)
    return s.grain(room, rng, 4)


def notebook(atom: Atom, rng: random.Random) -> Image.Image:
    """The box diagram on squared paper."""
    sheet = s.paper(rng, rng.choice(("#F7F5EE", "#EEF3F4")))
    draw = ImageDraw.Draw(sheet)
    start, step = rng.randrange(24), rng.choice((22, 26))
    for k in range(start, CANVAS, step):
        draw.line((k, 0, k, CANVAS), (196, 212, 224), 2)
        draw.line((0, k, CANVAS, k), (196, 212, 224), 2)
    pen = rng.choice(((38, 52, 110), (40, 40, 46), (24, 84, 70)))
    drawn = levels.diagram(atom, (410, 400), pen, (198, 44, 48))
    drawn = drawn.rotate(rng.uniform(-3, 3), Image.Resampling.BILINEAR)
    sheet.paste(drawn, (20 + rng.randint(-6, 6), 20 + rng.randint(-6, 6)), drawn)
    return sheet


def showcase(atom: Atom, rng: random.Random) -> Image.Image:
    """A compartment of a collection: the sample before its dark tile."""
    box = s.wood(rng, rng.choice(("#5A3F2C", "#3E4248", "#7A5B40")))
    draw = ImageDraw.Draw(box)
    draw.rectangle((34, 34, CANVAS - 34, CANVAS - 34), (32, 30, 32))
    label = tile.dark(atom, 150)
    box.paste(label, (rng.choice((52, CANVAS - 202)), 52))
    thing = sample.sample(atom, rng)
    s.drop(box, thing, (74 + rng.randint(-14, 14), 128), 6)
    return s.vignette(box, 0.2)


def reference(atom: Atom) -> Image.Image:
    """Tile, shells and place in the table on one white page."""
    page = s.plain((255, 255, 255))
    page.paste(tile.bright(atom, 196), (16, 16))
    rng = random.Random(0)
    page.paste(shells.flat_diagram(atom, 204, rng, (255, 255, 255)), (228, 12))
    page.paste(table.table(atom, 23, table.PALE), (17, 228))
    return page


LOOKS: dict[str, Look] = {
    "poster": poster,
    "screen": screen,
    "neighbours": neighbours,
    "card": card,
    "patch": patch,
    "block": block,
    "chalk": chalk,
    "neon": neon,
    "stamp": stamp,
    "bench": bench,
    "notebook": notebook,
    "showcase": showcase,
}
