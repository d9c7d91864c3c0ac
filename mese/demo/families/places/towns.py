"""Cities and US states: their rows made into subjects that a map points out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from mese.demo.families.places import geometry, nearness, world
from mese.demo.families.places.geometry import Point
from mese.demo.families.places.map_looks import Place
from mese.demo.families.places.rows import Row, common, in_letters, names_by, subject, usual
from mese.demo.family import Subject, read_table, several

FOLDER = Path(__file__).parent
DISTRICT_REGION = "the Mid-Atlantic"
"""The District of Columbia is no state: it has an outline, but no row of its own."""
DEMONYMS = {
    "United Kingdom": "British",
    "Germany": "German",
    "Japan": "Japanese",
    "India": "Indian",
    "Brazil": "Brazilian",
    "Canada": "Canadian",
    "Australia": "Australian",
}
"""Country → the word that opens the name of its class of cities."""


def _at(row: Row) -> Point:
    return float(row["lon"]), float(row["lat"])


def _spots(rows: Sequence[Row]) -> dict[str, Point]:
    return {usual(row): _at(row) for row in rows}


def _others(spots: Mapping[str, Point], row: Row) -> dict[str, Point]:
    return {name: spot for name, spot in spots.items() if name != usual(row)}


def _city_slots(
    row: Row, region: str, within: str, spots: Mapping[str, Point], regions: Mapping[str, list[str]]
) -> dict[str, tuple[str, ...]]:
    others = _others(spots, row)
    return {
        **common(row, region),
        "kind": ("city",),
        "next": nearness.nearest(_at(row), others),
        "fellow": nearness.fellows(usual(row), regions),
        "team": several(row["teams"]),
        "within": (within,) if within else (),
        **nearness.around(_at(row), others),
    }


def us_cities() -> list[Subject]:
    rows = read_table(FOLDER / "us_cities.csv")
    states = {row["name"]: row for row in read_table(FOLDER / "us_states.csv")}
    region_of = {name: row["region"] for name, row in states.items()}
    regions = names_by(rows, lambda row: region_of.get(row["state"], DISTRICT_REGION))
    spots, subjects = _spots(rows), []
    for row in rows:
        state = states.get(row["state"])
        region = state["region"] if state else DISTRICT_REGION
        slots = _city_slots(row, region, usual(state) if state else "", spots, regions)
        drawing = Place(row["state"], geometry.place(row["state"], *_at(row)))
        subjects.append(subject("us-cities", row, ("US cities",), slots, drawing))
    return subjects


def cities_abroad() -> list[Subject]:
    countries = {r["name"]: usual(r) for r in read_table(FOLDER / "countries.csv")}
    rows, subjects = read_table(FOLDER / "cities_abroad.csv"), []
    regions = names_by(rows, lambda row: row["region"])
    for row in rows:
        spots = _spots([other for other in rows if other["country"] == row["country"]])
        within = countries.get(row["country"], row["country"])
        slots = _city_slots(row, row["region"], within, spots, regions)
        drawing = Place(row["country"], world.place(row["country"], *_at(row)))
        fine = f"{DEMONYMS[row['country']]} cities"
        subjects.append(subject("cities-abroad", row, (fine,), slots, drawing))
    return subjects


def us_states() -> list[Subject]:
    rows, cities = read_table(FOLDER / "us_states.csv"), read_table(FOLDER / "us_cities.csv")
    regions = names_by(rows, lambda row: row["region"])
    years = names_by(rows, lambda row: row["year"])
    centres = {usual(row): geometry.centre(row["name"]) for row in rows}
    subjects = []
    for row in rows:
        own = [city for city in cities if city["state"] == row["name"]]
        next_to = several(row["neighbours"])
        near = {name: centres[name] for name in next_to}
        slots = common(row, row["region"]) | {
            "kind": ("state",),
            "next": next_to,
            "fellow": nearness.fellows(usual(row), regions),
            "agemate": nearness.fellows(usual(row), years),
            "capital": (row["capital"],),
            "town": _towns(row, own, cities),
            "team": tuple(team for city in own for team in several(city["teams"])),
            "code": (in_letters(row["postal"]),),
            "within": ("the United States",),
            **nearness.around(centres[usual(row)], near),
        }
        drawing = Place(row["name"])
        subjects.append(subject("us-states", row, ("US states",), slots, drawing))
    return subjects


def _towns(state: Row, own: Sequence[Row], cities: Sequence[Row]) -> tuple[str, ...]:
    """The state's cities; its largest is left out where a sentence would mean a namesake.

    Maine's Portland is not the city of that name in the table.
    """
    mine = [usual(city) for city in own]
    elsewhere = {usual(city) for city in cities} - set(mine)
    largest = () if state["largest"] in elsewhere else (state["largest"],)
    return tuple(dict.fromkeys((*largest, *mine)))
