"""Folders with anything in them: the store is filled, or stays as it was and the place is named."""

from __future__ import annotations

import csv
import json
import os
import pickle
import re
import shutil
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from db.corpus import (
    ImportRefused,
    ImportReport,
    export_folder,
    hash_images,
    import_path,
    import_records,
    load_corpus,
)
from db.models import StoredCorpus
from db.store import Store
from mese.corpus import Candidate, CorpusRecords, ImageFacts, Score, Scorer
from mese.mesed_format import MesedFormatError, write_folder
from tests.db.test_importing import rows_of
from tests.postgres_cluster import Cluster

Stores = Callable[[], AbstractContextManager[Store]]
FILES = (
    "entity2id.txt",
    "sentences.json",
    "gt/US cities.txt",
    "query/US cities.txt",
    "query_seed=5/Capitals.txt",
    "eid2cls.json",
    "eid2cls.pkl",
    "schema.json",
    "entities.jsonl",
    "candidates.jsonl",
    "images.jsonl",
    "scorers.json",
)
HAN = "字" * 866
"""A name of 2,598 bytes; 2,600 is what an index holds for certain."""
READABLE = {None, "a01.png", "b02.png", "c03.png", "d04.png"}
PLACE = re.compile(
    r"(entity2id\.txt|sentences\.json|gt/|query/|query_seed=5/|eid2cls\.|schema\.json"
    r"|entities\.jsonl|candidates\.jsonl|images\.jsonl|scorers\.json|small|mine\.(csv|jsonl))"
)
JUNK = (
    st.binary(max_size=40)
    | st.text(max_size=20).map(lambda t: t.encode("utf-8", "surrogatepass"))
    | st.sampled_from(
        [
            b"\xff\xfe{\x00}\x00",
            b"\xef\xbb\xbf",
            b"\0",
            b"\r",
            b"[" * 2_000,
            b"{" * 50,
            b'{"a": NaN}',
            b'{"sentence": 1, "mention": 0, "image": "../../../etc/passwd"}',
            b'{"sentence": 1, "mention": 0, "image": "bomb.png", "rank": 2}',
            b'{"id": 11, "reference_image": "/etc/passwd"}',
            b'{"path": "a01.png", "sha256": "' + b"0" * 64 + b'"}',
            b"Chicago\t11",
            b"x\t99999999999999999999",
            b"11\tChicago\t1",
            b"11 10 12",
            pickle.dumps({11: ["US cities"], 10: ["A new class"]}),
            pickle.dumps(os.system),
        ]
    )
)
NUMBERS = st.integers(-3, 20) | st.sampled_from([2**31, 2**63, -(2**70), 10**30])
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=5,
)
NAMES = st.text(max_size=5) | st.sampled_from(
    ["x" * 1_000, "x" * 1_001, HAN, HAN + "字", "\ufdfa" * 78, "\ufdfa" * 79, "clip", "Chi-Town"]
)
ODD_PATHS = ("../outside.png", "/etc/passwd", "", "\0", f"{HAN}/字", "é" * 1_301)
PATHS = st.sampled_from(["a01.png", "b02.png", "bomb.png", "cut.png", "pipe", "folder"]) | (
    st.sampled_from([*ODD_PATHS, "x" * 2_600, "x" * 2_601])
)
SCORES = st.floats() | st.sampled_from([1e300, 1.1e300, -1e305, 2**53 - 1, 2**53, 10**400])


def texts(most: int) -> st.SearchStrategy[object]:
    return st.sampled_from(["x" * most, "字" * most, "x" * (most + 1)]) | VALUES


def object_line(needed: dict[str, object], **optional: object) -> st.SearchStrategy[bytes]:
    said = st.fixed_dictionaries(needed, optional=optional)  # type: ignore[arg-type]
    return said.map(lambda value: json.dumps(value).encode())


MENTIONS = st.fixed_dictionaries(
    {"entityId": NUMBERS | VALUES, "start": NUMBERS, "end": NUMBERS}, optional={"text": VALUES}
)
SCORED = st.fixed_dictionaries(
    {"value": SCORES | VALUES}, optional={"sentence": SCORES | VALUES, "object": SCORES}
)
LINES = {
    "entity2id.txt": st.tuples(NAMES, st.integers(-1, 30)).map(
        lambda pair: f"{pair[0]}\t{pair[1]}".encode("utf-8", "surrogatepass")
    ),
    "sentences.json": object_line(
        {
            "tokens": st.lists(st.text(max_size=4), max_size=5) | VALUES,
            "entityMentions": st.lists(MENTIONS, max_size=3) | VALUES,
        },
        image=PATHS | VALUES,
        sentId=VALUES,
        x=VALUES,
    ),
    "entities.jsonl": object_line(
        {"id": st.integers(10, 17) | NUMBERS},
        aliases=st.lists(NAMES, max_size=3) | VALUES,
        role=st.sampled_from(["bm25", "boss"]) | VALUES,
        reference_image=PATHS | VALUES,
    ),
    "images.jsonl": object_line(
        {"path": PATHS | VALUES},
        sha256=st.sampled_from(["0" * 64, "0" * 65]) | VALUES,
        url=texts(4_096),
        licence=texts(1_000),
    ),
    "candidates.jsonl": object_line(
        {"sentence": st.integers(1, 6), "mention": st.integers(0, 1), "image": PATHS | VALUES},
        rank=st.integers(0, 11),
        scores=st.dictionaries(NAMES, SCORED, max_size=2) | VALUES,
    ),
}
WHOLE = {
    "scorers.json": st.dictionaries(NAMES, st.dictionaries(NAMES, VALUES, max_size=2) | VALUES),
    "schema.json": st.dictionaries(
        NAMES,
        st.dictionaries(NAMES, st.lists(st.sampled_from(["US cities", "US states", "x"]))),
        max_size=3,
    ),
    "eid2cls.json": st.dictionaries(
        st.sampled_from(["10", "11", "x"]), st.lists(NAMES, max_size=2) | VALUES, max_size=2
    ),
}
Fault = tuple[str, int | None, bytes, bool]
"""A file, the line at which it is damaged (None: all of it), with what, and whether instead."""


@st.composite
def damages(draw: Callable[..., Any]) -> Fault:
    name = draw(st.sampled_from(FILES))
    if name in WHOLE and draw(st.booleans()):
        return name, None, json.dumps(draw(WHOLE[name])).encode(), True
    what = draw(LINES[name] | JUNK if name in LINES else JUNK)
    return name, draw(st.integers(0, 9)), what, draw(st.booleans())


def damage(folder: Path, name: str, line: int | None, what: bytes, instead: bool) -> None:
    path = folder / name
    kept = path.read_bytes() if path.exists() and line is not None else b""
    lines = kept.splitlines(keepends=True)
    at = min(line or 0, len(lines))
    lines[at : at + instead] = [what + b"\n"]
    path.write_bytes(b"".join(lines))


GOOD_ROW = b'"Chicago","Chicago, it ""blows"" here","a01.png","US cities"'
ROWS = JUNK | st.lists(
    st.sampled_from(['"', '""', ",", ",", "Peru", "Lima lies in Peru", "a01.png", HAN, "\r", "\0"])
    | NAMES
    | PATHS,
    max_size=9,
).map(lambda parts: "".join(parts).encode("utf-8", "surrogatepass"))
OBJECTS = JUNK | object_line(
    {"entity": st.just("Peru") | NAMES, "sentence": st.just("In Peru, Lima") | VALUES},
    image=PATHS | VALUES,
    **{"class": st.lists(NAMES, max_size=2) | VALUES},
)


def bomb() -> bytes:
    """A PNG of a few bytes that says it has ten thousand million pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return len(data).to_bytes(4, "big") + kind + data + check.to_bytes(4, "big")

    size = (100_000).to_bytes(4, "big") * 2
    header = chunk(b"IHDR", size + b"\x08\x02\x00\x00\x00")
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.fixture
def odd_images(records: CorpusRecords) -> Path:
    root = records.image_root
    (root / "bomb.png").write_bytes(bomb())
    (root / "cut.png").write_bytes((root / "a01.png").read_bytes()[:20])
    (root / "folder").mkdir()
    os.mkfifo(root / "pipe")
    shutil.copy(root / "a01.png", root.parent / "outside.png")
    return root


def contents(store: Store) -> list[list[object]]:
    with store.read() as session:
        return [
            list(session.execute(text(f"SELECT * FROM {table} ORDER BY 1, 2")))
            for table in rows_of(store)
            if table != "corpus"
        ]


@pytest.fixture
def folder(records: CorpusRecords, tmp_path: Path) -> Path:
    """The small corpus with all sidecars: aliases, facts of images, candidates and their scores."""
    first, *rest = records.sentences
    scored = Candidate("a01.png", 1, (Score("clip", 0.5, None, -1.0),))
    mention = replace(first.mentions[0], candidates=(scored, Candidate("b02.png", 2)))
    given = replace(
        records,
        sentences=(replace(first, mentions=(mention, *first.mentions[1:])), *rest),
        images=(ImageFacts("a01.png", None, "https://x/a", "CC0"),),
        scorers=(Scorer("clip", {"alpha": 0.5}),),
    )
    write_folder(given, tmp_path / "small")
    (tmp_path / "small" / "query_seed=5" / "Capitals.txt").write_text("10 11 12 13 14\nEXIT\n")
    return tmp_path / "small"


@pytest.fixture
def sqlite_places(made_file: Path, tmp_path: Path) -> Stores:
    """Gives a new empty store on SQLite each time."""

    @contextmanager
    def new() -> Iterator[Store]:
        place = Path(mkdtemp(dir=tmp_path))
        shutil.copyfile(made_file, place / "mese.db")
        with closing(Store.open(f"sqlite:///{place / 'mese.db'}")) as store:
            yield store
        shutil.rmtree(place)

    return new


@pytest.fixture
def postgresql_places(cluster: Cluster, made_database: str) -> Stores:
    """Gives a new empty store on PostgreSQL each time."""

    @contextmanager
    def new() -> Iterator[Store]:
        name = cluster.create(made_database)
        with closing(Store.open(cluster.url(name))) as store:
            yield store
        cluster.drop(name)

    return new


def fuzz(examples: int) -> Callable[..., Any]:
    return settings(
        max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )


def slow(places: str, examples: int) -> Any:
    return pytest.param(places, examples, marks=[pytest.mark.slow, pytest.mark.timeout(1_200)])


@pytest.mark.parametrize(
    ("places", "examples"),
    [("sqlite", 80), ("postgresql", 6), slow("sqlite", 600), slow("postgresql", 150)],
)
def test_an_import_fills_the_store_or_leaves_it_and_names_the_place(
    request: pytest.FixtureRequest, folder: Path, odd_images: Path, places: str, examples: int
) -> None:
    stores = request.getfixturevalue(f"{places}_places")

    @fuzz(examples)
    @given(faults=st.lists(damages(), min_size=1, max_size=4), strict=st.booleans())
    def run(faults: list[Fault], strict: bool) -> None:
        with TemporaryDirectory(dir=folder.parent) as name:
            damaged = Path(name) / "small"
            shutil.copytree(folder, damaged)
            for fault in faults:
                damage(damaged, *fault)
            filled_or_left(stores, damaged, odd_images, strict)

    run()


@pytest.mark.parametrize(
    ("places", "examples"), [("sqlite", 40), slow("sqlite", 600), slow("postgresql", 100)]
)
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_table_fills_the_store_whatever_stands_between_its_good_rows(
    request: pytest.FixtureRequest, odd_images: Path, form: str, places: str, examples: int
) -> None:
    stores = request.getfixturevalue(f"{places}_places")
    columns = ("entity", "sentence", "image", "class")
    [said] = csv.reader([GOOD_ROW.decode()])
    good = GOOD_ROW if form == "csv" else json.dumps(dict(zip(columns, said, strict=True))).encode()
    # A first line that only looks like UTF-16 refuses the whole file.
    head = [",".join(columns).encode() if form == "csv" else good]

    @fuzz(examples)
    @given(rows=st.lists(st.just(good) | (ROWS if form == "csv" else OBJECTS), max_size=8))
    def run(rows: list[bytes]) -> None:
        with TemporaryDirectory(dir=odd_images.parent) as name:
            path = Path(name) / f"mine.{form}"
            path.write_bytes(b"\n".join([*head, *rows, b""]))
            report = filled_or_left(stores, path, odd_images, strict=False)
            assert (report.contexts if report else 0) >= rows.count(good)

    run()


def filled_or_left(stores: Stores, path: Path, images: Path, strict: bool) -> ImportReport | None:
    """Import what lies at `path` into a new store and look at what came of it."""
    with stores() as store:
        before = contents(store)
        report, refusal = None, ""
        try:
            report = import_path(store, path, image_root=images, strict=strict)
        except (MesedFormatError, ImportRefused) as error:
            refusal = str(error)
        if report is None:
            assert PLACE.search(refusal), refusal
            assert len(refusal) < 1_000
            assert contents(store) == before
            return None
        event("filled, with lines set aside" if report.set_aside else "filled")
        assert not (strict and report.set_aside)
        assert all(PLACE.match(item.file.strip("'")) for item in report.set_aside)
        assert all(len(str(item)) < 600 for item in report.set_aside)
        hash_images(store)
        corpus = load_corpus(store)
        assert all(0 <= c.start <= c.end < len(c.tokens) for c in corpus.contexts)
        assert {c.image for c in corpus.contexts} <= READABLE
        assert not import_path(store, path, image_root=images).changed
        export_folder(store, path.parent / "out")
        with stores() as again:  # of what comes out nothing may be left to set aside
            second = import_path(again, path.parent / "out", image_root=images)
            assert second.set_aside == ()
            assert fingerprint(again) == fingerprint(store)
        return report


def fingerprint(store: Store) -> str:
    with store.read() as session:
        return session.get_one(StoredCorpus, 1).fingerprint


def test_both_databases_keep_the_same_odd_words(
    postgresql_store: Store, sqlite_store: Store, records: CorpusRecords
) -> None:
    first, *rest = records.sentences
    odd = {"values": {"deep": [[1.5, "ü", None, {"": "\x01"}]], "long": 10**300}}
    given = replace(records, sentences=[replace(first, extra=odd), *rest])
    for store in (postgresql_store, sqlite_store):
        import_records(store, given)
    assert load_corpus(postgresql_store) == load_corpus(sqlite_store)
    assert rows_of(postgresql_store) == rows_of(sqlite_store)
