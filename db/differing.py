"""How a corpus differs from the one that a store holds, told in counts and first examples.

Sentences are compared by digests in a temporary file, so that two corpora of MESED's size need no
more memory than two small ones.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from db.judging import Judge, Step, sentence_text
from mese.corpus import CorpusRecords, Entity, Query, Sentence

EXAMPLES = 3
WORDS = 8
"""Words of a sentence that are shown."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One kind of difference: `what` ("entities added"), how many, and the first of them."""

    what: str
    count: int
    examples: tuple[str, ...]

    def __str__(self) -> str:
        more = ", …" if self.count > len(self.examples) else ""
        return f"{self.count:,} {self.what} ({', '.join(self.examples)}{more})"


class Survey:
    """The given corpus, walked once: its fingerprint, and its sentences' digests in a file."""

    def __init__(self, judged: Judge, folder: Path, step: Step) -> None:
        self.judged = judged
        self._file = folder / "digests.db"
        for number, _ in enumerate(judged.images(), 1):
            if number % 1_000 == 0:
                step(0)  # it may stop the walk
        with closing(self._open()) as connection:
            for table in ("given", "held"):
                connection.execute(f"CREATE TABLE {table} (digest BLOB, line INTEGER, text TEXT)")
            _put(connection, "given", _counted(judged.sentences(), step))
            connection.commit()

    @property
    def fingerprint(self) -> str:
        return self.judged.fingerprint

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._file)
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        return connection

    def differences(self, held: CorpusRecords) -> list[Difference]:
        """What the given corpus says otherwise than the `held` one."""
        judged = Judge(held)
        found = [
            *_entities(self.judged.entities, judged.entities),
            *_classes(self.judged, judged),
            *_queries(self.judged.queries, judged.queries),
        ]
        if self.judged.scorers != judged.scorers:
            found.append(Difference("scorers or their settings changed", 1, ("scorers.json",)))
        images = (_known_images(corpus) for corpus in (self.judged, judged))
        found += _one_of("images with another URL or licence", *images)
        with closing(self._open()) as connection:
            _put(connection, "held", judged.sentences())
            for table in ("given", "held"):
                connection.execute(f"CREATE INDEX {table}_digest ON {table} (digest)")
            found += _sentences(connection, "sentences added", "given", "held")
            found += _sentences(connection, "sentences removed", "held", "given")
        return found


def _counted(sentences: Iterable[Sentence], step: Step) -> Iterator[Sentence]:
    for done, sentence in enumerate(sentences, 1):
        yield sentence
        if done % 1_000 == 0:
            step(done)


def _put(connection: sqlite3.Connection, table: str, sentences: Iterable[Sentence]) -> None:
    rows = (
        (hashlib.sha256(sentence_text(s)).digest()[:16], s.line, " ".join(s.tokens[:WORDS]))
        for s in sentences
    )
    connection.executemany(f"INSERT INTO {table} VALUES (?, ?, ?)", rows)


def _sentences(
    connection: sqlite3.Connection, what: str, more: str, less: str
) -> Iterator[Difference]:
    """The sentences that stand more often in one table than in the other."""
    surplus = (
        f"SELECT digest, count(*) AS n, min(line) AS line, text, "
        f"(SELECT count(*) FROM {less} WHERE digest = m.digest) AS there "
        f"FROM {more} AS m GROUP BY digest HAVING n > there"
    )
    (count,) = connection.execute(f"SELECT sum(n - there) FROM ({surplus})").fetchone()
    if count:
        wanted = f"SELECT line, text FROM ({surplus}) ORDER BY line LIMIT {EXAMPLES}"
        first = connection.execute(wanted)
        yield Difference(what, count, tuple(f"line {line}: {text!r:.80}" for line, text in first))


def _difference(what: str, examples: Iterable[str]) -> Iterator[Difference]:
    found = list(examples)
    if found:
        yield Difference(what, len(found), tuple(found[:EXAMPLES]))


def _one_of(what: str, given: set[str], held: set[str]) -> Iterator[Difference]:
    yield from _difference(what, sorted(given ^ held))


def _known_images(judged: Judge) -> set[str]:
    return {
        f"{i.path} ({i.url or 'no URL'}, {i.licence or 'no licence'})"
        for i in judged.images()
        if i.url or i.licence
    }


def _entities(given: dict[int, Entity], held: dict[int, Entity]) -> Iterator[Difference]:
    both = sorted(given.keys() & held.keys())
    renamed = [e for e in both if given[e].name != held[e].name]
    changed = [e for e in both if given[e] != held[e] and given[e].name == held[e].name]
    added, removed = sorted(given.keys() - held.keys()), sorted(held.keys() - given.keys())
    yield from _difference("entities added", _named(given, added))
    yield from _difference("entities removed", _named(held, removed))
    texts = [f"{e}: {held[e].name[:60]} → {given[e].name[:60]}" for e in renamed]
    yield from _difference("entities renamed", texts)
    what = "entities with other aliases, role or reference image"
    yield from _difference(what, _named(given, changed))


def _named(entities: dict[int, Entity], ids: Iterable[int]) -> list[str]:
    return [f"{entities[e].name[:60]} ({e})" for e in ids]


def _classes(given: Judge, held: Judge) -> Iterator[Difference]:
    yield from _difference("classes added", (n for n in given.classes if n not in held.classes))
    yield from _difference("classes removed", (n for n in held.classes if n not in given.classes))
    both = [name for name in held.classes if name in given.classes]
    changed = (n for n in both if given.members[n] != held.members[n])
    yield from _difference("classes with other members", changed)
    moved = (n for n in both if given.classes[n] != held.classes[n])
    yield from _difference("classes at another place of the schema", moved)
    if [n for n in given.classes if n in held.classes] != both:
        yield Difference("other order of the classes", 1, ("schema.json",))


def _queries(given: tuple[Query, ...], held: tuple[Query, ...]) -> Iterator[Difference]:
    def named(queries: Iterable[Query]) -> list[str]:
        return [f"{q.class_name} {q.index}: {' '.join(map(str, q.seeds))}" for q in queries]

    there, here = set(held), set(given)
    yield from _difference("queries added", named(q for q in given if q not in there))
    yield from _difference("queries removed", named(q for q in held if q not in here))
