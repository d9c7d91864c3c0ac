"""What the Browse page draws: the classes, one class, one entity, and an entity's contexts.

Every look-up is a handful of small statements over indexed columns, so that a page costs the same
in a corpus of 14,000 entities as in one of 20.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from db.cards import EntityCard, cards_of, pictures_of
from db.models import (
    StoredAlias,
    StoredCandidate,
    StoredClass,
    StoredContext,
    StoredEntity,
    StoredImage,
    StoredMembership,
    StoredQuery,
    StoredSeed,
    StoredSentence,
)
from db.store import Store, StoreError
from mese.names import fold

COVER = 3
"""How many members' pictures stand for a class."""


@dataclass(frozen=True, slots=True)
class ClassCard:
    """A fine class with its place in the schema; `cover` holds hashes of members' pictures."""

    name: str
    middle: str
    coarse: str
    members: int
    cover: tuple[str | None, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredQueryCard:
    """A query of a class: its number among those of its size, and its seeds as cards."""

    number: int
    seeds: tuple[EntityCard, ...]


@dataclass(frozen=True, slots=True)
class ClassView:
    """A fine class as a page shows it; `siblings` are the classes with the same parent."""

    card: ClassCard
    members: tuple[EntityCard, ...]
    siblings: tuple[ClassCard, ...]
    queries: tuple[StoredQueryCard, ...]


@dataclass(frozen=True, slots=True)
class EntityView:
    """An entity as a page shows it.

    `namesakes` bear the same name and are other entities; `fellows` are the first other members
    of each of its classes, `siblings` the classes that are hard negatives to them.
    """

    card: EntityCard
    role: str
    reference_hash: str | None
    classes: tuple[ClassCard, ...]
    fellows: tuple[tuple[EntityCard, ...], ...]
    siblings: tuple[ClassCard, ...]
    namesakes: tuple[EntityCard, ...]


@dataclass(frozen=True, slots=True)
class CandidateView:
    """A candidate image by its search rank; without a hash, `problem` says why."""

    rank: int
    sha256: str | None
    problem: str | None
    chosen: bool


@dataclass(frozen=True, slots=True)
class ContextView:
    """A sentence with its mention (tokens `start` to `end`, inclusive) and its candidates."""

    id: int
    tokens: tuple[str, ...]
    start: int
    end: int
    candidates: tuple[CandidateView, ...]

    @property
    def chosen(self) -> CandidateView | None:
        """The image under the policy; None where the policy gives none."""
        return next((c for c in self.candidates if c.chosen), None)


def class_cards(store: Store, offset: int = 0, limit: int = 60) -> list[ClassCard]:
    """Fine classes in schema order, each with its first members' pictures."""
    with store.read() as session:
        rows = session.execute(_classes().offset(max(offset, 0)).limit(limit)).all()
        firsts = {row.id: _member_ids(session, row.id, 0, COVER) for row in rows}
        pictures = pictures_of(session, [e for ids in firsts.values() for e in ids])
    return [_class_card(row, tuple(pictures.get(e) for e in firsts[row.id])) for row in rows]


def count_classes(store: Store) -> int:
    with store.read() as session:
        return session.scalar(select(func.count()).select_from(StoredClass)) or 0


def search_classes(store: Store, text: str, limit: int = 8) -> list[ClassCard]:
    """Fine classes whose name holds `text`, best first; blanks do not matter (PassengerCars)."""
    key = fold(text).replace(" ", "")
    if not key:
        return []
    with store.read() as session:
        names = session.execute(select(StoredClass.id, StoredClass.name)).all()
        found = sorted(
            (not folded.startswith(key), len(folded), number)
            for number, name in names
            if key in (folded := fold(name).replace(" ", ""))
        )
        wanted = [number for _, _, number in found[: max(limit, 0)]]
        rows = {row.id: row for row in session.execute(_classes(wanted))}
    return [_class_card(rows[number]) for number in wanted]


def class_view(store: Store, name: str, offset: int = 0, limit: int = 24) -> ClassView | None:
    """The fine class called `name` with some of its members, by name; None if there is none."""
    with store.read() as session:
        number = session.scalar(select(StoredClass.id).where(StoredClass.name == name))
        if number is None:
            return None
        row = session.execute(_classes([number])).one()
        members = cards_of(session, _member_ids(session, number, offset, limit))
        return ClassView(
            _class_card(row),
            tuple(members.values()),
            _siblings(session, [row]),
            _queries(session, number),
        )


def entity_view(store: Store, entity: int, fellows: int = 8) -> EntityView | None:
    """The entity with this id; None if the corpus has none."""
    with store.read() as session:
        row = _entity(session, entity)
        if row is None:
            return None
        classes = session.execute(_classes(_class_ids(session, entity))).all()
        around = [
            [e for e in _member_ids(session, c.id, 0, fellows + 1) if e != entity][:fellows]
            for c in classes
        ]
        namesakes = _namesakes(session, entity, row.search_key)
        cards = cards_of(session, [entity, *namesakes, *(e for ids in around for e in ids)])
        return EntityView(
            cards[entity],
            row.role,
            None if row.problem else row.sha256,
            tuple(_class_card(c) for c in classes),
            tuple(tuple(cards[e] for e in ids) for ids in around),
            _siblings(session, classes),
            tuple(cards[e] for e in namesakes),
        )


def entity_contexts(
    store: Store, entity: int, offset: int = 0, limit: int = 10, image_policy: str = "top1"
) -> list[ContextView]:
    """Some of an entity's contexts in store order, each with all its candidate images.

    Raises `StoreError` for a policy that cannot be shown yet.
    """
    if image_policy != "top1":
        raise StoreError(f"Browse cannot show the image policy {image_policy!r} yet; use top1")
    wanted = (
        select(
            StoredContext.id,
            StoredSentence.tokens,
            StoredContext.span_start,
            StoredContext.span_end,
        )
        .join(StoredSentence, StoredSentence.id == StoredContext.sentence_id)
        .where(StoredContext.entity_id == entity)
        .order_by(StoredContext.id)
        .offset(max(offset, 0))
        .limit(limit)
    )
    with store.read() as session:
        rows = session.execute(wanted).all()
        candidates = _candidates(session, [row[0] for row in rows])
    return [
        ContextView(context, tuple(tokens), start, end, tuple(candidates.get(context, ())))
        for context, tokens, start, end in rows
    ]


def _classes(ids: Sequence[int] | None = None) -> Select[Any]:
    """Class rows in schema order with their number of members; all of them without `ids`."""
    members = (
        select(func.count())
        .where(StoredMembership.class_id == StoredClass.id)
        .correlate(StoredClass)
        .scalar_subquery()
    )
    wanted = select(
        StoredClass.id,
        StoredClass.name,
        StoredClass.middle,
        StoredClass.coarse,
        members.label("members"),
    ).order_by(StoredClass.position)
    return wanted if ids is None else wanted.where(StoredClass.id.in_(ids))


def _class_card(row: Row[Any], cover: tuple[str | None, ...] = ()) -> ClassCard:
    return ClassCard(row.name, row.middle, row.coarse, row.members, cover)


def _member_ids(session: Session, class_id: int, offset: int, limit: int) -> list[int]:
    """By name, as people look for them."""
    wanted = (
        select(StoredEntity.id)
        .join(StoredMembership, StoredMembership.entity_id == StoredEntity.id)
        .where(StoredMembership.class_id == class_id)
        .order_by(StoredEntity.search_key, StoredEntity.id)
        .offset(max(offset, 0))
        .limit(limit)
    )
    return list(session.scalars(wanted))


def _siblings(session: Session, classes: Sequence[Row[Any]]) -> tuple[ClassCard, ...]:
    """The other fine classes of these classes' parents; a parent without a name has none."""
    found: dict[int, Row[Any]] = {}
    for middle, coarse in dict.fromkeys((c.middle, c.coarse) for c in classes if c.middle):
        same = (StoredClass.middle == middle, StoredClass.coarse == coarse)
        found.update((row.id, row) for row in session.execute(_classes().where(*same)))
    own = {c.id for c in classes}
    return tuple(_class_card(row) for number, row in found.items() if number not in own)


def _queries(session: Session, class_id: int) -> tuple[StoredQueryCard, ...]:
    rows = session.execute(
        select(StoredQuery.id, StoredQuery.number, StoredSeed.entity_id)
        .join(StoredSeed, StoredSeed.query_id == StoredQuery.id)
        .where(StoredQuery.class_id == class_id)
        .order_by(StoredQuery.seed_count, StoredQuery.number, StoredSeed.position)
    ).all()
    cards = cards_of(session, [seed for _, _, seed in rows])
    found: dict[tuple[int, int], list[EntityCard]] = {}
    for query, number, seed in rows:
        found.setdefault((query, number), []).append(cards[seed])
    return tuple(StoredQueryCard(number, tuple(seeds)) for (_, number), seeds in found.items())


def _entity(session: Session, entity: int) -> Row[Any] | None:
    wanted = (
        select(StoredEntity.role, StoredEntity.search_key, StoredImage.sha256, StoredImage.problem)
        .outerjoin(StoredImage, StoredImage.id == StoredEntity.reference_image_id)
        .where(StoredEntity.id == entity)
    )
    return session.execute(wanted).one_or_none()


def _class_ids(session: Session, entity: int) -> list[int]:
    wanted = select(StoredMembership.class_id).where(StoredMembership.entity_id == entity)
    return list(session.scalars(wanted))


def _namesakes(session: Session, entity: int, key: str, limit: int = 8) -> list[int]:
    """Other entities that bear this name, as a name or as an alias."""
    by_name = select(StoredEntity.id).where(StoredEntity.search_key == key).limit(limit + 1)
    by_alias = select(StoredAlias.entity_id).where(StoredAlias.search_key == key).limit(limit + 1)
    bearers = [*session.scalars(by_name), *session.scalars(by_alias)]
    return [other for other in dict.fromkeys(bearers) if other != entity][:limit]


def _candidates(session: Session, contexts: Sequence[int]) -> dict[int, list[CandidateView]]:
    rows = session.execute(
        select(
            StoredCandidate.context_id,
            StoredCandidate.rank,
            StoredImage.sha256,
            StoredImage.problem,
        )
        .join(StoredImage, StoredImage.id == StoredCandidate.image_id)
        .where(StoredCandidate.context_id.in_(contexts))
        .order_by(StoredCandidate.context_id, StoredCandidate.rank)
    )
    found: dict[int, list[CandidateView]] = {}
    for context, rank, sha256, problem in rows:
        shown = None if problem else sha256
        view = CandidateView(rank, shown, problem, chosen=rank == 1)
        found.setdefault(context, []).append(view)
    return found
