"""Chess diagrams: squares, men, the last move marked, moves as arrows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageDraw

from mese.demo.families.chess.board import Board, Move, Square, played, position
from mese.demo.families.chess.pieces import sprite
from mese.demo.surfaces import Colour

Fill = str | Colour


@dataclass(frozen=True)
class Style:
    """How a diagram looks. `marked` colours the squares of the last move, "" for none."""

    light: str = "#F0D9B5"
    dark: str = "#B58863"
    white: str = "#FFFFFF"
    white_edge: str = "#2B2520"
    black: str = "#35302C"
    black_edge: str = "#0E0C0B"
    marked: str = ""
    hatched: bool = False
    gap: int = 0
    shadow: bool = False


@dataclass(frozen=True)
class View:
    """Where a square lies on a diagram: its side in pixels, and who sits at the bottom."""

    cell: int
    from_black: bool = False

    def corner(self, at: Square) -> tuple[int, int]:
        file, rank = at
        if self.from_black:
            return (7 - file) * self.cell, rank * self.cell
        return file * self.cell, (7 - rank) * self.cell

    def middle(self, at: Square) -> tuple[float, float]:
        x, y = self.corner(at)
        return x + self.cell / 2, y + self.cell / 2


@lru_cache(maxsize=64)
def _squares(style: Style, view: View) -> Image.Image:
    side = view.cell * 8
    image = Image.new("RGB", (side, side), style.light)
    draw = ImageDraw.Draw(image)
    for file in range(8):
        for rank in range(8):
            light = (file + rank) % 2 == 1
            x, y = view.corner((file, rank))
            if style.hatched and not light:
                _hatch(draw, (x, y), view.cell, style.dark)
            elif not style.hatched:
                fill(draw, (x, y), view.cell, style.light if light else style.dark, style.gap)
    if style.gap:
        return image
    draw.rectangle((0, 0, side - 1, side - 1), outline=style.black_edge, width=2)
    return image


def fill(
    draw: ImageDraw.ImageDraw, corner: tuple[int, int], cell: int, colour: Fill, gap: int = 0
) -> None:
    """One square in one colour, `gap` pixels of joint left of it and above."""
    x, y = corner
    draw.rectangle((x + gap, y + gap, x + cell - 1, y + cell - 1), colour)


def _hatch(draw: ImageDraw.ImageDraw, corner: tuple[int, int], cell: int, ink: str) -> None:
    """Slanting lines, as printers fill dark squares."""
    x, y = corner
    for k in range(5, 2 * cell, 6):
        low, high = max(0, k - cell + 1), min(k, cell - 1)
        draw.line((x + low, y + k - low, x + high, y + k - high), ink, 2)


def diagram(moves: str, style: Style, view: View) -> Image.Image:
    """The position after a line, RGB."""
    image = _squares(style, view).copy()
    if style.marked:
        draw = ImageDraw.Draw(image)
        last = played(moves)[-1]
        for at in (last.start, last.end):
            fill(draw, view.corner(at), view.cell, style.marked)
    set_men(image, position(moves), style, view)
    return image


def set_men(image: Image.Image, board: Board, style: Style, view: View) -> None:
    """Puts the men of a board on the picture."""
    for at, piece in board.items():
        white = piece.isupper()
        body = style.white if white else style.black
        edge = style.white_edge if white else style.black_edge
        man = sprite(piece, body, edge, view.cell)
        x, y = view.corner(at)
        if style.shadow:
            shade = man.getchannel("A").point(lambda a: a // 2)
            image.paste((20, 12, 8), (x + view.cell // 12, y + view.cell // 12), shade)
        image.paste(man, (x, y), man)


def moved_men(moves: str) -> Board:
    """The men that have left their squares and are still there."""
    board, done = position(moves), played(moves)
    ends = {move.end for move in done}
    rooks = {(5, move.start[1]) for move in done if move.san == "O-O"}
    return {at: piece for at, piece in board.items() if at in ends | rooks}


def arrows(
    image: Image.Image, moves: Sequence[Move], colours: tuple[Fill, Fill], view: View, width: int
) -> None:
    """Every move as an arrow: White's in the first colour, Black's in the second."""
    draw = ImageDraw.Draw(image)
    for move in moves:
        start, end = view.middle(move.start), view.middle(move.end)
        arrow(draw, start, end, colours[0] if move.white else colours[1], width)


def arrow(
    draw: ImageDraw.ImageDraw,
    start: tuple[float, float],
    end: tuple[float, float],
    colour: Fill,
    width: int,
) -> None:
    """A straight arrow whose head ends on `end`."""
    length = math.dist(start, end)
    if not length:
        return
    right, down = (end[0] - start[0]) / length, (end[1] - start[1]) / length
    head = min(width * 3.0, length * 0.6)
    neck = (end[0] - right * head, end[1] - down * head)
    draw.line((*start, *neck), colour, width)
    wing = head * 0.55
    sides = [(neck[0] - down * wing, neck[1] + right * wing)]
    sides.append((neck[0] + down * wing, neck[1] - right * wing))
    draw.polygon([end, *sides], colour)
