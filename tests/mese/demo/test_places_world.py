"""Cities abroad: in their countries' outlines, on maps that hold them, told by what is near."""

from __future__ import annotations

import csv
import random
from collections import Counter

import pytest

from mese.demo.families.places import FOLDER, geometry, map_looks, nearness, towns, world
from mese.demo.families.places.map_looks import Place

with (FOLDER / "cities_abroad.csv").open(encoding="utf-8", newline="") as stream:
    CITIES = list(csv.DictReader(stream))
COUNTRIES = sorted(world.outlines())


@pytest.mark.parametrize("row", CITIES, ids=lambda row: row["name"])
def test_a_city_lies_in_its_country(row: dict[str, str]) -> None:
    assert world.country_of((float(row["lon"]), float(row["lat"]))) == row["country"]


def test_the_sea_and_other_lands_belong_to_no_country() -> None:
    assert world.country_of((-40, 30)) is None
    assert world.country_of((2.35, 48.86)) is None
    assert world.country_of((-6.26, 53.35)) is None


@pytest.mark.parametrize("country", COUNTRIES)
def test_a_country_has_sixty_points_or_fewer_and_nine_cities_or_more(country: str) -> None:
    assert sum(map(len, world.outlines()[country]["own"])) <= 60
    assert max(map(len, world.outlines()[country]["beyond"])) <= 60
    assert Counter(row["country"] for row in CITIES)[country] >= 9


@pytest.mark.parametrize(
    ("country", "square_kilometres"),
    [
        ("United Kingdom", 244_000),
        ("Germany", 358_000),
        ("Japan", 373_000),
        ("India", 3_190_000),
        ("Brazil", 8_510_000),
        ("Canada", 9_980_000),
        ("Australia", 7_690_000),
    ],
)
def test_an_outline_is_about_as_large_as_its_country(
    country: str, square_kilometres: float
) -> None:
    """By the shoelace formula on the equal-area map; Canada is drawn without its far islands."""
    scale = nearness.EARTH_RADIUS_KM / world.projection(country).scale
    rings = world.drawn(country)["own"]
    area = sum(abs(shoelace(ring)) for ring in rings) * scale**2
    assert area == pytest.approx(square_kilometres, rel=0.12)


def shoelace(ring: geometry.Ring) -> float:
    pairs = zip(ring, [*ring[1:], ring[0]], strict=True)
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in pairs) / 2


@pytest.mark.parametrize("country", COUNTRIES)
def test_a_country_fills_its_map_and_stands_in_the_middle(country: str) -> None:
    left, top, right, bottom = geometry.bounds(world.drawn(country)["own"])
    assert max(right - left, bottom - top) == pytest.approx(world.EXTENT)
    assert ((left + right) / 2, (top + bottom) / 2) == pytest.approx(world.MIDDLE)


def test_north_is_up_on_both_halves_of_the_globe() -> None:
    for country, north, south in (
        ("Australia", (130.84, -12.46), (147.33, -42.88)),
        ("Canada", (-114.07, 51.05), (-82.0, 43.0)),
    ):
        assert world.place(country, *north)[1] < world.place(country, *south)[1]
        assert world.place(country, *north)[0] < world.place(country, *south)[0]


@pytest.mark.parametrize("look", map_looks.LOOKS)
@pytest.mark.parametrize("name", ["London", "Manaus", "Richmond (British Columbia)"])
def test_the_city_is_in_every_window(name: str, look: str) -> None:
    [subject] = [s for s in towns.cities_abroad() if s.name == name]
    place = subject.drawing
    assert isinstance(place, Place)
    assert place.spot is not None
    for seed in range(20):
        left, top, side = map_looks.window(place, map_looks.LOOKS[look], random.Random(seed))
        assert left + 0.05 * side < place.spot[0] < left + 0.95 * side
        assert top + 0.05 * side < place.spot[1] < top + 0.95 * side


def test_a_distance_that_anyone_can_look_up() -> None:
    """London and Berlin are 930 km apart."""
    assert nearness.kilometres((-0.12, 51.51), (13.40, 52.52)) == pytest.approx(930, abs=10)


def test_quarters_of_the_compass_by_hand() -> None:
    others = {"up": (0.0, 5.0), "right": (5.0, 0.5), "aslant": (4.0, 4.0), "far": (0.0, -50.0)}
    found = nearness.around((0.0, 0.0), others)
    assert found == {"north": ("up",), "east": ("right",), "south": (), "west": ()}


def test_fellows_share_a_group() -> None:
    groups = {"a": ["x", "y"], "b": ["y", "z"], "c": ["w"]}
    assert nearness.fellows("y", groups) == ("x", "z")
    assert nearness.fellows("w", groups) == ()
