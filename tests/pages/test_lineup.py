"""Side by side: rank moves, what is new and gone, and which entry is which entity."""

from __future__ import annotations

import pytest

from db.accounts import Role, User
from db.shown import Shown
from pages.parts.case_columns import Column
from pages.parts.case_facts import Item
from pages.parts.case_grid import Tag, read_tags
from pages.parts.lineup import line_up, move_of

ANN = User("ann", Role.RATER)


def column(
    names: str, corpus: str = "f", kinds: str = "", trouble: str = "", shift: int = 0
) -> Column:
    """A list of one-letter entities."""
    words = {"h": "hit", "n": "hard", "o": "other"}
    items = tuple(
        Item(ord(name) + shift, name, rank, 0.5, (), words[kind], None)
        for rank, (name, kind) in enumerate(zip(names, kinds or "o" * len(names), strict=True), 1)
    )
    shown = Shown("corpus", corpus, ("C",) if kinds else (), (), 9)
    return Column(f"list {names}", "", items, shown, trouble)


@pytest.mark.parametrize(
    ("before", "rank", "sign", "words"),
    [
        (None, 3, "new", "not in the first list"),
        (3, 3, "=", "at the same rank"),
        (15, 3, "↑12", "12 places up"),
        (2, 3, "↓1", "1 place down"),
    ],
)
def test_a_move_is_told_in_a_sign_and_in_words(
    before: int | None, rank: int, sign: str, words: str
) -> None:
    assert move_of(before, rank) == (sign, words)


def test_every_column_is_held_against_the_first() -> None:
    first, second, third = line_up(ANN, [column("abcd"), column("bxad"), column("")])
    assert [row["sign"] for row in first["rows"]] == [""] * 4
    assert [(row["name"], row["sign"]) for row in second["rows"]] == [
        ("b", "↑1"),
        ("x", "new"),
        ("a", "↓2"),
        ("d", "="),
    ]
    assert [(item["name"], item["was"]) for item in second["gone"]] == [("c", 3)]
    assert first["gone"] == []
    assert len(third["gone"]) == 4
    keys = {row["name"]: row["key"] for row in first["rows"]}
    assert all(row["key"] == keys.get(row["name"], row["key"]) for row in second["rows"])


def test_what_could_not_be_made_has_nothing_gone() -> None:
    _, second = line_up(ANN, [column("ab"), column("", corpus="", trouble="no bundle")])
    assert (second["trouble"], second["rows"], second["gone"]) == ("no bundle", [], [])


def test_between_corpora_names_tell_entities() -> None:
    _, second = line_up(ANN, [column("ab"), column("ba", corpus="g", shift=7)])
    assert [row["sign"] for row in second["rows"]] == ["↑1", "↓1"]


def test_within_a_corpus_namesakes_are_two() -> None:
    _, second = line_up(ANN, [column("ab"), column("ab", shift=7)])
    assert [row["sign"] for row in second["rows"]] == ["new", "new"]


def test_hits_and_hard_negatives_are_counted() -> None:
    first, second = line_up(ANN, [column("abc", kinds="hho"), column("xbc", kinds="nho")])
    assert first["tally"] == "2 hits of 9 · 0 hard negatives"
    assert second["tally"] == "1 hit of 9 · 1 hard negative · 2 also in the first list"
    assert [row["verdict"] for row in second["rows"]] == ["▲ hard negative", "✓ hit", "○ other"]


@pytest.mark.parametrize(
    "sent",
    [
        None,
        "x",
        {},
        [None, 3, []],
        [{"number": 1, "id": -1, "clue": "scene", "on": True}],
        [{"number": 1, "id": True, "clue": "scene", "on": True}],
        [{"number": "1", "id": 1, "clue": "scene", "on": True}],
        [{"number": 1, "id": 1, "clue": "smell", "on": True}],
        [{"number": 1, "id": 1, "clue": "scene", "on": "yes"}],
        [{"number": 1, "id": 1, "clue": ["scene"], "on": True}],
    ],
)
def test_what_a_browser_made_up_is_no_tag(sent: object) -> None:
    assert read_tags(sent, 0) == []


def test_tags_are_worked_off_once_and_in_their_order() -> None:
    sent = [{"number": n, "id": 7, "clue": "scene", "on": n % 2 == 0} for n in (5, 4, 3)]
    assert read_tags(sent, 3) == [Tag(4, 7, "scene", True), Tag(5, 7, "scene", False)]
