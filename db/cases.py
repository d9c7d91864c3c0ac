"""Cases: expansions that somebody kept, as they were, with a title, a note and tags.

A case holds what it shows: its document (`mese.provenance`), and what the corpus said that day of
each entity in it. So it stays as it was when the bundle is trained anew or another corpus comes;
only its title, note, tags and clues (`db.clues`) can be changed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from sqlalchemy import ColumnElement, Select, delete, exists, func, insert, select, update
from sqlalchemy.orm import Session, undefer

from db.accounts import Role, User, check
from db.models import StoredCase, StoredCaseTag, StoredClue
from db.open_seeds import MAX_ASKED
from db.shown import Shown, shown_of
from db.store import Store, StoreError
from mese.bounds import (
    MAX_ADDRESS,
    MAX_DOCUMENT,
    MAX_ID,
    MAX_NOTE,
    MAX_TAG,
    MAX_TAGS,
    MAX_TITLE,
    entity_id,
    storable,
    storable_json,
    text_fault,
)
from mese.names import fold
from mese.printable import is_seen, without_turns

MOST_TAGS = 40
"""Tags on offer in the gallery, the commonest first."""


@dataclass(frozen=True)
class NewCase:
    """What is to be kept; `address` are the Expand page's parameters that show it anew."""

    title: str
    note: str
    tags: tuple[str, ...]
    address: str
    document: Mapping[str, Any]


class CaseChanged(StoreError):
    """A case has other words than those that the user saw."""


@dataclass(frozen=True)
class Words:
    """A case's own words, tidied."""

    title: str
    note: str
    tags: tuple[str, ...]

    def columns(self, document: Mapping[str, Any]) -> dict[str, str]:
        names = [seed["name"] for seed in document["query"]]
        open_ones = open_seed_names(document)
        key = fold(" ".join([self.title, self.note, *names, *open_ones, *self.tags]))
        return {"title": self.title, "note": self.note, "search_key": key}


@dataclass(frozen=True)
class Case:
    """A case as it was saved. `shown` is what the corpus then said of its entities."""

    id: int
    title: str
    note: str
    tags: tuple[str, ...]
    address: str
    document: Mapping[str, Any]
    shown: Shown
    made_by: str
    made_at: datetime

    @property
    def words(self) -> Words:
        """What can be changed of it."""
        return Words(self.title, self.note, self.tags)

    @property
    def seeds(self) -> list[Mapping[str, Any]]:
        """The query's seeds of the vocabulary, each with `id` and `name`."""
        return list(self.document["query"])

    @property
    def open_seeds(self) -> list[str]:
        """The names of the query's open seeds."""
        return open_seed_names(self.document)

    @property
    def results(self) -> list[Mapping[str, Any]]:
        """The ranked list: `rank`, `id`, `name`, `score`."""
        return list(self.document["results"])

    @property
    def hits(self) -> int | None:
        """How many results are in the seeds' class; None where that was not known."""
        if not self.shown.wanted:
            return None
        return sum(self.shown.kind(result["id"]) == "hit" for result in self.results)


@dataclass(frozen=True)
class Found:
    """One page of the cases that were looked for, and how many there are of them."""

    cases: tuple[Case, ...]
    total: int


def save_case(store: Store, case: NewCase, user: User, now: datetime) -> int:
    """Keep an expansion; returns the case's number.

    Raises `StoreError` for what cannot be kept, and `NotAllowed` but for a rater.
    """
    check(user, Role.RATER)
    words = _judged_words(case.title, case.note, case.tags)
    fault = _document_fault(case.document) or text_fault("the address", case.address, MAX_ADDRESS)
    if fault:
        raise StoreError(f"the case cannot be kept: {fault}; run the query again and save it anew")
    document = json.dumps(case.document, ensure_ascii=False)
    with store.write() as session:
        shown = shown_of(session, case.document, _open_keys(case.address))
        row = {
            **words.columns(case.document),
            "address": case.address,
            "document": document,
            "shown": json.dumps(asdict(shown), ensure_ascii=False),
            "made_by": user.name,
            "made_at": now,
        }
        number = session.scalars(insert(StoredCase).returning(StoredCase.id), [row]).one()
        _set_tags(session, number, words.tags)
    return number


def read_case(store: Store, number: int) -> Case | None:
    """The case of this number; None where there is none (any more)."""
    if not 0 < number <= MAX_ID:  # SQLite would look it up, PostgreSQL would refuse
        return None
    with store.read() as session:
        found = _cases(session, select(StoredCase).where(StoredCase.id == number))
    return found[0] if found else None


def find_cases(
    store: Store, text: str = "", tag: str | None = None, first: int = 0, most: int = 24
) -> Found:
    """The newest cases whose title, note, seeds or tags hold every word of `text`."""
    if not (storable(text) and storable(tag or "")):  # no case can have such words
        return Found((), 0)
    rules = [StoredCase.search_key.contains(word, autoescape=True) for word in fold(text).split()]
    if tag is not None:
        rules.append(_has_tag(tag))
    page = select(StoredCase).where(*rules).order_by(StoredCase.id.desc())
    with store.read() as session:
        total = session.scalar(select(func.count(StoredCase.id)).where(*rules)) or 0
        return Found(tuple(_cases(session, page.offset(first).limit(most))), total)


def case_titles(store: Store, most: int = 100) -> dict[int, str]:
    """Number → title of the newest cases."""
    wanted = select(StoredCase.id, StoredCase.title).order_by(StoredCase.id.desc()).limit(most)
    with store.read() as session:
        return dict(session.execute(wanted).all())


def count_cases(store: Store) -> int:
    """How many cases there are."""
    with store.read() as session:
        return session.scalar(select(func.count(StoredCase.id))) or 0


def case_tags(store: Store) -> dict[str, int]:
    """Tag → its number of cases, the commonest first."""
    cases = func.count()
    wanted = (
        select(StoredCaseTag.name, cases)
        .group_by(StoredCaseTag.name)
        .order_by(cases.desc(), StoredCaseTag.name)
        .limit(MOST_TAGS)
    )
    with store.read() as session:
        return dict(session.execute(wanted).all())


def change_case(
    store: Store,
    number: int,
    title: str,
    note: str,
    tags: Sequence[str],
    user: User,
    was: Words | None = None,
) -> None:
    """Change what may be changed of a case; its author may, and a lead.

    `was` are the words that the user saw. Raises `CaseChanged` where they are others by now,
    `StoreError` for a case that is gone or words that cannot be kept, and `NotAllowed`.
    """
    words = _judged_words(title, note, tags)
    with store.write() as session:
        row = _own(session, number, user)
        if was is not None and was != _words_of(session, row):
            raise CaseChanged(f"somebody changed case {number} meanwhile")
        columns = words.columns(json.loads(row.document))
        session.execute(update(StoredCase).where(StoredCase.id == number).values(columns))
        _set_tags(session, number, words.tags)


def delete_case(store: Store, number: int, user: User) -> None:
    """Take a case away, with its tags and clues; raises as `change_case` does."""
    with store.write() as session:
        _own(session, number, user)
        for model in (StoredCaseTag, StoredClue):
            session.execute(delete(model).where(model.case_id == number))
        session.execute(delete(StoredCase).where(StoredCase.id == number))


def may_change(user: User, case: Case) -> bool:
    """Whether this user may change or delete the case: its author, if still a rater, or a lead."""
    return user.role >= _needed(user, case.made_by)


def _needed(user: User, made_by: str) -> Role:
    return Role.RATER if made_by == user.name else Role.LEAD


def _own(session: Session, number: int, user: User) -> StoredCase:
    """The case's row, for one who may change it."""
    check(user, Role.RATER)
    row = session.get(StoredCase, number, options=[undefer(StoredCase.document)])
    if row is None:
        raise StoreError(f"case {number} is not there any more; somebody deleted it meanwhile")
    check(user, _needed(user, row.made_by))
    return row


def _words_of(session: Session, row: StoredCase) -> Words:
    return Words(row.title, row.note, tuple(_tags_of(session, [row.id]).get(row.id, ())))


def _open_keys(address: str) -> list[str]:
    """The keys of the open seeds that an address names."""
    given = dict(parse_qsl(address.lstrip("?"))).get("open", "")
    return given.split(",")[:MAX_ASKED]


def _judged_words(title: str, note: str, tags: Sequence[str]) -> Words:
    """Title, note and tags as they are kept; raises `StoreError` with what is wrong."""
    title, note = without_turns(title), without_turns(note)
    words = Words(" ".join(title.split()), note.strip(), _tidy_tags(tags))
    many = len(words.tags) > MAX_TAGS
    faults = [
        None if is_seen(words.title) else "it has no title that anyone could read",
        text_fault("its title", words.title, MAX_TITLE),
        text_fault("its note", words.note, MAX_NOTE),
        f"it has {len(words.tags)} tags, more than {MAX_TAGS}" if many else None,
        *(text_fault(f"the tag {tag[:20]!r}", tag, MAX_TAG) for tag in words.tags),
    ]
    fault = next(filter(None, faults), None)
    if fault:
        raise StoreError(f"the case cannot be kept: {fault}; change that and save again")
    return words


def _tidy_tags(tags: Sequence[str]) -> tuple[str, ...]:
    """Tags without blanks around them, in lower case, each once; none that cannot be seen."""
    tidy = (" ".join(without_turns(tag).split()).lower() for tag in tags)
    return tuple(dict.fromkeys(filter(is_seen, tidy)))


def _document_fault(document: Mapping[str, Any]) -> str | None:
    """Why a document cannot be a case's, or None."""
    query, results = document.get("query"), document.get("results")
    if not isinstance(query, list) or not isinstance(results, list):
        return "its document names no seeds or no results"
    if not query and not open_seed_names(document):
        return "it has no seeds"
    if not all(map(_is_entity, query)) or not all(map(_is_result, results)):
        return "a seed or a result in its document has no name or no entity number"
    if not storable_json(dict(document)):
        return "its document holds what no store can hold (NUL, lone surrogates, infinities)"
    size = len(json.dumps(document, ensure_ascii=False))
    return f"its document has {size:,} letters, more than {MAX_DOCUMENT:,}" * (size > MAX_DOCUMENT)


def open_seed_names(document: Mapping[str, Any]) -> list[str]:
    """The names of a document's open seeds; none where it is not written as ours are."""
    names = document.get("open_seeds")
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _is_entity(item: object) -> bool:
    if not isinstance(item, Mapping) or entity_id(item.get("id")) is None:
        return False
    return bool(item.get("name")) and storable(item["name"])


def _is_result(item: object) -> bool:
    if not _is_entity(item) or not isinstance(item, Mapping):
        return False
    return type(item.get("rank")) is int and isinstance(item.get("score"), int | float)


def _set_tags(session: Session, number: int, tags: Sequence[str]) -> None:
    session.execute(delete(StoredCaseTag).where(StoredCaseTag.case_id == number))
    if tags:
        rows = [{"case_id": number, "name": tag} for tag in tags]
        session.execute(insert(StoredCaseTag), rows)


def _has_tag(tag: str) -> ColumnElement[bool]:
    return exists().where(StoredCaseTag.case_id == StoredCase.id, StoredCaseTag.name == tag)


def _cases(session: Session, wanted: Select[StoredCase]) -> list[Case]:
    whole = wanted.options(undefer(StoredCase.document), undefer(StoredCase.shown))
    rows = session.scalars(whole).all()
    tags = _tags_of(session, [row.id for row in rows])
    return [replace(_case(row), tags=tuple(tags.get(row.id, ()))) for row in rows]


def _tags_of(session: Session, numbers: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    wanted = (
        select(StoredCaseTag.case_id, StoredCaseTag.name)
        .where(StoredCaseTag.case_id.in_(numbers))
        .order_by(StoredCaseTag.name)
    )
    for number, name in session.execute(wanted):
        found.setdefault(number, []).append(name)
    return found


def _case(row: StoredCase) -> Case:
    return Case(
        id=row.id,
        title=row.title,
        note=row.note,
        tags=(),
        address=row.address,
        document=json.loads(row.document),
        shown=Shown.read(json.loads(row.shown)),
        made_by=row.made_by,
        made_at=in_utc(row.made_at),
    )


def in_utc(moment: datetime) -> datetime:
    """A moment out of the store: SQLite keeps no zone, and all that we write is UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
