"""MESED folders: what is written is read back equal, and what is malformed names its place."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mese.corpus import (
    ROLES,
    Candidate,
    CorpusRecords,
    Entity,
    Mention,
    Query,
    SemanticClass,
    Sentence,
)
from mese.mesed_format import MesedFormatError, read_folder, write_folder
from tests.mese.small_folder import make_folder

PHOTOBENCH = Path(__file__).parents[3] / "shared" / "data" / "photobench"
LAYOUT = ("entity2id.txt", "sentences.json", "eid2cls.json", "schema.json")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path)


def everything(records: CorpusRecords) -> dict[str, object]:
    return {
        "entities": sorted(records.entities, key=lambda entity: entity.id),
        "classes": tuple(records.classes),
        "members": {name: tuple(ids) for name, ids in records.members.items()},
        "queries": sorted(records.queries, key=lambda q: (q.class_name, len(q.seeds), q.index)),
        "sentences": tuple(records.sentences),
    }


def test_the_authors_layout_is_read(folder: Path) -> None:
    read = read_folder(folder)
    records = read.records
    assert records.name == folder.name
    assert records.image_root == folder
    assert records.entities[3] == Entity(3, "name 3")
    assert records.classes == (SemanticClass("Cats"), SemanticClass("Dogs"))
    assert records.members == {"Cats": (0, 1, 2), "Dogs": (2, 3, 4, 5, 1)}
    assert records.queries == (
        Query("Cats", 0, (0, 1, 2)),
        Query("Dogs", 0, (3, 4, 5)),
        Query("Dogs", 1, (5, 4, 2)),
        Query("Dogs", 0, (1, 2, 3, 4, 5)),
    )
    first = next(iter(records.sentences))
    assert first == Sentence(("a", "b"), (Mention(0, 0, 0, (Candidate("0.jpg"),)),), 1)
    assert read.set_aside == ()


def test_windows_files_are_read_as_any_other(folder: Path) -> None:
    expected = everything(read_folder(folder).records)
    for path in folder.rglob("*.*"):
        if path.is_file():
            text = path.read_text().replace("\n", "\r\n")
            path.write_bytes(("\ufeff" + text).encode())
    read = read_folder(folder)
    assert everything(read.records) == expected
    assert read.set_aside == ()


def test_blank_lines_are_skipped_and_counted(folder: Path) -> None:
    path = folder / "sentences.json"
    path.write_text("\n  \n" + path.read_text())
    assert [s.line for s in read_folder(folder).records.sentences] == [3, 4, 5, 6, 7, 8, 9]


def test_background_is_no_class(folder: Path) -> None:
    listed = {"0": ["Cats"], "1": ["Cats", "Dogs"], "2": ["Cats", "Dogs"], "6": ["Background"]}
    listed |= {n: ["Dogs"] for n in "345"}
    (folder / "eid2cls.json").write_text(json.dumps(listed))
    read = read_folder(folder)
    assert set(read.records.members) == {"Cats", "Dogs"}
    assert read.set_aside == ()


def test_without_gt_the_classes_come_from_eid2cls(folder: Path) -> None:
    for path in (folder / "gt").iterdir():
        path.unlink()
    (folder / "gt").rmdir()
    (folder / "eid2cls.json").write_text('{"0": ["Cats"], "1": ["Cats", "Background"]}')
    assert read_folder(folder).records.members == {"Cats": (0, 1)}


def test_schema_gives_levels_and_order(folder: Path) -> None:
    (folder / "schema.json").write_text('{"Animals": {"Pets": ["Dogs", "Cats", "Fish"]}}')
    read = read_folder(folder)
    assert read.records.classes == (
        SemanticClass("Dogs", "Pets", "Animals"),
        SemanticClass("Cats", "Pets", "Animals"),
    )
    assert [str(item) for item in read.set_aside] == [
        "schema.json: class Fish has no members in gt/; it was left out"
    ]


@pytest.mark.parametrize("missing", ["entity2id.txt", "sentences.json", "gt"])
def test_a_missing_file_is_named(folder: Path, missing: str) -> None:
    (folder / missing).rename(folder / "elsewhere")
    with pytest.raises(MesedFormatError, match=rf"{missing}/? is missing in .*layout has"):
        read_folder(folder)


def test_a_folder_without_queries_is_read_and_says_so(folder: Path, tmp_path: Path) -> None:
    shutil.rmtree(folder / "query")  # an archive leaves out an empty folder
    read = read_folder(folder)
    assert {len(query.seeds) for query in read.records.queries} == {5}
    assert list(map(str, read.set_aside)) == [
        "query/: not there, so the corpus has no queries of 3 seeds"
    ]
    write_folder(read.records, tmp_path / "out")
    assert read_folder(tmp_path / "out").set_aside == ()


@pytest.mark.parametrize(
    ("level", "reason"),
    [("\\ud800", "NUL or lone surrogates"), ("x" * 1_001, "1,001 letters, more than 1,000")],
)
@pytest.mark.parametrize("form", ['{"%s": {"b": ["Cats"]}}', '{"a": {"%s": ["Cats"]}}'])
def test_a_class_of_a_faulty_level_stays_without_levels(
    folder: Path, form: str, level: str, reason: str
) -> None:
    (folder / "schema.json").write_text(form % level)
    read = read_folder(folder)
    assert SemanticClass("Cats") in read.records.classes
    (item,) = read.set_aside
    assert str(item).startswith("schema.json: class Cats: its middle or coarse class: its name ")
    assert reason in str(item)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("schema.json", "{"),
        ("schema.json", '{"a": ["b"]}'),
        ("schema.json", '{"a": {"b": [1]}}'),
        ("eid2cls.json", "[]"),
        ("entity2id.txt", "\n"),
    ],
)
def test_a_file_that_is_broken_as_a_whole_is_named(folder: Path, file: str, text: str) -> None:
    (folder / file).write_text(text)
    with pytest.raises(MesedFormatError, match=file):
        read_folder(folder)


BAD_LINES = [
    ("entity2id.txt", b"name without id", "not `name<TAB>id`"),
    ("entity2id.txt", b"name\t-1", "not `name<TAB>id`"),
    ("entity2id.txt", b"name\t99999999999", "not `name<TAB>id`"),
    ("entity2id.txt", "name\t١".encode(), "not `name<TAB>id`"),
    ("entity2id.txt", b" \t9", "not `name<TAB>id`"),
    ("entity2id.txt", b"again\t3", "id 3 stands here twice"),
    ("entity2id.txt", b"caf\xe9\t9", "not UTF-8 (byte 3)"),
    ("gt/Cats.txt", b"zero\tname 0\t1", "not `id<TAB>name<TAB>label`"),
    ("gt/Cats.txt", b"0\tname 0\tyes", "not `id<TAB>name<TAB>label`"),
    ("gt/Cats.txt", b"77\tname\t1", "entity 77 is not in entity2id.txt"),
    ("query/Dogs.txt", b"1 2", "not 3 different ids"),
    ("query/Dogs.txt", b"1 2 2", "not 3 different ids"),
    ("query/Dogs.txt", b"1 2 3 4", "not 3 different ids"),
    ("query/Dogs.txt", b"1 2 x", "not 3 different ids"),
    ("query/Dogs.txt", b"1 2 77", "seed 77 is not in entity2id.txt"),
    ("sentences.json", b"{", "not JSON"),
    ("sentences.json", b"[]", "not a JSON object"),
    ("sentences.json", b"[" * 100_000, "not JSON"),
    ("sentences.json", b'{"tokens": ["a"], "entityMentions": [{"entityId": 1', "not JSON"),
    ("sentences.json", b'{"tokens": "a", "entityMentions": []}', "tokens must be a list"),
    ("sentences.json", b'{"tokens": [], "entityMentions": []}', "tokens must be a list"),
    ("sentences.json", rb'{"tokens": ["\u0000"], "entityMentions": []}', "NUL"),
    ("sentences.json", rb'{"tokens": ["\ud800"], "entityMentions": []}', "lone surrogates"),
    ("sentences.json", b'{"tokens": ["a"]}', "entityMentions must be a list"),
    ("sentences.json", b'{"tokens": ["a"], "entityMentions": [7]}', "mention 0 is not an object"),
    (
        "sentences.json",
        b'{"tokens": ["a"], "entityMentions": [{"entityId": 1, "start": 0.5, "end": 1}]}',
        "whole numbers",
    ),
    (
        "sentences.json",
        b'{"tokens": ["a"], "entityMentions": [{"entityId": true, "start": 0, "end": 0}]}',
        "whole numbers",
    ),
    ("sentences.json", b'{"tokens": ["a"], "entityMentions": [], "image": 3}', "image must be"),
    ("sentences.json", b'\xff{"tokens": ["a"], "entityMentions": []}', "not UTF-8 (byte 0)"),
    ("entities.jsonl", b'{"id": 77}', "entity 77 is not in entity2id.txt"),
    ("entities.jsonl", b'{"id": 1, "aliases": "x"}', "aliases must be a list"),
    ("entities.jsonl", b'{"id": 1, "aliases": [""]}', "alias '': it has no name"),
    ("entities.jsonl", b'{"id": 1, "role": "boss"}', "role 'boss' is none of target"),
    ("entities.jsonl", b'{"id": 1, "role": ["target"]}', "is none of target"),
    ("entities.jsonl", b'{"id": 1, "reference_image": 5}', "image must be a path"),
    ("candidates.jsonl", b'{"sentence": 1}', "must be whole numbers"),
    (
        "candidates.jsonl",
        b'{"sentence": 99, "mention": 0, "image": "a"}',
        "sentence 99 is not there",
    ),
    ("candidates.jsonl", b'{"sentence": 1, "mention": 3, "image": "a"}', "no mention 3"),
    ("candidates.jsonl", b'{"sentence": 1, "mention": 0, "image": ""}', "image must be a path"),
    (
        "candidates.jsonl",
        b'{"sentence": 1, "mention": 0, "image": "a", "rank": 11}',
        "rank must be",
    ),
]


@pytest.mark.parametrize(("file", "bad", "reason"), BAD_LINES)
def test_a_malformed_line_is_set_aside_with_its_place(
    folder: Path, file: str, bad: bytes, reason: str
) -> None:
    expected = everything(read_folder(folder).records)
    path = folder / file
    before = path.read_bytes() if path.exists() else b""
    path.write_bytes(before.replace(b"EXIT\n", b"") + bad + b"\n")
    read = read_folder(folder)
    assert everything(read.records) == expected
    (item,) = read.set_aside
    assert (item.file, item.line) == (file, before.count(b"\n") + 1)
    assert reason in item.reason


@pytest.mark.parametrize(("file", "bad", "reason"), BAD_LINES[::5])
def test_strict_stops_at_the_first_malformed_line(
    folder: Path, file: str, bad: bytes, reason: str
) -> None:
    with (folder / file).open("ab") as stream:
        stream.write(bad + b"\n")
    with pytest.raises(MesedFormatError, match=rf"^{file}:\d+: .*mend the line") as refusal:
        list(read_folder(folder, strict=True).records.sentences)
    assert "set aside" not in str(refusal.value)


def test_labels_below_one_are_no_members(folder: Path) -> None:
    (folder / "gt" / "Cats.txt").write_text(
        "0\tname 0\t-1\n1\tname 1\t0\n2\tname 2\t1\n2\tagain\t1\n"
    )
    assert read_folder(folder).records.members["Cats"] == (2,)


def test_where_gt_and_eid2cls_differ_gt_is_taken_and_it_is_said(folder: Path) -> None:
    (folder / "eid2cls.json").write_text('{"0": ["Cats"], "6": ["Birds"], "99": ["Cats"]}')
    read = read_folder(folder)
    assert read.records.members["Cats"] == (0, 1, 2)
    assert read.records.members["Birds"] == (6,)
    assert [item.file for item in read.set_aside] == ["eid2cls.json"] * 3


def test_a_file_whose_name_is_not_utf8_is_set_aside(folder: Path) -> None:
    for name in ("gt", "query"):
        Path(os.fsdecode(os.fsencode(folder / name) + b"/caf\xe9.txt")).write_text("1\tname 1\t1\n")
    read = read_folder(folder)
    assert set(read.records.members) == {"Cats", "Dogs"}
    assert [str(item) for item in read.set_aside] == [
        r"gt/'caf\udce9.txt': its name is not UTF-8; set aside",
        r"query/'caf\udce9.txt': its name is not UTF-8; set aside",
    ]


def test_query_files_of_no_class_are_set_aside(folder: Path) -> None:
    (folder / "query" / "Birds.txt").write_text("1 2 3\n")
    (item,) = read_folder(folder).set_aside
    assert str(item) == "query/Birds.txt: no class of this name; the file was set aside"


def test_sentences_stream_and_may_be_walked_twice(folder: Path) -> None:
    with (folder / "sentences.json").open("a") as stream:
        stream.write("{broken\n")
    read = read_folder(folder)
    assert len(list(islice(read.records.sentences, 7))) == 7
    assert read.set_aside == ()  # the broken line has not been reached
    assert len(list(read.records.sentences)) == len(list(read.records.sentences)) == 7
    assert len(read.set_aside) == 1


def test_candidates_stand_in_for_the_sentences_image(folder: Path) -> None:
    rows = [
        {"sentence": 2, "mention": 0, "image": "y.jpg", "rank": 2},
        {"sentence": 2, "mention": 0, "image": "x.jpg", "rank": 1},
        {"sentence": 4, "mention": 0, "image": None},
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "candidates.jsonl").write_text(text)
    found = [s.mentions[0].candidates for s in read_folder(folder).records.sentences]
    assert found[0] == (Candidate("0.jpg"),)
    assert found[1] == (Candidate("x.jpg", 1), Candidate("y.jpg", 2))
    assert found[3] == ()


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(str.strip)
PATHS = st.sampled_from(["a.jpg", "b/c.png", "ü.webp", "d e.gif"])
CANDIDATES = st.lists(st.tuples(PATHS, st.integers(1, 10)), max_size=4).map(
    lambda pairs: tuple(
        Candidate(image, rank)
        for rank, image in sorted({rank: image for image, rank in pairs}.items())
    )
)


@st.composite
def corpora(draw: Callable[..., object]) -> CorpusRecords:
    """Any corpus that the layout can hold: classes grouped by their levels, 3 or 5 seeds."""
    ids = draw(st.lists(st.integers(0, 2**31 - 1), min_size=5, max_size=8, unique=True))
    entities = [
        Entity(
            number,
            draw(NAMES),
            tuple(draw(st.lists(NAMES, max_size=2, unique=True))),
            draw(st.sampled_from(ROLES)),
            draw(st.none() | PATHS),
        )
        for number in ids
    ]
    some = st.lists(st.sampled_from(ids), unique=True, max_size=5).map(tuple)
    classes = [SemanticClass(f"class {n}", f"middle {n // 2}", "ü") for n in range(3)]
    queries = [
        Query(c.name, index, tuple(draw(st.permutations(ids)))[:count])
        for c in classes
        for count in (3, 5)
        for index in range(draw(st.integers(0, 2)))
    ]
    mentions = st.builds(Mention, st.sampled_from(ids), st.just(0), st.just(0), CANDIDATES)
    sentences = draw(
        st.lists(
            st.builds(
                Sentence,
                st.lists(NAMES, min_size=1, max_size=4).map(tuple),
                st.lists(mentions, max_size=3).map(tuple),
            ),
            max_size=5,
        )
    )
    return CorpusRecords(
        name="any",
        entities=entities,
        classes=classes,
        members={c.name: draw(some) for c in classes},
        queries=queries,
        sentences=[replace(s, line=number) for number, s in enumerate(sentences, 1)],
        image_root=Path("images"),
    )


@given(records=corpora())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_written_is_read_back_equal(
    records: CorpusRecords, tmp_path_factory: pytest.TempPathFactory
) -> None:
    target = tmp_path_factory.mktemp("corpus") / "new"
    write_folder(records, target)
    read = read_folder(target)
    assert everything(read.records) == everything(records)
    assert read.set_aside == ()


def test_a_plain_corpus_gets_no_file_that_it_had_not(folder: Path, tmp_path: Path) -> None:
    write_folder(read_folder(folder).records, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "entity2id.txt",
        "gt",
        "query",
        "query_seed=5",
        "sentences.json",
    ]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"entities": [Entity(0, "a\tb")]}, "cannot hold the name"),
        ({"members": {"../up": (0,)}}, "cannot name a file"),
        ({"members": {"Background": (0,)}}, "cannot name a file"),
        ({"queries": [Query("Cats", 0, (0, 1))]}, "has 2 seeds"),
    ],
)
def test_what_the_layout_cannot_hold_is_refused_before_a_file_is_written(
    folder: Path, tmp_path: Path, change: dict[str, object], reason: str
) -> None:
    with pytest.raises(MesedFormatError, match=reason):
        write_folder(replace(read_folder(folder).records, **change), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_is_replaced_only_when_asked_and_never_while_it_is_read(
    folder: Path, tmp_path: Path
) -> None:
    records, target = read_folder(folder).records, tmp_path / "out"
    write_folder(records, target)
    with pytest.raises(MesedFormatError, match="holds a corpus already"):
        write_folder(records, target)
    members = {"Cats": records.members["Cats"]}
    smaller = replace(records, members=members, classes=records.classes[:1], queries=())
    write_folder(smaller, target, replace=True)
    assert everything(read_folder(target).records) == everything(smaller)
    with pytest.raises(MesedFormatError, match="read and written at once"):
        write_folder(records, folder, replace=True)


@pytest.mark.photobench
@pytest.mark.skipif(not PHOTOBENCH.is_dir(), reason=f"{PHOTOBENCH} is not there")
def test_photobench_survives_byte_for_byte(tmp_path: Path) -> None:
    read = read_folder(PHOTOBENCH)
    write_folder(read.records, tmp_path / "out")
    assert read.set_aside == ()
    files = [PHOTOBENCH / name for name in LAYOUT]
    for name in ("gt", "query", "query_seed=5"):
        files += sorted((PHOTOBENCH / name).iterdir())
    for file in files:
        copy = tmp_path / "out" / file.relative_to(PHOTOBENCH)
        assert copy.read_bytes() == file.read_bytes(), file.name
