"""Folders made to do harm: each refusal names its place, and nothing hangs, grows or escapes."""

from __future__ import annotations

import json
import os
import tracemalloc
from pathlib import Path

import pytest

from mese.corpus import Candidate, ImageFacts, Score, Scorer
from mese.mesed_format import MesedFormatError, read_folder, write_folder
from mese.mesed_lines import MAX_LINE_BYTES
from mese.setting_aside import MAX_ITEMS
from tests.mese.small_folder import line, make_folder

LONG = "x" * 1_001


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "folder").mkdir()
    return make_folder(tmp_path / "folder")


def mention(**said: object) -> bytes:
    inside = {"entityId": 1, "start": 0, "end": 0, **said}
    return json.dumps({"tokens": ["a"], "entityMentions": [inside]}).encode()


BAD_LINES = [
    ("entity2id.txt", b"a\tb\t9", "its name holds a tab or a line break"),
    ("entity2id.txt", b"a\rb\t9", "its name holds a tab or a line break"),
    ("entity2id.txt", b"a\0b\t9", "NUL"),
    ("entity2id.txt", f"{LONG}\t9".encode(), "1,001 letters, more than 1,000"),
    ("entity2id.txt", b"9", "not `name<TAB>id`"),
    (
        "sentences.json",
        b'{"tokens": ["a"], "tokens": ["b"]}',
        "'tokens' stands in one object twice",
    ),
    ("sentences.json", b'{"tokens": ["a"], "entityMentions": [], "x": NaN}', "NaN is no number"),
    ("sentences.json", b'{"tokens": ["a"], "entityMentions": [], "x": -Infinity}', "no number"),
    ("sentences.json", b'{"tokens": ["a"], "entityMentions": [], "x": 1e999}', "too large"),
    ("sentences.json", b'{"a": ' + b"9" * 5_000 + b"}", "not JSON"),
    ("sentences.json", mention(start=2**40), "no sentence is long enough"),
    ("sentences.json", mention(entityId=10**30), "needs entityId, start and end"),
    ("sentences.json", mention(note="\ud800"), "NUL or lone surrogates"),
    ("sentences.json", mention(**{"no\0te": 1}), "NUL or lone surrogates"),
    (
        "sentences.json",
        b'{"tokens": ["a"], "entityMentions": [], "x": ' + b"[" * 60 + b"]" * 60 + b"}",
        "too deep",
    ),
    (
        "sentences.json",
        json.dumps({"tokens": ["a"], "entityMentions": [{}] * 1_001}).encode(),
        "1,001 mentions, more than 1,000",
    ),
    ("sentences.json", b'{"x": "' + b"y" * MAX_LINE_BYTES + b'"}', "longer than 4,194,304 bytes"),
    ("gt/Cats.txt", b"1\tx\t" + b"9" * 5_000, "not `id<TAB>name<TAB>label`"),
    ("query/Dogs.txt", b"1 " * 100_000, "not 3 different ids"),
    ("entities.jsonl", json.dumps({"id": 1, "aliases": [LONG]}).encode(), "1,001 letters"),
    ("entities.jsonl", b'{"id": 1, "aliases": ["a\\tb"]}', "alias 'a\\tb': its name holds a tab"),
    ("entities.jsonl", json.dumps({"id": 1, "aliases": [{}]}).encode(), "alias {}: it has no name"),
    ("images.jsonl", b'{"sha256": null}', "an image must be a path"),
    ("images.jsonl", b'{"path": "a", "sha256": "ABC"}', "sha256 must be"),
    ("images.jsonl", b'{"path": "a", "url": 3}', "url must be"),
    ("images.jsonl", b'{"path": "a", "licence": "\\u0000"}', "licence must be"),
    (
        "candidates.jsonl",
        b'{"sentence": 1, "mention": 0, "image": "a", "scores": {"clip": {"value": 1}}}',
        "scorer 'clip' is not in scorers.json",
    ),
    (
        "candidates.jsonl",
        b'{"sentence": 1, "mention": 0, "image": "a", "scores": []}',
        "scores must be an object",
    ),
]


@pytest.mark.parametrize(("file", "bad", "reason"), BAD_LINES)
def test_a_hostile_line_is_set_aside_with_its_place(
    folder: Path, file: str, bad: bytes, reason: str
) -> None:
    expected = list(read_folder(folder).records.sentences)
    path = folder / file
    before = path.read_bytes() if path.exists() else b""
    path.write_bytes(before.replace(b"EXIT\n", b"") + bad + b"\n")
    read = read_folder(folder)
    assert list(read.records.images) == []
    assert list(read.records.sentences) == expected
    (item,) = read.set_aside
    assert (item.file, item.line) == (file, before.replace(b"EXIT\n", b"").count(b"\n") + 1)
    assert reason in item.reason
    assert len(item.reason) < 400


@pytest.mark.parametrize("name", ["gt/Cats.txt", "entities.jsonl", "schema.json", "images.jsonl"])
@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_what_is_no_file_is_set_aside_and_never_opened(folder: Path, name: str, kind: str) -> None:
    (folder / name).unlink(missing_ok=True)
    (os.mkdir if kind == "folder" else os.mkfifo)(folder / name)
    read = read_folder(folder)
    assert list(read.records.images) == []
    assert f"{name}: not a file; it was set aside" in map(str, read.set_aside)


@pytest.mark.parametrize("name", ["entity2id.txt", "sentences.json"])
@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_a_necessary_file_that_is_none_is_missing(folder: Path, name: str, kind: str) -> None:
    (folder / name).unlink()
    (os.mkdir if kind == "folder" else os.mkfifo)(folder / name)
    with pytest.raises(MesedFormatError, match=f"{name} is missing in"):
        read_folder(folder)


@pytest.mark.parametrize(
    "name", ["entity2id.txt", "sentences.json", "gt/Cats.txt", "eid2cls.json", "schema.json"]
)
def test_utf16_is_named_as_such(folder: Path, name: str) -> None:
    (folder / name).write_text("{}\n", encoding="utf-16")
    with pytest.raises(MesedFormatError, match=f"{name} is written in UTF-16; save it as UTF-8"):
        list(read_folder(folder).records.sentences)


@pytest.mark.parametrize("name", ["a:b", "back\\slash", "ü und mehr", "x.y"])
def test_odd_names_of_classes_survive(folder: Path, tmp_path: Path, name: str) -> None:
    (folder / "gt" / f"{name}.txt").write_text("0\tname 0\t1\n")
    (folder / "query" / f"{name}.txt").write_text("0 1 2\nEXIT\n")
    write_folder(read_folder(folder).records, tmp_path / "out")
    again = read_folder(tmp_path / "out")
    assert again.set_aside == ()
    assert again.records.members[name] == (0,)


def test_names_that_are_no_class_are_set_aside(folder: Path) -> None:
    (folder / "gt" / "Background.txt").write_text("0\tname 0\t1\n")
    listed = {"1": ["../../up", "x" * 241, "", 7, "a\nb"]}
    (folder / "eid2cls.json").write_text(json.dumps(listed))
    read = read_folder(folder)
    assert set(read.records.members) == {"Cats", "Dogs"}
    odd = [str(item) for item in read.set_aside if "entity 1" in item.reason]
    assert len(odd) == 5
    assert "'gt/Background.txt': class 'Background' cannot name a file" in str(read.set_aside[0])


def test_a_folder_whose_name_is_not_utf8_is_read(folder: Path, tmp_path: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    folder.rename(odd)
    read = read_folder(odd)
    assert read.records.name == r"caf\udce9"
    assert len(list(read.records.sentences)) == 7


def test_a_file_of_nothing_but_faults_is_counted_not_remembered(folder: Path) -> None:
    with (folder / "sentences.json").open("a") as stream:
        stream.writelines("{\n" for _ in range(MAX_ITEMS + 5))
    read = read_folder(folder)
    assert len(list(read.records.sentences)) == 7
    assert len(read.set_aside) == MAX_ITEMS + 1
    assert str(read.set_aside[-1]) == "sentences.json: 5 more were set aside after these"


def test_reading_sentences_takes_no_more_memory_for_more_of_them(folder: Path) -> None:
    def peak(copies: int) -> int:
        rows = [line(n % 7, *"abcdefgh", image=f"{n}.jpg", other=n) for n in range(copies)]
        (folder / "sentences.json").write_text("\n".join(rows) + "\n")
        records = read_folder(folder).records
        tracemalloc.start()
        count = sum(1 for _ in records.sentences)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert count == copies
        return found

    small = peak(500)
    assert peak(5_000) < 1.5 * small + 50_000


def test_sidecars_are_read_and_written(folder: Path, tmp_path: Path) -> None:
    (folder / "scorers.json").write_text('{"clip": {"alpha": 0.5, "model": "ViT"}}')
    facts = {"path": "0.jpg", "sha256": "ab" * 32, "url": "https://x/0", "licence": "CC0"}
    (folder / "images.jsonl").write_text(json.dumps(facts) + "\n" + '{"path": "1.jpg"}\n')
    score = {"clip": {"value": 0.25, "sentence": -1, "object": None}}
    row = {"sentence": 2, "mention": 0, "image": "0.jpg", "rank": 3, "scores": score}
    (folder / "candidates.jsonl").write_text(json.dumps(row) + "\n")
    read = read_folder(folder)
    assert read.records.scorers == (Scorer("clip", {"alpha": 0.5, "model": "ViT"}),)
    known = ImageFacts("0.jpg", "ab" * 32, "https://x/0", "CC0")
    assert list(read.records.images) == [known, ImageFacts("1.jpg")]
    expected = (Candidate("0.jpg", 3, (Score("clip", 0.25, -1.0, None),)),)
    assert list(read.records.sentences)[1].mentions[0].candidates == expected
    write_folder(read.records, tmp_path / "out")
    again = read_folder(tmp_path / "out")
    assert list(again.records.images) == [known]
    assert again.records.scorers == read.records.scorers
    assert list(again.records.sentences) == list(read.records.sentences)
    assert again.set_aside == read.set_aside == ()
    assert (tmp_path / "out/sentences.json").read_bytes() == (
        folder / "sentences.json"
    ).read_bytes()
