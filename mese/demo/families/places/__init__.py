"""Places: US cities and states on maps, countries by their flags, from the tables beside this.

Cities, states and countries share their sentence frames, so that a frame says little of the class.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from functools import lru_cache, partial
from pathlib import Path

from PIL import Image

from mese.demo.families.places import flag_looks, geometry, map_looks
from mese.demo.families.places.flags import descriptions, paint_flag
from mese.demo.families.places.map_looks import Place
from mese.demo.family import (
    Family,
    Subject,
    read_classes,
    read_frames,
    read_table,
    several,
    slug,
    tables_of,
)

FOLDER = Path(__file__).parent
NEARBY_KM = 400
EARTH_RADIUS_KM = 6371.0

CLASS_NOUNS = frozenset(
    {"city", "cities", "state", "states", "country", "countries", "nation", "nations"}
)
COMMON_WORDS = frozenset(
    "central city democratic east island islands land new north republic saint south state "
    "united west western".split()
)


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
    rows, states = (
        read_table(FOLDER / "us_cities.csv"),
        {r["name"]: r for r in read_table(FOLDER / "us_states.csv")},
    )
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
        subjects.append(Subject(path, row["name"], _spoken(row), ("US cities",), slots, place))
    return subjects


def _states() -> list[Subject]:
    rows, cities = read_table(FOLDER / "us_states.csv"), read_table(FOLDER / "us_cities.csv")
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
        subjects.append(Subject(path, row["name"], _spoken(row), ("US states",), slots, place))
    return subjects


def _countries() -> list[Subject]:
    subjects = []
    for row in read_table(FOLDER / "countries.csv"):
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
        drawing = (row["code"], descriptions()[row["code"]])
        subjects.append(Subject(path, row["name"], _spoken(row), classes, slots, drawing))
    return subjects


def paint_place(subject: Subject, look: str | None, rng: random.Random) -> Image.Image:
    """A locator map of a city or state."""
    place = subject.drawing
    if not isinstance(place, Place):
        raise TypeError(f"{subject.name!r} has no place on the map")
    return map_looks.paint_map(place, look, rng) if look else map_looks.paint_reference(place)


def paint_country(subject: Subject, look: str | None, rng: random.Random) -> Image.Image:
    """A country's flag; `drawing` is its code and its description."""
    flag = paint_flag(str(subject.drawing[0]))  # type: ignore[index]
    return flag_looks.LOOKS[look](flag, rng) if look else flag_looks.reference(flag)


@lru_cache(maxsize=1)
def families() -> tuple[Family, ...]:
    """Cities and states, and countries."""
    classes = read_classes(FOLDER / "classes.csv")
    frames = read_frames(FOLDER / "frames.toml")
    on_maps = tuple(c for c in classes if c.middle != "Countries")
    by_flag = tuple(c for c in classes if c.middle == "Countries")
    family = partial(
        Family,
        frames=frames,
        class_nouns=CLASS_NOUNS,
        common_words=COMMON_WORDS,
        tables=tables_of(FOLDER),
    )
    return (
        family(
            name="cities-and-states",
            classes=on_maps,
            subjects=(*_cities(), *_states()),
            looks=tuple(map_looks.LOOKS),
            paint=paint_place,
        ),
        family(
            name="countries",
            classes=by_flag,
            subjects=tuple(_countries()),
            looks=tuple(flag_looks.LOOKS),
            paint=paint_country,
        ),
    )
