"""What queries ask for: the members of their class that are no seeds."""

from __future__ import annotations

from collections.abc import Sequence

from db.loading import load_members, load_queries
from db.shown import members_of
from db.store import Store
from mese.corpus import Query


def gold_of(store: Store, classes: Sequence[str], seeds: Sequence[int]) -> frozenset[int]:
    """The members of any of these classes, without the seeds."""
    with store.read() as session:
        return frozenset(members_of(session, classes) - set(seeds))


def queries_with_gold(store: Store) -> list[tuple[Query, frozenset[int]]]:
    """Every query of the corpus with its gold set."""
    with store.read() as session:
        members = load_members(session)
        return [
            (query, frozenset(members.get(query.class_name, ())) - set(query.seeds))
            for query in load_queries(session)
        ]
