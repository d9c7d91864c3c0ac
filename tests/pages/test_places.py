"""Browse's address: what is in it, what is wrong in it, and the way back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mese.bounds import MAX_ID
from mese.corpus import IMAGE_POLICIES
from pages.parts.places import MAX_PAGE, Place, pages_of, read_place, within

PLACES = st.one_of(
    st.builds(Place, page=st.integers(1, MAX_PAGE)),
    st.builds(
        Place,
        entity=st.integers(0, MAX_ID),
        page=st.integers(1, MAX_PAGE),
        policy=st.sampled_from(IMAGE_POLICIES),
    ),
    st.builds(Place, class_name=st.text(min_size=1), page=st.integers(1, MAX_PAGE)),
)


@given(PLACES)
def test_an_address_gives_back_the_place_it_was_made_from(place: Place) -> None:
    assert read_place(place.params()) == (place, [])


@given(st.dictionaries(st.sampled_from(["entity", "class", "page", "images"]), st.text()))
def test_whatever_is_typed_gives_a_place(params: dict[str, str]) -> None:
    place, notes = read_place(params)
    assert 1 <= place.page <= MAX_PAGE
    assert place.entity is None or place.class_name is None
    assert all(len(note) < 200 for note in notes)


@pytest.mark.parametrize(
    ("params", "place", "said"),
    [
        ({"entity": "abc"}, Place(), "'abc', which is no entity number"),
        ({"entity": "-1", "page": "2"}, Place(), "no entity number"),
        ({"entity": "99999999999"}, Place(), "no entity number"),
        ({"entity": "٣"}, Place(), "no entity number"),
        ({"entity": "3", "page": "0"}, Place(entity=3), "'0' is no page number"),
        ({"entity": "3", "page": "x"}, Place(entity=3), "is no page number"),
        ({"entity": "3", "images": "best"}, Place(entity=3), "no image policy 'best'"),
        ({"entity": "3", "class": "a"}, Place(entity=3), "it shows the entity"),
    ],
)
def test_what_is_wrong_is_named(params: dict[str, str], place: Place, said: str) -> None:
    found, notes = read_place(params)
    assert found == place
    assert said in notes[0]


def test_an_empty_class_is_none() -> None:
    assert read_place({"class": ""}) == (Place(), [])


@given(items=st.integers(0, 500), per_page=st.integers(1, 50))
def test_there_are_as_many_pages_as_it_takes(items: int, per_page: int) -> None:
    pages = pages_of(items, per_page)
    assert pages * per_page >= items
    assert (pages - 1) * per_page < max(items, 1)


def test_a_page_beyond_the_last_is_the_last_and_says_so() -> None:
    assert within(Place(entity=1, page=3), 30, 10) == (Place(entity=1, page=3), [])
    assert within(Place(entity=1, page=9), 30, 10) == (
        Place(entity=1, page=3),
        ["There are 3 pages; page 9 shows the last."],
    )
    assert within(Place(page=2), 0, 10) == (
        Place(page=1),
        ["There is one page; page 2 shows the last."],
    )
