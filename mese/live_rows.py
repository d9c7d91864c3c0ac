"""What pulls a query's set: its seeds' rows, of the index or made on the fly.

Section (e) of specs/multiexpan.md starts from A = Σ z over the seeds. A row that was made on the
fly (`mese.live`), of some of a seed's contexts or of a seed that is not in the vocabulary, enters
the sum like any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mese.index import EntityIndex, standardise

Row = NDArray[np.float32]
"""A mean log-distribution over the vocabulary, (V,), or a mean mask state, (d,)."""


@dataclass(frozen=True)
class LiveRows:
    """What a query's seeds are represented by beside the index: rows that were made on the fly.

    `own` maps a seed's position to the row that stands in for the index's; `open` are the rows of
    seeds that are not in the vocabulary. Those pull the set like any seed, but they have no column:
    they are no members of the set that targets are made over, and they cannot be returned.
    `own_states` and `open_states` are the same rows' mask states, for the method that ranks by them
    (`mese.states`).
    """

    own: Mapping[int, Row] = field(default_factory=dict)
    open: Sequence[Row] = ()
    own_states: Mapping[int, Row] = field(default_factory=dict)
    open_states: Sequence[Row | None] = ()


NO_ROWS = LiveRows()

Query = tuple[list[int], LiveRows]
"""A query that was checked: the positions of its seeds, and the rows made for it."""


def check_queries(
    index: EntityIndex,
    queries: Sequence[Sequence[int]],
    keep_out: Sequence[int] = (),
    rows: Sequence[LiveRows] = (),
) -> list[Query]:
    """The queries, each with its rows; raises ValueError as `window_search` says."""
    if rows and len(rows) != len(queries):
        raise ValueError(f"{len(queries)} queries, but live rows for {len(rows)}")
    outside = [position for position in keep_out if not 0 <= position < len(index)]
    if outside:
        raise ValueError(f"positions {outside} to keep out lie outside the vocabulary")
    paired = zip(queries, rows or [NO_ROWS] * len(queries), strict=True)
    return [(check_query(query, len(index), live), live) for query, live in paired]


def check_query(query: Sequence[int], size: int, live: LiveRows = NO_ROWS) -> list[int]:
    """The query as a fresh list; raises ValueError as `window_search` says."""
    seeds = [int(seed) for seed in query]
    if not seeds and not live.open:
        raise ValueError("a query needs at least one seed")
    if len(set(seeds)) != len(seeds):
        raise ValueError(f"a seed stands twice in the query {seeds}")
    outside = [seed for seed in seeds if not 0 <= seed < size]
    if outside:
        raise ValueError(f"positions {outside} lie outside the vocabulary of {size} entities")
    strangers = sorted(set(live.own) - set(seeds))
    if strangers:
        raise ValueError(f"rows for {strangers}, which are no seeds of the query {seeds}")
    shapes = {np.shape(row) for row in (*live.own.values(), *live.open)} - {(size,)}
    if shapes:
        raise ValueError(f"a live row has the shape {shapes.pop()}, the vocabulary {size} entities")
    return seeds


def sum_seeds(
    index: EntityIndex, seeds: Sequence[int], live: LiveRows = NO_ROWS
) -> NDArray[np.float64]:
    """A before the first pick: Σ z over the seeds, float64 (V,)."""
    total = np.zeros(len(index))
    for seed in seeds:
        total += standardise(live.own[seed]) if seed in live.own else index.standardised(seed)
    for row in live.open:
        total += standardise(row)
    return total
