"""The parts of the Browse page: a class's card, a member's card, a query, a context."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from db.accounts import User
from db.browsing import CandidateView, ClassCard, ContextView, QueryView
from db.corpus import EntityCard
from pages.parts.cards import name_html
from pages.parts.links import BROWSE, EXPAND, link, link_over
from pages.parts.pictures import draw_picture, picture_html
from pages.parts.sentences import sentence_html
from pages.parts.text import as_html, count

ROLE_WORDS = {
    "sibling": "Entity of a sibling class",
    "bm25": "Entity added as a hard negative: its name shares words with a member's",
    "random": "Entity added as an easy negative",
    "synonym": "Entity under another of its names",
}
"""Why one that is no target is in the vocabulary (specs/dataset_pipeline.md, step 1)."""


def draw_class(user: User, card: ClassCard, number: int) -> None:
    """A class as a card: some members' pictures, its name, size and parent. All of it links."""
    pictures = "".join(picture_html(user, sha256, "") for sha256 in card.cover) or picture_html(
        user, None, card.name
    )
    about = " · ".join(filter(None, [count(card.members, "member"), card.middle]))
    with st.container(key=f"card-class-{number}", gap=None):
        st.html(
            f'<div class="mese-trio">{pictures}</div>'
            f'<div class="mese-name" title="{as_html(card.name)}">{as_html(card.name)}</div>'
            f'<div class="mese-class" title="{as_html(about)}">{as_html(about)}</div>'
        )
        link_over(f"class-{number}", BROWSE, card.name, {"class": card.name})


def draw_member(user: User, card: EntityCard, key: str) -> None:
    """An entity as a card: its picture, name and number of contexts. All of it links."""
    about = count(card.contexts, "context")
    with st.container(key=f"card-{key}-{card.id}", gap=None):
        below = f'{name_html(card.name, card)}<div class="mese-class">{about}</div>'
        draw_picture(user, card.image_hash, card.name, below)
        link_over(f"{key}-{card.id}", BROWSE, card.name, {"entity": str(card.id)})


def draw_class_links(key: str, cards: Sequence[ClassCard]) -> None:
    """Classes as a row of links."""
    with st.container(key=f"chips-{key}", horizontal=True, gap="xsmall"):
        for card in cards:
            link(BROWSE, f"{card.name} · {card.members:,}", {"class": card.name})


def draw_queries(queries: Sequence[QueryView]) -> None:
    """Each query as a link that expands it."""
    for query in queries:
        names = " · ".join(card.name for card in query.seeds)
        seeds = ",".join(str(card.id) for card in query.seeds)
        link(EXPAND, f"{len(query.seeds)} seeds: {names}", {"seeds": seeds}, ":material/hub:")


POLICY_WORDS = {
    "top1": "the first image of its search",
    "reranked": "the candidate with the best score",
    "calibrated": "what annotators chose, and the best score until they have",
}


def policy_words(policy: str, contexts: Sequence[ContextView]) -> str:
    """Which image each of these contexts is shown with, and why that one."""
    most = max((len(context.candidates) for context in contexts), default=0)
    if most > 1:
        return (
            f"Each sentence with the image that it uses under the policy {policy} "
            f"({POLICY_WORDS[policy]}), marked among all that its search found."
        )
    if most == 1:
        return "Each sentence with its image, the only one that the corpus has for it."
    return "The corpus has no image for these sentences."


def context_html(user: User, context: ContextView) -> str:
    """A context: its image under the policy, its sentence, and the candidates in search order."""
    chosen = context.chosen
    picture = picture_html(user, chosen.sha256 if chosen else None, "the context's image")
    candidates = context.candidates if len(context.candidates) > 1 else ()
    strip = "".join(_candidate_html(user, candidate) for candidate in candidates)
    sentence = sentence_html(context.tokens, context.start, context.end)
    kind = "mese-context" if strip else "mese-context mese-alone"
    return (
        f'<article class="{kind}">{picture}<div><p class="mese-sentence">{sentence}</p>'
        f'<div class="mese-strip">{strip}</div></div></article>'
    )


def _candidate_html(user: User, candidate: CandidateView) -> str:
    """One candidate. Below its rank is the place of its scores, once there are any (Eq. 1)."""
    state = " mese-chosen" if candidate.chosen else ""
    title = as_html(candidate.problem or f"Rank {candidate.rank} of the image search")
    picture = picture_html(user, candidate.sha256, f"candidate {candidate.rank}")
    rank = f"✓ {candidate.rank}" if candidate.chosen else str(candidate.rank)
    return (
        f'<figure class="mese-candidate{state}" title="{title}">{picture}'
        f"<figcaption>{rank}</figcaption></figure>"
    )
