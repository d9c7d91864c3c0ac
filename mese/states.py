"""Cosine of mask states: one shot, and inductive.

Not of the paper. The state at `[MASK]` is what the entity head reads (section (a) of
specs/multiexpan.md), so anything that stands in a context has one, in the vocabulary or not. It is
averaged over an entity's contexts as its distributions are, and the mean over all entities, which
says nothing of any of them, is taken away:

    u_e = (h_e − m) / |h_e − m|        score(e) = cos(u_e, Σ_seeds u_s)

It is the floor that a method which reads the V×V matrices must beat, from V×d numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mese.expand import one_shot
from mese.index import BLOCK_CELLS, EntityIndex
from mese.index_file import MEND, BundleError
from mese.live_rows import LiveRows, Query, Row
from mese.mentions import SeedError

TINY = 1e-9
"""A centred state that is shorter, beside the mean's own length, is a rounding error."""


@dataclass(frozen=True)
class Frame:
    """What an index's states are compared in.

    `centre` float64 (d,) is m, the mean over the entities that say something; `scale` float64 (V,)
    is 1 / |h − m|, 0 for one that says nothing.
    """

    states: Row
    centre: NDArray[np.float64]
    scale: NDArray[np.float64]

    def unit(self, state: Row) -> NDArray[np.float64]:
        """u of any mask state, float64 (d,)."""
        centred = state.astype(np.float64) - self.centre
        unit: NDArray[np.float64] = centred * _scale(state[None], self.centre)[0]
        return unit

    def blocks(self) -> Iterator[tuple[slice, NDArray[np.float32]]]:
        """The entities' u in float32, some rows at a time."""
        for rows in _parts(self.states):
            centred = self.states[rows] - self.centre.astype(np.float32)
            yield rows, centred * self.scale[rows, None].astype(np.float32)


def frame_of(index: EntityIndex) -> Frame:
    """The index's frame, made once; raises `BundleError` where the index holds no states."""
    if index.mean_state is None:
        raise BundleError(
            "the bundle was made before mask states were kept, so nothing can be ranked by them; "
            f"choose another method, or {MEND}"
        )
    kept = index.__dict__
    if "state frame" not in kept:
        kept["state frame"] = _frame(index.mean_state)
    found: Frame = kept["state frame"]
    return found


def state_search(
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
    """Rank by the cosine of mask states; arguments and result are those of `cosine_search`.

    Raises `BundleError` where an index holds no states, and `SeedError` for a live row made without
    its own.
    """
    return one_shot(index, queries, size, keep_out, rows, partial(_scores, index, seed_index))


def _scores(
    index: EntityIndex, seed_index: EntityIndex | None, queries: list[Query]
) -> NDArray[np.float64]:
    """The cosine of every entity's state to each query's direction, float64 (n, V)."""
    frame = frame_of(index)
    directions = np.stack([direction(seed_index or index, query) for query in queries])
    narrow = np.ascontiguousarray(_fitting(frame, directions).T, dtype=np.float32)
    scores = np.empty((len(queries), len(index)))
    for part, block in frame.blocks():
        scores[:, part] = (block @ narrow).T
    return scores


def direction(index: EntityIndex, query: Query) -> NDArray[np.float64]:
    """Where a query's seeds point: Σ u over them, float64 (d,), of length 1 (or 0)."""
    frame, (seeds, live) = frame_of(index), query
    total = np.zeros_like(frame.centre)
    for seed in seeds:
        own = live.own_states.get(seed) if seed in live.own else frame.states[seed]
        total += frame.unit(_fitting(frame, own))
    for number in range(len(live.open)):
        given = live.open_states[number] if number < len(live.open_states) else None
        total += frame.unit(_fitting(frame, given))
    length = float(np.linalg.norm(total))
    return total / length if length > TINY else np.zeros_like(total)


def state_cosine(index: EntityIndex, state: Row | None, towards: NDArray[np.float64]) -> float:
    """The score that a mask state of no entity of the index has; `towards` is a `direction`."""
    frame = frame_of(index)
    return float(frame.unit(_fitting(frame, state)) @ _fitting(frame, towards))


def _fitting(frame: Frame, vectors: NDArray[Any] | None) -> NDArray[Any]:
    """The vectors (…, d) as they are; refused where they are missing or of another model."""
    if vectors is None:
        raise SeedError("a seed's row was made without its mask state; read its contexts again")
    if vectors.shape[-1:] != frame.centre.shape:
        raise BundleError(
            f"mask states of {vectors.shape[-1]} and {len(frame.centre)} numbers are of two models "
            f"and cannot be compared; {MEND}"
        )
    return vectors


def _frame(states: Row) -> Frame:
    """A row of zeros is an entity with nothing to go by, and counts for nothing."""
    telling = sum(int(states[rows].any(axis=1).sum()) for rows in _parts(states))
    centre = states.sum(axis=0, dtype=np.float64) / max(telling, 1)
    scale = np.concatenate([_scale(states[rows], centre) for rows in _parts(states)])
    return Frame(states, centre, scale)


def _scale(states: Row, centre: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 / |h − m| of some states, 0 for zeros and for what is the mean itself."""
    length = np.linalg.norm(states.astype(np.float64) - centre, axis=1)
    says = states.any(axis=1) & (length > TINY * (1 + np.linalg.norm(centre)))
    return np.divide(1.0, length, out=np.zeros_like(length), where=says)


def _parts(states: Row) -> Iterator[slice]:
    step = max(1, BLOCK_CELLS // max(states.shape[1], 1))
    for start in range(0, len(states), step):
        yield slice(start, min(start + step, len(states)))
