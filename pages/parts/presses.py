"""What is pressed in an element with a script of its own: numbered, and each worked off once.

A browser sends all that was pressed lately, again and again, for a run may begin before the last
one was heard of; the numbers grow, and what was worked off is known by them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import streamlit as st


class Press(Protocol):
    """One press; `number` grows from press to press."""

    @property
    def number(self) -> int: ...


P = TypeVar("P", bound=Press)
Reader = Callable[[Any, int], list[P]]
"""The presses after a number in what a browser sent."""


def new_presses(key: str, sent: str, last_key: str, read: Reader[P]) -> list[P]:
    """What was pressed in the element `key` since this was last asked; `sent` is its state."""
    last = st.session_state.get(last_key, 0)
    presses = read(st.session_state[key].get(sent), last)
    st.session_state[last_key] = max([last, *(press.number for press in presses)])
    return presses


def read_presses(sent: Any, last: int, read: Callable[[Any], P | None], most: int) -> list[P]:
    """The presses after number `last` in what a browser sent, which may be anything; in order.

    `read` gives None for what is no press; only the `most` last ones are looked at.
    """
    items = sent if isinstance(sent, list) else []
    presses = [press for item in items[-most:] if (press := read(item)) and press.number > last]
    return sorted(presses, key=lambda press: press.number)
