"""What tests of several rooms share: a small home with a corpus, its pictures and a toy bundle.

The corpus has two classes of one parent, a class of hostile names of another, a picture that is
missing and an entity that the model does not know. The toy bundle's distributions favour an
entity's own class, so that an expansion's right answer is known without training.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from db.corpus import hash_images, import_records
from db.store import Store
from mese.bundle import write_bundle
from mese.corpus import Candidate, CorpusRecords, Entity, Mention, Query, SemanticClass, Sentence
from mese.index import EntityIndex

FIGURE_1 = ("Washington D.C.", "Chicago", "Los Angeles")
CITIES = (*FIGURE_1, "New York City", "Boston", "Seattle", "Houston", "Miami", "Denver", "Portland")
STATES = ("Florida", "Texas", "Georgia", "Ohio", "Maine")
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "$x^2$ and $y$",
    "*a* _b_ `c` ~~d~~",
    ":material/bolt: :tada: :streamlit:",
    "a -> b -- c <- d",
    "www.example.com http://x.yy a@b.cc",
    ":red[hi] [x](http://y) ![z](w)",
    "# head",
    "1. list",
    "&lt;b&gt; \\ \\* | <b>bold</b>",
)
NAMES = (*CITIES, *STATES, *HOSTILE, "Stranger")
CLASSES = {"US cities": CITIES, "US states": STATES, "<i>Odd</i> *names*": HOSTILE}
PARENTS = dict(zip(CLASSES, ("Places", "Places", "Oddities"), strict=True))
"""Cities and states are each other's hard negatives, the odd ones nobody's."""

STRANGER = NAMES.index("Stranger")
"""In the store, but with one context only, and so not in the bundle."""

PICTURELESS = NAMES.index("Portland")
"""Its pictures are named in the corpus and are not there."""


def devices() -> list[object]:
    """Values of a `device` parameter: the CPU, and a GPU where there is one."""
    import torch

    here = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
    return ["cpu", pytest.param("cuda", marks=here)]


def draw_picture(path: Path, seed: int) -> None:
    """A picture that differs from every other seed's, wider than high."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", (96, 64), tuple(int(c) for c in rng.integers(60, 230, 3)))
    pen = ImageDraw.Draw(image)
    for x, y in rng.integers(0, 80, (6, 2)):
        pen.ellipse((x, y, x + 16, y + 16), fill=tuple(int(c) for c in rng.integers(0, 255, 3)))
    image.save(path)


def small_records(folder: Path) -> CorpusRecords:
    """The small corpus, its pictures drawn below `folder`."""
    sentences: list[Sentence] = []
    for number, name in enumerate(NAMES):
        for turn in range(1 if number == STRANGER else 2):
            picture = f"{number}-{turn}.png"
            if number != PICTURELESS:
                draw_picture(folder / picture, 100 * number + turn)
            words = name.split()
            mention = Mention(number, 1, len(words), (Candidate(picture),))
            line = len(sentences) + 1
            sentences.append(Sentence(("See", *words, str(turn)), (mention,), line))
    return CorpusRecords(
        name="small *corpus*",
        entities=[
            Entity(n, name, ("NYC",) if "York" in name else ()) for n, name in enumerate(NAMES)
        ],
        classes=[SemanticClass(name, PARENTS[name], "World") for name in CLASSES],
        members={name: [NAMES.index(n) for n in members] for name, members in CLASSES.items()},
        queries=[Query("US cities", 0, (0, 1, 2)), Query("US states", 0, (10, 11, 12))],
        sentences=sentences,
        image_root=folder,
    )


def class_of(name: str) -> str:
    return next((title for title, members in CLASSES.items() if name in members), "")


def write_toy_bundle(folder: Path, modalities: Sequence[str] = ("text+image",)) -> None:
    """A bundle of every entity but the stranger: its own class three times as likely.

    Its representations under several `modalities` are the same.
    """
    names = [name for name in NAMES if name != "Stranger"]
    kinds = np.array([class_of(name) for name in names])
    weights = np.random.default_rng(7).uniform(0.5, 1.0, (len(names), len(names)))
    weights *= np.where(kinds[:, None] == kinds[None, :], 3.0, 1.0)
    prob = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    entities = [Entity(NAMES.index(name), name) for name in names]
    index = EntityIndex.from_distributions(prob, np.log(prob))
    classes = [(class_of(name),) for name in names]
    indexes = dict.fromkeys(modalities, index)
    write_bundle(folder, {"name": folder.name}, entities, classes, indexes)


def fill_store(home: Path) -> Store:
    """Import the small corpus into the store of `home`."""
    store = Store.open(f"sqlite:///{home / 'mese.db'}")
    import_records(store, small_records(home / "pictures"))
    hash_images(store)
    return store


@pytest.fixture(scope="session")
def small_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A MESE_HOME with the small corpus in its store and the toy bundle."""
    home = tmp_path_factory.mktemp("home")
    fill_store(home).close()
    write_toy_bundle(home / "bundles" / "toy")
    return home
