"""Builds the embedded corpus: draws its pictures and hands over its records.

Everything is drawn from seeds made of names, so that each call gives the same pixels and records.
Pictures that are there already are kept, so that a stopped build goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from mese.corpus import Candidate, CorpusRecords, Entity, Mention, Sentence
from mese.demo import facts, flag_looks, map_looks, surfaces
from mese.demo.facts import Subject
from mese.demo.flags import paint_flag
from mese.demo.queries import FIGURE_1, draw_queries
from mese.demo.sentences import Spoken, sentences_of

GENERATOR_VERSION = 2
"""Raise it when the pictures change, so that they are drawn anew."""
STAMP = "drawn-by.txt"
NO_REFERENCE_EVERY = 10
"""One entity in ten has no reference image, as some of MESED's entities have none."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Picture:
    """One picture to draw; `look` is None for the reference. `path` is below the folder."""

    subject: Subject
    look: str | None
    path: str


@dataclass(frozen=True)
class Pair:
    """A context before it has a number: a sentence and the picture that goes with it."""

    spoken: Spoken
    picture: Picture


@dataclass(frozen=True)
class Plan:
    """The subjects in corpus order; their pairs and reference pictures by slug."""

    subjects: Sequence[Subject]
    pairs: Mapping[str, Sequence[Pair]]
    references: Mapping[str, Picture]

    @property
    def pictures(self) -> list[Picture]:
        """All that is to be drawn."""
        of_contexts = [pair.picture for found in self.pairs.values() for pair in found]
        return [*self.references.values(), *of_contexts]


def fingerprint() -> str:
    """Sha256 over the facts, frames, outlines, flags and the generator's version, not pixels."""
    digest = hashlib.sha256(f"demo {GENERATOR_VERSION}".encode())
    for path in sorted(facts.FACTS.iterdir()):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def drawing_fingerprint() -> str:
    """Sha256 over what the pictures show: flags, outlines, places and the generator's version."""
    digest = hashlib.sha256(f"pictures {GENERATOR_VERSION}".encode())
    for name in ("flags.toml", "us_outlines.csv"):
        digest.update((facts.FACTS / name).read_bytes())
    for subject in facts.subjects():
        digest.update(repr((subject.slug, subject.flag, subject.place)).encode())
    return digest.hexdigest()


def build_records(folder: Path, progress: Progress | None = None) -> CorpusRecords:
    """Draws the pictures below `folder`/images and returns the corpus, named "demo".

    `progress` is called with (pictures done, pictures in all). Raises `facts.FactsError`,
    `flags.FlagError` or `queries.QueryError` for tables that do not fit together, and OSError.
    """
    plan = make_plan()
    draw_pictures(folder, plan.pictures, progress)
    return records_of(plan, folder)


def make_plan() -> Plan:
    """What the corpus will hold, before anything is drawn."""
    subjects = facts.subjects()
    pairs = {subject.slug: _pairs(subject) for subject in subjects}
    with_one = (s for n, s in enumerate(subjects, start=1) if n % NO_REFERENCE_EVERY)
    return Plan(subjects, pairs, {subject.slug: _reference(subject) for subject in with_one})


def _pairs(subject: Subject) -> list[Pair]:
    """The subject's sentences, each with a look of its own while there are looks."""
    looks = list(flag_looks.LOOKS if subject.flag else map_looks.LOOKS)
    random.Random(f"looks:{subject.slug}").shuffle(looks)
    pairs = []
    for number, spoken in enumerate(sentences_of(subject)):
        path = f"images/{subject.slug}/{number:02d}.jpg"
        pairs.append(Pair(spoken, Picture(subject, looks[number % len(looks)], path)))
    return pairs


def _reference(subject: Subject) -> Picture:
    return Picture(subject, None, f"images/{subject.slug}/reference.jpg")


def draw(picture: Picture) -> Image.Image:
    """The finished picture, `surfaces.SIZE` pixels square."""
    subject, look = picture.subject, picture.look
    rng = random.Random(f"{subject.slug}:{look}")
    if subject.flag is not None:
        flag = paint_flag(subject.flag)
        canvas = flag_looks.LOOKS[look](flag, rng) if look else flag_looks.reference(flag)
    elif subject.place is not None:
        place = subject.place
        canvas = map_looks.paint_map(place, look, rng) if look else map_looks.paint_reference(place)
    else:
        raise facts.FactsError(f"{subject.name!r} has neither a flag nor a place to draw")
    return surfaces.finish(canvas)


def draw_pictures(folder: Path, pictures: Sequence[Picture], progress: Progress | None) -> None:
    """Draws what is missing; all of it when another version of the generator drew what is there."""
    _forget_other_drawings(folder / "images")
    for done, picture in enumerate(pictures, start=1):
        path = folder / picture.path
        if not path.exists():
            surfaces.save(draw(picture), path)
        if progress is not None:
            progress(done, len(pictures))


def _forget_other_drawings(images: Path) -> None:
    """Removes pictures that the stamp does not vouch for, then stamps the folder."""
    images.mkdir(parents=True, exist_ok=True)
    stamp, drawing = images / STAMP, drawing_fingerprint()
    if stamp.exists() and stamp.read_text(encoding="utf-8") == drawing:
        return
    stamp.unlink(missing_ok=True)
    for path in images.rglob("*.jpg"):
        path.unlink()
    stamp.write_text(drawing, encoding="utf-8")


def records_of(plan: Plan, folder: Path) -> CorpusRecords:
    """The records of a plan whose pictures are, or will be, below `folder`."""
    entities = list(_entities(plan))
    classes = facts.semantic_classes()
    members = {
        c.name: [n for n, subject in enumerate(plan.subjects) if c.name in subject.classes]
        for c in classes
    }
    usable = {n for n, subject in enumerate(plan.subjects) if len(plan.pairs[subject.slug]) >= 2}
    ids = {entity.name: entity.id for entity in entities}
    pinned = {"US cities": [ids[name] for name in FIGURE_1]}
    return CorpusRecords(
        name="demo",
        entities=entities,
        classes=classes,
        members=members,
        queries=draw_queries(members, usable, pinned),
        sentences=list(_sentences(plan)),
        image_root=folder,
    )


def _entities(plan: Plan) -> Iterator[Entity]:
    for number, subject in enumerate(plan.subjects):
        role = "target" if subject.classes else "sibling"
        reference = plan.references.get(subject.slug)
        path = reference.path if reference else None
        yield Entity(number, subject.name, subject.aliases, role, path)


def _sentences(plan: Plan) -> Iterator[Sentence]:
    line = 0
    for number, subject in enumerate(plan.subjects):
        for pair in plan.pairs[subject.slug]:
            line += 1
            spoken = pair.spoken
            mention = Mention(number, spoken.start, spoken.end, candidates_for(pair.picture))
            yield Sentence(spoken.tokens, (mention,), line)


def candidates_for(picture: Picture) -> tuple[Candidate, ...]:
    """The images found for a context, best rank first: for now the right one alone."""
    return (Candidate(picture.path, 1),)
