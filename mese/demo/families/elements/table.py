"""The periodic table in small: every element a cell, one of them marked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageDraw

from mese.demo import surfaces as s
from mese.demo.families.elements import tile
from mese.demo.families.elements.atom import COLOURS, COLUMNS, LAST, Atom, cell_of, part_of, symbols
from mese.demo.surfaces import Colour

GAP_ROW = 0.4
"""Between the table and the two low rows, in cells."""
HEIGHT = 9 + GAP_ROW
"""Of the drawn table, in cells."""


@dataclass(frozen=True)
class Style:
    """`wash` is the share of the ground in the colours of the cells that are not marked."""

    ground: Colour
    wash: float
    mark: Colour
    rim: Colour


PRINTED = Style((250, 247, 240), 0.35, (200, 30, 40), (20, 20, 24))
PALE = Style((255, 255, 255), 0.72, (34, 38, 48), (34, 38, 48))
GLOWING = Style((16, 19, 28), 0.66, (255, 236, 150), (255, 255, 255))


def _box(number: int, cell: float) -> tuple[float, float, float, float]:
    column, row = cell_of(number)
    top = (row + (GAP_ROW if row >= 7 else 0)) * cell
    return column * cell, top, (column + 1) * cell - 2, top + cell - 2


@lru_cache(maxsize=8)
def _unmarked(cell: int, style: Style) -> Image.Image:
    size = (COLUMNS * cell, round(HEIGHT * cell))
    image = Image.new("RGB", size, style.ground)
    draw = ImageDraw.Draw(image)
    for number in range(1, LAST + 1):
        colour = s.mix(s.rgb(COLOURS[part_of(number)]), style.ground, style.wash)
        draw.rectangle(_box(number, cell), colour)
    return image


def table(atom: Atom, cell: int, style: Style) -> Image.Image:
    """The whole table, `cell` pixels a cell, with the element's cell marked and grown."""
    image = _unmarked(cell, style).copy()
    left, top, right, bottom = _box(atom.number, cell)
    grow = cell * 0.3
    box = (left - grow, top - grow, right + grow, bottom + grow)
    ImageDraw.Draw(image).rectangle(box, style.mark, style.rim, max(2, cell // 8))
    return image


def framed(atom: Atom, cell: int, style: Style) -> Image.Image:
    """The table with a margin of one cell."""
    inner = table(atom, cell, style)
    size = (inner.width + 2 * cell, inner.height + 2 * cell)
    image = Image.new("RGB", size, style.ground)
    image.paste(inner, (cell, cell))
    return image


def neighbourhood(atom: Atom, side: int, reach: int) -> Image.Image:
    """The part of a wall chart around the element: tiles with symbols, the others faded."""
    size = side * (2 * reach + 1)
    image = Image.new("RGB", (size, size), (243, 241, 236))
    column, row = atom.cell
    for number, symbol in enumerate(symbols(), start=1):
        x, y = cell_of(number)
        if abs(x - column) > reach or abs(y - row) > reach:
            continue
        at = ((x - column + reach) * side, (y - row + reach) * side)
        image.paste(_chart_cell(number, symbol, side - 6, number == atom.number), at)
    return image


@lru_cache(maxsize=512)
def _chart_cell(number: int, symbol: str, side: int, chosen: bool) -> Image.Image:
    colour = s.mix(s.rgb(COLOURS[part_of(number)]), (255, 255, 255), 0.0 if chosen else 0.68)
    ink = (255, 255, 255) if chosen else s.mix(tile.INK, (255, 255, 255), 0.35)
    image = Image.new("RGB", (side, side), colour)
    tile.write(image, str(number), (side * 0.08, side * 0.08), side * 0.16, ink, "lt")
    tile.write(image, symbol, (side / 2, side * 0.56), side * 0.4, ink, bold=chosen)
    if chosen:
        rim = ImageDraw.Draw(image)
        rim.rectangle((0, 0, side - 1, side - 1), outline=tile.INK, width=max(3, side // 22))
    return image
