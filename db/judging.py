"""What of a corpus fits together: everything else is set aside with its place and reason.

Files and generators may name an entity that is not there, or a span outside its sentence. What is
left is what the store will hold, and the fingerprint is taken over exactly that: the same corpus
has the same fingerprint whatever was set aside around it, and wherever its files lie.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from typing import Any

from mese.bounds import (
    MAX_ID,
    MAX_NUMBER,
    MAX_RANK,
    is_score,
    name_fault,
    path_fault,
    storable,
)
from mese.corpus import (
    ROLES,
    Candidate,
    CorpusRecords,
    Entity,
    ImageFacts,
    Mention,
    Query,
    Score,
    Scorer,
    SemanticClass,
    Sentence,
)
from mese.mesed_classes import level_fault
from mese.mesed_sidecars import image_fault, scorer_fault
from mese.setting_aside import Aside, SetAside

FILE = "sentences.json"


class Judge:
    """The corpus of `records` as far as it fits together.

    The small parts are judged at once; sentences and images as they are walked. `fingerprint` is
    known once both walks are over.
    """

    def __init__(self, records: CorpusRecords, strict: bool = False) -> None:
        self.records = records
        self.aside = Aside(strict)
        self.entities = self._judge_entities()
        self.classes = self._judge_classes()
        self.members = self._judge_members()
        self.queries = tuple(self._judge_queries())
        self.scorers = tuple(sorted(self._judge_scorers(), key=lambda scorer: scorer.name))
        self._head = _digest(self._head_lines())
        self._images = hashlib.sha256()
        self._sentences = hashlib.sha256()

    @property
    def set_aside(self) -> tuple[SetAside, ...]:
        return self.aside.all()

    @property
    def fingerprint(self) -> str:
        """Hex sha256 over all that the corpus says."""
        parts = (self._head, self._images, self._sentences)
        return hashlib.sha256("".join(part.hexdigest() for part in parts).encode()).hexdigest()

    def sentences(self) -> Iterator[Sentence]:
        """The sentences with the mentions that fit; those without any are set aside."""
        self._sentences = hashlib.sha256()
        scorers = {scorer.name for scorer in self.scorers}
        for given in self.records.sentences:
            mentions, reasons = judge(given, self.entities, scorers)
            if not given.mentions:
                reasons = ["no entity is mentioned"]
            if fault := _sentence_fault(given):
                mentions, reasons = [], [fault]
            left_out = "it" if mentions else "the line"
            for reason in reasons:
                self.aside.put(FILE, given.line, f"{reason}; {left_out} was set aside")
            if mentions:
                sentence = replace(given, mentions=tuple(mentions))
                self._sentences.update(sentence_text(sentence) + b"\n")
                yield sentence

    def images(self) -> Iterator[ImageFacts]:
        """What is known of images beside their files, in the given order."""
        self._images = hashlib.sha256()
        # A database of no name lies in a temporary file: paths stay out of the memory.
        with closing(sqlite3.connect("", check_same_thread=False)) as seen:
            seen.execute("CREATE TABLE images (path TEXT PRIMARY KEY) WITHOUT ROWID")
            for facts in self.records.images:
                if fault := image_fault(facts) or _seen_fault(facts.path, seen):
                    self.aside.put("images.jsonl", 0, f"{fault}; it was set aside")
                    continue
                if facts.url or facts.licence:  # a hash is known of any image that can be read
                    said = json.dumps([facts.path, facts.url, facts.licence])
                    self._images.update(said.encode() + b"\n")
                yield facts

    def _head_lines(self) -> Iterator[Any]:
        for e in sorted(self.entities.values(), key=lambda entity: entity.id):
            yield ["entity", e.id, e.name, e.aliases, e.role, e.reference_image]
        for c in self.classes.values():
            yield ["class", c.name, c.middle, c.coarse, self.members[c.name]]
        for q in self.queries:
            yield ["query", q.class_name, q.index, q.seeds]
        for s in self.scorers:
            yield ["scorer", s.name, sorted(s.settings.items())]

    def _judge_entities(self) -> dict[int, Entity]:
        found: dict[int, Entity] = {}
        for entity in self.records.entities:
            fault = _entity_fault(entity)
            if entity.id in found:
                fault = "it stands here twice; the first is kept"
            if fault:
                self.aside.put("entity2id.txt", 0, f"entity {entity.id}: {fault}")
            else:
                found[entity.id] = replace(
                    entity,
                    aliases=tuple(self._aliases(entity)),
                    reference_image=self._reference(entity),
                )
        return found

    def _aliases(self, entity: Entity) -> Iterator[str]:
        for name in dict.fromkeys(entity.aliases):
            if fault := name_fault(name):
                self._leave_out(entity, f"alias {name[:40]!r}: {fault}")
            else:
                yield name

    def _reference(self, entity: Entity) -> str | None:
        if entity.reference_image and (fault := path_fault(entity.reference_image)):
            self._leave_out(entity, fault)
            return None
        return entity.reference_image or None

    def _leave_out(self, entity: Entity, fault: str) -> None:
        self.aside.put("entities.jsonl", 0, f"entity {entity.id}: {fault}; it was set aside")

    def _judge_classes(self) -> dict[str, SemanticClass]:
        found: dict[str, SemanticClass] = {}
        for c in self.records.classes:
            fault = name_fault(c.name) or level_fault(c.middle) or level_fault(c.coarse)
            if c.name in found:
                fault = "it stands here twice"
            if fault:
                self.aside.put("schema.json", 0, f"class {c.name[:60]!r}: {fault}")
            else:
                found[c.name] = c
        return found

    def _judge_scorers(self) -> Iterator[Scorer]:
        taken: set[str] = set()
        for scorer in self.records.scorers:
            fault = scorer_fault(scorer.name, dict(scorer.settings))
            if scorer.name in taken:
                fault = "it stands here twice; the first is kept"
            if fault:
                self.aside.put("scorers.json", 0, f"scorer {scorer.name[:30]!a}: {fault}")
            else:
                taken.add(scorer.name)
                yield scorer

    def _judge_members(self) -> dict[str, tuple[int, ...]]:
        found: dict[str, tuple[int, ...]] = dict.fromkeys(self.classes, ())
        for name, given in self.records.members.items():
            ids = tuple(dict.fromkeys(given))
            for entity in ids:
                if entity not in self.entities or name not in self.classes:
                    reason = f"entity {entity} or its class is not in the corpus; set aside"
                    self.aside.put(f"gt/{name}.txt", 0, reason)
            if name in self.classes:
                found[name] = tuple(e for e in ids if e in self.entities)
        return found

    def _judge_queries(self) -> Iterator[Query]:
        """By class, seed count and number: the order in which a store gives them back."""
        place = {name: position for position, name in enumerate(self.classes)}
        taken: set[tuple[str, int, int]] = set()
        good = []
        for query in self.records.queries:
            fault = self._query_fault(query, taken)
            if fault:
                named = f"query {query.index} of {query.class_name}"
                self.aside.put("query/", 0, f"{named}: {fault}; it was set aside")
            else:
                good.append(query)
        yield from sorted(good, key=lambda q: (place[q.class_name], len(q.seeds), q.index))

    def _query_fault(self, query: Query, taken: set[tuple[str, int, int]]) -> str | None:
        key = (query.class_name, len(query.seeds), query.index)
        if query.class_name not in self.classes:
            return "the corpus has no such class"
        if key in taken:
            return "its number is taken"
        if not 0 <= query.index <= MAX_ID:
            return f"its number is not 0 to {MAX_ID:,}"
        if len(set(query.seeds)) != len(query.seeds) or not query.seeds:
            return "a seed stands twice, or there is none"
        if not self.entities.keys() >= set(query.seeds):
            return "a seed is not in the corpus"
        taken.add(key)
        return None


def _digest(lines: Iterable[Any]) -> Any:
    digest = hashlib.sha256()
    for line in lines:
        digest.update(json.dumps(line).encode() + b"\n")
    return digest


def sentence_text(sentence: Sentence) -> bytes:
    """A sentence in one line that is equal for equal sentences.

    Of what its file said beyond the model only values enter, not the order of keys; `sentId` does
    not, for it counts lines of a file.
    """
    mentions = [
        [m.entity, m.start, m.end, [_candidate(c) for c in m.candidates], _values(m.extra)]
        for m in sentence.mentions
    ]
    return json.dumps([sentence.tokens, mentions, _values(sentence.extra)]).encode()


def _candidate(candidate: Candidate) -> list[Any]:
    scores = sorted([s.scorer, s.value, s.sentence, s.object] for s in candidate.scores)
    return [candidate.image, candidate.rank, *scores]


def _values(extra: Mapping[str, Any] | None) -> list[Any]:
    values = (extra or {}).get("values", {})
    return sorted([key, value] for key, value in values.items() if key != "sentId")


def _entity_fault(entity: Entity) -> str | None:
    if not 0 <= entity.id <= MAX_ID:
        return f"its id is not 0 to {MAX_ID:,}"
    if entity.role not in ROLES:
        return f"role {entity.role!r:.40} is none of {', '.join(ROLES)}"
    return name_fault(entity.name)


def _seen_fault(path: str, seen: sqlite3.Connection) -> str | None:
    added = seen.execute("INSERT OR IGNORE INTO images VALUES (?)", (path,)).rowcount
    return None if added else f"image {path[:60]!r} stands here twice"


def _sentence_fault(sentence: Sentence) -> str | None:
    if not storable("".join(sentence.tokens)):
        return "a token holds NUL or lone surrogates"
    if not 0 <= sentence.line <= MAX_ID:
        return f"its line is not 0 to {MAX_ID:,}"
    return None


def judge(
    sentence: Sentence,
    known: Mapping[int, object],
    scorers: set[str] | frozenset[str] = frozenset(),
) -> tuple[list[Mention], list[str]]:
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
            candidates, faults = _judge_candidates(mention.candidates, scorers)
            good[key] = replace(mention, candidates=candidates)
            reasons += [f"{span}: {fault}" for fault in faults]
    return list(good.values()), reasons


def _judge_candidates(
    given: Iterable[Candidate], scorers: set[str] | frozenset[str]
) -> tuple[tuple[Candidate, ...], list[str]]:
    """Those that may stand together, best rank first."""
    by_rank: dict[int, Candidate] = {}
    images: set[str] = set()
    faults = []
    for candidate in given:
        if fault := path_fault(candidate.image):
            faults.append(fault)
        elif not 1 <= candidate.rank <= MAX_RANK:
            faults.append(f"candidate rank {candidate.rank} is not 1 to {MAX_RANK}")
        elif candidate.rank in by_rank or candidate.image in images:
            faults.append(f"candidate {candidate.image[:60]!r} or its rank stands here twice")
        elif fault := _scores_fault(candidate.scores, scorers):
            faults.append(f"candidate {candidate.image[:60]!r} {fault}")
        else:
            by_rank[candidate.rank] = candidate
            images.add(candidate.image)
    return tuple(by_rank[rank] for rank in sorted(by_rank)), faults


def _scores_fault(scores: Iterable[Score], scorers: set[str] | frozenset[str]) -> str | None:
    taken: set[str] = set()
    for score in scores:
        if score.scorer not in scorers:
            return "has a score of a scorer that is not there"
        if score.scorer in taken:
            return f"has two scores of {score.scorer[:60]!r}"
        terms = (term for term in (score.sentence, score.object) if term is not None)
        if not all(map(is_score, (score.value, *terms))):
            return f"has a score of {score.scorer[:60]!r} that is no number up to {MAX_NUMBER:.0e}"
        taken.add(score.scorer)
    return None


Step = Callable[[int], None]
"""Told how many sentences are done."""
