"""From the store to a MESED folder: the layout's files and the sidecars, streamed.

Without an image policy nothing of the corpus is lost on the way. With one, every context keeps the
image that the policy gives it, and a sentence whose mentions have different images becomes one line
a mention: what the authors' code reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from operator import length_hint
from pathlib import Path
from typing import Any, TypeVar, TypeVarTuple

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from db.accounts import Role, User, check, open_mode_user
from db.copying import copy_images
from db.loading import (
    chosen_ranks,
    held_corpus,
    load_classes,
    load_entities,
    load_members,
    load_queries,
)
from db.models import (
    StoredCandidate,
    StoredContext,
    StoredEntity,
    StoredImage,
    StoredScore,
    StoredScorer,
    StoredSentence,
)
from db.store import Store
from mese.corpus import (
    Candidate,
    CorpusRecords,
    ImageFacts,
    Mention,
    Score,
    Scorer,
    Sentence,
)
from mese.mesed_format import refuse_unwritable, write_into
from mese.new_folder import written_beside

AT_ONCE = 1_000
"""Sentences that are held at once."""

Progress = Callable[[int, int | None], None]
Stages = Callable[[str, int, int], None]
Item = TypeVar("Item")
Columns = TypeVarTuple("Columns")
Extra = dict[str, Any] | None


@dataclass(frozen=True)
class ExportReport:
    """What an export wrote; `not_copied` says which images could not be, and why."""

    folder: Path
    name: str
    sentences: int
    image_root: Path
    images_copied: int = 0
    not_copied: tuple[str, ...] = ()


def export_folder(
    store: Store,
    folder: Path,
    *,
    images: str | None = None,
    copy: bool = False,
    progress: Progress | None = None,
    stages: Stages | None = None,
    user: User | None = None,
) -> ExportReport:
    """Write the store's corpus to a new MESED folder, which appears whole or not at all.

    `images` is an image policy; without one, all candidates and scores go along in sidecars. Image
    files stay where they are unless `copy`. Raises `StoreError` for an empty store or a policy that
    it cannot give, `MesedFormatError` when `folder` holds something already or cannot be written.
    `progress` gets the sentences done and their number, `stages` what comes before and after them:
    the images that are written of, and those that are copied.
    """
    check(user or open_mode_user(), Role.VIEWER)
    stages = stages or _silent
    with store.read() as session, written_beside(folder) as part:
        records = stored_records(session, store, images)
        refuse_unwritable(records)
        written = _write(part, records, _sentence_count(session), progress, stages)
        copied, faults = _copy(session, records.image_root, part, stages) if copy else (0, [])
    root = folder.absolute() if copy else records.image_root
    return ExportReport(folder, records.name, written, root, copied, tuple(faults))


def _silent(stage: str, done: int, of: int) -> None:
    """Nobody listens."""


def _write(
    part: Path, records: CorpusRecords, total: int, progress: Progress | None, stages: Stages
) -> int:
    """Write all files; returns the number of sentences, a policy may make more of them."""
    written = 0

    def wrote_sentences(done: int) -> None:
        nonlocal written
        written = done
        if progress:
            progress(done, max(done, total))

    def wrote_images(done: int) -> None:
        stages("Writing images", done, facts)

    facts = length_hint(records.images)
    images = _counted(records.images, wrote_images)
    sentences = _counted(records.sentences, wrote_sentences)
    write_into(part, replace(records, images=images, sentences=sentences))
    return written


def _counted(items: Iterable[Item], told: Callable[[int], None]) -> Iterator[Item]:
    """The items themselves; how many there were is told every thousand, and at the end."""
    done = 0
    for done, item in enumerate(items, 1):
        yield item
        if done % AT_ONCE == 0:
            told(done)
    told(done)


def _sentence_count(session: Session) -> int:
    return session.scalar(select(func.count(StoredSentence.id))) or 0


def _copy(session: Session, root: Path, part: Path, stages: Stages) -> tuple[int, list[str]]:
    """Copy the images that can be read; returns how many were, and why others were not."""
    count = session.scalar(select(func.count()).where(StoredImage.problem.is_(None))) or 0
    tell = partial(stages, "Copying images")
    faults = copy_images(_readable(session), root, part, lambda done: tell(done, count))
    return count - len(faults), faults


def _readable(session: Session) -> Iterator[str]:
    """The paths of all images that can be read, a few at a time."""
    last = 0
    columns = (StoredImage.id, StoredImage.path)
    wanted = select(*columns).order_by(StoredImage.id).limit(AT_ONCE)
    wanted = wanted.where(StoredImage.problem.is_(None))
    while rows := session.execute(wanted.where(StoredImage.id > last)).all():
        last = rows[-1][0]
        yield from (path for _, path in rows)


def stored_records(session: Session, store: Store, images: str | None = None) -> CorpusRecords:
    """The store's corpus as records; its sentences and images are read as they are walked.

    They must be walked within the session. Raises `StoreError` as `export_folder` does.
    """
    held = held_corpus(session, store)
    ranks = None if images is None else chosen_ranks(session, images)
    return CorpusRecords(
        name=held.name,
        entities=load_entities(session),
        classes=load_classes(session),
        members=load_members(session),
        queries=load_queries(session),
        sentences=_Sentences(session, ranks),
        image_root=Path(held.image_root),
        images=_Images(session, ranks),
        scorers=_scorers(session) if images is None else (),
        layout=held.layout,
    )


def _scorers(session: Session) -> tuple[Scorer, ...]:
    wanted = select(StoredScorer.name, StoredScorer.settings).order_by(StoredScorer.name)
    return tuple(Scorer(name, settings) for name, settings in session.execute(wanted))


class _Images:
    """What the store knows of its images, read anew at each walk; with `ranks`, of those only
    that a context keeps or an entity refers to."""

    def __init__(self, session: Session, ranks: Any = None) -> None:
        self._session = session
        self._ranks = ranks

    def __iter__(self) -> Iterator[ImageFacts]:
        columns = (StoredImage.path, StoredImage.sha256, StoredImage.url, StoredImage.licence)
        wanted = self._kept(select(*columns)).order_by(StoredImage.id)
        # One statement, read bit by bit: what a policy keeps is found once, not for each page.
        rows = self._session.execute(wanted, execution_options={"yield_per": AT_ONCE})
        for path, sha256, url, licence in rows:
            yield ImageFacts(path, sha256, url, licence)

    def __length_hint__(self) -> int:
        return self._session.scalar(self._kept(select(func.count(StoredImage.id)))) or 0

    def _kept(self, wanted: Select[*Columns]) -> Select[*Columns]:
        if self._ranks is None:
            return wanted
        kept = select(StoredCandidate.image_id).where(self._ranks)
        referred = select(StoredEntity.reference_image_id)
        return wanted.where(StoredImage.id.in_(kept.union(referred)))


class _Sentences:
    """The store's sentences in order, read anew at each walk; with `ranks`, one image a context."""

    def __init__(self, session: Session, ranks: Any = None) -> None:
        self._session = session
        self._ranks = ranks

    def __iter__(self) -> Iterator[Sentence]:
        last = 0
        columns = (StoredSentence.id, StoredSentence.tokens, StoredSentence.line)
        wanted = select(*columns, StoredSentence.extra).order_by(StoredSentence.id).limit(AT_ONCE)
        while rows := self._session.execute(wanted.where(StoredSentence.id > last)).all():
            first, last = rows[0][0], rows[-1][0]
            mentions = self._mentions(first, last)
            for number, tokens, line, extra in rows:
                sentence = Sentence(tuple(tokens), tuple(mentions[number]), line, extra)
                if self._ranks is None:
                    yield sentence
                else:
                    yield from split_by_image(sentence)

    def _mentions(self, first: int, last: int) -> dict[int, list[Mention]]:
        candidates = self._candidates(first, last)
        found: dict[int, list[Mention]] = {}
        for c in self._session.execute(_contexts(first, last)):
            mention = Mention(
                c.entity_id, c.span_start, c.span_end, tuple(candidates.get(c.id, ())), c.extra
            )
            found.setdefault(c.sentence_id, []).append(mention)
        return found

    def _candidates(self, first: int, last: int) -> dict[int, list[Candidate]]:
        scores = self._scores(first, last) if self._ranks is None else {}
        found: dict[int, list[Candidate]] = {}
        for context, rank, path in self._session.execute(self._wanted(first, last)):
            place = rank if self._ranks is None else 1
            candidate = Candidate(path, place, tuple(scores.get((context, rank), ())))
            found.setdefault(context, []).append(candidate)
        return found

    def _wanted(self, first: int, last: int) -> Any:
        wanted = (
            select(StoredCandidate.context_id, StoredCandidate.rank, StoredImage.path)
            .join(StoredImage, StoredImage.id == StoredCandidate.image_id)
            .join(StoredContext, StoredContext.id == StoredCandidate.context_id)
            .where(StoredContext.sentence_id.between(first, last))
            .order_by(StoredCandidate.context_id, StoredCandidate.rank)
        )
        return wanted if self._ranks is None else wanted.where(self._ranks)

    def _scores(self, first: int, last: int) -> dict[tuple[int, int], list[Score]]:
        terms = (StoredScore.value, StoredScore.sentence_term, StoredScore.object_term)
        rows = self._session.execute(
            select(StoredScore.context_id, StoredScore.rank, StoredScorer.name, *terms)
            .join(StoredScorer, StoredScorer.id == StoredScore.scorer_id)
            .join(StoredContext, StoredContext.id == StoredScore.context_id)
            .where(StoredContext.sentence_id.between(first, last))
            .order_by(StoredScorer.name)
        )
        found: dict[tuple[int, int], list[Score]] = {}
        for context, rank, scorer, value, sentence, of_object in rows:
            score = Score(scorer, value, sentence, of_object)
            found.setdefault((context, rank), []).append(score)
        return found


def _contexts(first: int, last: int) -> Any:
    return (
        select(
            StoredContext.id,
            StoredContext.sentence_id,
            StoredContext.entity_id,
            StoredContext.span_start,
            StoredContext.span_end,
            StoredContext.extra,
        )
        .where(StoredContext.sentence_id.between(first, last))
        .order_by(StoredContext.id)
    )


def split_by_image(sentence: Sentence) -> Iterator[Sentence]:
    """The sentence itself where its mentions share an image or have none, else one a mention."""
    plain = replace(sentence, extra=_without_image(sentence.extra))
    if len({mention.candidates for mention in sentence.mentions}) == 1:
        yield plain
    else:
        for mention in sentence.mentions:
            yield replace(plain, mentions=(mention,))


def _without_image(extra: Any) -> Extra:
    """What a line said beyond the model, less the image that another one may take the place of."""
    values = {k: v for k, v in (extra or {}).get("values", {}).items() if k != "image"}
    return {"values": values} if values else None
