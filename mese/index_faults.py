"""What no index can hold: numbers that would make a list of nonsense, told before it is made.

What is read whole in any case, the numbers of each row, is judged when an index is opened; of the
two V×V matrices only the rows of a query's seeds, and then the list itself. Each function gives the
fault in words, or None. The bounds follow from how an index is made (`mese.index`): a floored and
normalised row q of V numbers has Σ ln q between V·ln(FLOOR / its sum) and −V·ln V.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mese.index import FLOOR, EntityIndex, Neighbours

SLACK = 1e-6
"""Of a bound, relative: sums of float64 are nearer."""
NEAR = 0.01
"""How far a row may be from what the index says of it, relative: what is stored is float32."""
MOST_OF_A_STATE = 1e6
"""The largest number of a mask state, either way; a model's are around 1."""


def constants_fault(known: Mapping[str, NDArray[Any]]) -> str | None:
    """Of the numbers of each row, (V,) each, all of them finite."""
    row_sum, total = known["row_sum"], known["sum_log_prob"]
    size = len(row_sum)
    if not (row_sum >= size * FLOOR * (1 - SLACK)).all():
        return "row_sum holds a value that is no sum of probabilities"
    most = -size * math.log(size)
    least = size * (math.log(FLOOR) - np.log(row_sum))
    slack = SLACK * size
    if not ((total <= most + slack) & (total >= least - slack)).all():
        return "sum_log_prob holds a value that no distribution has"
    if "row_scale" in known and not (known["row_scale"] >= 0).all():
        return "row_scale holds a negative value"
    return None


def neighbours_fault(found: Neighbours, flat: bool = False) -> str | None:
    """Of an index's neighbours: a smoothed row is no shorter than the unit row it begins with.

    `flat` says that no row of the index says anything: then none has a length.
    """
    if found.near.size and not 0 <= found.near.min() <= found.near.max() < len(found.near):
        return f"a neighbour lies outside the {len(found.near)} entities"
    if not np.isfinite(found.share).all() or (found.share < 0).any():
        return "neighbours.share holds a value that is negative or not finite"
    if (found.scale < 0).any() or (found.scale > 1 + NEAR).any() or not (flat or found.scale.any()):
        return "neighbours.scale holds values that no lengths have"
    return None


def states_fault(state: NDArray[Any]) -> str | None:
    """Of an index's mean mask states, (V, d)."""
    if not np.isfinite(state).all():
        return "mean_state holds a value that is not finite"
    low, high = state.min(axis=0), state.max(axis=0)
    if low.min() < -MOST_OF_A_STATE or high.max() > MOST_OF_A_STATE:
        return "mean_state holds a value that no model gives"
    if not state.any():
        return "mean_state holds nothing but zeros"
    return None


def rows_fault(index: EntityIndex, positions: Iterable[int]) -> str | None:
    """Of some rows of the matrices: they are not what the index says of them."""
    for position in positions:
        floored = np.maximum(index.probabilities(position), FLOOR)
        if not math.isclose(floored.sum(), index.row_sum[position], rel_tol=NEAR):
            return f"row {position} of mean_prob is not the one that was written"
        if not _moments_fit(index, position):
            return f"row {position} of mean_log_prob is not the one that was written"
    return None


def _moments_fit(index: EntityIndex, position: int) -> bool:
    row = index.mean_log_prob[position].astype(np.float64)
    mean, scale = index.row_mean[position], index.row_scale[position]
    if not np.isfinite(row).all():
        return False
    if row.max() == row.min():
        return bool(scale == 0)
    spread = float(row.std())
    return math.isclose(spread * scale, 1, rel_tol=NEAR) and abs(row.mean() - mean) <= NEAR * spread


def list_fault(ranked: list[tuple[int, float]], out: Collection[int]) -> str | None:
    """Of a list of (position, score): what no search of a sound index gives."""
    places = [position for position, _ in ranked]
    if len(set(places)) != len(places) or not set(out).isdisjoint(places):
        return "a list of it holds a seed, or an entity twice"
    if not all(math.isfinite(score) for _, score in ranked):
        return "a score of it is not finite"
    return None
