"""What a researcher can set of an expansion, folded away from those who need not.

The switches are the paper's Table 5 (modality of seeds and of candidates), the window of section
4.3 and its re-ranking, and the method. Each writes the address; its default leaves it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import streamlit as st

from mese.corpus import MODALITIES
from mese.engine import METHOD_WORDS, Engine
from pages.parts import house
from pages.parts.address import WINDOWS, View
from pages.parts.text import as_sentence
from pages.parts.viewing import show
from pages.parts.waiting import making_words
from pages.parts.words import MODALITY_WORDS
from train.beside import Making


def draw_settings(engine: Engine, view: View) -> None:
    """The settings behind one button, which says when any is not at its usual."""
    changed = count_changed(view)
    label = "Settings for researchers" + f" · {changed} changed" * bool(changed)
    with st.popover(label, icon=":material/tune:"):
        _draw_modalities(engine, view)
        _draw_method(engine, view)
        if changed:
            usual = View(
                view.seeds,
                view.size,
                rejected=view.rejected,
                open_seeds=view.open_seeds,
                left_out=view.left_out,
            )
            st.button("Back to the usual settings", on_click=show, args=(usual,))


def count_changed(view: View) -> int:
    """How many settings are not at their usual."""
    given = (view.method, view.candidates, view.seeds_by, view.window)
    return sum(value is not None for value in given) + (not view.rerank)


def _draw_modalities(engine: Engine, view: View) -> None:
    there = [name for name in MODALITIES if name in engine.bundle.modalities]
    candidates = view.candidates or engine.default_modality
    _choose(
        "Candidates are represented by",
        there,
        candidates,
        lambda name: MODALITY_WORDS[name],
        lambda name: replace(view, candidates=_unless(engine.default_modality, name)),
        "of",
    )
    _choose(
        "Seeds are represented by",
        there,
        view.seeds_by or candidates,
        lambda name: MODALITY_WORDS[name],
        lambda name: replace(view, seeds_by=_unless(candidates, name)),
        "by",
    )
    if (view.seeds_by or candidates) != candidates:
        st.caption(
            f"The seeds stay by {MODALITY_WORDS[str(view.seeds_by)]} and the candidates are by "
            f"{MODALITY_WORDS[candidates]}, as in the paper's Table 5."
        )
    missing = tuple(name for name in MODALITIES if name not in there)
    if missing:
        _draw_missing(missing)


@st.fragment(run_every="5s")
def _draw_missing(missing: Sequence[str]) -> None:
    """The modalities that cannot be chosen, why, and how far they are on their way."""
    progress = house.views_progress()
    if progress is None:
        st.rerun()  # they are there now
    st.segmented_control(
        "Not there yet",
        [MODALITY_WORDS[name] for name in missing],
        disabled=True,
        key=f"missing-{'-'.join(missing)}",
    )
    if isinstance(progress, Making):
        told = f"{making_words(progress)} It can be chosen once it is there."
        st.progress(progress.done / max(progress.of, 1), told)
    else:
        st.caption(as_sentence(progress.reason))


def _draw_method(engine: Engine, view: View) -> None:
    method = view.method or engine.default_method
    _choose(
        "Method",
        engine.methods(view.candidates),
        method,
        lambda name: METHOD_WORDS[name],
        lambda name: replace(view, method=_unless(engine.default_method, name)),
        "method",
    )
    windowed = method == "window"
    key = f"window-{view.window}"
    st.number_input(
        "Window: candidates that compete at every step",
        min_value=WINDOWS.start,
        max_value=WINDOWS.stop - 1,
        value=view.window,
        key=key,
        placeholder="the release's schedule of widths",
        disabled=not windowed,
        on_change=lambda: show(replace(view, window=st.session_state[key])),
    )
    rerank = f"rerank-{view.rerank}"
    st.toggle(
        "Re-rank the list at the end",
        value=view.rerank,
        key=rerank,
        disabled=not windowed,
        on_change=lambda: show(replace(view, rerank=st.session_state[rerank])),
    )


def _unless(usual: str, chosen: str) -> str | None:
    return None if chosen == usual else chosen


def _choose(
    label: str,
    choices: Sequence[str],
    chosen: str,
    worded: Callable[[str], str],
    changed: Callable[[str], View],
    key: str,
) -> None:
    """A choice that writes the address. Its key holds the choice: going Back makes a new one."""
    own = f"set-{key}-{chosen}"
    st.segmented_control(
        label,
        choices,
        default=chosen if chosen in choices else None,
        required=chosen in choices,
        format_func=worded,
        key=own,
        on_change=lambda: show(changed(st.session_state[own])),
    )
