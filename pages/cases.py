"""Cases: expansions that were kept, as they were; side by side, as Figure 3, with visual clues.

The address bar holds the place; everything on the page follows from it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import streamlit as st

from db.accounts import NotAllowed, Role
from db.cases import (
    Case,
    CaseChanged,
    Words,
    case_titles,
    change_case,
    count_cases,
    delete_case,
    may_change,
    read_case,
)
from db.shown import corpus_now
from db.store import StoreError
from mese.bounds import MAX_NOTE, MAX_TITLE
from mese.bundle import BundleError
from pages.parts import house
from pages.parts.all_overlaps import draw_all_overlaps
from pages.parts.calm import notes
from pages.parts.case_address import (
    BESIDE,
    CLUES,
    MOST_BESIDE,
    OVERLAP,
    SAVED,
    Beside,
    CasePlace,
    read_place,
)
from pages.parts.case_clues import draw_all_clues, draw_clues
from pages.parts.case_columns import (
    choices,
    column_of,
    query_now,
    saved_column,
    title_of,
)
from pages.parts.case_facts import SHORT, provenance, results_of, seeds_of, tally
from pages.parts.case_gallery import draw_downloads, draw_gallery, show
from pages.parts.case_grid import draw_case_grid
from pages.parts.case_overlap import draw_case_overlap
from pages.parts.door import require
from pages.parts.head import name_the_tab, page_head
from pages.parts.lineup import draw_lineup
from pages.parts.links import CASES, EXPAND, link
from pages.parts.pictures import picture_html
from pages.parts.text import as_html, as_sentence, as_text

user = require(Role.VIEWER)
store = house.store()

REFUSED = "cases: refused"
# By case: the words that its form was opened with, and how often it was opened anew. (A comment:
# what a page's script says as text alone, Streamlit would draw.)
FORMS = "cases: forms"
MEANWHILE = "cases: changed meanwhile"
OTHERS = 100  # other cases that are on offer as columns, the newest first

OF_ALL = {SAVED: "Cases", OVERLAP: "Figure 3 over all queries", CLUES: "Table 6 over all cases"}
OF_ONE = {SAVED: "As saved", BESIDE: "Side by side", OVERLAP: "Figure 3", CLUES: "Visual clues"}


def keep_address() -> None:
    """As on Browse: let the address bar follow a link within this page."""
    if not st.session_state["arrived"]:
        st.query_params.from_dict(st.query_params.to_dict())


def choose_view(place: CasePlace, words: dict[str, str]) -> None:
    """The ways to look at what is shown."""
    key = f"show-{place.case}-{place.show}"
    st.segmented_control(
        "View",
        list(words),
        default=place.show,
        required=True,
        key=key,
        label_visibility="collapsed",
        format_func=words.__getitem__,
        on_change=lambda: look(place, st.session_state[key]),
    )


def look(place: CasePlace, view: str) -> None:
    """Look another way; side by side begins with what can be compared at once."""
    new = place.showing(view)
    if view == BESIDE and not new.beside:
        new = replace(new, beside=usual_columns())
    show(new)


def usual_columns() -> tuple[Beside, ...]:
    """Text alone and image alone, where the bundle has them, and else the query as of now."""
    try:
        there = house.engine().bundle.modalities
    except BundleError:
        there = ()
    alone = tuple(Beside("modality", name) for name in ("text", "image") if name in there)
    return alone or (Beside("now"),)


def draw_case(place: CasePlace, case: Case) -> None:
    name_the_tab(case.title)
    link(CASES, "All cases", icon=":material/arrow_back:")
    st.header(as_text(case.title), anchor=False)
    draw_words(case)
    draw_changes(case)
    draw_tools(case)
    choose_view(place, OF_ONE)
    if place.show == SAVED:
        draw_saved(case)
    elif place.show == BESIDE:
        draw_beside(place, case)
    elif place.show == OVERLAP:
        draw_case_overlap(user, case)
    else:
        draw_clues(user, case)


def draw_words(case: Case) -> None:
    """Who saved it and when, its tags and its note."""
    tags = "".join(f"<li>{as_html(tag)}</li>" for tag in case.tags)
    note = f'<p class="mese-prose">{as_html(case.note)}</p>' if case.note else ""
    about = f"Saved on {case.made_at:%d %B %Y, %H:%M} UTC by {case.made_by} · {tally(case)}"
    st.html(f'<p class="mese-about">{as_html(about)}</p><ul class="mese-tags">{tags}</ul>{note}')


def draw_changes(case: Case) -> None:
    """What is not as it was when the case was saved."""
    told = []
    corpus, was = corpus_now(store), case.shown.corpus
    if corpus.fingerprint != case.shown.fingerprint:
        now = f"in the store is {as_text(corpus.name)}" if corpus.name else "the store is empty"
        same = corpus.name == was
        changed = f"it was another {as_text(was)}" if same else f"it was {as_text(was)}, {now}"
        told.append(f"The corpus has changed since: {changed}.")
    stamp = str(case.document.get("stamp", ""))
    try:
        engine = house.engine()
        if engine.stamp != stamp:
            old = as_text(f"{case.document.get('bundle', '')} ({stamp[:SHORT]})")
            new = as_text(f"{engine.name} ({engine.stamp[:SHORT]})")
            told.append(f"The bundle has changed since: it was {old}, in use is {new}.")
    except BundleError as error:
        told.append(as_sentence(str(error)))
    if told:
        told.append("What is shown under *As saved* is the list as it was.")
    notes(told)


def draw_tools(case: Case) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        query = query_now(case)
        if query.params.get("seeds") or query.params.get("open"):
            link(EXPAND, "Run the same query now", query.params, ":material/hub:")
        with st.popover("Export", icon=":material/download:"):
            draw_downloads([case.id], "this")
        with st.popover("Where it comes from", icon=":material/info:"):
            rows = "".join(
                f"<dt>{as_html(what)}</dt><dd>{as_html(value)}</dd>"
                for what, value in provenance(case)
            )
            st.html(f'<dl class="mese-facts">{rows}</dl>')
        if may_change(user, case):
            with st.popover("Change", icon=":material/edit:"):
                draw_form(case)


def draw_form(case: Case) -> None:
    """Title, note and tags; and the way to delete the case."""
    was, name = form_of(case)
    with st.form(f"change-{case.id}", border=False):
        # With keys, what is typed stays when somebody else's words come.
        title = st.text_input("Title", was.title, max_chars=MAX_TITLE, key=f"title-{name}")
        note = st.text_area("Note", was.note, max_chars=MAX_NOTE, key=f"note-{name}")
        tags = st.text_input("Tags, with commas between", ", ".join(was.tags), key=f"tags-{name}")
        if st.form_submit_button("Save", type="primary"):
            change(case, was, title or "", note or "", (tags or "").split(","))
    if st.session_state.get(MEANWHILE) == case.id:
        st.button("Take the words that are there now", on_click=begin_anew, args=(case.id,))
    if st.checkbox("Delete this case for good", key=f"sure-{case.id}"):
        st.button("Delete", icon=":material/delete:", on_click=delete, args=(case,))


def form_of(case: Case) -> tuple[Words, str]:
    """The words that the form was opened with, and what its fields' keys end with."""
    held = st.session_state.setdefault(FORMS, {})
    was, number = held.get(case.id, (case.words, 0))
    name = f"{case.id}-{number}"
    if f"title-{name}" not in st.session_state:  # new, or one comes back from elsewhere
        was = case.words
    held[case.id] = was, number
    return was, name


def begin_anew(case: int) -> None:
    """The next run opens the form with the words that are there by then."""
    held = st.session_state[FORMS]
    held[case] = held[case][0], held[case][1] + 1
    st.session_state.pop(MEANWHILE, None)


def change(case: Case, was: Words, title: str, note: str, tags: list[str]) -> None:
    try:
        change_case(store, case.id, title, note, tags, user, was)
    except CaseChanged as error:
        # The words that this run shows are known from here on: saving again is meant.
        st.session_state[FORMS][case.id] = case.words, st.session_state[FORMS][case.id][1]
        st.session_state[MEANWHILE] = case.id
        st.info(
            f"{as_sentence(str(error))}; what it says now stands above. Your words are still in "
            "these fields: *Save* once more puts them in its place.",
            icon=":material/info:",
        )
    except (StoreError, NotAllowed) as error:
        st.info(as_sentence(str(error)), icon=":material/info:")
    else:
        begin_anew(case.id)
        st.rerun()


def delete(case: Case) -> None:
    try:
        delete_case(store, case.id, user)
    except (StoreError, NotAllowed) as error:
        st.session_state[REFUSED] = str(error)
    else:
        show(CasePlace())


def draw_saved(case: Case) -> None:
    """The seeds and the list, as they were."""
    st.subheader("Seeds", anchor=False)
    seeds = "".join(
        f'<li title="{as_html(item.sentence or item.name)}">'
        f"{picture_html(user, item.picture, item.name)}<span>{as_html(item.name)}"
        f"{'<small> open seed</small>' if item.kind == 'open' else ''}</span></li>"
        for item in seeds_of(case)
    )
    st.html(f'<ul class="mese-few">{seeds}</ul>')
    st.subheader("Result", anchor=False)
    same_corpus = corpus_now(store).fingerprint == case.shown.fingerprint
    draw_case_grid(user, results_of(case), f"saved-{case.id}", browse=same_corpus)


def draw_beside(place: CasePlace, case: Case) -> None:
    """The case beside the same query under other conditions, and other cases."""
    titles = case_titles(store, OTHERS)
    offered = list(dict.fromkeys([*choices(case, titles), *place.beside]))
    key = "beside-" + ",".join(column.spelled for column in place.beside)
    st.multiselect(
        f"Beside the saved list, up to {MOST_BESIDE}",
        offered,
        default=list(place.beside),
        max_selections=MOST_BESIDE,
        key=key,
        format_func=lambda column: (  # plain: a multiselect shows its options as they are
            f"Case {column.name}: {titles[int(column.name)]}"
            if column.what == "case" and int(column.name) in titles
            else title_of(column)
        ),
        on_change=lambda: show(replace(place, beside=tuple(st.session_state[key]))),
    )
    columns = [saved_column(case), *(column_of(case, beside) for beside in place.beside)]
    notes(dict.fromkeys(note for column in columns for note in column.notes))
    draw_lineup(user, columns, str(place.params()))


page_head("Cases", "Expansions that were kept, to look at again, compare and take along.", user)
st.html(Path(__file__).parent / "parts" / "cases.css")
place, wrong = read_place(st.query_params.to_dict())
keep_address()
notes(as_text(note) for note in wrong)
refused = st.session_state.pop(REFUSED, None)
if refused:
    st.info(as_sentence(refused), icon=":material/info:")
found = read_case(store, place.case) if place.case is not None else None
if found is not None:
    draw_case(place, found)
else:
    if place.case is not None:
        notes([f"There is no case {place.case} (any more). These are all there are."])
        place = CasePlace()
    choose_view(place, OF_ALL)
    if place.show == OVERLAP:
        draw_all_overlaps(user)
    elif place.show == CLUES:
        draw_all_clues()
    else:
        draw_gallery(user, place, count_cases(store))
