"""A corpus into the store: judged line by line, inserted in bulk, all in one transaction.

Whatever fails leaves the store as it was. What does not fit the corpus (a span outside its
sentence, an entity that is not there) is set aside with its place and reason.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from operator import length_hint
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from db.accounts import Role, User, check, open_mode_user
from db.images import ImageTable, Progress, batches, probe_again
from db.models import (
    MAX_RANK,
    Base,
    StoredAlias,
    StoredCandidate,
    StoredClass,
    StoredContext,
    StoredCorpus,
    StoredEntity,
    StoredMembership,
    StoredQuery,
    StoredSeed,
    StoredSentence,
)
from db.store import Store, StoreError
from mese.corpus import Candidate, CorpusRecords, Entity, Mention, Query, Sentence
from mese.images import MAX_PIXELS
from mese.mesed_lines import Aside, SetAside
from mese.names import fold

SENTENCES_AT_ONCE = 1_000
"""Sentences per bulk insert: large enough to be fast, small enough to stay out of memory."""


class ImportRefused(StoreError):
    """The store cannot take this corpus; the message says why and what to do."""


@dataclass(frozen=True)
class ImportReport:
    """What an import did. `changed` is False where the store held all of it already."""

    name: str
    changed: bool
    entities: int = 0
    classes: int = 0
    queries: int = 0
    sentences: int = 0
    contexts: int = 0
    images: int = 0
    unreadable_images: int = 0
    set_aside: tuple[SetAside, ...] = ()


def utc_now() -> datetime:
    return datetime.now(UTC)


def import_records(
    store: Store,
    records: CorpusRecords,
    *,
    source: str = "",
    strict: bool = False,
    image_max_pixels: int = MAX_PIXELS,
    progress: Progress | None = None,
    now: Callable[[], datetime] = utc_now,
    user: User | None = None,
) -> ImportReport:
    """Put a corpus into an empty store; images get their hashes later, by `hash_images`.

    Needs a lead, else raises `NotAllowed`; without a `user` it is whoever sits at this machine.

    The same corpus again changes nothing, except that images that had a problem, or lie below
    another image root now, are read anew. Another corpus raises `ImportRefused`; `strict` raises
    `MesedFormatError` at the first line that would be set aside. `progress` gets the sentences
    done and their number, where it is known.
    """
    check(user or open_mode_user(), Role.LEAD)
    step = _counting(progress, length_hint(records.sentences) or None)
    with store.read() as session:
        empty = session.get(StoredCorpus, 1) is None
    if not empty:
        fingerprint = _fingerprint_of(records, step)
        return _import_again(store, records, fingerprint, image_max_pixels)
    with store.write() as session:
        if session.get(StoredCorpus, 1) is not None:
            raise ImportRefused(f"another import into {store.place} came first; nothing was done")
        importer = _Importer(session, records, Aside(strict), image_max_pixels)
        importer.put_head()
        importer.put_sentences(step)
        session.add(_corpus_row(records, source, importer.digest.hexdigest(), now()))
        return importer.report()


def _counting(progress: Progress | None, total: int | None) -> Callable[[int], None]:
    def step(done: int) -> None:
        if progress:
            progress(done, total)

    return step


def _corpus_row(
    records: CorpusRecords, source: str, fingerprint: str, now: datetime
) -> StoredCorpus:
    return StoredCorpus(
        id=1,
        name=records.name,
        source=source or records.name,
        image_root=str(records.image_root.resolve()),
        fingerprint=fingerprint,
        imported_at=now,
    )


def _import_again(
    store: Store, records: CorpusRecords, fingerprint: str, max_pixels: int
) -> ImportReport:
    root = records.image_root.resolve()
    with store.write() as session:
        held = session.get_one(StoredCorpus, 1)
        if held.fingerprint != fingerprint:
            raise ImportRefused(
                f"{store.place} holds the corpus {held.name!r}, and one store holds one corpus; "
                f"set MESE_HOME to another folder to import {records.name!r}"
            )
        moved = held.image_root != str(root)
        held.image_root = str(root)
        images = probe_again(session, root, max_pixels, everything=moved)
        return ImportReport(held.name, changed=moved or images > 0, images=images)


def _head_lines(records: CorpusRecords) -> Iterator[Any]:
    for e in sorted(records.entities, key=lambda entity: entity.id):
        yield ["entity", e.id, e.name, e.aliases, e.role, e.reference_image]
    for c in records.classes:
        yield ["class", c.name, c.middle, c.coarse, tuple(records.members.get(c.name, ()))]
    for q in records.queries:
        yield ["query", q.class_name, q.index, q.seeds]


def _sentence_line(sentence: Sentence) -> Any:
    mentions = [
        [m.entity, m.start, m.end, [[c.image, c.rank] for c in m.candidates]]
        for m in sentence.mentions
    ]
    return ["sentence", sentence.tokens, mentions]


def _digest(lines: Iterable[Any]) -> Any:
    digest = hashlib.sha256()
    for line in lines:
        digest.update(json.dumps(line).encode() + b"\n")
    return digest


def _fingerprint_of(records: CorpusRecords, progress: Callable[[int], None]) -> str:
    """Sha256 over all that a corpus says; where its files lie does not enter."""
    digest = _digest(_head_lines(records))
    seen = 0
    for some in batches(records.sentences, SENTENCES_AT_ONCE):
        for sentence in some:
            digest.update(json.dumps(_sentence_line(sentence)).encode() + b"\n")
        seen += len(some)
        progress(seen)
    return str(digest.hexdigest())


def judge(sentence: Sentence, known: set[int] | frozenset[int]) -> tuple[list[Mention], list[str]]:
    """The mentions that fit the sentence and the corpus, and the reasons against the others."""
    good: dict[tuple[int, int, int], Mention] = {}
    reasons = []
    for mention in sentence.mentions:
        span, size = f"mention {mention.start}..{mention.end}", len(sentence.tokens)
        key = (mention.entity, mention.start, mention.end)
        if not 0 <= mention.start <= mention.end < size:
            reasons.append(f"{span} lies outside the {size} tokens")
        elif mention.entity not in known:
            reasons.append(f"{span} is of entity {mention.entity}, which the corpus does not have")
        elif key in good:
            reasons.append(f"{span} of entity {mention.entity} stands here twice")
        else:
            candidates, faults = _judge_candidates(mention.candidates)
            good[key] = replace(mention, candidates=candidates)
            reasons += [f"{span}: {fault}" for fault in faults]
    return list(good.values()), reasons


def _judge_candidates(given: Iterable[Candidate]) -> tuple[tuple[Candidate, ...], list[str]]:
    by_rank: dict[int, Candidate] = {}
    images: set[str] = set()
    faults = []
    for candidate in given:
        if not 1 <= candidate.rank <= MAX_RANK:
            faults.append(f"candidate rank {candidate.rank} is not 1 to {MAX_RANK}")
        elif candidate.rank in by_rank or candidate.image in images:
            faults.append(f"candidate {candidate.image!r} or its rank stands here twice")
        else:
            by_rank[candidate.rank] = candidate
            images.add(candidate.image)
    return tuple(by_rank.values()), faults


class _Importer:
    """One import under way: its session, the ids given so far, and what was set aside."""

    def __init__(
        self, session: Session, records: CorpusRecords, aside: Aside, max_pixels: int
    ) -> None:
        self.session = session
        self.records = records
        self.aside = aside
        self.images = ImageTable(session, records.image_root, max_pixels)
        self.digest = _digest(_head_lines(records))
        self.entities: dict[int, Entity] = {}
        self.class_ids = {c.name: number for number, c in enumerate(records.classes, 1)}
        self.counts = {"sentences": 0, "contexts": 0, "queries": 0}

    def report(self) -> ImportReport:
        if not self.counts["contexts"]:
            first = f"; first of all {self.aside.items[0]}" if self.aside.items else ""
            raise ImportRefused(f"{self.records.name} has no usable sentence{first}")
        return ImportReport(
            self.records.name,
            changed=True,
            entities=len(self.entities),
            classes=len(self.class_ids),
            images=self.images.added,
            unreadable_images=self.images.unreadable,
            set_aside=tuple(self.aside.items),
            **self.counts,
        )

    def put_head(self) -> None:
        """Everything but the sentences: small enough to be held at once."""
        for entity in self.records.entities:
            if entity.id in self.entities:
                self.aside.put("entity2id.txt", 0, f"id {entity.id} twice; the first is kept")
            else:
                self.entities[entity.id] = entity
        self._put_entities()
        self._put_classes()
        self._put_queries()

    def _insert(self, model: type[Base], rows: list[dict[str, Any]]) -> None:
        if rows:
            self.session.execute(insert(model), rows)

    def _put_entities(self) -> None:
        entities = self.entities.values()
        image_ids = self.images.ids_of(e.reference_image for e in entities if e.reference_image)
        rows = [
            {
                "id": e.id,
                "name": e.name,
                "search_key": fold(e.name),
                "role": e.role,
                "reference_image_id": image_ids.get(e.reference_image or ""),
            }
            for e in entities
        ]
        aliases = [
            {"entity_id": e.id, "position": position, "name": name, "search_key": fold(name)}
            for e in entities
            for position, name in enumerate(dict.fromkeys(e.aliases))
        ]
        self._insert(StoredEntity, rows)
        self._insert(StoredAlias, aliases)

    def _put_classes(self) -> None:
        rows = [
            {
                "id": self.class_ids[c.name],
                "name": c.name,
                "middle": c.middle,
                "coarse": c.coarse,
                "position": position,
            }
            for position, c in enumerate(self.records.classes)
        ]
        self._insert(StoredClass, rows)
        members = []
        for name, ids in self.records.members.items():
            for position, entity in enumerate(dict.fromkeys(ids)):
                if entity in self.entities and name in self.class_ids:
                    row = {"class_id": self.class_ids[name], "entity_id": entity}
                    members.append({**row, "position": position})
                else:
                    reason = f"entity {entity} or its class is not in the corpus; set aside"
                    self.aside.put(f"gt/{name}.txt", 0, reason)
        self._insert(StoredMembership, members)

    def _put_queries(self) -> None:
        rows: list[dict[str, Any]] = []
        seeds: list[dict[str, Any]] = []
        taken: set[tuple[str, int, int]] = set()
        for query in self.records.queries:
            fault = self._fault_of(query, taken)
            if fault:
                place = f"query {query.index} of {query.class_name}"
                self.aside.put("query/", 0, f"{place}: {fault}; it was set aside")
                continue
            number = len(rows) + 1
            key = {"class_id": self.class_ids[query.class_name], "seed_count": len(query.seeds)}
            rows.append({"id": number, **key, "number": query.index})
            seeds += [
                {"query_id": number, "position": position, "entity_id": seed}
                for position, seed in enumerate(query.seeds)
            ]
        self._insert(StoredQuery, rows)
        self._insert(StoredSeed, seeds)
        self.counts["queries"] = len(rows)

    def _fault_of(self, query: Query, taken: set[tuple[str, int, int]]) -> str | None:
        key = (query.class_name, len(query.seeds), query.index)
        if query.class_name not in self.class_ids:
            return "the corpus has no such class"
        if key in taken:
            return "its number is taken"
        if len(set(query.seeds)) != len(query.seeds) or not query.seeds:
            return "a seed stands twice, or there is none"
        if not self.entities.keys() >= set(query.seeds):
            return "a seed is not in the corpus"
        taken.add(key)
        return None

    def put_sentences(self, progress: Callable[[int], None]) -> None:
        seen = 0
        for some in batches(self.records.sentences, SENTENCES_AT_ONCE):
            self._put_chunk(some)
            seen += len(some)
            progress(seen)

    def _put_chunk(self, sentences: list[Sentence]) -> None:
        known = frozenset(self.entities)
        rows: list[dict[str, Any]] = []
        contexts: list[dict[str, Any]] = []
        candidates: list[tuple[int, Candidate]] = []
        for sentence in sentences:
            self.digest.update(json.dumps(_sentence_line(sentence)).encode() + b"\n")
            mentions = self._judged(sentence, known)
            if not mentions:
                continue
            number = self.counts["sentences"] = self.counts["sentences"] + 1
            tokens = list(sentence.tokens)
            length = {"token_count": len(tokens)}
            rows.append({"id": number, "line": sentence.line, "tokens": tokens, **length})
            for m in mentions:
                context = self.counts["contexts"] = self.counts["contexts"] + 1
                place = {"sentence_id": number, "span_start": m.start, "span_end": m.end}
                contexts.append({"id": context, "entity_id": m.entity, **place, **length})
                candidates += ((context, candidate) for candidate in m.candidates)
        image_ids = self.images.ids_of(candidate.image for _, candidate in candidates)
        self._insert(StoredSentence, rows)
        self._insert(StoredContext, contexts)
        links = [
            {"context_id": context, "rank": c.rank, "image_id": image_ids[c.image]}
            for context, c in candidates
        ]
        self._insert(StoredCandidate, links)

    def _judged(self, sentence: Sentence, known: frozenset[int]) -> list[Mention]:
        mentions, reasons = judge(sentence, known)
        if not sentence.mentions:
            reasons = ["no entity is mentioned"]
        left_out = "it" if mentions else "the line"
        for reason in reasons:
            self.aside.put("sentences.json", sentence.line, f"{reason}; {left_out} was set aside")
        return mentions
