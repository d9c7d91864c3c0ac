"""What the corpus says of the entities of an expansion, so that it can be kept beside it.

Hits, hard negatives and pictures are the corpus's; a case that shows them as they were when it was
saved holds them itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from db.cards import cards_of, shared
from db.models import StoredClass, StoredCorpus, StoredMembership, StoredOpenSeed
from db.store import Store

KINDS = ("hit", "hard", "other", "plain")
"""A result against the seeds' class: in it, in a class with the same parent, in neither; `plain`
where the seeds' class is not known."""


def kind_of(classes: Iterable[str], wanted: Iterable[str], siblings: Iterable[str] = ()) -> str:
    """One of `KINDS`: what an entity of these classes is to seeds of the `wanted` ones.

    `siblings` are the other classes of the wanted ones' parents.
    """
    own, asked = set(classes), set(wanted)
    if not asked:
        return "plain"
    if own & asked:
        return "hit"
    return "hard" if own.intersection(siblings) else "other"


@dataclass(frozen=True)
class Shown:
    """What a corpus said of an expansion's entities.

    `wanted` are the fine classes that all seeds share, `siblings` their hard negatives, `gold` the
    number of members of `wanted` that are no seeds. `classes` and `pictures` (image hashes) are by
    entity id, as text: JSON knows no other keys. `opened` are the query's open seeds: key, name,
    tokens, start and end of the mention, and the hash of the picture. `usual_names` are those of
    nicknames.
    """

    corpus: str = ""
    fingerprint: str = ""
    wanted: tuple[str, ...] = ()
    siblings: tuple[str, ...] = ()
    gold: int = 0
    classes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    pictures: Mapping[str, str] = field(default_factory=dict)
    opened: tuple[Mapping[str, Any], ...] = ()
    usual_names: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Shown:
        """What was kept as JSON."""
        names = {name: tuple(value.get(name, ())) for name in ("wanted", "siblings", "opened")}
        return cls(**{**value, **names})

    def kind(self, entity: int) -> str:
        """One of `KINDS`."""
        return kind_of(self.classes_of(entity), self.wanted, self.siblings)

    def classes_of(self, entity: int) -> tuple[str, ...]:
        return tuple(self.classes.get(str(entity), ()))

    def name_of(self, entity: int, name: str) -> str:
        """The name, and after a nickname what its bearer is usually called."""
        usual = self.usual_names.get(str(entity))
        return f"{name} ({usual})" if usual else name

    def picture_of(self, entity: int) -> str | None:
        """The hash of the picture that the entity was shown with."""
        return self.pictures.get(str(entity))


def shown_of(session: Session, document: Mapping[str, Any], keys: Sequence[str] = ()) -> Shown:
    """What the store's corpus says of the entities of an expansion's document.

    `keys` are those of its open seeds.
    """
    seeds = [seed["id"] for seed in document["query"]]
    results = [result["id"] for result in document["results"]]
    corpus = session.execute(select(StoredCorpus.name, StoredCorpus.fingerprint)).one_or_none()
    opened = _opened(session, keys)
    if corpus is None:
        return Shown(opened=opened)
    cards = cards_of(session, [*seeds, *results])
    wanted = shared([cards[seed].classes if seed in cards else () for seed in seeds])
    return Shown(
        corpus=corpus.name,
        fingerprint=corpus.fingerprint,
        wanted=wanted,
        siblings=sibling_names(session, wanted),
        gold=len(members_of(session, wanted) - set(seeds)),
        classes={str(i): card.classes for i, card in cards.items() if card.classes},
        pictures={str(i): card.image_hash for i, card in cards.items() if card.image_hash},
        opened=opened,
        usual_names={str(i): card.other_name for i, card in cards.items() if card.other_name},
    )


def _opened(session: Session, keys: Sequence[str]) -> tuple[Mapping[str, Any], ...]:
    rows = session.scalars(select(StoredOpenSeed).where(StoredOpenSeed.key.in_(keys)))
    found = {row.key: row for row in rows}
    return tuple(
        {
            "key": row.key,
            "name": row.name,
            "tokens": row.tokens,
            "start": row.span_start,
            "end": row.span_end,
            "picture": row.image_sha256,
        }
        for key in dict.fromkeys(keys)
        if (row := found.get(key)) is not None
    )


def sibling_names(session: Session, wanted: Sequence[str]) -> tuple[str, ...]:
    """The other fine classes of these classes' parents, in schema order.

    A parent is a middle class of a coarse one; where the schema names none, there are no siblings.
    """
    given = aliased(StoredClass)
    same = (given.middle == StoredClass.middle, given.coarse == StoredClass.coarse)
    parents = exists().where(*same, given.name.in_(wanted), given.middle != "")
    rows = select(StoredClass.name).where(parents, StoredClass.name.not_in(wanted))
    return tuple(session.scalars(rows.order_by(StoredClass.position)))


def members_of(session: Session, wanted: Sequence[str]) -> set[int]:
    """The entities of any of these classes."""
    rows = (
        select(StoredMembership.entity_id)
        .join(StoredClass, StoredClass.id == StoredMembership.class_id)
        .where(StoredClass.name.in_(wanted))
    )
    return set(session.scalars(rows))


@dataclass(frozen=True)
class CorpusNow:
    """The corpus that the store holds; both are empty where it holds none."""

    name: str = ""
    fingerprint: str = ""


def corpus_now(store: Store) -> CorpusNow:
    """Which corpus the store holds now."""
    with store.read() as session:
        row = session.execute(select(StoredCorpus.name, StoredCorpus.fingerprint)).one_or_none()
    return CorpusNow() if row is None else CorpusNow(*row)


def shown_now(store: Store, document: Mapping[str, Any]) -> Shown:
    """What today's corpus says of the entities of an expansion's document."""
    with store.read() as session:
        return shown_of(session, document)
