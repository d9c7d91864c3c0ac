"""The corpus at a glance, counted in the database: the Overview page and `python -m db stats`."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from db.loading import held_corpus
from db.models import (
    StoredCandidate,
    StoredClass,
    StoredContext,
    StoredEntity,
    StoredImage,
    StoredMembership,
    StoredQuery,
    StoredSentence,
)
from db.store import Store
from mese.corpus import ROLES


@dataclass(frozen=True, slots=True)
class ClassSize:
    """A fine class, its place in the schema, and its number of members."""

    coarse: str
    middle: str
    fine: str
    members: int


@dataclass(frozen=True, slots=True)
class ContextsPerEntity:
    """How many contexts entities have: `histogram` maps a number of contexts to that many entities.

    Entities without a context count too; over no entity at all the figures are 0.
    """

    min: int
    median: float
    max: int
    histogram: dict[int, int]


@dataclass(frozen=True, slots=True)
class Overview:
    """The corpus's figures; `queries_by_seeds` counts queries by their number of seeds.

    `missing_images` are files that cannot be shown, `contexts_without_image` the contexts whose
    first image (rank 1) is one of them or not there at all.
    """

    name: str
    entities: int
    entities_in_a_class: int
    sentences: int
    contexts: int
    class_sizes: tuple[ClassSize, ...]
    queries_by_seeds: dict[int, int]
    images: int
    missing_images: int
    contexts_per_entity: ContextsPerEntity
    roles: dict[str, int]
    contexts_without_image: int

    @property
    def missing_rate(self) -> float:
        """The share of contexts without an image to show, 0 to 1."""
        return self.contexts_without_image / self.contexts if self.contexts else 0.0

    @property
    def classes(self) -> int:
        return len(self.class_sizes)

    @property
    def queries(self) -> int:
        return sum(self.queries_by_seeds.values())


def overview(store: Store) -> Overview:
    """The corpus's figures; raises `StoreError` for an empty store."""
    with store.read() as session:
        held = held_corpus(session, store)
        missing = select(func.count()).where(StoredImage.problem.is_not(None))
        contexts = _count(session, StoredContext.id)
        in_a_class = select(func.count(StoredMembership.entity_id.distinct()))
        return Overview(
            name=held.name,
            entities=_count(session, StoredEntity.id),
            entities_in_a_class=session.scalar(in_a_class) or 0,
            sentences=_count(session, StoredSentence.id),
            contexts=contexts,
            class_sizes=_class_sizes(session),
            queries_by_seeds=_queries(session),
            images=_count(session, StoredImage.id),
            missing_images=session.scalar(missing) or 0,
            contexts_per_entity=summarise(_histogram(session)),
            roles=_roles(session),
            contexts_without_image=contexts - _contexts_with_image(session),
        )


def _count(session: Session, column: InstrumentedAttribute[int]) -> int:
    return session.scalar(select(func.count(column))) or 0


def _class_sizes(session: Session) -> tuple[ClassSize, ...]:
    rows = session.execute(
        select(
            StoredClass.coarse,
            StoredClass.middle,
            StoredClass.name,
            func.count(StoredMembership.entity_id),
        )
        .outerjoin(StoredMembership, StoredMembership.class_id == StoredClass.id)
        .group_by(StoredClass.id)
        .order_by(StoredClass.position)
    )
    return tuple(ClassSize(*row) for row in rows)


def _queries(session: Session) -> dict[int, int]:
    wanted = select(StoredQuery.seed_count, func.count()).group_by(StoredQuery.seed_count)
    return dict(session.execute(wanted.order_by(StoredQuery.seed_count)).all())


def _roles(session: Session) -> dict[str, int]:
    """Role → entities, in the order of `ROLES`; roles that nobody has are left out."""
    wanted = select(StoredEntity.role, func.count()).group_by(StoredEntity.role)
    counts = dict(session.execute(wanted).all())
    return {role: counts[role] for role in ROLES if role in counts}


def _contexts_with_image(session: Session) -> int:
    wanted = (
        select(func.count())
        .select_from(StoredCandidate)
        .join(StoredImage, StoredImage.id == StoredCandidate.image_id)
        .where(StoredCandidate.rank == 1, StoredImage.problem.is_(None))
    )
    return session.scalar(wanted) or 0


def _histogram(session: Session) -> dict[int, int]:
    per_entity = (
        select(func.count(StoredContext.id).label("contexts"))
        .select_from(StoredEntity)
        .outerjoin(StoredContext, StoredContext.entity_id == StoredEntity.id)
        .group_by(StoredEntity.id)
        .subquery()
    )
    contexts = per_entity.c.contexts
    rows = session.execute(select(contexts, func.count()).group_by(contexts).order_by(contexts))
    return dict(rows.all())


def summarise(histogram: dict[int, int]) -> ContextsPerEntity:
    """Minimum, median and maximum of a histogram (number of contexts → entities)."""
    total = sum(histogram.values())
    if not total:
        return ContextsPerEntity(0, 0.0, 0, {})
    middle = (_at(histogram, (total - 1) // 2) + _at(histogram, total // 2)) / 2
    return ContextsPerEntity(min(histogram), middle, max(histogram), histogram)


def _at(histogram: dict[int, int], place: int) -> int:
    """The value at `place`, from 0, of what the histogram counts, sorted."""
    for value in sorted(histogram):
        place -= histogram[value]
        if place < 0:
            return value
    raise IndexError("the place lies beyond the histogram")
