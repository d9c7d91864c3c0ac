"""Neighbour-smoothed cosine: an expander that adapts to what lies around each entity.

Not of the paper. Window search's weights are set for classes of a hundred members, and where an
entity has a dozen contexts its row is noisy: what two members of a class share drowns in what names
each of them. Here every entity's unit row is averaged with those of its nearest entities, each by
its cosine, before the seeds' sum is compared with it. Who is near, and how much it weighs, is read
from the representations alone, never from a class or a gold list:

    u_e = z_e / |z_e|        n_e = Σ_j max(u_e·u_j, 0) u_j   over the K nearest j ≠ e
    s_e = u_e + n_e / |n_e|  score(e) = cos(s_e, Σ_seeds s_i / |s_i|)

A query costs one pass over the matrix, as the plain cosine does: the rows s are never stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mese.expand import one_shot
from mese.index import BLOCK_CELLS, EntityIndex, Neighbours, standardise
from mese.live_rows import LiveRows, Query

K = 10
"""Neighbours of an entity. 5 to 20 differ by less than 2 points of Avg on the dev classes."""

Rows = NDArray[np.float32]
Places = NDArray[np.int32] | NDArray[np.intp]


def with_neighbours(index: EntityIndex) -> EntityIndex:
    """The index with its neighbours, as a bundle keeps it."""
    return replace(index, neighbours=neighbours_of(index))


def neighbours_of(index: EntityIndex) -> Neighbours:
    """The index's own neighbours, or those found for it: once, whichever thread asks first."""
    if index.neighbours is not None:
        return index.neighbours
    kept = index.__dict__
    finding: Lock = kept.setdefault("finding neighbours", Lock())  # atomic: one lock an index
    with finding:
        if "found neighbours" not in kept:
            kept["found neighbours"] = find_neighbours(index)
    found: Neighbours = kept["found neighbours"]
    return found


def find_neighbours(index: EntityIndex) -> Neighbours:
    """The neighbours of an index: V³ multiplications in blocks of rows, once an index.

    At V = 1,272 that takes a tenth of a second, at V = 14,489 a minute or two.
    """
    size = len(index)
    count = min(K, size - 1)
    near, share = np.empty((size, count), np.int32), np.empty((size, count), np.float32)
    scale = np.empty(size)
    for start, block in _unit_blocks(index):
        rows = slice(start, start + len(block))
        near[rows], cosines = _nearest(index, block, np.arange(start, start + len(block)), count)
        summed = _sum_of(index, near[rows], cosines)
        inverse = _inverse(np.linalg.norm(summed, axis=1)).astype(np.float32)[:, None]
        share[rows] = cosines * inverse
        scale[rows] = _inverse(np.linalg.norm(block + summed * inverse, axis=1))
    return Neighbours(near, share, scale)


def neighbour_search(
    index: EntityIndex,
    queries: Sequence[Sequence[int]],
    size: int = 100,
    seed_index: EntityIndex | None = None,
    *,
    window: int | None = None,
    rerank: bool = True,
    keep_out: Sequence[int] = (),
    rows: Sequence[LiveRows] = (),
) -> list[list[tuple[int, float]]]:
    """Rank by the smoothed cosine; arguments and result are those of `mese.expand.cosine_search`.

    An index that was kept without neighbours finds them at its first query. A live row has
    neighbours like any other: they are looked up in its index.
    """
    return one_shot(index, queries, size, keep_out, rows, partial(_scores, index, seed_index))


def _scores(
    index: EntityIndex, seed_index: EntityIndex | None, queries: list[Query]
) -> NDArray[np.float64]:
    """The smoothed cosine of every entity to each query, float64 (n, V)."""
    centres = np.stack([_centre(seed_index or index, query) for query in queries])
    plain = _unit_products(index, centres)
    found = neighbours_of(index)
    smooth = (plain + np.einsum("qek,ek->qe", plain[:, found.near], found.share)) * found.scale
    scores: NDArray[np.float64] = smooth * _inverse(np.linalg.norm(centres, axis=1))[:, None]
    return scores


def _centre(index: EntityIndex, query: Query) -> NDArray[np.float64]:
    """Σ s / |s| over a query's seeds, float64 (V,)."""
    seeds, live = query
    total = np.zeros(len(index))
    for seed in seeds:
        total += _smoothed(index, live.own[seed], seed) if seed in live.own else _own(index, seed)
    for row in live.open:
        total += _smoothed(index, row, None)
    return total


def _own(index: EntityIndex, seed: int) -> NDArray[np.float64]:
    """s / |s| of an entity of the index."""
    found = neighbours_of(index)
    row = _unit(index.standardised(seed))
    for near, share in zip(found.near[seed], found.share[seed], strict=True):
        row = row + share * _unit(index.standardised(near))
    return row * found.scale[seed]


def _smoothed(index: EntityIndex, log_prob: Rows, seed: int | None) -> NDArray[np.float64]:
    """s / |s| of a live row; `seed` is the entity that it stands for, which is no neighbour."""
    row = _unit(standardise(log_prob))
    block = row[None].astype(np.float32)
    own = np.array([-1 if seed is None else seed])
    near, cosines = _nearest(index, block, own, neighbours_of(index).near.shape[1])
    return _unit(row + _unit(_sum_of(index, near, cosines)[0].astype(np.float64)))


def _nearest(
    index: EntityIndex, block: Rows, own: NDArray[np.intp], count: int
) -> tuple[Places, Rows]:
    """The `count` nearest entities of unit rows, and their cosines where those are positive.

    `own` intp (n,) are the rows' own positions, −1 for none. Ties go to the lower position.
    """
    cosines = _unit_products(index, block).astype(np.float32)
    inside = np.flatnonzero(own >= 0)
    cosines[inside, own[inside]] = -np.inf
    near = np.argsort(-cosines, axis=1, kind="stable")[:, :count]
    return near, np.maximum(np.take_along_axis(cosines, near, axis=1), 0)


def _sum_of(index: EntityIndex, near: Places, cosines: Rows) -> Rows:
    """n_e = Σ_j cosine_ej u_j for rows of neighbours (n, k): float32 (n, V)."""
    summed = np.zeros((len(near), len(index)), np.float32)
    for column in range(near.shape[1]):
        summed += _unit_rows(index, near[:, column]) * cosines[:, column, None]
    return summed


def _unit_products(index: EntityIndex, vectors: NDArray[Any]) -> NDArray[np.float64]:
    """u_e · v for every entity e and each of n vectors: float64 (n, V)."""
    narrow = np.ascontiguousarray(vectors.T, dtype=np.float32)
    products = np.empty((len(vectors), len(index)))
    for start, block in _unit_blocks(index):
        products[:, start : start + len(block)] = (block @ narrow).T
    return products


def _unit_blocks(index: EntityIndex) -> Iterator[tuple[int, Rows]]:
    step = max(1, BLOCK_CELLS // max(len(index), 1))
    for start in range(0, len(index), step):
        yield start, _unit_rows(index, np.arange(start, min(start + step, len(index))))


def _unit_rows(index: EntityIndex, positions: Places) -> Rows:
    """u = z / |z| of some entities, float32 (n, V); a standardised row has the norm √V, or 0."""
    rows = index.mean_log_prob[positions].astype(np.float32)
    rows -= index.row_mean[positions, None].astype(np.float32)
    rows *= (index.row_scale[positions, None] / np.sqrt(len(index))).astype(np.float32)
    return rows


def _unit(row: NDArray[np.float64]) -> NDArray[np.float64]:
    unit: NDArray[np.float64] = row * _inverse(np.linalg.norm(row))
    return unit


def _inverse(lengths: Any) -> NDArray[np.float64]:
    """1 / length, 0 where the length is 0."""
    wide = np.asarray(lengths, dtype=np.float64)
    return np.divide(1.0, wide, out=np.zeros_like(wide), where=wide > 1e-12)
