"""Outlines of the countries whose cities are shown, and where a place lies on their drawn maps.

country_outlines.csv is our own small table, written from an atlas's coordinates: a country's own
rings (60 points or fewer in all), the land beyond its borders, lakes and rivers. Each country has
an Albers equal-area projection of its own, scaled so that it fills the map.
"""

from __future__ import annotations

import csv
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from mese.demo.families.places.geometry import Albers, Point, Ring, bounds, inside

OUTLINES_FILE = Path(__file__).parent / "country_outlines.csv"
KINDS = ("own", "beyond", "lake", "river")
MIDDLE: Point = (0.5, 0.345)
"""Where a map has its middle, in map widths: as on the map of the United States."""
EXTENT = 0.92
"""The longer side of a country on its map, in map widths."""

Layers = dict[str, tuple[Ring, ...]]


@lru_cache(maxsize=1)
def outlines() -> dict[str, Layers]:
    """Country → kind → its rings of (longitude, latitude); rivers are open lines."""
    found: dict[str, dict[str, list[Ring]]] = {}
    with OUTLINES_FILE.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            numbers = [float(n) for n in row["points"].split()]
            ring = tuple(zip(numbers[::2], numbers[1::2], strict=True))
            layers = found.setdefault(row["country"], {kind: [] for kind in KINDS})
            layers[row["kind"]].append(ring)
    return {
        country: {kind: tuple(rings) for kind, rings in layers.items()}
        for country, layers in found.items()
    }


def country_of(point: Point) -> str | None:
    """The country whose outline holds a (longitude, latitude), or None."""
    found = outlines().items()
    holders = [c for c, layers in found if any(inside(point, ring) for ring in layers["own"])]
    return holders[0] if holders else None


@lru_cache(maxsize=16)
def projection(country: str) -> Albers:
    """The country's projection, its parallels a sixth of its height from top and bottom."""
    west, south, east, north = bounds(outlines()[country]["own"])
    sixth = (north - south) / 6
    plain = Albers((west + east) / 2, (south + north) / 2, south + sixth, north - sixth)
    rings = [tuple(plain(lon, lat) for lon, lat in r) for r in outlines()[country]["own"]]
    left, top, right, bottom = bounds(rings)
    scale = EXTENT / max(right - left, bottom - top)
    x, y = MIDDLE[0] - scale * (left + right) / 2, MIDDLE[1] - scale * (top + bottom) / 2
    return replace(plain, scale=scale, x=x, y=y)


@lru_cache(maxsize=16)
def drawn(country: str) -> Layers:
    """Kind → the country's rings on its map."""
    to_map = projection(country)
    return {
        kind: tuple(tuple(to_map(lon, lat) for lon, lat in ring) for ring in rings)
        for kind, rings in outlines()[country].items()
    }


def place(country: str, lon: float, lat: float) -> Point:
    """Where a point lies on the country's map, in map widths; y grows downwards."""
    return projection(country)(lon, lat)
