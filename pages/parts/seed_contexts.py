"""Which contexts the model used for each seed, how far they agree, and which to do without.

Several contexts of one seed may disagree (a name of two things, a wrong picture): what is left out
here is left out of the seed's row, and the list runs again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from db.accounts import User
from db.expanding import UsedContext
from mese.bundle import BundleError
from mese.context_agreement import agreement
from mese.engine import SeedError
from pages.parts.address import MAX_NAMED, View
from pages.parts.asking import Asked, masked_words, read_contexts
from pages.parts.text import as_sentence, as_text, count
from pages.parts.viewing import show
from pages.parts.why import bar_html, context_html, contexts_to_draw
from pages.parts.words import MODALITY_WORDS


@st.fragment
def draw_contexts_button(user: User, asked: Asked, view: View) -> None:
    """The button that opens the dialog; it says when contexts are left out."""
    known = tuple(seed for seed in view.seeds if asked.engine.knows(seed))
    if not known:
        return
    label = "Contexts of the seeds"
    if view.left_out:
        label += f" · {len(view.left_out)} left out"
    if st.button(label, icon=":material/format_quote:", help="What the model read of each seed"):
        st.dialog("Contexts of the seeds", width="large")(_draw)(user, asked, view, known)


def _draw(user: User, asked: Asked, view: View, seeds: tuple[int, ...]) -> None:
    seed = st.segmented_control(
        "Seed",
        seeds,
        default=seeds[0],
        required=True,
        format_func=lambda entity: as_text(asked.engine.entity_name(entity)),
        label_visibility="collapsed",
    )
    contexts = contexts_to_draw(asked, seed)
    if not contexts:
        return
    agree = _agreement(asked, contexts)
    words = MODALITY_WORDS[asked.seeds_by]
    st.caption(
        f"{count(len(contexts), 'context')}, read by {words}. The bar says how far each agrees "
        "with the others of this seed: a low one may speak of something else."
    )
    end = st.container()  # above the contexts, which may fill several screens
    used = _draw_choices(user, view, contexts, agree)
    with end:
        _draw_end(view, contexts, used)


def _agreement(asked: Asked, contexts: Sequence[UsedContext]) -> tuple[float | None, ...]:
    """Each context's agreement; None for all where the model cannot read, and why."""
    try:
        encodings = read_contexts(asked.engine, contexts, asked.seeds_by)
        if encodings.unreadable:
            st.caption(masked_words(len(encodings.unreadable)))
        return agreement(encodings)
    except (BundleError, SeedError) as error:
        st.info(as_sentence(str(error)), icon=":material/info:")
        return (None,) * len(contexts)


def _draw_choices(
    user: User,
    view: View,
    contexts: Sequence[UsedContext],
    agree: Sequence[float | None],
) -> list[bool]:
    """A box to tick for every context, the one that agrees least first."""
    order = sorted(range(len(contexts)), key=lambda n: (_least_first(agree[n]), n))
    used = [True] * len(contexts)
    for number in order:
        context = contexts[number]
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            with st.container(width=90):
                used[number] = st.checkbox(
                    "Use it",
                    value=context.id not in view.left_out,
                    key=f"use-{context.id}",
                )
            with st.container(width="stretch"):
                st.html(context_html(user, context, bar_html(agree[number])))
    return used


def _least_first(cosine: float | None) -> float:
    return 2.0 if cosine is None else cosine


def _draw_end(view: View, contexts: Sequence[UsedContext], used: Sequence[bool]) -> None:
    """What is chosen, and the button that runs the list again."""
    own = {context.id for context in contexts}
    gone = [context.id for context, use in zip(contexts, used, strict=True) if not use]
    left_out = (*(c for c in view.left_out if c not in own), *gone)
    if not any(used):
        st.info("A seed needs one context at least: tick one.", icon=":material/info:")
    elif len(left_out) > MAX_NAMED:
        st.info(
            f"An address holds {MAX_NAMED} contexts left out at most; tick some again.",
            icon=":material/info:",
        )
    else:
        new = replace(view, left_out=left_out)
        label = "Expand with these contexts"
        if st.button(label, type="primary", disabled=set(new.left_out) == set(view.left_out)):
            show(new)
            st.rerun()
