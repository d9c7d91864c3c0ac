"""Playing cards: pips are counted, points add up to what the games' rules say, suits look right."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest
from scipy import ndimage

from mese.demo.families import cards
from mese.demo.families.cards import FOLDER, families
from mese.demo.families.cards.faces import CARD, Card, face
from mese.demo.families.cards.suits import INK, PIPS, shape
from mese.demo.family import FactsError, Subject, read_table

SUBJECTS = {subject.spoken[0].removeprefix("the "): subject for subject in families()[0].subjects}
RANKS = ["Ace", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten"]
RANKS += ["Jack", "Queen", "King"]
SUITS = ["Spades", "Hearts", "Diamonds", "Clubs"]
NUMBERS = dict(
    zip(
        ["nothing", "one", "two", "three", "four", "eleven"],
        [0, 1, 2, 3, 4, 11],
        strict=True,
    )
)


def card_of(name: str) -> Card:
    card = SUBJECTS[name].drawing
    assert isinstance(card, Card)
    return card


def ink_of(name: str) -> np.ndarray:
    """Where the face is inked, in the field between the corners."""
    pixels = np.asarray(face(card_of(name)).convert("RGB"), dtype=int)
    dark = (255 - pixels).max(axis=2) > 110
    dark[:, :52] = dark[:, -52:] = False
    dark[:8] = dark[-8:] = False
    return dark


def test_the_pack_is_whole() -> None:
    assert set(SUBJECTS) == {f"{rank} of {suit}" for rank in RANKS for suit in SUITS}
    sizes = Counter(c for subject in SUBJECTS.values() for c in subject.classes)
    assert sizes["Heart cards"] == 13
    assert sizes["Court cards"] == 12
    assert sizes["Number cards"] == 36


@pytest.mark.parametrize("suit", SUITS)
@pytest.mark.parametrize("count", range(1, 11))
def test_pips_are_counted(suit: str, count: int) -> None:
    _, found = ndimage.label(ink_of(f"{RANKS[count - 1]} of {suit}"))
    assert found == count


@pytest.mark.parametrize("count", range(1, 11))
def test_pips_stand_in_mirror_symmetry(count: int) -> None:
    spots = {(x, round(y, 6)) for x, y in PIPS[count]}
    assert len(spots) == count
    assert {(1 - x, y) for x, y in spots} == spots
    if count != 7:  # the seventh pip stands in the upper half only
        assert {(x, round(1 - y, 6)) for x, y in spots} == spots


@pytest.mark.parametrize("suit", [s.lower() for s in SUITS])
def test_signs_of_suits_are_symmetric_and_differ(suit: str) -> None:
    mask = np.asarray(shape(suit, 80), dtype=int)
    assert np.abs(mask - mask[:, ::-1]).mean() < 6
    others = [np.asarray(shape(s.lower(), 80), dtype=int) for s in SUITS if s.lower() != suit]
    assert min(np.abs(mask - other).mean() for other in others) > 20


def test_a_heart_is_wide_above_and_pointed_below() -> None:
    """As it stands on the ace, whose pip must not be upside down."""
    rows = ink_of("Ace of Hearts").sum(axis=1)
    tall = np.flatnonzero(rows)
    middle = (tall[0] + tall[-1]) // 2
    assert rows[:middle].sum() > 1.5 * rows[middle:].sum()
    assert rows[tall[-1]] < 6


@pytest.mark.parametrize(
    ("suit", "red"), [("spades", False), ("hearts", True), ("diamonds", True), ("clubs", False)]
)
def test_suits_have_their_colour_in_picture_and_words(suit: str, red: bool) -> None:
    subject = SUBJECTS[f"Ace of {suit.capitalize()}"]
    assert subject.slots["colour"] == ("red" if red else "black",)
    pixel = face(card_of(f"Ace of {suit.capitalize()}")).getpixel((CARD[0] // 2, CARD[1] // 2))
    assert pixel[:3] == INK[suit]  # type: ignore[index]
    assert (INK[suit][0] > 150) == red


@pytest.mark.parametrize("rank", ["Jack", "Queen", "King"])
@pytest.mark.parametrize("suit", SUITS)
def test_courts_are_double_ended(rank: str, suit: str) -> None:
    pixels = np.asarray(face(card_of(f"{rank} of {suit}")).convert("L"), dtype=float)
    assert np.abs(pixels - pixels[::-1, ::-1]).mean() < 8


def test_pips_are_told_where_there_are_several() -> None:
    for name, subject in SUBJECTS.items():
        count = RANKS.index(name.split()[0]) + 1
        assert subject.slots["pips"] == ((str(count),) if 2 <= count <= 10 else ()), name


def test_neighbours_are_one_step_away_in_rank() -> None:
    for name, subject in SUBJECTS.items():
        place = RANKS.index(name.split()[0])
        near = {RANKS[(place - 1) % 13], RANKS[(place + 1) % 13]}
        found = [value.removeprefix("the ") for value in subject.slots["next"]]
        assert {value.split()[0] for value in found} == near
        assert len(set(found)) == 8, "as many of each suit: no telling which is its own"


def test_other_cards_tell_neither_rank_nor_suit() -> None:
    for name, subject in SUBJECTS.items():
        found = [value.removeprefix("the ").split(" of ") for value in subject.slots["other"]]
        place = RANKS.index(name.split()[0])
        steps = {(RANKS.index(rank) - place) % 13 for rank, _ in found}
        assert not steps & {0, 1, 12}
        assert Counter(suit for _, suit in found) == dict.fromkeys(SUITS, 2)


def told(subject: Subject, game: str) -> int | None:
    """The points of a card in a game, if its facts tell them."""
    for value in subject.slots["points"]:
        if game in value:
            word = re.match(r"\w+", value)
            assert word is not None
            return NUMBERS.get(word[0])
    return None


def test_bridge_points_of_a_pack_are_forty() -> None:
    assert sum(told(subject, "bridge") or 0 for subject in SUBJECTS.values()) == 40


def test_skat_points_of_a_pack_are_a_hundred_and_twenty() -> None:
    of_tens = 4 * 10  # told as "as many points as it has pips"
    assert sum(told(subject, "skat") or 0 for subject in SUBJECTS.values()) + of_tens == 120


def test_skat_bases_and_bridge_tricks() -> None:
    rows = {row["suit"]: row for row in read_table(FOLDER / "suits.csv")}
    assert [rows[s]["skat"] for s in ("diamonds", "hearts", "spades", "clubs")] == [
        "nine",
        "ten",
        "eleven",
        "twelve",
    ]
    majors = {s for s, row in rows.items() if row["trick"] == "thirty"}
    assert majors == {"spades", "hearts"}


@pytest.mark.parametrize(
    ("name", "alias"),
    [
        ("Nine of Diamonds", "Curse of Scotland"),
        ("Four of Clubs", "Devil's Bedpost"),
        ("King of Hearts", "Suicide King"),
        ("Queen of Spades", "Black Maria"),
        ("Jack of Diamonds", "Laughing Boy"),
        ("Seven of Diamonds", "Beer Card"),
        ("Two of Clubs", "Deuce of Clubs"),
        ("Jack of Clubs", "Knave of Clubs"),
        ("Jack of Clubs", "Lancelot"),
        ("Queen of Hearts", "Judith"),
        ("King of Diamonds", "Caesar"),
        ("King of Hearts", "Charles"),
    ],
)
def test_other_names(name: str, alias: str) -> None:
    subject = SUBJECTS[name]
    assert alias in {subject.name, *subject.aliases}
    assert name in {subject.name, *subject.aliases}


def test_a_card_that_stands_under_an_alias_keeps_its_plain_name() -> None:
    known = [s for s in SUBJECTS.values() if s.synonym]
    assert len(known) == 4
    assert all(" of " in s.spoken[0] and s.name != s.spoken[0] for s in known)


def test_lore_of_a_card_that_is_not_in_the_pack_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def with_stranger(path: object) -> list[dict[str, str]]:
        rows = read_table(path)  # type: ignore[arg-type]
        return [*rows, {**rows[0], "card": "Two of Cups"}] if "lore" in str(path) else rows

    monkeypatch.setattr(cards, "read_table", with_stranger)
    with pytest.raises(FactsError, match="Two of Cups"):
        list(cards._subjects())
