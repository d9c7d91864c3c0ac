"""The simple form for one's own corpus: a CSV or JSONL file of entity, sentence, image and class.

One row is one context. The entity is looked for in the sentence, as whole words and whatever the
case; its first occurrence is the mention. Classes are optional: where one has enough members with
two contexts or more, queries are drawn (docs/mesed-folders.md).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mese.bounds import name_fault, path_fault, storable
from mese.corpus import Candidate, CorpusRecords, Entity, Mention, SemanticClass, Sentence
from mese.csv_rows import csv_rows
from mese.mesed_classes import class_fault
from mese.mesed_lines import json_lines
from mese.queries import MIN_CONTEXTS, draw_queries
from mese.setting_aside import Aside, MesedFormatError, SetAside

TOKEN = re.compile(r"\w+|[^\w\s]")
"""Runs of letters and digits, and every mark by itself: as photobench's sentences are cut."""

Names = dict[str, int]
"""Entity's name → its id, in order of appearance."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row whose mention was found."""

    line: int
    entity: str
    tokens: tuple[str, ...]
    start: int
    image: str | None
    classes: tuple[str, ...]


@dataclass(frozen=True)
class OwnCorpus:
    """A file that was read: its records, and what was set aside in it once they are walked."""

    records: CorpusRecords
    _rows: _RowStream

    @property
    def set_aside(self) -> tuple[SetAside, ...]:
        return self._rows.aside.all()


@dataclass
class _Found:
    """What the first walk over the rows collects."""

    ids: Names = field(default_factory=dict)
    contexts: dict[int, int] = field(default_factory=dict)
    members: dict[str, dict[int, None]] = field(default_factory=dict)


def read_own_form(
    path: Path,
    image_root: Path | None = None,
    strict: bool = False,
    told: Callable[[int], None] | None = None,
) -> OwnCorpus:
    """Read a CSV or JSONL file; images lie below `image_root`, by default the file's folder.

    Raises `MesedFormatError` when the file is neither or has no usable row, and, with `strict`, at
    the first row that would be set aside. `told` hears how many lines were read, and stops the
    reading by what it raises.
    """
    if not path.is_file() or path.suffix.lower() not in (".csv", ".jsonl"):
        raise MesedFormatError(f"{path} is neither a MESED folder nor a .csv or .jsonl file")
    rows = _RowStream(path, strict)
    rows.aside.told = told
    found = _collect(rows)
    rows.aside.told = None  # whoever walks the sentences counts them
    if not found.ids:
        first = f"; first of all {rows.aside.items[0]}" if rows.aside.items else ""
        raise MesedFormatError(f"{path} has no usable row{first}")
    members = {name: tuple(ids) for name, ids in sorted(found.members.items())}
    usable = {entity for entity, count in found.contexts.items() if count >= MIN_CONTEXTS}
    records = CorpusRecords(
        name=path.stem if storable(path.stem) else "corpus",
        entities=[Entity(number, name) for name, number in found.ids.items()],
        classes=[SemanticClass(name) for name in members],
        members=members,
        queries=draw_queries(members, usable),
        sentences=_OwnSentences(rows, found.ids),
        image_root=image_root or path.absolute().parent,
    )
    return OwnCorpus(records, rows)


def _collect(rows: _RowStream) -> _Found:
    found = _Found()
    for row in rows:
        entity = found.ids.setdefault(row.entity, len(found.ids))
        found.contexts[entity] = found.contexts.get(entity, 0) + 1
        for name in row.classes:
            found.members.setdefault(name, {})[entity] = None
    return found


class _RowStream:
    """The rows of a file, read anew from the disk at each walk."""

    def __init__(self, path: Path, strict: bool) -> None:
        self.path = path
        self.aside = Aside(strict)

    def __length_hint__(self) -> int:
        with self.path.open("rb") as stream:
            blocks = iter(lambda: stream.read(1 << 20), b"")
            return sum(block.count(b"\n") for block in blocks)

    def __iter__(self) -> Iterator[Row]:
        self.aside.clear()
        for number, said in self._said():
            row = parse_row(said, number)
            if isinstance(row, Row):
                yield row
            else:
                self.aside.put(self.path.name, number, f"{row}; the row was set aside")

    def _said(self) -> Iterator[tuple[int, Mapping[str, Any]]]:
        if self.path.suffix.lower() == ".jsonl":
            yield from json_lines(self.path, self.path.name, self.aside)
        else:
            yield from csv_rows(self.path, self.aside)


class _OwnSentences:
    """The sentences of the rows, one mention each."""

    def __init__(self, rows: _RowStream, ids: Names) -> None:
        self._rows = rows
        self._ids = ids

    def __length_hint__(self) -> int:
        return self._rows.__length_hint__()

    def __iter__(self) -> Iterator[Sentence]:
        for row in self._rows:
            candidates = (Candidate(row.image),) if row.image else ()
            end = row.start + len(TOKEN.findall(row.entity)) - 1
            mention = Mention(self._ids[row.entity], row.start, end, candidates)
            yield Sentence(row.tokens, (mention,), row.line)


def parse_row(said: Mapping[str, Any], number: int) -> Row | str:
    """The row of one line, or the reason why it is none."""
    entity, classes = _stripped(said.get("entity")), said.get("class") or []
    classes = [_stripped(name) for name in (classes if isinstance(classes, list) else [classes])]
    fault = _row_fault(entity, said.get("sentence"), said.get("image"), classes)
    if fault:
        return fault
    tokens = tuple(TOKEN.findall(said["sentence"]))
    start = find_mention(tokens, TOKEN.findall(entity))
    if start is None:
        return f"{entity[:60]!r} does not stand in the sentence"
    return Row(
        number, entity, tokens, start, said.get("image") or None, tuple(dict.fromkeys(classes))
    )


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _row_fault(entity: Any, sentence: Any, image: Any, classes: Sequence[Any]) -> str | None:
    if fault := name_fault(entity):
        return f"entity: {fault}"
    if not storable(sentence) or not sentence.strip():
        return "sentence must be text without NUL or lone surrogates"
    if image is not None and (fault := path_fault(image)):
        return f"image: {fault}"
    fault = next(filter(None, map(class_fault, classes)), None)
    return f"class: {fault}" if fault else None


def find_mention(tokens: Sequence[str], name: Sequence[str]) -> int | None:
    """Where the tokens of a name stand first among a sentence's, whatever the case; or None."""
    folded, wanted = [t.casefold() for t in tokens], [t.casefold() for t in name]
    places = range(len(folded) - len(wanted) + 1)
    return next((at for at in places if wanted and folded[at : at + len(wanted)] == wanted), None)
