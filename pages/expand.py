"""Expand: choose seeds, see the rest of their class, ranked, with pictures.

The address bar holds the query; everything on the page follows from it.
"""

from __future__ import annotations

from collections import Counter

import streamlit as st

from db.accounts import Role
from db.corpus import EntityHit, entity_cards, example_queries, is_empty, search_entities
from db.store import StoreError
from mese.bundle import BundleError, NoBundle
from mese.corpus import Expansion
from mese.engine import METHOD_WORDS, Engine, Options, SeedError
from pages.parts import house
from pages.parts.address import MAX_SEEDS, SIZES, View, read_view
from pages.parts.calm import no_corpus, no_model, notes
from pages.parts.cards import Cards, draw_example, draw_result, draw_seed, kind_of, shared_classes
from pages.parts.door import require
from pages.parts.head import page_head
from pages.parts.text import as_sentence, as_text

user = require(Role.VIEWER)
store = house.store()
LAST_VIEW = "expand: last view"


def show(view: View) -> None:
    """Put a view into the address bar: the next run draws it."""
    st.query_params.from_dict(view.params())


def asked_view() -> tuple[View, list[str]]:
    """The address's view, and what was wrong with it.

    Coming back from another page by the navigation leaves the address empty: then the last view
    returns. Going Back to an empty address stays empty.
    """
    if st.session_state["arrived"] and not st.query_params and LAST_VIEW in st.session_state:
        show(st.session_state[LAST_VIEW])
    view, wrong = read_view(st.query_params.to_dict())
    st.session_state[LAST_VIEW] = view
    return view, wrong


def add_seed(view: View, seed: int) -> None:
    show(view.with_seed(seed))
    st.session_state["find"] = ""
    st.rerun()


def change_size(view: View) -> None:
    show(View(view.seeds, st.session_state["size"]))


@st.fragment
def find_seeds(view: View) -> None:
    """The search field and what it finds. Only this part of the page runs while one types."""
    full = len(view.seeds) >= MAX_SEEDS
    text = st.text_input(
        "Add a seed by name or alias",
        type="search",
        live="200ms",
        key="find",
        placeholder="Type a few letters",
        disabled=full,
    )
    hits = [] if full or not text else search_entities(store, text, limit=20)
    # One row that is always there and scrolls sideways: what is below it stays where it is.
    with st.container(
        key="found", horizontal=True, wrap=False, gap="xsmall", vertical_alignment="center"
    ):
        if full:
            st.caption(f"{MAX_SEEDS} seeds are the most; take one away to add another.")
        elif hits:
            names = Counter(hit.name for hit in hits)
            for hit in hits:
                draw_hit(view, hit, twin=names[hit.name] > 1)
        elif text and text.strip():
            st.caption("Nothing in this corpus has such a name or alias.")
        else:
            st.caption("What is found appears here; press it to make it a seed.")


def draw_hit(view: View, hit: EntityHit, twin: bool) -> None:
    """A found entity as a button; a `twin`, one of two with a name, also says its class."""
    classes = ", ".join(hit.classes) or "no class"
    more = [f"({hit.alias})"] if hit.alias else []
    more += [f"· {classes}"] if twin else []
    st.button(
        as_text(" ".join([hit.name, *more])),
        key=f"add-{hit.id}",
        icon=":material/add:",
        help=as_text(classes),
        disabled=hit.id in view.seeds,
        on_click=add_seed,
        args=(view, hit.id),
    )


def draw_controls(view: View, cards: Cards) -> None:
    left, right = st.columns([3, 1], gap="medium")
    with left:
        find_seeds(view)
    with right:
        st.session_state["size"] = view.size
        st.segmented_control(
            "Length of the list",
            SIZES,
            key="size",
            required=True,
            on_change=change_size,
            args=(view,),
        )
    if view.seeds:
        with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
            for seed in view.seeds:
                draw_seed(user, seed, cards, lambda gone: show(view.without_seed(gone)))


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
                    on_click=show,
                    args=(View(query.seeds, view.size),),
                )


def draw_facts(engine: Engine, expansion: Expansion, hits: int | None, wanted: str) -> None:
    """One line of how the list came about."""
    facts = [f"**{len(expansion.results)}** results"]
    if hits is not None:
        facts.append(f"**{hits}** of them in {as_text(wanted)}")
    facts.append(f"bundle {as_text(engine.name)} on {engine.device}")
    facts.append(f"ranked by {METHOD_WORDS[str(expansion.settings['method'])]}")
    facts.append(f"{expansion.seconds * 1000:.0f} ms")
    st.caption(" · ".join(facts))


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


def draw_results(engine: Engine, view: View, seed_cards: Cards) -> None:
    known = [seed for seed in view.seeds if engine.knows(seed)]
    notes(
        f"The model does not know {as_text(seed_cards[seed].name)}, which has too few sentences "
        "to learn from; the list is made without it."
        for seed in view.seeds
        if seed not in known
    )
    if not known:
        return
    expansion = engine.expand(known, Options(size=view.size))
    cards = entity_cards(store, [result.id for result in expansion.results])
    wanted = shared_classes(known, seed_cards)
    kinds = [kind_of(result, wanted) for result in expansion.results]
    draw_facts(engine, expansion, kinds.count("hit") if wanted else None, ", ".join(wanted))
    with st.grid("auto", min_column_width=150, gap="small"):
        for result, kind in zip(expansion.results, kinds, strict=True):
            draw_result(user, result, kind, cards)


page_head(
    "Expand",
    "Choose three to five members of a class; the model ranks what else belongs to it.",
    user,
)
if is_empty(store):
    no_corpus()
asked, wrong = asked_view()
seed_cards = entity_cards(store, asked.seeds)
view = View(tuple(seed for seed in asked.seeds if seed in seed_cards), asked.size)
wrong += [
    f"There is no entity {seed} in this corpus." for seed in asked.seeds if seed not in seed_cards
]
ready = has_model()
draw_controls(view, seed_cards)
notes(as_text(note) for note in wrong)
if not view.seeds:
    draw_examples(view)
elif ready:
    try:
        draw_results(house.engine(), view, seed_cards)
    except (BundleError, SeedError, StoreError) as error:
        st.info(as_sentence(str(error)), icon=":material/info:")
