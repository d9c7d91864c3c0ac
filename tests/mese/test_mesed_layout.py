"""A folder's own words survive: every way of writing a file that is read is written again."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mese.mesed_format import read_folder, write_folder
from mese.mesed_style import LineStyle, extra_of, write_with
from tests.mese.small_folder import line, make_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "folder").mkdir()
    return make_folder(tmp_path / "folder")


def files_of(folder: Path) -> dict[str, bytes]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def edit(name: str, change: Callable[[str], str]) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        path = folder / name
        before = path.read_text() if path.exists() else ""
        path.parent.mkdir(exist_ok=True)
        path.write_text(change(before), newline="")

    return apply


def pickled(folder: Path) -> None:
    classes = {0: ["Cats"], 1: ["Cats", "Dogs"], 2: ["Dogs", "Cats"]}
    classes |= {n: ["Dogs"] for n in (3, 4, 5)} | {6: []}
    (folder / "eid2cls.pkl").write_bytes(pickle.dumps(classes, protocol=2))


CLASSES = {"1": ["Dogs", "Cats"], "0": ["Cats"], "2": ["Cats", "Dogs"], "6": ["Background"]}
CLASSES |= {n: ["Dogs"] for n in "543"}

OTHER_WAYS: dict[str, Callable[[Path], None]] = {
    "as it is": lambda folder: None,
    "descending ids": edit("entity2id.txt", lambda t: "".join(t.splitlines(True)[::-1])),
    "CRLF names": edit("entity2id.txt", lambda t: t.replace("\n", "\r\n")),
    "BOM": edit("entity2id.txt", lambda t: "\ufeff" + t),
    "no last line end": edit("entity2id.txt", lambda t: t.rstrip("\n")),
    "labels of others": edit("gt/Cats.txt", lambda t: "3\tname 3\t0\n" + t + "4\tname 4\t-1\n"),
    "labels without names": edit("gt/Cats.txt", lambda t: "0\n1\n2\n"),
    "a class of nobody": edit("gt/Fish.txt", lambda t: "3\tname 3\t0\n"),
    "EXIT missing": edit("query/Cats.txt", lambda t: "0 1 2\n"),
    "nothing but EXIT": edit("query/Dogs.txt", lambda t: "EXIT\n"),
    "an empty query file": edit("query_seed=5/Cats.txt", lambda t: ""),
    "words after EXIT": edit("query/Dogs.txt", lambda t: "3 4 5\nEXIT\nand so on"),
    "eid2cls in its order": edit("eid2cls.json", lambda t: json.dumps(CLASSES)),
    "eid2cls indented": edit("eid2cls.json", lambda t: json.dumps(CLASSES, indent=4)),
    "eid2cls.pkl": pickled,
    "schema in one line": edit("schema.json", lambda t: '{"A": {"B": ["Dogs", "Cats"]}}\n'),
    "compact lines": edit(
        "sentences.json",
        lambda t: "".join(
            json.dumps(json.loads(row), separators=(",", ":")) + "\n" for row in t.splitlines()
        ),
    ),
    "CRLF lines": edit("sentences.json", lambda t: t.replace("\n", "\r\n")),
    "last line not ended": edit("sentences.json", lambda t: t.rstrip("\n")),
    "escaped letters": edit("sentences.json", lambda t: t.replace('"b"', r'"\u00fc"')),
    "plain letters": edit("sentences.json", lambda t: t.replace('"b"', '"ü"', 1)),
    "keys in another order": edit(
        "sentences.json",
        lambda t: "".join(
            json.dumps(dict(reversed(json.loads(row).items()))) + "\n" for row in t.splitlines()
        ),
    ),
    "another order in one line": edit(
        "sentences.json", lambda t: t + line(1, "c", source={"deep": [1, 2.5, None]}, a=1) + "\n"
    ),
    "sentId of one's own": edit(
        "sentences.json", lambda t: t.replace('"sentId": 3', '"sentId": "x"')
    ),
    "no image here and there": edit(
        "sentences.json",
        lambda t: "\n".join([t + line(1, "c"), line(2, "d", image=None), line(3, "e", image="")]),
    ),
    "several mentions": edit(
        "sentences.json",
        lambda t: t
        + json.dumps(
            {
                "tokens": ["a", "b"],
                "entityMentions": [
                    {"entityId": 1, "start": 0, "end": 1, "text": "a b", "type": "X"},
                    {"end": 0, "start": 0, "entityId": "2"},
                ],
                "image": "1.jpg",
            }
        )
        + "\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", OTHER_WAYS)
def test_a_folder_survives_byte_for_byte(folder: Path, tmp_path: Path, way: str) -> None:
    OTHER_WAYS[way](folder)
    read = read_folder(folder)
    assert read.set_aside == ()
    out = tmp_path / "out"
    before = files_of(folder)
    write_folder(read.records, out)
    assert files_of(out) == before
    again = read_folder(out).records
    assert again.layout == read.records.layout
    assert tuple(again.sentences) == tuple(read.records.sentences)


def test_a_file_with_something_set_aside_is_written_clean(folder: Path, tmp_path: Path) -> None:
    with (folder / "entity2id.txt").open("a") as stream:
        stream.write("no id here\n")
    (folder / "gt" / "Cats.txt").write_text("0\tname 0\t1\n77\tnobody\t1\n")
    write_folder(read_folder(folder).records, tmp_path / "out")
    assert "no id" not in (tmp_path / "out" / "entity2id.txt").read_text()
    assert (tmp_path / "out" / "gt" / "Cats.txt").read_text() == "0\tname 0\t1\n"


@pytest.mark.parametrize("beside", [False, True])
def test_a_class_of_an_eid2cls_that_is_not_written_again_gets_its_gt(
    folder: Path, tmp_path: Path, beside: bool
) -> None:
    if beside:
        dogs = {n: ["Dogs"] for n in "12345"}
        cats = {"0": ["Cats"], "1": ["Dogs", "Cats"], "2": ["Dogs", "Cats"]}
        (folder / "eid2cls.json").write_text(json.dumps({**dogs, **cats}))
    listed = {5: ["Fish"], 1: ["Fish", 7], 0: ["Cats"], 2: ["Cats"]}
    (folder / "eid2cls.pkl").write_bytes(pickle.dumps(listed))
    read = read_folder(folder)
    assert {item.file for item in read.set_aside} == {"eid2cls.pkl"}
    write_folder(read.records, tmp_path / "out")
    assert not (tmp_path / "out" / "eid2cls.pkl").exists()
    again = read_folder(tmp_path / "out")
    assert (again.records.members, again.set_aside) == (read.records.members, ())
    assert read.records.members["Fish"] == (5, 1)


def test_kept_text_is_written_only_while_the_corpus_says_the_same(
    folder: Path,
    tmp_path: Path,
) -> None:
    OTHER_WAYS["descending ids"](folder)
    pickled(folder)
    records = read_folder(folder).records
    entities = [replace(e, name=f"new {e.id}") for e in records.entities]
    members = {**records.members, "Cats": (0,)}
    write_folder(replace(records, entities=entities, members=members), tmp_path / "out")
    expected = "".join(f"new {n}\t{n}\n" for n in range(7))
    assert (tmp_path / "out" / "entity2id.txt").read_text() == expected
    listed = pickle.loads((tmp_path / "out" / "eid2cls.pkl").read_bytes())
    assert listed == {
        0: ["Cats"],
        1: ["Dogs"],
        2: ["Dogs"],
        3: ["Dogs"],
        4: ["Dogs"],
        5: ["Dogs"],
        6: ["Background"],
    }


def test_a_stopped_writing_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    records = read_folder(folder).records

    def stopped() -> object:
        yield from records.sentences
        raise KeyboardInterrupt

    target = tmp_path / "inside" / "out"
    with pytest.raises(KeyboardInterrupt):
        write_folder(replace(records, sentences=stopped()), target)
    assert list(target.parent.iterdir()) == []


def test_a_new_folder_has_the_rights_of_any_other(folder: Path, tmp_path: Path) -> None:
    write_folder(read_folder(folder).records, tmp_path / "out")
    other = tmp_path / "made"
    other.mkdir()
    assert (tmp_path / "out").stat().st_mode == other.stat().st_mode
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".")]


def test_extra_keeps_what_cannot_be_derived_and_nothing_else() -> None:
    derived = {"a": 1, "b": [2]}
    assert extra_of({"a": 1, "b": [2]}, derived, ["a", "b"]) is None
    assert extra_of({"a": 1.0, "b": [2]}, derived, ["a", "b"]) == {"values": {"a": 1.0}}
    assert extra_of({"b": [2], "a": 1}, derived, ["a", "b"]) == {"keys": ["b", "a"]}
    assert extra_of({"b": [2]}, derived, ["a", "b"]) == {"keys": ["b"]}
    assert write_with({"values": {"c": 3}}, derived, ["c", "a", "b"]) == {"c": 3, "a": 1, "b": [2]}


def test_the_style_survives_the_store() -> None:
    style = LineStyle(("tokens",), ("start",), True, True, "\r\n", False)
    layout = json.loads(json.dumps({"sentences": style.to_layout()}))
    assert LineStyle.of_layout(layout) == style
    assert LineStyle.of_layout(None) == LineStyle()
