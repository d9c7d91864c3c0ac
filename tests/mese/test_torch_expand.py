"""The batched window search gives NumPy's lists, on the CPU and, where there is one, on a GPU."""

from __future__ import annotations

import gc
import warnings
import weakref
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import mese.torch_expand
from mese.expand import LiveRows, window_search, window_search_scored
from mese.index import EntityIndex
from mese.torch_expand import DeviceFull, searcher_on, window_search_batched
from tests.conftest import devices
from tests.mese.naive_expand import naive_search
from tests.mese.test_expand import (
    EXPANDED_1,
    EXPANDED_2,
    RERANKED_1,
    RERANKED_2,
    conformance,
    distributions,
    draw_queries,
)


def positions(scored: list[list[tuple[int, float]]]) -> list[list[int]]:
    return [[position for position, _ in items] for items in scored]


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize(
    ("size", "k", "count", "depth", "rerank", "kind"),
    [
        (400, 3, 70, 102, True, "clustered"),
        (400, 5, 7, 105, True, "random"),
        (240, 5, 4, 102, True, "zeros"),
        (240, 3, 4, 102, False, "zeros"),
        (120, 3, 2, 119, True, "random"),  # the window gets narrower than its width
        (30, 3, 3, 200, True, "clustered"),  # free entities run out
        (5, 5, 2, 10, True, "random"),  # nothing but seeds
        (9, 1, 1, 5, True, "random"),
    ],
)
def test_lists_and_scores_equal_numpy(
    device: str, size: int, k: int, count: int, depth: int, rerank: bool, kind: str
) -> None:
    prob, log_prob = distributions(size, 7 * size + k, kind)
    queries = draw_queries(size, k, count, size)
    index = EntityIndex.from_distributions(prob, log_prob)
    found = window_search_batched(index, queries, depth, rerank, device=device)
    assert found == window_search_scored(index, queries, depth, rerank=rerank)


def test_lists_equal_the_naive_reading() -> None:
    prob, log_prob = distributions(300, 11, "clustered")
    queries = draw_queries(300, 3, 3, 1) + draw_queries(300, 5, 2, 2)
    index = EntityIndex.from_distributions(prob, log_prob)
    found = positions(window_search_batched(index, queries, 105))
    assert found == naive_search(prob, log_prob, queries, 105, False, True)


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize(
    ("rerank", "first"), [(False, (EXPANDED_1, EXPANDED_2)), (True, (RERANKED_1, RERANKED_2))]
)
def test_the_conformance_vector(
    device: str, rerank: bool, first: tuple[list[int], list[int]]
) -> None:
    """Its two queries take no entity from one another in the first fifteen."""
    index = EntityIndex.from_distributions(*conformance())
    queries = [[0, 4, 8], [1, 5, 9]]
    exclusive = window_search(index, queries, 102, exclusive=True, rerank=rerank)
    assert tuple(items[:15] for items in exclusive) == first
    found = window_search_batched(index, queries, 102, rerank, device=device)
    assert positions(found) == window_search(index, queries, 102, rerank=rerank)


@settings(max_examples=60, deadline=None)
@given(
    size=st.integers(5, 90),
    counts=st.lists(st.sampled_from([1, 3, 5]), min_size=1, max_size=8),
    depth=st.integers(1, 95),
    rerank=st.booleans(),
    window=st.none() | st.integers(1, 50),
    out=st.integers(0, 6),
    kind=st.sampled_from(["random", "clustered", "zeros"]),
    seed=st.integers(0, 2**16),
)
def test_every_option_gives_numpys_lists(
    size: int,
    counts: list[int],
    depth: int,
    rerank: bool,
    window: int | None,
    out: int,
    kind: str,
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    index = EntityIndex.from_distributions(*distributions(size, seed, kind))
    seed_index = EntityIndex.from_distributions(*distributions(size, seed + 1, kind))
    queries = [[int(e) for e in rng.permutation(size)[:k]] for k in counts]
    keep_out = [int(e) for e in rng.integers(0, size, out)]  # seeds among them, and twice
    rows = [
        LiveRows(
            {query[0]: rng.normal(size=size).astype(np.float32)} if rng.random() < 0.5 else {},
            [rng.normal(size=size).astype(np.float32)] if rng.random() < 0.5 else [],
        )
        for query in queries
    ]
    options: Any = {"window": window, "keep_out": keep_out, "rows": rows}
    found = window_search_batched(index, queries, depth, rerank, seed_index, **options)
    wanted = window_search_scored(index, queries, depth, False, rerank, seed_index, **options)
    assert found == wanted


def test_open_seeds_alone() -> None:
    index = EntityIndex.from_distributions(*distributions(60, 3, "clustered"))
    rows = [LiveRows(open=[np.linspace(-9, -1, 60, dtype=np.float32)])] * 2
    for window in (None, 4):
        found = window_search_batched(index, [[], []], 55, window=window, rows=rows)
        assert found == window_search_scored(index, [[], []], 55, window=window, rows=rows)


@pytest.mark.parametrize("device", devices())
def test_equal_affinities_go_to_the_lower_position(device: str) -> None:
    """Rows repeat, so that most of the affinities and divergences are equal exactly."""
    rng = np.random.default_rng(0)
    logits = np.repeat(np.repeat(rng.integers(-3, 3, (12, 12)), 8, axis=0), 8, axis=1) * 1.0
    log_prob = (logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))).astype(np.float32)
    index = EntityIndex.from_distributions(np.exp(log_prob), log_prob)
    queries = draw_queries(96, 3, 20, 4)
    found = positions(window_search_batched(index, queries, 93, False, device=device))
    for query, items in zip(queries, found, strict=True):
        for block in range(12):
            of_block = [e for e in items if e // 8 == block]
            assert of_block == sorted(of_block)
        assert sorted(items + query) == list(range(96))


def test_batches_are_small_and_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mese.torch_expand, "CHUNK_BYTES", 2 * 40 * (100 + 45**2))
    index = EntityIndex.from_distributions(*distributions(100, 5, "clustered"))
    queries = [q for k in (3, 5, 3) for q in draw_queries(100, k, 5, k)]
    sizes = [
        len(numbers)
        for numbers, _ in mese.torch_expand._batches(
            [(q, LiveRows()) for q in queries], 100, 40, ()
        )
    ]
    assert sum(sizes) == 15
    assert max(sizes) == 2
    assert window_search_batched(index, queries, 40) == window_search_scored(index, queries, 40)


def test_what_numpy_refuses_is_refused() -> None:
    index = EntityIndex.from_distributions(*distributions(10, 1, "random"))
    for queries, options, said in [
        ([[]], {}, "at least one seed"),
        ([[1, 1]], {}, "twice"),
        ([[10]], {}, "outside the vocabulary"),
        ([[1]], {"size": 0}, "size must be 1 or more"),
        ([[1]], {"window": 500}, "window must be from 1"),
        ([[1]], {"keep_out": [-1]}, "to keep out"),
    ]:
        made: Any = options
        with pytest.raises(ValueError, match=said):
            window_search_batched(index, queries, **made)
    assert window_search_batched(index, []) == []


def test_matrices_are_moved_once_and_go_with_their_index() -> None:
    index = EntityIndex.from_distributions(*distributions(40, 1, "random"))
    window_search_batched(index, [[1, 2, 3]], 5)
    held = mese.torch_expand._on_device(index, "cpu")
    assert mese.torch_expand._on_device(index, "cpu") is held
    assert held.prob.data_ptr() == index.mean_prob.ctypes.data  # on the CPU: the same memory
    gone = weakref.ref(held)
    del held, index
    gc.collect()
    assert gone() is None


def test_a_full_gpu_is_told_and_left(monkeypatch: pytest.MonkeyPatch) -> None:
    index = EntityIndex.from_distributions(*distributions(40, 1, "random"))
    window_search_batched(index, [[1, 2, 3]], 5)

    def full(*_: object) -> torch.Tensor:
        raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(mese.torch_expand, "_grow", full)
    with pytest.raises(DeviceFull, match="the memory of cpu does not hold the index of 40"):
        window_search_batched(index, [[1, 2, 3]], 5)
    assert "on cpu" not in index.__dict__


def test_a_searcher_falls_back_on_numpy_and_says_so_once(monkeypatch: pytest.MonkeyPatch) -> None:
    index = EntityIndex.from_distributions(*distributions(40, 1, "random"))
    tried: list[str] = []

    def full(*_: object, device: str, **how: object) -> list[list[tuple[int, float]]]:
        tried.append(device)
        raise DeviceFull("the GPU is full")

    monkeypatch.setattr(mese.torch_expand, "window_search_batched", full)
    told: list[str] = []
    search = searcher_on("cuda", told.append)
    for _ in range(2):
        found = search(index, [[1, 2, 3]], 20, rerank=False, keep_out=[7])
        assert found == window_search_scored(index, [[1, 2, 3]], 20, rerank=False, keep_out=[7])
    assert (tried, told) == (["cuda"], ["the GPU is full"])
    assert searcher_on("cpu", told.append) is window_search_scored


def test_a_mapped_index_is_read_without_a_warning(tmp_path: Any) -> None:
    prob, log_prob = distributions(40, 2, "clustered")
    index = EntityIndex.from_distributions(prob, log_prob)
    np.save(tmp_path / "p.npy", prob)
    np.save(tmp_path / "g.npy", log_prob)
    mapped = EntityIndex(
        np.load(tmp_path / "p.npy", mmap_mode="r"),
        np.load(tmp_path / "g.npy", mmap_mode="r"),
        index.row_sum,
        index.sum_log_prob,
        index.row_mean,
        index.row_scale,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = window_search_batched(mapped, [[1, 2, 3]], 20)
    assert found == window_search_scored(index, [[1, 2, 3]], 20)
