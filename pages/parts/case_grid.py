"""A case's cards, and the visual clues that are tagged on them: one click or one key each.

One element whose script (case_grid.js) draws the cards. What is pressed comes back as a list of
numbered tags, so that many quick ones during one run are all worked off, each once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from db.accounts import User
from db.clues import Clues
from mese.bounds import CLUES, entity_id
from mese.printable import without_turns
from pages.parts.case_facts import Item
from pages.parts.pictures import picture_address
from pages.parts.presses import new_presses, read_presses
from pages.parts.words import KIND_WORDS

LAST_TAG = "cases: last tag"
MOST_AT_ONCE = 200

_grid = st.components.v2.component(
    "mese_case_grid",
    html='<ol class="mese-grid"></ol>',
    js=Path(__file__).with_name("case_grid.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


@dataclass(frozen=True, slots=True)
class Tag:
    """One press: the user sets a clue of an entity or takes it back; numbers grow."""

    number: int
    entity: int
    clue: str
    on: bool


def draw_case_grid(
    user: User,
    items: Sequence[Item],
    key: str,
    clues: Clues | None = None,
    on_tags: Callable[[Sequence[Tag]], None] | None = None,
    browse: bool = False,
) -> None:
    """Draw the cards; with `clues`, also what was tagged, and with `on_tags` the ways to tag.

    With `browse` each card leads to its entity's page.
    """
    data = {
        "cards": [_card(user, item, clues) for item in items],
        "label": "Results, best first",
        "clues": list(CLUES) if on_tags else [],
        "browse": browse,
        "run": key,
    }

    if on_tags is None:
        _grid(key=key, data=data)
    else:
        _grid(key=key, data=data, on_tags_change=lambda: on_tags(_new_tags(key)))


def _card(user: User, item: Item, clues: Clues | None) -> dict[str, Any]:
    raters = clues.get(item.id, {}) if clues and item.id is not None else {}
    others = [f"{rater}: {', '.join(seen)}" for rater, seen in raters.items() if rater != user.name]
    return {
        "id": item.id,
        "rank": item.rank,
        "score": "" if item.score is None else f"{item.score:.3f}",
        "name": without_turns(item.name),
        "classes": without_turns(", ".join(item.classes)) or "no class",
        "kind": item.kind,
        "verdict": KIND_WORDS.get(item.kind, ""),
        "src": picture_address(user, item.picture) or "",
        "own": list(raters.get(user.name, ())),
        "others": "; ".join(others),
    }


def _new_tags(key: str) -> list[Tag]:
    return new_presses(key, "tags", LAST_TAG, read_tags)


def read_tags(sent: Any, last: int) -> list[Tag]:
    """The tags after number `last` in what a browser sent, which may be anything."""
    return read_presses(sent, last, _tag, MOST_AT_ONCE)


def _tag(item: Any) -> Tag | None:
    if not isinstance(item, dict):
        return None
    number, entity, clue, on = (item.get(name) for name in ("number", "id", "clue", "on"))
    fits = type(number) is int and type(entity) is int and entity_id(entity) is not None
    if not fits or clue not in CLUES or not isinstance(on, bool):
        return None
    return Tag(int(str(number)), int(str(entity)), str(clue), on)
