"""Letters and signals: three alphabets, and the flags and pennants of the Code of Signals.

All share their sentence frames. What joins the rows are Morse code (the same signal is a Greek, a
Hebrew, a Cyrillic letter and a flag) and, for letters, the Phoenician sign that they come from.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path

from PIL import Image

from mese.demo.families.letters import letter_looks, signal_looks
from mese.demo.families.letters.letter_looks import Letter
from mese.demo.families.letters.signal_flags import flag
from mese.demo.family import (
    CONTEXTS,
    Family,
    Slots,
    Subject,
    read_classes,
    read_frames,
    read_table,
    several,
    slug,
    tables_of,
)

FOLDER = Path(__file__).parent
CLASS_NOUNS = frozenset(
    {"letter", "letters", "flag", "flags", "pennant", "pennants", "greek", "hebrew", "cyrillic"}
)
COMMON_WORDS = frozenset({"cyrillic", "pennant", "sign", "short", "hard", "soft", "znak"})
MORSE_WORDS = {".": "dot", "-": "dash"}
ORDINALS = """
    first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth
    fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth
"""
MOST_TWINS = 3

Row = Mapping[str, str]


def ordinal(number: int) -> str:
    """1 → "first"; up to 39, which is longer than any row here."""
    if number <= 20:
        return ORDINALS.split()[number - 1]
    if number == 30:
        return "thirtieth"
    return f"{'twenty' if number < 30 else 'thirty'}-{ORDINALS.split()[number % 10 - 1]}"


def spoken(row: Row) -> tuple[str, ...]:
    """How sentences call it: the usual name first."""
    usual = row["text"] or row["name"]
    forms = (usual, *several(row["aliases"]), row["name"].split(" (")[0])
    return tuple(dict.fromkeys(forms))


def _names(rows: Sequence[Row]) -> tuple[str, ...]:
    return tuple(spoken(row)[0] for row in rows)


def morse_twins(row: Row, rows: Sequence[Row]) -> list[Row]:
    """Those of other rows with the same Morse signal; not those that share a name with it."""
    own = {form.casefold() for form in spoken(row)}
    return [
        other
        for other in rows
        if other["morse"] and other["morse"] == row["morse"] and other["row"] != row["row"]
        if not own & {form.casefold() for form in spoken(other)}
    ]


def cousins(row: Row, rows: Sequence[Row]) -> list[Row]:
    """Letters of other rows that come from the same sign."""
    same = [other for other in rows if other.get("root") and other["root"] == row["root"]]
    return [other for other in same if other["row"] != row["row"]]


def alike(row: Row, rows: Sequence[Row]) -> list[Row]:
    """Flags and pennants of the same colours."""
    colours = _colours(row)
    return [other for other in rows if other is not row and _colours(other) == colours]


def _colours(row: Row) -> set[str]:
    """The colours that a list in words names: "blue, white and red"."""
    return set(re.findall(r"\w+", row["colours"])) - {"and"}


def _at(peers: Sequence[Row], *places: int) -> list[Row]:
    """Those at the places, as far as the row reaches."""
    return [peers[place] for place in places if 0 <= place < len(peers)]


def _common(row: Row, place: int, peers: Sequence[Row], everyone: Sequence[Row]) -> Slots:
    """What can be said of letters and flags alike."""
    about = _rows()[row["row"]]
    return {
        "kind": (about["kind"],),
        "total": (about["total"],),
        "seen": several(about["seen"]),
        "rank": (ordinal(place + 1),),
        "next": _names(_at(peers, place - 1, place + 1)),
        "near": _names(_at(peers, place - 3, place - 2, place + 2, place + 3)),
        "use": several(row["uses"]),
        "morse": (" ".join(MORSE_WORDS[sign] for sign in row["morse"]),) if row["morse"] else (),
        "twin": _names(morse_twins(row, everyone))[:MOST_TWINS],
    }


def _letter(row: Row, place: int, peers: Sequence[Row], everyone: Sequence[Row]) -> Subject:
    slots = dict(_common(row, place, peers, everyone)) | {
        "value": several(row["value"]),
        "sign": several(row["sign"]),
        "cousin": _names(cousins(row, everyone)),
        "alone": several(row["alone"]),
        "word": several(row["words"]),
        "sound": several(row["sound"]),
    }
    return _subject(row, slots, Letter(row["capital"], row["small"], place, len(peers)))


def _signal(row: Row, place: int, peers: Sequence[Row], everyone: Sequence[Row]) -> Subject:
    signals = [other for other in everyone if "colours" in other]
    slots = dict(_common(row, place, peers, everyone)) | {
        "value": several(row["sign"]) if row["row"] == "pennant" else (),
        "colours": (row["colours"],),
        "alike": _names(alike(row, signals)),
    }
    return _subject(row, slots, row["design"])


def _subject(row: Row, slots: Slots, drawing: Letter | str) -> Subject:
    return Subject(
        f"letters/{row['row']}-{slug(row['name'])}",
        row["name"],
        spoken(row),
        (_rows()[row["row"]]["class"],),
        slots,
        drawing,
        int(row["contexts"] or CONTEXTS),
        bool(row["synonym"]),
    )


@lru_cache(maxsize=1)
def _rows() -> dict[str, dict[str, str]]:
    """What is true of a whole row of letters or flags."""
    return {row["row"]: row for row in read_table(FOLDER / "rows.csv")}


def _subjects() -> list[Subject]:
    letters, signals = read_table(FOLDER / "alphabets.csv"), read_table(FOLDER / "signals.csv")
    everyone, found = [*letters, *signals], []
    for row in everyone:
        peers = [other for other in everyone if other["row"] == row["row"]]
        place, make = peers.index(row), _letter if "root" in row else _signal
        found.append(make(row, place, peers, everyone))
    return found


def paint_letter(subject: Subject, look: str | None, rng: random.Random) -> Image.Image:
    letter = subject.drawing
    if not isinstance(letter, Letter):
        raise TypeError(f"{subject.name!r} has no letter to draw")
    return letter_looks.LOOKS[look](letter, rng) if look else letter_looks.reference(letter)


def paint_signal(subject: Subject, look: str | None, rng: random.Random) -> Image.Image:
    """A flag or pennant; `drawing` is its design."""
    cloth = flag(str(subject.drawing))
    return signal_looks.LOOKS[look](cloth, rng) if look else signal_looks.reference(cloth)


@lru_cache(maxsize=1)
def families() -> tuple[Family, ...]:
    """The alphabets, and the signal flags."""
    classes, subjects = read_classes(FOLDER / "classes.csv"), _subjects()
    family = partial(
        Family,
        frames=read_frames(FOLDER / "frames.toml"),
        class_nouns=CLASS_NOUNS,
        common_words=COMMON_WORDS,
        tables=tables_of(FOLDER),
    )
    return (
        family(
            name="alphabets",
            classes=tuple(c for c in classes if c.middle == "Written alphabets"),
            subjects=tuple(s for s in subjects if isinstance(s.drawing, Letter)),
            looks=tuple(letter_looks.LOOKS),
            paint=paint_letter,
        ),
        family(
            name="signal-flags",
            classes=tuple(c for c in classes if c.middle == "Code of Signals"),
            subjects=tuple(s for s in subjects if not isinstance(s.drawing, Letter)),
            looks=tuple(signal_looks.LOOKS),
            paint=paint_signal,
        ),
    )
