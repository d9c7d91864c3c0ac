"""Places by several names, names of several places, and sentences that name another place."""

from __future__ import annotations

import pytest

from mese.demo.families import places
from mese.demo.family import Family
from mese.demo.plan import Plan
from mese.demo.sentences import sentences_of

FAMILIES = places.families()
SUBJECTS = {subject.name: subject for family in FAMILIES for subject in family.subjects}


@pytest.mark.parametrize(
    ("name", "usual"),
    [
        ("Holland", "the Netherlands"),
        ("Burma", "Myanmar"),
        ("Bombay", "Mumbai"),
        ("Motown", "Detroit"),
        ("Aloha State", "Hawaii"),
        ("Bytown", "Ottawa"),
    ],
)
def test_a_synonym_stands_in_the_vocabulary_and_sentences_use_the_usual_name(
    name: str, usual: str
) -> None:
    subject = SUBJECTS[name]
    assert subject.role == "synonym"
    assert subject.spoken[0] == usual
    assert name in {form.removeprefix("the ") for form in subject.spoken}


def test_about_one_place_in_twelve_stands_under_an_alias_that_it_is_called_by() -> None:
    found = [subject for subject in SUBJECTS.values() if subject.synonym]
    assert 1 / 16 <= len(found) / len(SUBJECTS) <= 1 / 8
    for subject in found:
        assert subject.name in {form.removeprefix("the ") for form in subject.spoken[1:]}


@pytest.mark.parametrize(
    ("spoken", "names"),
    [
        ("Birmingham", {"Birmingham (Alabama)", "Brum"}),
        ("Manchester", {"Manchester (New Hampshire)", "Manchester (England)"}),
        ("Perth", {"Perth (Scotland)", "Perth (Australia)"}),
        ("Richmond", {"Richmond (Virginia)", "Richmond (British Columbia)"}),
        ("Steel City", {"Pittsburgh", "Sheffield", "Newcastle (New South Wales)"}),
        ("the Gold Coast", {"Gold Coast", "Ghana"}),
        ("Lima", {"Lima (Ohio)"}),
    ],
)
def test_names_of_several_places(spoken: str, names: set[str]) -> None:
    assert {name for name, subject in SUBJECTS.items() if spoken in subject.spoken} == names


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_two_sentences_in_five_speak_of_another_place(family: Family) -> None:
    """Counted by exact names alone, as a search for a picture would find them."""
    told = [set(spoken.told) for s in family.subjects for spoken in sentences_of(s, family)]
    known = {form for s in SUBJECTS.values() for form in (s.name, *s.spoken)}
    assert sum(bool(facts & known) for facts in told) >= 0.4 * len(told)


def test_pictures_that_fit_the_sentence_only_show_a_place_that_it_speaks_of() -> None:
    plan = Plan(FAMILIES)
    slug_of = {form: s.slug for s in SUBJECTS.values() for form in (s.name, *s.spoken)}
    seen = 0
    for country in ("denmark", "ghana", "bolivia", "laos", "tonga"):
        for place in plan.places[f"countries/{country}"]:
            said = {slug_of.get(fact) for fact in place.spoken.told}
            only = [f.path for f in plan.found_for(place) if f.fit == "R/T S"]
            assert {path.removeprefix("images/").rpartition("/")[0] for path in only} <= said
            seen += len(only)
    assert seen >= 10


def test_no_code_is_said_bare() -> None:
    """A bare "CL" would be taken for the symbol of chlorine."""
    codes = [value for s in SUBJECTS.values() for value in s.slots.get("code", ())]
    assert len(codes) == 187
    assert all(value.startswith("the letters ") for value in codes)
