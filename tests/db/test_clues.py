"""Visual clues: each rater's own, several an entity, and Table 6 counted by hand."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from db.accounts import NotAllowed, Role, User
from db.cases import delete_case, save_case
from db.clues import clue_table, clues_of, tag_clue
from db.gold import gold_of, queries_with_gold
from db.store import Store, StoreError
from tests.db.conftest import BOGOTA, CHICAGO, GEORGIA, LOS_ANGELES, NEW_YORK, WASHINGTON
from tests.db.test_cases import ANN, BOB, CASE, DOCUMENT, NOW, VIEWER, named


@pytest.fixture
def number(filled: Store) -> int:
    return save_case(filled, CASE, ANN, NOW)


def tag(
    store: Store, number: int, entity: int, clue: str, user: User = ANN, on: bool = True
) -> object:
    return tag_clue(store, number, entity, clue, on, user, NOW)


def test_clues_are_set_and_taken_back(filled: Store, number: int) -> None:
    assert tag(filled, number, GEORGIA, "scene") == ("scene",)
    assert tag(filled, number, GEORGIA, "object") == ("object", "scene")
    assert tag(filled, number, GEORGIA, "object") == ("object", "scene")  # twice is once
    assert tag(filled, number, GEORGIA, "scene", on=False) == ("object",)
    assert clues_of(filled, number) == {GEORGIA: {"ann": ("object",)}}
    assert tag(filled, number, GEORGIA, "object", on=False) == ()
    assert clues_of(filled, number) == {}


def test_none_stands_alone(filled: Store, number: int) -> None:
    tag(filled, number, GEORGIA, "scene")
    tag(filled, number, GEORGIA, "object")
    assert tag(filled, number, GEORGIA, "none") == ("none",)
    assert tag(filled, number, GEORGIA, "other") == ("other",)


def test_raters_leave_each_others_clues_alone(filled: Store, number: int) -> None:
    tag(filled, number, GEORGIA, "scene")
    tag(filled, number, GEORGIA, "none", BOB)
    tag(filled, number, BOGOTA, "object", BOB)
    assert clues_of(filled, number) == {
        GEORGIA: {"ann": ("scene",), "bob": ("none",)},
        BOGOTA: {"bob": ("object",)},
    }


def test_table_6_counts_each_rater_apart(filled: Store, number: int) -> None:
    again = save_case(filled, CASE, BOB, NOW)
    query = [named(GEORGIA, "Georgia"), named(BOGOTA, "Bogotá")]
    loose = save_case(filled, replace(CASE, document={**DOCUMENT, "query": query}), ANN, NOW)
    for case, entity, clue, user in (
        (number, GEORGIA, "scene", ANN),
        (number, GEORGIA, "object", ANN),
        (number, LOS_ANGELES, "scene", ANN),
        (again, GEORGIA, "scene", ANN),  # the same tag in another case of this corpus
        (loose, BOGOTA, "scene", ANN),  # its seeds share no class
        (again, BOGOTA, "none", BOB),
    ):
        tag(filled, case, entity, clue, user)
    table = clue_table(filled)
    ann, bob = table.raters["ann"], table.raters["bob"]
    assert (ann.counts["scene"], ann.counts["object"], ann.labels, ann.entities) == (3, 1, 4, 3)
    assert ann.share("scene") == 0.75
    assert (bob.counts["none"], bob.labels, bob.entities) == (1, 1, 1)
    assert bob.share("scene") == 0.0
    # Los Angeles is a city, Georgia a state beside the cities, Bogotá neither.
    assert {place: row.labels for place, row in table.classes.items()} == {
        ("US cities", "hit", "ann"): 1,
        ("US cities", "hard", "ann"): 2,
        ("US cities", "other", "bob"): 1,
    }
    assert [kind for _, kind, _ in table.classes] == ["hit", "hard", "other"]
    assert table.cases == 3
    one = clue_table(filled, number)
    assert (list(one.raters), one.raters["ann"].labels, one.cases) == (["ann"], 3, 1)


def test_what_cannot_be_tagged_is_named(filled: Store, number: int) -> None:
    with pytest.raises(StoreError, match="there is no clue 'smell'; choose one of object"):
        tag(filled, number, GEORGIA, "smell")
    with pytest.raises(StoreError, match=f"does not list entity {NEW_YORK}"):
        tag(filled, number, NEW_YORK, "scene")
    with pytest.raises(StoreError, match="case 99 is not there any more"):
        tag(filled, 99, GEORGIA, "scene")
    for user in (VIEWER, User("ann", Role.VIEWER)):
        with pytest.raises(NotAllowed):
            tag(filled, number, GEORGIA, "scene", user)
    assert clues_of(filled, number) == {}


def test_a_case_deleted_under_the_click_is_told_calmly(
    filled: Store, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another user is quicker: the case goes just before the writing transaction begins."""
    really = Store.write

    def write(store: Store) -> AbstractContextManager[Session]:
        monkeypatch.setattr(Store, "write", really)
        delete_case(store, number, ANN)
        return really(store)

    monkeypatch.setattr(Store, "write", write)
    with pytest.raises(StoreError, match=f"^case {number} is not there any more; somebody deleted"):
        tag(filled, number, GEORGIA, "scene")
    assert clues_of(filled, number) == {}


def test_gold_is_the_class_without_the_seeds(shown: Store) -> None:
    assert gold_of(shown, ["US cities"], [CHICAGO]) == {WASHINGTON, LOS_ANGELES, NEW_YORK}
    assert gold_of(shown, [], [CHICAGO]) == frozenset()
    asked = {(query.class_name, query.index): gold for query, gold in queries_with_gold(shown)}
    assert asked == {
        ("US cities", 0): {WASHINGTON},
        ("US cities", 1): {NEW_YORK},
        ("Capitals", 0): frozenset(),
    }
