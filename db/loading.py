"""From the store to a `Corpus` under an image policy: what training and the engine eat."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from db.models import (
    BEYOND_THE_FIRST,
    StoredAlias,
    StoredCandidate,
    StoredClass,
    StoredContext,
    StoredCorpus,
    StoredEntity,
    StoredImage,
    StoredMembership,
    StoredQuery,
    StoredScore,
    StoredScorer,
    StoredSeed,
    StoredSentence,
)
from db.store import Store, StoreError
from mese.corpus import IMAGE_POLICIES, Context, Corpus, Entity, Query, SemanticClass


def is_empty(store: Store) -> bool:
    """Whether the store holds no corpus yet."""
    with store.read() as session:
        return session.scalar(select(StoredCorpus.id)) is None


def held_corpus(session: Session, store: Store) -> StoredCorpus:
    """The store's corpus row; raises `StoreError` for an empty store."""
    held = session.get(StoredCorpus, 1)
    if held is None:
        raise StoreError(
            f"{store.place} holds no corpus yet; run `python -m db demo` "
            "or `python -m db import DIR`"
        )
    return held


def load_corpus(store: Store, image_policy: str = "top1") -> Corpus:
    """The whole corpus; a context's image is None where there is none, or none readable.

    Raises `StoreError` for an empty store, and for a policy that the store cannot give yet.
    """
    with store.read() as session:
        held = held_corpus(session, store)
        ranks = chosen_ranks(session, image_policy)
        return Corpus(
            name=held.name,
            entities=load_entities(session),
            classes=load_classes(session),
            members={name: frozenset(ids) for name, ids in load_members(session).items()},
            queries=load_queries(session),
            contexts=_contexts(session, ranks),
            image_root=Path(held.image_root),
            image_policy=image_policy,
        )


def chosen_ranks(session: Session, image_policy: str) -> ColumnElement[bool]:
    """Which candidates an image policy chooses, as a condition on `StoredCandidate`.

    `top1` is the first of the search. `reranked` is the best score, at equal scores the better
    rank, and the first of the search where nothing was scored; while there are no rounds,
    `calibrated` is the same (design.md). With one candidate a context every policy gives it.
    Raises `StoreError` where the store cannot give the policy.
    """
    if image_policy not in IMAGE_POLICIES:
        raise StoreError(f"no image policy {image_policy!r}; use {', '.join(IMAGE_POLICIES)}")
    first = StoredCandidate.rank == 1
    if image_policy == "top1" or not has_choice(session):
        return first
    scorers = session.scalars(
        select(StoredScorer.id)
        .where(exists().where(StoredScore.scorer_id == StoredScorer.id))
        .limit(2)
    ).all()
    if len(scorers) != 1:
        held = "scores of several scorers" if scorers else "none"
        raise StoreError(
            f"the image policy {image_policy!r} needs the re-ranking scores of one scorer, "
            f"and this store holds {held}; use top1"
        )
    best = (
        select(StoredScore.rank)
        .where(
            StoredScore.context_id == StoredCandidate.context_id,
            StoredScore.scorer_id == scorers[0],
        )
        .order_by(StoredScore.value.desc(), StoredScore.rank)
        .limit(1)
        .correlate(StoredCandidate)
        .scalar_subquery()
    )
    return StoredCandidate.rank == func.coalesce(best, 1)


def has_choice(session: Session) -> bool:
    """Whether any context has a candidate beyond the first of its search."""
    choice = select(StoredCandidate.context_id).where(BEYOND_THE_FIRST).limit(1)
    return session.scalar(choice) is not None


def load_entities(session: Session) -> tuple[Entity, ...]:
    """All entities by id."""
    aliases: dict[int, list[str]] = {}
    wanted = select(StoredAlias.entity_id, StoredAlias.name)
    for entity, name in session.execute(wanted.order_by(StoredAlias.position)):
        aliases.setdefault(entity, []).append(name)
    rows = session.execute(
        select(StoredEntity.id, StoredEntity.name, StoredEntity.role, StoredImage.path)
        .outerjoin(StoredImage, StoredImage.id == StoredEntity.reference_image_id)
        .order_by(StoredEntity.id)
    )
    return tuple(
        Entity(entity, name, tuple(aliases.get(entity, ())), role, reference)
        for entity, name, role, reference in rows
    )


def load_classes(session: Session) -> tuple[SemanticClass, ...]:
    """All classes in the schema's order."""
    wanted = select(StoredClass.name, StoredClass.middle, StoredClass.coarse)
    rows = session.execute(wanted.order_by(StoredClass.position))
    return tuple(SemanticClass(*row) for row in rows)


def load_members(session: Session) -> dict[str, tuple[int, ...]]:
    """Fine class → its members in the order of its gt file, in the schema's order of classes."""
    rows = session.execute(
        select(StoredClass.name, StoredMembership.entity_id)
        .outerjoin(StoredMembership, StoredMembership.class_id == StoredClass.id)
        .order_by(StoredClass.position, StoredMembership.position)
    )
    found: dict[str, list[int]] = {}
    for name, entity in rows:
        found.setdefault(name, []).extend(() if entity is None else (entity,))
    return {name: tuple(ids) for name, ids in found.items()}


def load_queries(session: Session) -> tuple[Query, ...]:
    """All queries by class, seed count and number."""
    rows = session.execute(
        select(StoredQuery.id, StoredClass.name, StoredQuery.number, StoredSeed.entity_id)
        .join(StoredClass, StoredClass.id == StoredQuery.class_id)
        .join(StoredSeed, StoredSeed.query_id == StoredQuery.id)
        .order_by(
            StoredClass.position, StoredQuery.seed_count, StoredQuery.number, StoredSeed.position
        )
    )
    seeds: dict[tuple[int, str, int], list[int]] = {}
    for query, class_name, number, seed in rows:
        seeds.setdefault((query, class_name, number), []).append(seed)
    return tuple(Query(name, number, tuple(ids)) for (_, name, number), ids in seeds.items())


def _contexts(session: Session, ranks: ColumnElement[bool]) -> tuple[Context, ...]:
    """In store order, each with the image that the policy chooses."""
    rows = session.execute(
        select(
            StoredContext.id,
            StoredContext.entity_id,
            StoredContext.sentence_id,
            StoredContext.span_start,
            StoredContext.span_end,
            StoredCandidate.image_id,
        )
        .outerjoin(
            StoredCandidate,
            (StoredCandidate.context_id == StoredContext.id) & ranks,
        )
        .order_by(StoredContext.id)
    )
    tokens = _tokens(session)
    images = _readable_images(session)
    return tuple(
        Context(context, entity, tokens[sentence], start, end, *images.get(image, (None, None)))
        for context, entity, sentence, start, end, image in rows
    )


def _tokens(session: Session) -> dict[int, tuple[str, ...]]:
    rows = session.execute(select(StoredSentence.id, StoredSentence.tokens))
    return {sentence: tuple(words) for sentence, words in rows}


def _readable_images(session: Session) -> dict[int, tuple[str | None, str | None]]:
    wanted = select(StoredImage.id, StoredImage.path, StoredImage.sha256)
    rows = session.execute(wanted.where(StoredImage.problem.is_(None)))
    return {image: (path, sha256) for image, path, sha256 in rows}
