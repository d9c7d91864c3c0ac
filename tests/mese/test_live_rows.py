"""Kept-out entities, a window of one width, and rows made on the fly, beside the naive reading."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mese.expand import BLOCKS, cosine_search, window_search, window_search_scored
from mese.index import EntityIndex, standardise
from mese.live_rows import LiveRows
from tests.mese.naive_expand import naive_search, standard_rows
from tests.mese.test_expand import Matrix, distributions, draw_queries

Searches = Callable[..., list[list[tuple[int, float]]]]


def draw_rows(size: int, count: int, seed: int) -> Matrix:
    """Log-distributions that are no entity's."""
    logits = np.random.default_rng(seed).normal(0, 2.0, (count, size))
    rows: Matrix = (logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))).astype(np.float32)
    return rows


@settings(max_examples=60, deadline=None)
@given(
    size=st.integers(6, 90),
    k=st.sampled_from([0, 1, 3, 5]),
    count=st.integers(1, 5),
    depth=st.integers(1, 95),
    exclusive=st.booleans(),
    rerank=st.booleans(),
    window=st.none() | st.integers(1, 50),
    out=st.integers(0, 60),
    opened=st.integers(0, 3),
    replaced=st.integers(0, 2),
    kind=st.sampled_from(["random", "clustered", "zeros"]),
    seed=st.integers(0, 2**16),
)
def test_lists_equal_the_naive_reading(
    size: int,
    k: int,
    count: int,
    depth: int,
    exclusive: bool,
    rerank: bool,
    window: int | None,
    out: int,
    opened: int,
    replaced: int,
    kind: str,
    seed: int,
) -> None:
    prob, log_prob = distributions(size, seed, kind)
    queries = draw_queries(size, k, count, seed + 1)
    opened = opened if k else max(opened, 1)
    fresh = draw_rows(size, 5 * count, seed + 2)
    own = [
        dict(zip(query[:replaced], fresh[5 * n :], strict=False)) for n, query in enumerate(queries)
    ]
    open_rows = [fresh[5 * n + 2 : 5 * n + 2 + opened] for n in range(count)]
    seeds = {seed for query in queries for seed in query}
    order = np.random.default_rng(seed).permutation(size)[:out]
    keep_out = [int(e) for e in order if int(e) not in seeds]
    found = window_search(
        EntityIndex.from_distributions(prob, log_prob),
        queries,
        depth,
        exclusive,
        rerank,
        window=window,
        keep_out=keep_out,
        rows=[LiveRows(a, list(b)) for a, b in zip(own, open_rows, strict=True)],
    )
    assert found == naive_search(
        prob,
        log_prob,
        queries,
        depth,
        exclusive,
        rerank,
        None,
        window,
        keep_out,
        own,
        open_rows,
    )
    assert not set(keep_out) & {e for items in found for e in items}


@pytest.mark.parametrize("window", [1, 7, 50])
@pytest.mark.parametrize("kind", ["random", "clustered"])
def test_one_width_at_every_step_is_the_naive_readings(kind: str, window: int) -> None:
    prob, log_prob = distributions(260, 31, kind)
    index, queries = EntityIndex.from_distributions(prob, log_prob), draw_queries(260, 3, 1, 5)
    found = window_search(index, queries, 105, window=window)
    assert found == naive_search(prob, log_prob, queries, 105, False, True, None, window)


def test_a_seed_whose_given_row_is_its_own_changes_nothing() -> None:
    prob, log_prob = distributions(120, 3, "clustered")
    index = EntityIndex.from_distributions(prob, log_prob)
    same = [LiveRows({4: log_prob[4]})]
    for search in (window_search_scored, cosine_search):
        assert search(index, [[4, 9, 20]], 60, rows=same) == search(index, [[4, 9, 20]], 60)


def test_a_given_row_is_not_its_entitys_column() -> None:
    """The row pulls otherwise, the entity stays a member: as if the seeds' index held that row."""
    prob, log_prob = distributions(120, 3, "clustered")
    index, fresh = EntityIndex.from_distributions(prob, log_prob), draw_rows(120, 1, 8)[0]
    other = log_prob.copy()
    other[4] = fresh
    seed_index = EntityIndex.from_distributions(prob, other)
    for search in (window_search_scored, cosine_search):
        with_row = search(index, [[4, 9, 20]], 60, rows=[LiveRows({4: fresh})])
        assert [e for e, _ in with_row[0]] == [
            e for e, _ in search(index, [[4, 9, 20]], 60, seed_index=seed_index)[0]
        ]
        assert with_row != search(index, [[4, 9, 20]], 60)


@pytest.mark.parametrize("search", [window_search_scored, cosine_search])
def test_an_open_seed_alone_finds_what_is_like_it(search: Searches) -> None:
    """The row of entity 7 as an open seed: 7 itself comes first, and nothing is left out."""
    prob, log_prob = distributions(90, 5, "clustered")
    index = EntityIndex.from_distributions(prob, log_prob)
    found = search(index, [[]], 200, rows=[LiveRows(open=[log_prob[7]])])[0]
    assert found[0][0] == 7
    assert {position for position, _ in found} == set(range(90))


def test_cosine_adds_the_given_rows_to_the_seeds_sum() -> None:
    prob, log_prob = distributions(70, 8, "clustered")
    fresh, z = draw_rows(70, 3, 1), standard_rows(log_prob)
    centre = z[3] + standard_rows(fresh).sum(axis=0)
    cosine = z @ centre / (np.linalg.norm(z, axis=1) * np.linalg.norm(centre))
    out = {3, 9, 40, 11, 12}
    wanted = [int(e) for e in np.argsort(-cosine, kind="stable") if e not in out]
    index = EntityIndex.from_distributions(prob, log_prob)
    live = [LiveRows({9: fresh[0], 40: fresh[1]}, [fresh[2]])]
    found = cosine_search(index, [[3, 9, 40]], 70, keep_out=[11, 12], rows=live)[0]
    assert [position for position, _ in found] == wanted
    np.testing.assert_allclose([score for _, score in found], cosine[wanted], rtol=1e-5)


def test_all_kept_out_is_an_empty_list() -> None:
    index = EntityIndex.from_distributions(*distributions(9, 1, "random"))
    rest = list(range(3, 9))
    assert window_search(index, [[0, 1, 2]], 5, keep_out=rest) == [[]]
    assert cosine_search(index, [[0, 1, 2]], 5, keep_out=rest) == [[]]


def test_a_flat_row_says_nothing() -> None:
    row = np.full(11, -3.7, dtype=np.float32)
    np.testing.assert_array_equal(standardise(row), np.zeros(11))
    np.testing.assert_allclose(
        standardise(draw_rows(11, 1, 2)[0]), standard_rows(draw_rows(11, 1, 2))[0], rtol=1e-12
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"window": 0}, f"from 1 to {BLOCKS}, got 0"),
        ({"window": BLOCKS + 1}, f"from 1 to {BLOCKS}, got {BLOCKS + 1}"),
        ({"keep_out": [3, 8]}, r"positions \[8\] to keep out"),
        ({"keep_out": [-1]}, r"positions \[-1\] to keep out"),
        ({"rows": [LiveRows(), LiveRows()]}, "1 queries, but live rows for 2"),
        ({"rows": [LiveRows({5: np.zeros(8, np.float32)})]}, r"rows for \[5\], which are no seeds"),
        ({"rows": [LiveRows(open=[np.zeros(7, np.float32)])]}, r"the shape \(7,\)"),
    ],
)
def test_what_cannot_be_is_refused_by_its_value(options: dict[str, object], said: str) -> None:
    index = EntityIndex.from_distributions(*distributions(8, 1, "random"))
    with pytest.raises(ValueError, match=said):
        window_search(index, [[1, 2]], 4, **options)
