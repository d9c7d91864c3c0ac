"""The sky: worlds around the Sun and their moons; constellations and bright stars.

Two families, for a world is drawn as a ball and a constellation as points. Each has sentence frames
that all its classes share.
"""

from __future__ import annotations

import random
from functools import lru_cache
from pathlib import Path

from PIL import Image

from mese.demo.families.sky import heavens, sky_looks, world_looks, worlds
from mese.demo.families.sky.chart import Figure
from mese.demo.families.sky.worlds import Body
from mese.demo.family import Family, Subject, read_classes, read_frames, tables_of

FOLDER = Path(__file__).parent
PLANETS = "planet planets moon moons asteroid asteroids dwarf satellite satellites"
WORLD_NOUNS = frozenset(PLANETS.split())
STARS = "constellation constellations star stars zodiac"
SKY_NOUNS = frozenset(STARS.split())
COMMON = "southern northern cross crown fish sea great water star alpha beta gamma bear little"
COMMON_WORDS = frozenset(COMMON.split())


def paint_world(subject: Subject, look: str | None, rng: random.Random) -> Image.Image:
    """A planet, asteroid or moon."""
    body = subject.drawing
    if not isinstance(body, Body):
        raise TypeError(f"{subject.name!r} is no world; give it a row in worlds.csv")
    return world_looks.LOOKS[look](body, rng) if look else world_looks.reference(body)


def paint_figure(subject: Subject, look: str | None, rng: random.Random) -> Image.Image:
    """A constellation, or a star in it."""
    figure = subject.drawing
    if not isinstance(figure, Figure):
        raise TypeError(f"{subject.name!r} has no figure; give it one in constellations.csv")
    return sky_looks.LOOKS[look](figure, rng) if look else sky_looks.reference(figure)


@lru_cache(maxsize=1)
def families() -> tuple[Family, ...]:
    """Worlds, then constellations and stars."""
    classes = read_classes(FOLDER / "classes.csv")
    of_worlds = tuple(c for c in classes if c.middle in ("Worlds around the Sun", "Moons"))
    return (
        Family(
            name="worlds",
            classes=of_worlds,
            subjects=worlds.subjects(),
            frames=read_frames(FOLDER / "worlds.toml"),
            looks=tuple(world_looks.LOOKS),
            paint=paint_world,
            class_nouns=WORLD_NOUNS,
            common_words=COMMON_WORDS,
            tables=tables_of(FOLDER),
        ),
        Family(
            name="constellations",
            classes=tuple(c for c in classes if c not in of_worlds),
            subjects=heavens.subjects(),
            frames=read_frames(FOLDER / "heavens.toml"),
            looks=tuple(sky_looks.LOOKS),
            paint=paint_figure,
            class_nouns=SKY_NOUNS,
            common_words=COMMON_WORDS,
            tables=tables_of(FOLDER),
        ),
    )
