"""Where an opening is seen: on wood, in print, on screens, in chalk, pencil and stone."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from PIL import Image, ImageDraw

from mese.demo import staging
from mese.demo import surfaces as s
from mese.demo.families.chess.board import played
from mese.demo.families.chess.diagram import Style, View, arrows, diagram, moved_men, set_men
from mese.demo.surfaces import CANVAS

Look = Callable[[str, random.Random], Image.Image]

WOODS = (
    Style("#E3C193", "#8F5B33", "#F3DFB6", "#6B4423", "#4A2A17", "#1D0F07", shadow=True),
    Style("#E9D8B4", "#6D4A34", "#F7EBCF", "#7A5A3A", "#2B2320", "#0C0908", shadow=True),
    Style("#D9B98C", "#7C3F2A", "#F0D8A8", "#6A3B1F", "#33211A", "#120A06", shadow=True),
)
APPS = (
    Style("#EEEED2", "#769656", black="#4B4847", marked="#E6D24A"),
    Style("#DEE3E6", "#8CA2AD", black="#3F454B", marked="#9BC7A0"),
    Style("#EAE4F2", "#8A77B5", black="#3A3350", marked="#F0C96A"),
    Style("#3A4250", "#262C37", "#E9EDF3", "#12151B", "#8D98AA", "#12151B", marked="#3F7F74"),
)
PRINT = Style("#FBF8F0", "#6B655E", "#FBF8F0", "#1E1B18", "#1E1B18", "#1E1B18", hatched=True)
STONES = (
    Style("#E4DED2", "#5F7F86", "#FBF6EA", "#4A5A5E", "#22343A", "#0D1A1E", gap=4),
    Style("#EADBC8", "#A6543C", "#FFF7EA", "#6A3526", "#37211B", "#150B08", gap=4),
    Style("#DDE0DA", "#4F6B52", "#F6F6EE", "#38503B", "#22302A", "#0D1511", gap=4),
)


def reference(moves: str) -> Image.Image:
    """A plain diagram on white."""
    image = s.plain((255, 255, 255))
    image.paste(diagram(moves, Style(), View(52)), (16, 16))
    return image


def book(moves: str, rng: random.Random) -> Image.Image:
    """A page: the diagram in hatched print, grey lines of text about it."""
    sheet = s.paper(rng, rng.choice(("#F6F0DF", "#FBF8F0", "#EFE8D6")))
    draw = ImageDraw.Draw(sheet)
    top = rng.choice((50, 70, 90))
    for y in (*range(top - 72, top - 12, 20), *range(top + 316, CANVAS + 20, 20)):
        draw.line((70, y, rng.randint(330, 378), y), (120, 114, 106), 6)
    printed = diagram(moves, PRINT, View(38))
    sheet.paste(printed, (72, top))
    return _tilted(sheet, rng)


def _tilted(sheet: Image.Image, rng: random.Random) -> Image.Image:
    """The middle of a sheet that lies a little askew, a tenth larger so that no corner shows."""
    turn, middle = math.radians(rng.uniform(-5, 5)), CANVAS / 2
    right, down = math.cos(turn) * 0.9, math.sin(turn) * 0.9
    across = (right, down, middle - (right + down) * middle)
    along = (-down, right, middle - (right - down) * middle)
    lying = sheet.transform(
        sheet.size, Image.Transform.AFFINE, (*across, *along), Image.Resampling.BILINEAR
    )
    return s.vignette(lying, 0.15)


def _wooden(moves: str, rng: random.Random, cell: int) -> Image.Image:
    board = diagram(moves, rng.choice(WOODS), View(cell))
    edge = cell // 2
    framed = Image.new("RGB", (board.width + 2 * edge, board.height + 2 * edge), "#4B2E1C")
    framed.paste(board, (edge, edge))
    return framed


def wooden_board(moves: str, rng: random.Random) -> Image.Image:
    board = _wooden(moves, rng, 52).resize((CANVAS, CANVAS), Image.Resampling.BILINEAR)
    board = s.lighten(board, s.noise(rng.randrange(s.NOISE_TILES), 8) * 5)
    return s.vignette(board, 0.35)


def across_the_table(moves: str, rng: random.Random) -> Image.Image:
    """The board as a player sees it, smaller at the far end."""
    room = s.gradient(s.shift(s.rgb(rng.choice(staging.MUTED)), rng), (70, 62, 56))
    board = _wooden(moves, rng, 44).convert("RGBA")
    side, far = board.width, rng.uniform(0.16, 0.26)
    high = 0.74 * CANVAS
    seen = board.transform(
        (CANVAS, round(high)),
        Image.Transform.PERSPECTIVE,
        _projection(side, CANVAS, high, far),
        Image.Resampling.BILINEAR,
    )
    s.drop(room, seen, (0, CANVAS - round(high) - rng.randint(14, 40)), 10)
    return s.vignette(room, 0.25)


def _projection(side: float, wide: float, high: float, far: float) -> tuple[float, ...]:
    """PIL's coefficients that read a board of `side` out of a trapezium, `far` cut off above.

    The trapezium's lower edge is as wide as the canvas; the denominator is 1 at the upper edge.
    """
    narrow = 1 - 2 * far
    across = (side / (wide * narrow), side * far / (narrow * high), -side * far / narrow)
    return (*across, 0.0, side / (narrow * high), 0.0, 0.0, (1 / narrow - 1) / high)


def app(moves: str, rng: random.Random) -> Image.Image:
    return staging.on_screen(diagram(moves, rng.choice(APPS), View(40)), rng)


def phone(moves: str, rng: random.Random) -> Image.Image:
    """A phone on a table: the board between two players' bars."""
    table = s.wood(rng, rng.choice(("#A9764A", "#57606B", "#C8A27A")))
    dark = rng.random() < 0.5
    shell = Image.new("RGBA", (264, 420), (18, 18, 20, 255))
    ground = s.rgb("#262421" if dark else "#F4F4F1")
    draw = ImageDraw.Draw(shell)
    draw.rounded_rectangle((8, 8, 255, 411), 22, ground)
    board = diagram(moves, rng.choice(APPS), View(30))
    shell.paste(board, (12, 92))
    bar = s.mix(ground, (128, 128, 128), 0.5)
    for y in (50, 342):
        draw.ellipse((20, y, 48, y + 28), s.mix(bar, s.rgb(rng.choice(staging.MUTED)), 0.6))
        draw.rounded_rectangle((58, y + 8, rng.randint(120, 180), y + 20), 6, bar)
        draw.rounded_rectangle((200, y + 2, 244, y + 26), 6, bar)
    draw.rounded_rectangle((90, 392, 174, 398), 3, bar)
    shell.putalpha(s.rounded(shell.size, 28))
    lying = s.turned(shell, rng.uniform(-14, 14))
    s.drop(table, lying, staging.centred(lying, rng, 8), 10)
    return table


def blackboard(moves: str, rng: random.Random) -> Image.Image:
    """Chalk: the grid, the men that have moved, and how they moved."""
    ground = s.shift(s.rgb(rng.choice(("#23392F", "#262B30", "#2E3A4A"))), rng)
    board = s.grain(s.plain(ground), rng, 9, 64)
    chalk = (232, 232, 222)
    draw, cell = ImageDraw.Draw(board), 50
    for k in range(9):
        faint = s.mix(ground, chalk, 0.4)
        draw.line((24, 24 + k * cell, 424, 24 + k * cell), faint, 2)
        draw.line((24 + k * cell, 24, 24 + k * cell, 424), faint, 2)
    inner, view = board.crop((24, 24, 424, 424)), View(cell)
    arrows(inner, played(moves), (s.rgb("#F5D76E"), s.rgb("#8FC7F0")), view, 7)
    style = Style(white="#F1F1EA", white_edge="#5A625E", black="#2A302E", black_edge="#F1F1EA")
    set_men(inner, moved_men(moves), style, view)
    board.paste(inner, (24, 24))
    return s.grain(board, rng, 9, 3)


def mosaic(moves: str, rng: random.Random) -> Image.Image:
    """A board of tiles in a floor, seen from above."""
    stone = diagram(moves, rng.choice(STONES), View(56))
    stone = s.lighten(stone, s.noise(rng.randrange(s.NOISE_TILES), 28) * 12)
    return s.grain(stone, rng, 10, 3)


def demonstration_board(moves: str, rng: random.Random) -> Image.Image:
    """The board on a club's wall, with flat men in slots."""
    wall = s.grain(s.plain(s.shift(s.rgb(rng.choice(staging.MUTED[:2])), rng)), rng, 6, 90)
    green = rng.choice(("#3E7A54", "#3F6C9A", "#9A4A44"))
    style = Style("#F2F0E4", green, "#FFFFFF", "#C0392B", "#202428", "#000000")
    board = diagram(moves, style, View(44))
    frame = Image.new("RGBA", (388, 388), "#C9B28A")
    frame.paste(board, (18, 18))
    draw = ImageDraw.Draw(frame)
    for k in range(1, 9):
        draw.line((18, 16 + k * 44, 370, 16 + k * 44), (200, 198, 188), 3)
    s.drop(wall, frame, (30 + rng.randint(-12, 12), 34 + rng.randint(-8, 14)), 8)
    return wall


def notebook(moves: str, rng: random.Random) -> Image.Image:
    """A squared notebook: the moves as arrows in red and blue, the men that moved."""
    sheet = s.paper(rng, "#FBFAF5")
    draw = ImageDraw.Draw(sheet)
    for k in range(0, CANVAS, 22):
        draw.line((0, k, CANVAS, k), (196, 212, 228), 2)
        draw.line((k, 0, k, CANVAS), (196, 212, 228), 2)
    left, top, cell = 44 + rng.choice((0, 22)), 44, 44
    for k in range(9):
        draw.line((left, top + k * cell, left + 8 * cell, top + k * cell), (110, 110, 116), 3)
        draw.line((left + k * cell, top, left + k * cell, top + 8 * cell), (110, 110, 116), 3)
    area, view = (left, top, left + 8 * cell, top + 8 * cell), View(cell)
    inner = sheet.crop(area)
    style = Style(white="#FFFFFF", white_edge="#55555C", black="#74747C", black_edge="#3A3A40")
    set_men(inner, moved_men(moves), style, view)
    arrows(inner, played(moves), (s.rgb("#C0392B"), s.rgb("#2E5EAA")), view, 5)
    sheet.paste(inner, area)
    return _tilted(sheet, rng)


def close_up(moves: str, rng: random.Random) -> Image.Image:
    """The corner of the board where the last move was made, its way marked."""
    view, last = View(84), played(moves)[-1]
    style = rng.choice((*APPS[:3], *WOODS))
    board = diagram(moves, style, view)
    arrows(board, [last], ((214, 74, 50), (214, 74, 50)), view, 14)
    x, y = view.middle(last.end)
    room = board.width - CANVAS
    left = max(0, min(room, round(x - CANVAS / 2)))
    top = max(0, min(room, round(y - CANVAS / 2)))
    return s.vignette(board.crop((left, top, left + CANVAS, top + CANVAS)), 0.2)


def stamp(moves: str, rng: random.Random) -> Image.Image:
    style = rng.choice((Style(), *APPS[:3]))
    return staging.stamp(diagram(moves, style, View(32)), rng)


def from_the_other_side(moves: str, rng: random.Random) -> Image.Image:
    """A printed card with the board as Black sees it."""
    style = rng.choice((Style(), PRINT, *APPS[:3]))
    return staging.card(diagram(moves, style, View(32, from_black=True)), rng)


def ways(moves: str, rng: random.Random) -> Image.Image:
    """Nothing but the ways of the moves on a pale board: a button for players."""
    style = rng.choice((Style("#F7F3EA", "#E4DCCB"), Style("#EEF3F6", "#D6E2E8")))
    view = View(40)
    pale = Image.new("RGB", (320, 320), style.light)
    draw = ImageDraw.Draw(pale)
    for file in range(8):
        for rank in range(file % 2, 8, 2):
            x, y = view.corner((file, rank))
            draw.rectangle((x, y, x + 39, y + 39), style.dark)
    arrows(pale, played(moves), (s.rgb("#D7263D"), s.rgb("#1F3A5F")), view, 9)
    return staging.flat(pale, rng)


LOOKS: dict[str, Look] = {
    "book": book,
    "wooden-board": wooden_board,
    "across-the-table": across_the_table,
    "app": app,
    "phone": phone,
    "blackboard": blackboard,
    "mosaic": mosaic,
    "demonstration-board": demonstration_board,
    "notebook": notebook,
    "close-up": close_up,
    "stamp": stamp,
    "from-the-other-side": from_the_other_side,
    "ways": ways,
}
"""Name of a look → its painter."""
