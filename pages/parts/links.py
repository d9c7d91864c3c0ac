"""Links from one of our pages to another: real ones, that can be copied and opened in a tab."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from pages.parts.text import as_text

OVERVIEW = "pages/overview.py"
EXPAND = "pages/expand.py"
BROWSE = "pages/browse.py"
CASES = "pages/cases.py"
DATA = "pages/data.py"


LONG = 40
"""From how many letters on a label may be cut on a page; the whole is then in the tooltip."""


def link(page: str, label: str, params: Mapping[str, str] | None = None, icon: str = "") -> None:
    """A link to a page of ours, with its place as address parameters; `label` is plain text."""
    text = as_text(label)
    tip = text if len(label) > LONG else ""
    st.page_link(page, label=text, query_params=params or None, icon=icon, help=tip)


def link_over(key: str, page: str, label: str, params: Mapping[str, str] | None = None) -> None:
    """A link that covers the card around it: the whole card opens the page.

    look.css stretches it; its label is for readers of the screen and for the keyboard.
    """
    with st.container(key=f"over-{key}"):
        link(page, label, params)
