"""The ways to rank, by name: what a bundle, an address, a shell and a table call them.

MultiExpan's own is the window search (section (e) of specs/multiexpan.md); the others are ours and
stand beside it for comparison.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from mese.expand import cosine_search, window_search_scored
from mese.index import EntityIndex
from mese.live_rows import LiveRows
from mese.neighbours import neighbour_search
from mese.states import state_search


class Method(Protocol):
    """A way to rank: queries of vocabulary positions in, per query (position, score) pairs out."""

    def __call__(
        self,
        index: EntityIndex,
        queries: Sequence[Sequence[int]],
        size: int,
        *,
        seed_index: EntityIndex | None = None,
        window: int | None = None,
        rerank: bool = True,
        keep_out: Sequence[int] = (),
        rows: Sequence[LiveRows] = (),
    ) -> list[list[tuple[int, float]]]: ...


METHODS: Mapping[str, Method] = {
    "window": window_search_scored,
    "cosine": cosine_search,
    "neighbours": neighbour_search,
    "states": state_search,
}
"""Ways to rank by name: MultiExpan's window search, and three that compare whole rows at once."""

METHOD_WORDS: Mapping[str, str] = {
    "window": "window search",
    "cosine": "cosine",
    "neighbours": "neighbour-smoothed cosine",
    "states": "cosine of mask states",
}
"""The methods as a page names them."""


def answerable(index: EntityIndex, methods: Iterable[str] = METHODS) -> tuple[str, ...]:
    """Those of the methods that an index can answer with: an older one holds no mask states."""
    return tuple(name for name in methods if name != "states" or index.mean_state is not None)
