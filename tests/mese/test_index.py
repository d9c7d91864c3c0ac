"""The index's constants and look-ups against plain NumPy, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

import mese.index
from mese.index import FLOOR, EntityIndex
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
