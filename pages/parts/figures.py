"""Plotly figures of the corpus, as plain dictionaries, and how they are drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from db.corpus import ClassSize
from pages.parts.text import as_html

Figure = dict[str, Any]

_ROOM = {"t": 8, "b": 8, "l": 8, "r": 8}
_HEIGHT = 420


def draw_figure(figure: Figure, alt: str) -> None:
    """Draw a figure in the theme's colours, which only a `go.Figure` takes."""
    st.plotly_chart(go.Figure(figure), config={"displayModeBar": False}, alt=alt)


def class_sunburst(sizes: Sequence[ClassSize]) -> Figure:
    """Coarse, middle and fine classes as rings; an angle is a number of members.

    An entity in two classes counts in both. Levels that a class does not name are left out, and
    so is the coarse ring where there is one coarse class only: the others get its room.
    """
    members: dict[tuple[str, ...], int] = {}
    for path, size in zip(_paths(sizes), sizes, strict=True):
        for depth in range(1, len(path) + 1):
            members[path[:depth]] = members.get(path[:depth], 0) + size.members
    trace = {
        "type": "sunburst",
        "ids": [_id(path) for path in members],
        "labels": [as_html(path[-1]) for path in members],
        "parents": [_id(path[:-1]) for path in members],
        "values": list(members.values()),
        "branchvalues": "total",
        "insidetextorientation": "radial",
        "leaf": {"opacity": 0.9},  # Plotly's own 0.7 greys the labels of the dark theme
        "hovertemplate": "%{label}: %{value} members<extra></extra>",
    }
    readable = {"minsize": 10, "mode": "hide"}
    layout = {"height": _HEIGHT, "margin": _ROOM, "uniformtext": readable}
    return {"data": [trace], "layout": layout}


def _paths(sizes: Sequence[ClassSize]) -> list[tuple[str, ...]]:
    only_one = len({size.coarse for size in sizes}) == 1
    levels = [("" if only_one else size.coarse, size.middle, size.fine) for size in sizes]
    return [tuple(name for name in path if name) for path in levels]


def _id(path: Sequence[str]) -> str:
    return "\x1f".join(path)


def contexts_histogram(histogram: Mapping[int, int]) -> Figure:
    """How many entities (up) have how many contexts (across)."""
    trace = {
        "type": "bar",
        "x": list(histogram),
        "y": list(histogram.values()),
        "hovertemplate": "%{y} entities with %{x} contexts<extra></extra>",
    }
    layout = {
        "height": _HEIGHT,
        "margin": {**_ROOM, "l": 48, "b": 48},
        "bargap": 0.1,
        "xaxis": {"title": {"text": "contexts per entity"}, **_few_ticks(histogram)},
        "yaxis": {"title": {"text": "entities"}},
    }
    return {"data": [trace], "layout": layout}


def _few_ticks(histogram: Mapping[int, int]) -> Figure:
    """Whole numbers under a few bars, and room beside them: one bar alone would fill the plot."""
    if not histogram or len(histogram) > 3:
        return {}
    return {"dtick": 1, "range": [min(histogram) - 5, max(histogram) + 5]}
