"""Named colours: the 139 of CSS, aliases folded, in swatches, paint, yarn and tiles.

`colours.csv` holds the exact codes and what people say of a colour; which colours are lighter,
near or opposite is computed from the codes.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

from PIL import Image

from mese.demo.families.colours import hue, looks
from mese.demo.families.colours.hue import Hue
from mese.demo.family import (
    CONTEXTS,
    Family,
    Subject,
    read_classes,
    read_frames,
    read_table,
    several,
    slug,
    tables_of,
)
from mese.demo.surfaces import rgb

FOLDER = Path(__file__).parent
HUE_WORDS = frozenset(
    {"red", "pink", "orange", "yellow", "brown", "purple", "blue", "cyan", "green", "white"}
    | {"grey", "gray", "black"}
)
CLASS_NOUNS = (
    HUE_WORDS
    | {f"{word}s" for word in HUE_WORDS}
    | {"shade", "shades", "plants", "dishes", "stones", "metals", "animals", "sixteen"}
)
COMMON_WORDS = HUE_WORDS | {"light", "dark", "medium", "pale", "deep", "hot", "old"}
TOLD = 3
"""Other colours that a slot holds."""
CLEARLY = 5.0
"""Difference in lightness (L*) that anyone sees."""
COLOURFUL = 20.0
"""Chroma from which a colour has an opposite."""

Row = Mapping[str, str]


def _words(name: str) -> frozenset[str]:
    return frozenset(name.casefold().split()) - COMMON_WORDS


def _speakable(row: Row, rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """The colours that a sentence about this one may name: no hue word, no word in common."""
    stems = {word[:4] for word in _words(row["name"])}
    return [
        other
        for other in rows
        if other is not row
        and not HUE_WORDS & set(other["name"].casefold().split())
        and not stems & {word[:4] for word in _words(other["name"])}
    ]


def _nearest(
    code: str, rows: list[dict[str, str]], wanted: Callable[[str], bool]
) -> tuple[str, ...]:
    """The names of the colours nearest to a code among those that are wanted."""
    found = [row for row in rows if wanted(row["hex"])]
    found.sort(key=lambda row: (hue.distance(code, row["hex"]), row["name"]))
    return tuple(row["name"] for row in found[:TOLD])


def _colourful(code: str) -> bool:
    return hue.chroma(code) >= COLOURFUL


def _others(row: Row, rows: list[dict[str, str]]) -> dict[str, tuple[str, ...]]:
    """The other colours that can be said to be lighter, darker, near or opposite."""
    code, speakable = row["hex"], _speakable(row, rows)
    kin, light = [r for r in speakable if hue.akin(code, r["hex"])], hue.lab(code)[0]
    across = hue.complement(code) if _colourful(code) else ""
    facing = [r for r in speakable if _colourful(r["hex"]) and hue.faces(code, r["hex"])]
    return {
        "next": _nearest(code, speakable, lambda _: True),
        "lighter": _nearest(code, kin, lambda other: hue.lab(other)[0] > light + CLEARLY),
        "darker": _nearest(code, kin, lambda other: hue.lab(other)[0] < light - CLEARLY),
        "opposite": _nearest(across, facing, lambda _: True)[:1] if across else (),
    }


def _numbers(code: str) -> dict[str, tuple[str, ...]]:
    red, green, blue = rgb(code)
    degrees = hue.angle(code)
    return {
        "hex": (code,),
        "triple": (f"{red}, {green} and {blue}",),
        "angle": (f"{degrees} degrees",) if degrees is not None else (),
        "lightness": (str(round(hue.lab(code)[0])),),
        "air": (hue.air(code),),
        "mood": (hue.mood(code),),
    }


def _subject(row: Row, rows: list[dict[str, str]]) -> Subject:
    listed = "" if "(" in row["listed"] else row["listed"].lower()
    forms = (row["name"], listed, *several(row["aliases"]))
    slots = {
        "thing": several(row["things"]),
        "honours": several(row["honours"]),
        "standard": (row["standard"],),
        "kind": several(row["kind"]),
    }
    return Subject(
        slug=f"colours/{slug(row['name'])}",
        name=row["listed"] or row["name"][0].upper() + row["name"][1:],
        spoken=tuple(dict.fromkeys(form for form in forms if form)),
        classes=several(row["classes"]),
        slots=slots | _numbers(row["hex"]) | _others(row, rows),
        drawing=Hue(row["hex"]),
        contexts=int(row["contexts"] or CONTEXTS),
        synonym=bool(row["listed"]) and "(" not in row["listed"],
    )


def paint(subject: Subject, look: str | None, rng: random.Random) -> Image.Image:
    """A picture of a colour; look None is the reference, its exact code."""
    if not isinstance(subject.drawing, Hue):
        raise TypeError(f"{subject.name!r} is no colour")
    colour = subject.drawing.colour
    return looks.LOOKS[look](colour, rng) if look else looks.reference(colour)


@lru_cache(maxsize=1)
def families() -> tuple[Family, ...]:
    """The colours."""
    rows = read_table(FOLDER / "colours.csv")
    return (
        Family(
            name="colours",
            classes=read_classes(FOLDER / "classes.csv"),
            subjects=tuple(_subject(row, rows) for row in rows),
            frames=read_frames(FOLDER / "frames.toml"),
            looks=tuple(looks.LOOKS),
            paint=paint,
            class_nouns=CLASS_NOUNS,
            common_words=COMMON_WORDS,
            tables=tables_of(FOLDER),
        ),
    )
