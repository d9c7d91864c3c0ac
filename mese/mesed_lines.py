"""Reading lines that somebody else wrote: what is malformed is set aside, with its place.

A file, a line and a reason are kept for everything that was left out, so that nothing disappears
silently and one bad line does not cost the other 434,674.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MAX_ID = 2**31 - 1
"""The largest entity id: a 32-bit integer, as databases store it."""

UNSTORABLE = re.compile("[\0\ud800-\udfff]")


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
    """Collects what is set aside; when `strict`, the first one ends the reading instead."""

    strict: bool = False
    items: list[SetAside] = field(default_factory=list)

    def put(self, file: str, line: int, reason: str) -> None:
        item = SetAside(file, line, reason)
        if self.strict:
            raise MesedFormatError(f"{item}; mend the line, or read without --strict")
        self.items.append(item)


def text_lines(path: Path, name: str, aside: Aside) -> Iterator[tuple[int, str]]:
    """(line number, text) of a text file's lines that hold anything; reads CRLF and a BOM.

    Lines are split before they are decoded, so that one bad byte costs one line.
    """
    with path.open("rb") as stream:
        for number, raw in enumerate(stream, 1):
            try:
                text = raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
            except UnicodeDecodeError as error:
                aside.put(name, number, f"not UTF-8 (byte {error.start}); the line was set aside")
                continue
            if text.strip():
                yield number, text


def json_lines(path: Path, name: str, aside: Aside) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, text in text_lines(path, name, aside):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            aside.put(name, number, f"not JSON ({_brief(error)}); the line was set aside")
            continue
        if isinstance(value, dict):
            yield number, value
        else:
            aside.put(name, number, "not a JSON object; the line was set aside")


def json_file(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_bytes().decode("utf-8-sig"))
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
