"""The simple form: rows become contexts, and what is no row says why."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mese.corpus import Candidate, Mention, SemanticClass, Sentence
from mese.own_form import find_mention, read_own_form
from mese.setting_aside import MesedFormatError

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
        (f"Rome,Rome,{'é' * 1_301},", "image: the path"),
        (f"Rome,{'x' * 140_000},,", "not CSV (field larger than field limit"),
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


def test_a_quote_that_never_ends_costs_its_own_line(tmp_path: Path) -> None:
    rows = [f'Peru,"Peru, row {n}",p.png,Lands' for n in range(2_000)]
    rows[3] = 'Peru,"Peru, row 3,p.png,Lands'
    text = "entity,sentence,image,class\n" + "\n".join(rows) + "\n"
    read = read_own_form(write_csv(tmp_path / "mine.csv", text))
    told = [sentence.tokens[-1] for sentence in read.records.sentences]
    assert told == [str(n) for n in range(2_000) if n != 3]
    (item,) = read.set_aside
    assert (item.file, item.line) == ("mine.csv", 5)
    assert "not CSV" in item.reason


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.csv", "name,text\n", "must name .* it names 'name, text', and no entity and sentence$"),
        ("a.csv", "name,sentence\n", "it names 'name, sentence', and no entity$"),
        ("a.csv", "entity;sentence\n", "it is 'entity;sentence': put commas between"),
        ("a.csv", "", "must name the columns entity and sentence, .* it names none"),
        ("a.csv", "entity,sentence,entity\n", "it names one twice: 'entity, sentence, entity'"),
        ("a.csv", "entity,sentence\n", "has no usable row"),
        ("a.jsonl", "[]\n", "has no usable row; first of all a.jsonl:1: not a JSON object"),
        ("a.csv", f"entity,sentence,{'x' * 140_000}\n", "the first line must name"),
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
