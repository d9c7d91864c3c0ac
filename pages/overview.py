"""Overview: what this is, the corpus at a glance, and where to go next."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from db.accounts import Role
from db.corpus import Overview, is_empty, overview
from pages.parts import house
from pages.parts.calm import no_corpus
from pages.parts.door import require
from pages.parts.figures import class_sunburst, contexts_histogram, draw_figure
from pages.parts.head import page_head
from pages.parts.links import BROWSE, DATA, EXPAND, link_over
from pages.parts.text import as_html, as_text, count, span

user = require(Role.VIEWER)


def draw_figures(facts: Overview) -> None:
    """The corpus's size in six numbers."""
    seeds = " and ".join(f"{n} of {size} seeds" for size, n in facts.queries_by_seeds.items())
    missing = f"{facts.missing_images:,} cannot be read" if facts.missing_images else None
    with st.grid(6, min_column_width=190):
        st.metric("Entities", f"{facts.entities:,}", border=True, height="stretch")
        st.metric("Fine classes", f"{facts.classes:,}", border=True, height="stretch")
        st.metric("Sentences", f"{facts.sentences:,}", border=True, height="stretch")
        st.metric(
            "Contexts",
            f"{facts.contexts:,}",
            border=True,
            height="stretch",
            help="Image–sentence pairs: one for each mention of an entity in a sentence.",
        )
        st.metric("Images", f"{facts.images:,}", border=True, height="stretch", help=missing)
        st.metric(
            "Queries", f"{facts.queries:,}", border=True, height="stretch", help=seeds or None
        )


def summary(facts: Overview) -> str:
    """What the six numbers leave out, in one line."""
    spread = facts.contexts_per_entity
    outside = facts.entities - facts.entities_in_a_class
    sizes = [size.members for size in facts.class_sizes]
    said = [f"{span(spread.min, spread.max, 'context')} an entity, median {spread.median:g}"]
    if sizes:
        said.append(f"{span(min(sizes), max(sizes), 'member')} a class")
        said.append(f"{count(outside, 'entity')} in no class")
    if facts.contexts_without_image:
        share = max(facts.missing_rate, 0.001)
        said.append(f"{share:.1%} of the contexts without an image")
    else:
        said.append("an image for every context")
    return " · ".join(said)


def draw_charts(facts: Overview) -> None:
    classes, contexts = st.columns(2, gap="medium")
    with classes:
        st.subheader("Classes in three levels", anchor=False)
        if facts.class_sizes:
            draw_figure(
                class_sunburst(facts.class_sizes),
                f"{count(facts.classes, 'fine class')} within their middle and coarse classes",
            )
            st.caption(
                "Press a slice to open it, and the middle to go back; "
                "hold the pointer on one for its whole name."
            )
        else:
            st.caption("This corpus has no classes.")
    with contexts:
        st.subheader("Contexts per entity", anchor=False)
        spread = facts.contexts_per_entity
        draw_figure(
            contexts_histogram(spread.histogram),
            f"Contexts per entity: {spread.min} to {spread.max}, median {spread.median:g}",
        )


def draw_classes(facts: Overview) -> None:
    with st.expander(f"All {count(facts.classes, 'fine class')}"):
        rows = [(size.coarse, size.middle, size.fine, size.members) for size in facts.class_sizes]
        columns = ["Coarse", "Middle", "Fine class", "Members"]
        st.dataframe(pd.DataFrame(rows, columns=columns), hide_index=True)


JOBS = (
    (EXPAND, "Explore seeds", "Name three members of a class; see the rest, ranked."),
    (BROWSE, "Look at the data", "Classes, entities, sentences, pictures, candidates."),
    (DATA, "Bring your own", "Import, check, export and back up a corpus."),
)


def draw_jobs() -> None:
    """Where to go next."""
    with st.grid(3, min_column_width=220):
        for number, (page, title, about) in enumerate(JOBS):
            with st.container(key=f"card-job-{number}", gap=None):
                st.html(f'<div class="mese-job">{as_html(title)}</div><div>{as_html(about)}</div>')
                link_over(f"job-{number}", page, title)


page_head(
    "Overview",
    "MESE Studio finds the rest of a class from a few of its members, each known by sentences "
    "and pictures: a workbench for multi-modal entity set expansion.",
    user,
)
if is_empty(house.store()):
    no_corpus()
draw_jobs()  # before the counting, which takes half a second over 400,000 contexts
facts = overview(house.store())
st.subheader(f"The corpus “{as_text(facts.name)}”", anchor=False)
draw_figures(facts)
st.caption(summary(facts))
draw_charts(facts)
if facts.class_sizes:
    draw_classes(facts)
