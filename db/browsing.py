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
from db.loading import chosen_ranks, has_choice
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
from db.search import context_counts
from db.store import Store, StoreError
from mese.corpus import IMAGE_POLICIES
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
class ClassHits:
    """The best of the classes that were found, and how many were found in all."""

    cards: tuple[ClassCard, ...]
    total: int


@dataclass(frozen=True, slots=True)
class QueryView:
    """A query of a class: its number among those of its size, and its seeds as cards."""

    number: int
    seeds: tuple[EntityCard, ...]


@dataclass(frozen=True, slots=True)
class ClassView:
    """A fine class as a page shows it; `siblings` are the classes with the same parent."""

    card: ClassCard
    members: tuple[EntityCard, ...]
    siblings: tuple[ClassCard, ...]
    queries: tuple[QueryView, ...]


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


def page_start(page: int, per_page: int, items: int) -> int:
    """Where a page begins among `items`; the last page for one beyond it."""
    last = max(1, -(-items // per_page))
    return (min(max(page, 1), last) - 1) * per_page


def class_cards(store: Store, page: int = 1, per_page: int = 60) -> list[ClassCard]:
    """A page of the fine classes in schema order, each with pictures of members."""
    with store.read() as session:
        start = page_start(page, per_page, _class_count(session))
        rows = session.execute(_classes().offset(start).limit(per_page)).all()
        shown = {row.id: _cover_ids(session, row.id) for row in rows}
        pictures = pictures_of(session, [e for ids in shown.values() for e in ids])
    return [_class_card(row, tuple(pictures.get(e) for e in shown[row.id])) for row in rows]


def count_classes(store: Store) -> int:
    """How many fine classes there are."""
    with store.read() as session:
        return _class_count(session)


def _class_count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(StoredClass)) or 0


def search_classes(store: Store, text: str, limit: int = 8) -> ClassHits:
    """Fine classes whose name holds `text`, best first; blanks do not matter (PassengerCars)."""
    key = fold(text).replace(" ", "")
    if not key:
        return ClassHits((), 0)
    with store.read() as session:
        names = session.execute(select(StoredClass.id, StoredClass.name)).all()
        found = sorted(
            (not folded.startswith(key), len(folded), number)
            for number, name in names
            if key in (folded := fold(name).replace(" ", ""))
        )
        wanted = [number for _, _, number in found[: max(limit, 0)]]
        rows = {row.id: row for row in session.execute(_classes(wanted))}
    return ClassHits(tuple(_class_card(rows[number]) for number in wanted), len(found))


def class_view(store: Store, name: str, page: int = 1, per_page: int = 24) -> ClassView | None:
    """The fine class called `name` with a page of its members, by name; None if there is none.

    A page beyond the last gives the last one.
    """
    with store.read() as session:
        number = session.scalar(select(StoredClass.id).where(StoredClass.name == name))
        if number is None:
            return None
        row = session.execute(_classes([number])).one()
        start = page_start(page, per_page, row.members)
        members = cards_of(session, _member_ids(session, number, start, per_page))
        return ClassView(
            _class_card(row),
            tuple(members.values()),
            _siblings(session, [row]),
            _queries(session, number),
        )


def entity_view(store: Store, entity: int, fellows: int = 8) -> EntityView | None:
    """The entity with this id; None if the corpus has none."""
    with store.read() as session:
        found = _entity(session, entity)
        if found is None:
            return None
        role, search_key, reference = found
        classes = session.execute(_classes(_class_ids(session, entity))).all()
        around = [
            [e for e in _member_ids(session, c.id, 0, fellows + 1) if e != entity][:fellows]
            for c in classes
        ]
        namesakes = _namesakes(session, entity, search_key)
        cards = cards_of(session, [entity, *namesakes, *(e for ids in around for e in ids)])
        return EntityView(
            cards[entity],
            role,
            reference,
            tuple(_class_card(c) for c in classes),
            tuple(tuple(cards[e] for e in ids) for ids in around),
            _siblings(session, classes),
            tuple(cards[e] for e in namesakes),
        )


def contexts_of(entity: int) -> Select[int, list[str], int, int]:
    """An entity's contexts in store order: id, tokens, and the mention's first and last token."""
    return (
        select(
            StoredContext.id,
            StoredSentence.tokens,
            StoredContext.span_start,
            StoredContext.span_end,
        )
        .join(StoredSentence, StoredSentence.id == StoredContext.sentence_id)
        .where(StoredContext.entity_id == entity)
        .order_by(StoredContext.id)
    )


def entity_contexts(
    store: Store, entity: int, page: int = 1, per_page: int = 10, image_policy: str = "top1"
) -> list[ContextView]:
    """A page of an entity's contexts in store order, with all their candidate images.

    The image that the policy gives is the chosen one. A page beyond the last gives the last one.
    Raises `StoreError` for a policy that the store cannot give.
    """
    wanted = contexts_of(entity)
    with store.read() as session:
        start = page_start(page, per_page, context_counts(session, [entity]).get(entity, 0))
        rows = session.execute(wanted.offset(start).limit(per_page)).all()
        candidates = _candidates(session, [row[0] for row in rows], image_policy)
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


def _member_ids(session: Session, class_id: int, start: int, limit: int) -> list[int]:
    """By name, as people look for them."""
    return list(session.scalars(_members(class_id).offset(start).limit(limit)))


def _members(class_id: int) -> Select[int]:
    return (
        select(StoredEntity.id)
        .join(StoredMembership, StoredMembership.entity_id == StoredEntity.id)
        .where(StoredMembership.class_id == class_id)
        .order_by(StoredEntity.search_key, StoredEntity.id)
    )


def _cover_ids(session: Session, class_id: int) -> list[int]:
    """Who stands for a class: its first members that have a reference image, then the first ones.

    A member without one would be shown by its search's first image, which is often a wrong one.
    """
    pictured = _members(class_id).join(
        StoredImage,
        (StoredImage.id == StoredEntity.reference_image_id) & StoredImage.problem.is_(None),
    )
    chosen = list(session.scalars(pictured.limit(COVER)))
    if len(chosen) < COVER:
        chosen += [e for e in _member_ids(session, class_id, 0, COVER) if e not in chosen]
    return chosen[:COVER]


def _siblings(session: Session, classes: Sequence[Row[Any]]) -> tuple[ClassCard, ...]:
    """The other fine classes of these classes' parents; a parent without a name has none."""
    found: dict[int, Row[Any]] = {}
    for middle, coarse in dict.fromkeys((c.middle, c.coarse) for c in classes if c.middle):
        same = (StoredClass.middle == middle, StoredClass.coarse == coarse)
        found.update((row.id, row) for row in session.execute(_classes().where(*same)))
    own = {c.id for c in classes}
    return tuple(_class_card(row) for number, row in found.items() if number not in own)


def _queries(session: Session, class_id: int) -> tuple[QueryView, ...]:
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
    return tuple(QueryView(number, tuple(seeds)) for (_, number), seeds in found.items())


def _entity(session: Session, entity: int) -> tuple[str, str, str | None] | None:
    """Role, folded name, and the reference image's hash where it can be shown."""
    row = session.execute(
        select(StoredEntity.role, StoredEntity.search_key, StoredImage.sha256, StoredImage.problem)
        .outerjoin(StoredImage, StoredImage.id == StoredEntity.reference_image_id)
        .where(StoredEntity.id == entity)
    ).one_or_none()
    if row is None:
        return None
    role, key, sha256, problem = row
    return role, key, None if problem else sha256


def _class_ids(session: Session, entity: int) -> list[int]:
    wanted = select(StoredMembership.class_id).where(StoredMembership.entity_id == entity)
    return list(session.scalars(wanted))


def _namesakes(session: Session, entity: int, key: str, limit: int = 8) -> list[int]:
    """Other entities that bear this name, as a name or as an alias."""
    by_name = select(StoredEntity.id).where(StoredEntity.search_key == key).limit(limit + 1)
    by_alias = select(StoredAlias.entity_id).where(StoredAlias.search_key == key).limit(limit + 1)
    bearers = [*session.scalars(by_name), *session.scalars(by_alias)]
    return [other for other in dict.fromkeys(bearers) if other != entity][:limit]


def _candidates(
    session: Session, contexts: Sequence[int], image_policy: str
) -> dict[int, list[CandidateView]]:
    rows = session.execute(
        select(
            StoredCandidate.context_id,
            StoredCandidate.rank,
            StoredImage.sha256,
            StoredImage.problem,
            chosen_ranks(session, image_policy).label("chosen"),
        )
        .join(StoredImage, StoredImage.id == StoredCandidate.image_id)
        .where(StoredCandidate.context_id.in_(contexts))
        .order_by(StoredCandidate.context_id, StoredCandidate.rank)
    )
    found: dict[int, list[CandidateView]] = {}
    for context, rank, sha256, problem, chosen in rows:
        view = CandidateView(rank, None if problem else sha256, problem, bool(chosen))
        found.setdefault(context, []).append(view)
    return found


def given_policies(store: Store) -> tuple[str, ...]:
    """The image policies among which this store leaves a choice; the first one alone where every
    context has one candidate, which is then what each of them gives.
    """
    with store.read() as session:
        if not has_choice(session):
            return IMAGE_POLICIES[:1]
        return tuple(policy for policy in IMAGE_POLICIES if _gives(session, policy))


def _gives(session: Session, image_policy: str) -> bool:
    try:
        chosen_ranks(session, image_policy)
    except StoreError:
        return False
    return True
