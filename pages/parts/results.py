"""The list of the Expand page: how it came about, its filter, what is accepted, and the grid.

All of it is one fragment: filtering, accepting and asking why run this part of the page alone.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from db.accounts import User
from db.corpus import entity_cards
from db.expanding import hard_negative_classes
from db.shown import kind_of
from mese.bundle import BundleError
from mese.corpus import Result
from mese.engine import METHOD_WORDS, SeedError, device_of
from mese.names import fold
from pages.parts import house
from pages.parts.address import MAX_NAMED, SIZES, View
from pages.parts.asking import Asked
from pages.parts.cards import Cards, result_card, shared_classes
from pages.parts.grid import Act, draw_grid
from pages.parts.keeping import draw_keeping
from pages.parts.text import as_sentence, as_text, count
from pages.parts.viewing import WHY, accepted, set_accepted, show
from pages.parts.words import MODALITY_WORDS

ALL = "all"
NO_ROOM = "expand: no room for a rejection"
FULL = (
    f"An address holds {MAX_NAMED} rejected entities at most: bring some back before you reject "
    "another."
)
KIND_WORDS = {ALL: "All", "hit": "✓ Hits", "hard": "▲ Hard negatives", "other": "○ Others"}


@st.fragment
def draw_results(user: User, asked: Asked, view: View, seed_cards: Cards) -> None:
    """The list and all that is done with it."""
    try:
        results = asked.expansion.results
    except (BundleError, SeedError) as error:
        st.info(as_sentence(str(error)), icon=":material/info:")
        return
    wanted = shared_classes(asked.seeds, seed_cards)
    siblings = hard_negative_classes(house.store(), wanted) if wanted else frozenset()
    kinds = {result.id: kind_of(result.classes, wanted, siblings) for result in results}
    st.caption(facts(asked, kinds, wanted))
    _draw_note(asked)
    with st.container(key="filter", horizontal=True, gap="small", vertical_alignment="bottom"):
        shown = _draw_filter(view, results, kinds)
        draw_keeping(user, asked, view)
    _draw_accepted(asked, view)
    _draw_cards(user, view, shown, kinds)
    _tell_no_room()
    _open_why(user, asked, view, results)


def facts(asked: Asked, kinds: dict[int, str], wanted: Sequence[str]) -> str:
    """One line of how the list came about (Markdown)."""
    expansion = asked.expansion
    kind = Counter(kinds.values())
    told = [f"**{count(len(expansion.results), 'result')}**"]
    if wanted:
        told.append(f"**{kind['hit']}** of them in {as_text(', '.join(wanted))}")
    if kind["hard"]:
        told.append(f"**{count(kind['hard'], 'hard negative')}**")
    told.append(f"bundle {as_text(asked.engine.name)} on {as_text(device_of(asked.rows))}")
    told.append(f"ranked by {METHOD_WORDS[str(expansion.settings['method'])]}")
    told += _unusual(asked)
    told.append(f"{expansion.seconds * 1000:.0f} ms")
    return " · ".join(told)


def _draw_note(asked: Asked) -> None:
    """What the engine has to say of how it was answered: a GPU whose memory ended, for one."""
    note = asked.expansion.settings.get("note")
    if note:
        st.info(as_sentence(f"{note}."), icon=":material/info:")


def _unusual(asked: Asked) -> list[str]:
    """What of the settings is not as usual, in words."""
    options, engine = asked.options, asked.engine
    told = []
    if asked.candidates != engine.default_modality:
        told.append(f"candidates by {MODALITY_WORDS[asked.candidates]}")
    if asked.seeds_by != asked.candidates:
        told.append(f"seeds by {MODALITY_WORDS[asked.seeds_by]}")
    if options.window is not None:
        told.append(f"window of {options.window}")
    if not options.rerank:
        told.append("not re-ranked")
    some = [row for row in asked.rows if row.entity is not None]
    if some:
        told.append(f"{count(sum(row.given - row.used for row in some), 'context')} left out")
    return told


def _draw_filter(view: View, results: Sequence[Result], kinds: dict[int, str]) -> list[Result]:
    """What to show of the list, by kind and by name; and how long the list is."""
    numbers = Counter(kinds.values())
    kind = ALL
    if "plain" not in numbers:
        numbers[ALL] = len(results)
        kind = st.segmented_control(
            "Show",
            list(KIND_WORDS),
            default=ALL,
            required=True,
            key="kind",
            format_func=lambda name: f"{KIND_WORDS[name]} {numbers[name]}",
        )
    text = st.text_input(
        "Filter by name",
        type="search",
        live="200ms",
        key="name-filter",
        placeholder="Part of a name",
        width=220,
    )
    size = f"size-{view.size}"
    st.segmented_control(
        "Length of the list",
        SIZES,
        default=view.size,
        required=True,
        key=size,
        on_change=_change_size,
        args=(view, size),
    )
    part = fold(text or "")
    return [
        result
        for result in results
        if kind in (ALL, kinds[result.id]) and part in fold(result.name)
    ]


def _change_size(view: View, key: str) -> None:
    show(replace(view, size=st.session_state[key]))
    st.rerun()


def _draw_accepted(asked: Asked, view: View) -> None:
    """What is accepted, and how it becomes seeds. The row is always there: nothing jumps."""
    chosen = [entity for entity in accepted(view) if asked.engine.knows(entity)]
    with st.container(
        key="accepted", horizontal=True, wrap=False, gap="xsmall", vertical_alignment="center"
    ):
        if not chosen:
            st.caption(
                "Press a picture to see why it is here, ✓ to accept, ✕ to reject. On a card, the "
                "arrow keys move, Enter asks why, A accepts, X rejects."
            )
            return
        room = view.with_seeds(chosen)
        added = len(room.seeds) - len(view.seeds)
        st.button(
            f"Add {added} accepted to the seeds" if added else "No room for more seeds",
            icon=":material/add:",
            type="primary",
            disabled=not added,
            on_click=_become_seeds,
            args=(room,),
        )
        st.button("Forget them", type="tertiary", on_click=set_accepted, args=((),))
        names = ", ".join(asked.engine.entity_name(entity) for entity in chosen)
        left = f" (room for {added} of {len(chosen)})" if added < len(chosen) else ""
        st.caption(f"Accepted{left}: {as_text(names)}", width="content")


def _become_seeds(view: View) -> None:
    set_accepted(())
    show(view)
    st.rerun()


def _draw_cards(user: User, view: View, shown: Sequence[Result], kinds: dict[int, str]) -> None:
    if not shown:
        st.caption(
            "Nothing in this list is of that kind and name. Show all, or ask for a longer one."
        )
    cards = entity_cards(house.store(), [result.id for result in shown])
    liked = set(accepted(view))
    grid = [
        result_card(user, result, kinds[result.id], cards.get(result.id), result.id in liked)
        for result in shown
    ]
    ids = json.dumps([view.params(), [result.id for result in shown]])
    run = hashlib.sha256(ids.encode()).hexdigest()[:12]
    draw_grid(grid, "Results, best first", run, lambda acts: _work_off(acts, view))


def _work_off(acts: Sequence[Act], view: View) -> None:
    """Do what was pressed in the grid, in its order."""
    liked, new = accepted(view), view
    for act in acts:
        if act.what == "why":
            st.session_state[WHY] = act.entity
        elif act.what == "reject":
            if len(new.rejected) >= MAX_NAMED:
                st.session_state[NO_ROOM] = True  # what a callback draws stands in the wrong place
            new = new.rejecting(act.entity)
        elif act.entity in liked:
            liked.remove(act.entity)
        else:
            liked.append(act.entity)
    set_accepted(liked)
    if new != view:
        show(new)
        st.rerun()


def _tell_no_room() -> None:
    if st.session_state.pop(NO_ROOM, False):
        st.toast(FULL, icon=":material/info:")


def _open_why(user: User, asked: Asked, view: View, results: Sequence[Result]) -> None:
    entity = st.session_state.pop(WHY, None)
    found = next((result for result in results if result.id == entity), None)
    if found is not None:
        from pages.parts.why import why_dialog

        why_dialog(user, asked, view, found)
