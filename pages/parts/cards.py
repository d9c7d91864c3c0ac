"""Cards of the Expand page: a result, a seed chip, an example query."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from db.accounts import User
from mese.corpus import Result
from pages.parts.links import BROWSE, link_over
from pages.parts.pictures import draw_picture, picture_html
from pages.parts.text import as_html, as_text

if TYPE_CHECKING:
    from db.corpus import EntityCard

Cards = Mapping[int, "EntityCard"]


def shared_classes(seeds: Sequence[int], cards: Cards) -> tuple[str, ...]:
    """The fine classes that every seed belongs to; empty where the seeds' class is not known."""
    if not seeds or any(seed not in cards for seed in seeds):
        return ()
    first, *others = (cards[seed].classes for seed in seeds)
    return tuple(name for name in first if all(name in other for other in others))


def kind_of(result: Result, wanted: Sequence[str]) -> str:
    """`hit` or `other` against the seeds' classes, `plain` where those are not known."""
    if not wanted:
        return "plain"
    return "hit" if set(wanted) & set(result.classes) else "other"


def draw_result(user: User, result: Result, kind: str, cards: Cards) -> None:
    """One card: picture, rank, score, name, and the class with its verdict in words.

    All of it links to the entity's page.
    """
    card = cards.get(result.id)
    with st.container(key=f"card-{kind}-{result.id}", gap=None):
        alt = f"{result.name}, rank {result.rank}"
        draw_picture(user, card.image_hash if card else None, alt, _caption(result, kind, card))
        if card:
            link_over(f"result-{result.id}", BROWSE, result.name, {"entity": str(result.id)})


def name_html(name: str, card: EntityCard | None) -> str:
    """The line of a card that names its entity."""
    other = f" ({card.other_name})" if card and card.other_name else ""
    title = as_html(f"{name}{other}")
    return f'<div class="mese-name" title="{title}">{as_html(name)}{_other_html(card)}</div>'


def _other_html(card: EntityCard | None) -> str:
    """After a nickname, smaller, what its bearer is usually called."""
    if not card or not card.other_name:
        return ""
    return f" <small>({as_html(card.other_name)})</small>"


def _caption(result: Result, kind: str, card: EntityCard | None) -> str:
    classes = as_html(", ".join(result.classes) or "no class")
    verdict = {"hit": "<b>✓ hit</b> · ", "other": "○ other · "}.get(kind, "")
    return (
        f'<div class="mese-line"><span>{result.rank}</span><span>{result.score:.3f}</span></div>'
        f"{name_html(result.name, card)}"
        f'<div class="mese-class" title="{classes}">{verdict}{classes}</div>'
    )


def draw_seed(user: User, seed: int, cards: Cards, remove: Callable[[int], None]) -> None:
    """A seed's chip: a small picture and its name; pressing it takes the seed away."""
    card = cards[seed]
    with st.container(
        key=f"seed-{seed}", horizontal=True, vertical_alignment="center", width="content", gap=None
    ):
        with st.container(width=38):
            draw_picture(user, card.image_hash, card.name)
        st.button(
            as_text(card.name),
            key=f"remove-{seed}",
            icon=":material/close:",
            icon_position="right",
            type="tertiary",
            help=f"Take {as_text(card.name)} away",
            on_click=remove,
            args=(seed,),
        )


def draw_example(user: User, seeds: Sequence[int], cards: Cards) -> None:
    """An example query's seeds, side by side."""
    figures = "".join(
        f"<figure>{picture_html(user, cards[s].image_hash, cards[s].name)}"
        f"<figcaption>{as_html(cards[s].name)}{_other_html(cards[s])}</figcaption></figure>"
        for s in seeds
    )
    st.html(f'<div class="mese-trio">{figures}</div>')
