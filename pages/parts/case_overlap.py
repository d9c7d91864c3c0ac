"""The paper's Figure 3 on the page: a query's hits by text, by image and by both.

The picture's circles are of one size; the seven counts stand in it and beside it, and what the
images gained and lost is named. Shares are of the hits that there could be, Σ min(|G|, 100).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from db.accounts import User
from db.cases import Case
from db.corpus import entity_cards
from db.gold import gold_of
from db.store import StoreError
from mese.bundle import BundleError
from mese.engine import Engine, SeedError
from mese.overlap import (
    BOTH,
    CUT,
    IMAGE,
    REGIONS,
    TEXT,
    VIEWS,
    Overlap,
    Region,
    Totals,
    overlap_of,
    total,
)
from pages.parts import house
from pages.parts.address import View
from pages.parts.asking import options_of
from pages.parts.calm import notes
from pages.parts.cards import shared_classes
from pages.parts.case_columns import query_now
from pages.parts.figures import Figure, draw_figure
from pages.parts.pictures import picture_html
from pages.parts.text import as_html, as_sentence, as_text, count
from pages.parts.waiting import wait_for

WORDS = {TEXT: "text", IMAGE: "image", BOTH: "text and image"}
LETTERS = {TEXT: "T", IMAGE: "V", BOTH: "T+V"}
"""The paper's letters."""
COLOURS = {TEXT: "#2f6fb5", IMAGE: "#d08a1d", BOTH: "#0b8a7c"}
CENTRES = {TEXT: (-0.55, 0.35), IMAGE: (0.55, 0.35), BOTH: (0.0, -0.6)}
RADIUS = 1.0
SPOTS: Mapping[Region, tuple[float, float]] = {
    frozenset({TEXT}): (-1.0, 0.6),
    frozenset({IMAGE}): (1.0, 0.6),
    frozenset({BOTH}): (0.0, -1.15),
    frozenset({TEXT, IMAGE}): (0.0, 0.85),
    frozenset({TEXT, BOTH}): (-0.68, -0.3),
    frozenset({IMAGE, BOTH}): (0.68, -0.3),
    frozenset(VIEWS): (0.0, 0.05),
}
"""Where a region's count stands in the picture."""


def region_words(region: Region) -> str:
    """`T only`, `T and T+V`, `all three`."""
    if len(region) == len(VIEWS):
        return "all three"
    named = [LETTERS[view] for view in VIEWS if view in region]
    return f"{named[0]} only" if len(named) == 1 else " and ".join(named)


def name_of(view: str) -> str:
    """`Text and image (T+V)`."""
    return f"{WORDS[view].capitalize()} ({LETTERS[view]})"


INK = {"light": "#14201f", "dark": "#f4f6f5"}
"""The counts' colour by theme: Streamlit's own for text in figures is pale on a coloured ground."""


def overlap_figure(totals: Totals, ink: str = INK["light"]) -> Figure:
    """Three circles with the seven counts where they overlap."""
    shapes = [
        {
            "type": "circle",
            "x0": x - RADIUS,
            "x1": x + RADIUS,
            "y0": y - RADIUS,
            "y1": y + RADIUS,
            "fillcolor": COLOURS[view],
            "opacity": 0.28,
            "line": {"color": COLOURS[view], "width": 2},
            "layer": "below",
        }
        for view, (x, y) in CENTRES.items()
    ]
    counts = {
        "type": "scatter",
        "mode": "text",
        "x": [SPOTS[region][0] for region in REGIONS],
        "y": [SPOTS[region][1] for region in REGIONS],
        "text": [f"<b>{totals.counts[region]:,}</b>" for region in REGIONS],
        "textfont": {"size": 20, "color": ink},
        "hovertext": [f"{region_words(region)}: {totals.counts[region]:,}" for region in REGIONS],
        "hovertemplate": "%{hovertext}<extra></extra>",
    }
    names = {
        "type": "scatter",
        "mode": "text",
        "x": [-1.05, 1.05, 0.0],
        "y": [1.5, 1.5, -1.78],
        "text": [f"{name_of(view)}: {totals.found(view):,}" for view in VIEWS],
        "textfont": {"size": 14, "color": ink},
        "hoverinfo": "skip",
    }
    axis = {"visible": False, "fixedrange": True}
    layout = {
        "height": 400,
        "margin": {"t": 0, "b": 0, "l": 0, "r": 0},
        "shapes": shapes,
        "showlegend": False,
        "xaxis": {**axis, "range": [-2.1, 2.1]},
        "yaxis": {**axis, "range": [-1.95, 1.7], "scaleanchor": "x"},
    }
    return {"data": [counts, names], "layout": layout}


def counts_html(totals: Totals) -> str:
    """The seven counts with their shares, then what was gained and lost."""
    rows = [(f"found by {region_words(region)}", totals.counts[region]) for region in REGIONS]
    rows += [("gained: T+V without T", totals.gained), ("lost: T without T+V", totals.lost)]
    lines = "".join(
        f'<tr><th scope="row">{as_html(name)}</th><td>{number:,}</td>'
        f"<td>{_percent(totals.share(number))}</td></tr>"
        for name, number in rows
    )
    head = "<tr><th></th><th>hits</th><th>of those possible</th></tr>"
    return f'<table class="mese-table"><thead>{head}</thead><tbody>{lines}</tbody></table>'


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.2%}"


def draw_totals(totals: Totals) -> None:
    """The picture and the counts beside it."""
    left, right = st.columns([3, 2], gap="large", vertical_alignment="center")
    with left:
        told = ", ".join(f"{region_words(r)} {totals.counts[r]}" for r in REGIONS)
        ink = INK[st.context.theme.type or "light"]
        draw_figure(overlap_figure(totals, ink), f"Overlap of the hits: {told}")
    with right:
        st.html(counts_html(totals))


def draw_case_overlap(user: User, case: Case) -> None:
    """Figure 3 for the case's query, under today's bundle; or calmly why there is none."""
    query = query_now(case)
    try:
        engine = with_all_views()
        if engine is None:
            return
        cards = entity_cards(house.store(), query.view.seeds)
        seeds = tuple(seed for seed in query.view.seeds if engine.knows(seed))
        wanted = shared_classes(seeds, cards)
        gold = gold_of(house.store(), wanted, query.view.seeds)
        found = overlap_of(engine, seeds, gold, options_of(query.view)) if seeds else None
    except (BundleError, SeedError, StoreError) as error:
        st.info(as_sentence(str(error)), icon=":material/info:")
        return
    unknown = [cards[seed].name for seed in query.view.seeds if seed not in seeds]
    notes([*query.notes, *_simpler(query.view, unknown)])
    if not seeds:
        st.info(
            "The model knows none of the seeds, so there are no hits to count.",
            icon=":material/info:",
        )
        return
    if not wanted or found is None:
        st.info(
            "The seeds share no class whose other members the bundle knows, so there are no hits "
            "to count. Figure 3 needs seeds of one class.",
            icon=":material/info:",
        )
        return
    _draw_found(user, engine.name, wanted, len(seeds), found)


def _draw_found(user: User, bundle: str, wanted: Sequence[str], seeds: int, found: Overlap) -> None:
    totals = total([found])
    st.caption(
        f"Hits in {as_text(', '.join(wanted))} among the first {CUT} of each list, made now by "
        f"bundle {as_text(bundle)}; n = {found.possible} that could be found, "
        f"{count(seeds, 'seed')}."
    )
    draw_totals(totals)
    gained, lost = f"Gained by the images: {len(found.gained)}", f"Lost: {len(found.lost)}"
    draw_entities(user, gained, found.gained, "Text alone does not find these.")
    draw_entities(user, lost, found.lost, "Text alone finds these.")


def _simpler(view: View, unknown: Sequence[str]) -> list[str]:
    """What of a query the figure does without; `unknown` are seeds that the model does not know."""
    told = [
        f"The model does not know {as_text(name)}; the figure is made without it."
        for name in unknown
    ]
    if view.open_seeds or view.left_out:
        told.append("The figure is made without open seeds, and with all contexts of the others.")
    return told


def draw_entities(
    user: User, title: str, entities: Sequence[int], about: str, times: Sequence[int] = ()
) -> None:
    """Entities with their pictures, and how often each was found where `times` says it."""
    st.subheader(title, anchor=False)
    st.caption(about)
    cards = entity_cards(house.store(), entities)
    often = dict(zip(entities, times, strict=False))
    items = "".join(
        f"<li>{picture_html(user, card.image_hash, card.name)}<span>{as_html(card.name)}"
        f"{f' <small>{often[card.id]}×</small>' if often else ''}</span></li>"
        for card in cards.values()
    )
    st.html(f'<ul class="mese-few">{items}</ul>')


def with_all_views() -> Engine | None:
    """The engine in use; None, and told with the progress, where it lacks a view.

    Raises `BundleError` where no bundle fits.
    """
    engine = house.engine()
    missing = [view for view in VIEWS if view not in engine.bundle.modalities]
    if not missing:
        return engine
    needs = f"Figure 3 needs lists {' and '.join(f'by {WORDS[view]}' for view in missing)}"
    if set(missing) <= set(engine.bundle.missing):
        wait_for(f"{needs}, which are not there yet.", "The figure appears here when they are.")
    else:  # a bundle that was made from a corpus without images
        st.info(f"{needs}, which this bundle cannot make.", icon=":material/info:")
    return None
