"""What a page shows of an entity, and the queries to begin with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from db.images import LOOKUP
from db.loading import load_queries
from db.models import (
    StoredAlias,
    StoredCandidate,
    StoredClass,
    StoredContext,
    StoredEntity,
    StoredImage,
)
from db.search import classes_of, context_counts, entities_by_name
from db.store import Store
from mese.batches import batches
from mese.corpus import Query

FIGURE_1 = ("Washington D.C.", "Chicago", "Los Angeles")
"""The seeds of the paper's Figure 1."""


@dataclass(frozen=True, slots=True)
class EntityCard:
    """An entity as a page shows it; `image_hash` is its best picture's, None without one.

    `other_name` is what one that goes by another of its names (role `synonym`) is usually called.
    """

    id: int
    name: str
    aliases: tuple[str, ...]
    classes: tuple[str, ...]
    image_hash: str | None
    contexts: int
    other_name: str | None = None


def entity_cards(store: Store, ids: Iterable[int]) -> dict[int, EntityCard]:
    """Entity id → card, for those of `ids` that the corpus has, in the order asked for."""
    with store.read() as session:
        return cards_of(session, ids)


def cards_of(session: Session, ids: Iterable[int]) -> dict[int, EntityCard]:
    """As `entity_cards`, within a transaction."""
    wanted = list(dict.fromkeys(ids))
    named = _names_and_roles(session, wanted)
    known = [entity for entity in wanted if entity in named]
    aliases, classes = _aliases(session, known), classes_of(session, known)
    pictures, contexts = pictures_of(session, known), context_counts(session, known)
    return {
        entity: EntityCard(
            entity,
            named[entity][0],
            aliases.get(entity, ()),
            classes.get(entity, ()),
            pictures.get(entity),
            contexts.get(entity, 0),
            _other_name(named[entity][1], aliases.get(entity, ())),
        )
        for entity in known
    }


def entity_names(store: Store) -> dict[int, str]:
    """Every entity's name by its id: what a bundle is matched against."""
    with store.read() as session:
        return dict(session.execute(select(StoredEntity.id, StoredEntity.name)).all())


def _other_name(role: str, aliases: Sequence[str]) -> str | None:
    return aliases[0] if role == "synonym" and aliases else None


def _names_and_roles(session: Session, ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    found: dict[int, tuple[str, str]] = {}
    for some in batches(ids, LOOKUP):
        rows = session.execute(
            select(StoredEntity.id, StoredEntity.name, StoredEntity.role).where(
                StoredEntity.id.in_(some)
            )
        )
        found.update((entity, (name, role)) for entity, name, role in rows)
    return found


def _aliases(session: Session, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    found: dict[int, list[str]] = {}
    for some in batches(ids, LOOKUP):
        rows = session.execute(
            select(StoredAlias.entity_id, StoredAlias.name)
            .where(StoredAlias.entity_id.in_(some))
            .order_by(StoredAlias.position)
        )
        for entity, name in rows:
            found.setdefault(entity, []).append(name)
    return {entity: tuple(names) for entity, names in found.items()}


def pictures_of(session: Session, ids: Sequence[int]) -> dict[int, str]:
    """Entity id → hash of a picture: the reference image where it can be shown, else the first
    context's image that can.
    """
    found: dict[int, str] = {}
    for pictures in (_reference_pictures, _first_pictures):
        missing = [entity for entity in ids if entity not in found]
        for some in batches(missing, LOOKUP):
            rows = session.execute(pictures(some))
            found.update((entity, sha256) for entity, sha256 in rows if sha256)
    return found


def _reference_pictures(ids: Sequence[int]) -> Select[int, str | None]:
    return (
        select(StoredEntity.id, StoredImage.sha256)
        .join(StoredImage, StoredImage.id == StoredEntity.reference_image_id)
        .where(StoredEntity.id.in_(ids), StoredImage.problem.is_(None))
    )


def _first_pictures(ids: Sequence[int]) -> Select[int, str | None]:
    # PostgreSQL counts how many images have a hash when it pleases, at first none: asked for that,
    # it would begin with the hashes, of all images. An expression tempts it to nothing.
    hashed = func.coalesce(StoredImage.sha256, "") != ""
    first = (
        select(StoredImage.sha256)
        .join(StoredCandidate, StoredCandidate.image_id == StoredImage.id)
        .join(StoredContext, StoredContext.id == StoredCandidate.context_id)
        .where(StoredContext.entity_id == StoredEntity.id, StoredCandidate.rank == 1)
        .where(StoredImage.problem.is_(None), hashed)
        .order_by(StoredContext.id)
        .limit(1)
        .scalar_subquery()
    )
    return select(StoredEntity.id, first).where(StoredEntity.id.in_(ids))


def example_queries(store: Store, limit: int = 6) -> list[Query]:
    """Queries of 3 seeds to begin with: Figure 1's where its cities are, then one a class.

    Coarse classes take turns, so that the examples show the corpus's width. Of a class's queries
    the first whose seeds all have reference images is taken, else the first: a search's first
    image is often a wrong one.
    """
    with store.read() as session:
        queries = [query for query in load_queries(session) if len(query.seeds) == 3]
        coarse_of = dict(session.execute(_coarse()).all())
        pictured = _pictured(session, {seed for query in queries for seed in query.seeds})
    first = _figure_1(store, queries)
    taken = {query.class_name for query in first}
    firsts: dict[str, Query] = {}
    for query in sorted(queries, key=lambda query: not pictured.issuperset(query.seeds)):
        firsts.setdefault(query.class_name, query)
    others = [firsts[name] for name in coarse_of if name in firsts and name not in taken]
    return [*first, *take_turns(others, coarse_of)][: max(limit, 0)]


def _pictured(session: Session, ids: Iterable[int]) -> set[int]:
    """Those of `ids` that have a reference image to show."""
    found: set[int] = set()
    for some in batches(sorted(ids), LOOKUP):
        found.update(entity for entity, sha256 in session.execute(_reference_pictures(some)))
    return found


def _coarse() -> Select[str, str]:
    return select(StoredClass.name, StoredClass.coarse).order_by(StoredClass.position)


def _figure_1(store: Store, queries: Sequence[Query]) -> list[Query]:
    """The stored query with Figure 1's seeds, or one made for it; none without the three cities."""
    bearers = entities_by_name(store, FIGURE_1)
    if not all(bearers.values()):
        return []
    seeds = tuple(bearers[name][0] for name in FIGURE_1)
    for query in queries:
        if set(query.seeds) == set(seeds):
            return [query]
    with store.read() as session:
        classes = classes_of(session, seeds)
    wanted = shared([classes.get(seed, ()) for seed in seeds])
    return [Query(wanted[0], 0, seeds)] if wanted else []


def shared(classes: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The classes that all have, in the first one's order; none of nothing."""
    if not classes:
        return ()
    first, *others = classes
    return tuple(name for name in first if all(name in other for other in others))


def take_turns(queries: Sequence[Query], coarse_of: dict[str, str]) -> list[Query]:
    """The first query of each coarse class, then each one's second, and so on."""
    turns: dict[str, int] = {}
    placed = []
    for place, query in enumerate(queries):
        coarse = coarse_of[query.class_name]
        turns[coarse] = turns.get(coarse, 0) + 1
        placed.append((turns[coarse], place, query))
    return [query for _, _, query in sorted(placed, key=lambda item: item[:2])]
