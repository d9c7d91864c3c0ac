"""Window search equals a naive reading of the spec, and the authors' conformance vector."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import entropy

from mese.expand import (
    RERANK_TIERS,
    SEARCH_TIERS,
    _rerank_divergence,
    _search_divergence,
    cosine_search,
    tier_weights,
    window_search,
    window_search_scored,
    window_width,
)
from mese.index import EntityIndex
from tests.mese.naive_expand import (
    naive_search,
    rerank_weight,
    search_weight,
    standard_rows,
    usable,
    width_at,
)

Matrix = NDArray[np.float32]


def distributions(size: int, seed: int, kind: str) -> tuple[Matrix, Matrix]:
    """Mean softmax and mean log-softmax of three contexts an entity."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2.0, (3, size, size))
    if kind != "random":
        group = rng.integers(0, max(2, size // 30), size)
        logits += 3.0 * (group[:, None] == group[None, :]) + 5.0 * np.eye(size)
    log_prob = logits - np.log(np.exp(logits).sum(axis=2, keepdims=True))
    prob = np.exp(log_prob).mean(axis=0)
    if kind == "zeros":
        prob[rng.random(prob.shape) < 0.6] = 0.0
        np.fill_diagonal(prob, 0.1)
    return prob.astype(np.float32), log_prob.mean(axis=0).astype(np.float32)


def draw_queries(size: int, k: int, count: int, seed: int) -> list[list[int]]:
    rng = np.random.default_rng(seed)
    return [[int(e) for e in rng.permutation(size)[:k]] for _ in range(count)]


CASES = [
    # V, k, queries, size, exclusive, rerank, kind
    (400, 3, 2, 105, False, True, "clustered"),
    (400, 5, 3, 105, True, True, "random"),
    (240, 5, 2, 102, False, True, "zeros"),
    (300, 3, 8, 60, True, True, "clustered"),  # free entities run out
    (120, 3, 2, 110, False, True, "random"),
    (120, 5, 4, 102, True, False, "zeros"),
    (60, 5, 8, 40, True, True, "clustered"),
    (30, 3, 3, 200, False, True, "clustered"),
    (9, 3, 3, 5, True, True, "random"),
    (5, 5, 1, 10, False, True, "random"),  # nothing but seeds
    (5, 3, 2, 1, True, False, "zeros"),
]


@pytest.mark.parametrize(("size", "k", "count", "depth", "exclusive", "rerank", "kind"), CASES)
def test_lists_equal_the_naive_reading(
    size: int, k: int, count: int, depth: int, exclusive: bool, rerank: bool, kind: str
) -> None:
    prob, log_prob = distributions(size, 1000 * size + k, kind)
    queries = draw_queries(size, k, count, size)
    index = EntityIndex.from_distributions(prob, log_prob)
    found = window_search(index, queries, depth, exclusive, rerank)
    assert found == naive_search(prob, log_prob, queries, depth, exclusive, rerank)


@settings(max_examples=60, deadline=None)
@given(
    size=st.integers(5, 90),
    k=st.sampled_from([1, 3, 5]),
    count=st.integers(1, 8),
    depth=st.integers(1, 95),
    exclusive=st.booleans(),
    rerank=st.booleans(),
    kind=st.sampled_from(["random", "clustered", "zeros"]),
    seed=st.integers(0, 2**16),
)
def test_lists_equal_the_naive_reading_on_drawn_cases(
    size: int,
    k: int,
    count: int,
    depth: int,
    exclusive: bool,
    rerank: bool,
    kind: str,
    seed: int,
) -> None:
    prob, log_prob = distributions(size, seed, kind)
    queries = draw_queries(size, k, count, seed + 1)
    index = EntityIndex.from_distributions(prob, log_prob)
    found = window_search(index, queries, depth, exclusive, rerank)
    assert found == naive_search(prob, log_prob, queries, depth, exclusive, rerank)


def test_seed_index_gives_the_seeds_rows_and_nothing_else() -> None:
    prob, log_prob = distributions(130, 1, "clustered")
    seed_prob, seed_log = distributions(130, 2, "random")
    queries = draw_queries(130, 3, 2, 3)
    index = EntityIndex.from_distributions(prob, log_prob)
    seed_index = EntityIndex.from_distributions(seed_prob, seed_log)
    found = window_search(index, queries, 80, seed_index=seed_index)
    assert found == naive_search(prob, log_prob, queries, 80, False, True, seed_log)
    assert found != window_search(index, queries, 80)


def conformance() -> tuple[Matrix, Matrix]:
    """The spec's vector: V = 240, one context each."""
    e, v = np.arange(240)[:, None], np.arange(240)[None, :]
    logits = 3.0 * (e % 4 == v % 4) + 2.0 * np.sin(0.37 * e * v + 0.11 * (e + v)) + 5.0 * (e == v)
    log_prob = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return np.exp(log_prob).astype(np.float32), log_prob.astype(np.float32)


Q1, Q2 = [0, 4, 8], [1, 5, 9]
EXPANDED_1 = [72, 12, 76, 152, 16, 148, 80, 144, 140, 136, 68, 156, 184, 232, 96]
EXPANDED_2 = [161, 97, 13, 157, 17, 93, 109, 113, 33, 145, 57, 185, 81, 105, 137]
RERANKED_1 = [72, 12, 76, 152, 16, 80, 148, 144, 68, 140, 136, 232, 156, 184, 96]
RERANKED_2 = [161, 97, 13, 157, 17, 113, 93, 109, 33, 145, 185, 105, 57, 81, 221]


@pytest.mark.parametrize(
    ("rerank", "first", "digests"),
    [
        (False, (EXPANDED_1, EXPANDED_2), ("be4079fa72f4296c", "e2b97e8fb6592afd")),
        (True, (RERANKED_1, RERANKED_2), ("047c5b91030d07e0", "face4520784b6862")),
    ],
)
def test_the_conformance_vector_of_the_release(
    rerank: bool, first: tuple[list[int], list[int]], digests: tuple[str, str]
) -> None:
    index = EntityIndex.from_distributions(*conformance())
    found = window_search(index, [Q1, Q2], 102, exclusive=True, rerank=rerank)
    assert [items[:15] for items in found] == list(first)
    assert [len(items) for items in found] == [102, 102]
    joined = [",".join(map(str, items)).encode() for items in found]
    assert [hashlib.sha256(text).hexdigest()[:16] for text in joined] == list(digests)


def test_window_widths_are_the_specs_table() -> None:
    assert [window_width(r) for r in range(130)] == [width_at(r) for r in range(130)]
    assert [window_width(r) for r in (0, 19, 20, 49, 50, 99, 100)] == [1, 1, 3, 7, 8, 16, 1]


@pytest.mark.parametrize("size", [1, 20, 21, 35, 41, 42, 70, 75, 76, 120])
def test_tier_weights_are_the_specs_table(size: int) -> None:
    positions = range(1, size + 1)
    assert list(tier_weights(size, SEARCH_TIERS)) == [search_weight(p) for p in positions]
    assert list(tier_weights(size, RERANK_TIERS)) == [rerank_weight(p) for p in positions]


def test_closed_forms_are_scipys_divergences() -> None:
    """The values, not only the order that they give: set and candidates against all of V."""
    prob, log_prob = distributions(90, 2, "zeros")
    index, q = EntityIndex.from_distributions(prob, log_prob), usable(prob)
    members, candidates = list(range(80)), np.array([85, 81, 89])
    wanted = []
    for candidate in candidates:
        target = np.ones(90)
        target[candidate] = 90 * q[candidate, candidate]
        target[members] = [search_weight(p) for p in range(1, 81)]
        wanted.append(entropy(target, q[candidate]))
    np.testing.assert_allclose(_search_divergence(index, np.array(members), candidates), wanted)
    picks = np.array(members[3:])
    target = np.ones(90)
    target[members] = [rerank_weight(p) for p in range(1, 81)]
    wanted = [entropy(target, q[pick]) for pick in picks]
    np.testing.assert_allclose(_rerank_divergence(index, np.array(members), picks), wanted)


def test_queries_alone_do_not_feel_each_other() -> None:
    index = EntityIndex.from_distributions(*distributions(80, 4, "clustered"))
    queries = draw_queries(80, 3, 3, 9)
    together = window_search(index, queries, 60)
    assert together == [window_search(index, [query], 60)[0] for query in queries]


def test_exclusive_gives_an_entity_to_one_query_and_no_seed_to_any() -> None:
    index = EntityIndex.from_distributions(*distributions(80, 4, "clustered"))
    queries = [[0, 1, 2], [2, 3, 4], [5, 6, 7]]
    found = window_search(index, queries, 60, exclusive=True)
    taken = [e for items in found for e in items]
    assert len(taken) == len(set(taken)) == 80 - 8
    assert not set(taken) & set(range(8))


def test_ties_in_affinity_go_to_the_lower_position() -> None:
    flat = np.full((15, 15), 1 / 15, dtype=np.float32)
    index = EntityIndex.from_distributions(flat, np.log(flat))
    assert window_search(index, [[4, 2, 9]], 8, rerank=False) == [[0, 1, 3, 5, 6, 7, 8, 10]]


@pytest.mark.parametrize("rerank", [True, False])
def test_scores_fall_along_the_list_and_belong_to_it(rerank: bool) -> None:
    index = EntityIndex.from_distributions(*distributions(90, 6, "clustered"))
    queries = draw_queries(90, 3, 2, 1)
    scored = window_search_scored(index, queries, 50, rerank=rerank)
    for items, plain in zip(scored, window_search(index, queries, 50, rerank=rerank), strict=True):
        assert [position for position, _ in items] == plain
        scores = [score for _, score in items]
        assert scores == sorted(scores, reverse=True)
    if not rerank:
        assert [score for _, score in scored[0]] == [9 / j for j in range(1, 51)]


def test_the_callers_queries_are_left_alone() -> None:
    index = EntityIndex.from_distributions(*distributions(30, 6, "random"))
    query = [3, 1, 2]
    window_search(index, [query], 10)
    assert query == [3, 1, 2]


def test_cosine_search_ranks_by_the_cosine_of_standardised_rows() -> None:
    prob, log_prob = distributions(70, 8, "clustered")
    z = standard_rows(log_prob)
    query = [3, 9, 40]
    centre = z[query].sum(axis=0)
    cosine = z @ centre / (np.linalg.norm(z, axis=1) * np.linalg.norm(centre))
    wanted = [int(e) for e in np.argsort(-cosine, kind="stable") if e not in query][:30]
    found = cosine_search(EntityIndex.from_distributions(prob, log_prob), [query], 30)[0]
    assert [position for position, _ in found] == wanted
    np.testing.assert_allclose([score for _, score in found], cosine[wanted], rtol=1e-5)


@pytest.mark.parametrize(
    ("queries", "said"),
    [
        ([[]], "at least one seed"),
        ([[1, 2], []], "at least one seed"),
        ([[1, 2, 1]], r"twice in the query \[1, 2, 1\]"),
        ([[1, 8]], r"positions \[8\] lie outside the vocabulary of 8"),
        ([[-1, 2]], r"positions \[-1\] lie outside"),
    ],
)
@pytest.mark.parametrize("search", [window_search, cosine_search])
def test_bad_queries_are_refused_by_their_values(
    search: object, queries: list[list[int]], said: str
) -> None:
    assert callable(search)
    index = EntityIndex.from_distributions(*distributions(8, 1, "random"))
    with pytest.raises(ValueError, match=said):
        search(index, queries)


def test_a_size_below_one_is_refused() -> None:
    index = EntityIndex.from_distributions(*distributions(8, 1, "random"))
    with pytest.raises(ValueError, match="size must be 1 or more, got 0"):
        window_search(index, [[1]], 0)


def test_no_queries_give_no_lists() -> None:
    index = EntityIndex.from_distributions(*distributions(8, 1, "random"))
    assert window_search(index, [], 5) == []
    assert window_search(index, [], 5, exclusive=True) == []


@pytest.mark.slow
@pytest.mark.parametrize(("k", "exclusive"), [(3, False), (5, True)])
def test_lists_equal_the_naive_reading_at_mesed_s_size(k: int, exclusive: bool) -> None:
    """V = 14,489 as in MESED, in 70 clusters; two float32 matrices of 0.8 GB each."""
    size = 14_489
    rng = np.random.default_rng(k)
    cluster = rng.integers(0, 70, size)
    log_prob = np.empty((size, size), dtype=np.float32)
    for start in range(0, size, 1000):
        rows = np.arange(start, min(start + 1000, size))
        logits = 2 * rng.standard_normal((len(rows), size), dtype=np.float32)
        logits += 3 * (cluster[rows, None] == cluster[None])
        logits[np.arange(len(rows)), rows] += 6
        log_prob[rows] = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    prob = np.exp(log_prob)
    queries = [[int(e) for e in np.flatnonzero(cluster == c)[:k]] for c in range(4)]
    found = window_search(EntityIndex.from_distributions(prob, log_prob), queries, 102, exclusive)
    assert found == naive_search(prob, log_prob, queries, 102, exclusive, True)
