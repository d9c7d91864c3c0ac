"""The projection against Snyder's worked example; points in and out of rings."""

from __future__ import annotations

import pytest

from mese.demo.families.places import geometry
from mese.demo.families.places.geometry import Albers


def test_albers_agrees_with_snyders_numerical_example() -> None:
    """Snyder 1987, p. 291: unit sphere, parallels 29.5° and 45.5°, origin 23° N 96° W."""
    x, y = Albers(-96, 23, 29.5, 45.5)(-75, 35)
    assert x == pytest.approx(0.2952720, abs=1e-6)
    assert -y == pytest.approx(0.2416774, abs=1e-6)


@pytest.mark.parametrize(
    ("point", "expected"), [((1, 1), True), ((3, 1), False), ((1, 3), False), ((-1, 1), False)]
)
def test_inside_a_square(point: tuple[float, float], expected: bool) -> None:
    assert geometry.inside(point, [(0, 0), (2, 0), (2, 2), (0, 2)]) is expected


def test_inside_minds_a_notch() -> None:
    notched = [(0, 0), (4, 0), (4, 4), (2, 1), (0, 4)]
    assert not geometry.inside((2, 3), notched)
    assert geometry.inside((2, 0.5), notched)


def test_the_sea_belongs_to_no_state() -> None:
    assert geometry.state_of((-40, 30)) is None


def test_every_outline_is_drawn_within_the_map() -> None:
    left, top, right, bottom = geometry.MAP
    for state, rings in geometry.drawn().items():
        box = geometry.bounds(rings)
        assert box[0] >= left, state
        assert box[1] >= top, state
        assert box[2] <= right, state
        assert box[3] <= bottom, state


@pytest.mark.parametrize("state", sorted(geometry.INSETS))
def test_an_inset_holds_its_state_and_no_other_overlaps_it(state: str) -> None:
    box = geometry.INSET_BOXES[state]
    inner = geometry.bounds(geometry.drawn()[state])
    assert box[0] < inner[0]
    assert box[1] < inner[1]
    assert inner[2] < box[2]
    assert inner[3] < box[3]
    for other, rings in geometry.drawn().items():
        if other != state:
            points = [point for ring in rings for point in ring]
            hits = [p for p in points if box[0] <= p[0] <= box[2] and box[1] <= p[1] <= box[3]]
            assert not hits, other


def test_the_centre_of_colorado_is_where_the_atlas_says() -> None:
    lon, lat = geometry.centre("Colorado")
    assert (lon, lat) == (pytest.approx(-105.55, abs=0.1), pytest.approx(39.0, abs=0.1))
