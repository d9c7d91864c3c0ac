"""The Cases page's address: read, written, and mended where somebody broke it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.parts.case_address import (
    BESIDE,
    CLUES,
    OVERLAP,
    SAVED,
    Beside,
    CasePlace,
    read_place,
)

PLACES = [
    (CasePlace(), {}),
    (CasePlace(text="us city", tag="a b", page=3), {"q": "us city", "tag": "a b", "page": "3"}),
    (CasePlace(show=OVERLAP), {"show": "overlap"}),
    (CasePlace(7), {"case": "7"}),
    (CasePlace(7, CLUES), {"case": "7", "show": "clues"}),
    (
        CasePlace(7, BESIDE, (Beside("modality", "text+image"), Beside("now"))),
        {"case": "7", "beside": "text-image,now"},
    ),
    (
        CasePlace(
            7,
            BESIDE,
            (Beside("method", "cosine"), Beside("bundle", "my first"), Beside("case", "3")),
        ),
        {"case": "7", "beside": "method:cosine,bundle:my first,case:3"},
    ),
]


@pytest.mark.parametrize(("place", "params"), PLACES)
def test_a_place_and_its_address_are_one(place: CasePlace, params: dict[str, str]) -> None:
    assert place.params() == params
    assert read_place(params) == (place, [])


@pytest.mark.parametrize("spelled", ["text+image", "text image", "text-image"])
def test_both_modalities_may_be_spelled_as_they_are_typed(spelled: str) -> None:
    assert read_place({"case": "1", "beside": spelled})[0].beside == (
        Beside("modality", "text+image"),
    )


@pytest.mark.parametrize(
    ("params", "place", "note"),
    [
        ({"case": "x"}, CasePlace(), "'x', which is no number of a case"),
        ({"case": "0"}, CasePlace(), "'0', which is no number of a case"),
        ({"case": "9" * 11}, CasePlace(), "is no number of a case"),
        ({"show": "naked"}, CasePlace(), "There is no view 'naked' here"),
        ({"show": "beside"}, CasePlace(), "There is no view 'beside' here"),
        ({"page": "-1"}, CasePlace(), "'-1', which is no number of a page"),
        ({"case": "1", "beside": "smell"}, CasePlace(1), "'smell' as a column, which is none"),
        ({"case": "1", "beside": "case:x"}, CasePlace(1), "'case:x' as a column"),
        ({"case": "1", "beside": "case:0"}, CasePlace(1), "'case:0' as a column"),
        ({"case": "1", "beside": "case:2147483648"}, CasePlace(1), "'case:2147483648' as a column"),
        (
            {"case": "1", "beside": "now,text,image,text-image"},
            CasePlace(
                1, BESIDE, (Beside("now"), *(Beside("modality", m) for m in ("text", "image")))
            ),
            "names 4 columns; the first 3 are shown",
        ),
    ],
)
def test_what_is_wrong_is_named_and_left_out(
    params: dict[str, str], place: CasePlace, note: str
) -> None:
    found, notes = read_place(params)
    assert found == place
    assert len(notes) == 1
    assert note in notes[0]


def test_a_column_named_twice_stands_once() -> None:
    assert read_place({"case": "1", "beside": "text,,text"})[0].beside == (
        Beside("modality", "text"),
    )


def test_another_view_of_a_case_leaves_the_columns() -> None:
    place = CasePlace(7, BESIDE, (Beside("now"),))
    assert place.showing(SAVED).params() == {"case": "7"}
    assert place.showing(BESIDE) == place


@given(st.dictionaries(st.sampled_from(["case", "show", "beside", "q", "tag", "page"]), st.text()))
def test_no_address_breaks_it_and_what_is_read_is_read_again(params: dict[str, str]) -> None:
    place, _ = read_place(params)
    assert read_place(place.params()) == (place, [])
