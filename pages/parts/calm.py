"""Calm messages: what is not there, or was not understood, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NoReturn

import streamlit as st


def notes(messages: Iterable[str]) -> None:
    """Draw one quiet box with a line for each message (Markdown), or nothing."""
    lines = list(messages)
    if lines:
        st.info("\n\n".join(lines), icon=":material/info:")


def no_corpus() -> NoReturn:
    """Say how to get a corpus, and end the page."""
    st.info(
        "The store is empty. Build the embedded corpus with `python -m db demo`, or import a "
        "MESED folder with `python -m db import FOLDER`; then reload this page.",
        icon=":material/info:",
    )
    st.stop()
    raise AssertionError("st.stop() does not return")
