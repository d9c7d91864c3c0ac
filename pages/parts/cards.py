"""Cards of the Expand page: a result, a seed chip, an example query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from db.accounts import User
from db.cards import shared
from mese.corpus import Result
from mese.printable import without_turns
from pages.parts.grid import ResultCard
from pages.parts.pictures import picture_address, picture_html
from pages.parts.text import as_html
from pages.parts.words import KIND_WORDS

if TYPE_CHECKING:
    from db.corpus import EntityCard

Cards = Mapping[int, "EntityCard"]


def shared_classes(seeds: Sequence[int], cards: Cards) -> tuple[str, ...]:
    """The fine classes that every seed belongs to; empty where the seeds' class is not known."""
    return shared([cards[seed].classes if seed in cards else () for seed in seeds])


def result_card(
    user: User, result: Result, kind: str, card: EntityCard | None, accepted: bool
) -> ResultCard:
    """What the grid shows of a result."""
    name = without_turns(result.name)
    classes = without_turns(", ".join(result.classes)) or "no class"
    verdict = KIND_WORDS[kind]
    said = f"Rank {result.rank}, " + ", ".join(filter(None, [verdict[2:], classes]))
    return ResultCard(
        id=result.id,
        rank=result.rank,
        name=name,
        other=without_turns((card.other_name if card else None) or ""),
        score=f"{result.score:.3f}",
        classes=classes,
        kind=kind,
        verdict=verdict,
        said=said,
        src=picture_address(user, card.image_hash if card else None) or "",
        alt=f"{name}, rank {result.rank}",
        accepted=accepted,
    )


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


def draw_example(user: User, seeds: Sequence[int], cards: Cards) -> None:
    """An example query's seeds, side by side."""
    figures = "".join(
        f"<figure>{picture_html(user, cards[s].image_hash, cards[s].name)}"
        f"<figcaption>{as_html(cards[s].name)}{_other_html(cards[s])}</figcaption></figure>"
        for s in seeds
    )
    st.html(f'<div class="mese-trio">{figures}</div>')
