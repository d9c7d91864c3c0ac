"""The guard that every page calls first, and the way in.

There are no accounts yet, so one rule holds: whoever sits at this machine is lead ("open mode"),
and the app answers on this machine only. Pages name the role they need all the same; the day
accounts exist, only this file changes.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from db.accounts import NotAllowed, Role, User, check, open_mode_user
from pages.parts import house
from pages.parts.text import as_text

PAGES = (
    ("pages/overview.py", "Overview", "The corpus at a glance."),
    ("pages/browse.py", "Browse", "Look at classes, entities, sentences and pictures."),
    ("pages/expand.py", "Expand", "Find the rest of a class from a few seeds."),
    (
        "pages/cases.py",
        "Cases",
        "Look at kept expansions again, side by side, and take them along.",
    ),
    ("pages/data.py", "Data", "Bring a corpus in, write it out, check it, back it up."),
)
"""No icons: Streamlit would make them the tab's icon, and fetch that from another host."""


def navigate() -> st.Page:
    """Draw the navigation and return the page that was asked for.

    The session then knows its `page`, and whether it has just `arrived` there from another.
    """
    pages = [
        st.Page(
            path, title=title, help=about, url_path=None if number else "root", default=not number
        )
        for number, (path, title, about) in enumerate(PAGES)
    ]
    # The first page is at the root; its own name is an address that people type all the same.
    typed = st.Page(PAGES[0][0], url_path=Path(PAGES[0][0]).stem, visibility="hidden")
    page = st.navigation([*pages, typed], position="top")
    if page == typed:
        st.switch_page(pages[0])
    st.session_state["arrived"] = st.session_state.get("page") != page.url_path
    st.session_state["page"] = page.url_path
    return page


def require(role: Role) -> User:
    """The user of this session; stops the page when they lack `role`."""
    if not is_this_machine(st.get_option("server.address")):
        st.error(
            "MESE Studio has no accounts yet, so it answers on this machine only. "
            "Start it with `make run`, or with `--server.address 127.0.0.1`."
        )
        st.stop()
    user = open_mode_user()
    try:
        check(user, role)
    except NotAllowed as error:
        st.error(as_text(str(error)))
        st.stop()
    _go_round_by_the_door()
    trouble = house.trouble()
    if trouble:
        st.error(as_text(trouble))
        st.stop()
    return user


def _go_round_by_the_door() -> None:
    """Send a page that Streamlit served without app.py through app.py.

    Until `st.navigation` has run once in a process, Streamlit serves the files of pages/ directly.
    Calling it here ends that, and the next run comes in by app.py.
    """
    if "page" not in st.session_state:
        navigate()
        st.rerun()


def is_this_machine(address: str | None) -> bool:
    """Whether a listening address is this machine's own; None would be all of its addresses.

    The same two names stand in .streamlit/config.toml as `allowedHosts`.
    """
    return address in ("127.0.0.1", "localhost")
