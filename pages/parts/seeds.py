"""The seeds of the Expand page: the field that finds them, their chips, and what is kept out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import streamlit as st

from db.accounts import Role, User
from db.corpus import EntityHit, search_entities
from db.expanding import UsedContext, first_contexts
from db.open_seeds import OpenSeed
from pages.parts import house
from pages.parts.address import MAX_SEEDS, View
from pages.parts.cards import Cards
from pages.parts.pictures import draw_picture
from pages.parts.text import as_text, count
from pages.parts.viewing import show

FOUND = 20
"""Entities that a search shows."""

SHOWN_KEPT_OUT = 24

AROUND = 4
"""Words on either side of a mention that tell two entities of one name and class apart."""

LONGEST_SNIPPET = 80


@st.fragment
def find_seeds(user: User, view: View) -> None:
    """The search field and what it finds. Only this part of the page runs while one types."""
    text = st.text_input(
        "Add a seed by name or alias",
        type="search",
        live="200ms",
        key="find",
        placeholder="Type a few letters",
        disabled=view.is_full,
    )
    hits = [] if view.is_full or not text else search_entities(house.store(), text, limit=FOUND)
    # One row that is always there and scrolls sideways: what is below it stays where it is.
    with st.container(
        key="found", horizontal=True, wrap=False, gap="xsmall", vertical_alignment="center"
    ):
        if view.is_full:
            st.caption(f"{MAX_SEEDS} seeds are the most; take one away to add another.")
        elif hits:
            apart = told_apart(hits)
            for hit in hits:
                draw_hit(view, hit, apart.get(hit.id, ""))
        elif text and text.strip():
            more = " Describe it as an open seed, below." if user.role >= Role.RATER else ""
            st.caption(f"Nothing in this corpus has such a name or alias.{more}")
        else:
            st.caption("What is found appears here; press it to make it a seed.")


def told_apart(hits: Sequence[EntityHit]) -> dict[int, str]:
    """What tells the hits of one name apart: their classes, or else how each is mentioned."""
    names = Counter(hit.name for hit in hits)
    twins = [hit for hit in hits if names[hit.name] > 1]
    alike = Counter((hit.name, hit.classes) for hit in twins)
    same = [hit.id for hit in twins if alike[hit.name, hit.classes] > 1]
    contexts = first_contexts(house.store(), same) if same else {}
    apart = {hit.id: _class_words(hit) for hit in twins}
    return apart | {entity: snippet(context) for entity, context in contexts.items()}


def snippet(context: UsedContext) -> str:
    """Some words on either side of a mention."""
    first = max(0, context.start - AROUND)
    words = context.tokens[first : context.end + 1 + AROUND]
    before = "… " if first else ""
    after = " …" if context.end + 1 + AROUND < len(context.tokens) else ""
    return f"“{before}{' '.join(words)[:LONGEST_SNIPPET]}{after}”"


def _class_words(hit: EntityHit) -> str:
    return ", ".join(hit.classes) or "no class"


def draw_hit(view: View, hit: EntityHit, apart: str) -> None:
    """A found entity as a button; `apart` tells it from others of its name."""
    more = [f"({hit.alias})"] if hit.alias else []
    more += [f"· {apart}"] if apart else []
    st.button(
        as_text(" ".join([hit.name, *more])),
        key=f"add-{hit.id}",
        icon=":material/add:",
        help=as_text(_class_words(hit)),
        disabled=hit.id in view.seeds,
        on_click=add_seed,
        args=(view, hit.id),
    )


def add_seed(view: View, seed: int) -> None:
    show(view.with_seed(seed))
    st.session_state["find"] = ""
    st.rerun()


def draw_seeds(user: User, view: View, cards: Cards, opened: Mapping[str, OpenSeed]) -> None:
    """The chips of the seeds, and the two ways on from them."""
    for seed in view.seeds:
        card = cards[seed]
        _draw_chip(user, f"{seed}", card.name, card.image_hash, view.without_seed(seed))
    for key in view.open_seeds:
        seed_of_ones_own = opened[key]
        _draw_chip(
            user,
            f"open-{key}",
            seed_of_ones_own.name,
            seed_of_ones_own.image_hash,
            view.without_open_seed(key),
        )
    if user.role >= Role.RATER:
        with st.container(width="content"):
            _draw_open_seed_button(user, view)


def _draw_chip(user: User, key: str, name: str, image_hash: str | None, without: View) -> None:
    """A seed's chip: a small picture and its name; pressing it takes the seed away."""
    with st.container(
        key=f"seed-{key}", horizontal=True, vertical_alignment="center", width="content", gap=None
    ):
        with st.container(width=38):
            draw_picture(user, image_hash, name)
        _draw_cross(f"remove-{key}", name, f"Take {as_text(name)} away", without)


def _draw_cross(key: str, name: str, told: str, then: View) -> None:
    """A name with a cross: pressing it shows the view that `told` speaks of."""
    st.button(
        as_text(name),
        key=key,
        icon=":material/close:",
        icon_position="right",
        type="tertiary",
        help=told,
        on_click=show,
        args=(then,),
    )


@st.fragment
def _draw_open_seed_button(user: User, view: View) -> None:
    if st.button(
        "Open seed",
        icon=":material/edit_note:",
        help="Describe a seed that is not in this corpus, by a sentence, an image, or both",
        disabled=view.is_full,
    ):
        from pages.parts.open_seed import open_seed_dialog

        open_seed_dialog(user, view)


def draw_kept_out(view: View, cards: Cards) -> None:
    """The rejected entities as a row of chips; pressing one brings it back."""
    if not view.rejected:
        return
    with st.container(
        key="kept-out", horizontal=True, wrap=False, gap="xsmall", vertical_alignment="center"
    ):
        st.caption(f"{count(len(view.rejected), 'entity')} kept out", width="content")
        if len(view.rejected) > 1:
            clear = view.with_none_rejected()
            st.button("Bring all back", key="back-all", on_click=show, args=(clear,))
        for entity in view.rejected[::-1][:SHOWN_KEPT_OUT]:
            name = cards[entity].name if entity in cards else f"entity {entity}"
            back = f"Bring {as_text(name)} back"
            _draw_cross(f"back-{entity}", name, back, view.brought_back(entity))
        more = len(view.rejected) - SHOWN_KEPT_OUT
        if more > 0:
            st.caption(f"and {more} more", width="content")
