"""Chords against what textbooks of harmony and songbooks say, worked by hand."""

from __future__ import annotations

import random

import numpy as np
import pytest
from PIL import ImageColor

from mese.demo.families.chords import families, looks, spoken
from mese.demo.families.chords.keyboard import INTERVAL_COLOURS, Style, keyboard
from mese.demo.families.chords.theory import (
    Chord,
    chord_on,
    chords,
    grip,
    keys_of,
    note,
    one_note_apart,
    overlapping,
    qualities,
)
from mese.demo.sentences import sentences_of

FAMILY = families()[0]


def chord(name: str) -> Chord:
    return next(c for c in chords() if c.name == name)


@pytest.mark.parametrize(
    ("name", "notes"),
    [
        ("C major", ["C", "E", "G"]),
        ("F sharp major", ["F sharp", "A sharp", "C sharp"]),
        ("B flat minor", ["B flat", "D flat", "F"]),
        ("G sharp minor", ["G sharp", "B", "D sharp"]),
        ("B diminished", ["B", "D", "F"]),
        ("G diminished", ["G", "B flat", "D flat"]),
        ("C sharp dominant seventh", ["C sharp", "E sharp", "G sharp", "B"]),
        ("A flat dominant seventh", ["A flat", "C", "E flat", "G flat"]),
        ("G flat major seventh", ["G flat", "B flat", "D flat", "F"]),
        ("E flat minor seventh", ["E flat", "G flat", "B flat", "D flat"]),
    ],
)
def test_chords_are_spelled_as_in_textbooks(name: str, notes: list[str]) -> None:
    assert [n.name for n in chord(name).notes] == notes


def test_no_chord_needs_a_double_accidental_and_no_two_sound_alike() -> None:
    assert all(abs(n.raised) <= 1 for c in chords() for n in c.notes)
    assert len({c.pitches for c in chords()}) == len(chords()) == 72


@pytest.mark.parametrize(
    ("name", "signature"),
    [
        ("C major", "no sharps and no flats"),
        ("A minor", "no sharps and no flats"),
        ("E major", "four sharps"),
        ("C minor", "three flats"),
        ("F sharp minor", "three sharps"),
        ("E flat minor", "six flats"),
        ("G dominant seventh", "no sharps and no flats"),
        ("F dominant seventh", "two flats"),
        ("D minor seventh", "no sharps and no flats"),
        ("C sharp diminished", "two sharps"),
        ("F major seventh", "one flat"),
    ],
)
def test_signatures(name: str, signature: str) -> None:
    subject = next(s for s in FAMILY.subjects if s.spoken[0] == name)
    assert subject.slots["signature"] == (signature,)


def test_neighbours_of_c_major_worked_by_hand() -> None:
    c = chord("C major")
    kin = {"A minor", "E minor", "C minor", "C sharp diminished", "E diminished"}
    assert {other.name for other in one_note_apart(c)} == kin
    around = {"C dominant seventh", "C major seventh", "A minor seventh"}
    assert {other.name for other in overlapping(c)} == around
    assert {k.name for k in keys_of(c)} == {"C major", "F major", "G major"}


def test_a_key_has_the_notes_of_its_chords_as_they_are_spelled() -> None:
    for name, keys in (
        ("G sharp minor", {"B major", "E major", "F sharp major"}),
        ("C sharp dominant seventh", {"F sharp major"}),
        ("F sharp major", {"B major", "F sharp major"}),
    ):
        assert {k.name for k in keys_of(chord(name))} == keys


def test_the_other_spelling_goes_with_no_spelled_note() -> None:
    """No "four sharps" for D flat minor, no D flat in A sharp minor."""
    used = set()
    for subject in FAMILY.subjects:
        one = subject.drawing
        assert isinstance(one, Chord)
        respelled = spoken(one)[1:2] if one.root.raised else ()
        for sentence in sentences_of(subject, FAMILY):
            tokens = sentence.tokens
            if " ".join(tokens[sentence.start : sentence.end + 1]) in respelled:
                used.add(subject.slug)
                told = {*subject.slots["third"], *subject.slots["fifth"], *subject.slots["top"]}
                assert not told & set(sentence.told), tokens
                assert not {"sharps", "flats", "signature"} & set(tokens), tokens
    assert len(used) > 20


@pytest.mark.parametrize(
    ("name", "frets"),
    [
        ("E major", (0, 2, 2, 1, 0, 0)),
        ("F major", (1, 3, 3, 2, 1, 1)),
        ("A minor", (-1, 0, 2, 2, 1, 0)),
        ("B dominant seventh", (-1, 2, 4, 2, 4, 2)),
        ("E minor seventh", (0, 2, 0, 0, 0, 0)),
        ("A major seventh", (-1, 0, 2, 1, 2, 0)),
        ("B diminished", (-1, 2, 3, 4, 3, -1)),
    ],
)
def test_grips_are_those_of_songbooks(name: str, frets: tuple[int, ...]) -> None:
    assert grip(chord(name)) == frets


@pytest.mark.parametrize("one", chords(), ids=lambda c: c.name)
def test_a_grip_sounds_its_chord_with_the_root_lowest(one: Chord) -> None:
    strings = (40, 45, 50, 55, 59, 64)  # MIDI numbers of E A d g b e'
    sounding = [s + f for s, f in zip(strings, grip(one), strict=True) if f >= 0]
    assert {pitch % 12 for pitch in sounding} == one.pitches
    assert min(sounding) % 12 == one.root.pitch


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("B flat major", {"A sharp major", "Bbmaj", "B-Dur", "si bémol majeur"}),
        ("B major", {"Bmaj", "H-Dur", "si majeur"}),
        ("F sharp minor", {"G flat minor", "F#m", "fis-Moll", "fa dièse mineur"}),
        ("A flat dominant seventh", {"G sharp dominant seventh", "Ab7", "A flat seven"}),
    ],
)
def test_other_names(name: str, names: set[str]) -> None:
    assert set(spoken(chord(name))[1:]) == names


def test_no_two_chords_share_a_name() -> None:
    names = [form for subject in FAMILY.subjects for form in {subject.name, *subject.spoken}]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", qualities())
def test_coloured_keys_are_the_chords_notes(name: str) -> None:
    one = chord_on(note("D").pitch, name)
    image = np.asarray(keyboard(one, 420, 200, Style())).astype(int)
    shown = set()
    for half, colour in INTERVAL_COLOURS.items():
        if (np.abs(image - ImageColor.getrgb(colour)).max(axis=2) == 0).sum() > 200:
            shown.add(half)
    assert shown == set(one.half_steps)


def test_a_held_white_key_lies_where_the_note_does() -> None:
    image = keyboard(chord("C major"), 1400, 200, Style(held="#FF0000"))
    coloured = {x for x in range(1400) if image.getpixel((x, 180)) == (255, 0, 0)}
    assert {x // 100 for x in coloured} == {0, 2, 4}  # C, E and G are the 1st, 3rd and 5th key


def test_the_badge_shows_the_kind_alone_and_the_clock_the_chord() -> None:
    def shown(name: str, look: str) -> bytes:
        return looks.LOOKS[look](chord(name), random.Random(3)).tobytes()

    assert shown("C major", "kind-badge") == shown("A major", "kind-badge")
    assert shown("C major", "kind-badge") != shown("C minor", "kind-badge")
    assert shown("C major", "clock-face") != shown("A major", "clock-face")
