"""Shapes: what the tables say of corners, faces and angles is what the geometry has."""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from mese.demo.families import shapes
from mese.demo.families.shapes.curves import CURVES, curve
from mese.demo.families.shapes.drawing import draw
from mese.demo.families.shapes.polyhedra import CORNERS, solid
from mese.demo.family import Subject, read_table, several

ROWS = read_table(Path(shapes.__file__).parent / "shapes.csv")
SOLIDS = [row for row in ROWS if row["faces"]]
UNIFORM = [row for row in SOLIDS if row["classes"] != "Catalan solids"]
WORDS = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
NUMBERS = {word: n for n, word in enumerate(WORDS.split(), start=1)} | {
    "sixteen": 16, "eighteen": 18, "twenty": 20, "twenty-four": 24, "thirty": 30,
    "thirty-two": 32, "forty-eight": 48, "sixty": 60, "eighty": 80, "one hundred and twenty": 120,
}  # fmt: skip
SIDES = {
    "triangle": 3, "square": 4, "rhombi": 4, "kite": 4, "pentagon": 5, "hexagon": 6,
    "octagon": 8, "decagon": 10, "dodecagon": 12,
}  # fmt: skip
FACES = re.compile(
    rf"\b({'|'.join(sorted(NUMBERS, key=len, reverse=True))}) (?:[\w-]+ )*?({'|'.join(SIDES)})s?\b"
)


def named(row: dict[str, str]) -> str:
    return row["name"]


@pytest.mark.parametrize("row", SOLIDS, ids=named)
def test_a_solid_has_the_corners_edges_and_faces_of_the_table(row: dict[str, str]) -> None:
    body = solid(row["draw"])
    found = (len(body.corners), len(body.edges), len(body.faces))
    assert found == (int(row["corners"]), int(row["edges"]), int(row["faces"]))
    assert found[0] - found[1] + found[2] == 2  # Euler


@pytest.mark.parametrize("row", UNIFORM, ids=named)
def test_faces_are_regular_but_for_catalan_solids(row: dict[str, str]) -> None:
    body = solid(row["draw"])
    for face in body.faces:
        ring = body.corners[list(face)]
        sides = np.linalg.norm(ring - np.roll(ring, 1, axis=0), axis=1)
        away = np.linalg.norm(ring - ring.mean(axis=0), axis=1)
        assert np.ptp(sides) < 1e-6
        assert np.ptp(away) < 1e-6


@pytest.mark.parametrize("row", SOLIDS, ids=named)
def test_the_faces_told_are_the_faces_that_are_there(row: dict[str, str]) -> None:
    """As "eight triangles and six squares"."""
    told = Counter[int]()
    for trait in several(row["traits"]):
        if "cut" not in trait and "pyramids" not in trait:
            for number, kind in FACES.findall(trait):
                told[SIDES[kind]] += NUMBERS[number]
    assert told == Counter(len(face) for face in solid(row["draw"]).faces)


@pytest.mark.parametrize("name", sorted(CORNERS))
def test_the_dual_swaps_corners_and_faces_and_its_faces_are_alike(name: str) -> None:
    body, dual = solid(f"solid {name}"), solid(f"dual {name}")
    assert len(dual.corners) == len(body.faces)
    assert len(dual.faces) == len(body.corners)
    assert len(dual.edges) == len(body.edges)
    assert len({len(face) for face in dual.faces}) == 1


def test_a_catalan_solid_stands_beside_the_solid_that_it_is_the_dual_of() -> None:
    by_draw = {row["draw"]: row for row in ROWS}
    for row in ROWS:
        kind, _, of = row["draw"].partition(" ")
        if kind == "dual":
            body = by_draw[f"solid {of}"]
            names = {body["name"].casefold(), body["text"], *several(body["aliases"])}
            assert names & {name.casefold() for name in several(row["next"])}, row["name"]


def angle_told(row: dict[str, str]) -> float | None:
    found = re.search(r"(?:angles|tips) of (?:about )?([\d.]+) degrees", row["traits"])
    return float(found[1]) if found else None


@pytest.mark.parametrize("row", [r for r in ROWS if r["draw"].startswith("ngon")], ids=named)
def test_regular_polygons_have_the_angles_of_the_table(row: dict[str, str]) -> None:
    n = int(row["draw"].split()[1])
    assert int(row["corners"]) == n
    told = angle_told(row)
    if told is not None:
        assert told == pytest.approx(180 - 360 / n, abs=0.06)


@pytest.mark.parametrize("row", [r for r in ROWS if r["draw"].startswith("star")], ids=named)
def test_star_polygons_have_the_tips_of_the_table(row: dict[str, str]) -> None:
    n, step = map(int, row["draw"].split()[1].split("/"))
    assert int(row["corners"]) == n
    told = angle_told(row)
    assert told is not None
    assert told == pytest.approx(180 * (1 - 2 * step / n), abs=0.06)
    assert len(draw(row["draw"]).lines) == math.gcd(n, step)


EQUATIONS = {
    "circle": lambda x, y: x**2 + y**2 - 1,
    "parabola": lambda x, y: y - x**2,
    "hyperbola": lambda x, y: x**2 - y**2 - 1,
    "lemniscate": lambda x, y: (x**2 + y**2) ** 2 - (x**2 - y**2),
    "cassini": lambda x, y: np.hypot(x - 1, y) * np.hypot(x + 1, y) - 1.08,
    "gerono": lambda x, y: x**4 - x**2 + y**2,
    "folium": lambda x, y: x**3 + y**3 - 3 * x * y,
    "witch": lambda x, y: y * (x**2 + 1) - 2,
    "cissoid": lambda x, y: x * (x**2 + y**2) - y**2,
    "trisectrix": lambda x, y: x * (x**2 + y**2) - (3 * x**2 - y**2),
    "strophoid": lambda x, y: y**2 * (1 + x) - x**2 * (1 - x),
    "semicubical": lambda x, y: x**3 - y**2,
    "superellipse": lambda x, y: abs(x / 1.25) ** 2.5 + abs(y) ** 2.5 - 1,
    "bicorn": lambda x, y: y**2 * (1 - x**2) - (x**2 + 2 * y - 1) ** 2,
    "catenary": lambda x, y: y - np.cosh(x),
    "limacon": lambda x, y: (x**2 + y**2 - 2 * x) ** 2 - (x**2 + y**2),
    "astroid": lambda x, y: np.cbrt(x**2) + np.cbrt(y**2) - np.cbrt(16.0),
    "deltoid": lambda x, y: (
        (x**2 + y**2) ** 2 + 18 * (x**2 + y**2) - 27 - 8 * (x**3 - 3 * x * y**2)
    ),
    "cardioid": lambda x, y: ((x - 1) ** 2 + y**2 + 2 * (x - 1)) ** 2 - 4 * ((x - 1) ** 2 + y**2),
    "nephroid": lambda x, y: (x**2 + y**2 - 4) ** 3 - 108 * y**2,
    "rose4": lambda x, y: (x**2 + y**2) ** 3 - 4 * x**2 * y**2,
    "archimedean": lambda x, y: np.cos(np.hypot(x, y) - np.arctan2(y, x)) - 1,
}
"""Cartesian equations from the reference books; the code has parameters and polar forms."""


@pytest.mark.parametrize("name", list(EQUATIONS))
def test_a_curve_satisfies_its_equation(name: str) -> None:
    equation = EQUATIONS[name]
    for run in curve(name):
        x, y = run[:, 0], run[:, 1]
        size = 1 + np.hypot(x, y) ** 6
        assert np.abs(equation(x, y) / size).max() < 1e-6


def test_the_logarithmic_spiral_cuts_every_ray_at_one_angle() -> None:
    (run,) = curve("logarithmic")
    along = np.diff(run, axis=0)
    rays = (run[1:] + run[:-1]) / 2
    cos = (along * rays).sum(axis=1) / np.hypot(*along.T) / np.hypot(*rays.T)
    assert np.ptp(cos) < 1e-6


def test_the_last_spoke_of_theodorus_is_the_root_of_seventeen() -> None:
    rim = curve("theodorus")[0]
    assert np.hypot(*rim[-1]) == pytest.approx(math.sqrt(17))
    assert np.allclose(np.hypot(*np.diff(rim, axis=0).T), 1)


def test_every_curve_is_finite_and_used_by_the_table() -> None:
    used = {row["draw"].split()[1] for row in ROWS if row["draw"].startswith("curve")}
    assert used == set(CURVES)
    for name in CURVES:
        assert all(np.isfinite(run).all() for run in curve(name)), name


@pytest.mark.parametrize("row", ROWS, ids=named)
def test_a_drawing_fills_its_square_and_no_more(row: dict[str, str]) -> None:
    for rng in (None, random.Random(5)):
        drawing = draw(row["draw"], rng)
        every = np.concatenate([*drawing.lines, *drawing.hidden])
        assert np.abs(every).max() == pytest.approx(1)


def test_a_cube_shows_three_faces_and_hides_three_edges() -> None:
    drawing = draw("solid cube")
    assert (len(drawing.areas), len(drawing.lines), len(drawing.hidden)) == (3, 9, 3)


def by_name(name: str) -> Subject:
    return next(s for s in shapes.families()[0].subjects if s.name == name)


@pytest.mark.parametrize(
    ("name", "spoken"),
    [
        ("Rhombus", ("the rhombus", "the diamond", "the lozenge")),
        ("Buckyball", ("the truncated icosahedron", "the buckyball")),
        ("Clothoid", ("the Euler spiral", "the clothoid", "the Cornu spiral")),
        ("Fermat's spiral", ("Fermat's spiral", "the parabolic spiral")),
        (
            "Tschirnhausen cubic",
            ("the Tschirnhausen cubic", "l'Hôpital's cubic", "the trisectrix of Catalan"),
        ),
        ("Snub disphenoid", ("the snub disphenoid", "the Siamese dodecahedron")),
    ],
)
def test_names_are_spoken_with_their_article_and_case(name: str, spoken: tuple[str, ...]) -> None:
    assert by_name(name).spoken == spoken


def test_two_shapes_share_the_name_deltoid() -> None:
    called = {s.name for s in shapes.families()[0].subjects if "deltoid" in s.aliases}
    assert called == {"Kite", "Steiner curve"}
