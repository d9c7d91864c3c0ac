"""Finding entities: against a plain Python search over the same corpus."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.corpus import EntityHit, entities_by_name, search_entities
from db.store import Store
from mese.corpus import CorpusRecords
from mese.names import fold
from tests.db.conftest import BOGOTA, CHICAGO, GEORGIA, GEORGIA_2, NEW_YORK, WASHINGTON


def naive(records: CorpusRecords, text: str) -> list[int]:
    """Best first: whole, beginning, beginning of a word, anywhere; names before aliases, short
    before long, then by id."""
    key = fold(text)
    ranked = []
    for entity in records.entities:
        places = []
        for by_alias, name in [(0, entity.name), *((1, alias) for alias in entity.aliases)]:
            folded = fold(name)
            if key and key in folded:
                tier = (
                    0
                    if folded == key
                    else 1
                    if folded.startswith(key)
                    else 2
                    if f" {key}" in folded
                    else 3
                )
                places.append((tier, by_alias, len(folded), entity.id))
        ranked += sorted(places)[:1]
    return [place[-1] for place in sorted(ranked)]


@given(text=st.text("aceghinorstwy.C -%_\\", max_size=5))
@settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_the_same_as_a_plain_search(shown: Store, records: CorpusRecords, text: str) -> None:
    assert [hit.id for hit in search_entities(shown, text)] == naive(records, text)


def test_a_hit_says_by_what_it_was_found(shown: Store) -> None:
    assert search_entities(shown, "nyc") == [
        EntityHit(NEW_YORK, "New York City", "NYC", ("US cities",), 0)
    ]
    assert search_entities(shown, "chic") == [
        EntityHit(CHICAGO, "Chicago", None, ("US cities",), 2)
    ]
    (hit,) = search_entities(shown, "WASHINGTON D.C")
    assert (hit.id, hit.classes) == (WASHINGTON, ("US cities", "Capitals"))


def test_all_that_bear_a_name_are_found_once_each(shown: Store) -> None:
    assert [hit.id for hit in search_entities(shown, "georgia")] == [GEORGIA, GEORGIA_2]
    assert [hit.id for hit in search_entities(shown, "g")][:2] == [GEORGIA, GEORGIA_2]


def test_the_limit_cuts_the_worst(shown: Store, records: CorpusRecords) -> None:
    assert [hit.id for hit in search_entities(shown, "c", 2)] == naive(records, "c")[:2]
    assert search_entities(shown, "c", 0) == []


@pytest.mark.parametrize("text", ["", "  ", "%", "_", "\\", "no such thing", "' OR 1=1 --"])
def test_what_matches_nothing_finds_nothing(shown: Store, text: str) -> None:
    assert search_entities(shown, text) == []


def test_names_are_looked_up_whole_name_first(shown: Store) -> None:
    names = ["GEORGIA", "bogota", "Windy city", "dc", "Chic", "", "Washington D.C."]
    assert entities_by_name(shown, names) == {
        "GEORGIA": (GEORGIA, GEORGIA_2),
        "bogota": (BOGOTA,),
        "Windy city": (CHICAGO,),
        "dc": (WASHINGTON,),
        "Chic": (),
        "": (),
        "Washington D.C.": (WASHINGTON,),
    }
