"""Browse: all classes, one class, or one entity with its contexts and candidate images.

The address bar holds the place; everything on the page follows from it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import groupby

import streamlit as st

from db.accounts import Role
from db.browsing import (
    ClassCard,
    ClassHits,
    ClassView,
    EntityView,
    class_cards,
    class_view,
    count_classes,
    entity_contexts,
    entity_view,
    given_policies,
    search_classes,
)
from db.corpus import is_empty, search_entities
from pages.parts import house
from pages.parts.browsing import (
    ROLE_WORDS,
    context_html,
    draw_class,
    draw_class_links,
    draw_member,
    draw_queries,
    policy_words,
)
from pages.parts.calm import no_corpus, notes
from pages.parts.door import require
from pages.parts.head import name_the_tab, page_head
from pages.parts.links import BROWSE, EXPAND, link
from pages.parts.pictures import draw_picture
from pages.parts.places import Place, pages_of, read_place, within
from pages.parts.text import as_html, as_text, count

user = require(Role.VIEWER)
store = house.store()

CLASSES_FOUND, ENTITIES_FOUND = 8, 20
CLASSES_A_PAGE = 120
MEMBERS_A_PAGE = 36
CONTEXTS_A_PAGE = 8
FELLOWS = 8


def show(place: Place) -> None:
    """Put a place into the address bar: the next run draws it."""
    st.query_params.from_dict(place.params())


def go(place: Place) -> None:
    show(place)
    st.session_state["find-any"] = ""
    st.rerun()


def keep_address() -> None:
    """Let the address bar follow a link within this page, which Streamlit 1.67 leaves behind.

    Not on arrival: then the bar is right, and setting it would add a step to the history wherever
    it is spelled otherwise (%20 for +).
    """
    if not st.session_state["arrived"]:
        st.query_params.from_dict(st.query_params.to_dict())


@st.fragment
def find() -> None:
    """The search field and what it finds. Only this part of the page runs while one types."""
    text = st.text_input(
        "Find an entity or a class, by name or alias",
        type="search",
        live="200ms",
        key="find-any",
        placeholder="Type a few letters",
    )
    found = search_classes(store, text, CLASSES_FOUND) if text else None
    classes = found.cards if found else ()
    entities = search_entities(store, text, ENTITIES_FOUND) if text else []
    # One row that is always there and scrolls sideways: what is below it stays where it is.
    with st.container(
        key="found", horizontal=True, wrap=False, gap="xsmall", vertical_alignment="center"
    ):
        if found and (classes or entities):
            st.caption(found_words(found, len(entities)), width="content")
        for card in classes:
            place = Place(class_name=card.name)
            draw_hit(f"{card.name} · class of {card.members:,}", place, ":material/category:")
        names = Counter(hit.name for hit in entities)
        for hit in entities:
            more = [f"({hit.alias})"] if hit.alias else []
            more += [f"· {', '.join(hit.classes) or 'no class'}"] if names[hit.name] > 1 else []
            draw_hit(" ".join([hit.name, *more]), Place(entity=hit.id))
        if not classes and not entities:
            typed = bool(text and text.strip())
            st.caption(
                "Nothing in this corpus has such a name or alias."
                if typed
                else "What is found appears here; press it to open it."
            )


def found_words(classes: ClassHits, entities: int) -> str:
    """How much was found, and how much of it is shown: the row beside it may end out of sight."""
    some, total = len(classes.cards), classes.total
    words = [f"{some} of {count(total, 'class')}" if some < total else count(total, "class")]
    words += [count(entities, "entity") + " or more" * (entities == ENTITIES_FOUND)]
    return " · ".join(word for word, n in zip(words, (total, entities), strict=True) if n)


def draw_hit(label: str, place: Place, icon: str | None = None) -> None:
    key = f"hit-{place.entity}-{place.class_name}"
    st.button(as_text(label), key=key, icon=icon, on_click=go, args=(place,))


def draw_pages(place: Place, items: int, per_page: int) -> None:
    """The page numbers, where there is more than one page."""
    pages = pages_of(items, per_page)
    if pages > 1:
        # The page is part of the key: going Back makes a widget that stands on the page gone to.
        key = f"page-{place.page}"
        st.pagination(pages, default=place.page, key=key, on_change=turn, args=(place, key))


def turn(place: Place, key: str) -> None:
    show(place.on_page(st.session_state[key]))


def draw_all_classes(place: Place) -> None:
    """Every class as a card, below its coarse class."""
    total = count_classes(store)
    place, said = within(place, total, CLASSES_A_PAGE)
    notes(said)
    if not total:
        st.caption("This corpus has no classes. Find its entities by name.")
    cards = enumerate(class_cards(store, place.page, CLASSES_A_PAGE))
    for coarse, group in groupby(cards, lambda item: item[1].coarse):
        st.subheader(as_text(coarse or "Classes"), anchor=False)
        with st.grid("auto", min_column_width=220, gap="small"):
            for number, card in group:
                draw_class(user, card, number)
    draw_pages(place, total, CLASSES_A_PAGE)


def draw_class_page(place: Place, view: ClassView) -> None:
    card = view.card
    place, said = within(place, card.members, MEMBERS_A_PAGE)
    draw_way(view)
    st.header(as_text(card.name), anchor=False)
    with st.container(horizontal=True, gap="medium", vertical_alignment="center"):
        st.markdown(count(card.members, "member"), width="content")
        seeds = beginning(view)
        if seeds:
            link(EXPAND, "Expand from this class", {"seeds": seeds}, icon=":material/hub:")
    notes(said)
    with st.grid("auto", min_column_width=132, gap="small"):
        for member in view.members:
            draw_member(user, member, "member")
    draw_pages(place, card.members, MEMBERS_A_PAGE)
    draw_siblings(view.siblings)
    if view.queries:
        st.subheader("Queries", anchor=False)
        st.caption("What evaluation asks of this class. Press one to see its expansion.")
        draw_queries(view.queries)


def draw_way(view: ClassView | EntityView) -> None:
    """The way up: to all classes, and from an entity through the schema to each of its own."""
    with st.container(key="way", horizontal=True, gap="small", vertical_alignment="center"):
        link(BROWSE, "All classes", icon=":material/arrow_back:")
        for home in view.classes if isinstance(view, EntityView) else [view.card]:
            above = [as_text(name) for name in (home.coarse, home.middle) if name]
            if above:
                st.caption(" › ".join(above), width="content")
            if isinstance(view, EntityView):
                link(BROWSE, f"› {home.name}", {"class": home.name})


def beginning(view: ClassView) -> str:
    """Seeds to begin with: the class's first query, else three of its members with contexts."""
    known = [card for card in view.members if card.contexts > 1][:3]
    cards = view.queries[0].seeds if view.queries else known
    return ",".join(str(card.id) for card in cards)


def draw_siblings(siblings: tuple[ClassCard, ...]) -> None:
    if siblings:
        st.subheader("Sibling classes", anchor=False)
        st.caption("Hard negatives: classes of the same parent, the easiest to mistake for it.")
        draw_class_links("siblings", siblings)


def draw_entity_page(place: Place, view: EntityView) -> None:
    draw_portrait(view)
    draw_contexts(place, view)
    for number, (home, fellows) in enumerate(zip(view.classes, view.fellows, strict=True)):
        if fellows:
            with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
                st.subheader(f"Also in {as_text(home.name)}", anchor=False, width="content")
                link(BROWSE, f"All {home.members:,}", {"class": home.name})
            with st.grid("auto", min_column_width=132, gap="small"):
                for fellow in fellows:
                    draw_member(user, fellow, f"fellow-{number}")
    draw_siblings(view.siblings)


def draw_portrait(view: EntityView) -> None:
    """The entity's picture, its names, classes and where to go with it."""
    card = view.card
    draw_way(view)
    with st.container(key="portrait", horizontal=True, gap="medium"):
        with st.container(width=220):
            origin = "Its reference image" if view.reference_hash else "From its first context"
            below = f'<div class="mese-class">{origin if card.image_hash else ""}</div>'
            draw_picture(user, card.image_hash, card.name, below)
        with st.container(width="stretch"):
            st.header(as_text(card.name), anchor=False)
            if card.aliases:
                aliases = as_html(", ".join(card.aliases))
                st.html(f'<div class="mese-aliases" title="{aliases}">also {aliases}</div>')
            if view.role in ROLE_WORDS:
                st.caption(ROLE_WORDS[view.role])
            if view.classes:
                draw_class_links("classes", view.classes)
            draw_ways_on(view)
            draw_namesakes(view)


def draw_ways_on(view: EntityView) -> None:
    """To Expand: with the entity alone, and with two others of each of its classes."""
    own = str(view.card.id)
    with st.container(horizontal=True, gap="small"):
        link(EXPAND, "Use as a seed", {"seeds": own}, icon=":material/hub:")
        for home, fellows in zip(view.classes, view.fellows, strict=True):
            others = [str(card.id) for card in fellows if card.contexts > 1][:2]
            if len(others) == 2:
                seeds = ",".join([own, *others])
                label = f"Expand with two more of {home.name}"
                link(EXPAND, label, {"seeds": seeds}, icon=":material/hub:")


def draw_namesakes(view: EntityView) -> None:
    if view.namesakes:
        st.caption("Others of this name")
        with st.container(horizontal=True, gap="xsmall"):
            for other in view.namesakes:
                what = ", ".join(other.classes) or "no class"
                link(BROWSE, f"{other.name} · {what}", {"entity": str(other.id)})


def draw_contexts(place: Place, view: EntityView) -> None:
    total = view.card.contexts
    st.subheader(count(total, "context"), anchor=False)
    if not total:
        st.caption("No sentence of this corpus mentions it, so no model can know it.")
        return
    place, said = within(place, total, CONTEXTS_A_PAGE)
    notes(said)
    place = draw_policy(place)
    contexts = entity_contexts(store, view.card.id, place.page, CONTEXTS_A_PAGE, place.policy)
    st.caption(policy_words(place.policy, contexts))
    st.html("".join(context_html(user, context) for context in contexts))
    draw_pages(place, total, CONTEXTS_A_PAGE)


def draw_policy(place: Place) -> Place:
    """A choice of image policy where the store leaves one; the place under a policy it gives."""
    given = given_policies(store)
    if place.policy not in given:
        notes([f"This store has no scores or labels for {as_text(place.policy)}; it shows top1."])
        place = replace(place, policy=Place.policy)
    if len(given) > 1:
        key = f"policy-{place.policy}"
        st.segmented_control(
            "Image policy",
            given,
            default=place.policy,
            required=True,
            key=key,
            on_change=lambda: show(replace(place, policy=st.session_state[key])),
        )
    return place


def draw(place: Place) -> None:
    """Draw the place; where there is no such place, say so above all the classes."""
    if place.entity is not None:
        entity = entity_view(store, place.entity, FELLOWS)
        if entity is not None:
            name_the_tab(entity.card.name)
            draw_entity_page(place, entity)
            return
        notes([f"There is no entity {place.entity} in this corpus. Find one by its name above."])
        place = Place()
    elif place.class_name is not None:
        found = class_view(store, place.class_name, place.page, MEMBERS_A_PAGE)
        if found is not None:
            name_the_tab(found.card.name)
            draw_class_page(place, found)
            return
        shown = as_text(place.class_name[:80])
        notes([f"There is no class “{shown}” in this corpus. These are its classes."])
        place = Place()
    draw_all_classes(place)


page_head(
    "Browse",
    "Look at what the corpus holds: its classes, its entities, and what is known of them.",
    user,
)
if is_empty(store):
    no_corpus()
asked, wrong = read_place(st.query_params.to_dict())
keep_address()
find()
notes(as_text(note) for note in wrong)
draw(asked)
