"""The simple form: rows become contexts, and what is no row says why."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mese.corpus import Candidate, Mention, SemanticClass, Sentence
from mese.mesed_lines import MesedFormatError
from mese.own_form import draw_queries, find_mention, read_own_form

TEXT = "In LOS ANGELES , it ' s hot ; los angeles !"
ROWS = [
    ("Los Angeles", "In LOS ANGELES, it's hot; los angeles!", "la.jpg", "Cities"),
    ("Peru", "Peruvians live in Peru.", "", ""),
    ("Bogotá", "Bogotá lies high", "b.png", "Cities"),
]


def write_csv(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


@pytest.fixture
def csv_file(tmp_path: Path) -> Path:
    rows = "".join(f'{e},"{s}",{i},{c}\n' for e, s, i, c in ROWS)
    return write_csv(tmp_path / "mine.csv", f"entity,sentence,image,class\n{rows}")


def test_rows_become_sentences_with_their_mention_found(csv_file: Path) -> None:
    read = read_own_form(csv_file)
    records = read.records
    tokens = tuple(TEXT.split())
    assert list(records.sentences) == [
        Sentence(tokens, (Mention(0, 1, 2, (Candidate("la.jpg"),)),), 2),
        Sentence(("Peruvians", "live", "in", "Peru", "."), (Mention(1, 3, 3),), 3),
        Sentence(("Bogotá", "lies", "high"), (Mention(2, 0, 0, (Candidate("b.png"),)),), 4),
    ]
    assert [entity.name for entity in records.entities] == ["Los Angeles", "Peru", "Bogotá"]
    assert records.classes == [SemanticClass("Cities")]
    assert records.members == {"Cities": (0, 2)}
    assert records.queries == ()
    assert (records.name, records.image_root) == ("mine", csv_file.parent)
    assert read.set_aside == ()


def test_jsonl_says_the_same_and_may_give_several_classes(csv_file: Path, tmp_path: Path) -> None:
    rows = [dict(zip(("entity", "sentence", "image", "class"), row, strict=True)) for row in ROWS]
    rows[0]["class"] = ["Cities", "Hot"]  # type: ignore[assignment]
    path = tmp_path / "mine.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    records = read_own_form(path).records
    assert [s.mentions for s in records.sentences] == [
        s.mentions for s in read_own_form(csv_file).records.sentences
    ]
    assert records.members == {"Cities": (0, 2), "Hot": (0,)}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("Rome,Romeo is here,r.jpg,", "'Rome' does not stand in the sentence"),
        (",x,,", "entity: it has no name"),
        ("Rome,,,", "sentence must be text"),
        ("Rome,Rome", "2 columns where there are 4"),
        ("Rome,Rome,,../up", "class: class '../up' cannot name a file"),
        ("Rome,Rome\0,,", "sentence must be text without NUL"),
        (f"{'x' * 1001},x,,", "1,001 letters"),
        ('"Rome" x,Rome,,', "not CSV"),
        ("!!!,Rome,,", "does not stand in the sentence"),
    ],
)
def test_a_row_that_is_none_is_set_aside_with_its_line(
    csv_file: Path, row: str, reason: str
) -> None:
    lines = csv_file.read_text().splitlines()
    csv_file.write_text("\n".join([*lines[:2], row, *lines[2:]]) + "\n")
    read = read_own_form(csv_file)
    assert len(list(read.records.sentences)) == 3
    (item,) = read.set_aside
    assert (item.file, item.line) == ("mine.csv", 3)
    assert reason in item.reason
    with pytest.raises(MesedFormatError, match=r"^mine\.csv:3: "):
        read_own_form(csv_file, strict=True)


def test_a_quote_that_never_ends_costs_what_it_swallows_and_is_told(csv_file: Path) -> None:
    with csv_file.open("a") as stream:
        stream.write('Rome,"Rome never ends\n')
    read = read_own_form(csv_file)
    assert len(list(read.records.sentences)) == 3
    assert "not CSV" in str(read.set_aside[0])


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.csv", "name,text\n", "the first line must name the columns entity, sentence"),
        ("a.csv", "", "the first line must name the columns"),
        ("a.csv", "entity,sentence,entity\n", "the first line must name"),
        ("a.csv", "entity,sentence\n", "has no usable row"),
        ("a.jsonl", "[]\n", "has no usable row; first of all a.jsonl:1: not a JSON object"),
        ("a.txt", "x", "neither a MESED folder nor a .csv or .jsonl file"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, name: str, text: str, reason: str) -> None:
    with pytest.raises(MesedFormatError, match=reason):
        read_own_form(write_csv(tmp_path / name, text))


@pytest.mark.parametrize(
    ("tokens", "name", "place"),
    [
        ("a b a b", "A B", 0),
        ("ab b", "b", 1),
        ("a b", "b c", None),
        ("STRASSE", "straße", 0),
        ("a", "", None),
    ],
)
def test_a_mention_is_whole_words_whatever_their_case(
    tokens: str, name: str, place: int | None
) -> None:
    assert find_mention(tokens.split(), name.split()) == place


def test_queries_keep_the_rules_of_the_specification() -> None:
    members = {"A": range(12), "B": range(6, 9), "C": range(7, 20), "D": (1, 2), "E": (30, 31, 32)}
    usable = set(range(20))
    queries = draw_queries(members, usable)
    assert queries == draw_queries(members, usable)
    assert {q.class_name for q in queries} == {"A", "B", "C"}
    for q in queries:
        assert len(set(q.seeds)) == len(q.seeds) in (3, 5)
        assert set(q.seeds) <= set(members[q.class_name]) & usable
    for count in (3, 5):
        for index in range(5):
            seeds = [
                s for q in queries if (len(q.seeds), q.index) == (count, index) for s in q.seeds
            ]
            assert len(seeds) == len(set(seeds))
        for name in members:
            numbers = [q.index for q in queries if (q.class_name, len(q.seeds)) == (name, count)]
            assert numbers == list(range(len(numbers)))
    of_b = [set(q.seeds) for q in queries if q.class_name == "B"]
    assert of_b == [{6, 7, 8}]
