"""All saved cases: as cards, by words and tags, and several of them as one file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import streamlit as st

from db.accounts import User
from db.cases import Case, case_tags, find_cases, read_case
from db.clues import clues_of
from pages.parts import house
from pages.parts.calm import notes
from pages.parts.case_address import CasePlace
from pages.parts.case_facts import Item, results_of, seeds_of, tally
from pages.parts.case_html import cases_html
from pages.parts.case_markdown import cases_zip, file_name
from pages.parts.links import CASES, EXPAND, link, link_over
from pages.parts.pictures import picture_html
from pages.parts.places import pages_of
from pages.parts.text import as_html, as_text, count

A_PAGE = 24
ON_A_CARD = 3
MOST_EXPORTED = 50


def show(place: CasePlace) -> None:
    """Put a place into the address bar: the next run draws it."""
    st.query_params.from_dict(place.params())


def draw_gallery(user: User, place: CasePlace, there: int) -> None:
    """The search field, the tags, and what is found; `there` are all cases."""
    if not there:
        _draw_empty()
        return
    _draw_search(place)
    pages = pages_of(find_cases(house.store(), place.text, place.tag, most=0).total, A_PAGE)
    page = min(place.page, pages)
    found = find_cases(house.store(), place.text, place.tag, (page - 1) * A_PAGE, A_PAGE)
    if not found.total:
        notes([f"No case has {_wanted_words(place)}. Take some away, or show all cases."])
        st.button("Show all cases", on_click=show, args=(CasePlace(),))
        return
    _draw_head(place, found.cases, found.total)
    with st.grid("auto", min_column_width=250, gap="small"):
        for case in found.cases:
            draw_card(user, case)
    if pages > 1:
        key = f"cases-page-{page}"
        st.pagination(pages, default=page, key=key, on_change=_turn, args=(place, key))


def _wanted_words(place: CasePlace) -> str:
    """What is looked for, in a few words."""
    wanted = ["these words"] * bool(place.text.strip()) + ["this tag"] * bool(place.tag)
    return " and ".join(wanted) or "been found"


def _draw_empty() -> None:
    st.info(
        "No case is saved yet. Expand a few seeds, and press *Save as case* above the list: the "
        "query, its settings, the result and your note are kept here as they were.",
        icon=":material/info:",
    )
    link(EXPAND, "Expand", icon=":material/hub:")


def _draw_search(place: CasePlace) -> None:
    # What is typed or chosen goes into the address; so Back and links show it too.
    text, tags = f"find-case-{place.text}", f"tag-{place.tag}"
    st.text_input(
        "Find a case by its title, note, seeds or tags",
        value=place.text,
        type="search",
        key=text,
        placeholder="Type a word and press Enter",
        on_change=lambda: show(CasePlace(text=st.session_state[text] or "", tag=place.tag)),
    )
    known = case_tags(house.store())
    if known:
        offered = list(dict.fromkeys([*filter(None, [place.tag]), *known]))
        st.pills(
            "Tags",
            offered,
            default=place.tag,
            key=tags,
            label_visibility="collapsed",
            format_func=lambda tag: f"{as_text(tag)} {known.get(tag, 0)}",
            on_change=lambda: show(CasePlace(text=place.text, tag=st.session_state[tags])),
        )


def _turn(place: CasePlace, key: str) -> None:
    show(CasePlace(text=place.text, tag=place.tag, page=st.session_state[key]))


def _draw_head(place: CasePlace, cases: Sequence[Case], total: int) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        found = count(total, "case")
        st.caption(f"**{found}** found" if place.text or place.tag else f"**{found}**")
        with st.popover("Export several", icon=":material/download:"):
            _draw_export_of_several(cases)


def _draw_export_of_several(cases: Sequence[Case]) -> None:
    titles = {case.id: case.title for case in cases}
    chosen = st.multiselect(
        "Cases of this page",
        list(titles),
        default=list(titles),
        format_func=lambda number: f"{number} · {titles[number]}",
        max_selections=MOST_EXPORTED,
        key="export-these",
    )
    draw_downloads([number for number in chosen if number in titles], "several")


def draw_downloads(numbers: Sequence[int], key: str) -> None:
    """The two exports of these cases, made when they are asked for."""
    now = datetime.now(UTC)
    one = read_case(house.store(), numbers[0]) if len(numbers) == 1 else None
    stem = file_name(one, "") if one else f"cases-{now:%Y%m%d}"
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            "One HTML file",
            lambda: _as_html_file(numbers),
            file_name=f"{stem}.html",
            mime="text/html",
            on_click="ignore",
            disabled=not numbers,
            key=f"html-{key}",
        )
        st.download_button(
            "Markdown with images (.zip)",
            lambda: _as_zip(numbers),
            file_name=f"{stem}.zip",
            mime="application/zip",
            on_click="ignore",
            disabled=not numbers,
            key=f"zip-{key}",
        )


def _as_html_file(numbers: Sequence[int]) -> bytes:
    cases = _read(numbers)
    return cases_html(cases, _clues(cases)).encode()


def _as_zip(numbers: Sequence[int]) -> bytes:
    cases = _read(numbers)
    return cases_zip(cases, _clues(cases))


def _read(numbers: Sequence[int]) -> list[Case]:
    found = (read_case(house.store(), number) for number in numbers)
    return [case for case in found if case is not None]


def _clues(cases: Sequence[Case]) -> dict[int, dict[int, dict[str, tuple[str, ...]]]]:
    return {case.id: clues_of(house.store(), case.id) for case in cases}


def draw_card(user: User, case: Case) -> None:
    """A case as a card: its seeds' pictures, title, tally and tags. All of it links."""
    with st.container(key=f"card-case-{case.id}", gap=None):
        st.html(card_html(user, case))
        link_over(f"case-{case.id}", CASES, case.title, {"case": str(case.id)})


def card_html(user: User, case: Case) -> str:
    items = [*seeds_of(case), *results_of(case)][:ON_A_CARD]
    pictures = "".join(_figure(user, item) for item in items)
    seeds = ", ".join(item.name for item in seeds_of(case))
    tags = "".join(f"<li>{as_html(tag)}</li>" for tag in case.tags)
    return (
        f'<div class="mese-trio">{pictures}</div>'
        f'<div class="mese-name" title="{as_html(case.title)}">{as_html(case.title)}</div>'
        f'<div class="mese-class" title="{as_html(seeds)}">{as_html(seeds)}</div>'
        f'<div class="mese-class">{as_html(tally(case))}</div>'
        f'<div class="mese-class">{case.made_at:%d %b %Y} · {as_html(case.made_by)}</div>'
        f'<ul class="mese-tags">{tags}</ul>'
    )


def _figure(user: User, item: Item) -> str:
    return picture_html(user, item.picture, item.name)
