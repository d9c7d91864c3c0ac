"""Outlines of the United States, and where a longitude and latitude lies on the drawn map.

us_outlines.csv holds the 50 states and the District of Columbia in 60 points or fewer each;
neighbours share the points of their border. They were thinned from the public-domain boundaries
of the US Census Bureau. The map is an Albers equal-area projection, Alaska and Hawaii as insets.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

OUTLINES_FILE = Path(__file__).parent / "us_outlines.csv"

Point = tuple[float, float]
Ring = tuple[Point, ...]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Albers:
    """Albers equal-area conic (Snyder 1987, eqs. 14-1 to 14-6), then scaled and moved."""

    longitude: float
    latitude: float
    parallel_1: float
    parallel_2: float
    scale: float = 1.0
    x: float = 0.0
    y: float = 0.0

    def __call__(self, lon: float, lat: float) -> Point:
        one, two = math.radians(self.parallel_1), math.radians(self.parallel_2)
        n = (math.sin(one) + math.sin(two)) / 2
        c = math.cos(one) ** 2 + 2 * n * math.sin(one)
        rho = math.sqrt(c - 2 * n * math.sin(math.radians(lat))) / n
        rho_0 = math.sqrt(c - 2 * n * math.sin(math.radians(self.latitude))) / n
        theta = n * math.radians(lon - self.longitude)
        east, south = rho * math.sin(theta), rho * math.cos(theta) - rho_0
        return self.x + self.scale * east, self.y + self.scale * south


# The contiguous states are 0.73 Earth radii wide; 1.3 makes the map about 1 wide and 0.62 high.
CONTIGUOUS = Albers(-96, 37.5, 29.5, 45.5, 1.3, 0.5, 0.33)
INSETS = {
    "Alaska": Albers(-152, 62, 55, 65, 0.46, 0.115, 0.595),
    "Hawaii": Albers(-157.5, 20.6, 8, 18, 1.3, 0.325, 0.625),
}
INSET_BOXES: dict[str, Box] = {
    "Alaska": (0.0, 0.505, 0.25, 0.69),
    "Hawaii": (0.262, 0.575, 0.395, 0.69),
}
MAP: Box = (0.0, 0.0, 1.0, 0.69)
"""The drawn map with its insets: left, top, right, bottom."""


@lru_cache(maxsize=1)
def outlines() -> dict[str, tuple[Ring, ...]]:
    """State → its rings of (longitude, latitude); several for islands and Michigan."""
    rings: dict[str, list[Ring]] = {}
    with OUTLINES_FILE.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            numbers = [float(n) for n in row["points"].split()]
            ring = tuple(zip(numbers[::2], numbers[1::2], strict=True))
            rings.setdefault(row["state"], []).append(ring)
    return {state: tuple(found) for state, found in rings.items()}


def inside(point: Point, ring: Sequence[Point]) -> bool:
    """Whether the point lies in the ring (even-odd rule)."""
    x, y = point
    found = False
    for (x0, y0), (x1, y1) in zip(ring, [*ring[1:], ring[0]], strict=True):
        if (y0 > y) != (y1 > y) and x < x0 + (y - y0) / (y1 - y0) * (x1 - x0):
            found = not found
    return found


def state_of(point: Point) -> str | None:
    """The state whose outline holds a (longitude, latitude), or None."""
    holders = [s for s, rings in outlines().items() if any(inside(point, r) for r in rings)]
    return holders[0] if holders else None


def place(state: str, lon: float, lat: float) -> Point:
    """Where a point of `state` lies on the map, in map widths; y grows downwards."""
    return INSETS.get(state, CONTIGUOUS)(lon, lat)


@lru_cache(maxsize=1)
def drawn() -> dict[str, tuple[Ring, ...]]:
    """State → its rings on the map."""
    return {
        state: tuple(tuple(place(state, lon, lat) for lon, lat in ring) for ring in rings)
        for state, rings in outlines().items()
    }


def bounds(rings: Sequence[Ring]) -> Box:
    xs = [x for ring in rings for x, _ in ring]
    ys = [y for ring in rings for _, y in ring]
    return min(xs), min(ys), max(xs), max(ys)


def centre(state: str) -> Point:
    """(longitude, latitude) of the centre of area of a state's largest ring."""
    ring = max(outlines()[state], key=lambda r: abs(_area(r)))
    area = _area(ring)
    pairs = list(zip(ring, [*ring[1:], ring[0]], strict=True))
    x = sum((a[0] + b[0]) * (a[0] * b[1] - b[0] * a[1]) for a, b in pairs) / (6 * area)
    y = sum((a[1] + b[1]) * (a[0] * b[1] - b[0] * a[1]) for a, b in pairs) / (6 * area)
    return x, y


def _area(ring: Sequence[Point]) -> float:
    pairs = zip(ring, [*ring[1:], ring[0]], strict=True)
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in pairs) / 2
