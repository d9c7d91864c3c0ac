"""Subjects of the solar system from `worlds.csv`: planets, dwarf planets, asteroids, moons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from mese.demo.family import CONTEXTS, Subject, read_table, several, slug
from mese.demo.surfaces import Colour, rgb

FOLDER = Path(__file__).parent
CANDIDATES = "Dwarf planets and candidates"
DWARFS = frozenset({"Ceres", "Pluto", "Haumea", "Makemake", "Xena"})
"""The members of that class which the International Astronomical Union counts as dwarf planets."""
NEAR = 2.0
"""How many times as far from its parent a neighbour may be, for a sentence to call it near."""

SUN = "the Sun"


@dataclass(frozen=True)
class Body:
    """What the painter needs: what it circles, how far (`rank` in order, 0 next to it), its
    `kin` (class, or parent), how big (kilometres), and its face."""

    name: str
    parent: str
    rank: int
    kin: str
    diameter: float
    kind: str
    colours: tuple[Colour, ...]
    mark: str


@lru_cache(maxsize=1)
def rows() -> list[dict[str, str]]:
    return read_table(FOLDER / "worlds.csv")


def spoken_of(row: Mapping[str, str]) -> tuple[str, ...]:
    """The usual form first: the alias that the name only tells apart, or the name itself.

    An entity that stands under an alias is spoken of by its usual name, its first alias.
    """
    aliases = several(row["aliases"])
    bare = row["name"].split(" (")[0]
    if bare in aliases or f"the {bare}" in aliases or row["name"] in NICKNAMED:
        return aliases
    return (bare, *aliases)


NICKNAMED = frozenset({"Xena", "Jupiter III"})
"""Entities whose vocabulary name is an alias; their first alias is the usual name."""


def _usual(row: Mapping[str, str]) -> str:
    return spoken_of(row)[0]


def _around(parent: str) -> list[dict[str, str]]:
    """All that circle `parent`, nearest first."""
    found = [row for row in rows() if row["parent"] == parent]
    return sorted(found, key=lambda row: float(row["axis"]))


def _beside(row: dict[str, str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The nearest inwards and outwards of the same kind: asteroids among asteroids."""
    near = [r for r in _around(row["parent"]) if set(_kin(r)) & set(_kin(row))]
    at = near.index(row)
    return tuple(map(_usual, near[max(0, at - 1) : at])), tuple(map(_usual, near[at + 1 : at + 2]))


def _near(row: Mapping[str, str], names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the neighbours that are not far away: Sedna's next one, Eris, is."""
    axes = {_usual(other): float(other["axis"]) for other in _around(row["parent"])}
    own = float(row["axis"])
    return tuple(n for n in names if max(own, axes[n]) <= NEAR * min(own, axes[n]))


def _kin(row: Mapping[str, str]) -> tuple[str, ...]:
    return several(row["classes"]) or (row["parent"],)


def _by_size(row: dict[str, str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The next larger and the next smaller of a kind, where their sizes do differ."""
    size = float(row["diameter"])
    kin = [r for r in rows() if set(_kin(r)) & set(_kin(row)) and r is not row]
    above = sorted((float(r["diameter"]), _usual(r)) for r in kin if float(r["diameter"]) > size)
    below = sorted((float(r["diameter"]), _usual(r)) for r in kin if float(r["diameter"]) < size)
    return tuple(n for _, n in above[:1]), tuple(n for _, n in below[-1:])


def _kilometres(diameter: str) -> str:
    size = float(diameter)
    return f"{size * 1000:.0f} metres" if size < 1 else f"{size:,.0f} kilometres"


def _moves(row: dict[str, str]) -> dict[str, tuple[str, ...]]:
    inside, outside = _beside(row)
    larger, smaller = _by_size(row)
    return {
        "inside": inside,
        "outside": outside,
        "next": _near(row, (*inside, *outside)),
        "larger": larger,
        "smaller": smaller,
    }


def _kind(row: Mapping[str, str]) -> tuple[str, ...]:
    """What a sentence may call it; nothing where it is in no class or no settled one."""
    classes = several(row["classes"])
    if not classes:
        return ()
    if CANDIDATES in classes:
        return ("dwarf planet",) if row["name"] in DWARFS else ()
    return ({"Major planets": "planet", "Asteroids": "asteroid"}.get(classes[0], "moon"),)


def slots_of(row: dict[str, str]) -> dict[str, tuple[str, ...]]:
    """All that can be said of a world."""
    return _moves(row) | {
        "parent": (row["parent"],),
        "period": (row["period"],),
        "diameter": (_kilometres(row["diameter"]),),
        "finder": several(row["finder"]),
        "year": several(row["year"]),
        "feature": several(row["features"]),
        "story": (row["story"],),
        "visitor": several(row["visitors"]),
        "kind": _kind(row),
    }


def body_of(row: dict[str, str]) -> Body:
    around = _around(row["parent"])
    colours = tuple(rgb(colour) for colour in row["colours"].split())
    return Body(
        row["name"],
        row["parent"],
        around.index(row),
        _kin(row)[0],
        float(row["diameter"]),
        row["kind"],
        colours,
        row["marks"],
    )


@lru_cache(maxsize=1)
def bodies() -> dict[str, tuple[Body, ...]]:
    """What circles each world or the Sun, nearest first, by the parent's usual name."""
    parents = dict.fromkeys(row["parent"] for row in rows())
    return {parent: tuple(body_of(row) for row in _around(parent)) for parent in parents}


def kin_of(body: Body) -> list[Body]:
    """Those of its kind that circle what it circles, itself among them, nearest first."""
    return [other for other in bodies()[body.parent] if other.kin == body.kin]


def company_of(body: Body) -> list[Body]:
    """With whom a diagram shows it: the planets for whatever circles the Sun, else its kin."""
    if body.parent != SUN:
        return kin_of(body)
    planets = {other for other in bodies()[SUN] if other.kin == "Major planets"}
    return sorted(planets | {body}, key=lambda other: other.rank)


@lru_cache(maxsize=1)
def by_usual_name() -> dict[str, Body]:
    return {_usual(row): body_of(row) for row in rows()}


def subjects() -> tuple[Subject, ...]:
    """The subjects in the table's order."""
    return tuple(
        Subject(
            f"sky/{slug(row['name'])}",
            row["name"],
            spoken_of(row),
            several(row["classes"]),
            slots_of(row),
            body_of(row),
            int(row["tail"] or CONTEXTS),
            row["name"] in NICKNAMED,
        )
        for row in rows()
    )
