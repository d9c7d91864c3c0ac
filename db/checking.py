"""Is the store whole? Every image, sentence, span, reference and query, looked at once more.

The database keeps its own rules, but files beside it change, disks err, and a file can be edited by
other programs. What is broken is named with its place and the reason.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import (
    ForeignKeyConstraint,
    Select,
    Text,
    and_,
    cast,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from db.accounts import Role, User, check, open_mode_user
from db.images import CorpusMark, corpus_mark
from db.importing import utc_now
from db.loading import held_corpus
from db.models import Base, StoredContext, StoredImage, StoredSentence
from db.second_pass import count_images, forget_checks, look_at_images
from db.seeds import seed_faults
from db.store import Store
from mese.images import MAX_PIXELS

CheckProgress = Callable[[str, int, int | None], None]
"""Told the stage, how much of it is done, and of how much."""

KEPT = 1_000
"""Findings of one kind that a report names; it counts them all."""

STREAMED = {"yield_per": 2_000}
"""Rows are read bit by bit: however many are broken, all are counted and none is held."""

ALL_DAMAGE = 2**31 - 1
"""Faults that SQLite is asked for; left alone it names a hundred."""

IMAGE, SENTENCE, CONTEXT = "image", "sentence", "context"
REFERENCE, QUERY, DATABASE = "reference", "query", "database"
KINDS = (IMAGE, SENTENCE, CONTEXT, REFERENCE, QUERY, DATABASE)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something broken: its kind, where it is, and what is wrong there."""

    kind: str
    place: str
    reason: str

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a check looked at and found; `counts` holds all findings by kind, `findings` the first
    thousand of each. `read` counts the images that were opened, not only looked at by size."""

    images: int
    read: int
    sentences: int
    contexts: int
    queries: int
    counts: dict[str, int]
    findings: tuple[Finding, ...]

    @property
    def broken(self) -> int:
        return sum(self.counts.values())


class _Findings:
    """Findings as they come: the first of each kind, and the number of all."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.kept: list[Finding] = []

    def put(self, kind: str, place: str, reason: str) -> None:
        self.counts[kind] += 1
        if self.counts[kind] <= KEPT:
            self.kept.append(Finding(kind, place, reason))


def check_store(
    store: Store,
    *,
    again: bool = False,
    max_pixels: int = MAX_PIXELS,
    progress: CheckProgress | None = None,
    now: Callable[[], datetime] = utc_now,
    user: User | None = None,
) -> CheckReport:
    """Look at everything that the store holds, and keep what was found of its images.

    An image that an earlier check decoded is opened again only where its file's size has changed,
    or with `again`. A check that is stopped loses nothing: the next one, without `again`, goes on.
    Needs a lead, else raises `NotAllowed`; raises `StoreError` for an empty store, and where an
    import puts another corpus in this one's place meanwhile.
    """
    check(user or open_mode_user(), Role.LEAD)
    tell = progress or (lambda stage, done, total: None)
    findings = _Findings()
    with store.read() as session:
        held_corpus(session, store)
        mark = corpus_mark(session)
        images = count_images(session)
        sentences, contexts, queries = _check_tables(session, findings, tell)
    if again:
        forget_checks(store)
    read = _check_images(store, mark, max_pixels, now, findings, tell, images)
    return CheckReport(
        images, read, sentences, contexts, queries, dict(findings.counts), tuple(findings.kept)
    )


def _check_images(
    store: Store,
    mark: CorpusMark,
    max_pixels: int,
    now: Callable[[], datetime],
    findings: _Findings,
    tell: CheckProgress,
    total: int,
) -> int:
    """Returns how many were opened. A root that is not there is one finding, not one an image."""
    if total and not mark.root.is_dir():
        reason = "the image folder is not there; put it back, or import again with --image-root"
        findings.put(IMAGE, mark.image_root, reason)
        return 0
    done = read = 0
    for some in look_at_images(store, mark, max_pixels, now):
        for looked in some:
            if looked.problem is not None:
                findings.put(IMAGE, looked.path, _without_place(looked.problem, looked.path))
        done += len(some)
        read += sum(looked.was_read for looked in some)
        tell("Images", done, total)
    return read


def _without_place(problem: str, path: str) -> str:
    """A problem without the file's name in front, where the path stands there already."""
    for name in (repr(path), path, Path(path).name):
        if name and problem.startswith(f"{name}: "):
            return problem[len(name) + 2 :]
    return problem


def _check_tables(
    session: Session, findings: _Findings, tell: CheckProgress
) -> tuple[int, int, int]:
    """The database itself, then what refers to what; returns the sentences, contexts and queries
    looked at. In a damaged file the looking ends where it fails."""
    for reason in _damage(session):
        findings.put(DATABASE, "the file", reason)
    sentences = contexts = queries = 0
    try:
        for place, reason in _orphans(session):
            findings.put(REFERENCE, place, reason)
        for context, reason in _bad_spans(session):
            findings.put(CONTEXT, f"context {context}", reason)
        contexts = session.scalar(select(func.count()).select_from(StoredContext)) or 0
        sentences = _check_tokens(session, findings, tell)
        queries = _check_queries(session, findings)
    except DBAPIError as error:
        if not findings.counts[DATABASE]:
            raise
        findings.put(DATABASE, "the file", f"reading ended here: {_reason(error)}")
        session.rollback()  # a COMMIT would fail over the damage once more
    return sentences, contexts, queries


def _damage(session: Session) -> Iterator[str]:
    """What SQLite says of its file; PostgreSQL looks after its own."""
    if session.connection().dialect.name != "sqlite":
        return
    try:
        verdicts = session.scalars(text(f"PRAGMA integrity_check({ALL_DAMAGE})")).all()
    except DBAPIError as error:  # it tries the rules too, and some fail over nonsense
        verdicts = [_reason(error)]
    yield from (str(verdict) for verdict in verdicts if verdict != "ok")


def _reason(error: DBAPIError) -> str:
    return next(iter(str(error.orig).splitlines()), type(error).__name__)


def _orphans(session: Session) -> Iterator[tuple[str, str]]:
    """(place, reason) for every row that refers to one that is not there."""
    for table in Base.metadata.sorted_tables:
        for constraint in table.foreign_key_constraints:
            key = [*table.primary_key.columns, *constraint.columns]
            for row in session.execute(
                _rows_without_target(constraint), execution_options=STREAMED
            ):
                where = ", ".join(f"{c.name} {v}" for c, v in zip(key, row, strict=True))
                yield table.name, f"{where}: refers to {constraint.referred_table.name} in vain"


def _rows_without_target(constraint: ForeignKeyConstraint) -> Select[*tuple[object, ...]]:
    table = constraint.table
    target = constraint.referred_table.alias("target")
    pairs = [(e.parent, target.c[e.column.name]) for e in constraint.elements]
    return (
        select(*table.primary_key.columns, *(column for column, _ in pairs))
        .select_from(table.outerjoin(target, and_(*(a == b for a, b in pairs))))
        .where(pairs[0][1].is_(None), *(column.is_not(None) for column, _ in pairs))
    )


def _bad_spans(session: Session) -> Iterator[tuple[int, str]]:
    start, end, count = StoredContext.span_start, StoredContext.span_end, StoredContext.token_count
    wanted = select(StoredContext.id, start, end, count).where(
        or_(start < 0, end < start, end >= count)
    )
    for context, first, last, size in session.execute(wanted, execution_options=STREAMED):
        yield context, f"span {first}..{last} lies outside the {size} tokens"


def _check_tokens(session: Session, findings: _Findings, tell: CheckProgress) -> int:
    """Read every sentence as it is kept: a list of words, as many as are counted."""
    total = session.scalar(select(func.count()).select_from(StoredSentence)) or 0
    wanted = select(
        StoredSentence.id, StoredSentence.line, cast(StoredSentence.tokens, Text),
        StoredSentence.token_count,
    )  # fmt: skip
    rows = session.execute(wanted, execution_options=STREAMED)
    done = 0
    for some in rows.partitions():
        for number, line, kept, count in some:
            reason = _fault_of_tokens(kept, count)
            if reason:
                findings.put(SENTENCE, f"sentence {number} (line {line})", reason)
        done += len(some)
        tell("Sentences", done, total)
    return done


def _fault_of_tokens(kept: str, count: int) -> str | None:
    try:
        tokens = json.loads(kept)
    except (ValueError, RecursionError):
        return "its tokens are not JSON"
    if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
        return "its tokens are not a list of words"
    if len(tokens) != count:
        return f"it has {len(tokens)} tokens, and {count} are counted"
    return None


def _check_queries(session: Session, findings: _Findings) -> int:
    queries, faults = seed_faults(session)
    for fault in faults:
        findings.put(QUERY, str(fault.query), fault.reason)
    return queries


def images_left(store: Store) -> int:
    """How many images no check has decoded yet."""
    with store.read() as session:
        unread = select(func.count()).where(StoredImage.checked_at.is_(None))
        return session.scalar(unread) or 0
