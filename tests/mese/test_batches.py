"""Batches: every item once, in order, in lists that are full but for the last."""

from __future__ import annotations

from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from mese.batches import batches


@given(st.lists(st.integers(), max_size=50), st.integers(1, 7))
def test_batches_hold_every_item_in_order(items: list[int], size: int) -> None:
    cut = list(batches(iter(items), size))
    assert [item for batch in cut for item in batch] == items
    assert all(len(batch) == size for batch in cut[:-1])
    assert all(0 < len(batch) <= size for batch in cut)


def test_an_endless_stream_is_read_no_further_than_needed() -> None:
    stream = count()
    assert next(batches(stream, 3)) == [0, 1, 2]
    assert next(stream) == 3
