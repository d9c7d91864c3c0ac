"""Folders with anything in them: the store is filled, or stays as it was and the place is named."""

from __future__ import annotations

import json
import os
import pickle
import re
import shutil
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from db.corpus import (
    ImportRefused,
    export_folder,
    hash_images,
    import_path,
    import_records,
    load_corpus,
)
from db.models import StoredCorpus
from db.store import Store
from mese.corpus import CorpusRecords
from mese.mesed_format import MesedFormatError, write_folder
from tests.db.test_importing import rows_of

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
READABLE = {None, "a01.png", "b02.png", "c03.png", "d04.png"}
PLACE = re.compile(
    r"(entity2id\.txt|sentences\.json|gt/|query/|query_seed=5/|eid2cls\.|schema\.json"
    r"|entities\.jsonl|candidates\.jsonl|images\.jsonl|scorers\.json|small)"
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
MENTIONS = st.fixed_dictionaries(
    {"entityId": NUMBERS | VALUES, "start": NUMBERS, "end": NUMBERS}, optional={"text": VALUES}
)
IMAGES = st.sampled_from(
    ["a01.png", "bomb.png", "pipe", "folder", "../outside.png", "/etc/passwd", "cut.png", "", "\0"]
)
SENTENCES = st.fixed_dictionaries(
    {
        "tokens": st.lists(st.text(max_size=4), max_size=5) | VALUES,
        "entityMentions": st.lists(MENTIONS, max_size=3) | VALUES,
    },
    optional={"image": IMAGES | VALUES, "sentId": VALUES, "x": VALUES},
)
LINES = SENTENCES.map(lambda line: json.dumps(line).encode())


@st.composite
def damages(draw: Callable[..., object]) -> tuple[str, int, object, bool]:
    """A file, the line at which it is damaged, with what, and whether that replaces the line."""
    name = draw(st.sampled_from(FILES))
    what = draw(JUNK | LINES if name == "sentences.json" else JUNK)
    return name, draw(st.integers(0, 9)), what, draw(st.booleans())


def damage(folder: Path, name: str, line: int, what: bytes, instead: bool) -> None:
    path = folder / name
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    at = min(line, len(lines))
    lines[at : at + instead] = [what + b"\n"]
    path.write_bytes(b"".join(lines))


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
    write_folder(records, tmp_path / "small")
    (tmp_path / "small" / "query_seed=5" / "Capitals.txt").write_text("10 11 12 13 14\nEXIT\n")
    return tmp_path / "small"


@given(faults=st.lists(damages(), min_size=1, max_size=4), strict=st.booleans())
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_an_import_fills_the_store_or_leaves_it_and_names_the_place(
    folder: Path,
    odd_images: Path,
    made_file: Path,
    tmp_path_factory: pytest.TempPathFactory,
    faults: list[tuple[str, int, bytes, bool]],
    strict: bool,
) -> None:
    place = tmp_path_factory.mktemp("fuzz")
    damaged = place / "small"
    shutil.copytree(folder, damaged)
    for fault in faults:
        damage(damaged, *fault)
    shutil.copyfile(made_file, place / "mese.db")
    store = Store.open(f"sqlite:///{place / 'mese.db'}")
    before = contents(store)
    refusal, report = None, None
    try:
        report = import_path(store, damaged, image_root=odd_images, strict=strict)
    except (MesedFormatError, ImportRefused) as error:
        refusal = str(error)
    if report is None:
        assert refusal is not None
        assert PLACE.search(refusal), refusal
        assert len(refusal) < 1_000
        assert contents(store) == before
    else:
        event("filled, with lines set aside" if report.set_aside else "filled")
        assert not (strict and report.set_aside)
        assert all(PLACE.match(item.file.strip("'")) for item in report.set_aside)
        hash_images(store)
        corpus = load_corpus(store)
        assert all(0 <= c.start <= c.end < len(c.tokens) for c in corpus.contexts)
        assert {c.image for c in corpus.contexts} <= READABLE
        assert not import_path(store, damaged, image_root=odd_images).changed
        export_folder(store, place / "out")
        assert fingerprint_again(place, made_file, odd_images) == fingerprint(store)
    store.close()
    shutil.rmtree(place)


def fingerprint(store: Store) -> str:
    with store.read() as session:
        return session.get_one(StoredCorpus, 1).fingerprint


def fingerprint_again(place: Path, made_file: Path, images: Path) -> str:
    """That of the exported folder, which must have nothing left to set aside."""
    shutil.copyfile(made_file, place / "again.db")
    again = Store.open(f"sqlite:///{place / 'again.db'}")
    report = import_path(again, place / "out", image_root=images)
    assert report.set_aside == ()
    again.close()
    return fingerprint(again)


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
