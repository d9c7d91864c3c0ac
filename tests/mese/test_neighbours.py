"""The neighbour-smoothed cosine equals its formula, written down row by row."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from mese.bundle import BundleError
from mese.engine import METHODS
from mese.expand import cosine_search
from mese.index import EntityIndex
from mese.index_file import read_index, write_index
from mese.live_rows import LiveRows
from mese.neighbours import K, find_neighbours, neighbour_search, neighbours_of, with_neighbours
from tests.mese.naive_expand import standard_rows
from tests.mese.test_expand import distributions, draw_queries


def index_of(size: int, seed: int, kind: str = "clustered") -> EntityIndex:
    return EntityIndex.from_distributions(*distributions(size, seed, kind))


def naive_rows(log_prob: NDArray[np.float32]) -> NDArray[np.float64]:
    """s_e of every entity, straight from the formula."""
    z = standard_rows(log_prob)
    u = [row / np.linalg.norm(row) if np.linalg.norm(row) else row for row in z]
    smoothed = []
    for e, own in enumerate(u):
        cosines = [(float(own @ other), -j) for j, other in enumerate(u) if j != e]
        nearest = sorted(cosines, reverse=True)[:K]
        pulled = sum((max(c, 0.0) * u[-j] for c, j in nearest), start=np.zeros(len(own)))
        length = np.linalg.norm(pulled)
        smoothed.append(own + (pulled / length if length else 0))
    return np.array(smoothed)


def naive_scores(log_prob: NDArray[np.float32], seeds: list[int]) -> NDArray[np.float64]:
    rows = naive_rows(log_prob)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
    centre = unit[seeds].sum(axis=0)
    scores: NDArray[np.float64] = unit @ centre / np.linalg.norm(centre)
    return scores


@settings(max_examples=25)
@given(st.integers(4, 60), st.integers(0, 10**6), st.sampled_from(("random", "clustered")))
def test_scores_are_the_formulas(size: int, seed: int, kind: str) -> None:
    index = index_of(size, seed, kind)
    (query,) = draw_queries(size, 3, 1, seed)
    wanted = naive_scores(index.mean_log_prob, query)
    (found,) = neighbour_search(index, [query], size)
    assert {p for p, _ in found} == set(range(size)) - set(query)
    for position, score in found:
        assert score == pytest.approx(wanted[position], abs=1e-5)
    assert [score for _, score in found] == sorted((s for _, s in found), reverse=True)


def test_blocks_of_rows_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    index, query = index_of(90, 3), [4, 7, 11]
    whole = neighbour_search(index, [query], 50)
    monkeypatch.setattr("mese.neighbours.BLOCK_CELLS", 900)
    pieces = neighbour_search(index_of(90, 3), [query], 50)
    assert [p for p, _ in whole[0]] == [p for p, _ in pieces[0]]


def test_it_finds_members_that_share_neighbours_and_no_direct_likeness() -> None:
    """0 and 3 meet in 1 and 2 alone: their own rows are orthogonal to each other's."""
    size, log_prob = 40, np.zeros((40, 40), np.float32)
    rng = np.random.default_rng(5)
    log_prob[:] = rng.normal(0, 0.01, log_prob.shape)
    for row, columns in {0: (10, 11), 1: (11, 12), 2: (12, 13), 3: (13, 14), 9: (30, 31)}.items():
        log_prob[row, list(columns)] = 5
    prob = np.exp(log_prob) / np.exp(log_prob).sum(axis=1, keepdims=True)
    index = EntityIndex.from_distributions(prob.astype(np.float32), log_prob)
    plain = dict(cosine_search(index, [[0]], size)[0])
    smooth = dict(neighbour_search(index, [[0]], size)[0])
    assert plain[3] < 0.1 < smooth[3]
    assert smooth[9] < smooth[3] < smooth[2] < smooth[1]


def test_flat_rows_score_zero_and_break_nothing() -> None:
    prob, log_prob = distributions(20, 1, "random")
    log_prob[5:] = -3.0
    (found,) = neighbour_search(EntityIndex.from_distributions(prob, log_prob), [[0, 1, 2]], 20)
    assert all(score == 0 for position, score in found if position >= 5)
    assert np.isfinite([score for _, score in found]).all()


def test_few_entities_have_few_neighbours() -> None:
    assert find_neighbours(index_of(2, 1)).near.shape == (2, 1)
    assert neighbour_search(index_of(2, 1), [[0]], 5)[0][0][0] == 1


def test_kept_out_entities_and_seeds_stay_out() -> None:
    (found,) = neighbour_search(index_of(30, 2), [[1, 2]], 30, keep_out=[3, 4])
    assert {p for p, _ in found} == set(range(30)) - {1, 2, 3, 4}


def test_a_live_row_that_repeats_the_index_changes_nothing() -> None:
    index = index_of(50, 8)
    own = LiveRows(own={3: index.mean_log_prob[3]})
    plain = neighbour_search(index, [[3, 9]], 20)[0]
    live = neighbour_search(index, [[3, 9]], 20, rows=[own])[0]
    assert [p for p, _ in live] == [p for p, _ in plain]
    assert [s for _, s in live] == pytest.approx([s for _, s in plain], abs=1e-5)


def test_an_open_seed_pulls_what_is_like_it() -> None:
    index = index_of(60, 4)
    (found,) = neighbour_search(index, [[]], 60, rows=[LiveRows(open=[index.mean_log_prob[7]])])
    assert found[0][0] == 7  # it is no seed, so nothing keeps it out


def test_seeds_may_be_represented_otherwise() -> None:
    candidates, seeds = index_of(40, 1), index_of(40, 2)
    (found,) = neighbour_search(candidates, [[3, 4]], 40, seeds)
    rows, centre_rows = naive_rows(candidates.mean_log_prob), naive_rows(seeds.mean_log_prob)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    of_seeds = centre_rows / np.linalg.norm(centre_rows, axis=1, keepdims=True)
    centre = of_seeds[3] + of_seeds[4]
    for position, score in found:
        wanted = unit[position] @ centre / np.linalg.norm(centre)
        assert score == pytest.approx(wanted, abs=1e-5)


def test_neighbours_are_found_once_by_many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def counted(index: EntityIndex) -> object:
        calls.append(1)
        return find_neighbours(index)

    monkeypatch.setattr("mese.neighbours.find_neighbours", counted)
    index = index_of(80, 6)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: neighbours_of(index), range(32)))
    assert len(calls) == 1
    assert all(one is found[0] for one in found)


def test_an_index_does_not_wait_for_anothers_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    slow, quick = index_of(30, 1), index_of(30, 2)
    begun, done = Event(), Event()

    def find(index: EntityIndex) -> object:
        if index is slow:
            begun.set()
            assert done.wait(20)
        return find_neighbours(index)

    monkeypatch.setattr("mese.neighbours.find_neighbours", find)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(neighbours_of, slow)
        assert begun.wait(20)
        try:
            found = pool.submit(neighbours_of, quick).result(10)
        finally:
            done.set()
        assert first.result(20) is not found


def test_a_bundles_file_keeps_them(tmp_path: Path) -> None:
    index = with_neighbours(index_of(25, 9))
    write_index(tmp_path, "text", index)
    read = read_index(tmp_path / "index-text.safetensors", 25)
    assert read.neighbours is not None
    assert index.neighbours is not None
    for key, value in vars(index.neighbours).items():
        assert np.array_equal(getattr(read.neighbours, key), value)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("neighbours.near", np.full((25, 10), 25, np.int32), "outside the 25 entities"),
        ("neighbours.near", np.full((25, 10), -1, np.int32), "outside the 25 entities"),
        ("neighbours.near", np.zeros((24, 10), np.int32), "should be"),
        ("neighbours.near", np.zeros(25, np.int32), "should be"),
        ("neighbours.near", np.zeros((25, 10), np.float32), "float32 numbers"),
        ("neighbours.share", np.full((25, 10), np.nan, np.float32), "not finite"),
        ("neighbours.scale", np.full(25, np.inf), "not finite"),
        ("neighbours.scale", np.zeros(24), "should be"),
    ],
)
def test_neighbours_that_cannot_be_are_refused(
    tmp_path: Path, key: str, value: NDArray[np.float64], told: str
) -> None:
    write_index(tmp_path, "text", with_neighbours(index_of(25, 9)))
    path = tmp_path / "index-text.safetensors"
    save_file({**load_file(path), key: value}, path)
    with pytest.raises(BundleError, match=told):
        read_index(path, 25)


def test_it_is_a_method_by_name() -> None:
    assert METHODS["neighbours"] is neighbour_search
