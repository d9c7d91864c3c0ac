"""Calm messages: what is not there, was not understood or went wrong, and what to do about it."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable
from typing import NoReturn

import streamlit as st

from pages.parts.links import DATA, link


def notes(messages: Iterable[str]) -> None:
    """Draw one quiet box with a line for each message (Markdown), or nothing."""
    lines = list(messages)
    if lines:
        st.info("\n\n".join(lines), icon=":material/info:")


def no_corpus() -> NoReturn:
    """Say how to get a corpus, and end the page."""
    st.info(
        "The store is empty. Build the embedded corpus with `python -m db demo` and reload this "
        "page, or bring your own in.",
        icon=":material/info:",
    )
    link(DATA, "Import a corpus", icon=":material/database:")
    st.stop()
    raise AssertionError("st.stop() does not return")


def broken(error: Exception) -> bool:
    """Tell of a fault of ours by a number that finds its traceback in the server's output.

    For `st.App(on_script_error=…)`: True keeps Streamlit from drawing its own box.
    """
    number = secrets.token_hex(4)
    logging.getLogger("mese").error("fault %s", number, exc_info=error)
    st.error(
        f"Something went wrong here; it is not your doing. Reload the page. If it stays, look for "
        f"fault `{number}` in the app's output.",
        icon=":material/error:",
    )
    return True
