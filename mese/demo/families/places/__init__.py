"""Places: US states and cities of eight countries on maps, countries by their flags.

All share their sentence frames, so that a frame says little of the class. The facts are in the
tables beside this; `towns` and `nations` make subjects of them.
"""

from __future__ import annotations

import random
from functools import lru_cache, partial
from pathlib import Path

from PIL import Image

from mese.demo.families.places import flag_looks, map_looks, nations, towns
from mese.demo.families.places.flags import paint_flag
from mese.demo.families.places.map_looks import Place
from mese.demo.family import Family, Subject, read_classes, read_frames, tables_of

FOLDER = Path(__file__).parent

_NOUNS = "city cities state states country countries nation nations realm realms founders"
CLASS_NOUNS = frozenset(_NOUNS.split())
_COMMON = (
    "central city democratic east island islands land new north republic saint south state "
    "united upon west western"
)
COMMON_WORDS = frozenset(_COMMON.split())


def paint_place(subject: Subject, look: str | None, rng: random.Random) -> Image.Image:
    """A locator map of a city or state."""
    place = subject.drawing
    if not isinstance(place, Place):
        raise TypeError(f"{subject.name!r} has no place on the map")
    return map_looks.paint_map(place, look, rng) if look else map_looks.paint_reference(place)


def paint_country(subject: Subject, look: str | None, rng: random.Random) -> Image.Image:
    """A country's flag; `drawing` is its code and its description."""
    flag = paint_flag(str(subject.drawing[0]))  # type: ignore[index]
    return flag_looks.LOOKS[look](flag, rng) if look else flag_looks.reference(flag)


@lru_cache(maxsize=1)
def families() -> tuple[Family, ...]:
    """Cities and states, and countries."""
    classes = read_classes(FOLDER / "classes.csv")
    of_countries = {name for subject in nations.countries() for name in subject.classes}
    family = partial(
        Family,
        frames=read_frames(FOLDER / "frames.toml"),
        class_nouns=CLASS_NOUNS,
        common_words=COMMON_WORDS,
        tables=tables_of(FOLDER),
    )
    return (
        family(
            name="cities-and-states",
            classes=tuple(c for c in classes if c.name not in of_countries),
            subjects=(*towns.us_cities(), *towns.us_states(), *towns.cities_abroad()),
            looks=tuple(map_looks.LOOKS),
            paint=paint_place,
        ),
        family(
            name="countries",
            classes=tuple(c for c in classes if c.name in of_countries),
            subjects=tuple(nations.countries()),
            looks=tuple(flag_looks.LOOKS),
            paint=paint_country,
        ),
    )
