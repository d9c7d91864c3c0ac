"""Queries of the embedded corpus: 5 of 3 seeds and 5 of 5 seeds a fine class.

Rules (specs/dataset_pipeline.md, step 1): seeds are drawn without replacement within a query and
have two contexts or more; no entity seeds two classes at the same query index.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence

from mese.corpus import Query

SEED_COUNTS = (3, 5)
QUERIES = 5
FIGURE_1 = ("Washington D.C.", "Chicago", "Los Angeles")
"""The seeds of the paper's Figure 1: the first query of the US cities."""


class QueryError(ValueError):
    """A class too small to draw a query from; names the class."""


def draw_queries(
    members: Mapping[str, Sequence[int]],
    usable: Collection[int],
    pinned: Mapping[str, Sequence[int]],
) -> list[Query]:
    """The queries of all classes in the order of `members`; `pinned` are first 3-seed queries.

    `usable` are the entities with two contexts or more. Raises `QueryError`.
    """
    queries = []
    for count in SEED_COUNTS:
        for index in range(QUERIES):
            fixed = pinned if count == len(FIGURE_1) and index == 0 else {}
            taken = {entity for seeds in fixed.values() for entity in seeds}
            # Small classes choose first: large ones can do without what is taken.
            for name in sorted(members, key=lambda n: (len(members[n]), n)):
                seeds = fixed.get(name)
                if seeds is None:
                    free = [e for e in members[name] if e in usable and e not in taken]
                    seeds = _draw(name, free, count, index)
                taken.update(seeds)
                queries.append(Query(name, index, tuple(seeds)))
    order = {name: place for place, name in enumerate(members)}
    return sorted(queries, key=lambda q: (len(q.seeds), order[q.class_name], q.index))


def _draw(name: str, free: Sequence[int], count: int, index: int) -> list[int]:
    if len(free) < count:
        raise QueryError(f"{name}: {len(free)} free members, a query needs {count}; add members")
    return random.Random(f"query:{name}:{count}:{index}").sample(free, count)
