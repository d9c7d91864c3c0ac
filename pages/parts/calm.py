"""Calm messages: what is not there, was not understood or went wrong, and what to do about it."""

from __future__ import annotations

import logging
import secrets
import shlex
from collections.abc import Iterable
from pathlib import Path
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


def no_model(home: Path) -> None:
    """Say that no model knows this corpus yet, and how to make one: commands to be copied."""
    st.info(
        "No trained bundle fits this corpus yet, so there is nothing to rank with. To train one, "
        "run this in the repository's folder, with the same `MESE_HOME` as this app. For about "
        "1,000 entities it takes 16 to 26 minutes on 2 cores; then reload this page.",
        icon=":material/info:",
    )
    commands = (
        "source .venv/bin/activate",
        f"export MESE_HOME={shlex.quote(str(home.absolute()))}",
        "python -m train fit --name first",
        "python -m train represent --name first",
    )
    st.code("\n".join(commands), language=None)


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
