"""Figure 3's seven regions: by hand, against counting one entity at a time, and by their sums."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mese.engine import Engine, Options
from mese.overlap import (
    BOTH,
    IMAGE,
    REGIONS,
    TEXT,
    VIEWS,
    Change,
    changes,
    how_often,
    overlap,
    overlap_of,
    total,
)
from tests.conftest import CITIES, NAMES, STRANGER, write_toy_bundle

LISTS = {
    TEXT: [1, 2, 3, 9, 4],
    IMAGE: [2, 8, 5, 3, 6],
    BOTH: [3, 5, 6, 1, 7],
}
GOLD = {1, 2, 3, 4, 5, 6, 7, 10}


def counts_of(**regions: int) -> list[int]:
    """Counts in the order of REGIONS, by words; the rest are 0."""
    names = ["t", "i", "b", "ti", "tb", "ib", "tib"]
    return [regions.get(name, 0) for name in names]


def test_a_hand_worked_query() -> None:
    found = overlap(LISTS, GOLD)
    # 4 by text; 7 by both; 2 by text and image; 1 by text and both; 5, 6 by image and both; 3.
    sizes = [len(found.regions[region]) for region in REGIONS]
    assert sizes == counts_of(t=1, b=1, ti=1, tb=1, ib=2, tib=1)
    assert found.regions[frozenset({IMAGE, BOTH})] == (5, 6)
    assert found.gained == (7, 5, 6)
    assert found.lost == (4, 2)
    assert found.possible == 8


def test_only_the_first_ones_count() -> None:
    found = overlap(LISTS, GOLD, cut=2)
    sizes = [len(found.regions[region]) for region in REGIONS]
    # Text 1, 2; image 2 (8 is no gold); both 3, 5.
    assert sizes == counts_of(t=1, b=2, ti=1)
    assert found.possible == 2


def test_sums_over_queries_and_their_shares() -> None:
    both = total([overlap(LISTS, GOLD), overlap(LISTS, GOLD, cut=2)], left_out=3)
    assert [both.counts[region] for region in REGIONS] == counts_of(
        t=2, b=3, ti=2, tb=1, ib=2, tib=1
    )
    assert (both.gained, both.lost, both.possible) == (5, 4, 10)
    assert (both.found(TEXT), both.found(IMAGE), both.found(BOTH)) == (6, 5, 7)
    assert (both.share(both.gained), both.queries, both.left_out) == (0.5, 2, 3)
    assert total([]).share(0) is None


def test_classes_are_named_by_what_changed_in_them() -> None:
    """The hand-worked query gains 3 and loses 2; with a cut of 2 it gains 2 and loses 2."""
    whole, short = overlap(LISTS, GOLD), overlap(LISTS, GOLD, cut=2)
    assert changes([("B", short), ("A", short), ("C", whole), ("B", short)]) == [
        Change("B", 4, 4, 4, 2),
        Change("C", 3, 2, 8, 1),
        Change("A", 2, 2, 2, 1),
    ]
    assert changes([]) == []


def test_entities_are_counted_the_most_frequent_first() -> None:
    assert how_often([3, 9, 9, 1, 3, 9]) == [(9, 3), (3, 2), (1, 1)]


ranked = st.lists(st.integers(0, 30), unique=True, max_size=20)


@given(text=ranked, image=ranked, both=ranked, gold=st.sets(st.integers(0, 30), min_size=1))
def test_regions_hold_each_hit_once_where_it_was_found(
    text: list[int], image: list[int], both: list[int], gold: set[int]
) -> None:
    lists = dict(zip(VIEWS, (text, image, both), strict=True))
    found = overlap(lists, gold, cut=10)
    for entity in range(31):
        by = {view for view in VIEWS if entity in gold and entity in lists[view][:10]}
        held = [region for region in REGIONS if entity in found.regions[region]]
        assert held == ([frozenset(by)] if by else [])
    sums = total([found])
    hits = {view: len(gold & set(lists[view][:10])) for view in VIEWS}
    assert {view: sums.found(view) for view in VIEWS} == hits
    assert sums.gained - sums.lost == hits[BOTH] - hits[TEXT]


def test_what_has_no_figure_is_refused() -> None:
    with pytest.raises(ValueError, match="gold set is empty"):
        overlap(LISTS, set())
    with pytest.raises(ValueError, match="lists of text, image, text"):
        overlap({TEXT: []}, GOLD)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    write_toy_bundle(tmp_path / "toy", VIEWS)
    return Engine.load(tmp_path / "toy")


def test_an_engines_own_lists_are_compared(engine: Engine) -> None:
    gold = [NAMES.index(name) for name in CITIES]
    found = overlap_of(engine, [0, 1, 2], [*gold, STRANGER], Options())
    assert found is not None
    # The toy's three representations are one: whatever is found is found by all.
    assert [len(found.regions[region]) for region in REGIONS] == counts_of(tib=7)
    assert found.possible == 7


def test_what_cannot_be_asked_has_none(engine: Engine) -> None:
    assert overlap_of(engine, [0, STRANGER], [1, 2], Options()) is None
    assert overlap_of(engine, [0, 1], [0, 1, STRANGER], Options()) is None
