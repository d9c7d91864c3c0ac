"""Taking a list along: as CSV, as JSON with its full provenance, or saved as a case."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from db.accounts import NotAllowed, Role, User
from db.cases import NewCase, save_case
from db.store import StoreError
from mese.bounds import MAX_NOTE, MAX_TAG, MAX_TAGS, MAX_TITLE
from mese.provenance import document
from pages.parts import house
from pages.parts.address import View
from pages.parts.asking import Asked
from pages.parts.links import CASES, link
from pages.parts.text import as_sentence

COLUMNS = ("rank", "id", "name", "score", "class")
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would take for a formula."""


def draw_keeping(user: User, asked: Asked, view: View) -> None:
    """Two downloads and the way to a case."""
    st.download_button(
        "CSV",
        lambda: as_csv(made(asked, view)),
        file_name=f"{file_stem(asked)}.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
        key="download-csv",
    )
    st.download_button(
        "JSON",
        lambda: json.dumps(made(asked, view), ensure_ascii=False, indent=1),
        file_name=f"{file_stem(asked)}.json",
        mime="application/json",
        icon=":material/download:",
        on_click="ignore",
        key="download-json",
    )
    if user.role >= Role.RATER and st.button("Save as case", icon=":material/bookmark_add:"):
        st.dialog("Save as case")(_draw_case)(user, asked, view)


def made(asked: Asked, view: View) -> dict[str, Any]:
    """The list with all that is needed to repeat it, the page's address among it."""
    whole = document(asked.engine, asked.expansion, asked.rows, datetime.now(UTC))
    return {
        **whole,
        "address": address(view),
        "contexts_left_out": list(view.left_out),
        "open_keys": [seed.key for seed in asked.opened],
    }


def address(view: View) -> str:
    """The Expand page's parameters that show this view."""
    return urlencode(view.params(), safe=",")


def as_csv(whole: Mapping[str, Any]) -> str:
    """The results as rows, each with its provenance, so that a row cut out still tells it."""
    settings = json.dumps(whole["settings"], ensure_ascii=False, sort_keys=True)
    seeds = [seed["name"] for seed in whole["query"]] + list(whole["open_seeds"])
    common = {
        "seeds": "; ".join(seeds),
        "bundle": whole["bundle"],
        "stamp": whole["stamp"],
        "corpus": whole["corpus"],
        "fingerprint": whole["fingerprint"],
        "settings": settings,
        "address": whole["address"],
        "made": whole["made"],
    }
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([*COLUMNS, *common])
    for row in whole["results"]:
        cells = [*(row[column] for column in COLUMNS), *common.values()]
        writer.writerow([cell_of(cell) for cell in cells])
    return text.getvalue()


def cell_of(value: object) -> object:
    """A cell that no spreadsheet takes for a formula: text that begins like one gets a quote."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def seed_names(asked: Asked) -> list[str]:
    """The seeds' names, then the open seeds'."""
    names = [asked.engine.entity_name(seed) for seed in asked.seeds]
    return names + [row.name for row in asked.rows if row.entity is None]


def file_stem(asked: Asked) -> str:
    """A file name of the seeds' names: letters and digits, and not too long."""
    words = re.sub(r"[^A-Za-z0-9]+", "-", " ".join(seed_names(asked))).strip("-").lower()
    return f"expand-{words[:60].strip('-') or 'list'}"


def _draw_case(user: User, asked: Asked, view: View) -> None:
    # A form: the fields are sent with the press on Save, also what was typed last.
    with st.form("case", border=False, enter_to_submit=False):
        suggested = ", ".join(seed_names(asked))[:MAX_TITLE]
        title = st.text_input("Title", suggested, max_chars=MAX_TITLE, key="case-title")
        note = st.text_area(
            "Note", max_chars=MAX_NOTE, key="case-note", placeholder="What it shows"
        )
        tags = st.text_input(
            "Tags",
            max_chars=MAX_TAGS * (MAX_TAG + 2),
            key="case-tags",
            placeholder="cities, hard negatives",
            help="Parted by commas",
        )
        if not st.form_submit_button("Save", type="primary", key="case-save"):
            return
    if not title.strip():
        st.info("A case needs a title to be found by.", icon=":material/info:")
        return
    case = NewCase(title, note or "", read_tags(tags or ""), address(view), made(asked, view))
    try:
        number = save_case(house.store(), case, user, datetime.now(UTC))
    except (StoreError, NotAllowed) as error:
        st.info(as_sentence(str(error)), icon=":material/info:")
        return
    st.success(f"Saved as case {number}.", icon=":material/bookmark_added:")
    link(CASES, "Open it on Cases", {"case": str(number)})


def read_tags(text: str) -> tuple[str, ...]:
    """Tags that were typed, parted by commas, each once."""
    tags = (" ".join(part.split()) for part in text.split(","))
    return tuple(dict.fromkeys(tag for tag in tags if tag))
