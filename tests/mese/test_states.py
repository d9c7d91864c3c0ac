"""Cosine of mask states against the formula, what an index keeps of them, and what has none."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

import mese.states
from mese.bundle import BundleError
from mese.index import EntityIndex
from mese.index_file import read_index, write_index
from mese.live_rows import LiveRows
from mese.mentions import SeedError
from mese.methods import METHODS, answerable
from mese.neighbours import with_neighbours
from mese.states import state_search
from tests.mese.test_expand import distributions, draw_queries

WIDTH = 6
Floats = NDArray[np.float64]


def draw_states(size: int, seed: int, width: int = WIDTH) -> NDArray[np.float32]:
    """States with what all of them share, as a model's have."""
    rng = np.random.default_rng(seed)
    return (rng.normal(0, 1, (size, width)) + rng.normal(0, 5, width)).astype(np.float32)


def index_of(size: int, seed: int, width: int = WIDTH) -> EntityIndex:
    return EntityIndex.from_distributions(
        *distributions(size, seed, "random"), draw_states(size, seed, width)
    )


def without(index: EntityIndex) -> EntityIndex:
    return replace(index, mean_state=None)


def naive_units(states: NDArray[np.float32]) -> list[Floats]:
    """u of every entity, straight from the formula."""
    telling = [row.astype(float) for row in states if row.any()]
    mean = sum(telling) / len(telling)
    units = []
    for row in states:
        own = row.astype(float) - mean if row.any() else np.zeros(states.shape[1])
        length = float(np.sqrt((own**2).sum()))
        units.append(own / length if length else own)
    return units


def cosine(a: Floats, b: Floats) -> float:
    scale = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / scale if scale else 0.0


@settings(max_examples=30)
@given(st.integers(4, 60), st.integers(0, 10**6))
def test_scores_are_the_formulas(size: int, seed: int) -> None:
    index = index_of(size, seed)
    assert index.mean_state is not None
    (query,) = draw_queries(size, 3, 1, seed)
    (found,) = state_search(index, [query], size)
    units = naive_units(index.mean_state)
    centre = units[query[0]] + units[query[1]] + units[query[2]]
    assert {p for p, _ in found} == set(range(size)) - set(query)
    for position, score in found:
        assert score == pytest.approx(cosine(units[position], centre), abs=1e-5)
    assert [score for _, score in found] == sorted((s for _, s in found), reverse=True)


def test_a_case_by_hand() -> None:
    """The mean is (1, 1); centred, entity 1 is where the seed is, 2 at a right angle, 3 against."""
    states = np.array([[3, 1], [1.5, 1], [1, 4], [-1.5, -2]], np.float32)
    assert states.mean(axis=0).tolist() == [1, 1]
    index = EntityIndex.from_distributions(*distributions(4, 1, "random"), states)
    ((first, second, third),) = state_search(index, [[0]], 10)
    assert [first[0], second[0], third[0]] == [1, 2, 3]
    against = -2.5 / np.hypot(2.5, 3)
    assert [first[1], second[1], third[1]] == pytest.approx([1, 0, against], abs=1e-6)


def test_many_queries_are_each_its_own() -> None:
    index = index_of(50, 2)
    queries = draw_queries(50, 3, 6, 3)
    together = state_search(index, queries, 20)
    for query, found in zip(queries, together, strict=True):
        (alone,) = state_search(index, [query], 20)
        assert [p for p, _ in alone] == [p for p, _ in found]
        assert [s for _, s in alone] == pytest.approx([s for _, s in found], abs=1e-6)
    assert state_search(index, [], 20) == []


def test_blocks_of_rows_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    (whole,) = state_search(index_of(90, 3), [[4, 7, 11]], 50)
    monkeypatch.setattr(mese.states, "BLOCK_CELLS", 7 * WIDTH)
    (pieces,) = state_search(index_of(90, 3), [[4, 7, 11]], 50)
    assert [p for p, _ in whole] == [p for p, _ in pieces]
    assert [s for _, s in whole] == pytest.approx([s for _, s in pieces], abs=1e-6)


def test_what_says_nothing_counts_for_nothing() -> None:
    """A state of zeros moves no mean, has the score 0, and as a seed pulls nowhere."""
    index = index_of(30, 5)
    assert index.mean_state is not None
    index.mean_state[20:] = 0
    (found,) = state_search(index, [[0, 1, 2]], 30)
    units = naive_units(index.mean_state)
    scores = dict(found)
    assert all(scores[position] == 0 for position in range(20, 30))
    assert scores[7] == pytest.approx(cosine(units[7], units[0] + units[1] + units[2]), abs=1e-5)
    (with_bare,) = state_search(index, [[0, 1, 2, 25]], 30)
    assert [s for p, s in with_bare if p == 7] == pytest.approx([scores[7]], abs=1e-6)
    assert {score for _, score in state_search(index, [[25]], 30)[0]} == {0.0}


def test_states_that_are_all_alike_say_nothing() -> None:
    states = np.full((9, 3), 0.1, np.float32)
    index = EntityIndex.from_distributions(*distributions(9, 1, "random"), states)
    assert {score for _, score in state_search(index, [[0]], 9)[0]} == {0.0}


def test_kept_out_entities_and_seeds_stay_out() -> None:
    (found,) = state_search(index_of(30, 2), [[1, 2]], 30, keep_out=[3, 4])
    assert {p for p, _ in found} == set(range(30)) - {1, 2, 3, 4}


def test_seeds_may_be_represented_otherwise() -> None:
    candidates, seeds = index_of(40, 1), index_of(40, 2)
    assert candidates.mean_state is not None
    assert seeds.mean_state is not None
    (found,) = state_search(candidates, [[3, 4]], 40, seeds)
    units, of_seeds = naive_units(candidates.mean_state), naive_units(seeds.mean_state)
    for position, score in found:
        wanted = cosine(units[position], of_seeds[3] + of_seeds[4])
        assert score == pytest.approx(wanted, abs=1e-5)


def test_live_rows_stand_in_and_join() -> None:
    index = index_of(40, 6)
    assert index.mean_state is not None
    fresh = draw_states(2, 9)
    log_prob = index.mean_log_prob
    live = LiveRows({9: log_prob[0]}, [log_prob[1]], {9: fresh[0]}, [fresh[1]])
    (found,) = state_search(index, [[3, 9]], 40, rows=[live])
    units = naive_units(index.mean_state)
    mean = index.mean_state.astype(float).mean(axis=0)
    pulled = [row.astype(float) - mean for row in fresh]
    centre = units[3] + sum(row / np.linalg.norm(row) for row in pulled)
    for position, score in found:
        assert score == pytest.approx(cosine(units[position], centre), abs=1e-5)


def test_a_live_row_that_repeats_the_index_changes_nothing() -> None:
    index = index_of(50, 8)
    assert index.mean_state is not None
    same = LiveRows({3: index.mean_log_prob[3]}, (), {3: index.mean_state[3]})
    plain = state_search(index, [[3, 9]], 20)
    assert state_search(index, [[3, 9]], 20, rows=[same]) == plain


@pytest.mark.parametrize("live", ["own", "open"])
def test_a_live_row_without_its_state_is_refused(live: str) -> None:
    index = index_of(20, 1)
    row = index.mean_log_prob[2]
    given = LiveRows(own={2: row}) if live == "own" else LiveRows(open=[row])
    with pytest.raises(SeedError, match="without its mask state; read its contexts again"):
        state_search(index, [[2]], 5, rows=[given])


def test_states_of_two_models_are_not_compared() -> None:
    index = index_of(20, 1)
    odd = LiveRows({}, [index.mean_log_prob[2]], {}, [np.ones(WIDTH + 1, np.float32)])
    with pytest.raises(BundleError, match="of 7 and 6 numbers are of two models"):
        state_search(index, [[1]], 5, rows=[odd])
    with pytest.raises(BundleError, match="of 3 and 6 numbers are of two models"):
        state_search(index, [[1]], 5, index_of(20, 1, width=3))


def test_an_older_index_says_the_mend_and_offers_the_other_methods() -> None:
    old, new = without(index_of(20, 1)), index_of(20, 1)
    with pytest.raises(BundleError, match="choose another method, or make the bundle anew with"):
        state_search(old, [[1]], 5)
    with pytest.raises(BundleError, match="before mask states were kept"):
        state_search(new, [[1]], 5, old)
    assert answerable(old) == ("window", "cosine", "neighbours")
    assert answerable(new) == tuple(METHODS)
    assert METHODS["states"] is state_search


def test_threads_get_one_answer() -> None:
    index, start = index_of(80, 6), threading.Barrier(8)

    def ask(_: int) -> list[list[tuple[int, float]]]:
        start.wait(10)
        return state_search(index, [[1, 2, 3]], 20)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, range(8)))
    assert all(one == found[0] for one in found)


@pytest.mark.parametrize("half", [False, True])
def test_a_bundles_file_keeps_them(tmp_path: Path, half: bool) -> None:
    made = index_of(25, 9)
    index = with_neighbours(made.halved() if half else made)
    write_index(tmp_path, "text", index)
    read = read_index(tmp_path / "index-text.safetensors", 25)
    assert isinstance(read.mean_state, np.memmap)
    assert read.mean_state.dtype == np.float32
    np.testing.assert_array_equal(read.mean_state, made.mean_state)
    assert state_search(read, [[1, 2]], 9) == state_search(made, [[1, 2]], 9)
    write_index(tmp_path, "text", without(index))
    assert read_index(tmp_path / "index-text.safetensors", 25).mean_state is None


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (np.zeros((24, 6), np.float32), r"mean_state should be \(25, 6\), found \(24, 6\)"),
        (np.zeros(25, np.float32), r"mean_state should be \(25, 1\)"),
        (np.zeros((25, 0), np.float32), r"mean_state should be \(25, 1\)"),
        (np.zeros((25, 2, 2), np.float32), r"mean_state should be \(25, 2\)"),
        (np.zeros((25, 6), np.int32), "int32 numbers"),
        (np.full((25, 6), np.nan, np.float32), "not finite"),
    ],
)
def test_states_that_cannot_be_are_refused(
    tmp_path: Path, value: NDArray[np.float32], told: str
) -> None:
    write_index(tmp_path, "text", index_of(25, 9))
    path = tmp_path / "index-text.safetensors"
    save_file({**load_file(path), "mean_state": value}, path)
    with pytest.raises(BundleError, match=told):
        read_index(path, 25)


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (np.zeros((5, 3)), r"mean_state \(5, 3\) must be \(6, d\)"),
        (np.zeros((6, 0)), "must be"),
        (np.zeros(6), "must be"),
        (np.full((6, 2), np.inf), "not finite"),
    ],
)
def test_an_index_over_states_that_cannot_be_is_refused(state: Floats, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        EntityIndex.from_distributions(*distributions(6, 1, "random"), state)
