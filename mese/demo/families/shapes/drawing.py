"""A shape as something to be drawn: filled areas with a light, lines, and lines behind.

Whatever the shape is (corners, a star, an equation, a solid turned in space), a look gets the same
three lists, in a square from −1 to 1 with y down.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import numpy as np

from mese.demo.families.shapes.curves import curve
from mese.demo.families.shapes.polyhedra import Solid, solid
from mese.demo.surfaces import Array

LIGHT = np.array([-0.45, 0.62, 0.64])


@dataclass(frozen=True)
class Drawing:
    """`areas` are polygons with a light from 0 to 1, far ones first; `lines` runs of points that
    are seen, `hidden` those behind the areas."""

    areas: tuple[tuple[Array, float], ...]
    lines: tuple[Array, ...]
    hidden: tuple[Array, ...] = ()


def _ngon(n: int) -> Array:
    angles = np.pi / 2 + np.arange(n + 1) * 2 * np.pi / n + (np.pi / n if n % 2 == 0 else 0)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _star(n: int, step: int) -> list[Array]:
    """The runs of {n/step}: one, or several polygons where the two have a common factor."""
    corners = np.array([(math.sin(a), math.cos(a)) for a in 2 * np.pi * np.arange(n) / n])
    parts = math.gcd(n, step)
    length = n // parts
    return [corners[[(p + k * step) % n for k in range(length + 1)]] for p in range(parts)]


def _outline_of_star(n: int, step: int) -> Array:
    """The silhouette of {n/step}: tips and the notches between them."""
    inner = math.cos(math.pi * step / n) / math.cos(math.pi * (step - 1) / n)
    a = np.pi * np.arange(2 * n + 1) / n
    r = np.where(np.arange(2 * n + 1) % 2 == 0, 1.0, inner)
    return np.stack([r * np.sin(a), r * np.cos(a)], axis=1)


def _turned(points: Array, degrees: float) -> Array:
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return points @ np.array([[c, s], [-s, c]])


def _rotation(rng: random.Random | None) -> Array:
    """A view on a solid from a little above; without `rng` always the same."""
    yaw, pitch = (0.42, 0.36) if rng is None else (rng.uniform(0, 6.28), rng.uniform(0.2, 0.6))
    roll = 0.0 if rng is None else rng.uniform(-0.35, 0.35)
    cy, sy, cp, sp = math.cos(yaw), math.sin(yaw), math.cos(pitch), math.sin(pitch)
    spin = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    tilt = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    lean = np.array(
        [[math.cos(roll), -math.sin(roll), 0], [math.sin(roll), math.cos(roll), 0], [0, 0, 1]]
    )
    return lean @ tilt @ spin


def _seen(body: Solid, view: Array) -> Drawing:
    """The solid turned by `view` and seen from +z, with a light; edges in sight or behind."""
    upright = body.corners[:, [0, 2, 1]] * (1, 1, -1)
    corners = upright @ view.T
    areas, front = [], set()
    for face in body.faces:
        ring = corners[list(face)]
        normal = np.cross(ring[1] - ring[0], ring[2] - ring[1])
        normal = normal / np.linalg.norm(normal)
        if normal[2] > 1e-9:
            light = 0.25 + 0.75 * max(0.0, float(normal @ LIGHT))
            areas.append((ring[:, :2], light))
            front |= {frozenset(e) for e in zip(face, (*face[1:], face[0]), strict=True)}
    edges = [(frozenset(e), corners[list(e)][:, :2]) for e in sorted(body.edges)]
    lines = tuple(run for edge, run in edges if edge in front)
    hidden = tuple(run for edge, run in edges if edge not in front)
    return Drawing(tuple(areas), lines, hidden)


def _flat(spec: str, rng: random.Random | None) -> Drawing:
    kind, _, rest = spec.partition(" ")
    if kind == "ngon":
        runs = [_ngon(int(rest))]
        filled = runs[0]
    elif kind == "star":
        n, step = map(int, rest.split("/"))
        runs, filled = _star(n, step), _outline_of_star(n, step)
    elif kind == "points":
        corners = np.array(rest.split(), dtype=float).reshape(-1, 2)
        filled = np.concatenate([corners, corners[:1]])
        runs = [filled]
    else:
        runs = curve(rest)
        filled = runs[0] if _encloses(runs) else np.zeros((0, 2))
    turn = 0.0 if rng is None else rng.uniform(-28, 28)
    areas = ((_turned(filled, turn), 0.8),) if len(filled) else ()
    return Drawing(areas, tuple(_turned(run, turn) for run in runs))


def _encloses(runs: list[Array]) -> bool:
    return len(runs) == 1 and bool(np.abs(runs[0][0] - runs[0][-1]).max() < 1e-6)


def draw(spec: str, rng: random.Random | None = None) -> Drawing:
    """The drawing of a description as "ngon 5", "star 7/3", "curve astroid" or "prism 6".

    `rng` turns it; without one it stands upright. Raises KeyError for an unknown description.
    """
    if spec.partition(" ")[0] in ("ngon", "star", "points", "curve"):
        return _fitted(_flat(spec, rng))
    return _fitted(_seen(solid(spec), _rotation(rng)))


def _fitted(drawing: Drawing) -> Drawing:
    """The same within −1 to 1, y down."""
    every = np.concatenate([*drawing.lines, *drawing.hidden])
    low, high = every.min(axis=0), every.max(axis=0)
    scale = np.array([2.0, -2.0]) / float((high - low).max())

    def fit(points: Array) -> Array:
        return (points - (low + high) / 2) * scale

    return Drawing(
        tuple((fit(points), light) for points, light in drawing.areas),
        tuple(fit(run) for run in drawing.lines),
        tuple(fit(run) for run in drawing.hidden),
    )
