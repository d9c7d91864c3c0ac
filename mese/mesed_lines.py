"""Reading lines and JSON that somebody else wrote: what is malformed is set aside, with its place.

Nothing here takes more memory than a line may have bytes, or a small file, and no file is opened
that could keep a reader waiting, like a pipe.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from mese.setting_aside import Aside, MesedFormatError

MAX_LINE_BYTES = 4 * 2**20
"""A sentence of MESED has 150 tokens, some 4 KB; what is longer than this is no line of it."""
MAX_FILE_BYTES = 16 * 2**20
"""For files that are read whole: schema.json, eid2cls.json, scorers.json."""

UTF16 = (b"\xff\xfe", b"\xfe\xff")


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
            aside.count_line()
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
