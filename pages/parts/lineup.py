"""Lists side by side: what moved against the first, and the same entity lit up in every one.

One element whose script (lineup.js) draws the columns and lights entities up without a new run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from db.accounts import User
from mese.printable import without_turns
from pages.parts.case_columns import Column
from pages.parts.case_facts import Item
from pages.parts.pictures import picture_address
from pages.parts.text import count
from pages.parts.words import KIND_WORDS

_lineup = st.components.v2.component(
    "mese_lineup",
    html='<div class="mese-lineup"></div>',
    js=Path(__file__).with_name("lineup.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)

Facts = dict[str, Any]


def draw_lineup(user: User, columns: Sequence[Column], run: str) -> None:
    """Draw columns side by side; `run` names what is shown, for a test to wait for."""
    _lineup(key="lineup", data={"columns": line_up(user, columns), "run": run})


def line_up(user: User, columns: Sequence[Column]) -> list[Facts]:
    """What the script draws: each column's rows, and what the first has and it has not."""
    key = _key_of(columns)
    first = {key(item): item for item in columns[0].items}
    return [
        _column(user, column, first if number else {}, key, number > 0)
        for number, column in enumerate(columns)
    ]


def _key_of(columns: Sequence[Column]) -> Any:
    """What makes two entries one entity: its number, and between corpora its name."""
    corpora = {column.shown.fingerprint for column in columns if not column.trouble}
    if len(corpora) > 1:
        return lambda item: f"name {item.name}"
    return lambda item: f"id {item.id}"


def _column(
    user: User, column: Column, first: Mapping[str, Item], key: Any, compared: bool
) -> Facts:
    rows = [_row(user, item, first, key, compared) for item in column.items]
    held = {row["key"] for row in rows}
    gone = [item for name, item in first.items() if name not in held]
    if column.trouble:
        gone = []
    return {
        "title": without_turns(column.title),
        "about": column.about,
        "tally": _tally(column, len(rows) - sum(row["sign"] == "new" for row in rows), compared),
        "trouble": without_turns(column.trouble),
        "rows": rows,
        "gone": [
            {"key": key(item), "name": without_turns(item.name), "was": item.rank} for item in gone
        ],
    }


def _row(user: User, item: Item, first: Mapping[str, Item], key: Any, compared: bool) -> Facts:
    before = first.get(key(item))
    sign, words = move_of(before.rank if before else None, item.rank or 0) if compared else ("", "")
    return {
        "key": key(item),
        "rank": item.rank,
        "name": without_turns(item.name),
        "classes": without_turns(", ".join(item.classes)) or "no class",
        "kind": item.kind,
        "verdict": KIND_WORDS[item.kind],
        "sign": sign,
        "moved": words,
        "src": picture_address(user, item.picture) or "",
    }


def move_of(before: int | None, rank: int) -> tuple[str, str]:
    """How a rank differs from the one in the first list: in a sign, and in words."""
    if before is None:
        return "new", "not in the first list"
    if rank == before:
        return "=", "at the same rank"
    places = abs(before - rank)
    up = rank < before
    return f"{'↑' if up else '↓'}{places}", f"{count(places, 'place')} {'up' if up else 'down'}"


def _tally(column: Column, common: int, compared: bool) -> str:
    """`37 hits of 44 · 3 hard negatives · 41 also in the first list`."""
    kinds = [item.kind for item in column.items]
    words = [count(len(kinds), "result")]
    if column.shown.wanted:
        words = [f"{count(kinds.count('hit'), 'hit')} of {column.shown.gold}"]
        words.append(count(kinds.count("hard"), "hard negative"))
    return " · ".join(words + [f"{common} also in the first list"] * compared)
