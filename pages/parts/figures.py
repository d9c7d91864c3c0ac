"""Plotly figures of the corpus, as plain dictionaries: `st.plotly_chart` draws them themed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from db.corpus import ClassSize
from pages.parts.text import as_html

Figure = dict[str, Any]

_ROOM = {"t": 8, "b": 8, "l": 8, "r": 8}


def class_sunburst(sizes: Sequence[ClassSize]) -> Figure:
    """Coarse, middle and fine classes as rings; an angle is a number of members.

    An entity in two classes counts in both. Levels that a class does not name are left out.
    """
    members: dict[tuple[str, ...], int] = {}
    for size in sizes:
        path = tuple(name for name in (size.coarse, size.middle, size.fine) if name)
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
        "hovertemplate": "%{label}: %{value} members<extra></extra>",
    }
    return {"data": [trace], "layout": {"margin": _ROOM, "height": 380}}


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
        "margin": {**_ROOM, "l": 48, "b": 48},
        "height": 380,
        "bargap": 0.1,
        "xaxis": {"title": {"text": "contexts per entity"}},
        "yaxis": {"title": {"text": "entities"}},
    }
    return {"data": [trace], "layout": layout}
