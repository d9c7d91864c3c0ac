"""Builds the embedded corpus: draws its pictures and hands over its records.

Everything is drawn from seeds made of names, so that each call gives the same pixels and records.
Pictures that are there already are kept, so that a stopped build goes on where it stopped; callers
give each version (`fingerprint`) a folder of its own, so that none gets another's pictures and a
corpus in use keeps its own while the next one is drawn.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from os import cpu_count
from pathlib import Path

from PIL import Image

from mese.corpus import Candidate, CorpusRecords, Entity, Mention, Sentence
from mese.demo import surfaces
from mese.demo.families import all_families
from mese.demo.family import Family, Subject
from mese.demo.junk import junk
from mese.demo.plan import Picture, Plan, make_plan, picture_of
from mese.demo.queries import FIGURE_1, draw_all_queries

GENERATOR_VERSION = 4
"""Raise it when pictures, sentences or candidates change by code alone."""
MAX_PROCESSES = 8
DRAWN_AT_ONCE = 16
"""Pictures that a process draws before it reports."""

Progress = Callable[[int, int], None]


def fingerprint() -> str:
    """Sha256 over all tables (facts, frames, drawings) and the generator's version, not pixels."""
    digest = hashlib.sha256(f"demo {GENERATOR_VERSION}".encode())
    for path in sorted({table for family in all_families() for table in family.tables}):
        digest.update(f"{path.parent.name}/{path.name}".encode() + path.read_bytes())
    return digest.hexdigest()


def build_records(folder: Path, progress: Progress | None = None) -> CorpusRecords:
    """Draws the pictures below `folder`/images and returns the corpus, named "demo".

    `progress` is called with (pictures done, pictures in all). Raises `family.FactsError`,
    `flags.FlagError` or `queries.QueryError` for tables that do not fit together, and OSError.
    """
    plan = make_plan()
    draw_pictures(folder, plan.pictures, progress)
    return records_of(plan, folder)


def draw(picture: Picture) -> Image.Image:
    """The finished picture, `surfaces.SIZE` pixels square."""
    rng = random.Random(f"{picture.subject.slug}:{picture.look}")
    return surfaces.finish(picture.family.paint(picture.subject, picture.look, rng))


def draw_pictures(folder: Path, pictures: Sequence[Picture], progress: Progress | None) -> None:
    """Draws what is missing."""
    missing = [n for n, picture in enumerate(pictures) if not (folder / picture.path).exists()]
    done = len(pictures) - len(missing)
    if progress is not None and done:
        progress(done, len(pictures))
    for drawn in _drawn(folder, pictures, missing):
        done += drawn
        if progress is not None:
            progress(done, len(pictures))


def _drawn(folder: Path, pictures: Sequence[Picture], missing: Sequence[int]) -> Iterator[int]:
    """Draws the missing pictures on all cores; yields how many more are done."""
    chunks = [missing[n : n + DRAWN_AT_ONCE] for n in range(0, len(missing), DRAWN_AT_ONCE)]
    work = [(folder, [(pictures[n].subject.slug, pictures[n].look) for n in c]) for c in chunks]
    processes = min(cpu_count() or 1, MAX_PROCESSES, len(work))
    if processes <= 1:
        yield from map(_draw_some, work)
        return
    # Spawned, not forked: the caller may hold locks, threads and database connections.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        yield from pool.map(_draw_some, work)


def _draw_some(work: tuple[Path, Sequence[tuple[str, str | None]]]) -> int:
    folder, wanted = work
    for slug, look in wanted:
        picture = picture_of(*_by_slug()[slug], look)
        surfaces.save(draw(picture), folder / picture.path)
    return len(wanted)


@lru_cache(maxsize=1)
def _by_slug() -> dict[str, tuple[Family, Subject]]:
    families = (*all_families(), junk())
    return {subject.slug: (f, subject) for f in families for subject in f.subjects}


def records_of(plan: Plan, folder: Path) -> CorpusRecords:
    """The records of a plan whose pictures are, or will be, below `folder`."""
    entities = list(_entities(plan))
    classes = [c for family in plan.families for c in family.classes]
    subjects = plan.subjects
    members = {c.name: [n for n, s in enumerate(subjects) if c.name in s.classes] for c in classes}
    usable = {n for n, subject in enumerate(subjects) if len(plan.places[subject.slug]) >= 2}
    ids = {entity.name: entity.id for entity in entities}
    pinned = {"US cities": [ids[name] for name in FIGURE_1]}
    return CorpusRecords(
        name="demo",
        entities=entities,
        classes=classes,
        members=members,
        queries=draw_all_queries(members, usable, pinned),
        sentences=list(_sentences(plan)),
        image_root=folder,
    )


def _entities(plan: Plan) -> Iterator[Entity]:
    for number, subject in enumerate(plan.subjects):
        reference = plan.references.get(subject.slug)
        path = reference.path if reference else None
        # "hydrogen" in a sentence is the name Hydrogen, not another one.
        aliases = tuple(a for a in subject.aliases if a.casefold() != subject.name.casefold())
        yield Entity(number, subject.name, aliases, subject.role, path)


def _sentences(plan: Plan) -> Iterator[Sentence]:
    numbers = {subject.slug: number for number, subject in enumerate(plan.subjects)}
    for line, place in enumerate(plan.contexts(), start=1):
        found = enumerate(plan.found_for(place), start=1)
        candidates = tuple(Candidate(picture.path, rank) for rank, picture in found)
        spoken, entity = place.spoken, numbers[place.subject.slug]
        yield Sentence(
            spoken.tokens, (Mention(entity, spoken.start, spoken.end, candidates),), line
        )
