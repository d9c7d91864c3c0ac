"""What lies near what: distances on the globe, and the next place in each quarter."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from mese.demo.families.places.geometry import Point

EARTH_RADIUS_KM = 6371.0
NEARBY_KM = 400
IN_SIGHT_KM = 1500
"""How far the next place in a direction may be to be worth a sentence."""
QUARTERS = {"north": 90, "east": 0, "south": -90, "west": 180}
"""Directions by their angle from east, counter-clockwise, in degrees."""
SPREAD = 30
"""How many degrees off its axis a direction may be: due north-east is neither north nor east."""


def kilometres(a: Point, b: Point) -> float:
    """Great-circle distance of two (longitude, latitude) in degrees (haversine formula)."""
    lon_a, lat_a, lon_b, lat_b = (math.radians(degrees) for degrees in (*a, *b))
    h = math.sin((lat_b - lat_a) / 2) ** 2
    h += math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(h))


def nearest(at: Point, others: Mapping[str, Point], count: int = 3) -> tuple[str, ...]:
    """The names of the nearest others, nearest first, as far as they are nearby."""
    order = sorted((kilometres(at, other), name) for name, other in others.items())
    return tuple(name for distance, name in order[:count] if distance <= NEARBY_KM)


def around(at: Point, others: Mapping[str, Point]) -> dict[str, tuple[str, ...]]:
    """Quarter of the compass → the nearest other in it, or nothing."""
    return {quarter: _towards(at, others, angle) for quarter, angle in QUARTERS.items()}


def _towards(at: Point, others: Mapping[str, Point], angle: float) -> tuple[str, ...]:
    seen = [
        (kilometres(at, other), name)
        for name, other in others.items()
        if abs((_bearing(at, other) - angle + 180) % 360 - 180) <= SPREAD
    ]
    return tuple(name for distance, name in sorted(seen)[:1] if distance <= IN_SIGHT_KM)


def _bearing(at: Point, other: Point) -> float:
    """The direction on the flat map around the two, in degrees counter-clockwise from east."""
    middle = math.radians((at[1] + other[1]) / 2)
    return math.degrees(math.atan2(other[1] - at[1], (other[0] - at[0]) * math.cos(middle)))


def fellows(name: str, groups: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The other names that share one of the groups with `name`, sorted."""
    return tuple(sorted({n for group in groups.values() if name in group for n in group} - {name}))
