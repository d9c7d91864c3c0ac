"""Cases as a zip of Markdown files with their pictures in a folder beside them.

Every text of other people is escaped, so that it shows as itself wherever Markdown is read; the
names of files are ours, made of plain letters and numbers.
"""

from __future__ import annotations

import io
import unicodedata
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime

from db.cases import Case
from db.clues import Clues
from mese.printable import printable, without_turns
from pages.parts.case_facts import (
    Item,
    clue_words,
    provenance,
    results_of,
    seeds_of,
    tally,
)
from pages.parts.case_pictures import jpegs
from pages.parts.words import KIND_WORDS

FOLDER = "images"
LONGEST_NAME = 40
_MARKS = frozenset("\\`*_{}[]()#+-.!|~>$:=@^\"'")
"""What Markdown's dialects read as more than a letter, but for < and &, which become entities."""


def cases_zip(cases: Sequence[Case], clues: Mapping[int, Clues]) -> bytes:
    """A zip with a Markdown file a case, their pictures, and for several cases an index."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        written: set[str] = set()
        for case in cases:
            items = [*seeds_of(case), *results_of(case)]
            pictures = jpegs(item.picture for item in items)
            for sha256, picture in pictures.items():
                name = picture_name(sha256)
                if name not in written:
                    _add(archive, name, picture, case.made_at)
                    written.add(name)
            text = case_markdown(case, clues.get(case.id, {}), set(pictures))
            _add(archive, file_name(case), text.encode(), case.made_at)
        if len(cases) > 1:
            newest = max(case.made_at for case in cases)
            _add(archive, "index.md", _index(cases).encode(), newest)
    return stream.getvalue()


def _add(archive: zipfile.ZipFile, name: str, content: bytes, made: datetime) -> None:
    """A file whose date is the case's, so that one case exports to one zip, byte for byte."""
    info = zipfile.ZipInfo(name, made.timetuple()[:6])
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    archive.writestr(info, content)


def picture_name(sha256: str) -> str:
    return f"{FOLDER}/{sha256[:24]}.jpg"


def file_name(case: Case, suffix: str = ".md") -> str:
    """A name that every file system takes: the case's number and what its title is plain in."""
    ascii_only = unicodedata.normalize("NFKD", case.title).encode("ascii", "ignore").decode()
    kept = "".join(letter if letter.isalnum() else " " for letter in ascii_only.lower())
    words = "-".join(kept.split())[:LONGEST_NAME].strip("-")
    return f"case-{case.id}" + f"-{words}" * bool(words) + suffix


def case_markdown(case: Case, clues: Clues, pictures: set[str]) -> str:
    """One case; `pictures` are the hashes whose picture lies in the folder."""
    seeds = [
        f"- {_shown(item, pictures)}{escaped(item.name)}"
        + f": {escaped(item.sentence)}" * bool(item.sentence)
        for item in seeds_of(case)
    ]
    lines = [
        f"# {escaped(case.title)}",
        f"Tags: {escaped(', '.join(case.tags))}" if case.tags else "",
        "\n".join(f"> {escaped(line)}" for line in case.note.splitlines()),
        "## Seeds",
        "\n".join(seeds),
        f"## {escaped(tally(case))}",
        _table(case, clues, pictures),
        "## Where this comes from",
        "\n".join(f"- {what}: {escaped(value)}" for what, value in provenance(case)),
    ]
    return "\n\n".join(filter(None, lines)) + "\n"


def _table(case: Case, clues: Clues, pictures: set[str]) -> str:
    head = [
        "| rank | picture | entity | score | class | verdict | clues |",
        "|--:|---|---|--:|---|---|---|",
    ]
    rows = [
        f"| {item.rank} | {_shown(item, pictures)}| {escaped(item.name)} | {item.score:.3f} "
        f"| {escaped(', '.join(item.classes))} | {KIND_WORDS[item.kind]} "
        f"| {escaped(clue_words(item, clues))} |"
        for item in results_of(case)
    ]
    return "\n".join([*head, *rows])


def _shown(item: Item, pictures: set[str]) -> str:
    if item.picture is None or item.picture not in pictures:
        return ""
    return f"![{escaped(item.name)}]({picture_name(item.picture)}) "


def escaped(text: str) -> str:
    """Markdown that shows `text` literally, on one line."""
    line = printable(" ".join(without_turns(text).split()))
    marked = "".join(f"\\{letter}" if letter in _MARKS else letter for letter in line)
    return marked.replace("&", "&amp;").replace("<", "&lt;")


def _index(cases: Sequence[Case]) -> str:
    lines = [f"- [{escaped(case.title)}]({file_name(case)})" for case in cases]
    return "\n".join([f"# {len(cases)} cases", "", *lines, ""])
