"""Plane curves from their equations: each function gives one or more runs of points.

Branches that go to infinity are cut; the drawing is scaled to fit afterwards.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from mese.demo.surfaces import Array

FINE = 360
"""Points of a run."""


def _span(low: float, high: float, n: int = FINE) -> Array:
    return np.linspace(low, high, n)


def _polar(t: Array, r: Array) -> Array:
    return np.stack([r * np.cos(t), r * np.sin(t)], axis=1)


def _points(x: Array, y: Array) -> Array:
    return np.stack([x, y], axis=1)


def _turn(low: float = 0.0, high: float = 2.0) -> Array:
    """Angles between multiples of pi."""
    return _span(low * math.pi, high * math.pi)


def _outside(n: int, pen: float = 1.0) -> Array:
    """Epitrochoid: a wheel of radius 1 around a circle of radius n, the pen `pen` off its hub."""
    t = _turn()
    x = (n + 1) * np.cos(t) - pen * np.cos((n + 1) * t)
    return _points(x, (n + 1) * np.sin(t) - pen * np.sin((n + 1) * t))


def _inside(n: int) -> Array:
    """Hypocycloid: a wheel of radius 1 within a circle of radius n."""
    t = _turn()
    x = (n - 1) * np.cos(t) + np.cos((n - 1) * t)
    return _points(x, (n - 1) * np.sin(t) - np.sin((n - 1) * t))


def _rolled(pen: float, arches: float) -> Array:
    """Trochoid: a wheel of radius 1 on a line, the pen `pen` off its hub."""
    t = _turn(-arches, arches)
    return _points(t - pen * np.sin(t), 1 - pen * np.cos(t))


def _folium() -> list[Array]:
    """x³ + y³ = 3xy, with the slope t = y/x; the two parts lie on either side of t = −1."""
    runs = []
    for t in (_span(-0.62, 30), _span(-30, -1.62)):
        runs.append(_points(3 * t / (1 + t**3), 3 * t**2 / (1 + t**3)))
    return runs


def _cassini() -> list[Array]:
    """Foci at ±1, product of distances 1.08: one loop with a waist."""
    t = _turn()
    r2 = np.cos(2 * t) + np.sqrt(1.08**2 - np.sin(2 * t) ** 2)
    return [_polar(t, np.sqrt(r2))]


def _theodorus() -> list[Array]:
    """Sixteen right triangles with an outer side of 1, up to the root of 17; spokes included."""
    angles = np.concatenate([[0.0], np.cumsum(np.arctan(1 / np.sqrt(np.arange(1, 17))))])
    rim = _polar(angles, np.sqrt(np.arange(1, 18)))
    return [rim, *(np.stack([np.zeros(2), corner]) for corner in rim)]


def _euler() -> list[Array]:
    """Integrals of cos s² and sin s², summed in small steps."""
    s = _span(-3.6, 3.6, 1441)
    step = s[1] - s[0]
    x, y = np.cumsum(np.cos(s**2)) * step, np.cumsum(np.sin(s**2)) * step
    return [_points(x - x[720], y - y[720])[::3]]


def _strophoid() -> list[Array]:
    t = _span(-2.1, 2.1)
    return [_points((1 - t**2) / (1 + t**2), t * (1 - t**2) / (1 + t**2))]


def _conchoid() -> list[Array]:
    """r = sec t ± 2 turned upright: both branches along the line y = 1."""
    t = _turn(0.16, 0.84)
    return [_polar(t, 1 / np.sin(t) + sign * 2.0) for sign in (1, -1)]


def _superellipse() -> list[Array]:
    t = _turn()
    c, s = np.cos(t), np.sin(t)
    return [_points(1.25 * np.sign(c) * abs(c) ** 0.8, np.sign(s) * abs(s) ** 0.8)]


def _bicorn() -> list[Array]:
    t = _turn()
    return [_points(np.sin(t), np.cos(t) ** 2 * (2 + np.cos(t)) / (3 + np.sin(t) ** 2))]


def _lemniscate() -> list[Array]:
    t = _turn()
    d = 1 + np.sin(t) ** 2
    return [_points(np.cos(t) / d, np.sin(t) * np.cos(t) / d)]


def _graph(low: float, high: float, f: Callable[[Array], Array]) -> list[Array]:
    x = _span(low, high)
    return [_points(x, f(x))]


def _spiral(turns: float, f: Callable[[Array], Array], start: float = 0.0) -> list[Array]:
    t = _turn(start, turns * 2)
    return [_polar(t, f(t))]


CURVES: dict[str, Callable[[], list[Array]]] = {
    "circle": lambda: [_polar(_turn(), np.ones(FINE))],
    "ellipse": lambda: [_points(1.6 * np.cos(_turn()), np.sin(_turn()))],
    "parabola": lambda: _graph(-1.5, 1.5, lambda x: x**2),
    "hyperbola": lambda: [
        _points(sign * np.cosh(_span(-1.6, 1.6)), np.sinh(_span(-1.6, 1.6))) for sign in (1, -1)
    ],
    "lemniscate": _lemniscate,
    "cassini": _cassini,
    "gerono": lambda: [_points(np.cos(_turn()), np.sin(_turn()) * np.cos(_turn()))],
    "folium": _folium,
    "witch": lambda: _graph(-3.2, 3.2, lambda x: 2 / (1 + x**2)),
    "serpentine": lambda: _graph(-5, 5, lambda x: 4 * x / (1 + x**2)),
    "cissoid": lambda: [
        _points(
            _span(-2, 2) ** 2 / (1 + _span(-2, 2) ** 2), _span(-2, 2) ** 3 / (1 + _span(-2, 2) ** 2)
        )
    ],
    "conchoid": _conchoid,
    "trisectrix": lambda: [
        _points((3 - t**2) / (1 + t**2), t * (3 - t**2) / (1 + t**2)) for t in [_span(-3.6, 3.6)]
    ],
    "strophoid": _strophoid,
    "semicubical": lambda: [_points(_span(-1.2, 1.2) ** 2, _span(-1.2, 1.2) ** 3)],
    "tschirnhausen": lambda: [_points(1 - 3 * t**2, t * (3 - t**2)) for t in [_span(-2.2, 2.2)]],
    "superellipse": _superellipse,
    "bicorn": _bicorn,
    "catenary": lambda: _graph(-1.8, 1.8, np.cosh),
    "cycloid": lambda: [_rolled(1.0, 2.0)],
    "trochoid": lambda: [_rolled(1.9, 3.0)],
    "cardioid": lambda: [_outside(1)],
    "limacon": lambda: [_polar(_turn(), 1 + 2 * np.cos(_turn()))],
    "nephroid": lambda: [_outside(2)],
    "ranunculoid": lambda: [_outside(5)],
    "deltoid": lambda: [_inside(3)],
    "astroid": lambda: [_inside(4)],
    "pentacuspid": lambda: [_inside(5)],
    "epitrochoid": lambda: [_outside(7, 2.6)],
    "rose5": lambda: [_polar(_turn(0, 1), np.sin(5 * _turn(0, 1)))],
    "rose4": lambda: [_polar(_turn(), np.sin(2 * _turn()))],
    "archimedean": lambda: _spiral(4, lambda t: t),
    "logarithmic": lambda: _spiral(3.5, lambda t: np.exp(0.16 * t), -3.0),
    "golden": lambda: _spiral(1.25, lambda t: ((1 + math.sqrt(5)) / 2) ** (2 * t / math.pi), -4.0),
    "fermat": lambda: [_polar(_turn(0, 6), sign * np.sqrt(_turn(0, 6))) for sign in (1, -1)],
    "hyperbolic": lambda: _spiral(4, lambda t: 1 / t, 0.22),
    "lituus": lambda: _spiral(4, lambda t: 1 / np.sqrt(t), 0.035),
    "euler": _euler,
    "involute": lambda: (
        [_points(np.cos(t) + t * np.sin(t), np.sin(t) - t * np.cos(t)) for t in [_turn(0, 5)]]
        + [_polar(_turn(), np.ones(FINE))]
    ),
    "theodorus": _theodorus,
    "cochleoid": lambda: [_polar(t, np.sinc(t / math.pi)) for t in (_turn(-4, 0), _turn(0, 4))],
    "galileo": lambda: _spiral(2.5, lambda t: t**2),
    "poinsot": lambda: [_polar(t, 1 / np.cosh(t / 5)) for t in (_turn(-5, 0), _turn(0, 5))],
}


def curve(name: str) -> list[Array]:
    """Runs of points (n, 2) of a curve, y up, in its own units. Raises KeyError without it."""
    return CURVES[name]()
