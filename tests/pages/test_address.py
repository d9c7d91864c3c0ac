"""The Expand page's address: what a link holds, and what becomes of a wrong one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.parts.address import MAX_SEEDS, SIZES, View, read_view

SEEDS = st.lists(st.integers(0, 2**31 - 1), max_size=MAX_SEEDS, unique=True).map(tuple)


@given(st.builds(View, SEEDS, st.sampled_from(SIZES)))
def test_a_link_reproduces_its_view(view: View) -> None:
    assert read_view(view.params()) == (view, [])


def test_an_empty_view_leaves_the_address_empty() -> None:
    assert View().params() == {}
    assert View((3, 1)).params() == {"seeds": "3,1", "n": "50"}


@pytest.mark.parametrize(
    ("params", "view", "said"),
    [
        ({"seeds": "1,zwei,3"}, View((1, 3)), "'zwei'"),
        ({"seeds": "1,-2"}, View((1,)), "'-2'"),
        ({"seeds": "1,²"}, View((1,)), "'²'"),
        ({"seeds": "9" * 5000}, View(), "no entity number"),
        ({"seeds": "4,4,5"}, View((4, 5)), "twice"),
        ({"seeds": ",".join(map(str, range(12)))}, View(tuple(range(10))), "12 seeds"),
        ({"seeds": "1", "n": "7000"}, View((1,)), "'7000'"),
        ({"seeds": "1", "n": "-1; drop"}, View((1,)), "not on offer"),
    ],
)
def test_what_is_wrong_is_named_and_left_out(params: dict[str, str], view: View, said: str) -> None:
    found, notes = read_view(params)
    assert found == view
    assert len(notes) == 1
    assert said in notes[0]


@given(st.dictionaries(st.sampled_from(["seeds", "n", "x"]), st.text()))
def test_no_address_breaks_the_page(params: dict[str, str]) -> None:
    view, _ = read_view(params)
    assert len(view.seeds) <= MAX_SEEDS
    assert view.size in SIZES


def test_a_seed_is_added_once_and_no_more_than_ten() -> None:
    view = View((1, 2)).with_seed(3).with_seed(3)
    assert view.seeds == (1, 2, 3)
    assert View(tuple(range(10))).with_seed(99).seeds == tuple(range(10))
    assert view.without_seed(2).seeds == (1, 3)
