"""Why an entity stands in a list: its closest seeds, its ranks by modality, and its contexts.

The figures are the engine's (`mese.explain`). Contexts are read by the model on the fly, so they
come last, below what is known at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from db.accounts import User
from db.corpus import entity_cards
from db.expanding import UsedContext
from db.store import StoreError
from mese.bundle import BundleError
from mese.corpus import Result
from mese.engine import SeedError
from mese.explain import Why, carried
from pages.parts import house
from pages.parts.address import View
from pages.parts.asking import Asked, contexts_of, masked_words, read_contexts
from pages.parts.links import BROWSE, link
from pages.parts.pictures import draw_picture, picture_html
from pages.parts.sentences import sentence_html
from pages.parts.text import as_html, as_sentence, as_text, count
from pages.parts.waiting import being_made
from pages.parts.words import MODALITY_WORDS

SHOWN = 6
"""Contexts that are shown at once; the others are behind a fold."""


def why_dialog(user: User, asked: Asked, view: View, result: Result) -> None:
    """Open the dialog over the page."""
    title = f"Why {as_text(result.name)}?"
    st.dialog(title, width="large")(_draw_why)(user, asked, view, result)


def _draw_why(user: User, asked: Asked, view: View, result: Result) -> None:
    try:
        known = explained(asked, result)
    except (BundleError, SeedError, StoreError) as error:
        st.info(as_sentence(str(error)), icon=":material/info:")
        return
    with st.container(horizontal=True, gap="medium"):
        with st.container(width=180):
            _draw_portrait(user, result)
        right = st.container(width="stretch")
    with right:
        st.html(ranks_html(asked, known, result.rank))
        _draw_closest(user, asked, known)
    st.html('<h4 class="mese-part">What carried it: its contexts, strongest first</h4>')
    with st.container(key="why-contexts"):
        _draw_contexts(user, asked, result)


def explained(asked: Asked, result: Result) -> Why:
    """What the engine says of the result, but for its contexts."""
    return asked.engine.explain(
        result.id, asked.seeds, asked.options, (), asked.rows, asked.rows_by
    )


def _draw_portrait(user: User, result: Result) -> None:
    card = entity_cards(house.store(), [result.id]).get(result.id)
    classes = as_html(", ".join(result.classes) or "no class")
    below = f'<div class="mese-class">Rank {result.rank} · {classes}</div>'
    draw_picture(user, card.image_hash if card else None, result.name, below)
    link(BROWSE, "Open in Browse", {"entity": str(result.id)}, icon=":material/search:")


def ranks_html(asked: Asked, known: Why, rank: int) -> str:
    """The entity's rank under each modality, beside its rank in this list."""
    cells = [_cell("this list", f"{rank:,}")]
    cells += [_cell(words, _rank(asked, known, name)) for name, words in MODALITY_WORDS.items()]
    return (
        '<h4 class="mese-part">Its rank</h4>'
        f'<div class="mese-ranks" role="list">{"".join(cells)}</div>'
    )


def _cell(head: str, figure: str) -> str:
    return f'<div role="listitem"><small>{as_html(head)}</small><b>{figure}</b></div>'


def _rank(asked: Asked, known: Why, modality: str) -> str:
    if modality not in known.ranks:
        return f"<small>{why_no_rank(asked, modality)}</small>"
    rank = known.ranks[modality]
    return f"<small>beyond {known.looked_at:,}</small>" if rank is None else f"{rank:,}"


def why_no_rank(asked: Asked, modality: str) -> str:
    """Why the list cannot be made under a modality (`mese.explain.Why.ranks`)."""
    engine = asked.engine
    if modality not in engine.bundle.modalities:
        return "being made" if being_made(engine, [modality]) else "not represented"
    if engine.settle(asked.options).method not in engine.methods(modality):
        return "not by this method"
    return "a seed has none"


def _draw_closest(user: User, asked: Asked, known: Why) -> None:
    """The seeds by closeness, each with its picture and its cosine as a bar."""
    if not known.closest:
        return
    cards = entity_cards(house.store(), asked.seeds)
    names = seed_names(asked)
    hashes = {seed: card.image_hash for seed, card in cards.items()}
    hashes |= {-1 - k: seed.image_hash for k, seed in enumerate(asked.opened)}
    rows = [
        f'<div role="listitem">{picture_html(user, hashes.get(seed), "")}'
        f"<span>{as_html(names.get(seed, ''))}</span>{bar_html(cosine)}</div>"
        for seed, cosine in known.closest
    ]
    st.html(
        '<h4 class="mese-part">The seeds it is closest to</h4>'
        f'<div class="mese-closest" role="list">{"".join(rows)}</div>'
    )


def seed_names(asked: Asked) -> dict[int, str]:
    """Seed → name; open seed k is −1−k, as in `mese.explain.Why`."""
    opened = [row.name for row in asked.rows if row.entity is None]
    named = {seed: asked.engine.entity_name(seed) for seed in asked.seeds}
    return named | {-1 - k: f"{name} (open seed)" for k, name in enumerate(opened)}


def bar_html(cosine: float | None) -> str:
    """A cosine as a figure and a bar whose whole track is 1; none below nought."""
    if cosine is None:
        return '<span class="mese-bar"><small>nothing to read</small></span>'
    share = max(0.0, min(1.0, cosine)) * 100
    return (
        f'<span class="mese-bar" title="cosine {cosine:.3f}">'
        f'<span class="mese-track"><i style="width:{share:.0f}%"></i></span>'
        f"<b>{cosine:.2f}</b></span>"
    )


def contexts_to_draw(asked: Asked, entity: int) -> tuple[UsedContext, ...]:
    """An entity's contexts; where there are none to show, the page says why."""
    try:
        contexts = contexts_of(asked.engine, [entity]).get(entity, ())
    except StoreError as error:  # scores of two scorers, say, where the bundle's policy needs one's
        st.info(as_sentence(str(error)), icon=":material/info:")
        return ()
    if not contexts:
        st.caption("This corpus holds no context of it any more.")
    return contexts


def _draw_contexts(user: User, asked: Asked, result: Result) -> None:
    contexts = contexts_to_draw(asked, result.id)
    if not contexts:
        return
    order = _weighed(asked, contexts)
    st.html("".join(context_html(user, contexts[n], bar_html(c)) for n, c in order[:SHOWN]))
    rest = order[SHOWN:]
    if rest:
        with st.expander(f"{count(len(rest), 'context')} more"):
            st.html("".join(context_html(user, contexts[n], bar_html(c)) for n, c in rest))


def _weighed(asked: Asked, contexts: Sequence[UsedContext]) -> list[tuple[int, float | None]]:
    """The contexts' numbers with their cosine to the seeds' sum, best first; unweighed at last."""
    cosines: dict[int, float] = {}
    try:
        with st.spinner("Reading its contexts …"):
            encodings = read_contexts(asked.engine, contexts, asked.candidates)
        cosines = dict(carried(asked.engine, encodings, asked.seeds, asked.options, asked.rows))
        if encodings.unreadable:
            st.caption(masked_words(len(encodings.unreadable)))
    except (BundleError, SeedError) as error:
        st.info(
            f"{as_sentence(str(error))} So they stand in their own order.",
            icon=":material/info:",
        )
    order = sorted(range(len(contexts)), key=lambda n: (-cosines.get(n, -2.0), n))
    return [(n, cosines.get(n)) for n in order]


def context_html(user: User, context: UsedContext, beside: str = "") -> str:
    """A context: its image, its sentence with the mention marked, and what is said `beside`."""
    picture = picture_html(user, context.image_hash, "the context's image")
    sentence = sentence_html(context.tokens, context.start, context.end)
    return (
        f'<article class="mese-context mese-alone">{picture}'
        f'<div><p class="mese-sentence">{sentence}</p>{beside}</div></article>'
    )
