"""Reading lines that somebody else wrote: what is malformed is set aside, with its place.

A file, a line and a reason are kept for everything that was left out, so that nothing disappears
silently and one bad line does not cost the other 434,674. Nothing here takes more memory than a
line may have bytes, and no file is opened that could keep a reader waiting, like a pipe.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

MAX_ID = 2**31 - 1
"""The largest entity id: a 32-bit integer, as databases store it."""
MAX_NAME = 1_000
"""Letters of a name; pages draw names, and a longer one is no name."""
MAX_LINE_BYTES = 4 * 2**20
"""A sentence of MESED has 150 tokens, some 4 KB; what is longer than this is no line of it."""
MAX_FILE_BYTES = 16 * 2**20
"""For files that are read whole: schema.json, eid2cls.json, scorers.json."""
MAX_ITEMS = 10_000
"""How many lines are remembered as set aside; those after them are counted."""
MAX_DEPTH = 50
"""Lists and objects inside one another; JSON of the layout needs 4."""

UNSTORABLE = re.compile("[\0\ud800-\udfff]")
UTF16 = (b"\xff\xfe", b"\xfe\xff")


class MesedFormatError(ValueError):
    """A folder that cannot be read at all; the message names the file and what to do."""


@dataclass(frozen=True, slots=True)
class SetAside:
    """A line that was left out: its file, its line from 1 (0: the whole file), and the reason."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return (
            f"{self.file}:{self.line}: {self.reason}"
            if self.line
            else f"{self.file}: {self.reason}"
        )


@dataclass
class Aside:
    """Collects what is set aside; when `strict`, the first one ends the reading instead.

    The first `MAX_ITEMS` are kept; `more` counts the others, so that a file of nothing but faults
    does not fill the memory.
    """

    strict: bool = False
    items: list[SetAside] = field(default_factory=list)
    more: int = 0

    def put(self, file: str, line: int, reason: str) -> None:
        item = SetAside(file, line, reason)
        if self.strict:
            raise MesedFormatError(f"{item}; mend the line, or read without --strict")
        if len(self.items) < MAX_ITEMS:
            self.items.append(item)
        else:
            self.more += 1

    def clear(self) -> None:
        self.items.clear()
        self.more = 0

    def all(self) -> tuple[SetAside, ...]:
        """What is kept, and a last entry for what was only counted."""
        if not self.more:
            return tuple(self.items)
        last = self.items[-1].file
        return (*self.items, SetAside(last, 0, f"{self.more:,} more were set aside after these"))


def readable(path: Path, name: str, aside: Aside) -> bool:
    """Whether an optional file is there to be read; what is there but no file is set aside."""
    if path.exists() and not path.is_file():
        aside.put(name, 0, "not a file; it was set aside")
    return path.is_file()


def text_lines(path: Path, name: str, aside: Aside) -> Iterator[tuple[int, str]]:
    """(line number, text) of a text file's lines that hold anything; reads CRLF and a BOM.

    Lines are split before they are decoded, so that one bad byte costs one line. Raises
    `MesedFormatError` for UTF-16.
    """
    with path.open("rb") as stream:
        for number, raw in _bounded_lines(stream):
            if number == 1 and raw and raw.startswith(UTF16):
                raise MesedFormatError(f"{path} is written in UTF-16; save it as UTF-8")
            if raw is None:
                most = f"longer than {MAX_LINE_BYTES:,} bytes"
                aside.put(name, number, f"{most}; the line was set aside")
                continue
            try:
                text = raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
            except UnicodeDecodeError as error:
                aside.put(name, number, f"not UTF-8 (byte {error.start}); the line was set aside")
                continue
            if text.strip():
                yield number, text


def _bounded_lines(stream: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """(line number, bytes); None in place of a line that is longer than a line may be."""
    number = 0
    while line := stream.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(line) <= MAX_LINE_BYTES:
            yield number, line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(MAX_LINE_BYTES)
        yield number, None


def json_lines(path: Path, name: str, aside: Aside) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line number, object) of a file with one JSON object a line."""
    for number, text in text_lines(path, name, aside):
        try:
            value = parse_json(text)
        except (ValueError, RecursionError) as error:
            aside.put(name, number, f"not JSON ({_brief(error)}); the line was set aside")
            continue
        if isinstance(value, dict):
            yield number, value
        else:
            aside.put(name, number, "not a JSON object; the line was set aside")


def parse_json(text: str) -> Any:
    """JSON as the standard has it: no NaN, no key twice; raises ValueError or RecursionError."""
    return _DECODER.decode(text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise ValueError(f"the key {key[:60]!r} stands in one object twice")
            seen.add(key)
    return found


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{text[:40]} is too large")
    return number


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_no_number, parse_float=_finite
)


def whole_file(path: Path) -> bytes:
    """The bytes of a file that is read at once; raises `MesedFormatError` where it is too large."""
    if not path.is_file():
        raise MesedFormatError(f"{path} is not a file; take it away")
    with path.open("rb") as stream:
        content = stream.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise MesedFormatError(f"{path} is larger than {MAX_FILE_BYTES:,} bytes; mend it")
    return content


def json_file(path: Path) -> dict[str, Any]:
    """The object that a JSON file holds; raises `MesedFormatError` where it holds none."""
    content = whole_file(path)
    if content.startswith(UTF16):
        raise MesedFormatError(f"{path} is written in UTF-16; save it as UTF-8")
    try:
        value = parse_json(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise MesedFormatError(
            f"{path} is not readable as JSON ({_brief(error)}); mend it or take it away"
        ) from error
    if not isinstance(value, dict):
        raise MesedFormatError(f"{path} must hold one JSON object; mend it or take it away")
    return value


def _brief(error: Exception) -> str:
    return str(error).splitlines()[0][:100] if str(error) else type(error).__name__


def entity_id(value: object) -> int | None:
    """An entity id from text or JSON, or None if it is none."""
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdecimal():
        value = int(value) if len(value) < 20 else None
    if type(value) is int and 0 <= value <= MAX_ID:
        return value
    return None


def storable(text: object) -> bool:
    """Whether `text` is a string that every store can hold: no NUL, no lone surrogate."""
    return isinstance(text, str) and UNSTORABLE.search(text) is None


def storable_json(value: object, depth: int = MAX_DEPTH) -> bool:
    """Whether every store can hold a value that JSON gave: its texts, and how deep it goes."""
    if isinstance(value, dict):
        inside = [*value, *value.values()]
    elif isinstance(value, list):
        inside = value
    else:
        return not isinstance(value, str) or storable(value)
    return depth > 0 and all(storable_json(part, depth - 1) for part in inside)


def name_fault(name: object) -> str | None:
    """Why a text cannot be a name of an entity or a class, or None."""
    if not isinstance(name, str) or not name.strip():
        return "it has no name"
    if not storable(name):
        return "its name holds NUL or lone surrogates"
    if any(mark in name for mark in "\t\r\n"):
        return "its name holds a tab or a line break"
    if len(name) > MAX_NAME:
        return f"its name has {len(name):,} letters, more than {MAX_NAME:,}"
    return None
