"""Chords by the rules of harmony: how they are spelled, what they share, where they are at home.

Notes are spelled ("B flat" is not "A sharp"), so that chords are written as a musician would.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

LETTERS = "CDEFGAB"
NATURALS = (0, 2, 4, 5, 7, 9, 11)
"""Half steps from C to each letter."""
OCTAVE = 12
FIFTH = 7
TRITONE = 6
ACCIDENTALS = {-2: " double flat", -1: " flat", 0: "", 1: " sharp", 2: " double sharp"}
MAJOR_SCALE = frozenset(NATURALS)
STRINGS = (4, 9, 2, 7, 11, 4)
"""Pitch classes of a guitar's open strings, the low E first."""


@dataclass(frozen=True, order=True)
class Note:
    """A spelled note: its letter's place in `LETTERS` and how far it is raised."""

    letter: int
    raised: int = 0

    @property
    def pitch(self) -> int:
        """Half steps above C, 0 to 11."""
        return (NATURALS[self.letter] + self.raised) % OCTAVE

    @property
    def name(self) -> str:
        return LETTERS[self.letter] + ACCIDENTALS[self.raised]

    @property
    def fifths(self) -> int:
        """Sharps in the signature of the major key on this note; flats count below zero."""
        return "FCGDAEB".index(LETTERS[self.letter]) - 1 + 7 * self.raised

    def up(self, steps: int, half_steps: int) -> Note:
        """The note so many steps of the staff, and half steps of the keyboard, above this one."""
        letter = (self.letter + steps) % len(LETTERS)
        raised = (self.pitch + half_steps - NATURALS[letter] + TRITONE) % OCTAVE - TRITONE
        return Note(letter, raised)


def note(text: str) -> Note:
    """The note written as "C", "F#" or "Bb"."""
    return Note(LETTERS.index(text[0]), text.count("#") - text[1:].count("b"))


@dataclass(frozen=True)
class Quality:
    """A kind of chord, as `qualities.toml` describes it."""

    name: str
    class_name: str
    intervals: tuple[tuple[int, int], ...]
    home: tuple[int, int]
    roots: tuple[Note, ...]
    symbol: str
    german: str
    french: str
    kind: tuple[str, ...]
    steps: tuple[str, ...]
    figure: tuple[str, ...]
    lowered: str
    raised: str
    frets_e: tuple[int, ...]
    frets_a: tuple[int, ...]


@dataclass(frozen=True)
class Chord:
    """A chord: its root and its kind."""

    root: Note
    quality: Quality

    @property
    def name(self) -> str:
        return f"{self.root.name} {self.quality.name}"

    @property
    def half_steps(self) -> tuple[int, ...]:
        """How far its notes lie above the root."""
        return tuple(half for _, half in self.quality.intervals)

    @property
    def notes(self) -> tuple[Note, ...]:
        """Its notes from the root upwards."""
        return tuple(self.root.up(*interval) for interval in self.quality.intervals)

    @property
    def pitches(self) -> frozenset[int]:
        return frozenset(note.pitch for note in self.notes)

    @property
    def home(self) -> Note:
        """The tonic of the major scale whose key signature the chord lives in."""
        return self.root.up(*self.quality.home)


@lru_cache(maxsize=1)
def qualities() -> dict[str, Quality]:
    """Name → kind of chord."""
    path = Path(__file__).with_name("qualities.toml")
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return {
        name: Quality(
            name,
            row["class"],
            tuple((steps, half) for steps, half in row["intervals"]),
            (row["home"][0], row["home"][1]),
            tuple(note(root) for root in row["roots"]),
            row["symbol"],
            row.get("german", ""),
            row.get("french", ""),
            tuple(row["kind"]),
            tuple(row["steps"]),
            tuple(row["figure"]),
            row.get("lowered", ""),
            row.get("raised", ""),
            tuple(row["frets_e"]),
            tuple(row["frets_a"]),
        )
        for name, row in table.items()
    }


@lru_cache(maxsize=1)
def chords() -> tuple[Chord, ...]:
    """Every chord of the corpus: twelve roots of each kind."""
    return tuple(Chord(root, q) for q in qualities().values() for root in q.roots)


def chord_on(pitch: int, quality: str) -> Chord:
    """The chord of a kind whose root sounds at `pitch`, however it is spelled."""
    found = (c for c in chords() if c.quality.name == quality and c.root.pitch == pitch % OCTAVE)
    return next(found)


def shifted(chord: Chord, half_steps: int) -> Chord:
    """The chord of the same kind so many half steps higher."""
    return chord_on(chord.root.pitch + half_steps, chord.quality.name)


def one_note_apart(chord: Chord) -> Iterator[Chord]:
    """Chords of as many notes that share all of them but one."""
    for other in chords():
        same_size = len(other.pitches) == len(chord.pitches)
        if same_size and len(other.pitches & chord.pitches) == len(chord.pitches) - 1:
            yield other


def overlapping(chord: Chord) -> Iterator[Chord]:
    """Chords that lie whole in this one, or in which it lies whole."""
    for other in chords():
        if other.pitches < chord.pitches or chord.pitches < other.pitches:
            yield other


def keys_of(chord: Chord) -> Iterator[Chord]:
    """The major keys, as their tonic chords, whose scale has all notes of the chord as spelled."""
    for tonic in chords():
        if tonic.quality.name == "major":
            scale = {tonic.root.up(*step) for step in enumerate(NATURALS)}
            if scale.issuperset(chord.notes):
                yield tonic


def black_keys(chord: Chord) -> int:
    return len(chord.pitches - MAJOR_SCALE)


def grip(chord: Chord) -> tuple[int, ...]:
    """Frets of a movable guitar grip, low string first; -1 for a string that is not played.

    The root is on the sixth or the fifth string, whichever lies nearer the head.
    """
    on_e = (chord.root.pitch - STRINGS[0]) % OCTAVE
    on_a = (chord.root.pitch - STRINGS[1]) % OCTAVE
    base, shape = min((on_e, chord.quality.frets_e), (on_a, chord.quality.frets_a))
    return tuple(fret + base if fret >= 0 else -1 for fret in shape)
