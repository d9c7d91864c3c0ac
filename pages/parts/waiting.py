"""Views that are being made beside the app: what needs them says how far they are, and waits.

A page that waits asks again every few seconds and draws itself anew when they are there.
"""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from mese.bundle import BundleError
from mese.engine import Engine
from pages.parts import house
from pages.parts.text import as_sentence
from pages.parts.words import MODALITY_WORDS
from train.beside import Making


def being_made(engine: Engine, wanted: Iterable[str]) -> list[str]:
    """Those of these modalities that the bundle lacks and that are on their way.

    None for another bundle than that in use: nobody makes its views.
    """
    lacks = [name for name in dict.fromkeys(wanted) if name in engine.bundle.missing]
    if not lacks:
        return []
    try:
        on_their_way = isinstance(house.views_progress(), Making)
        return lacks if on_their_way and house.engine().stamp == engine.stamp else []
    except BundleError:  # it was swapped: the next run says so
        return []


def named(modalities: Iterable[str]) -> str:
    """`text only and image only`."""
    return " and ".join(MODALITY_WORDS.get(name, name) for name in modalities)


@st.fragment(run_every="5s")
def wait_for(told: str, then: str) -> None:
    """Say what is not there yet, how far it is, and what comes `then`; draw all once it is there.

    `told` (Markdown) names what the bundle lacks and could have: what it cannot have never comes.
    """
    try:
        progress = house.views_progress()
    except BundleError as error:
        st.info(as_sentence(str(error)), icon=":material/info:")
        return
    if progress is None:
        st.rerun()
    st.info(told, icon=":material/info:")
    if isinstance(progress, Making):
        st.progress(progress.done / max(progress.of, 1), f"{making_words(progress)} {then}")
    else:
        st.caption(as_sentence(progress.reason))


def making_words(making: Making) -> str:
    """How far the modality that is being made is."""
    what = MODALITY_WORDS.get(making.modality, making.modality)
    share = f"{making.done:,} of {making.of:,}" if making.of else "starting"
    return f"Being made on this machine: {what}, {share}."
