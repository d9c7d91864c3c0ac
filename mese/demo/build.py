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

GENERATOR_VERSION = 1
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
class _Pair:
    """A context before it has a number: a sentence and the picture that goes with it."""

    spoken: Spoken
    picture: Picture


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
    subjects = facts.subjects()
    pairs = {subject.slug: _pairs(subject) for subject in subjects}
    references = [_reference(s) for n, s in enumerate(subjects, 1) if n % NO_REFERENCE_EVERY]
    pictures = [pair.picture for found in pairs.values() for pair in found]
    draw_pictures(folder, [*references, *pictures], progress)
    return _records(folder, subjects, pairs, {p.subject.slug: p.path for p in references})


def _pairs(subject: Subject) -> list[_Pair]:
    """The subject's sentences, each with a look of its own while there are looks."""
    looks = list(flag_looks.LOOKS if subject.flag else map_looks.LOOKS)
    random.Random(f"looks:{subject.slug}").shuffle(looks)
    pairs = []
    for number, spoken in enumerate(sentences_of(subject)):
        path = f"images/{subject.slug}/{number:02d}.jpg"
        pairs.append(_Pair(spoken, Picture(subject, looks[number % len(looks)], path)))
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


def _records(
    folder: Path,
    subjects: Sequence[Subject],
    pairs: Mapping[str, Sequence[_Pair]],
    references: Mapping[str, str],
) -> CorpusRecords:
    classes = facts.semantic_classes()
    entities = [
        Entity(
            number,
            subject.name,
            subject.aliases,
            "target" if subject.classes else "sibling",
            references.get(subject.slug),
        )
        for number, subject in enumerate(subjects)
    ]
    members = {
        c.name: [n for n, subject in enumerate(subjects) if c.name in subject.classes]
        for c in classes
    }
    usable = {n for n, subject in enumerate(subjects) if len(pairs[subject.slug]) >= 2}
    ids = {entity.name: entity.id for entity in entities}
    pinned = {"US cities": [ids[name] for name in FIGURE_1]}
    return CorpusRecords(
        name="demo",
        entities=entities,
        classes=classes,
        members=members,
        queries=draw_queries(members, usable, pinned),
        sentences=list(_sentences(subjects, pairs)),
        image_root=folder,
    )


def _sentences(
    subjects: Sequence[Subject], pairs: Mapping[str, Sequence[_Pair]]
) -> Iterator[Sentence]:
    line = 0
    for number, subject in enumerate(subjects):
        for pair in pairs[subject.slug]:
            line += 1
            spoken = pair.spoken
            mention = Mention(number, spoken.start, spoken.end, candidates_for(pair.picture))
            yield Sentence(spoken.tokens, (mention,), line)


def candidates_for(picture: Picture) -> tuple[Candidate, ...]:
    """The images found for a context, best rank first: for now the right one alone."""
    return (Candidate(picture.path, 1),)
