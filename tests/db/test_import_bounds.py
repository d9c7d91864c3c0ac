"""Values at a bound are stored on both databases; beyond it they are set aside with their place."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from db.corpus import export_folder, import_path, import_records
from db.importing import ImportRefused
from db.store import Store
from mese.corpus import (
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
from mese.mesed_format import write_folder
from mese.names import fold
from tests.db.conftest import BOGOTA, CHICAGO, WASHINGTON

PLAIN = "".join(chr(n) for n in range(0x21, 0x7F) if chr(n) not in '/\\"')


def noise(letters: str, count: int) -> str:
    """Letters that PostgreSQL's compression makes no shorter, so that its index holds them all."""
    return "".join(random.Random(count).choices(letters, k=count))


HAN = "".join(map(chr, range(0x4E00, 0x9FA6)))
NAME, LONG_NAME = noise(HAN, 866), noise(HAN, 867)
SQUARES = noise("".join(map(chr, range(0x3300, 0x3358))), 600)
"""Squared words, each of them looked up as two to six letters."""
IN_FULL = next(n for n in range(600) if len(fold(SQUARES[:n]).encode()) > 2_600)
FOLDED, LONG_FOLDED = SQUARES[: IN_FULL - 1], SQUARES[:IN_FULL]
IMAGE, LONG_IMAGE = noise(PLAIN, 2_600), noise(PLAIN, 2_601)
URL, LONG_URL = noise(PLAIN, 4_096), noise(PLAIN, 4_097)
LICENCE, LONG_LICENCE = noise(HAN, 1_000), noise(HAN, 1_001)


def rows(path: Path, *more: Mapping[str, Any]) -> None:
    with path.open("a", encoding="utf-8") as stream:
        stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in more)


def scored(image: str, rank: int, value: float = 1.0) -> dict[str, Any]:
    scores = {NAME: {"value": value, "sentence": -value, "object": value}}
    return {"sentence": 1, "mention": 0, "image": image, "rank": rank, "scores": scores}


def write_values(folder: Path, name: str, image: str, url: str, licence: str, value: float) -> None:
    """Every text and number that has a bound, in each place where a folder can say it."""
    with (folder / "entity2id.txt").open("a", encoding="utf-8") as stream:
        stream.write(f"{name}\t70\n")
    rows(folder / "entities.jsonl", {"id": BOGOTA, "aliases": [name], "reference_image": None})
    rows(folder / "entities.jsonl", {"id": CHICAGO, "reference_image": image})
    rows(folder / "images.jsonl", {"path": image, "url": url})
    rows(folder / "images.jsonl", {"path": "a01.png", "licence": licence})
    rows(folder / "images.jsonl", {"path": "b02.png", "url": url})
    rows(folder / "candidates.jsonl", scored(image, 9), scored("c03.png", 8, value))
    schema = {name: {"m": ["US cities"]}, "c": {name: ["Capitals"]}}
    (folder / "schema.json").write_text(json.dumps(schema, ensure_ascii=False), encoding="utf-8")
    (folder / "scorers.json").write_text(json.dumps({NAME: {}, name: {}}), encoding="utf-8")


@pytest.fixture
def folder(records: CorpusRecords, tmp_path: Path) -> Path:
    plain = [replace(s, mentions=s.mentions[:1]) for s in records.sentences]
    write_folder(replace(records, sentences=plain), tmp_path / "small")
    (tmp_path / "small" / "candidates.jsonl").unlink(missing_ok=True)
    return tmp_path / "small"


@pytest.mark.parametrize("name", [NAME, "x" * 1_000])
def test_what_is_at_a_bound_is_stored_and_comes_out_again(
    store: Store, folder: Path, records: CorpusRecords, tmp_path: Path, name: str
) -> None:
    write_values(folder, name, IMAGE, URL, LICENCE, 1e300)
    report = import_path(store, folder, image_root=records.image_root)
    assert report.set_aside == ()
    export_folder(store, tmp_path / "out")
    again = import_path(store, tmp_path / "out", image_root=records.image_root)
    assert (again.changed, again.set_aside) == (False, ())
    out = {path.name: path.read_text() for path in (tmp_path / "out").glob("*.json*")}
    assert json.loads(out["candidates.jsonl"].splitlines()[-1])["scores"][NAME]["value"] in (
        1.0,
        1e300,
    )
    assert all(value in out["images.jsonl"] for value in (json.dumps(URL), LICENCE))


@pytest.mark.parametrize("name", [LONG_NAME, "x" * 1_001])
def test_what_lies_beyond_a_bound_is_set_aside_with_its_place(
    store: Store, folder: Path, records: CorpusRecords, name: str
) -> None:
    count = {
        file: len((folder / file).read_text().splitlines())
        for file in ("entity2id.txt", "entities.jsonl")
    }
    write_values(folder, name, LONG_IMAGE, LONG_URL, LONG_LICENCE, 1.1e300)
    report = import_path(store, folder, image_root=records.image_root)
    assert {(item.file, item.line) for item in report.set_aside} == {
        ("entity2id.txt", count["entity2id.txt"] + 1),
        ("entities.jsonl", count["entities.jsonl"] + 1),
        ("entities.jsonl", count["entities.jsonl"] + 2),
        *(("images.jsonl", line) for line in (1, 2, 3)),
        *(("candidates.jsonl", line) for line in (1, 2)),
        ("schema.json", 0),
        ("scorers.json", 0),
    }
    assert len(report.set_aside) == 11  # both levels of schema.json
    assert all(len(str(item)) < 400 for item in report.set_aside)


@pytest.mark.parametrize(("name", "taken"), [(FOLDED, True), (LONG_FOLDED, False)])
def test_a_name_that_is_longer_when_it_is_looked_up(
    store: Store, records: CorpusRecords, name: str, taken: bool
) -> None:
    given = replace(records, entities=(*records.entities, Entity(70, name)))
    report = import_records(store, given)
    assert report.entities == len(records.entities) + taken
    assert len(report.set_aside) == (not taken)


def test_a_csvs_values_at_their_bounds(store: Store, tmp_path: Path) -> None:
    lines = ["entity,sentence,image,class"]
    lines += [f'{name},{name} is,"{image}",' for name in (NAME, "Peru") for image in (IMAGE, "")]
    lines += [f"{LONG_NAME},{LONG_NAME} is,,", f'Peru,Peru is,"{LONG_IMAGE}",']
    (tmp_path / "mine.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    report = import_path(store, tmp_path / "mine.csv")
    assert report.contexts == 4
    assert [item.line for item in report.set_aside] == [6, 7]


GENERATED: list[tuple[str, dict[str, Any]]] = [
    ("role 'boss' is none of target", {"entities": (Entity(70, "x", role="boss"),)}),
    ("its id is not 0 to", {"entities": (Entity(2**31, "x"),)}),
    ("its name takes", {"entities": (Entity(70, LONG_NAME),)}),
    ("it has no name", {"entities": (Entity(70, "x", aliases=("",)),)}),
    ("bytes, more than", {"entities": (Entity(70, "x", reference_image=LONG_IMAGE),)}),
    ("its name has 1,001", {"classes": (SemanticClass("x", middle="x" * 1_001),)}),
    ("its name has 1,001", {"classes": (SemanticClass("x", coarse="x" * 1_001),)}),
    ("it has no name", {"classes": (SemanticClass(""),)}),
    ("its number is not 0 to", {"queries": (Query("Capitals", -1, (BOGOTA,)),)}),
    ("it has no name", {"scorers": (Scorer("", {}),)}),
    ("it stands here twice", {"scorers": (Scorer("clip", {}),)}),
    ("its settings must be", {"scorers": (Scorer("x", {"a": float("nan")}),)}),
    ("sha256 must be 64", {"images": (ImageFacts("a01.png", sha256="ab"),)}),
    ("url has 4,097 letters", {"images": (ImageFacts("a01.png", url=LONG_URL),)}),
    ("licence has 1,001", {"images": (ImageFacts("a01.png", licence=LONG_LICENCE),)}),
    (
        "image 'a01.png' stands here twice",
        {"images": (ImageFacts("a01.png", url="https://x"), ImageFacts("a01.png"))},
    ),
    ("an image must be a path", {"images": (ImageFacts("\0"),)}),
]


@pytest.mark.parametrize(("reason", "more"), GENERATED)
def test_what_a_generator_says_is_judged_as_well(
    sqlite_store: Store, records: CorpusRecords, reason: str, more: dict[str, Any]
) -> None:
    given = replace(records, scorers=(Scorer("clip", {}),))
    added = {key: (*getattr(given, key), *values) for key, values in more.items()}
    report = import_records(sqlite_store, replace(given, **added))
    (item,) = report.set_aside
    assert reason in item.reason


@pytest.mark.parametrize(
    ("reason", "candidate"),
    [
        ("bytes, more than", Candidate(LONG_IMAGE)),
        ("an image must be a path", Candidate("\0")),
        ("rank 11 is not 1 to 10", Candidate("a", 11)),
        ("no number up to 1e+300", Candidate("a", 1, (Score("clip", 1e301),))),
        ("no number up to 1e+300", Candidate("a", 1, (Score("clip", 0.0, float("nan")),))),
        ("no number up to 1e+300", Candidate("a", 1, (Score("clip", 0.0, None, -1e301),))),
        ("two scores of 'clip'", Candidate("a", 1, (Score("clip", 0.0), Score("clip", 1.0)))),
    ],
)
def test_a_generators_candidates_are_judged(
    sqlite_store: Store, records: CorpusRecords, reason: str, candidate: Candidate
) -> None:
    line = Sentence(("Chicago",), (Mention(CHICAGO, 0, 0, (candidate,)),), 1)
    given = replace(records, scorers=(Scorer("clip", {}),), sentences=(line,))
    report = import_records(sqlite_store, given)
    (item,) = report.set_aside
    assert reason in item.reason
    assert report.contexts == 1


@pytest.mark.parametrize(
    ("tokens", "line"), [(("a\0",), 1), (("\ud800",), 1), (("a",), -1), (("a",), 2**31)]
)
def test_a_generators_sentences_are_judged(
    sqlite_store: Store, records: CorpusRecords, tokens: tuple[str, ...], line: int
) -> None:
    bad = Sentence(tokens, (Mention(WASHINGTON, 0, 0),), line)
    report = import_records(sqlite_store, replace(records, sentences=(*records.sentences, bad)))
    assert len(report.set_aside) == 1
    assert report.sentences == len(list(records.sentences))


@pytest.mark.parametrize("name", ["", "x" * 1_001, "\0"])
def test_a_corpus_needs_a_name_that_can_be_kept(
    sqlite_store: Store, records: CorpusRecords, name: str
) -> None:
    with pytest.raises(ImportRefused, match="cannot be a corpus's name"):
        import_records(sqlite_store, replace(records, name=name))
