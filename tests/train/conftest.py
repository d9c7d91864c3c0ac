"""A corpus that a fit of seconds can read: 20 entities, 4 classes, coloured squares."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mese.corpus import (
    Candidate,
    Context,
    Corpus,
    CorpusRecords,
    Entity,
    Mention,
    Query,
    SemanticClass,
    Sentence,
)
from mese.images import sha256_of
from train.presets import FitConfig, configure

CLASSES = {
    "Cities": ("Places", "World", (200, 60, 60)),
    "Rivers": ("Places", "World", (60, 60, 200)),
    "Cats": ("Animals", "Nature", (60, 180, 60)),
    "Songs": ("Works", "Culture", (220, 200, 60)),
}
WORDS = {
    "Cities": ["street", "mayor", "tram", "square", "market", "bridge"],
    "Rivers": ["water", "bank", "flows", "flood", "delta", "stream"],
    "Cats": ["fur", "paw", "purr", "tail", "whisker", "mouse"],
    "Songs": ["verse", "chorus", "melody", "band", "singer", "rhythm"],
}
EACH = 5
LONER = 20
"""An entity with one context, and with a picture of its own."""


def paint(path: Path, colour: tuple[int, int, int], seed: int) -> str:
    """A coloured square with a little noise; returns its hash."""
    noise = np.random.default_rng(seed).integers(-30, 30, (16, 16, 3))
    pixels = np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(path)
    return sha256_of(path)


def make_corpus(folder: Path) -> Corpus:
    """Four contexts an entity; a class is told by its words and by its colour."""
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(3)
    contexts = []
    for entity in range(4 * EACH + 1):
        title = list(CLASSES)[entity // EACH] if entity != LONER else "Cities"
        for turn in range(4 if entity != LONER else 1):
            words = list(rng.choice(WORDS[title], rng.integers(3, 6)))
            at = int(rng.integers(0, len(words) + 1))
            tokens = (*words[:at], "Name", str(entity), *words[at:])
            name = f"{entity}-{turn % 2}.png"
            seed = 100 * entity + turn % 2
            image_hash = paint(folder / name, CLASSES[title][2], seed)
            place = len(contexts)
            contexts.append(Context(place, entity, tokens, at, at + 1, name, image_hash))
    members = {name: frozenset(range(EACH * n, EACH * (n + 1))) for n, name in enumerate(CLASSES)}
    queries = [
        Query(name, i, tuple(sorted(ids)[i : i + 3]))
        for name, ids in members.items()
        for i in (0, 1)
    ]
    return Corpus(
        name="squares",
        entities=tuple(Entity(n, f"Name {n}") for n in range(4 * EACH + 1)),
        classes=tuple(SemanticClass(n, middle, top) for n, (middle, top, _) in CLASSES.items()),
        members=members,
        queries=tuple(queries),
        contexts=contexts,
        image_root=folder,
    )


def as_records(corpus: Corpus) -> CorpusRecords:
    """The same corpus as a folder has it."""
    sentences = [
        Sentence(c.tokens, (Mention(c.entity, c.start, c.end, (Candidate(c.image),)),), n)
        for n, c in enumerate(corpus.contexts, start=1)
        if c.image
    ]
    return CorpusRecords(
        corpus.name,
        corpus.entities,
        corpus.classes,
        {name: sorted(ids) for name, ids in corpus.members.items()},
        corpus.queries,
        sentences,
        corpus.image_root,
    )


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    """Tensors here are so small that threads only wait for one another."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return make_corpus(tmp_path_factory.mktemp("squares"))


@pytest.fixture
def imageless(corpus: Corpus) -> Corpus:
    bare = [replace(c, image=None, image_hash=None) for c in corpus.contexts]
    return replace(corpus, contexts=bare)


@pytest.fixture(scope="session")
def tiny() -> FitConfig:
    """The demo preset, small: three epochs, of which the first reads sentences alone."""
    small = configure("demo", epochs=3, draws=4, batch=16, dim=16, seed=1)
    return replace(
        small,
        heads=2,
        pieces=120,
        alone_epochs=1,
        backbone="test_byobnet",
        backbone_steps=2,
        keep_patches=4,
        neighbours=3,
        dev_share=0.25,
    )


def silent(stage: str, done: int, of: int | None, note: str) -> None:
    """A report that nobody watches."""
