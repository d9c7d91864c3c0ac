"""Drawing queries: up to 5 of 3 seeds and 5 of 5 seeds for each fine class.

The rules are those of specs/dataset_pipeline.md, step 1: seeds are drawn without replacement within
a query, and no entity seeds two classes at the same query index. Draws are made of names, so that
the same corpus gets the same queries each time.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence

from mese.corpus import Query

SEED_COUNTS = (3, 5)
QUERIES = 5
"""Queries of each size that a class gets, as in MESED."""
MIN_CONTEXTS = 2
"""Contexts of an entity that may be a seed."""

TRIES = 100
"""Draws until a query's seeds differ from the class's earlier ones."""

Pinned = Mapping[str, Sequence[int]]
"""Class → the seeds of its first query of 3."""


def draw_queries(
    members: Mapping[str, Sequence[int]],
    usable: Collection[int],
    pinned: Pinned | None = None,
) -> tuple[Query, ...]:
    """The queries by seed count, class in the order of `members`, and index.

    `usable` are the entities that have `MIN_CONTEXTS`. A class that is too small for five gets
    fewer of them, or none; the queries of a class differ.
    """
    found = []
    for count in SEED_COUNTS:
        first = pinned if pinned and count == SEED_COUNTS[0] else {}
        found += _of_size(count, members, usable, first)
    place = {name: number for number, name in enumerate(members)}
    return tuple(sorted(found, key=lambda q: (len(q.seeds), place[q.class_name], q.index)))


def _of_size(
    count: int,
    members: Mapping[str, Sequence[int]],
    usable: Collection[int],
    pinned: Pinned,
) -> list[Query]:
    drawn: dict[str, list[Query]] = {name: [] for name in members}
    for index in range(QUERIES):
        fixed = pinned if index == 0 else {}
        taken = {entity for seeds in fixed.values() for entity in seeds}
        # Small classes choose first: large ones can do without what is taken.
        for name in sorted(members, key=lambda n: (len(members[n]), n)):
            free = [e for e in members[name] if e in usable and e not in taken]
            earlier = {frozenset(query.seeds) for query in drawn[name]}
            seeds = tuple(fixed.get(name) or _draw(name, free, count, index, earlier))
            # A class that skips an index gets no later one: its queries count from 0.
            if seeds and len(drawn[name]) == index:
                taken.update(seeds)
                drawn[name].append(Query(name, index, seeds))
    return [query for queries in drawn.values() for query in queries]


def _draw(
    name: str,
    free: Sequence[int],
    count: int,
    index: int,
    earlier: Collection[frozenset[int]],
) -> tuple[int, ...]:
    """Seeds that no earlier query of the class has; none where no other were found."""
    if len(free) < count:
        return ()
    rng = random.Random(f"query:{name}:{count}:{index}")
    for _ in range(TRIES):
        seeds = tuple(rng.sample(free, count))
        if frozenset(seeds) not in earlier:
            return seeds
    return ()
