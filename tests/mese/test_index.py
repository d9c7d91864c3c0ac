"""The index's constants and look-ups against plain NumPy, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import mese.index
from mese.expand import cosine_search, window_search
from mese.index import FLOOR, EntityIndex
from mese.torch_expand import window_search_batched
from tests.mese.naive_expand import standard_rows, usable
from tests.mese.test_expand import distributions


@pytest.mark.parametrize("kind", ["random", "zeros"])
def test_look_ups_read_the_floored_and_normalised_rows(kind: str) -> None:
    prob, log_prob = distributions(40, 3, kind)
    index, log_q = EntityIndex.from_distributions(prob, log_prob), np.log(usable(prob))
    rows, columns = np.array([3, 0, 39]), np.array([5, 3, 1, 0])
    np.testing.assert_allclose(index.log_prob_at(rows, columns), log_q[np.ix_(rows, columns)])
    np.testing.assert_allclose(index.own_log_prob(rows), log_q[rows, rows])
    np.testing.assert_allclose(index.sum_log_prob, log_q.sum(axis=1), rtol=1e-10)
    np.testing.assert_allclose(
        np.stack([index.standardised(e) for e in range(40)]), standard_rows(log_prob), atol=1e-6
    )


def test_constants_do_not_depend_on_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    prob, log_prob = distributions(40, 3, "zeros")
    whole = EntityIndex.from_distributions(prob, log_prob)
    monkeypatch.setattr(mese.index, "BLOCK_CELLS", 7 * 40)
    parts = EntityIndex.from_distributions(prob, log_prob)
    np.testing.assert_array_equal(whole.sum_log_prob, parts.sum_log_prob)
    np.testing.assert_array_equal(whole.row_sum, parts.row_sum)


def test_matrices_are_used_without_a_copy() -> None:
    prob, log_prob = distributions(10, 3, "random")
    index = EntityIndex.from_distributions(prob, log_prob)
    assert index.mean_prob is prob
    assert index.mean_log_prob is log_prob


def test_a_row_of_one_certainty_stays_finite() -> None:
    prob = np.eye(6, dtype=np.float32)
    index = EntityIndex.from_distributions(prob, np.log(np.maximum(prob, 1e-30)))
    assert np.isfinite(index.sum_log_prob).all()
    np.testing.assert_allclose(index.log_prob_at(np.array([0]), np.array([1])), np.log(FLOOR))


def test_a_flat_row_standardises_to_zeros() -> None:
    flat = np.full((4, 4), 0.25, dtype=np.float32)
    assert not EntityIndex.from_distributions(flat, np.log(flat)).standardised(2).any()


@pytest.mark.parametrize("shapes", [((3, 4), (3, 4)), ((3, 3), (4, 4)), ((3,), (3,))])
def test_shapes_that_are_not_square_and_equal_are_refused(
    shapes: tuple[tuple[int, ...], tuple[int, ...]],
) -> None:
    with pytest.raises(ValueError, match=r"must both be \(V, V\)"):
        EntityIndex.from_distributions(np.ones(shapes[0]), np.zeros(shapes[1]))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -0.1])
def test_a_row_that_is_no_distribution_is_named(bad: float) -> None:
    prob, log_prob = distributions(9, 3, "random")
    prob[5, 2] = bad
    with pytest.raises(ValueError, match="mean_prob row 5 is not a distribution"):
        EntityIndex.from_distributions(prob, log_prob)


def test_a_row_of_zeros_is_named() -> None:
    prob, log_prob = distributions(9, 3, "random")
    prob[7] = 0
    with pytest.raises(ValueError, match="mean_prob row 7"):
        EntityIndex.from_distributions(prob, log_prob)


@pytest.mark.parametrize("bad", [np.nan, -np.inf])
def test_a_log_row_that_is_not_finite_is_named(bad: float) -> None:
    prob, log_prob = distributions(9, 3, "random")
    log_prob[4, 4] = bad
    with pytest.raises(ValueError, match="mean_log_prob row 4"):
        EntityIndex.from_distributions(prob, log_prob)


@pytest.mark.parametrize("kind", ["random", "clustered", "zeros"])
def test_half_precision_reads_what_it_stores(kind: str) -> None:
    """Constants and look-ups are those of an index over the rounded values."""
    prob, log_prob = distributions(60, 3, kind)
    whole = EntityIndex.from_distributions(prob, log_prob)
    half = whole.halved()
    assert half.is_half
    assert not whole.is_half
    assert half.halved() is half
    assert half.mean_prob.nbytes + half.mean_log_prob.nbytes == 60 * 60 * 4
    rounded = half.mean_prob.astype(np.float32) / 2**15
    np.testing.assert_allclose(rounded, prob, rtol=2**-11, atol=1e-12)
    plain = EntityIndex.from_distributions(rounded, half.mean_log_prob.astype(np.float32))
    rows, columns = np.array([3, 0, 59]), np.array([5, 3, 1, 0])
    np.testing.assert_array_equal(half.log_cells(rows, columns), plain.log_cells(rows, columns))
    np.testing.assert_array_equal(half.own_log_prob(rows), plain.own_log_prob(rows))
    np.testing.assert_allclose(half.sum_log_prob, plain.sum_log_prob, rtol=1e-12)
    np.testing.assert_allclose(half.probabilities(7), rounded[7])
    np.testing.assert_allclose(half.standardised(4), plain.standardised(4))
    np.testing.assert_allclose(half.standardised(4), whole.standardised(4), atol=0.005)


def test_half_precision_keeps_the_probabilities_of_a_large_vocabulary() -> None:
    """As they are, half precision would blur or lose three quarters of these; in its unit, few."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 3.0, (2000, 2000)) + 8 * np.eye(2000)
    log_prob = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    whole = EntityIndex.from_distributions(np.exp(log_prob), log_prob)
    half = whole.halved()
    assert (whole.mean_prob < np.finfo(np.float16).smallest_normal).mean() > 0.75
    assert (half.mean_prob == 0).mean() < 1e-5
    np.testing.assert_allclose(half.sum_log_prob, whole.sum_log_prob, rtol=1e-4)
    as_it_is = whole.mean_prob.astype(np.float16).astype(np.float32)
    plain = EntityIndex.from_distributions(as_it_is, log_prob)
    assert (np.abs(plain.sum_log_prob / whole.sum_log_prob - 1) > 0.01).all()
    # A probability that even the unit does not save falls to the floor, which all rows share.
    tiny = np.array([[1 - 1e-14, 1e-14], [0.5, 0.5]])
    floored = EntityIndex.from_distributions(tiny, np.log(tiny)).halved()
    assert floored.log_cells(np.array([0]), np.array([1])) == np.log(FLOOR)


def test_half_precision_of_a_flat_row_says_nothing() -> None:
    flat = np.full((4, 4), 0.25, dtype=np.float32)
    assert not EntityIndex.from_distributions(flat, np.log(flat)).halved().standardised(2).any()


def test_what_half_precision_cannot_hold_is_refused() -> None:
    weights = np.full((3, 3), 5.0)
    with pytest.raises(ValueError, match="mean_prob row 0 is not a distribution"):
        EntityIndex.from_distributions(weights, np.zeros((3, 3))).halved()


@pytest.mark.parametrize("search", [window_search, cosine_search])
def test_searches_read_half_precision_as_the_same_values_in_single(search: Any) -> None:
    prob, log_prob = distributions(200, 9, "clustered")
    half = EntityIndex.from_distributions(prob, log_prob).halved()
    single = EntityIndex.from_distributions(
        half.mean_prob.astype(np.float32) / 2**15, half.mean_log_prob.astype(np.float32)
    )
    queries = [[1, 2, 3], [50, 60, 70]]
    ours, theirs = search(half, queries, 102), search(single, queries, 102)
    if search is cosine_search:
        ours, theirs = ([[p for p, _ in row] for row in rows] for rows in (ours, theirs))
    assert ours == theirs
    if search is window_search:
        batched = window_search_batched(half, queries, 102)
        assert [[p for p, _ in row] for row in batched] == ours
