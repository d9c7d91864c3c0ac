"""The facts of the embedded corpus, read from the plain tables in facts/.

A `Subject` is an entity before it has a number: its names, its fine classes, what can be said of
it (slot → values, see facts/frames.toml) and what is drawn of it (a flag or a place on the map).
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from mese.corpus import SemanticClass
from mese.demo import geometry
from mese.demo.map_looks import Place

FACTS = Path(__file__).parent / "facts"
NEARBY_KM = 400
EARTH_RADIUS_KM = 6371.0

Slots = Mapping[str, tuple[str, ...]]


class FactsError(ValueError):
    """A table that cannot be used; names the file, the row and the reason."""


@dataclass(frozen=True)
class Subject:
    """An entity's facts. `spoken` are the forms a sentence may use, the usual one first; a leading
    "the" stays outside the mention. `flag` or `place` says what its pictures show."""

    slug: str
    name: str
    spoken: tuple[str, ...]
    classes: tuple[str, ...]
    slots: Slots = field(repr=False)
    flag: str | None = None
    place: Place | None = None

    @property
    def aliases(self) -> tuple[str, ...]:
        """Other names for the entity, without articles; what a sentence may use is among them."""
        names = dict.fromkeys(without_article(form) for form in self.spoken)
        return tuple(name for name in names if name != self.name)


def without_article(form: str) -> str:
    return form.removeprefix("the ")


def slug(text: str) -> str:
    """A file name for a name: lower case, words joined by hyphens."""
    return re.sub(r"[\W_]+", "-", text.casefold()).strip("-")


def read_table(name: str) -> list[dict[str, str]]:
    """The rows of facts/NAME; raises `FactsError` for a row of the wrong length."""
    with (FACTS / name).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for number, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            raise FactsError(f"{name}:{number}: not as many cells as the header has; mend the row")
    return rows


def several(cell: str) -> tuple[str, ...]:
    """The values of a cell; several are separated by bars."""
    return tuple(part.strip() for part in cell.split("|") if part.strip())


def semantic_classes() -> tuple[SemanticClass, ...]:
    rows = read_table("classes.csv")
    return tuple(SemanticClass(r["name"], r["middle"], r["coarse"]) for r in rows)


def _spoken(row: Mapping[str, str]) -> tuple[str, ...]:
    usual = row.get("text") or row["name"]
    return tuple(dict.fromkeys((usual, *several(row["aliases"]))))


def _spoken_of(rows: list[dict[str, str]]) -> dict[str, str]:
    """Entity name → how a sentence calls it when it is about another one."""
    return {row["name"]: _spoken(row)[0] for row in rows}


def _common(row: Mapping[str, str], region: str) -> dict[str, tuple[str, ...]]:
    return {
        "water": several(row["waters"]),
        "landmark": several(row["landmarks"]),
        "product": several(row["products"]),
        "year": several(row["year"]),
        "region": several(region),
    }


def _kilometres(a: Mapping[str, str], b: Mapping[str, str]) -> float:
    """Great-circle distance of two rows with lon and lat (haversine formula)."""
    lon_a, lat_a, lon_b, lat_b = (math.radians(float(r[k])) for r in (a, b) for k in ("lon", "lat"))
    h = math.sin((lat_b - lat_a) / 2) ** 2
    h += math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(h))


def _nearby(row: dict[str, str], rows: list[dict[str, str]]) -> tuple[str, ...]:
    """The three nearest other cities, if they are near."""
    others = sorted((_kilometres(row, other), other["name"]) for other in rows if other is not row)
    return tuple(name for distance, name in others[:3] if distance <= NEARBY_KM)


def _cities() -> list[Subject]:
    rows, states = read_table("us_cities.csv"), {r["name"]: r for r in read_table("us_states.csv")}
    names = _spoken_of(list(states.values()))
    subjects = []
    for row in rows:
        # The District of Columbia is no state: it has an outline, but no row of its own.
        region = states[row["state"]]["region"] if row["state"] in states else "the Mid-Atlantic"
        slots = _common(row, region) | {
            "kind": ("city",),
            "next": _nearby(row, rows),
            "team": several(row["teams"]),
            "within": several(names.get(row["state"], "")),
        }
        spot = geometry.place(row["state"], float(row["lon"]), float(row["lat"]))
        place = Place(row["state"], spot)
        path = f"us-cities/{slug(row['name'])}"
        subjects.append(
            Subject(path, row["name"], _spoken(row), ("US cities",), slots, None, place)
        )
    return subjects


def _states() -> list[Subject]:
    rows, cities = read_table("us_states.csv"), read_table("us_cities.csv")
    names = _spoken_of(rows)
    subjects = []
    for row in rows:
        own = [city for city in cities if city["state"] == row["name"]]
        slots = _common(row, row["region"]) | {
            "kind": ("state",),
            "next": tuple(names.get(n, n) for n in several(row["neighbours"])),
            "capital": (row["capital"],),
            "town": tuple(dict.fromkeys((row["largest"], *(city["name"] for city in own)))),
            "team": tuple(team for city in own for team in several(city["teams"])),
            "code": (row["postal"],),
            "within": ("the United States",),
        }
        path, place = f"us-states/{slug(row['name'])}", Place(row["name"])
        subjects.append(
            Subject(path, row["name"], _spoken(row), ("US states",), slots, None, place)
        )
    return subjects


def _countries() -> list[Subject]:
    subjects = []
    for row in read_table("countries.csv"):
        slots = _common(row, row["region"]) | {
            "kind": ("country",),
            "next": several(row["neighbours"]),
            "capital": (row["capital"],),
            "town": (row["capital"],),
            "language": several(row["languages"]),
            "currency": (row["currency"],),
            "code": (row["code"].upper(),),
        }
        path, classes = f"countries/{slug(row['name'])}", several(row["classes"])
        subjects.append(Subject(path, row["name"], _spoken(row), classes, slots, row["code"]))
    return subjects


@lru_cache(maxsize=1)
def subjects() -> tuple[Subject, ...]:
    """All subjects in corpus order. Raises `FactsError` where the tables contradict themselves."""
    found = (*_cities(), *_states(), *_countries())
    known = {c.name for c in semantic_classes()}
    seen: set[str] = set()
    for subject in found:
        if subject.name in seen:
            raise FactsError(f"{subject.name!r} is in the tables twice; entity names are unique")
        seen.add(subject.name)
        for name in subject.classes:
            if name not in known:
                raise FactsError(f"{subject.name!r}: no class {name!r} in classes.csv; add it")
    return found
