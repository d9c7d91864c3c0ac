"""The top of every page: its title, one sentence, and the note of who is here."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from db.accounts import User

OPEN_MODE = "Open mode: everyone on this machine may do everything"
LONGEST_TITLE = 80


def name_the_tab(name: str) -> None:
    """The browser's title for what a page shows: tabs, bookmarks and the history tell it apart."""
    st.set_page_config(page_title=f"{' '.join(name.split())[:LONGEST_TITLE]} · MESE Studio")


def page_head(title: str, sentence: str, user: User) -> None:
    """Draw a page's head. `title` and `sentence` are ours, not a user's."""
    st.html(Path(__file__).with_name("look.css"))
    left, right = st.columns(2, vertical_alignment="center")
    with left:
        st.title(title, anchor=False)
    with right:
        st.html(f'<div class="mese-note">{OPEN_MODE}</div>')
    st.markdown(sentence)
