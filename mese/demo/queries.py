"""Queries of the embedded corpus: all ten of each fine class, the paper's Figure 1 first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from mese.corpus import Query
from mese.queries import QUERIES, SEED_COUNTS, Pinned, draw_queries

FIGURE_1 = ("Washington D.C.", "Chicago", "Los Angeles")
"""The seeds of the paper's Figure 1: the first query of the US cities."""


class QueryError(ValueError):
    """A class too small to draw all its queries from; names the class."""


def draw_all_queries(
    members: Mapping[str, Sequence[int]], usable: Collection[int], pinned: Pinned
) -> tuple[Query, ...]:
    """The queries of `mese.queries.draw_queries`, all ten of each class; raises `QueryError`."""
    queries = draw_queries(members, usable, pinned)
    drawn = Counter((q.class_name, len(q.seeds)) for q in queries)
    for name, ids in members.items():
        for count in SEED_COUNTS:
            if drawn[name, count] < QUERIES:
                fit = len(set(ids) & set(usable))
                raise QueryError(
                    f"{name}: {fit} members with two contexts give {drawn[name, count]} of "
                    f"{QUERIES} queries of {count} seeds; add members"
                )
    return queries
