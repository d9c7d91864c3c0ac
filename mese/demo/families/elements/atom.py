"""What the painters of an element need to know: its numbers, its cell in the table, its colour."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from mese.demo.family import read_table

COLUMNS, ROWS = 18, 9
"""Of the table as it is drawn; the last two rows are the lanthanides and actinides."""
PERIOD_STARTS = (1, 3, 11, 19, 37, 55, 87, 119)
LOW_ROWS = ((57, 7), (89, 8))
"""First number and row of the fifteen lanthanides and the fifteen actinides."""
LAST = 118
FIRST_SUPERHEAVY = 104
FIRST_RADIOACTIVE = 84

COLOURS = {
    "hydrogen": "#B59F62",
    "group 1": "#E0563B",
    "group 2": "#EE9B3E",
    "period 4": "#3F7FC4",
    "period 5": "#4F9BD9",
    "period 6": "#6FB4E3",
    "group 13": "#9BBB3C",
    "group 14": "#6BA53E",
    "group 15": "#D1679B",
    "group 16": "#AE57A4",
    "group 17": "#7E68D0",
    "group 18": "#5D57B5",
    "lanthanide": "#2FA98C",
    "actinide": "#1F7F86",
    "superheavy": "#858B96",
}
"""The colour of a cell, by its part of the table; relatives have colours that are close."""


@dataclass(frozen=True)
class Atom:
    """An element's numbers and its sample.

    `shells` counts the electrons from the inside out; `form` is how a sample looks ("metal",
    "powder", "crystal", "liquid", "gas", "glow" or "none"), `tint` its colour as #RRGGBB.
    """

    number: int
    symbol: str
    weight: str
    group: int | None
    period: int
    block: str
    shells: tuple[int, ...]
    form: str
    tint: str

    @property
    def cell(self) -> tuple[int, int]:
        """Column and row in the drawn table, from 0."""
        return cell_of(self.number)

    @property
    def active(self) -> bool:
        """Whether all its isotopes are radioactive."""
        return self.number >= FIRST_RADIOACTIVE or self.number in (43, 61)

    @property
    def colour(self) -> str:
        return COLOURS[part_of(self.number)]


def cell_of(number: int) -> tuple[int, int]:
    """Column and row of an element in the drawn table, from 0."""
    for first, low in LOW_ROWS:
        if first <= number < first + 15:
            return number - first + 2, low
    row = max(r for r, start in enumerate(PERIOD_STARTS) if number >= start)
    from_left = number - PERIOD_STARTS[row]
    on_the_left = 1 if row == 0 else 2
    if from_left < on_the_left:
        return from_left, row
    return COLUMNS - (PERIOD_STARTS[row + 1] - number), row


def part_of(number: int) -> str:
    """The part of the table, a key of `COLOURS`."""
    column, row = cell_of(number)
    if row >= 7:
        return "lanthanide" if row == 7 else "actinide"
    if number >= FIRST_SUPERHEAVY:
        return "superheavy"
    if number == 1:
        return "hydrogen"
    return f"period {row + 1}" if 2 <= column <= 11 else f"group {column + 1}"


@lru_cache(maxsize=1)
def symbols() -> tuple[str, ...]:
    """The symbols of all elements; that of number n stands at n - 1."""
    rows = read_table(Path(__file__).parent / "atoms.csv")
    return tuple(row["symbol"] for row in rows)
