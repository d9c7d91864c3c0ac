"""The small files of a MESED folder as this program writes them, and what to write instead.

A folder that was read may say the same in other words: another order, CRLF, labels of entities
that are no members, no EXIT. Its own text is then kept and written again, as long as the corpus
still says what it said when the text was read; else the canonical text is written. Nothing is kept
of a file in which something was set aside.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import pickle
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mese.bounds import storable
from mese.corpus import CorpusRecords, Query, SemanticClass
from mese.mesed_classes import BACKGROUND, EID2CLS, EID2CLS_PICKLE, QUERY_FOLDERS, SCHEMA
from mese.mesed_lines import MAX_FILE_BYTES
from mese.mesed_style import LineStyle

Layout = dict[str, Any]
"""{"sentences": the lines' style, "absent": files not to write, "instead": file → its own text with
the digest of the canonical one, "pickle": the same for eid2cls.pkl}."""


def canonical_files(records: CorpusRecords) -> dict[str, str]:
    """File name → text for every small file of the layout."""
    files = {"entity2id.txt": _entities(records)}
    names = {entity.id: entity.name for entity in records.entities}
    for c in records.classes:
        ids = records.members.get(c.name, ())
        files[f"gt/{c.name}.txt"] = _lines(f"{e}\t{names[e]}\t1" for e in ids)
        for seed_count, folder in QUERY_FOLDERS.items():
            queries = _queries(records.queries, c.name, seed_count)
            if queries:
                files[f"{folder}/{c.name}.txt"] = queries
    files[EID2CLS] = json.dumps(_classes_of(records), ensure_ascii=False, indent=0)
    files[SCHEMA] = json.dumps(_schema(records.classes), ensure_ascii=False, indent=1)
    return files


def _lines(lines: Iterator[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _entities(records: CorpusRecords) -> str:
    in_order = sorted(records.entities, key=lambda entity: entity.id)
    return _lines(f"{entity.name}\t{entity.id}" for entity in in_order)


def _queries(queries: Sequence[Query], class_name: str, seed_count: int) -> str:
    wanted = [q for q in queries if q.class_name == class_name and len(q.seeds) == seed_count]
    lines = [" ".join(map(str, q.seeds)) for q in sorted(wanted, key=lambda q: q.index)]
    return _lines(iter([*lines, "EXIT"])) if lines else ""


def _classes_of(records: CorpusRecords) -> dict[str, list[str]]:
    found: dict[int, list[str]] = {e: [] for e in sorted(e.id for e in records.entities)}
    for c in records.classes:
        for entity in records.members.get(c.name, ()):
            found[entity].append(c.name)
    return {str(entity): names or [BACKGROUND] for entity, names in found.items()}


def _schema(classes: Sequence[SemanticClass]) -> dict[str, dict[str, list[str]]]:
    schema: dict[str, dict[str, list[str]]] = {}
    for c in classes:
        schema.setdefault(c.coarse, {}).setdefault(c.middle, []).append(c.name)
    return schema


def layout_of(folder: Path, records: CorpusRecords, faulty: set[str], style: LineStyle) -> Layout:
    """What must be kept of `folder` to write it again byte for byte; `faulty` files are not."""
    canonical = canonical_files(records)
    unlisted = bool(faulty & {EID2CLS, EID2CLS_PICKLE})
    if unlisted:
        # Members of classes without a gt file stood there: now each class gets one, and both
        # listings are written anew, for an own text of either might miss a class.
        faulty = faulty | {EID2CLS, EID2CLS_PICKLE}
    instead = {
        name: {"of": _digest(canonical.get(name, "")), "text": text}
        for name, text in _own_texts(folder, faulty)
        if text != canonical.get(name)
    }
    layout: Layout = {
        "sentences": style.to_layout(),
        "absent": [
            name
            for name in canonical
            if not (folder / name).is_file() and not (unlisted and name.startswith("gt/"))
        ],
        "instead": instead,
    }
    pickled = folder / EID2CLS_PICKLE
    if pickled.is_file() and EID2CLS_PICKLE not in faulty:
        content = base64.b64encode(pickled.read_bytes()).decode()
        layout["pickle"] = {"of": _digest(canonical[EID2CLS]), "base64": content}
    return layout


def _own_texts(folder: Path, faulty: set[str]) -> Iterator[tuple[str, str]]:
    """(name, text) of the folder's small files that can be kept as they are."""
    room = MAX_FILE_BYTES
    folders = [folder / name for name in ("gt", *QUERY_FOLDERS.values())]
    paths = [folder / name for name in ("entity2id.txt", EID2CLS, SCHEMA)]
    paths += [path for inside in folders for path in sorted(inside.glob("*.txt"))]
    for path in paths:
        name = path.relative_to(folder).as_posix()
        if name in faulty or not path.is_file() or not storable(name):
            continue
        room -= path.stat().st_size
        if room < 0:  # the store's own text is as good, only not the same bytes
            return
        text = path.read_bytes().decode("utf-8", errors="replace")
        if storable(text) and "\ufffd" not in text:
            yield name, text


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def files_to_write(records: CorpusRecords) -> dict[str, bytes]:
    """File name → content: canonical, or the folder's own where it says the same."""
    layout: Mapping[str, Any] = records.layout or {}
    canonical = canonical_files(records)
    absent = set(layout.get("absent", ()))
    files = {name: text.encode() for name, text in canonical.items() if name not in absent}
    for name, own in layout.get("instead", {}).items():
        if own["of"] == _digest(canonical.get(name, "")):
            files[name] = own["text"].encode()
    if "pickle" in layout:
        files[EID2CLS_PICKLE] = _pickle(layout["pickle"], canonical[EID2CLS], records)
    return files


def _pickle(own: Mapping[str, str], canonical: str, records: CorpusRecords) -> bytes:
    if own["of"] == _digest(canonical):
        try:
            return base64.b64decode(own["base64"], validate=True)
        except binascii.Error:  # a store that was edited by hand: as good as none
            return _pickled(records)
    return _pickled(records)


def _pickled(records: CorpusRecords) -> bytes:
    listed = {int(entity): names for entity, names in _classes_of(records).items()}
    return pickle.dumps(listed, protocol=4)
