"""Shapes: polygons, polyhedra and plane curves, drawn from exact coordinates and equations.

One family with one set of frames and looks: what tells the classes apart are the facts and the
drawing. `polyhedra`, `curves` and `drawing` make the geometry, `looks` the pictures.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from PIL import Image

from mese.demo.families.shapes import looks
from mese.demo.family import (
    CONTEXTS,
    FactsError,
    Family,
    Subject,
    read_classes,
    read_frames,
    read_table,
    several,
    slug,
    tables_of,
    without_article,
)

FOLDER = Path(__file__).parent
NOUNS = """triangles quadrilaterals polygons solids prisms antiprisms curves spirals polygon
polyhedra polyhedron"""
CLASS_NOUNS = frozenset(NOUNS.split())
COMMON = """regular right golden great triangular square pentagonal hexagonal octagonal truncated
rhombic elongated curve star spiral"""
COMMON_WORDS = frozenset(COMMON.split())
KINDS = {"Polygons": "polygons", "Polyhedra": "solids", "Curves": "curves"}
"""Middle class → what a sentence may call its members."""
CAPITALS = """Archimedean Cassini Cornu Egyptian Einstein Euler Friauf Helen Huygens Lamé Maclaurin
Pythagorean Seal Siamese Star Steiner Tschirnhausen"""
UPPER = tuple(CAPITALS.split())
"""First words that keep their capital inside a sentence."""
OWNERS = "Fermat's Galileo's Poinsot's Neile's Gauss's Pascal's l'Hôpital's Rub"
ARTICLE_FREE = tuple(OWNERS.split())
"""Names that begin so stand without an article."""


def _in_text(name: str) -> str:
    """A name as a sentence has it: "the cube", but "Fermat's spiral"."""
    if name.startswith(ARTICLE_FREE):
        return name
    upper = name.startswith(UPPER)
    return "the " + (name if upper else name[0].lower() + name[1:])


def _spoken(row: Mapping[str, str]) -> tuple[str, ...]:
    """The usual form first."""
    forms = (row["text"] or row["name"], *several(row["aliases"]))
    return tuple(dict.fromkeys(_in_text(form) for form in forms))


@lru_cache(maxsize=1)
def _rows() -> list[dict[str, str]]:
    return read_table(FOLDER / "shapes.csv")


@lru_cache(maxsize=1)
def _usual() -> dict[str, str]:
    """Any name, lower case → the usual form of the shape in a sentence."""
    found: dict[str, str] = {}
    for row in _rows():
        for form in (row["name"], *_spoken(row)):
            found.setdefault(without_article(form).casefold(), _spoken(row)[0])
    return found


def _relatives(row: Mapping[str, str]) -> tuple[str, ...]:
    names = several(row["next"])
    unknown = [name for name in names if name.casefold() not in _usual()]
    if unknown:
        raise FactsError(f"shapes.csv: {row['name']!r} is next to {unknown}, which it has not")
    return tuple(_usual()[name.casefold()] for name in names)


def _numbers(row: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {
        key: tuple(f"{value} {key}" for value in several(row[key]))
        for key in ("corners", "edges", "faces")
    }


def _subject(row: Mapping[str, str], kinds: Mapping[str, str]) -> Subject:
    classes = several(row["classes"])
    slots = _numbers(row) | {
        "next": _relatives(row),
        "trait": several(row["traits"]),
        "use": several(row["uses"]),
        "who": several(row["who"]),
        "year": several(row["year"]),
        "kind": (kinds[classes[0]],),
    }
    return Subject(
        f"shapes/{slug(row['name'])}",
        row["name"],
        _spoken(row),
        classes,
        slots,
        row["draw"],
        int(row["tail"] or CONTEXTS),
        bool(row["text"]),
    )


def paint_shape(subject: Subject, look: str | None, rng: random.Random) -> Image.Image:
    """A shape; `drawing` is its description (see `drawing.draw`)."""
    return looks.paint(str(subject.drawing), look, rng)


@lru_cache(maxsize=1)
def families() -> tuple[Family, ...]:
    """The one family of shapes."""
    classes = read_classes(FOLDER / "classes.csv")
    kinds = {c.name: KINDS[c.middle] for c in classes}
    return (
        Family(
            name="shapes",
            classes=classes,
            subjects=tuple(_subject(row, kinds) for row in _rows()),
            frames=read_frames(FOLDER / "frames.toml"),
            looks=tuple(looks.LOOKS),
            paint=paint_shape,
            class_nouns=CLASS_NOUNS,
            common_words=COMMON_WORDS,
            tables=tables_of(FOLDER),
        ),
    )
