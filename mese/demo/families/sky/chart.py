"""Where stars stand: right ascension and declination from `catalogue.csv`, seen on a flat chart.

A figure is projected stereographically about its middle, with east to the left, as one sees it
looking up. Positions (J2000, to a hundredth of a degree), magnitudes and colours are those of
Hipparcos, as d3-celestial 0.7 tabulates them; `field.csv` has the other stars down to
magnitude 4.6.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np

from mese.demo.family import FactsError, read_table
from mese.demo.surfaces import Array

FOLDER = Path(__file__).parent
ECLIPTIC_TILT = math.radians(23.44)

Spot = tuple[float, float]
Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Star:
    """A star of the catalogue: degrees, magnitude (less is brighter), colour index B−V."""

    ra: float
    dec: float
    magnitude: float
    colour: float


@dataclass(frozen=True)
class Figure:
    """A constellation: its stars and the lines between them, by position; `marked` is the star
    that the picture is about, if it is about one."""

    stars: tuple[Star, ...]
    lines: tuple[tuple[int, int], ...]
    marked: int | None = None


@lru_cache(maxsize=1)
def catalogue() -> dict[tuple[str, str], Star]:
    """(constellation, letter) → star."""
    found = {}
    for row in read_table(FOLDER / "catalogue.csv"):
        numbers = (float(row[key] or 0.3) for key in ("ra", "dec", "magnitude", "colour"))
        found[row["constellation"], row["letter"]] = Star(*numbers)
    return found


def figure_of(abbr: str, lines: str, marked: str = "") -> Figure:
    """The figure of lines as "α-β-γ; β-Tau:ζ". Raises `FactsError` for an unknown star."""
    names: dict[tuple[str, str], int] = {}
    pairs: list[tuple[int, int]] = []
    for line in lines.split(";"):
        path = [_place(abbr, star, names) for star in line.strip().split("-")]
        pairs += pairwise(path)
    at = _place(abbr, marked, names) if marked else None
    stars = tuple(catalogue()[name] for name in names)
    return Figure(stars, tuple(pairs), at)


def _place(abbr: str, star: str, names: dict[tuple[str, str], int]) -> int:
    where, _, letter = star.rpartition(":")
    name = (where or abbr, letter)
    if name not in catalogue():
        reason = f"a line leads to star {name[1]!r} of {name[0]!r}; add it to the catalogue"
        raise FactsError(f"constellations.csv: {reason}")
    return names.setdefault(name, len(names))


def vector(ra: float, dec: float) -> Vector:
    """Unit vector of a direction given in degrees."""
    a, d = math.radians(ra), math.radians(dec)
    return math.cos(d) * math.cos(a), math.cos(d) * math.sin(a), math.sin(d)


def middle(figure: Figure) -> Spot:
    """Right ascension and declination of the figure's middle, in degrees."""
    x, y, z = (sum(axis) for axis in zip(*(vector(s.ra, s.dec) for s in figure.stars), strict=True))
    return math.degrees(math.atan2(y, x)) % 360, math.degrees(math.atan2(z, math.hypot(x, y)))


def project(directions: Array, centre: Spot) -> Array:
    """float (n, 2) from degrees (n, 2): stereographic about `centre`, east left, north up (y down).

    In units of about a radian near the centre; directions behind the viewer give far points.
    """
    ra, dec = np.radians(directions[:, 0] - centre[0]), np.radians(directions[:, 1])
    d0 = math.radians(centre[1])
    cos_c = math.sin(d0) * np.sin(dec) + math.cos(d0) * np.cos(dec) * np.cos(ra)
    k = 2 / np.maximum(1 + cos_c, 0.05)
    x = -k * np.cos(dec) * np.sin(ra)
    y = -k * (math.cos(d0) * np.sin(dec) - math.sin(d0) * np.cos(dec) * np.cos(ra))
    return np.stack([x, y], axis=1)


@lru_cache(maxsize=1)
def field() -> tuple[Array, Array]:
    """The other stars that an eye sees: degrees (n, 2) and magnitudes (n,)."""
    table = read_table(FOLDER / "field.csv")
    spots = np.array([[float(row["ra"]), float(row["dec"])] for row in table])
    return spots, np.array([float(row["magnitude"]) for row in table])


@lru_cache(maxsize=1)
def ecliptic() -> Array:
    """Degrees (181, 2) along the Sun's path."""
    along = np.linspace(0, 2 * np.pi, 181)
    x, y = np.cos(along), np.sin(along) * math.cos(ECLIPTIC_TILT)
    z = np.sin(along) * math.sin(ECLIPTIC_TILT)
    return np.degrees(np.stack([np.arctan2(y, x), np.arcsin(z)], axis=1))
