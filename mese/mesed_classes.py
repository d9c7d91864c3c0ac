"""The classes of a MESED folder and their queries: gt/, eid2cls, schema.json, query/.

gt/ decides who is a member; a class that stands only in eid2cls, as JSON or as the authors' pickle,
is taken from there. schema.json gives the classes their levels and order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mese.bounds import entity_id, name_fault, storable
from mese.corpus import Query, SemanticClass
from mese.mesed_lines import json_file, readable, text_lines
from mese.mesed_pickle import read_pickle
from mese.setting_aside import Aside, MesedFormatError

BACKGROUND = "Background"
"""What eid2cls calls entities in no class; it is not a class."""
MAX_CLASS_BYTES = 240
"""A class names its files, and file systems end names at 255 bytes."""

EID2CLS = "eid2cls.json"
EID2CLS_PICKLE = "eid2cls.pkl"
SCHEMA = "schema.json"
LABEL = re.compile(r"-?[0-9]{1,9}")
QUERY_FOLDERS = {3: "query", 5: "query_seed=5"}

Members = dict[str, tuple[int, ...]]
"""Fine class → ids of its entities, in the file's order."""


def class_fault(name: object) -> str | None:
    """Why a text cannot name a class and its files, or None."""
    fault = name_fault(name)
    if fault:
        return fault
    text = str(name)
    if "/" in text or text in (".", "..", BACKGROUND) or len(text.encode()) > MAX_CLASS_BYTES:
        return f"class {text[:60]!r} cannot name a file; rename it"
    return None


def read_members(folder: Path, known: set[int], aside: Aside) -> Members:
    """Fine class → ids, of every source; where two differ, the first is taken and it is said."""
    members = {
        path.name.removesuffix(".txt"): tuple(_read_gt(path, known, aside))
        for path in class_files(folder / "gt", aside)
    }
    if readable(folder / EID2CLS, EID2CLS, aside):
        _add_listed(EID2CLS, json_file(folder / EID2CLS), members, known, aside)
    if readable(folder / EID2CLS_PICKLE, EID2CLS_PICKLE, aside):
        listed = read_pickle(folder / EID2CLS_PICKLE)
        if not isinstance(listed, dict):
            raise MesedFormatError(f"{folder / EID2CLS_PICKLE} must hold a dict, id → classes")
        _add_listed(EID2CLS_PICKLE, listed, members, known, aside)
    return members


def class_files(folder: Path, aside: Aside) -> Iterator[Path]:
    """The folder's CLASS.txt files by name; what cannot be one is set aside."""
    for path in sorted(folder.glob("*.txt")):
        name = f"{folder.name}/{path.name}"
        if not storable(path.name):
            aside.put(f"{folder.name}/{path.name!a}", 0, "its name is not UTF-8; set aside")
        elif fault := class_fault(path.name.removesuffix(".txt")):
            aside.put(ascii(name), 0, f"{fault}; it was set aside")
        elif readable(path, name, aside):
            yield path


def _read_gt(path: Path, known: set[int], aside: Aside) -> Iterator[int]:
    seen: set[int] = set()
    for number, text in text_lines(path, f"gt/{path.name}", aside):
        first, *rest = text.split("\t")
        entity, label = entity_id(first), rest[-1].strip() if rest else "1"
        if entity is None or LABEL.fullmatch(label) is None:
            aside.put(f"gt/{path.name}", number, "not `id<TAB>name<TAB>label`; set aside")
        elif entity not in known:
            aside.put(
                f"gt/{path.name}", number, f"entity {entity} is not in entity2id.txt; set aside"
            )
        elif int(label) >= 1 and entity not in seen:
            seen.add(entity)
            yield entity


def _add_listed(
    file: str, listed: Mapping[Any, object], members: Members, known: set[int], aside: Aside
) -> None:
    by_class = _by_class(file, listed, known, aside)
    for name in sorted(by_class.keys() | members.keys()):
        ids = tuple(by_class.get(name, ()))
        if name not in members:
            members[name] = ids
        elif odd := set(ids) ^ set(members[name]):
            some = sorted(odd)[:5]
            aside.put(file, 0, f"{name} differs from gt/{name}.txt at ids {some}; gt/ was taken")


def _by_class(
    file: str, listed: Mapping[Any, object], known: set[int], aside: Aside
) -> dict[str, list[int]]:
    by_class: dict[str, dict[int, None]] = {}
    for key, names in listed.items():
        entity = entity_id(key)
        if entity not in known or entity is None or not isinstance(names, list | tuple | set):
            aside.put(file, 0, f"{key!r:.60} is no entity's list of classes; it was set aside")
            continue
        for name in sorted(names, key=str) if isinstance(names, set) else names:
            if name == BACKGROUND:
                continue
            if fault := class_fault(name):
                aside.put(file, 0, f"entity {entity}: {fault}; it was set aside")
            else:
                by_class.setdefault(str(name), {})[entity] = None
    return {name: list(ids) for name, ids in by_class.items()}


def read_schema(
    folder: Path, members: Mapping[str, Sequence[int]], aside: Aside
) -> tuple[SemanticClass, ...]:
    """Classes in schema order; those that the schema leaves out follow by name, without levels."""
    found: dict[str, SemanticClass] = {}
    path = folder / SCHEMA
    if readable(path, SCHEMA, aside):
        for fine, middle, coarse in _schema_rows(path):
            named = f"class {fine if level_fault(fine) is None else ascii(fine[:60])}"
            if fault := level_fault(middle) or level_fault(coarse):
                aside.put(path.name, 0, f"{named}: its middle or coarse class: {fault}; left out")
            elif fine not in members:
                aside.put(path.name, 0, f"{named} has no members in gt/; it was left out")
            elif fine in found:
                aside.put(path.name, 0, f"{named} stands here twice; the first is kept")
            else:
                found[fine] = SemanticClass(fine, middle, coarse)
    rest = [SemanticClass(name) for name in sorted(members) if name not in found]
    return (*found.values(), *rest)


def _schema_rows(path: Path) -> Iterator[tuple[str, str, str]]:
    for coarse, middles in json_file(path).items():
        if not isinstance(middles, dict):
            raise MesedFormatError(f"{path}: {coarse!r:.60} must hold middle → list of classes")
        for middle, fines in middles.items():
            if not isinstance(fines, list) or not all(isinstance(fine, str) for fine in fines):
                raise MesedFormatError(f"{path}: {middle!r:.60} must hold a list of fine classes")
            yield from ((fine, middle, coarse) for fine in fines)


def level_fault(name: str) -> str | None:
    """Why a text cannot be a class's middle or coarse class, or None; both may be empty."""
    return name_fault(name) if name else None


def read_queries(
    folder: Path, classes: Sequence[str], known: set[int], aside: Aside
) -> tuple[Query, ...]:
    """The queries of 3 and of 5 seeds, in the classes' order."""
    queries: list[Query] = []
    paths: dict[tuple[int, str], Path] = {}
    for seed_count, name in QUERY_FOLDERS.items():
        for path in class_files(folder / name, aside):
            class_name = path.name.removesuffix(".txt")
            if class_name in classes:
                paths[seed_count, class_name] = path
            else:
                aside.put(f"{name}/{path.name}", 0, "no class of this name; the file was set aside")
    for class_name in classes:
        for seed_count, name in QUERY_FOLDERS.items():
            found = paths.get((seed_count, class_name))
            if found:
                seeds = _read_seeds(found, f"{name}/{found.name}", seed_count, known, aside)
                queries += (Query(class_name, index, ids) for index, ids in enumerate(seeds))
    return tuple(queries)


def _read_seeds(
    path: Path, name: str, seed_count: int, known: set[int], aside: Aside
) -> Iterator[tuple[int, ...]]:
    for number, text in text_lines(path, name, aside):
        if text.strip() == "EXIT":
            return
        seeds = [entity_id(word) for word in text.split(maxsplit=2 * seed_count)]
        ids = tuple(seed for seed in seeds if seed is not None)
        if len(ids) != len(seeds) or len(set(ids)) != seed_count or len(ids) != seed_count:
            aside.put(name, number, f"not {seed_count} different ids; the query was set aside")
        elif unknown := set(ids) - known:
            reason = f"seed {min(unknown)} is not in entity2id.txt; the query was set aside"
            aside.put(name, number, reason)
        else:
            yield ids
