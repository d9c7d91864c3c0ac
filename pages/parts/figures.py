"""Plotly figures of the corpus, as plain dictionaries, and how they are drawn."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from db.corpus import ClassSize
from pages.parts.text import as_html, count

Figure = dict[str, Any]

_ROOM = {"t": 8, "b": 8, "l": 8, "r": 8}
_HEIGHT = 420
MOST_BARS = 60
"""Bars that are still bars at half a page's width."""

LETTERS, LINES = 16, 4
"""What fits into a wedge of the sunburst."""

FEW = 10
"""A spread narrower than this is drawn with a tick for each number."""


def draw_figure(figure: Figure, alt: str) -> None:
    """Draw a figure in the theme's colours, which only a `go.Figure` takes."""
    st.plotly_chart(go.Figure(figure), config={"displayModeBar": False}, alt=alt)


def class_sunburst(sizes: Sequence[ClassSize]) -> Figure:
    """Coarse, middle and fine classes as rings; an angle is a number of members.

    An entity in two classes counts in both. A level that a class does not name is left out.
    """
    members: dict[tuple[str, ...], int] = {}
    for path, size in zip(_paths(sizes), sizes, strict=True):
        for depth in range(1, len(path) + 1):
            members[path[:depth]] = members.get(path[:depth], 0) + size.members
    trace = {
        "type": "sunburst",
        "ids": [_id(path) for path in members],
        "labels": [label(path[-1]) for path in members],
        "parents": [_id(path[:-1]) for path in members],
        "values": list(members.values()),
        "branchvalues": "total",
        "insidetextorientation": "auto",
        "leaf": {"opacity": 0.9},  # Plotly's own 0.7 greys the labels of the dark theme
        "hovertext": [f"{as_html(path[-1])}: {count(n, 'member')}" for path, n in members.items()],
        "hovertemplate": "%{hovertext}<extra></extra>",
    }
    readable = {"minsize": 9, "mode": "hide"}
    layout = {"height": _HEIGHT, "margin": _ROOM, "uniformtext": readable}
    return {"data": [trace], "layout": layout}


def _paths(sizes: Sequence[ClassSize]) -> list[tuple[str, ...]]:
    levels = [(size.coarse, size.middle, size.fine) for size in sizes]
    return [tuple(name for name in path if name) for path in levels]


def label(name: str) -> str:
    """A name for a figure: literal, in short lines that find room, cut where it is very long."""
    lines = textwrap.wrap(name, LETTERS, max_lines=LINES, placeholder=" …")
    return "<br>".join(as_html(line) for line in lines)


def _id(path: Sequence[str]) -> str:
    return "\x1f".join(path)


def contexts_histogram(histogram: Mapping[int, int]) -> Figure:
    """How many entities (up) have how many contexts (across); a wide spread is put into bins."""
    bins = binned(histogram)
    spans = [
        count(b.first, "context") if b.first == b.last else f"{b.first}–{b.last} contexts"
        for b in bins
    ]
    trace = {
        "type": "bar",
        "x": [(b.first + b.last) / 2 for b in bins],
        "y": [b.entities for b in bins],
        "width": [0.9 * (b.last - b.first + 1) for b in bins],
        "customdata": [
            f"{count(b.entities, 'entity')} with {span}"
            for b, span in zip(bins, spans, strict=True)
        ],
        "hovertemplate": "%{customdata}<extra></extra>",
    }
    layout = {
        "height": _HEIGHT,
        "margin": {**_ROOM, "l": 48, "b": 48},
        "xaxis": {"title": {"text": "contexts per entity"}, **_few_ticks(histogram)},
        "yaxis": {"title": {"text": "entities"}, "rangemode": "tozero"},
    }
    return {"data": [trace], "layout": layout}


@dataclass(frozen=True, slots=True)
class Bin:
    """`entities` have between `first` and `last` contexts, both inclusive."""

    first: int
    last: int
    entities: int


def binned(histogram: Mapping[int, int], most: int = MOST_BARS) -> list[Bin]:
    """A histogram of whole numbers in up to `most` bins of one width, empty ones left out."""
    if not histogram:
        return []
    low, high = min(histogram), max(histogram)
    width = -(-(high - low + 1) // most)
    found: dict[int, int] = {}
    for value, entities in sorted(histogram.items()):
        first = low + (value - low) // width * width
        found[first] = found.get(first, 0) + entities
    return [Bin(first, first + width - 1, entities) for first, entities in found.items()]


def _few_ticks(histogram: Mapping[int, int]) -> Figure:
    """Whole numbers under a few bars, and room beside them: one bar alone would fill the plot."""
    if not histogram or max(histogram) - min(histogram) >= FEW:
        return {}
    shown = list(range(min(histogram), max(histogram) + 1))
    return {"tickvals": shown, "range": [shown[0] - FEW / 2, shown[-1] + FEW / 2]}
