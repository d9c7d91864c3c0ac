"""Subjects of the night sky: constellations from `constellations.csv`, stars from `stars.csv`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from mese.demo.families.sky.chart import Figure, figure_of
from mese.demo.family import CONTEXTS, Subject, read_table, several, slug

FOLDER = Path(__file__).parent
COLOURS = {"Blue and white stars": "blue-white", "Orange and red stars": "orange"}


@lru_cache(maxsize=2)
def rows(table: str) -> list[dict[str, str]]:
    return read_table(FOLDER / table)


def _spoken(row: Mapping[str, str]) -> tuple[str, ...]:
    """The usual form first; a name that the table gives as an alias too is told apart by it."""
    aliases = several(row["aliases"])
    if row["name"] in aliases or f"the {row['name']}" in aliases or "(" in row["name"]:
        return aliases
    return (row["name"], *aliases)


def _is_alias(row: Mapping[str, str]) -> bool:
    return "(" not in row["name"] and _spoken(row)[0] != row["name"]


def _constellation_slots(row: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    own = [star for star in rows("stars.csv") if star["star"].split(":")[0] == row["abbr"]]
    return {
        "next": several(row["next"]),
        "month": (row["month"],),
        "story": several(row["story"]),
        "object": several(row["objects"]),
        "star": tuple(_spoken(star)[0] for star in own),
        "by": (row["by"],),
        "kind": ("constellation",),
    }


def _star_slots(row: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {
        "next": several(row["near"]),
        "month": (row["month"],),
        "story": several(row["story"]),
        "light": (row["light"],),
        "home": (row["home"],),
        "colour": tuple(COLOURS[c] for c in several(row["classes"])),
        "kind": ("star",),
    }


def _subject(row: Mapping[str, str], slots: dict[str, tuple[str, ...]], drawing: Figure) -> Subject:
    return Subject(
        f"sky/{slug(row['name'])}",
        row["name"],
        _spoken(row),
        several(row["classes"]),
        slots,
        drawing,
        int(row["tail"] or CONTEXTS),
        _is_alias(row),
    )


def subjects() -> tuple[Subject, ...]:
    """Constellations, then stars, in the tables' order."""
    figures = {row["abbr"]: row["figure"] for row in rows("constellations.csv")}
    named = tuple(
        _subject(row, _constellation_slots(row), figure_of(row["abbr"], row["figure"]))
        for row in rows("constellations.csv")
    )
    stars = []
    for row in rows("stars.csv"):
        abbr, letter = row["star"].split(":")
        stars.append(_subject(row, _star_slots(row), figure_of(abbr, figures[abbr], letter)))
    return (*named, *stars)
