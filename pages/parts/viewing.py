"""The Expand page's view between two runs: in the address bar, and kept while one looks elsewhere.

Also what the page remembers beside it: which entities are accepted, and which one was asked about.
"""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from pages.parts.address import View, read_view

LAST_VIEW = "expand: last view"
ACCEPTED = "expand: accepted"
WHY = "expand: why"


def show(view: View) -> None:
    """Put a view into the address bar: the next run draws it."""
    st.query_params.from_dict(view.params())


def asked_view() -> tuple[View, list[str]]:
    """The address's view, and what was wrong with it.

    Coming back from another page by the navigation leaves the address empty: then the last view
    returns. Going Back to an empty address stays empty.
    """
    if st.session_state["arrived"] and not st.query_params and LAST_VIEW in st.session_state:
        show(st.session_state[LAST_VIEW])
    view, wrong = read_view(st.query_params.to_dict())
    st.session_state[LAST_VIEW] = view
    return view, wrong


def accepted(view: View) -> list[int]:
    """The accepted entities in the order of their acceptance, but for seeds and rejected ones."""
    gone = {*view.seeds, *view.rejected}
    return [entity for entity in st.session_state.get(ACCEPTED, []) if entity not in gone]


def set_accepted(entities: Iterable[int]) -> None:
    st.session_state[ACCEPTED] = list(dict.fromkeys(entities))
