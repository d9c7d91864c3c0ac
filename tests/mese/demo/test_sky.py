"""The sky's tables against Kepler's law, the ecliptic, known separations, and one another."""

from __future__ import annotations

import math
import re
from statistics import median

import numpy as np
import pytest

from mese.demo.families.sky import chart, families, worlds
from mese.demo.families.sky.chart import Figure, Star, catalogue
from mese.demo.families.sky.globe import View, ball, globe
from mese.demo.family import FactsError, Subject

WORLDS, HEAVENS = families()
ROWS = worlds.rows()
BY_NAME = {subject.name: subject for family in (WORLDS, HEAVENS) for subject in family.subjects}
YEAR = 365.25


def days(period: str) -> float:
    number = float(re.sub(r"[^\d.]", "", period))
    return number * YEAR if "year" in period else number


def separation(a: Star, b: Star) -> float:
    """Degrees between two stars."""
    cos = sum(
        x * y for x, y in zip(chart.vector(a.ra, a.dec), chart.vector(b.ra, b.dec), strict=True)
    )
    return math.degrees(math.acos(min(1.0, cos)))


def figure(name: str) -> Figure:
    drawing = BY_NAME[name].drawing
    assert isinstance(drawing, Figure)
    return drawing


@pytest.mark.parametrize("parent", ["the Sun", "Jupiter", "Saturn", "Uranus", "Neptune", "Mars"])
def test_periods_and_distances_obey_kepler_s_third_law(parent: str) -> None:
    """The square of the period over the cube of the axis is one number around one body."""
    around = [row for row in ROWS if row["parent"] == parent]
    ratios = {row["name"]: days(row["period"]) ** 2 / float(row["axis"]) ** 3 for row in around}
    usual = median(ratios.values())
    if parent == "the Sun":
        assert usual == pytest.approx(YEAR**2, rel=0.02)
    off = {name: ratio / usual for name, ratio in ratios.items() if not 0.9 < ratio / usual < 1.1}
    assert off == {}


@pytest.mark.parametrize(
    ("name", "slot", "values"),
    [
        ("Jupiter", "inside", ("Mars",)),
        ("Jupiter", "outside", ("Saturn",)),
        ("Mercury (planet)", "inside", ()),
        ("Io", "inside", ("Thebe",)),
        ("Io", "outside", ("Europa",)),
        ("Titan", "larger", ()),
        ("Titan", "smaller", ("Rhea",)),
        ("Titan", "finder", ("Christiaan Huygens",)),
        ("Ceres", "year", ("1801",)),
        ("Jupiter", "next", ("Saturn",)),
        ("Sedna", "inside", ("Eris",)),
        ("Sedna", "next", ()),
        ("Orcus", "next", ("Pluto",)),
        ("Ceres", "kind", ("dwarf planet",)),
        ("Xena", "kind", ("dwarf planet",)),
        ("Sedna", "kind", ()),
        ("Vesta", "kind", ("asteroid",)),
        ("Mars", "kind", ("planet",)),
        ("Io", "kind", ("moon",)),
        ("Bennu", "diameter", ("490 metres",)),
        ("Rigel", "home", ("Orion",)),
        ("Pole Star", "star", ()),
    ],
)
def test_facts_that_anyone_can_look_up(name: str, slot: str, values: tuple[str, ...]) -> None:
    assert BY_NAME[name].slots.get(slot, ()) == values


def test_names_shared_with_other_families_are_spoken_bare() -> None:
    for name in ("Mercury (planet)", "Phoenix (constellation)", "Juliet (moon)", "Atlas (moon)"):
        assert BY_NAME[name].spoken[0] == name.split(" (")[0]


def test_what_stands_under_an_alias_is_spoken_of_by_its_usual_name() -> None:
    spoken = {s.name: s.spoken[0] for s in BY_NAME.values() if s.synonym}
    assert spoken["Xena"] == "Eris"
    assert spoken["Dog Star"] == "Sirius"
    assert spoken["Southern Cross"] == "Crux"
    assert all(name != usual for name, usual in spoken.items())


@pytest.mark.parametrize(
    ("a", "b", "degrees"),
    [
        (("Gem", "α"), ("Gem", "β"), 4.5),  # Castor and Pollux
        (("UMa", "α"), ("UMa", "β"), 5.4),  # the Pointers
        (("Ori", "α"), ("Ori", "β"), 18.6),  # Betelgeuse and Rigel
        (("Cru", "α1"), ("Cru", "γ"), 6.0),  # the long arm of the Cross
        (("Lyr", "α"), ("Cyg", "α"), 23.8),  # Vega and Deneb
    ],
)
def test_stars_stand_as_far_apart_as_in_the_sky(
    a: tuple[str, str], b: tuple[str, str], degrees: float
) -> None:
    assert separation(catalogue()[a], catalogue()[b]) == pytest.approx(degrees, abs=0.15)


def test_the_pole_star_is_within_a_degree_of_the_pole() -> None:
    assert catalogue()["UMi", "α"].dec > 89


def members(name: str) -> list[Subject]:
    return [s for s in HEAVENS.subjects if name in s.classes]


def test_the_sun_passes_through_the_zodiac() -> None:
    """Each of the twelve has its middle within a hand's breadth of the ecliptic."""
    path = [chart.vector(*spot) for spot in chart.ecliptic()]
    for subject in members("Zodiac constellations"):
        centre = chart.vector(*chart.middle(figure(subject.name)))
        nearest = max(float(np.dot(centre, spot)) for spot in path)
        assert math.degrees(math.acos(nearest)) < 13, subject.name


def test_the_twelve_signs_follow_one_another_eastward() -> None:
    order = [chart.middle(figure(s.name))[0] for s in members("Zodiac constellations")]
    steps = [(b - a) % 360 for a, b in zip(order, [*order[1:], order[0]], strict=True)]
    assert all(10 < step < 60 for step in steps)
    assert sum(steps) == pytest.approx(360)


def test_north_is_north_and_south_is_south_but_for_orion() -> None:
    for name, sign in (("Northern constellations", 1), ("Southern constellations", -1)):
        for subject in members(name):
            if subject.name != "Orion":
                assert chart.middle(figure(subject.name))[1] * sign > 0, subject.name


def test_neighbours_are_near_in_the_sky() -> None:
    """From star to star: figures as long as Hydra's have their middles far away."""
    known = {form.removeprefix("the "): s for s in HEAVENS.subjects for form in s.spoken}
    for subject in HEAVENS.subjects:
        own = _stars_of(subject)
        for name in subject.slots["next"]:
            others = _stars_of(known[name.removeprefix("the ")])
            nearest = min(separation(a, b) for a in own for b in others)
            assert nearest < 40, (subject.name, name)


def test_stars_stand_beside_stars_and_constellations_beside_constellations() -> None:
    kinds = {form: s.slots["kind"] for s in HEAVENS.subjects for form in s.spoken}
    for subject in HEAVENS.subjects:
        assert {kinds[name] for name in subject.slots["next"]} <= {subject.slots["kind"]}


def _stars_of(subject: Subject) -> tuple[Star, ...]:
    drawn = figure(subject.name)
    return drawn.stars if drawn.marked is None else (drawn.stars[drawn.marked],)


def test_stars_have_the_colour_of_their_class() -> None:
    for name, low, high in (("Blue and white stars", -0.4, 0.3), ("Orange and red stars", 0.9, 2)):
        for subject in members(name):
            drawn = figure(subject.name)
            assert drawn.marked is not None
            assert low < drawn.stars[drawn.marked].colour < high, subject.name


def test_the_chart_has_east_on_the_left_and_north_up() -> None:
    centre, east, north = (80.0, 10.0), (81.0, 10.0), (80.0, 11.0)
    spots = chart.project(np.array([centre, east, north]), centre)
    assert spots[0] == pytest.approx([0, 0])
    assert spots[1, 0] == pytest.approx(-math.radians(1) * math.cos(math.radians(10)), rel=1e-3)
    assert spots[2] == pytest.approx([0, -math.radians(1)], abs=1e-4)


def test_a_line_to_an_unknown_star_is_refused_with_its_name() -> None:
    with pytest.raises(FactsError, match="'nowhere' of 'Ori'"):
        chart.figure_of("Ori", "α-nowhere")


def test_a_ball_is_bright_where_the_light_comes_from() -> None:
    body = worlds.by_usual_name()["Venus"]
    pixels = np.asarray(ball(body, 100, View(light=180, height=0.2)).convert("L"), dtype=float)
    assert pixels[50, 15] > 2 * pixels[50, 85]
    assert np.asarray(ball(body, 100, View()))[0, 0, 3] == 0


def test_rings_reach_beyond_the_globe() -> None:
    ringed, plain = (globe(worlds.by_usual_name()[n], 40, View()) for n in ("Saturn", "Jupiter"))
    assert ringed.width > 2 * plain.width
    box = ringed.getbbox()
    assert box is not None
    assert box[2] - box[0] > 1.9 * 80
