"""Figure 3 over all queries of the corpus: counted once a bundle and corpus, then kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from db.accounts import User
from db.gold import queries_with_gold
from db.shown import corpus_now
from db.store import StoreError
from mese.bundle import BundleError
from mese.engine import METHOD_WORDS, Engine, Options, SeedError
from mese.overlap import CUT, Change, Overlap, Totals, changes, how_often, overlap_of, total
from pages.parts import house
from pages.parts.case_overlap import draw_entities, draw_totals, with_all_views
from pages.parts.text import as_html, as_sentence, as_text, count

QUERIES_AT_ONCE = 8
"""Queries between two steps of the progress bar."""

CLASSES_NAMED, ENTITIES_NAMED = 12, 24


@dataclass(frozen=True)
class Counted:
    """Figure 3 over the queries of one number of seeds, and where the images changed most.

    `gained` and `lost` are (entity, in how many queries).
    """

    totals: Totals
    classes: Sequence[Change]
    gained: Sequence[tuple[int, int]]
    lost: Sequence[tuple[int, int]]


def draw_all_overlaps(user: User) -> None:
    """The figure by number of seeds; at first, the button that counts it."""
    st.subheader("Figure 3 over all queries", anchor=False)
    try:
        _draw_figures(user)
    except (BundleError, SeedError, StoreError) as error:  # a bundle that is swapped meanwhile, say
        st.info(as_sentence(str(error)), icon=":material/info:")


def _draw_figures(user: User) -> None:
    engine = with_all_views()
    if engine is None:
        return
    # What the figure depends on: the bundle, exactly, and the corpus.
    key = (engine.stamp, corpus_now(house.store()).fingerprint)
    if key not in _kept():
        _count(engine, key)
        return
    for seeds, counted in _kept()[key].items():
        _draw(user, engine, seeds, counted)


def _count(engine: Engine, key: tuple[str, str]) -> None:
    """Offer to count; where that is asked for, do it and draw all anew."""
    queries = len(queries_with_gold(house.store()))
    if not queries:
        st.info("This corpus has no queries. A case's own Figure 3 needs none.")
        return
    st.caption(
        f"All {count(queries, 'query')} of the corpus, expanded by text, by image and by both: "
        "some milliseconds each, and once only."
    )
    if not st.button("Count over all queries", type="primary"):
        return
    bar = st.progress(0.0)
    _kept()[key] = count_all(engine, lambda done, of: bar.progress(done / of, f"{done} of {of}"))
    st.rerun()


@st.cache_resource(show_spinner=False)
def _kept() -> dict[tuple[str, str], Mapping[int, Counted]]:
    """What was counted, for all sessions, by bundle and corpus."""
    return {}


def count_all(engine: Engine, step: Callable[[int, int], Any]) -> dict[int, Counted]:
    """Number of seeds → figure; `step` gets the queries done and their number."""
    queries = queries_with_gold(house.store())
    found: dict[int, list[tuple[str, Overlap | None]]] = {}
    for done, (query, gold) in enumerate(queries, 1):
        one = overlap_of(engine, query.seeds, gold, Options())
        found.setdefault(len(query.seeds), []).append((query.class_name, one))
        if done % QUERIES_AT_ONCE == 0 or done == len(queries):
            step(done, len(queries))
    return {seeds: _counted(found[seeds]) for seeds in sorted(found)}


def _counted(found: Sequence[tuple[str, Overlap | None]]) -> Counted:
    asked = [(name, one) for name, one in found if one is not None]
    overlaps = [one for _, one in asked]
    return Counted(
        total(overlaps, len(found) - len(asked)),
        [change for change in changes(asked) if change.gained or change.lost],
        how_often(entity for one in overlaps for entity in one.gained),
        how_often(entity for one in overlaps for entity in one.lost),
    )


def _draw(user: User, engine: Engine, seeds: int, counted: Counted) -> None:
    totals = counted.totals
    st.subheader(count(seeds, "seed"), anchor=False)
    st.caption(
        f"n = {count(totals.queries, 'query')}, {totals.possible:,} hits that could be found among "
        f"the first {CUT}; {count(totals.left_out, 'query')} left out (a seed that the bundle does "
        f"not know, or no other member). Bundle {as_text(engine.name)}, "
        f"{METHOD_WORDS[engine.default_method]}."
    )
    draw_totals(totals)
    with st.expander("What the images gained and lost", icon=":material/compare_arrows:"):
        if counted.classes:
            st.html(classes_html(counted.classes[:CLASSES_NAMED]))
        for title, named in (("Gained", counted.gained), ("Lost", counted.lost)):
            some = named[:ENTITIES_NAMED]
            first = f"The {len(some)} most frequent of " if len(some) < len(named) else ""
            about = f"{first}{count(len(named), 'entity')}, with the number of queries."
            draw_entities(user, title, [e for e, _ in some], about, [n for _, n in some])


def classes_html(rows: Sequence[Change]) -> str:
    """The classes in which most was gained or lost."""
    lines = "".join(
        f'<tr><th scope="row">{as_html(row.class_name)}</th><td>{row.gained:,}</td>'
        f"<td>{row.lost:,}</td><td>{row.possible:,}</td><td>{row.queries:,}</td></tr>"
        for row in rows
    )
    names = ("class", "gained", "lost", "hits that could be", "queries (n)")
    head = "".join(f"<th>{name}</th>" for name in names)
    return f'<table class="mese-table"><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>'
