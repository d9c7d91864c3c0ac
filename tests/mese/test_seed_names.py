"""Names as people write them: found where they are there, and a slip is answered with its name."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mese.corpus import Entity
from mese.mentions import SeedError
from mese.seed_names import SeedNames, count_edits

NAMES = SeedNames(
    [
        Entity(1, "Chicago", ("Windy City",)),
        Entity(2, "Boston", ("Beantown",)),
        Entity(3, "San Diego"),
        Entity(4, "San José"),
        Entity(5, "Los Angeles", ("LA", "City of Angels")),
        Entity(6, "Köln", ("Cologne",)),
        Entity(7, "Łódź"),
        Entity(8, "Tromsø"),
        Entity(9, "Alfa", ("Able",)),
        Entity(10, "Deep pink"),
        Entity(11, "Romeo"),
        Entity(12, "Washington D.C.", ("Washington",)),
        Entity(13, "Boron"),
        Entity(14, "Bat"),
        Entity(15, "Santa Fe"),
        Entity(16, "San Antonio"),
    ]
)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Chicagoo", ["Chicago"]),
        ("Chciago", ["Chicago"]),
        ("Chigago", ["Chicago"]),
        ("hicago", []),  # a first letter is seldom wrong
        ("Boton", ["Boron", "Boston"]),
        ("Los Angelos", ["Los Angeles"]),
        ("los angls", ["Los Angeles"]),
        ("Colonge", ["Köln (Cologne)"]),
        ("Washingtno", ["Washington D.C. (Washington)"]),
        ("Washing", ["Washington D.C. (Washington)"]),
        ("Angeles", ["Los Angeles"]),
        ("angels", ["Los Angeles (City of Angels)"]),
        ("Lodz", ["Łódź"]),
        ("Tromso", ["Tromsø"]),
        ("San Jos", ["San José"]),
        ("San", ["San José", "San Diego", "San Antonio"]),  # the three shortest
        ("Table", []),
        ("DeepMind", []),
        ("Rome", []),
        ("Cat", []),
        ("Paris", []),
        ("x", []),
        ("", []),
        ("…", []),
        ("z" * 5000, []),
    ],
)
def test_a_slip_is_answered_with_its_name_and_nothing_else_is(
    written: str, meant: list[str]
) -> None:
    assert NAMES.find(written) is None
    assert sorted(NAMES.like(written)) == sorted(meant)


def test_what_is_there_is_found() -> None:
    assert NAMES.find("KOLN") == NAMES.find("cologne") == 6
    assert NAMES.find("washington dc") == 12


def test_an_entity_is_suggested_once_by_its_likeliest_name() -> None:
    names = SeedNames([Entity(1, "Springfield", ("Springfield City",)), Entity(2, "Springtime")])
    assert names.like("Springfeild") == ["Springfield"]


def test_several_entities_of_one_name_are_named() -> None:
    names = SeedNames([Entity(1, "Georgia"), Entity(2, "Sakartvelo", ("Georgia",)), Entity(3, "B")])
    assert names.find("georgia") == 1
    both = SeedNames([Entity(1, "C"), Entity(2, "C.")])
    assert (both.find("C"), both.find("C.")) == (1, 2)
    with pytest.raises(SeedError, match=r"'c' may be 'C' or 'C\.': give the full name"):
        both.find("c")


def test_namesakes_are_told_apart_by_class_and_chosen_by_number() -> None:
    entities = [Entity(7, "Georgia"), Entity(12, "Georgia"), Entity(30, "georgia"), Entity(4, "B")]
    names = SeedNames(entities, [("US states",), (), ("countries", "Asia"), ()])
    with pytest.raises(SeedError) as caught:
        names.find("Georgia")
    assert str(caught.value) == (
        "'Georgia' may be #7 'Georgia' (US states) or #12 'Georgia': give the number, e.g. #7"
    )
    with pytest.raises(SeedError, match=r"#30 'georgia' \(countries, Asia\): give the number"):
        names.find("GEORGIA")
    assert (names.find("#7"), names.find("#12"), names.find("# 30")) == (7, 12, 30)


def test_many_namesakes_are_not_all_told() -> None:
    names = SeedNames([Entity(n, "X") for n in range(1000)])
    with pytest.raises(SeedError, match=r"or #4 'X' or one of 995 more: give the number, e.g. #0"):
        names.find("X")


def test_a_number_is_no_name_and_a_name_like_a_number_stays_one() -> None:
    names = SeedNames([Entity(1, "12"), Entity(12, "#1"), Entity(3, "#3", ("#12",))])
    assert names.find("12") == 1
    assert names.find("#12") == 12
    assert names.find("#1") == 12  # it is called so
    assert names.find("#99") is names.find("#" + "9" * 40) is names.find("#-7") is None


def naive_edits(a: str, b: str) -> int:
    """Optimal string alignment by its recurrence."""

    @cache
    def d(i: int, j: int) -> int:
        if not i or not j:
            return i + j
        best = min(d(i - 1, j) + 1, d(i, j - 1) + 1, d(i - 1, j - 1) + (a[i - 1] != b[j - 1]))
        if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
            best = min(best, d(i - 2, j - 2) + 1)
        return best

    return d(len(a), len(b))


@given(st.text("abc", max_size=8), st.text("abc", max_size=8))
def test_edits_are_counted_as_the_recurrence_says(a: str, b: str) -> None:
    assert count_edits(a, b) == naive_edits(a, b)


@pytest.mark.parametrize(
    ("a", "b", "edits"),
    [
        ("", "", 0),
        ("abc", "", 3),
        ("boston", "bostno", 1),
        ("kitten", "sitting", 3),
        ("ca", "abc", 3),
    ],
)
def test_edits_by_hand(a: str, b: str, edits: int) -> None:
    assert count_edits(a, b) == edits
