"""Drawing an epoch of contexts and cutting it into batches.

An epoch draws every entity equally often (64 draws in the release, without replacement where an
entity has that many contexts). Draws and batch order depend on (seed, epoch) alone, so that a run
that was cut off goes on with the batches it would have seen.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mese.images import PATCHES

SORT_WINDOW = 50
"""Batches' worth of contexts that are sorted by length together: little padding, still random."""


def draw_epoch(
    entity: NDArray[np.int64], draws: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Rows of one epoch, shuffled: `draws` an entity, without replacement where it has as many."""
    order = np.argsort(entity, kind="stable")
    starts = np.flatnonzero(np.diff(entity[order], prepend=-1))
    drawn = [
        rows[rng.permutation(len(rows))[:draws]]
        if len(rows) >= draws
        else rows[rng.integers(len(rows), size=draws)]
        for rows in np.split(order, starts[1:])
    ]
    return rng.permutation(np.concatenate(drawn))


def bucketed(
    rows: NDArray[np.int64], lengths: NDArray[np.int64], size: int, rng: np.random.Generator
) -> list[NDArray[np.int64]]:
    """Batches of `size` rows of like length, in random order; the last may be smaller."""
    window = size * SORT_WINDOW
    batches: list[NDArray[np.int64]] = []
    for start in range(0, len(rows), window):
        part = rows[start : start + window]
        part = part[np.argsort(lengths[part], kind="stable")]
        batches += [part[at : at + size] for at in range(0, len(part), size)]
    return [batches[i] for i in rng.permutation(len(batches))]


def random_places(keep: int, rng: np.random.Generator) -> NDArray[np.int64] | None:
    """Places of `keep` random patches, in order; None where all 36 are kept."""
    if keep >= PATCHES:
        return None
    return np.sort(rng.permutation(PATCHES)[:keep]).astype(np.int64)
