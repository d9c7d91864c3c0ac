"""Cases: kept as they were, found again, changed and deleted by those who may."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from db.accounts import NotAllowed, Role, User
from db.cases import (
    CaseChanged,
    NewCase,
    Words,
    case_tags,
    case_titles,
    change_case,
    count_cases,
    delete_case,
    find_cases,
    may_change,
    read_case,
    save_case,
)
from db.corpus import import_records
from db.store import Store, StoreError
from mese.bounds import MAX_DOCUMENT, MAX_TAGS
from mese.corpus import CorpusRecords, Mention, SemanticClass, Sentence
from tests.db.conftest import BOGOTA, CHICAGO, GEORGIA, LOS_ANGELES, NEW_YORK, WASHINGTON

NOW = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
ANN, BOB = User("ann", Role.RATER), User("bob", Role.RATER)
LEAD, VIEWER = User("lea", Role.LEAD), User("vic", Role.VIEWER)


def named(entity: int, name: str) -> dict[str, Any]:
    return {"id": entity, "name": name}


def result(rank: int, entity: int, name: str) -> dict[str, Any]:
    return {"rank": rank, "id": entity, "name": name, "score": 1 - rank / 10, "class": ""}


DOCUMENT: dict[str, Any] = {
    "query": [named(WASHINGTON, "Washington D.C."), named(CHICAGO, "Chicago")],
    "bundle": "demo",
    "settings": {"method": "window", "size": 3},
    "results": [
        result(1, LOS_ANGELES, "Los Angeles"),
        result(2, GEORGIA, "Georgia"),
        result(3, BOGOTA, "Bogotá"),
    ],
    "stamp": "ab" * 32,
}
CASE = NewCase(
    "  Figure  1 ", "What <b>we</b> saw\n", ("Cities", " cities ", "US"), "n=3", DOCUMENT
)


def test_a_case_comes_back_as_it_was_saved(filled: Store) -> None:
    number = save_case(filled, CASE, ANN, NOW)
    case = read_case(filled, number)
    assert case is not None
    assert (case.title, case.note, case.tags) == (
        "Figure 1",
        "What <b>we</b> saw",
        ("cities", "us"),
    )
    assert case.document == DOCUMENT
    assert (case.address, case.made_by, case.made_at) == ("n=3", "ann", NOW)


def test_a_case_holds_what_the_corpus_said_of_its_entities(filled: Store) -> None:
    case = read_case(filled, save_case(filled, CASE, ANN, NOW))
    assert case is not None
    # Washington is in two classes, Chicago in one of them; the states share its parent.
    assert (case.shown.wanted, case.shown.siblings) == (("US cities",), ("US states",))
    assert case.shown.gold == 2  # four cities, two of which are seeds
    kinds = [case.shown.kind(result["id"]) for result in case.results]
    assert kinds == ["hit", "hard", "other"]
    assert case.hits == 1
    assert case.shown.classes_of(WASHINGTON) == ("US cities", "Capitals")
    with filled.read() as session:
        reference = "SELECT sha256 FROM images WHERE path = 'ref/e05.png'"
        assert case.shown.picture_of(WASHINGTON) == session.scalar(text(reference))
    assert case.shown.picture_of(LOS_ANGELES) is None


def test_a_nickname_is_kept_with_its_usual_name(filled: Store) -> None:
    listed = [result(1, NEW_YORK, "New York City"), result(2, LOS_ANGELES, "Los Angeles")]
    case = replace(CASE, document={**DOCUMENT, "results": listed})
    kept = read_case(filled, save_case(filled, case, ANN, NOW))
    assert kept is not None
    names = [kept.shown.name_of(item["id"], item["name"]) for item in kept.results]
    assert names == ["New York City (NYC)", "Los Angeles"]


def test_another_corpus_leaves_a_case_as_it_is(filled: Store, records: CorpusRecords) -> None:
    number = save_case(filled, CASE, ANN, NOW)
    before = read_case(filled, number)
    other = replace(
        records,
        name="other",
        entities=records.entities[:1],
        classes=(SemanticClass("Alone"),),
        members={"Alone": (records.entities[0].id,)},
        queries=(),
        sentences=[
            Sentence(("Washington",), (Mention(records.entities[0].id, 0, 0),), line=1),
        ],
    )
    import_records(filled, other, replace=True)
    assert read_case(filled, number) == before


def test_seeds_of_no_common_class_have_no_hits(filled: Store) -> None:
    query = [named(GEORGIA, "Georgia"), named(BOGOTA, "Bogotá")]
    case = replace(CASE, document={**DOCUMENT, "query": query})
    kept = read_case(filled, save_case(filled, case, ANN, NOW))
    assert kept is not None
    assert kept.hits is None
    assert kept.shown.kind(LOS_ANGELES) == "plain"


def test_an_open_seed_has_a_name_and_no_number(store: Store) -> None:
    case = replace(CASE, document={**DOCUMENT, "query": [], "open_seeds": ["Gotham"]})
    number = save_case(store, case, ANN, NOW)  # and a store without a corpus keeps it too
    assert [case.id for case in find_cases(store, "gotham").cases] == [number]


@pytest.mark.parametrize(
    "typed", ["fig", "WASHINGTON", "d.c. chicago", "saw", "us cities", "1 fig"]
)
def test_a_case_is_found_by_its_words(filled: Store, typed: str) -> None:
    number = save_case(filled, CASE, ANN, NOW)
    save_case(filled, replace(CASE, title="?", note="", tags=(), document=GEORGIAN), ANN, NOW)
    assert [case.id for case in find_cases(filled, typed).cases] == [number]


GEORGIAN = {**DOCUMENT, "query": [named(GEORGIA, "Georgia")]}


@pytest.mark.parametrize("typed", ["boston", "100%", "_", "washington boston", "\0", "\ud800"])
def test_what_no_case_says_finds_none(filled: Store, typed: str) -> None:
    save_case(filled, CASE, ANN, NOW)
    assert find_cases(filled, typed).cases == ()


def test_what_no_store_can_hold_finds_none(filled: Store) -> None:
    save_case(filled, CASE, ANN, NOW)
    assert find_cases(filled, tag="\0").total == 0
    assert read_case(filled, 2**31) is None
    assert read_case(filled, 0) is None


def test_cases_come_newest_first_a_page_at_a_time_and_by_tag(filled: Store) -> None:
    numbers = [
        save_case(filled, replace(CASE, title=f"No {n}", tags=("odd",) * (n % 2)), ANN, NOW)
        for n in range(5)
    ]
    page = find_cases(filled, first=1, most=2)
    assert ([case.id for case in page.cases], page.total) == (numbers[3:1:-1], 5)
    odd = find_cases(filled, tag="odd")
    assert ([case.id for case in odd.cases], odd.total) == ([numbers[3], numbers[1]], 2)
    assert case_tags(filled) == {"odd": 2}
    assert count_cases(filled) == 5
    assert case_titles(filled, 2) == {numbers[4]: "No 4", numbers[3]: "No 3"}


def test_words_can_be_changed_and_nothing_else(filled: Store) -> None:
    number = save_case(filled, CASE, ANN, NOW)
    before = read_case(filled, number)
    change_case(filled, number, "New", "other", ["b", "a"], ANN)
    after = read_case(filled, number)
    assert before is not None
    assert after == replace(before, title="New", note="other", tags=("a", "b"))
    assert find_cases(filled, "figure").total == 0
    assert find_cases(filled, "new chicago").total == 1


def test_who_saw_other_words_changes_nothing(filled: Store) -> None:
    number = save_case(filled, CASE, ANN, NOW)
    seen = read_case(filled, number)
    assert seen is not None
    change_case(filled, number, "By Ann", "", ["a"], ANN, seen.words)
    with pytest.raises(CaseChanged, match=f"somebody changed case {number} meanwhile"):
        change_case(filled, number, "By Lea", "long", [], LEAD, seen.words)
    now = read_case(filled, number)
    assert now is not None
    assert (now.title, now.note, now.tags) == ("By Ann", "", ("a",))
    change_case(filled, number, "By Lea", "long", [], LEAD, now.words)
    again = read_case(filled, number)
    assert again is not None
    assert again.words == Words("By Lea", "long", ())


def test_words_hold_nothing_that_turns_others_around(filled: Store) -> None:
    turned = replace(
        CASE, title="\u202egnp\u202c", note="\u2066x\u2069", tags=("\u202ea", "\u200b")
    )
    kept = read_case(filled, save_case(filled, turned, ANN, NOW))
    assert kept is not None
    assert kept.words == Words("gnp", "x", ("a",))


def test_the_author_and_a_lead_may_change_and_delete(filled: Store) -> None:
    number = save_case(filled, CASE, ANN, NOW)
    case = read_case(filled, number)
    assert case is not None
    for user, may in ((ANN, True), (LEAD, True), (BOB, False), (VIEWER, False)):
        assert may_change(user, case) is may
    for user in (BOB, VIEWER, User("ann", Role.VIEWER)):
        with pytest.raises(NotAllowed):
            change_case(filled, number, "New", "", (), user)
        with pytest.raises(NotAllowed):
            delete_case(filled, number, user)
    assert read_case(filled, number) == case
    delete_case(filled, number, LEAD)
    assert read_case(filled, number) is None
    assert case_tags(filled) == {}
    with pytest.raises(StoreError, match=f"case {number} is not there any more"):
        delete_case(filled, number, LEAD)


def test_a_number_is_never_given_twice(filled: Store) -> None:
    number = save_case(filled, CASE, ANN, NOW)
    delete_case(filled, number, ANN)
    assert save_case(filled, CASE, ANN, NOW) > number


def test_a_viewer_saves_nothing(filled: Store) -> None:
    with pytest.raises(NotAllowed, match="vic is a viewer and this needs a rater"):
        save_case(filled, CASE, VIEWER, NOW)
    assert count_cases(filled) == 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"title": " \n "}, "it has no title"),
        ({"title": "\u200b\u202e\x1b"}, "it has no title"),
        ({"title": "x" * 201}, "its title has 201 letters, more than 200"),
        ({"title": "a\0b"}, "its title must be text without NUL"),
        ({"note": "x" * 10_001}, "its note has 10,001 letters"),
        ({"tags": tuple(map(str, range(MAX_TAGS + 1)))}, "it has 13 tags, more than 12"),
        ({"tags": ("x" * 41,)}, "the tag 'xxxxxxxxxxxxxxxxxxxx' has 41 letters"),
        ({"address": "x" * 8_001}, "the address has 8,001 letters"),
        ({"document": {}}, "names no seeds or no results"),
        ({"document": {**DOCUMENT, "query": []}}, "it has no seeds"),
        ({"document": {**DOCUMENT, "query": [{"id": 3}]}}, "has no name or no entity number"),
        ({"document": {**DOCUMENT, "results": [{"id": -1}]}}, "has no name or no entity number"),
        ({"document": {**DOCUMENT, "stamp": float("inf")}}, "no store can hold"),
        ({"document": {**DOCUMENT, "stamp": "\0"}}, "no store can hold"),
        ({"document": {**DOCUMENT, "stamp": "x" * MAX_DOCUMENT}}, "letters, more than 2,000,000"),
    ],
)
def test_what_cannot_be_kept_is_named(store: Store, change: dict[str, Any], reason: str) -> None:
    with pytest.raises(StoreError, match=reason):
        save_case(store, replace(CASE, **change), ANN, NOW)
    assert count_cases(store) == 0
