"""Visual clues of cases: tagging them on the cards, and Table 6 of the paper made of the tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import streamlit as st

from db.accounts import NotAllowed, Role, User
from db.cases import Case
from db.clues import ClueCounts, ClueTable, clue_table, clues_of, tag_clue
from db.store import StoreError
from mese.bounds import CLUES
from pages.parts import house
from pages.parts.case_facts import results_of
from pages.parts.case_grid import Tag, draw_case_grid
from pages.parts.text import as_html, as_sentence, count
from pages.parts.words import KIND_WORDS

REFUSED = "cases: clue refused"
LEGEND = (
    "What in the picture leads to the class? **1** object, **2** scene, **3** property, **4** "
    "other, **5** none of these. Press a clue again to take it back; arrow keys go to the next "
    "card."
)


@st.fragment
def draw_clues(user: User, case: Case) -> None:
    """The cards with their clues, and the table of this case's tags."""
    refused = st.session_state.pop(REFUSED, None)
    if refused:
        st.info(as_sentence(refused), icon=":material/info:")
    may = user.role >= Role.RATER
    if may:
        st.caption(LEGEND)
    else:
        st.caption("Raters tag the visual clues here; you can look at them.")
    clues = clues_of(house.store(), case.id)
    on_tags = (lambda tags: _work_off(user, case, tags)) if may else None
    draw_case_grid(user, results_of(case), f"clues-{case.id}", clues, on_tags)
    table = clue_table(house.store(), case.id)
    draw_table(table, "Over this case", "Press what you see in the pictures above." * may)


def draw_all_clues() -> None:
    """Table 6 over all cases."""
    table = clue_table(house.store())
    over = f"Over all cases: tags in {count(table.cases, 'case')}"
    draw_table(
        table, over, "Open a case, choose Visual clues, and press what you see in its pictures."
    )


def _work_off(user: User, case: Case, tags: Sequence[Tag]) -> None:
    for tag in tags:
        try:
            now = datetime.now(UTC)
            tag_clue(house.store(), case.id, tag.entity, tag.clue, tag.on, user, now)
        except (StoreError, NotAllowed) as error:
            st.session_state[REFUSED] = str(error)
            return


def draw_table(table: ClueTable, over: str, empty: str) -> None:
    """Clue by count and share: each rater's own, then by the class that the seeds share.

    `over` says of which cases, `empty` what to do while nothing is tagged.
    """
    st.subheader("Table 6: visual clues", anchor=False)
    if not table.raters:
        st.caption(f"Nothing is tagged yet. {empty}")
        return
    st.caption(
        f"{over}, each rater counted apart. Shares are of a rater's labels; an entity may carry "
        "several."
    )
    st.html(table_html(("rater",), {(rater,): row for rater, row in table.raters.items()}))
    if table.classes:
        rows: dict[tuple[str, ...], ClueCounts] = {
            (title, KIND_WORDS[kind], rater): row
            for (title, kind, rater), row in table.classes.items()
        }
        st.html(table_html(("class of the seeds", "verdict", "rater"), rows))


def table_html(heads: Sequence[str], rows: Mapping[tuple[str, ...], ClueCounts]) -> str:
    """A table with a row for each rater, or class and rater: labels by clue, and their n."""
    names = "".join(f"<th>{name}</th>" for name in (*heads, *CLUES, "labels (n)", "entities"))
    lines = "".join(_line(place, counts) for place, counts in rows.items())
    return (
        f'<table class="mese-table"><thead><tr>{names}</tr></thead><tbody>{lines}</tbody></table>'
    )


def _line(place: Sequence[str], counts: ClueCounts) -> str:
    names = "".join(f'<th scope="row">{as_html(name)}</th>' for name in place)
    cells = "".join(
        f"<td>{counts.counts[clue]} <small>{counts.share(clue):.1%}</small></td>" for clue in CLUES
    )
    return f"<tr>{names}{cells}<td>{counts.labels}</td><td>{counts.entities}</td></tr>"
