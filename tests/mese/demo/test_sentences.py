"""Sentences: how a frame is filled, what gives an entity away, which names are used."""

from __future__ import annotations

from collections import Counter

import pytest

from mese.demo.families import all_families
from mese.demo.family import Subject
from mese.demo.sentences import (
    Spoken,
    gives_away,
    names_class,
    realise,
    sentences_of,
    serves,
    slots_of,
    tokenise,
)

FAMILIES = {family.name: family for family in all_families()}


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Washington D.C.", ["Washington", "D", ".", "C", "."]),
        ("Lake Coeur d'Alene", ["Lake", "Coeur", "d", "'", "Alene"]),
        ("Guinea-Bissau", ["Guinea", "-", "Bissau"]),
        ("São Tomé", ["São", "Tomé"]),
    ],
)
def test_words_and_punctuation_stand_apart(text: str, tokens: list[str]) -> None:
    assert tokenise(text) == tokens


def test_a_frame_filled_by_hand() -> None:
    found = realise(
        "{Landmark} is far from {X} .", "the Big Apple", {"landmark": "the Space Needle"}
    )
    words = ("The", "Space", "Needle", "is", "far", "from", "the", "Big", "Apple", ".")
    assert found == Spoken(words, 7, 8, ("the Space Needle",))


def test_an_article_before_the_name_opens_the_sentence() -> None:
    found = realise("{X} lies on {water} .", "the Netherlands", {"water": "the North Sea"})
    assert found.tokens[:2] == ("The", "Netherlands")
    assert (found.start, found.end) == (1, 1)


def test_a_frame_serves_who_has_its_facts() -> None:
    subject = Subject("a/b", "B", ("B",), (), {"landmark": ("one",), "water": ("sea", "lake")})
    assert slots_of("{X} has {Landmark} and {landmark2} .") == ["landmark", "landmark2"]
    assert serves("{X} has {landmark} .", subject)
    assert not serves("{X} has {landmark} and {landmark2} .", subject)
    assert serves("{X} has {water} and {water2} .", subject)
    assert not serves("{X} is old : {year} .", subject)


@pytest.mark.parametrize(
    ("text", "common", "told"),
    [
        ("{X} lies on the Boise River .", frozenset(), True),
        ("{X} lies on the boisterous river .", frozenset(), True),
        ("{X} lies on the river .", frozenset(), False),
        ("{X} , or the City of Trees , is dry .", frozenset(), True),
    ],
)
def test_a_word_with_the_stem_of_a_name_gives_it_away(
    text: str, common: frozenset[str], told: bool
) -> None:
    subject = Subject("a/b", "Boise", ("Boise", "the City of Trees"), (), {})
    assert gives_away(subject, realise(text, "Boise", {}), common) is told


def test_words_that_many_names_share_give_nothing_away() -> None:
    subject = Subject("a/b", "New Delhi", ("New Delhi",), (), {})
    spoken = realise("{X} has a new station .", "New Delhi", {})
    assert gives_away(subject, spoken, frozenset())
    assert not gives_away(subject, spoken, frozenset({"new"}))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("{X} belongs to West Africa .", True),
        ("{X} lies near Sweden .", True),
        ("{X} is a country .", True),
        ("{X} is known for cocoa .", False),
        ("{X} lies near Asia .", False),
        ("All that is known is the place called {X} .", False),
    ],
)
def test_a_word_of_its_own_class_s_name_names_the_class(text: str, names: bool) -> None:
    classes = ("West African countries", "Elements discovered in Sweden", "Elements known early")
    subject = Subject("a/b", "B", ("B",), classes, {})
    assert names_class(subject, realise(text, "B", {}), frozenset({"country"})) is names


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Guinea-Bissau", {"west", "africa"}),
        ("Gabon", {"central", "africa"}),
        ("Syria", {"arab", "arabic", "mediterranean"}),
        ("Munich", {"germany", "german"}),
        ("thulium", {"sweden", "swedish"}),
    ],
)
def test_an_entity_is_not_told_by_a_region_that_its_class_is_called_after(
    name: str, words: set[str]
) -> None:
    pairs = ((f, s) for f in FAMILIES.values() for s in f.subjects if name in (s.name, *s.spoken))
    family, subject = next(pairs)
    found = sentences_of(subject, family)
    naming = [s for s in found if words & {token.casefold() for token in s.tokens}]
    assert len(found) >= 2
    assert len(naming) <= len(found) / 5


def test_most_of_a_citys_frames_serve_states_too() -> None:
    """The frame alone must not give the class away."""
    family = FAMILIES["cities-and-states"]
    cities = [s for s in family.subjects if "US cities" in s.classes]
    states = [s for s in family.subjects if "US states" in s.classes]
    of_cities = [f for f in family.frames if any(serves(f, s) for s in cities)]
    assert all(any(serves(f, s) for s in states) for f in of_cities)


def test_a_sentence_carries_facts_of_its_entity() -> None:
    family = FAMILIES["cities-and-states"]
    texas = next(subject for subject in family.subjects if subject.name == "Texas")
    text = " ".join(" ".join(spoken.tokens) for spoken in sentences_of(texas, family))
    known = [value for values in texas.slots.values() for value in values]
    assert sum(" ".join(tokenise(value)) in text for value in known) >= 10


def test_other_names_are_used() -> None:
    used = Counter()
    for family in FAMILIES.values():
        for subject in family.subjects:
            for spoken in sentences_of(subject, family):
                used[" ".join(spoken.tokens[spoken.start : spoken.end + 1])] += 1
    assert used["NYC"]
    assert used["Holland"]
    assert used["Burma"]
    assert used["Georgia"] > 12


def test_the_same_on_every_call() -> None:
    for family in FAMILIES.values():
        subject = family.subjects[0]
        assert sentences_of(subject, family) == sentences_of(subject, family)
