"""The grid of results: one element for the whole list, however long, with a card an entity.

A card of Streamlit's own elements with its three buttons takes five of them. Measured in Chromium
on two busy cores, a run that redraws 100 such cards took 0.57 s, without pictures, and the first
one 2.9 s. Here the list is one element whose script builds the cards (grid.js): 50 took 0.3 s with
their pictures and 200 took 0.4 s.

A card's picture says why it is there; below are its acceptance, its rejection and the way to
Browse. What is pressed comes back as a list of numbered acts, so that two presses during one run
are both worked off, each once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from mese.bounds import entity_id
from pages.parts.presses import new_presses, read_presses

KEY = "grid"
LAST_ACT = "grid: last act"
ACTS = ("why", "accept", "reject")
MOST_AT_ONCE = 50

_SCRIPT = Path(__file__).with_name("grid.js")

_grid = st.components.v2.component(
    "mese_grid",
    html='<ol class="mese-grid"></ol>',
    js=_SCRIPT.read_text(encoding="utf-8"),
    isolate_styles=False,  # look.css dresses these cards like those of the other pages
)


@dataclass(frozen=True, slots=True)
class ResultCard:
    """What a card shows; every text is plain. `src` is empty where there is no picture.

    `verdict` is what `kind` says in words, and `said` what its picture's button adds to the name.
    """

    id: int
    rank: int
    name: str
    other: str
    score: str
    classes: str
    kind: str
    verdict: str
    said: str
    src: str
    alt: str
    accepted: bool


@dataclass(frozen=True, slots=True)
class Act:
    """One press in the grid: `what` is one of `ACTS`, `number` grows from press to press."""

    number: int
    what: str
    entity: int


def draw_grid(
    cards: Sequence[ResultCard], label: str, run: str, on_acts: Callable[[Sequence[Act]], None]
) -> None:
    """Draw the cards; `on_acts` is called with what was pressed since, before the next run.

    `run` names the list: it changes when another one is shown.
    """
    _grid(
        key=KEY,
        data={
            "cards": [asdict(card) for card in cards],
            "label": label,
            "run": run,
            # So that the cards are drawn anew after a press that changed nothing.
            "answered": st.session_state.get(LAST_ACT, 0),
        },
        on_acts_change=lambda: on_acts(_new_acts()),
    )


def draw_grid_ahead() -> None:
    """An empty grid, so that the browser has its scripts (180 kB) when the first list comes."""
    draw_grid((), "Results", "", lambda acts: None)


def _new_acts() -> list[Act]:
    return new_presses(KEY, "acts", LAST_ACT, read_acts)


def read_acts(sent: Any, last: int) -> list[Act]:
    """The acts after number `last` in what a browser sent, which may be anything."""
    return read_presses(sent, last, _act, MOST_AT_ONCE)


def _act(item: Any) -> Act | None:
    if not isinstance(item, dict):
        return None
    number, what, entity = item.get("number"), item.get("what"), item.get("id")
    if type(number) is not int or type(entity) is not int or what not in ACTS:
        return None
    return Act(number, what, entity) if entity_id(entity) is not None else None
