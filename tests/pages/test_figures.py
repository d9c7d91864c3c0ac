"""The Overview's figures: what they count, and that names stay names."""

from __future__ import annotations

import html
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from db.corpus import ClassSize
from pages.parts.figures import MOST_BARS, binned, class_sunburst, contexts_histogram, label

SIZES = [
    ClassSize("World", "Places", "US cities", 4),
    ClassSize("World", "Places", "US states", 1),
    ClassSize("Sky", "Places", "Moons", 7),
]


def rings(sizes: list[ClassSize]) -> dict[int, dict[str, int]]:
    """Depth → label → value, as Plotly would draw it."""
    (trace,) = class_sunburst(sizes)["data"]
    parents = dict(zip(trace["ids"], trace["parents"], strict=True))
    found: dict[int, dict[str, int]] = {}
    for own, text, value in zip(trace["ids"], trace["labels"], trace["values"], strict=True):
        depth, place = 0, own
        while place := parents[place]:
            depth += 1
        found.setdefault(depth, {}).setdefault(text, 0)
        found[depth][text] += value
    return found


def test_the_sunburst_has_three_rings_that_count_alike() -> None:
    assert rings(SIZES) == {
        0: {"World": 5, "Sky": 7},
        1: {"Places": 12},  # two middle classes of one name, each within its own coarse class
        2: {"US cities": 4, "US states": 1, "Moons": 7},
    }
    assert sorted(rings(SIZES[:2])) == [0, 1, 2]  # also with one coarse class


def test_a_level_without_a_name_is_left_out() -> None:
    assert rings([ClassSize("", "", "Birds", 3)]) == {0: {"Birds": 3}}


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=60))
def test_a_label_shows_the_name_and_runs_nothing(name: str) -> None:
    lines = label(name).split("<br>")
    assert not any("<" in line or ">" in line for line in lines)
    shown = "".join(html.unescape(line) for line in lines)
    kept = shown.removesuffix(" …").removesuffix("…")
    assert "".join(name.split()).startswith("".join(kept.split()))


def test_a_very_long_label_is_cut() -> None:
    assert len(label("long " * 1_000)) < 120


HISTOGRAMS = st.dictionaries(st.integers(0, 5_000), st.integers(1, 900), max_size=80)


@given(HISTOGRAMS)
def test_bins_hold_every_entity_once_and_are_few(histogram: dict[int, int]) -> None:
    bins = binned(histogram)
    assert len(bins) <= MOST_BARS
    assert len({b.last - b.first for b in bins}) <= 1
    assert all(a.last < b.first for a, b in pairwise(bins))
    for b in bins:
        inside = sum(n for value, n in histogram.items() if b.first <= value <= b.last)
        assert b.entities == inside
    assert sum(b.entities for b in bins) == sum(histogram.values())


def test_few_numbers_of_contexts_keep_a_bar_each() -> None:
    assert [(b.first, b.last, b.entities) for b in binned({12: 600, 2: 5, 3: 1})] == [
        (2, 2, 5),
        (3, 3, 1),
        (12, 12, 600),
    ]


def test_one_bar_alone_has_room_beside_it_and_a_whole_number_below() -> None:
    figure = contexts_histogram({12: 264})
    low, high = figure["layout"]["xaxis"]["range"]
    assert low < 11
    assert high > 13
    assert figure["layout"]["xaxis"]["tickvals"] == [12]


def test_no_tick_lies_below_the_fewest() -> None:
    assert contexts_histogram({1: 3, 2: 9})["layout"]["xaxis"]["tickvals"] == [1, 2]
    assert contexts_histogram({})["data"][0]["x"] == []


def test_what_the_pointer_is_on_is_named_in_whole_and_counted() -> None:
    long = "Cities of the very long name <i>of</i> which the middle of the figure shows little"
    (trace,) = class_sunburst([ClassSize("World", "", long, 1)])["data"]
    assert [html.unescape(text) for text in trace["hovertext"]] == [
        "World: 1 member",
        f"{long}: 1 member",
    ]
    assert "<i>" not in "".join(trace["hovertext"])
    (trace,) = contexts_histogram({1: 1, 2: 9})["data"]
    assert trace["customdata"] == ["1 entity with 1 context", "9 entities with 2 contexts"]
