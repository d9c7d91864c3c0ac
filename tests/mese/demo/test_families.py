"""What holds for every family: facts that fill frames, classes that can be asked for, looks."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from functools import lru_cache

import numpy as np
import pytest

from mese.demo.build import draw
from mese.demo.families import all_families
from mese.demo.family import LONG_TAIL, Family
from mese.demo.plan import make_plan, picture_of
from mese.demo.sentences import Spoken, sentences_of, serves, tokenise
from mese.demo.surfaces import SIZE

FAMILIES = all_families()
SIZES = range(8, 61)
"""Members of a fine class."""

each_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.name)


@lru_cache(maxsize=16)
def spoken_of(name: str) -> dict[str, list[Spoken]]:
    family = next(f for f in FAMILIES if f.name == name)
    return {subject.slug: sentences_of(subject, family) for subject in family.subjects}


def others(spoken: Spoken) -> tuple[str, ...]:
    return (*spoken.tokens[: spoken.start], "_", *spoken.tokens[spoken.end + 1 :])


@each_family
def test_an_entity_has_ten_contexts_or_is_of_the_long_tail(family: Family) -> None:
    for subject in family.subjects:
        found = spoken_of(family.name)[subject.slug]
        wanted = LONG_TAIL if subject.contexts in LONG_TAIL else range(10, subject.contexts + 1)
        assert len(found) in wanted, subject.name
        assert len({spoken.tokens for spoken in found}) == len(found), subject.name


@each_family
def test_the_mention_is_a_name_and_stands_once(family: Family) -> None:
    for subject in family.subjects:
        forms = [subject.name, *subject.aliases]
        spans = {tuple(tokenise(form)) for form in forms}
        capital = {(s[0][0].upper() + s[0][1:], *s[1:]) for s in spans}
        for spoken in spoken_of(family.name)[subject.slug]:
            assert spoken.tokens[spoken.start : spoken.end + 1] in spans | capital
            rest = " ".join(others(spoken))
            for form in forms:
                name = re.escape(" ".join(tokenise(form)))
                assert not re.search(rf"(?<!\w){name}(?!\w)", rest, re.IGNORECASE), (form, rest)


@each_family
def test_at_most_one_sentence_in_five_names_the_class(family: Family) -> None:
    found = [spoken for some in spoken_of(family.name).values() for spoken in some]
    naming = [s for s in found if family.class_nouns & {t.lower() for t in others(s)}]
    assert len(naming) <= len(found) / 5


@each_family
def test_the_family_s_class_nouns_are_those_of_its_class_names(family: Family) -> None:
    """A class name's last word, in the plural, must count as naming the class."""
    for c in family.classes:
        assert family.class_nouns & {word.lower() for word in tokenise(c.name)}, c.name


@each_family
def test_a_family_has_twenty_frames_or_more_and_none_is_of_one_class_alone(
    family: Family,
) -> None:
    assert len(set(family.frames)) == len(family.frames) >= 20
    assert all(frame.count("{X}") == 1 for frame in family.frames)
    for frame in family.frames:
        sharing = [s for f in FAMILIES if frame in f.frames for s in f.subjects]
        served = {c for subject in sharing if serves(frame, subject) for c in subject.classes}
        assert len(served) >= 2, frame


@each_family
def test_lengths_vary_within_bounds(family: Family) -> None:
    found = [spoken for some in spoken_of(family.name).values() for spoken in some]
    lengths = [len(spoken.tokens) for spoken in found]
    assert min(lengths) >= 6
    assert max(lengths) <= 35
    assert len(set(lengths)) >= 12


@each_family
def test_a_class_has_eight_to_sixty_members(family: Family) -> None:
    sizes = Counter(name for subject in family.subjects for name in subject.classes)
    assert {c.name: sizes[c.name] for c in family.classes if sizes[c.name] not in SIZES} == {}


@each_family
def test_one_entity_in_ten_is_of_the_long_tail(family: Family) -> None:
    tail = [subject for subject in family.subjects if subject.contexts in LONG_TAIL]
    assert 0.04 <= len(tail) / len(family.subjects) <= 0.2


@each_family
def test_the_reference_and_every_look_differ_and_repeat(family: Family) -> None:
    assert len(family.looks) >= 8
    subject = family.subjects[len(family.subjects) // 2]
    drawn = {}
    for look in (None, *family.looks):
        picture = picture_of(family, subject, look)
        pixels = np.asarray(draw(picture))
        assert pixels.shape == (SIZE, SIZE, 3)
        assert np.array_equal(pixels, np.asarray(draw(picture))), look
        drawn[look] = pixels
    names = list(drawn)
    for n, one in enumerate(names):
        for other in names[:n]:
            assert not np.array_equal(drawn[one], drawn[other]), (one, other)


@each_family
def test_entities_of_a_family_are_told_apart_by_their_reference(family: Family) -> None:
    """Only true twins (Romania and Chad) may look alike: fewer than one entity in twenty."""
    seen = Counter(
        np.asarray(draw(picture_of(family, subject, None))).tobytes() for subject in family.subjects
    )
    assert len(seen) >= 0.95 * len(family.subjects)


def test_class_names_fit_the_layout() -> None:
    names = [c.name for family in FAMILIES for c in family.classes]
    assert len(set(names)) == len(names)
    assert not [name for name in names if "." in name]
    assert not [(a, b) for a in names for b in names if a != b and a in b]


def test_entity_names_and_slugs_are_unique() -> None:
    subjects = [subject for family in FAMILIES for subject in family.subjects]
    for values in ([s.name for s in subjects], [s.slug for s in subjects]):
        assert [value for value, count in Counter(values).items() if count > 1] == []


def test_every_frame_that_is_used_is_used_by_two_classes() -> None:
    """Of the sentences made, not of those that could be: a frame of one class would name it."""
    users: dict[str, set[str]] = defaultdict(set)
    for place in make_plan().contexts():
        users[place.spoken.frame] |= set(place.subject.classes)
    assert [frame for frame, classes in users.items() if len(classes) < 2] == []
