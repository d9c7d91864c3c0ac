"""Sentences: one mention each, no give-away, frames that no class owns, facts that are true."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from mese.demo import facts, sentences
from mese.demo.facts import Subject
from mese.demo.sentences import Spoken, realise, sentences_of, serves, tokenise

SUBJECTS = facts.subjects()
ALL = {subject.name: sentences_of(subject) for subject in SUBJECTS}


def family(subject: Subject) -> str:
    return subject.slug.split("/")[0]


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
    assert found == Spoken(words, 7, 8)


def test_an_article_before_the_name_opens_the_sentence() -> None:
    found = realise("{X} lies on {water} .", "the Netherlands", {"water": "the North Sea"})
    assert found.tokens[:2] == ("The", "Netherlands")
    assert (found.start, found.end) == (1, 1)


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda s: s.slug)
def test_an_entity_has_ten_contexts_or_more_all_different(subject: Subject) -> None:
    found = ALL[subject.name]
    assert len(found) >= 10
    assert len({spoken.tokens for spoken in found}) == len(found)


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda s: s.slug)
def test_the_mention_is_a_name_and_stands_once(subject: Subject) -> None:
    forms = [subject.name, *subject.aliases]
    spans = {tuple(tokenise(form)) for form in forms}
    for spoken in ALL[subject.name]:
        assert spoken.tokens[spoken.start : spoken.end + 1] in spans
        rest = " ".join((*spoken.tokens[: spoken.start], "_", *spoken.tokens[spoken.end + 1 :]))
        for form in forms:
            name = re.escape(" ".join(tokenise(form)))
            assert not re.search(rf"(?<!\w){name}(?!\w)", rest, re.IGNORECASE), (form, rest)


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda s: s.slug)
def test_few_sentences_name_the_class(subject: Subject) -> None:
    nouns = {"city", "cities", "state", "states", "country", "countries"}
    naming = 0
    for spoken in ALL[subject.name]:
        rest = spoken.tokens[: spoken.start] + spoken.tokens[spoken.end + 1 :]
        naming += bool(nouns & {token.lower() for token in rest})
    assert naming <= len(ALL[subject.name]) / 5


def test_lengths_vary_within_bounds() -> None:
    lengths = [len(spoken.tokens) for found in ALL.values() for spoken in found]
    assert min(lengths) >= 6
    assert max(lengths) <= 35
    assert len(set(lengths)) >= 20


@pytest.mark.parametrize("name", ["us-cities", "us-states", "countries"])
def test_a_family_has_twenty_frames_or_more(name: str) -> None:
    own = [subject for subject in SUBJECTS if family(subject) == name]
    used = [f for f in sentences.frames() if any(serves(f, subject) for subject in own)]
    assert len(used) >= 20


@pytest.mark.parametrize("frame", sentences.frames())
def test_no_frame_belongs_to_one_class_alone(frame: str) -> None:
    classes = {c for subject in SUBJECTS if serves(frame, subject) for c in subject.classes}
    assert len(classes) >= 2


def test_most_of_a_citys_frames_serve_states_too() -> None:
    """The frame alone must not give the class away."""
    cities = [s for s in SUBJECTS if family(s) == "us-cities"]
    states = [s for s in SUBJECTS if family(s) == "us-states"]
    of_cities = [f for f in sentences.frames() if any(serves(f, s) for s in cities)]
    assert all(any(serves(f, s) for s in states) for f in of_cities)


def test_a_sentence_carries_facts_of_its_entity() -> None:
    texas = next(subject for subject in SUBJECTS if subject.name == "Texas")
    text = " ".join(" ".join(spoken.tokens) for spoken in ALL["Texas"])
    known = [value for values in texas.slots.values() for value in values]
    assert sum(" ".join(tokenise(value)) in text for value in known) >= 10


def test_other_names_are_used() -> None:
    used = Counter()
    for subject in SUBJECTS:
        for spoken in ALL[subject.name]:
            used[" ".join(spoken.tokens[spoken.start : spoken.end + 1])] += 1
    assert used["NYC"]
    assert used["Holland"]
    assert used["Burma"]
    assert used["Georgia"] > sentences.CONTEXTS


def test_the_same_on_every_call() -> None:
    assert [sentences_of(subject) for subject in SUBJECTS[:20]] == list(ALL.values())[:20]
