"""A corpus in a file of its own, beside the store, until the store takes all of it at once.

Parsing, judging and reading image headers take minutes for a corpus of MESED's size. They are done
into a temporary SQLite file with the store's tables but none of its rules; only then is the write
lock taken, and the rows are poured over in seconds. Whatever ends an import before that leaves the
store untouched, and the file is taken away, by the next import where a program was killed.
"""

from __future__ import annotations

import fcntl
import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from db.images import probe
from db.judging import Judge, Step
from db.models import (
    Base,
    StoredAlias,
    StoredCandidate,
    StoredClass,
    StoredContext,
    StoredEntity,
    StoredImage,
    StoredMembership,
    StoredQuery,
    StoredScore,
    StoredScorer,
    StoredSeed,
    StoredSentence,
)
from mese.batches import batches
from mese.corpus import ImageFacts, Sentence
from mese.names import fold

STAGED: tuple[type[Base], ...] = (
    StoredImage,
    StoredClass,
    StoredEntity,
    StoredAlias,
    StoredMembership,
    StoredQuery,
    StoredSeed,
    StoredScorer,
    StoredSentence,
    StoredContext,
    StoredCandidate,
    StoredScore,
)
"""The tables of a corpus, those that others refer to first."""

AT_ONCE = 1_000
"""Sentences that are held at once: large enough to be fast, small enough to stay out of memory."""
PREFIX = ".mese-import-"
Rows = Sequence[tuple[Any, ...]]


@dataclass(frozen=True)
class Staged:
    """A staged corpus: its file, what it counts, and its fingerprint."""

    file: Path
    fingerprint: str
    entities: int
    classes: int
    queries: int
    sentences: int
    contexts: int
    images: int
    unreadable_images: int


@contextmanager
def workplace(beside: Path | None, prefix: str = PREFIX) -> Iterator[Path]:
    """A folder for the time of an import, beside a store's file or among temporary files.

    It is locked while it is used: what a killed import left is not, and is taken away here. So too
    for what else is made in a folder of its own and then moved, under another `prefix`.
    """
    place = beside or Path(tempfile.gettempdir())
    place.mkdir(parents=True, exist_ok=True)
    for left in place.glob(f"{prefix}*"):
        _remove_if_left(left)
    made = Path(tempfile.mkdtemp(prefix=".new", dir=place))
    folder = made.with_name(prefix + made.name[4:])
    try:
        with (made / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            made.rename(folder)  # only now may others ask whether it is in use
            yield folder
    finally:
        for name in (made, folder):
            shutil.rmtree(name, ignore_errors=True)


def _remove_if_left(folder: Path) -> None:
    try:
        with (folder / "lock").open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
    except OSError:  # in use, somebody else's, or no folder of an import
        return


def columns(model: type[Base]) -> list[str]:
    """The names of a table's columns."""
    return [column.name for column in model.__table__.columns]


def stage(judged: Judge, folder: Path, max_pixels: int, step: Step) -> Staged:
    """Write all of a corpus into a file in `folder`; raises OSError, and StoreError by sqlite3."""
    file = folder / "staged.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        # The file is thrown away with the power cut that could damage it.
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        stager = _Stager(connection, judged, max_pixels)
        stager.create()
        connection.execute("BEGIN")
        stager.put_head(step)
        stager.put_sentences(step)
        connection.execute("COMMIT")
    return stager.staged(file)


class _Stager:
    """A staging under way: its file and the ids given so far."""

    def __init__(self, connection: sqlite3.Connection, judged: Judge, max_pixels: int) -> None:
        self._connection = connection
        self._judged = judged
        self._root = judged.records.image_root
        self._max_pixels = max_pixels
        self._class_ids = {name: number for number, name in enumerate(judged.classes, 1)}
        self._scorer_ids = {s.name: number for number, s in enumerate(judged.scorers, 1)}
        self._sentences = self._contexts = self._images = self._unreadable = 0

    def staged(self, file: Path) -> Staged:
        return Staged(
            file,
            self._judged.fingerprint,
            entities=len(self._judged.entities),
            classes=len(self._class_ids),
            queries=len(self._judged.queries),
            sentences=self._sentences,
            contexts=self._contexts,
            images=self._images,
            unreadable_images=self._unreadable,
        )

    def create(self) -> None:
        for model in STAGED:
            table = f"CREATE TABLE {model.__tablename__} ({', '.join(columns(model))})"
            self._connection.execute(table)
        self._connection.execute("CREATE UNIQUE INDEX image_paths ON images (path)")

    def _insert(self, model: type[Base], names: str, rows: Rows) -> None:
        marks = ", ".join("?" * len(names.split(",")))
        statement = f"INSERT INTO {model.__tablename__} ({names}) VALUES ({marks})"
        self._connection.executemany(statement, rows)

    def put_head(self, step: Step) -> None:
        """Everything but the sentences; `step` hears of none of these, and may stop it."""
        for some in batches(self._judged.images(), AT_ONCE):
            self._image_ids([facts.path for facts in some], {facts.path: facts for facts in some})
            step(0)
        self._put_entities()
        self._put_classes()
        self._put_queries()
        settings = [
            (self._scorer_ids[s.name], s.name, json.dumps(dict(s.settings), ensure_ascii=False))
            for s in self._judged.scorers
        ]
        self._insert(StoredScorer, "id, name, settings", settings)

    def _put_entities(self) -> None:
        for some in batches(self._judged.entities.values(), AT_ONCE):
            ids = self._image_ids([e.reference_image for e in some if e.reference_image])
            rows = [
                (e.id, e.name, fold(e.name), e.role, ids.get(e.reference_image or "")) for e in some
            ]
            names = "id, name, search_key, role, reference_image_id"
            self._insert(StoredEntity, names, rows)
            aliases = [
                (e.id, position, name, fold(name))
                for e in some
                for position, name in enumerate(e.aliases)
            ]
            self._insert(StoredAlias, "entity_id, position, name, search_key", aliases)

    def _put_classes(self) -> None:
        classes = [
            (self._class_ids[c.name], c.name, c.middle, c.coarse, position)
            for position, c in enumerate(self._judged.classes.values())
        ]
        self._insert(StoredClass, "id, name, middle, coarse, position", classes)
        for name, ids in self._judged.members.items():
            rows = [(self._class_ids[name], e, position) for position, e in enumerate(ids)]
            self._insert(StoredMembership, "class_id, entity_id, position", rows)

    def _put_queries(self) -> None:
        queries, seeds = [], []
        for number, q in enumerate(self._judged.queries, 1):
            queries.append((number, self._class_ids[q.class_name], len(q.seeds), q.index))
            seeds += [(number, position, seed) for position, seed in enumerate(q.seeds)]
        self._insert(StoredQuery, "id, class_id, seed_count, number", queries)
        self._insert(StoredSeed, "query_id, position, entity_id", seeds)

    def put_sentences(self, step: Step) -> None:
        done = 0
        for some in batches(self._judged.sentences(), AT_ONCE):
            self._put_some(some)
            done += len(some)
            step(done)

    def _put_some(self, sentences: Iterable[Sentence]) -> None:
        rows, contexts, candidates, scores, paths = [], [], [], [], []
        for s in sentences:
            self._sentences += 1
            words, count = json.dumps(s.tokens, ensure_ascii=False), len(s.tokens)
            rows.append((self._sentences, s.line, words, count, _json(s.extra)))
            for m in s.mentions:
                self._contexts += 1
                place = (self._contexts, self._sentences, m.entity, m.start, m.end, count)
                contexts.append((*place, _json(m.extra)))
                for c in m.candidates:
                    candidates.append((self._contexts, c.rank, c.image))
                    paths.append(c.image)
                    scores += [
                        (self._contexts, c.rank, self._scorer_ids[s.scorer], *_terms(s))
                        for s in c.scores
                    ]
        ids = self._image_ids(paths)
        self._insert(StoredSentence, "id, line, tokens, token_count, extra", rows)
        names = "id, sentence_id, entity_id, span_start, span_end, token_count, extra"
        self._insert(StoredContext, names, contexts)
        links = [(context, rank, ids[path]) for context, rank, path in candidates]
        self._insert(StoredCandidate, "context_id, rank, image_id", links)
        names = "context_id, rank, scorer_id, value, sentence_term, object_term"
        self._insert(StoredScore, names, scores)

    def _image_ids(
        self, paths: Iterable[str], facts: dict[str, ImageFacts] | None = None
    ) -> dict[str, int]:
        """Path → id; the header of a path that is new is read, and it is added.

        Paths are looked up in the file instead of being remembered, so that memory does not grow
        with the corpus.
        """
        ids: dict[str, int] = {}
        rows = []
        for path in dict.fromkeys(paths):
            found = self._connection.execute("SELECT id FROM images WHERE path = ?", (path,))
            row = found.fetchone()
            if row is None:
                self._images += 1
                rows.append(self._image_row(path, (facts or {}).get(path)))
            ids[path] = row[0] if row else self._images
        names = "id, path, width, height, problem, sha256, url, licence"
        self._insert(StoredImage, names, rows)
        return ids

    def _image_row(self, path: str, facts: ImageFacts | None) -> tuple[Any, ...]:
        seen = probe(self._root, path, self._max_pixels)
        self._unreadable += seen["problem"] is not None
        # A file that can be read is hashed by us; of one that cannot, what was said is all we have.
        said = facts.sha256 if facts and seen["problem"] else None
        known = (facts.url, facts.licence) if facts else (None, None)
        size = (seen["width"], seen["height"], seen["problem"])
        return (self._images, path, *size, said, *known)


def _json(extra: Any) -> str | None:
    return None if extra is None else json.dumps(extra, ensure_ascii=False)


def _terms(score: Any) -> tuple[float, float | None, float | None]:
    return score.value, score.sentence, score.object


def staged_rows(file: Path, model: type[Base]) -> Iterator[tuple[Any, ...]]:
    """A staged table's rows, in the order of `columns`."""
    with closing(sqlite3.connect(file)) as connection:
        names = ", ".join(columns(model))
        yield from connection.execute(f"SELECT {names} FROM {model.__tablename__}")
