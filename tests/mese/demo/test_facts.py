"""The tables: right, whole, and in agreement with one another and with the outlines."""

from __future__ import annotations

import csv
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from mese.demo import family
from mese.demo.families import places
from mese.demo.families.places import geometry
from mese.demo.families.places.flags import descriptions

SUBJECTS = [subject for found in places.families() for subject in found.subjects]
CLASSES = [c for found in places.families() for c in found.classes]


def table(name: str) -> list[dict[str, str]]:
    with (places.FOLDER / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_there_are_fifty_states_and_an_outline_for_each_and_for_the_district() -> None:
    states = {row["name"] for row in table("us_states.csv")}
    assert len(states) == 50
    assert set(geometry.outlines()) == states | {"District of Columbia"}


@pytest.mark.parametrize("row", table("us_cities.csv"), ids=lambda row: row["name"])
def test_a_city_lies_in_its_state(row: dict[str, str]) -> None:
    assert geometry.state_of((float(row["lon"]), float(row["lat"]))) == row["state"]


def test_states_are_neighbours_where_their_outlines_share_an_edge() -> None:
    holders: dict[frozenset[tuple[float, float]], set[str]] = {}
    for state, rings in geometry.outlines().items():
        for ring in rings:
            for edge in pairwise([*ring, ring[0]]):
                holders.setdefault(frozenset(edge), set()).add(state)
    shared: dict[str, set[str]] = {}
    for states in holders.values():
        for state in states:
            shared.setdefault(state, set()).update(states - {state, "District of Columbia"})
    for row in table("us_states.csv"):
        long_names = {"Georgia", "New York", "Washington"}
        told = set(family.several(row["neighbours"]))
        told = {f"{name} (state)" if name in long_names else name for name in told}
        assert told == shared[row["name"]], row["name"]


def test_an_outline_has_sixty_points_or_fewer() -> None:
    sizes = {state: sum(map(len, rings)) for state, rings in geometry.outlines().items()}
    assert max(sizes.values()) <= 60, sizes


def test_countries_are_neighbours_of_their_neighbours() -> None:
    rows = table("countries.csv")
    by_spoken_name = {row["text"] or row["name"]: row for row in rows}
    for row in rows:
        for neighbour in family.several(row["neighbours"]):
            other = by_spoken_name.get(neighbour)
            if other is not None:
                back = family.several(other["neighbours"])
                assert (row["text"] or row["name"]) in back, (row["name"], neighbour)


def test_every_country_has_a_flag_and_every_flag_a_country() -> None:
    codes = [row["code"] for row in table("countries.csv")]
    assert len(codes) == len(set(codes)) >= 110
    assert set(codes) == set(descriptions())


def test_every_class_has_eight_members_or_more() -> None:
    sizes = Counter(name for subject in SUBJECTS for name in subject.classes)
    assert set(sizes) == {c.name for c in CLASSES}
    assert min(sizes.values()) >= 8, sizes


def test_class_names_fit_the_layout() -> None:
    names = [c.name for c in CLASSES]
    assert not [name for name in names if "." in name]
    assert not [(a, b) for a in names for b in names if a != b and a in b]


@pytest.mark.parametrize(
    ("name", "slot", "values"),
    [
        ("Texas", "capital", {"Austin"}),
        ("Texas", "next", {"Arkansas", "Louisiana", "New Mexico", "Oklahoma"}),
        ("Alaska", "next", set()),
        ("South Dakota", "capital", {"Pierre"}),
        ("Chicago", "within", {"Illinois"}),
        ("Seattle", "within", {"Washington"}),
        ("Washington D.C.", "water", {"the Potomac River", "the Anacostia River"}),
        ("Finland", "next", {"Norway", "Russia", "Sweden"}),
        ("Georgia (country)", "capital", {"Tbilisi"}),
        ("Georgia (state)", "capital", {"Atlanta"}),
        ("Peru", "currency", {"the sol"}),
        ("Ghana", "year", {"1957"}),
        ("Finland", "kindred", {"Sweden"}),
        ("Nauru", "purse", {"Tuvalu"}),
        ("Ghana", "purse", set()),
        ("Kansas", "north", {"Nebraska"}),
        ("Kansas", "south", {"Oklahoma"}),
        ("Maine", "town", set()),
        ("Iowa", "fellow", set()),
        ("Kansas", "fellow", {"Nebraska", "North Dakota", "Oklahoma", "South Dakota"}),
        ("Leeds", "within", {"the United Kingdom"}),
        ("Leipzig", "fellow", {"Dresden"}),
    ],
)
def test_facts_that_anyone_can_look_up(name: str, slot: str, values: set[str]) -> None:
    subject = next(s for s in SUBJECTS if name in (s.name, s.spoken[0]))
    assert set(subject.slots[slot]) == values


def test_the_nearest_city_of_oakland_is_san_francisco_and_honolulu_has_none() -> None:
    found = {subject.name: subject.slots["next"] for subject in SUBJECTS}
    assert found["Oakland"][0] == "San Francisco"
    assert found["Perth (Scotland)"][0] == "Edinburgh"
    assert found["Honolulu"] == ()


def test_names_that_two_entities_share_are_aliases_of_both() -> None:
    called: dict[str, set[str]] = {}
    for subject in SUBJECTS:
        for name in (subject.name, *subject.aliases):
            called.setdefault(name, set()).add(subject.name)
    assert called["Georgia"] == {"Georgia (state)", "Georgia (country)"}
    assert called["Washington"] == {"Washington (state)", "Washington D.C."}
    assert called["New York"] == {"New York (state)", "New York City"}
    assert called["NYC"] == {"New York City"}


def test_a_row_of_the_wrong_length_is_refused_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("name,year\nOne,1\nTwo,2,3\n", encoding="utf-8")
    with pytest.raises(family.FactsError, match=r"a\.csv:3"):
        family.read_table(tmp_path / "a.csv")
