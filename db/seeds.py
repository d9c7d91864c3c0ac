"""Whether queries keep the rules of specs/dataset_pipeline.md, step 1: the seeds' validity.

A seed is in its query's class and has two contexts or more, and no entity seeds two classes at one
number: the released expander stops there. `stats` counts what breaks them, `check` names it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.loading import load_members
from db.models import StoredClass, StoredEntity, StoredQuery, StoredSeed
from db.search import context_counts

MIN_CONTEXTS = 2
"""Contexts that a seed must have; the release represents no entity with fewer."""


@dataclass(frozen=True, slots=True)
class AskedQuery:
    """A query as the store holds it: `seed_count` is what it says of itself."""

    class_name: str
    seed_count: int
    number: int
    seeds: tuple[int, ...]

    def __str__(self) -> str:
        return f"query {self.number} of {self.seed_count} seeds of {self.class_name!r}"


@dataclass(frozen=True, slots=True)
class SeedFault:
    """A rule that a query breaks; `rule` is one of the names below."""

    query: AskedQuery
    rule: str
    reason: str


COUNT = "other number of seeds"
OUTSIDE = "seed outside the class"
FEW = "seed with too few contexts"
TWO = "seed of two classes at one number"
RULES = (COUNT, OUTSIDE, FEW, TWO)


def seed_faults(session: Session) -> tuple[int, list[SeedFault]]:
    """The number of queries, and every rule that one breaks."""
    queries = _queries(session)
    seeds = sorted({seed for query in queries for seed in query.seeds})
    contexts = context_counts(session, seeds)
    names = dict(session.execute(select(StoredEntity.id, StoredEntity.name)).all())
    return len(queries), list(faults_of(queries, load_members(session), contexts, names))


def faults_of(
    queries: Sequence[AskedQuery],
    members: Mapping[str, Iterable[int]],
    contexts: Mapping[int, int],
    names: Mapping[int, str],
) -> Iterator[SeedFault]:
    """What breaks a rule, query by query; `contexts` and `names` are of the seeds."""
    inside = {name: frozenset(ids) for name, ids in members.items()}
    classes = _classes_by_place(queries)
    for query in queries:
        if len(query.seeds) != query.seed_count:
            yield SeedFault(query, COUNT, f"it has {len(query.seeds)} seeds")
        for seed in query.seeds:
            who = f"{names.get(seed, '?')!r} ({seed})"
            if seed not in inside.get(query.class_name, ()):
                yield SeedFault(query, OUTSIDE, f"seed {who} is not in the class")
            if contexts.get(seed, 0) < MIN_CONTEXTS:
                few = f"seed {who} has {contexts.get(seed, 0)} contexts, and needs {MIN_CONTEXTS}"
                yield SeedFault(query, FEW, few)
            others = classes[query.seed_count, query.number, seed] - {query.class_name}
            if others:
                also = f"seed {who} seeds {min(others)!r} at the same number"
                yield SeedFault(query, TWO, also)


def _classes_by_place(queries: Sequence[AskedQuery]) -> dict[tuple[int, int, int], set[str]]:
    classes: dict[tuple[int, int, int], set[str]] = defaultdict(set)
    for query in queries:
        for seed in query.seeds:
            classes[query.seed_count, query.number, seed].add(query.class_name)
    return classes


def _queries(session: Session) -> list[AskedQuery]:
    rows = session.execute(
        select(StoredQuery, StoredClass.name, StoredSeed.entity_id)
        .join(StoredClass, StoredClass.id == StoredQuery.class_id)
        .outerjoin(StoredSeed, StoredSeed.query_id == StoredQuery.id)
        .order_by(StoredClass.position, StoredQuery.seed_count, StoredQuery.number)
        .order_by(StoredSeed.position)
    )
    seeds: dict[tuple[str, int, int], list[int]] = {}
    for query, name, seed in rows:
        place = seeds.setdefault((name, query.seed_count, query.number), [])
        if seed is not None:
            place.append(seed)
    return [AskedQuery(*place, tuple(ids)) for place, ids in seeds.items()]
