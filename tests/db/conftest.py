"""A small corpus with every trouble in it, and a store of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from db.corpus import hash_images, import_records
from db.store import Store
from mese.corpus import Candidate, CorpusRecords, Entity, Mention, Query, SemanticClass, Sentence

PHOTOBENCH = Path(__file__).parents[3] / "shared" / "data" / "photobench"

WASHINGTON, CHICAGO, LOS_ANGELES, BOGOTA, GEORGIA, GEORGIA_2, NEW_YORK, UNSEEN = range(10, 18)


def draw(root: Path, name: str, size: tuple[int, int] = (8, 6)) -> None:
    """A picture whose bytes differ from every other name's."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    colour = tuple(name.encode().ljust(3)[-7:-4])
    Image.new("RGB", size, colour).save(path)


def sentence(text: str, *mentions: Mention, line: int) -> Sentence:
    return Sentence(tuple(text.split()), mentions, line)


@pytest.fixture
def records(tmp_path: Path) -> CorpusRecords:
    """Sibling classes, two Georgias, a missing image, an entity without a context."""
    root = tmp_path / "pictures"
    for name in ("a01.png", "b02.png", "c03.png", "d04.png", "ref/e05.png"):
        draw(root, name)
    return CorpusRecords(
        name="small",
        entities=(
            Entity(WASHINGTON, "Washington D.C.", ("D.C.",), reference_image="ref/e05.png"),
            Entity(CHICAGO, "Chicago", ("Windy City", "Chi-Town")),
            Entity(LOS_ANGELES, "Los Angeles", ("L.A.",)),
            Entity(BOGOTA, "Bogotá"),
            Entity(GEORGIA, "Georgia"),
            Entity(GEORGIA_2, "Georgia", ("Sakartvelo",), role="bm25"),
            Entity(NEW_YORK, "New York City", ("NYC", "The Big Apple"), role="synonym"),
            Entity(UNSEEN, "Unseen", role="random"),
        ),
        classes=(
            SemanticClass("US cities", "US places", "Places"),
            SemanticClass("US states", "US places", "Places"),
            SemanticClass("Capitals", "Seats", "Politics"),
        ),
        members={
            "US cities": (CHICAGO, WASHINGTON, LOS_ANGELES, NEW_YORK),
            "US states": (GEORGIA,),
            "Capitals": (WASHINGTON, BOGOTA),
        },
        queries=(
            Query("US cities", 0, (NEW_YORK, CHICAGO, LOS_ANGELES)),
            Query("US cities", 1, (WASHINGTON, CHICAGO, LOS_ANGELES)),
            Query("Capitals", 0, (BOGOTA, WASHINGTON, CHICAGO)),
        ),
        sentences=(
            sentence(
                "Chicago lies west of Washington D.C. today",
                Mention(CHICAGO, 0, 0, (Candidate("a01.png"), Candidate("b02.png", 2))),
                Mention(WASHINGTON, 4, 5, (Candidate("c03.png"),)),
                line=1,
            ),
            sentence(
                "In Chicago it blows", Mention(CHICAGO, 1, 1, (Candidate("gone.png"),)), line=2
            ),
            sentence("Los Angeles", Mention(LOS_ANGELES, 0, 1), line=3),
            sentence(
                "Georgia is not Georgia",
                Mention(GEORGIA, 0, 0, (Candidate("d04.png"),)),
                Mention(GEORGIA_2, 3, 3, (Candidate("a01.png", 3), Candidate("gone.png"))),
                line=5,
            ),
            sentence("Bogotá über alles “quoted”", Mention(BOGOTA, 0, 0), line=6),
        ),
        image_root=root,
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(f"sqlite:///{tmp_path / 'home' / 'mese.db'}")
    yield opened
    opened.close()


@pytest.fixture
def filled(store: Store, records: CorpusRecords) -> Store:
    """The store with the small corpus, hashed."""
    import_records(store, replace(records, sentences=iter(records.sentences)))
    hash_images(store)
    return store


@pytest.fixture(scope="session")
def photobench() -> Path:
    if not PHOTOBENCH.is_dir():
        pytest.skip(f"{PHOTOBENCH} is not there; it is the real data of the issues")
    return PHOTOBENCH
