"""Visual clues: what in an entity's picture leads to its class (the paper's Table 6).

A rater tags the cards of a case; each rater's tags are their own and counted apart, for two who
disagree are a finding, not a sum. An entity may have several clues, as in the paper, whose 200
entities have 203; `none` stands alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, exists, insert, select
from sqlalchemy.orm import Session

from db.accounts import Role, User, check
from db.images import LOOKUP
from db.models import StoredCase, StoredClue
from db.shown import KINDS, Shown
from db.store import Store, StoreError
from mese.batches import batches
from mese.bounds import CLUES

NONE = "none"
Clues = dict[int, dict[str, tuple[str, ...]]]
"""Entity → rater → clues, in the order of `CLUES`."""


_Label = tuple[str, int, str]
"""A corpus's fingerprint, an entity, a clue: what counts once."""


@dataclass(frozen=True)
class ClueCounts:
    """A rater's row of Table 6: labels by clue, over `entities` that carry `labels` labels."""

    counts: Mapping[str, int]
    entities: int

    @property
    def labels(self) -> int:
        return sum(self.counts.values())

    def share(self, clue: str) -> float:
        """The clue's share of all labels; 0 where there are none."""
        return self.counts[clue] / self.labels if self.labels else 0.0


@dataclass(frozen=True)
class ClueTable:
    """Table 6 by rater; and by class, kind (`db.shown.KINDS`) and rater.

    A class is the one that a case's seeds share: a hard negative of them is of another.
    """

    raters: Mapping[str, ClueCounts]
    classes: Mapping[tuple[str, str, str], ClueCounts]
    cases: int


def tag_clue(
    store: Store, number: int, entity: int, clue: str, on: bool, user: User, now: datetime
) -> tuple[str, ...]:
    """Set or take back a clue of the user's own; returns the entity's clues by this user.

    `none` takes the place of others, and another that of `none`. Raises `StoreError` for an entity
    that the case does not list or an unknown clue, and `NotAllowed` but for a rater.
    """
    check(user, Role.RATER)
    if clue not in CLUES:
        raise StoreError(f"there is no clue {clue[:40]!r}; choose one of {', '.join(CLUES)}")
    own = (
        StoredClue.case_id == number,
        StoredClue.entity_id == entity,
        StoredClue.rater == user.name,
    )
    with store.write() as session:
        _refuse_unlisted(session, number, entity)
        gone = (StoredClue.clue == clue) | (
            StoredClue.clue != NONE if clue == NONE else StoredClue.clue == NONE
        )
        session.execute(delete(StoredClue).where(*own, gone))
        if on:
            place = {"case_id": number, "entity_id": entity, "rater": user.name}
            session.execute(insert(StoredClue), [{**place, "clue": clue, "tagged_at": now}])
        return _in_order(session.scalars(select(StoredClue.clue).where(*own)))


def _refuse_unlisted(session: Session, number: int, entity: int) -> None:
    """Raise `StoreError` for a case that is gone, and for an entity that is none of its results."""
    document = session.scalar(select(StoredCase.document).where(StoredCase.id == number))
    if document is None:
        raise StoreError(f"case {number} is not there any more; somebody deleted it meanwhile")
    if entity not in {result["id"] for result in json.loads(document)["results"]}:
        raise StoreError(f"case {number} does not list entity {entity}; tag one of its cards")


def clues_of(store: Store, number: int) -> Clues:
    """What raters saw in the pictures of a case."""
    with store.read() as session:
        return _clues(session, [number]).get(number, {})


def clue_table(store: Store, number: int | None = None) -> ClueTable:
    """Table 6 over the tags of one case, or of all cases.

    An entity that a rater tagged in several cases of one corpus counts once with each clue.
    """
    one = () if number is None else (StoredCase.id == number,)
    tagged = select(StoredCase.id, StoredCase.shown).where(
        *one, exists().where(StoredClue.case_id == StoredCase.id)
    )
    with store.read() as session:
        shown = {case: Shown.read(json.loads(text)) for case, text in session.execute(tagged)}
        return table_of(shown, _clues(session, list(shown)))


def table_of(cases: Mapping[int, Shown], tags: Mapping[int, Clues]) -> ClueTable:
    """The table of tags in cases of which this was shown, both by case number."""
    by_rater: dict[str, set[_Label]] = {}
    by_class: dict[tuple[str, str, str], set[_Label]] = {}
    for number, shown in cases.items():
        title = ", ".join(shown.wanted)
        for entity, raters in tags[number].items():
            for rater, clues in raters.items():
                labels = {(shown.fingerprint, entity, clue) for clue in clues}
                by_rater.setdefault(rater, set()).update(labels)
                if title:
                    place = title, shown.kind(entity), rater
                    by_class.setdefault(place, set()).update(labels)
    return ClueTable(
        {rater: _counts(by_rater[rater]) for rater in sorted(by_rater)},
        {place: _counts(by_class[place]) for place in sorted(by_class, key=_by_kind)},
        len(cases),
    )


def _by_kind(place: tuple[str, str, str]) -> tuple[str, int, str]:
    title, kind, rater = place
    return title, KINDS.index(kind), rater


def _counts(labels: set[_Label]) -> ClueCounts:
    counts = {clue: sum(label[2] == clue for label in labels) for clue in CLUES}
    return ClueCounts(counts, len({label[:2] for label in labels}))


def _clues(session: Session, numbers: Sequence[int]) -> dict[int, Clues]:
    found: dict[int, Clues] = {}
    for some in batches(numbers, LOOKUP):
        rows = session.execute(
            select(StoredClue.case_id, StoredClue.entity_id, StoredClue.rater, StoredClue.clue)
            .where(StoredClue.case_id.in_(some))
            .order_by(StoredClue.case_id, StoredClue.entity_id, StoredClue.rater)
        )
        for number, entity, rater, clue in rows:
            raters = found.setdefault(number, {}).setdefault(entity, {})
            raters[rater] = _in_order((*raters.get(rater, ()), clue))
    return found


def _in_order(clues: Iterable[str]) -> tuple[str, ...]:
    held = set(clues)
    return tuple(clue for clue in CLUES if clue in held)
