"""The rows of a CSV file, none of which can swallow those after it.

A quote that is never closed makes the csv module read to the end of the file. Here a record ends
after some tens of lines; where it is none, only its first line is set aside, and the next line is
read as the beginning of another. So each line is looked at a bounded number of times, and no more
than a record is held.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

from mese.mesed_lines import text_lines
from mese.setting_aside import Aside, MesedFormatError

MAX_RECORD_LINES = 40
"""Lines of one record: a sentence with line breaks has a few."""
MAX_RECORD_LETTERS = 2**20
"""Letters of the lines of a record that has more than one; a field has 131,072 at most."""

Line = tuple[int, str]
"""A line's number, from 1, and its text."""


def csv_rows(path: Path, aside: Aside) -> Iterator[tuple[int, Mapping[str, str]]]:
    """(line where the row begins, column → text); the first line names the columns.

    Raises `MesedFormatError` where it does not.
    """
    lines = text_lines(path, path.name, aside)
    columns = _header(path, next(lines, (1, ""))[1])
    for number, found in records(lines, len(columns)):
        if isinstance(found, str):
            aside.put(path.name, number, f"{found}; the line was set aside")
        else:
            yield number, dict(zip(columns, found, strict=True))


def _header(path: Path, line: str) -> list[str]:
    try:
        columns = [name.strip().casefold() for name in next(csv.reader([line]), [])]
    except csv.Error:  # a field that is longer than a field may be
        columns = []
    if not {"entity", "sentence"} <= set(columns) or len(set(columns)) != len(columns):
        raise MesedFormatError(
            f"{path}: the first line must name the columns entity and sentence, and image and "
            f"class where there are any; {_found_instead(columns)}"
        )
    return columns


def _found_instead(columns: list[str]) -> str:
    if not any(columns):
        return "it names none"
    if len(columns) == 1 and re.search(r"[;\t|]", columns[0]):
        return f"it is {columns[0]!r:.100}: put commas between the columns"
    named = ", ".join(f"{name:.40}" for name in columns[:8])
    if len(set(columns)) != len(columns):
        return f"it names one twice: {named!r}"
    missing = " and ".join(name for name in ("entity", "sentence") if name not in columns)
    return f"it names {named!r}, and no {missing}"


def records(lines: Iterator[Line], columns: int) -> Iterator[tuple[int, list[str] | str]]:
    """(line where a record begins, its fields, or the reason why that line begins none)."""
    ahead: deque[Line] = deque()
    while ahead or (ahead := deque(islice(lines, 1))):
        number = ahead[0][0]
        reader = csv.reader(_record(ahead, lines), strict=True)
        try:
            fields = next(reader)
        except csv.Error as error:
            fields, fault = [], f"not CSV ({_told(error)})"
        else:
            fault = f"{len(fields)} columns where there are {columns}"
        good = len(fields) == columns
        yield number, fields if good else fault
        for _ in range(reader.line_num if good else 1):
            ahead.popleft()


def _record(ahead: deque[Line], lines: Iterator[Line]) -> Iterator[str]:
    """The lines that one record may have; those that were not read before are put into `ahead`."""
    letters = 0
    for place in range(MAX_RECORD_LINES):
        if place == len(ahead):
            line = next(lines, None)
            if line is None:
                return
            ahead.append(line)
        text = ahead[place][1]
        letters += len(text)
        if place and letters > MAX_RECORD_LETTERS:
            return
        yield text + "\n"


def _told(error: csv.Error) -> str:
    ended = str(error) == "unexpected end of data"
    return f"a quote is not closed within {MAX_RECORD_LINES} lines" if ended else str(error)
