"""What every store can hold: the bounds of ids, names, paths, texts and numbers, each in one place.

Readers set aside what lies beyond them, with its place and the reason; the schema (`db.models`)
refuses it. SQLite would take more in part. The bounds are those of the narrower database, so that
a corpus that one takes is a corpus that the other takes.
"""

from __future__ import annotations

import math
import re

from mese.names import fold

MAX_ID = 2**31 - 1
"""The largest entity id, and token of a sentence: PostgreSQL's integers end here."""
MAX_NAME = 1_000
"""Letters of a name: one of 100,000 froze the browser tab that showed it."""
MAX_URL = 4_096
"""Letters of an image's address."""
MAX_LICENCE = 1_000
"""Letters of an image's licence."""
MAX_INDEXED_BYTES = 2_600
"""UTF-8 bytes of a name or a path: a value in PostgreSQL's indexes has at most 2,704 with its head,
and may be looked up in the form of `mese.names.fold`."""
FOLDS_SHORT = 75
"""A name of no more letters folds to fewer bytes: one letter folds to 33 at most."""
MAX_RANK = 10
"""A context has up to ten candidate images (paper, section 3)."""
MAX_NUMBER = 1e300
"""Of a score, either way: neither infinite nor NaN, in words that all databases have."""
MAX_TITLE = 200
"""Letters of a case's title."""
MAX_NOTE = 10_000
"""Letters of a case's note."""
MAX_TAG = 40
"""Letters of a case's tag."""
MAX_TAGS = 12
"""Tags of a case."""
MAX_ADDRESS = 8_000
"""Letters of an Expand page's parameters: ten seeds, and hundreds of contexts left out."""
MAX_DOCUMENT = 2_000_000
"""Letters of a case's JSON: 200 results, each with a name and class of the longest."""
MAX_TOKENS = 1_000
"""Tokens of an open seed's sentence: the model reads a window of a hundred around the mention."""
CLUES = ("object", "scene", "property", "other", "none")
"""What in a picture leads to its entity's class (the paper's Table 6)."""
MAX_DEPTH = 50
"""Lists and objects inside one another; JSON of the layout needs 4."""

UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def entity_id(value: object) -> int | None:
    """An entity id from text or JSON, or None if it is none."""
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdecimal():
        value = int(value) if len(value) < 20 else None
    if type(value) is int and 0 <= value <= MAX_ID:
        return value
    return None


def is_score(value: object) -> bool:
    """Whether a value of JSON is a number that a score can have."""
    if type(value) is int:  # of any length in JSON, but no double holds the longer ones
        return abs(value) < 2**53
    return isinstance(value, float) and abs(value) <= MAX_NUMBER


def storable(text: object) -> bool:
    """Whether `text` is a string that every store can hold: no NUL, no lone surrogate."""
    return isinstance(text, str) and UNSTORABLE.search(text) is None


def storable_json(value: object, depth: int = MAX_DEPTH) -> bool:
    """Whether every store can hold a value of JSON: its texts, numbers, and how deep it goes."""
    if isinstance(value, dict):
        inside = [*value, *value.values()]
    elif isinstance(value, list):
        inside = value
    elif isinstance(value, float):
        return math.isfinite(value)
    else:
        return not isinstance(value, str) or storable(value)
    return depth > 0 and all(storable_json(part, depth - 1) for part in inside)


def name_fault(name: object) -> str | None:
    """Why a text cannot be a name of an entity, a class or a scorer, or None."""
    if not isinstance(name, str) or not name.strip():
        return "it has no name"
    if not storable(name):
        return "its name holds NUL or lone surrogates"
    if any(mark in name for mark in "\t\r\n"):
        return "its name holds a tab or a line break"
    if len(name) > MAX_NAME:
        return f"its name has {len(name):,} letters, more than {MAX_NAME:,}"
    size = 0 if len(name) <= FOLDS_SHORT else max(_bytes(name), _bytes(fold(name)))
    if size > MAX_INDEXED_BYTES:
        return f"its name takes {size:,} bytes, more than {MAX_INDEXED_BYTES:,}"
    return None


def path_fault(path: object) -> str | None:
    """Why a value cannot be an image's path, or None; whether it leads anywhere is not asked."""
    if not isinstance(path, str) or not storable(path):
        return "an image must be a path without NUL or lone surrogates"
    if _bytes(path) > MAX_INDEXED_BYTES:
        size = f"{_bytes(path):,} bytes, more than {MAX_INDEXED_BYTES:,}"
        return f"the path {path[:40]!r}… takes {size}"
    return None


def text_fault(what: str, text: object, most: int) -> str | None:
    """Why a value is neither null nor a text of `most` letters that can be kept, or None."""
    if text is None:
        return None
    if not isinstance(text, str) or not storable(text):
        return f"{what} must be text without NUL or lone surrogates, or null"
    if len(text) > most:
        return f"{what} has {len(text):,} letters, more than {most:,}"
    return None


def _bytes(text: str) -> int:
    return len(text.encode())
