"""Figure 3 on the page: what is drawn are the counts, and all queries are the sum of each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st

from db.cases import read_case
from mese.engine import Options
from mese.overlap import BOTH, REGIONS, TEXT, VIEWS, Change, Totals, overlap, overlap_of, total
from pages.parts import case_overlap, house
from pages.parts.address import View
from pages.parts.all_overlaps import classes_html, count_all
from pages.parts.case_columns import QueryNow
from pages.parts.case_overlap import SPOTS, counts_html, overlap_figure, region_words
from tests.conftest import CLASSES, NAMES, STRANGER
from tests.pages.case_home import LEAD, keep, main_engine, make_home

TOTALS = total([overlap({TEXT: [1, 2], "image": [2, 3], BOTH: [1, 3, 4]}, {1, 2, 3, 4, 5})])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    make_home(tmp_path).close()
    monkeypatch.setenv("MESE_HOME", str(tmp_path))
    st.cache_resource.clear()
    yield tmp_path
    house.store().close()
    st.cache_resource.clear()


def test_the_picture_shows_the_seven_counts_each_in_its_place() -> None:
    counts = overlap_figure(TOTALS)["data"][0]
    shown = dict(zip(zip(counts["x"], counts["y"], strict=True), counts["text"], strict=True))
    assert shown == {SPOTS[region]: f"<b>{TOTALS.counts[region]}</b>" for region in REGIONS}
    assert sum(TOTALS.counts.values()) == 4


def inside(spot: tuple[float, float], circle: dict[str, float]) -> bool:
    x, y = (circle["x0"] + circle["x1"]) / 2, (circle["y0"] + circle["y1"]) / 2
    return (spot[0] - x) ** 2 + (spot[1] - y) ** 2 < ((circle["x1"] - circle["x0"]) / 2) ** 2


def test_a_count_lies_in_just_the_circles_of_its_region() -> None:
    circles = dict(zip(VIEWS, overlap_figure(TOTALS)["layout"]["shapes"], strict=True))
    for region, spot in SPOTS.items():
        assert {view for view in VIEWS if inside(spot, circles[view])} == region


def test_regions_are_told_in_the_papers_letters() -> None:
    assert [region_words(region) for region in REGIONS] == [
        *("T only", "V only", "T+V only", "T and V", "T and T+V", "V and T+V", "all three")
    ]


def test_counts_stand_with_their_shares() -> None:
    table = counts_html(TOTALS)
    # Gained: 3 and 4 are found with the images; lost: 2. Five could be found.
    assert '<th scope="row">gained: T+V without T</th><td>2</td><td>40.00%</td>' in table
    assert '<th scope="row">lost: T without T+V</th><td>1</td><td>20.00%</td>' in table


def test_all_queries_are_the_sum_of_each(home: Path) -> None:
    engine, steps = main_engine(home), []
    counted = count_all(engine, lambda done, of: steps.append((done, of)))
    assert steps[-1] == (2, 2)
    queries = {"US cities": (0, 1, 2), "US states": (10, 11, 12)}
    gained: list[int] = []
    possible = hits = 0
    for name, seeds in queries.items():
        gold = {NAMES.index(member) for member in CLASSES[name]} - set(seeds)
        found = {}
        for view in (TEXT, BOTH):
            options = Options(size=100, candidates=view, seeds=view)
            found[view] = {result.id for result in engine.expand(seeds, options).results} & gold
        gained += found[BOTH] - found[TEXT]
        hits += len(found[BOTH])
        possible += len(gold)
    three = counted[3]
    assert (three.totals.possible, three.totals.found(BOTH)) == (possible, hits)
    assert sorted(entity for entity, _ in three.gained) == sorted(gained)
    assert (three.totals.queries, three.totals.left_out) == (2, 0)


def test_names_of_classes_are_escaped() -> None:
    assert "<i>" not in classes_html([Change("<i>Odd</i>", 1, 2, 3, 4)])


@pytest.mark.parametrize("seeds", [(0, 1, STRANGER), (STRANGER,)])
def test_a_seed_that_the_bundle_does_not_know_is_gone_without(
    home: Path, monkeypatch: pytest.MonkeyPatch, seeds: tuple[int, ...]
) -> None:
    monkeypatch.setenv("MESE_BUNDLE", "main")
    told: list[str] = []
    drawn: list[Totals] = []
    monkeypatch.setattr(st, "info", lambda text, **_: told.append(text))
    monkeypatch.setattr(case_overlap, "draw_totals", drawn.append)
    case = read_case(house.store(), keep(house.store(), home))
    assert case is not None
    view = View(seeds, 20)
    monkeypatch.setattr(case_overlap, "query_now", lambda case: QueryNow(view, ()))
    case_overlap.draw_case_overlap(LEAD, case)
    assert told[0] == "The model does not know Stranger; the figure is made without it."
    known = [seed for seed in seeds if seed != STRANGER]
    if not known:
        assert told[1:] == ["The model knows none of the seeds, so there are no hits to count."]
        return
    assert told[1:] == []
    gold = {NAMES.index(member) for member in CLASSES["US cities"]} - set(seeds)
    found = overlap_of(main_engine(home), known, gold, Options(size=20))
    assert found is not None
    assert drawn == [total([found])]
