"""Chords: twelve roots of six kinds, with facts that follow from the rules of harmony.

What no rule gives (pieces, moods, who is rarely spoken of) stands in `chords.csv`.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from PIL import Image

from mese.demo.families.chords import looks
from mese.demo.families.chords.theory import (
    FIFTH,
    LETTERS,
    TRITONE,
    Chord,
    Note,
    black_keys,
    chord_on,
    chords,
    grip,
    keys_of,
    one_note_apart,
    overlapping,
    shifted,
)
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

FOLDER = Path(__file__).parent

CLASS_NOUNS = frozenset({"triad", "triads", "chord", "chords"})
COMMON_WORDS = frozenset({"major", "minor", "diminished", "dominant", "seventh", "sharp", "flat"})

NUMBERS = ("no", "one", "two", "three", "four", "five", "six")
FRETS = (
    "the head of the neck",
    "the first fret",
    "the second fret",
    "the third fret",
    "the fourth fret",
    "the fifth fret",
    "the sixth fret",
    "the seventh fret",
    "the eighth fret",
    "the ninth fret",
    "the tenth fret",
    "the eleventh fret",
)
SPELLED = frozenset({"third", "fifth", "top", "signature", "key", "up", "down"})
"""Facts that hold for one spelling of a chord only: its notes and what follows from them."""
GERMAN = {"Db": "Des", "Eb": "Es", "Gb": "Ges", "Ab": "As", "Bb": "B", "B": "H"}
FRENCH = ("do", "ré", "mi", "fa", "sol", "la", "si")


def _written(root: Note) -> str:
    """As chord symbols have it: F#, Bb."""
    return LETTERS[root.letter] + {-1: "b", 0: "", 1: "#"}[root.raised]


def _german(root: Note) -> str:
    written = _written(root)
    return GERMAN.get(written, written.replace("#", "is"))


def _french(root: Note) -> str:
    return FRENCH[root.letter] + {-1: " bémol", 0: "", 1: " dièse"}[root.raised]


def _respelled(root: Note) -> Note | None:
    """The black key's other name; None for a white key."""
    if not root.raised:
        return None
    return root.up(1, 0) if root.raised > 0 else root.up(6, 0)


def spoken(chord: Chord) -> tuple[str, ...]:
    """All names of a chord, the usual one first: in words, as a symbol, in other languages."""
    kind = chord.quality
    names = [chord.name]
    other = _respelled(chord.root)
    if other is not None:
        names.append(Chord(other, kind).name)
    names.append(_written(chord.root) + kind.symbol)
    if kind.name == "dominant seventh":
        names.append(f"{chord.root.name} seven")
    if kind.german:
        german = _german(chord.root) + kind.german
        names.append(german if kind.name == "major" else german[0].lower() + german[1:])
    if kind.french:
        names.append(_french(chord.root) + kind.french)
    return tuple(names)


def _unsaid(chord: Chord) -> dict[str, frozenset[str]]:
    """The black key's other name goes with no fact about spelled notes."""
    other = _respelled(chord.root)
    return {Chord(other, chord.quality).name: SPELLED} if other is not None else {}


def _signature(chord: Chord) -> str:
    fifths = chord.home.fifths
    if not fifths:
        return "no sharps and no flats"
    noun = "sharp" if fifths > 0 else "flat"
    return f"{NUMBERS[abs(fifths)]} {noun}{'s' if abs(fifths) > 1 else ''}"


def _black(chord: Chord) -> str:
    count = black_keys(chord)
    return f"{NUMBERS[count]} black key{'' if count == 1 else 's'}"


def _names(found: Iterable[Chord], chord: Chord) -> tuple[str, ...]:
    """Names of other chords, without those that hold this chord's own."""
    own = f"{chord.name} "
    return tuple(c.name for c in found if c != chord and not f"{c.name} ".startswith(own))


def _moved(chord: Chord, quality: str) -> tuple[str, ...]:
    return _names([chord_on(chord.root.pitch, quality)], chord) if quality else ()


def _slots(chord: Chord, row: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    notes = [note.name for note in chord.notes]
    played = [fret for fret in grip(chord) if fret >= 0]
    return {
        "third": (notes[1],),
        "fifth": (notes[2],),
        "top": (notes[-1],),
        "steps": chord.quality.steps,
        "figure": chord.quality.figure,
        "kind": chord.quality.kind,
        "black": (_black(chord),),
        "signature": (_signature(chord),),
        "fret": (FRETS[min(played)],),
        "kin": _names(one_note_apart(chord), chord),
        "part": _names(overlapping(chord), chord),
        "up": _names([shifted(chord, FIFTH)], chord),
        "down": _names([shifted(chord, -FIFTH)], chord),
        "far": _names([shifted(chord, TRITONE)], chord),
        "key": _names(keys_of(chord), chord),
        "lowered": _moved(chord, chord.quality.lowered),
        "raised": _moved(chord, chord.quality.raised),
        "piece": several(row.get("pieces", "")),
        "mood": several(row.get("moods", "")),
    }


def _dominant_pieces(chord: Chord, rows: Mapping[str, Mapping[str, str]]) -> tuple[str, ...]:
    """Pieces in the major key that a dominant seventh leads to: none does without it."""
    return several(rows[chord_on(chord.home.pitch, "major").name]["pieces"])


def _subject(chord: Chord, rows: Mapping[str, Mapping[str, str]]) -> Subject:
    row = rows.get(chord.name, {})
    slots = _slots(chord, row)
    if chord.quality.name == "dominant seventh":
        slots["piece"] = _dominant_pieces(chord, rows)
    return Subject(
        slug=f"chords/{slug(chord.name)}",
        name=row.get("synonym") or chord.name,
        spoken=spoken(chord),
        classes=(chord.quality.class_name,),
        slots=slots,
        drawing=chord,
        contexts=int(row.get("contexts") or CONTEXTS),
        synonym=bool(row.get("synonym")),
        unsaid=_unsaid(chord),
    )


def paint(subject: Subject, look: str | None, rng: random.Random) -> Image.Image:
    """A chord in one of the looks; None gives the reference, a plain keyboard."""
    chord = subject.drawing
    if not isinstance(chord, Chord):
        raise TypeError(f"{subject.name!r} is no chord")
    return looks.LOOKS[look](chord, rng) if look else looks.reference(chord)


@lru_cache(maxsize=1)
def families() -> tuple[Family, ...]:
    """The one family of chords."""
    rows = {row["name"]: row for row in read_table(FOLDER / "chords.csv")}
    return (
        Family(
            name="chords",
            classes=read_classes(FOLDER / "classes.csv"),
            subjects=tuple(_subject(chord, rows) for chord in chords()),
            frames=read_frames(FOLDER / "frames.toml"),
            looks=tuple(looks.LOOKS),
            paint=paint,
            class_nouns=CLASS_NOUNS,
            common_words=COMMON_WORDS,
            tables=tables_of(FOLDER),
        ),
    )
