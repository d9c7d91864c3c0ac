"""Convex polyhedra from exact coordinates: corners by formula, faces as planes of their hull.

Archimedean coordinates are signed permutations of a few numbers, as in any table of them; a Catalan
solid is the polar dual of an Archimedean one; Johnson solids are rings of corners piled up.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from itertools import permutations, product

import numpy as np

from mese.demo.surfaces import Array

PHI = (1 + math.sqrt(5)) / 2
ROOT2 = math.sqrt(2)
TRIBONACCI = 1.8392867552141612
"""The real root of x³ = x² + x + 1, which the snub cube is made of."""
FLAT = 1e-6
"""Corners nearer than this to a plane lie in it."""

Triple = tuple[float, float, float]
CYCLES = ((0, 1, 2), (1, 2, 0), (2, 0, 1))
SWAPS = ((0, 2, 1), (2, 1, 0), (1, 0, 2))


@dataclass(frozen=True)
class Solid:
    """Corners (n, 3) and faces as rings of corners, seen from outside counter-clockwise."""

    corners: Array
    faces: tuple[tuple[int, ...], ...]

    @property
    def edges(self) -> set[tuple[int, int]]:
        """Each edge once, the lower corner first."""
        rings = [zip(face, (*face[1:], face[0]), strict=True) for face in self.faces]
        return {(min(a, b), max(a, b)) for ring in rings for a, b in ring}


def _signed(triples: Iterable[Triple], orders: Iterable[tuple[int, ...]]) -> Array:
    """All sign changes of the triples in all the orders, each corner once."""
    found = {
        tuple(round(sign[k] * triple[order[k]], 12) + 0.0 for k in range(3))
        for triple in triples
        for order in orders
        for sign in product((1, -1), repeat=3)
    }
    return np.array(sorted(found))


def _all(*triples: Triple) -> Array:
    return _signed(triples, list(permutations(range(3))))


def _even(*triples: Triple) -> Array:
    return _signed(triples, CYCLES)


def _half(triples: Iterable[Triple], orders: Iterable[tuple[int, ...]], parity: int) -> Array:
    """Only the sign changes whose product is `parity`."""
    signs = [sign for sign in product((1, -1), repeat=3) if math.prod(sign) == parity]
    rows = [
        [sign[k] * triple[order[k]] for k in range(3)]
        for triple in triples
        for order in orders
        for sign in signs
    ]
    return np.unique(np.round(np.array(rows), 12), axis=0)


def _snub_cube() -> Array:
    triple = [(1.0, 1 / TRIBONACCI, TRIBONACCI)]
    return np.concatenate([_half(triple, CYCLES, -1), _half(triple, SWAPS, 1)])


def _snub_dodecahedron() -> Array:
    """After Weissbach and Martini; x is the real root of x³ − 2x = φ."""
    x = 1.7155614996973678
    a, b = x - 1 / x, x * PHI + PHI**2 + PHI / x
    triples = [
        (2 * a, 2.0, 2 * b),
        (a + b / PHI + PHI, -a * PHI + b + 1 / PHI, a / PHI + b * PHI - 1),
        (a + b / PHI - PHI, a * PHI - b + 1 / PHI, a / PHI + b * PHI + 1),
        (-a / PHI + b * PHI + 1, -a + b / PHI - PHI, a * PHI + b - 1 / PHI),
        (-a / PHI + b * PHI - 1, a - b / PHI - PHI, a * PHI + b + 1 / PHI),
    ]
    return _half(triples, CYCLES, -1)


CORNERS: dict[str, Callable[[], Array]] = {
    "tetrahedron": lambda: _half([(1, 1, 1)], CYCLES, 1),
    "cube": lambda: _all((1, 1, 1)),
    "octahedron": lambda: _all((0, 0, 1)),
    "dodecahedron": lambda: _even((1, 1, 1), (0, 1 / PHI, PHI)),
    "icosahedron": lambda: _even((0, 1, PHI)),
    "truncated-tetrahedron": lambda: _half([(3, 1, 1)], CYCLES, 1),
    "cuboctahedron": lambda: _all((0, 1, 1)),
    "truncated-cube": lambda: _all((ROOT2 - 1, 1, 1)),
    "truncated-octahedron": lambda: _all((0, 1, 2)),
    "rhombicuboctahedron": lambda: _all((1, 1, 1 + ROOT2)),
    "truncated-cuboctahedron": lambda: _all((1, 1 + ROOT2, 1 + 2 * ROOT2)),
    "snub-cube": _snub_cube,
    "icosidodecahedron": lambda: _even((0, 0, 2 * PHI), (1, PHI, PHI**2)),
    "truncated-dodecahedron": lambda: _even(
        (0, 1 / PHI, 2 + PHI), (1 / PHI, PHI, 2 * PHI), (PHI, 2, PHI + 1)
    ),
    "truncated-icosahedron": lambda: _even(
        (0, 1, 3 * PHI), (1, 2 + PHI, 2 * PHI), (PHI, 2, 2 * PHI + 1)
    ),
    "rhombicosidodecahedron": lambda: _even(
        (1, 1, PHI**3), (PHI**2, PHI, 2 * PHI), (2 + PHI, 0, PHI**2)
    ),
    "truncated-icosidodecahedron": lambda: _even(
        (1 / PHI, 1 / PHI, 3 + PHI),
        (2 / PHI, PHI, 1 + 2 * PHI),
        (1 / PHI, PHI**2, 3 * PHI - 1),
        (2 * PHI - 1, 2, 2 + PHI),
        (PHI, 3, 2 * PHI),
    ),
    "snub-dodecahedron": _snub_dodecahedron,
}
"""The Platonic and Archimedean solids: corners about the origin."""


def _radius(n: int) -> float:
    """Of a ring of n corners with edges of length 1."""
    return 0.5 / math.sin(math.pi / n)


def _ring(n: int, z: float, phase: float = 0.0) -> list[Triple]:
    """n corners with edges of length 1 at height z; `phase` in steps of the ring."""
    angles = [2 * math.pi * (k + phase) / n for k in range(n)]
    return [(_radius(n) * math.cos(a), _radius(n) * math.sin(a), z) for a in angles]


def _peak(n: int) -> float:
    """Height of a pyramid of triangles over a ring."""
    return math.sqrt(1 - _radius(n) ** 2)


def _twist(n: int) -> float:
    """Height of an antiprism."""
    chord = 2 * _radius(n) * math.sin(math.pi / (2 * n))
    return math.sqrt(1 - chord**2)


def _cupola(n: int) -> list[Triple]:
    big, small = _radius(2 * n), _radius(n)
    away = big**2 + small**2 - 2 * big * small * math.cos(math.pi / (2 * n))
    return [*_ring(2 * n, 0.0), *_ring(n, math.sqrt(1 - away), 0.25)]


def _rotunda(_: int) -> list[Triple]:
    """The upper half of an icosidodecahedron, turned with a pentagon up."""
    corners = CORNERS["icosidodecahedron"]() / 2
    up = np.array([1.0, 0.0, PHI]) / math.hypot(1, PHI)
    upper = corners[corners @ up > -FLAT]
    return [(float(x), float(y), float(z)) for x, y, z in upper]


def _gyrobifastigium(_: int) -> list[Triple]:
    h, square = math.sqrt(0.75), [(x, y, 0.0) for x in (-0.5, 0.5) for y in (-0.5, 0.5)]
    return [*square, (-0.5, 0.0, h), (0.5, 0.0, h), (0.0, -0.5, -h), (0.0, 0.5, -h)]


def _snub_disphenoid(_: int) -> list[Triple]:
    """q is the positive root of 2q³ + 11q² + 4q − 1."""
    q = 0.16902222942790243
    r, s, t = math.sqrt(q), math.sqrt((1 - q) / (2 * q)), math.sqrt(2 - 2 * q)
    upper = [(t, r, 0.0), (-t, r, 0.0), (0.0, -r, t), (0.0, -r, -t)]
    return [*upper, (1.0, -s, 0.0), (-1.0, -s, 0.0), (0.0, s, 1.0), (0.0, s, -1.0)]


def _triaugmented(_: int) -> list[Triple]:
    away = math.sqrt(1 / 12) + math.sqrt(0.5)
    sides = [math.pi / 3 + 2 * math.pi * k / 3 for k in range(3)]
    caps = [(away * math.cos(a), away * math.sin(a), 0.0) for a in sides]
    return [*_ring(3, -0.5), *_ring(3, 0.5), *caps]


PILED: dict[str, Callable[[int], list[Triple]]] = {
    "prism": lambda n: [*_ring(n, -0.5), *_ring(n, 0.5)],
    "antiprism": lambda n: [*_ring(n, 0.0), *_ring(n, _twist(n), 0.5)],
    "pyramid": lambda n: [*_ring(n, 0.0), (0.0, 0.0, _peak(n))],
    "bipyramid": lambda n: [*_ring(n, 0.0), (0.0, 0.0, _peak(n)), (0.0, 0.0, -_peak(n))],
    "elongated-pyramid": lambda n: [*_ring(n, -1.0), *_ring(n, 0.0), (0.0, 0.0, _peak(n))],
    "elongated-bipyramid": lambda n: [
        *_ring(n, -0.5),
        *_ring(n, 0.5),
        (0.0, 0.0, 0.5 + _peak(n)),
        (0.0, 0.0, -0.5 - _peak(n)),
    ],
    "gyroelongated-pyramid": lambda n: [
        *_ring(n, -_twist(n), 0.5),
        *_ring(n, 0.0),
        (0.0, 0.0, _peak(n)),
    ],
    "cupola": _cupola,
    "rotunda": _rotunda,
    "gyrobifastigium": _gyrobifastigium,
    "snub-disphenoid": _snub_disphenoid,
    "triaugmented-prism": _triaugmented,
}
"""Prisms, antiprisms and Johnson solids with edges of length 1 (the disphenoid: 2)."""


def _planes(corners: Array) -> Array:
    """float (faces, 4): outward normal and offset of every face's plane, each once."""
    from scipy.spatial import ConvexHull  # only painting needs it, and it is slow to import

    equations = ConvexHull(corners).equations
    kept: list[Array] = []
    for plane in equations:
        if not any(np.abs(plane - other).max() < FLAT for other in kept):
            kept.append(plane)
    return np.array(kept)


def _hull(corners: Array) -> Solid:
    """The solid with these corners; its faces' rings go round their normals."""
    faces = []
    for normal in _planes(corners):
        inside = np.flatnonzero(np.abs(corners @ normal[:3] + normal[3]) < FLAT)
        middle = corners[inside].mean(axis=0)
        across = corners[inside[0]] - middle
        up = np.cross(normal[:3], across)
        away = corners[inside] - middle
        order = np.argsort(np.arctan2(away @ up, away @ across))
        faces.append(tuple(int(k) for k in inside[order]))
    return Solid(corners, tuple(faces))


def _dual(corners: Array) -> Array:
    """Corners of the polar dual: a face's plane n·x = d becomes the point n/d."""
    planes = _planes(corners)
    return planes[:, :3] / -planes[:, 3:]


@cache
def solid(spec: str) -> Solid:
    """The solid of a description as "solid cube", "dual cuboctahedron" or "prism 5".

    Raises KeyError for a kind or a name that is not there.
    """
    kind, _, rest = spec.partition(" ")
    if kind == "solid":
        return _hull(CORNERS[rest]())
    if kind == "dual":
        return _hull(_dual(CORNERS[rest]()))
    corners = np.array(PILED[kind](int(rest or 0)))
    return _hull(corners - (corners.max(axis=0) + corners.min(axis=0)) / 2)
