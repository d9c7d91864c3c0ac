"""The entity index: every entity's averaged distribution over the vocabulary.

Section (d) of specs/multiexpan.md, the paper's representation phase: an entity's mean distribution
`P_e` and mean log-distribution `G_e` over the V entities of the vocabulary, taken over all of its
contexts. Expansion reads a few rows of `G` (seeds and picks) and a few cells of `P` (candidate,
set), so both matrices may be memory maps and are never loaded whole.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

FLOOR = 1e-12
"""Probabilities are floored here and rows normalised again, so that every KL is finite."""

HALF_UNIT = 2.0**-15
"""What 1 stands for in a half-precision `mean_prob`: it holds P·2¹⁵, exact but for rounding.

As they are, half precision would lose probabilities below 6e-8 and blur those below 6e-5, which at
V = 14,489 is nearly all of them; so it keeps 11 bits down to 1.9e-9, and is 0 below 9e-13, about
where `FLOOR` lies.
"""

BLOCK_CELLS = 8_000_000
"""Cells of a matrix that one pass holds at a time (32 MB of float32)."""


@dataclass(frozen=True)
class Neighbours:
    """The k nearest of each of V entities, and what they add to its row (`mese.neighbours`).

    `near` int32 (V, k), `share` float32 (V, k): max(u_e·u_j, 0) / |n_e|; `scale` float64 (V,):
    1 / |s_e|, 0 for a flat row, which says nothing.
    """

    near: NDArray[np.int32]
    share: NDArray[np.float32]
    scale: NDArray[np.float64]


@dataclass(frozen=True)
class EntityIndex:
    """Mean distributions of V entities, float32 (V, V) each; row e belongs to position e.

    The others are float64 (V,): `row_sum`, the sum of row e of `mean_prob` after flooring;
    `sum_log_prob`, Λ_e = Σ_v ln q_e[v] of the floored and normalised row (the closed form's
    constant); `row_mean` and `row_scale`, mean and 1 / std of row e of `mean_log_prob` (0 where the
    row is flat).

    In half precision (`halved`) the matrices are float16: `mean_prob` in units of `HALF_UNIT`,
    `mean_log_prob` less each row's mean, which standardising takes away in any case. The float64
    arrays are made of what is stored.

    `mean_state`, float32 (V, d), are the mean states at `[MASK]` that the distributions were read
    from, zeros for an entity with nothing to go by; None in an index made before they were kept.
    """

    mean_prob: NDArray[np.float32]
    mean_log_prob: NDArray[np.float32]
    row_sum: NDArray[np.float64]
    sum_log_prob: NDArray[np.float64]
    row_mean: NDArray[np.float64]
    row_scale: NDArray[np.float64]
    neighbours: Neighbours | None = None
    mean_state: NDArray[np.float32] | None = None

    @classmethod
    def from_distributions(
        cls, mean_prob: ArrayLike, mean_log_prob: ArrayLike, mean_state: ArrayLike | None = None
    ) -> EntityIndex:
        """An index over float32 arrays of shape (V, V), (V, V) and (V, d), used as they are.

        Raises ValueError when the shapes are others, when a row holds a negative probability, a
        NaN, or nothing but zeros, or a state holds what is not finite.
        """
        made = cls._over(_as_float32(mean_prob), _as_float32(mean_log_prob))
        if mean_state is None:
            return made
        state = _as_float32(mean_state)
        if state.ndim != 2 or len(state) != len(made) or not state.shape[1]:
            raise ValueError(f"mean_state {state.shape} must be ({len(made)}, d)")
        if not np.isfinite(state).all():
            raise ValueError("mean_state holds a value that is not finite")
        return replace(made, mean_state=state)

    @classmethod
    def _over(cls, prob: NDArray[Any], log_prob: NDArray[Any]) -> EntityIndex:
        """The index over matrices as they are to be stored."""
        if prob.ndim != 2 or prob.shape[0] != prob.shape[1] or prob.shape != log_prob.shape:
            raise ValueError(
                f"mean_prob {prob.shape} and mean_log_prob {log_prob.shape} must both be (V, V)"
            )
        size = len(prob)
        row_sum, sum_log = np.empty(size), np.empty(size)
        step = max(1, BLOCK_CELLS // max(size, 1))
        for start in range(0, size, step):
            rows = slice(start, start + step)
            row_sum[rows], sum_log[rows] = _row_constants(prob[rows], start)
            if not np.isfinite(log_prob[rows]).all():
                bad = start + int(np.flatnonzero(~np.isfinite(log_prob[rows]).all(axis=1))[0])
                raise ValueError(f"mean_log_prob row {bad} holds a value that is not finite")
        return cls(prob, log_prob, row_sum, sum_log, *row_moments(log_prob))

    def halved(self) -> EntityIndex:
        """The index with its matrices in half precision: half the size, and some lists differ.

        The mean states, which are few, stay as they are. benchmarks/expansion.py prints the share.
        Raises ValueError for a probability of 2 or more.
        """
        if self.is_half:
            return self
        size = len(self)
        prob, log_prob = np.empty((size, size), np.float16), np.empty((size, size), np.float16)
        step = max(1, BLOCK_CELLS // max(size, 1))
        for start in range(0, size, step):
            rows = slice(start, start + step)
            with np.errstate(over="ignore"):  # infinite values are refused below
                prob[rows] = self.mean_prob[rows] / np.float32(HALF_UNIT)
            log_prob[rows] = self.mean_log_prob[rows] - self.row_mean[rows, None]
        return replace(self._over(prob, log_prob), mean_state=self.mean_state)

    @property
    def is_half(self) -> bool:
        return bool(self.mean_prob.dtype == np.float16)

    def probabilities(self, position: int) -> NDArray[np.float64]:
        """Row `position` of `mean_prob` as it is stored, float64 (V,)."""
        return _wide(self.mean_prob[position])

    def __len__(self) -> int:
        return len(self.mean_prob)

    def standardised(self, position: int) -> NDArray[np.float64]:
        """z_e = (G_e − mean) / std over the vocabulary, float64 (V,); zeros where std is 0."""
        row = np.subtract(self.mean_log_prob[position], self.row_mean[position], dtype=np.float64)
        row *= self.row_scale[position]
        return row

    def log_prob_at(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.float64]:
        """ln q_row[column] of the floored, normalised rows: float64 (len(rows), len(columns))."""
        return self.log_cells(rows, columns) - self.log_row_sum[rows][:, None]

    def log_cells(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.float64]:
        """`log_prob_at` before the rows are normalised."""
        cells = _wide(self._plain_prob[rows[:, None], columns])
        np.maximum(cells, FLOOR, out=cells)
        return np.log(cells, out=cells)

    def own_log_prob(self, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """ln q_e[e] for each row e, float64 (len(rows),)."""
        cells = _wide(self._plain_prob[rows, rows])
        return np.log(np.maximum(cells, FLOOR)) - self.log_row_sum[rows]

    @cached_property
    def log_row_sum(self) -> NDArray[np.float64]:
        """What `log_cells` lacks, float64 (V,)."""
        logs: NDArray[np.float64] = np.log(self.row_sum)
        return logs

    @cached_property
    def _plain_prob(self) -> NDArray[np.float32]:
        """`mean_prob` without the memory map's own class, which makes each look-up dearer."""
        return self.mean_prob.view(np.ndarray)


def standardise(log_prob: NDArray[np.float32]) -> NDArray[np.float64]:
    """z = (g − mean) / std of one row that is in no index, float64 (V,); zeros where it is flat."""
    mean, scale = row_moments(log_prob[None])
    return (log_prob.astype(np.float64) - mean) * scale


def _wide(prob: NDArray[Any]) -> NDArray[np.float64]:
    """Stored probabilities as float64."""
    wide: NDArray[np.float64] = prob.astype(np.float64)
    if prob.dtype == np.float16:
        wide *= HALF_UNIT
    return wide


def _as_float32(values: ArrayLike) -> NDArray[np.float32]:
    array: NDArray[Any] = np.asanyarray(values)
    return array if array.dtype == np.float32 else array.astype(np.float32)


def row_moments(
    mean_log_prob: NDArray[np.float32],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """`EntityIndex.row_mean` and `row_scale` of a float32 (n, V) matrix, some rows at a time."""
    size = len(mean_log_prob)
    mean, scale = np.empty(size), np.empty(size)
    step = max(1, BLOCK_CELLS // max(mean_log_prob.shape[1], 1))
    for start in range(0, size, step):
        wide = mean_log_prob[start : start + step].astype(np.float64)
        # A flat row's computed std may be a rounding error, which standardising would blow up.
        flat = wide.max(axis=1) == wide.min(axis=1)
        spread = np.where(flat, 1.0, wide.std(axis=1))
        mean[start : start + step] = wide.mean(axis=1)
        scale[start : start + step] = np.where(flat, 0.0, 1.0 / spread)
    return mean, scale


def _row_constants(
    rows: NDArray[np.float32], first: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    wide = _wide(rows)
    wrong = ~np.isfinite(wide).all(axis=1) | (wide < 0).any(axis=1) | ~(wide > 0).any(axis=1)
    if wrong.any():
        bad = first + int(np.flatnonzero(wrong)[0])
        raise ValueError(f"mean_prob row {bad} is not a distribution (negative, NaN or all zero)")
    floored = np.maximum(wide, FLOOR)
    total = floored.sum(axis=1)
    return total, np.log(floored).sum(axis=1) - rows.shape[1] * np.log(total)
