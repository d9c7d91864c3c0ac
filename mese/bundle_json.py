"""A bundle's two JSON files, read as what anybody may have written.

bundle.json and vocabulary.json are bounded before they are read, and nothing but a file is opened:
a pipe would keep the page that looks for a bundle waiting for ever.
"""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path
from typing import Any

from mese.bounds import MAX_ID
from mese.corpus import Entity
from mese.index_file import MEND, BundleError

FORMAT = 1

MAX_JSON = 64 * 2**20
"""Bytes of a JSON file that are read; the vocabulary of MESED has two million."""

_FIELDS = (("name", str, "text"), ("fit", dict, "object"), ("indexes", dict, "object"))
"""Of bundle.json: what is read here, not merely shown."""

_HALF_LETTER = re.compile(rb"\\u[dD][89a-fA-F]")
"""How JSON writes half of a surrogate pair: alone it is no text, and cannot be printed."""


def read_json(path: Path) -> tuple[Any, bytes]:
    """What a JSON file of a bundle says, and its bytes; raises `BundleError` with the mend."""
    try:
        content = read_bounded(path)
        said = json.loads(content.decode("utf-8"))
        if _HALF_LETTER.search(content):
            json.dumps(said, ensure_ascii=False).encode()
    except FileNotFoundError as error:
        raise BundleError(f"{path.parent}: no bundle there ({path.name} is missing)") from error
    except (OSError, ValueError, RecursionError) as error:
        raise BundleError(f"{path}: cannot be read ({error}); {MEND}") from error
    return said, content


def read_bounded(path: Path) -> bytes:
    """The bytes of a file; raises OSError, and ValueError for what is no file or too long."""
    # Without O_NONBLOCK, opening a pipe waits until somebody writes into it.
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise ValueError("it is not a file")
        content = stream.read(MAX_JSON + 1)
    if len(content) > MAX_JSON:
        raise ValueError(f"it is longer than {MAX_JSON:,} bytes")
    return content


def check_meta(meta: Any, path: Path) -> None:
    """Raise `BundleError` for a bundle.json of another version, or with fields of other kinds."""
    found = meta.get("format") if isinstance(meta, dict) else None
    if type(found) is not int or found != FORMAT:
        raise BundleError(
            f"{path}: format {found!r}, this version reads {FORMAT}; "
            "represent the run again with `python -m train represent`"
        )
    for key, kind, words in _FIELDS:
        if key in meta and not isinstance(meta[key], kind):
            raise BundleError(f"{path}: {key} is no {words}; represent the run again")


def entities_of(rows: Any, path: Path) -> tuple[tuple[Entity, ...], tuple[tuple[str, ...], ...]]:
    """A vocabulary's entities and their classes, in order; raises `BundleError` with the place."""
    if not isinstance(rows, list):
        raise BundleError(f"{path}: not a list of entities; {MEND}")
    if not rows:
        raise BundleError(f"{path}: it is empty; represent the run again")
    for place, row in enumerate(rows):
        fault = _row_fault(row)
        if fault:
            raise BundleError(f"{path}: not a list of entities (number {place}: {fault}); {MEND}")
    if len({row["id"] for row in rows}) != len(rows):
        raise BundleError(f"{path}: an entity stands twice; represent the run again")
    entities = tuple(Entity(row["id"], row["name"], tuple(row["aliases"])) for row in rows)
    return entities, tuple(tuple(row.get("classes", ())) for row in rows)


def _row_fault(row: Any) -> str | None:
    if not isinstance(row, dict):
        return "no object"
    number = row.get("id")
    if type(number) is not int or not 0 <= number <= MAX_ID:
        return f"its id is not a number from 0 to {MAX_ID:,}"
    if not isinstance(row.get("name"), str):
        return "its name is no text"
    for key in ("aliases", "classes"):
        words = row.get(key, () if key == "classes" else None)
        if not isinstance(words, list | tuple) or not all(isinstance(word, str) for word in words):
            return f"its {key} are not a list of texts"
    return None
