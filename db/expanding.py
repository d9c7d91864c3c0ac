"""What the Expand page needs beside cards: the contexts a model used, and the hard negatives.

A few small statements over indexed columns each, as in db/browsing.py.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.browsing import contexts_of
from db.images import LOOKUP
from db.loading import chosen_ranks
from db.models import (
    StoredCandidate,
    StoredContext,
    StoredImage,
)
from db.shown import sibling_names
from db.store import Store
from mese.batches import batches

MAX_CONTEXTS = 200
"""Contexts of one entity that are looked at; MESED's entities have at most some dozens."""


@dataclass(frozen=True, slots=True)
class UsedContext:
    """A context with the image that an image policy gives it.

    The mention is tokens `start` to `end`, both inclusive; `image_hash` is None where the policy
    gives no image, or none that can be read.
    """

    id: int
    entity: int
    tokens: tuple[str, ...]
    start: int
    end: int
    image_hash: str | None


def used_contexts(
    store: Store, entities: Sequence[int], image_policy: str = "top1"
) -> dict[int, tuple[UsedContext, ...]]:
    """Entity id → its contexts in store order, with their images under a policy.

    Those without a context are left out. Raises `StoreError` for a policy that the store cannot
    give.
    """
    found: dict[int, list[UsedContext]] = {}
    with store.read() as session:
        for entity in dict.fromkeys(entities):
            rows = _contexts(session, entity)
            images = _images(session, [row[0] for row in rows], image_policy)
            for context, tokens, start, end in rows:
                used = UsedContext(context, entity, tuple(tokens), start, end, images.get(context))
                found.setdefault(entity, []).append(used)
    return {entity: tuple(contexts) for entity, contexts in found.items()}


def first_contexts(store: Store, entities: Sequence[int]) -> dict[int, UsedContext]:
    """Entity id → its first context, without an image: what tells two of one name apart."""
    found: dict[int, UsedContext] = {}
    with store.read() as session:
        for entity in dict.fromkeys(entities):
            for context, tokens, start, end in _contexts(session, entity, 1):
                found[entity] = UsedContext(context, entity, tuple(tokens), start, end, None)
    return found


def _contexts(
    session: Session, entity: int, most: int = MAX_CONTEXTS
) -> list[tuple[int, list[str], int, int]]:
    return [
        (row[0], row[1], row[2], row[3]) for row in session.execute(contexts_of(entity).limit(most))
    ]


def _images(session: Session, contexts: Sequence[int], image_policy: str) -> dict[int, str]:
    """Context → hash of its image under the policy, where it can be read."""
    found: dict[int, str] = {}
    chosen = chosen_ranks(session, image_policy)
    for some in batches(contexts, LOOKUP):
        wanted = (
            select(StoredCandidate.context_id, StoredImage.sha256)
            .join(StoredImage, StoredImage.id == StoredCandidate.image_id)
            .where(StoredCandidate.context_id.in_(some), chosen)
            .where(StoredImage.problem.is_(None), StoredImage.sha256.is_not(None))
        )
        found.update((context, sha256) for context, sha256 in session.execute(wanted) if sha256)
    return found


def context_owners(store: Store, contexts: Collection[int]) -> dict[int, int]:
    """Context id → its entity, for those that the corpus has."""
    found: dict[int, int] = {}
    with store.read() as session:
        for some in batches(sorted(contexts), LOOKUP):
            wanted = select(StoredContext.id, StoredContext.entity_id)
            found.update(session.execute(wanted.where(StoredContext.id.in_(some))).all())
    return found


def hard_negative_classes(store: Store, names: Sequence[str]) -> frozenset[str]:
    """The other fine classes of these classes' parents; a class without a parent has none."""
    with store.read() as session:
        return frozenset(sibling_names(session, names))
