"""Finding entities by name or alias, whatever the case, accents or punctuation.

Names and what is typed are folded the same way, and the folded names are stored. The best matches
come first: the whole name, then its beginning, then the beginning of a word, then anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, case, func, literal, null, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from db.images import LOOKUP
from db.models import StoredAlias, StoredClass, StoredContext, StoredEntity, StoredMembership
from db.store import Store
from mese.batches import batches
from mese.names import fold


@dataclass(frozen=True, slots=True)
class EntityHit:
    """An entity that was found; `alias` is the alias that matched, None where the name did."""

    id: int
    name: str
    alias: str | None
    classes: tuple[str, ...]
    contexts: int


def search_entities(store: Store, text: str, limit: int = 20) -> list[EntityHit]:
    """The entities whose name or alias matches `text`, best first; none for an empty text."""
    key = fold(text)
    if not key or limit < 1:
        return []
    with store.read() as session:
        found = session.execute(_matches(key).limit(limit)).all()
        ids = [entity for entity, _, _ in found]
        classes, contexts = classes_of(session, ids), context_counts(session, ids)
    return [
        EntityHit(entity, name, alias, classes.get(entity, ()), contexts.get(entity, 0))
        for entity, name, alias in found
    ]


def _matches(key: str) -> Select[int, str, str | None]:
    names = select(
        StoredEntity.id.label("entity"),
        StoredEntity.name.label("name"),
        null().label("alias"),
        StoredEntity.search_key.label("key"),
        _tier(StoredEntity.search_key, key).label("tier"),
        literal(0).label("by_alias"),
    ).where(StoredEntity.search_key.contains(key, autoescape=True))
    aliases = (
        select(
            StoredEntity.id,
            StoredEntity.name,
            StoredAlias.name,
            StoredAlias.search_key,
            _tier(StoredAlias.search_key, key),
            literal(1),
        )
        .join(StoredEntity, StoredEntity.id == StoredAlias.entity_id)
        .where(StoredAlias.search_key.contains(key, autoescape=True))
    )
    hits = union_all(names, aliases).subquery()
    order = (hits.c.tier, hits.c.by_alias, func.length(hits.c.key), hits.c.entity)
    place = func.row_number().over(partition_by=hits.c.entity, order_by=order)
    best = select(hits, place.label("place")).subquery()
    order = (best.c.tier, best.c.by_alias, func.length(best.c.key), best.c.entity)
    return (
        select(best.c.entity, best.c.name, best.c.alias).where(best.c.place == 1).order_by(*order)
    )


def _tier(column: InstrumentedAttribute[str], key: str) -> ColumnElement[int]:
    return case(
        (column == key, 0),
        (column.startswith(key, autoescape=True), 1),
        (column.contains(f" {key}", autoescape=True), 2),
        else_=3,
    )


def entities_by_name(store: Store, names: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Each given name → the entities that bear it, by name before by alias, ascending.

    Case and accents do not matter. Several entities may bear one name (Georgia), and none: ().
    """
    keys = {name: fold(name) for name in names}
    found: dict[str, dict[int, None]] = {}
    with store.read() as session:
        for some in batches(sorted({key for key in keys.values() if key}), LOOKUP):
            for statement in _bearers(some):
                for key, entity in session.execute(statement):
                    found.setdefault(key, {})[entity] = None
    return {name: tuple(found.get(key, ())) for name, key in keys.items()}


def _bearers(keys: Sequence[str]) -> Iterable[Select[str, int]]:
    by_name = select(StoredEntity.search_key, StoredEntity.id)
    by_alias = select(StoredAlias.search_key, StoredAlias.entity_id)
    yield by_name.where(StoredEntity.search_key.in_(keys)).order_by(StoredEntity.id)
    yield by_alias.where(StoredAlias.search_key.in_(keys)).order_by(StoredAlias.entity_id)


def classes_of(session: Session, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Entity id → the fine classes it is in, in schema order; those in none are left out."""
    found: dict[int, list[str]] = {}
    for some in batches(ids, LOOKUP):
        wanted = (
            select(StoredMembership.entity_id, StoredClass.name)
            .join(StoredClass, StoredClass.id == StoredMembership.class_id)
            .where(StoredMembership.entity_id.in_(some))
            .order_by(StoredClass.position)
        )
        for entity, name in session.execute(wanted):
            found.setdefault(entity, []).append(name)
    return {entity: tuple(names) for entity, names in found.items()}


def context_counts(session: Session, ids: Sequence[int]) -> dict[int, int]:
    """Entity id → its number of contexts; those without one are left out."""
    found: dict[int, int] = {}
    for some in batches(ids, LOOKUP):
        wanted = (
            select(StoredContext.entity_id, func.count())
            .where(StoredContext.entity_id.in_(some))
            .group_by(StoredContext.entity_id)
        )
        found.update((entity, count) for entity, count in session.execute(wanted))
    return found
