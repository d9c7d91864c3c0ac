"""Expand: choose seeds, see the rest of their class, ranked, with pictures, and see why.

The address bar holds the query; everything on the page follows from it.
"""

from __future__ import annotations

import streamlit as st

from db.accounts import Role
from db.corpus import entity_cards, example_queries, is_empty
from db.open_seeds import open_seeds
from db.store import StoreError
from mese.bundle import BundleError, NoBundle
from mese.engine import SeedError
from pages.parts import house
from pages.parts.address import View
from pages.parts.asking import Asked, ask, open_the_model
from pages.parts.calm import no_corpus, no_model, notes
from pages.parts.cards import Cards, draw_example
from pages.parts.controls import draw_settings
from pages.parts.door import require
from pages.parts.grid import draw_grid_ahead
from pages.parts.head import page_head
from pages.parts.results import draw_results
from pages.parts.seed_contexts import draw_contexts_button
from pages.parts.seeds import draw_kept_out, draw_seeds, find_seeds
from pages.parts.text import as_sentence, as_text
from pages.parts.viewing import asked_view, set_accepted, show
from pages.parts.waiting import being_made, named, wait_for

user = require(Role.VIEWER)
store = house.store()


def draw_examples(view: View) -> None:
    """What to do on an empty page: example queries, the paper's Figure 1 first."""
    st.subheader("Or start from an example", anchor=False)
    queries = example_queries(store)
    cards = entity_cards(store, [seed for query in queries for seed in query.seeds])
    with st.grid(3, min_column_width=220):
        for number, query in enumerate(queries):
            with st.container(key=f"card-example-{number}"):
                draw_example(user, query.seeds, cards)
                st.button(
                    "Expand these",
                    key=f"example-{number}",
                    width="stretch",
                    on_click=begin,
                    args=(view.with_seeds(query.seeds),),
                )
    draw_grid_ahead()


def begin(view: View) -> None:
    """A query of its own: what was accepted for another one is forgotten."""
    set_accepted(())
    show(view)


def has_model() -> bool:
    """Whether a bundle fits the corpus; said above all else where none does."""
    try:
        house.look_for_a_bundle()
    except NoBundle:
        no_model(house.settings().home)
    except BundleError as error:
        st.info(as_sentence(str(error)), icon=":material/info:")
    else:
        return True
    return False


def draw_expansion(view: View, seed_cards: Cards) -> None:
    """The settings and the list, or calmly why there is none."""
    try:
        engine = house.engine()
        with settings_place:
            draw_settings(engine, view)
        lacks = being_made(engine, filter(None, (view.candidates, view.seeds_by)))
        if lacks:
            told = f"This list is by {named(lacks)}, which is not there yet."
            wait_for(told, "The list appears here when it is there.")
            return
        asked = ask(engine, view, seed_cards, opened)
        with contexts_place:
            draw_contexts_button(user, asked, view)
        with notes_place:
            notes(asked.notes)
        if not asked.is_empty:
            draw_list(asked, view, seed_cards)
    except (BundleError, SeedError, StoreError) as error:
        st.info(as_sentence(str(error)), icon=":material/info:")


def draw_list(asked: Asked, view: View, seed_cards: Cards) -> None:
    with kept_out_place:
        draw_kept_out(view, entity_cards(store, view.rejected))
    draw_results(user, asked, view, seed_cards)
    open_the_model(asked.engine.stamp, asked.engine)


page_head(
    "Expand",
    "Choose three to five members of a class; the model ranks what else belongs to it.",
    user,
)
if is_empty(store):
    no_corpus()
view, wrong = asked_view()
seed_cards = entity_cards(store, view.seeds)
opened = open_seeds(store, view.open_seeds)
wrong += [
    f"There is no entity {seed} in this corpus." for seed in view.seeds if seed not in seed_cards
]
wrong += [
    f"There is no open seed {key} in this store; describe it again."
    for key in view.open_seeds
    if key not in opened
]
view = view.with_only(seed_cards, opened)
ready = has_model()
find_seeds(user, view)
with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
    draw_seeds(user, view, seed_cards, opened)
    contexts_place = st.container(width="content")
    settings_place = st.container(width="content")
# Places that are always there, filled or not: an element that moves in the page is made anew.
notes_place, kept_out_place = st.container(), st.container()
with notes_place:
    notes(as_text(note) for note in wrong)
if not view.seed_count:
    draw_examples(view)
elif ready:
    draw_expansion(view, seed_cards)
