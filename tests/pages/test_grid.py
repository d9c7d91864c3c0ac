"""What the grid sends back: numbered acts, each worked off once, and nothing else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mese.bounds import MAX_ID
from pages.parts.grid import ACTS, Act, read_acts

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["number", "what", "id", "x"]), inner)
    ),
    max_leaves=20,
)


def sent(number: object, what: object, entity: object) -> dict[str, object]:
    return {"number": number, "what": what, "id": entity}


def test_acts_come_in_the_order_they_were_pressed_and_only_new_ones() -> None:
    acts = [sent(12, "why", 3), sent(10, "accept", 1), sent(11, "reject", 2)]
    assert read_acts(acts, 10) == [Act(11, "reject", 2), Act(12, "why", 3)]
    assert read_acts(acts, 12) == []


def test_what_is_no_act_is_left_out() -> None:
    wrong = [
        sent("1", "why", 1),
        sent(1, "drop", 1),
        sent(1, "why", "1"),
        sent(True, "why", 1),
        sent(1, "why", None),
        sent(1.0, "why", 1),
        sent(1, "reject", -1),
        sent(1, "reject", 2**31),
        sent(1, "accept", 10**30),
        sent(1, "why", True),
        {},
        7,
    ]
    assert read_acts([*wrong, sent(5, "accept", 4)], 0) == [Act(5, "accept", 4)]
    assert read_acts(None, 0) == []
    assert read_acts({"number": 1}, 0) == []


@given(JSON)
def test_no_answer_of_a_browser_breaks_the_page(value: object) -> None:
    for act in read_acts(value, 0):
        assert act.what in ACTS
        assert act.number > 0
        assert 0 <= act.entity <= MAX_ID
