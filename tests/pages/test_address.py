"""The Expand page's address: what a link holds, and what becomes of a wrong one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mese.corpus import MODALITIES
from mese.engine import METHODS
from pages.parts.address import MAX_NAMED, MAX_SEEDS, SIZES, View, read_view

IDS = st.integers(0, 2**31 - 1)
SEEDS = st.lists(IDS, max_size=6, unique=True).map(tuple)
KEYS = st.lists(st.text("0123456789abcdef", min_size=16, max_size=16), max_size=4, unique=True)
MODALITY = st.none() | st.sampled_from(MODALITIES)
VIEWS = st.builds(
    View,
    SEEDS,
    st.sampled_from(SIZES),
    method=st.none() | st.sampled_from(sorted(METHODS)),
    candidates=MODALITY,
    seeds_by=MODALITY,
    window=st.none() | st.integers(1, 50),
    rerank=st.booleans(),
    rejected=SEEDS,
    open_seeds=KEYS.map(tuple),
    left_out=SEEDS,
).filter(lambda view: not set(view.seeds) & set(view.rejected))


@given(VIEWS)
def test_a_link_reproduces_its_view(view: View) -> None:
    assert read_view(view.params()) == (view, [])


def test_what_is_at_its_default_is_left_away() -> None:
    assert View().params() == {}
    assert View((3, 1)).params() == {"seeds": "3,1"}
    assert View(size=20).params() == {"n": "20"}


def test_an_address_as_the_house_spells_it() -> None:
    key = "0123456789abcdef"
    view = View((12, 7), 20, "window", "text", "text+image", 1, False, (5, 6), (key,), (101, 102))
    assert view.params() == {
        "seeds": "12,7",
        "open": key,
        "n": "20",
        "m": "window",
        "of": "text",
        "by": "text-image",
        "w": "1",
        "rr": "0",
        "out": "5,6",
        "not": "101,102",
    }


@pytest.mark.parametrize("spelled", ["text-image", "text+image", "text image"])
def test_a_plus_that_became_a_blank_is_understood(spelled: str) -> None:
    assert read_view({"of": spelled}) == (View(candidates="text+image"), [])


@pytest.mark.parametrize(
    ("params", "view", "said"),
    [
        ({"seeds": "1,zwei,3"}, View((1, 3)), "'zwei'"),
        ({"seeds": "1,-2"}, View((1,)), "'-2'"),
        ({"seeds": "1,²"}, View((1,)), "'²'"),
        ({"seeds": "9" * 5000}, View(), "no entity number"),
        ({"seeds": "a,b,c"}, View(), "'a' (and 2 more like it)"),
        ({"seeds": "4,4,5"}, View((4, 5)), "twice"),
        ({"seeds": "4,04,5"}, View((4, 5)), "twice"),
        ({"seeds": ",".join(map(str, range(12)))}, View(tuple(range(10))), "12 seeds"),
        ({"seeds": "1", "n": "7000"}, View((1,)), "'7000'"),
        ({"seeds": "1", "n": "-1; drop"}, View((1,)), "not on offer"),
        ({"m": "magic"}, View(), "no method 'magic' ("),
        ({"of": "smell"}, View(), "no modality of candidates 'smell' ("),
        ({"by": "smell"}, View(), "no modality of seeds 'smell' ("),
        ({"w": "51"}, View(), "A window of '51' is not on offer (1 to 50)"),
        ({"w": "0"}, View(), "A window of '0'"),
        ({"rr": "no"}, View(), "Re-ranking is 1 or 0, and not 'no'"),
        ({"out": "x"}, View(), "'x' as a rejected entity"),
        ({"not": "x"}, View(), "'x' as a context left out, which is no context number"),
        ({"open": "../../etc"}, View(), "'../../etc' as an open seed"),
        ({"seeds": "1,2", "out": "2"}, View((1,), rejected=(2,)), "also rejects"),
        ({"seeds": "1,2", "out": "1,2"}, View(rejected=(1, 2)), "All seeds of the address are"),
        (
            {"seeds": ",".join(map(str, range(9))), "open": f"{'0' * 16},{'1' * 16}"},
            View(tuple(range(9)), open_seeds=("0" * 16,)),
            "more than 10 seeds",
        ),
    ],
)
def test_what_is_wrong_is_named_and_left_out(params: dict[str, str], view: View, said: str) -> None:
    found, notes = read_view(params)
    assert found == view
    assert len(notes) == 1
    assert said in notes[0]


@given(
    st.dictionaries(
        st.sampled_from(["seeds", "n", "m", "of", "by", "w", "rr", "out", "open", "not", "x"]),
        st.text() | st.lists(IDS | st.text(max_size=3)).map(lambda ids: ",".join(map(str, ids))),
    )
)
def test_no_address_breaks_the_page(params: dict[str, str]) -> None:
    view, _ = read_view(params)
    assert view.seed_count <= MAX_SEEDS
    assert view.size in SIZES
    assert not set(view.seeds) & set(view.rejected)
    assert read_view(view.params()) == (view, [])


def test_a_seed_is_added_once_and_no_more_than_ten() -> None:
    view = View((1, 2)).with_seed(3).with_seed(3)
    assert view.seeds == (1, 2, 3)
    assert View(tuple(range(10))).with_seed(99).seeds == tuple(range(10))
    assert View(tuple(range(9)), open_seeds=("0" * 16,)).with_seed(99).seeds == tuple(range(9))
    assert View(tuple(range(8))).with_seeds([8, 0, 9, 10]).seeds == tuple(range(10))
    assert view.without_seed(2).seeds == (1, 3)


def test_a_rejected_entity_is_kept_out_until_it_is_a_seed_or_brought_back() -> None:
    view = View((1, 2)).rejecting(5).rejecting(6).rejecting(5)
    assert view.rejected == (5, 6)
    assert view.rejecting(1) == view
    assert view.with_seed(5) == View((1, 2, 5), rejected=(6,))
    assert view.brought_back(6).rejected == (5,)
    full = View(rejected=tuple(range(MAX_NAMED)))
    assert full.rejecting(1000) == full
