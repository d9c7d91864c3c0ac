"""The authors' folder layout, in and out: MESED's files, and the sidecars of the house plan.

The layout is that of github.com/THUKElab/MESED (specs/dataset_pipeline.md, "Artefacts"):
entity2id.txt, sentences.json with one JSON object a line, query/ and query_seed=5/, gt/,
eid2cls.json. schema.json, entities.jsonl and candidates.jsonl stand beside it and are optional.
A malformed line never stops the reading: it is set aside with its file, line and reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mese.corpus import ROLES, CorpusRecords, Entity, Query, SemanticClass
from mese.mesed_lines import (
    Aside,
    MesedFormatError,
    SetAside,
    entity_id,
    json_file,
    json_lines,
    storable,
    text_lines,
)
from mese.mesed_sentences import SENTENCES, SentenceStream, write_sentences

__all__ = ["MesedFolder", "MesedFormatError", "SetAside", "read_folder", "write_folder"]

BACKGROUND = "Background"
"""What eid2cls.json calls entities in no class; it is not a class."""

LABEL = re.compile(r"-?[0-9]{1,9}")
QUERY_FOLDERS = {3: "query", 5: "query_seed=5"}


@dataclass(frozen=True)
class MesedFolder:
    """A folder that was read: its records, and what was set aside in it.

    Sentences stream from the disk each time `records.sentences` is walked; what is set aside among
    them is known once the walk is over.
    """

    records: CorpusRecords
    _small_files: Aside
    _sentences: SentenceStream

    @property
    def set_aside(self) -> tuple[SetAside, ...]:
        return (*self._small_files.items, *self._sentences.aside.items)


def read_folder(folder: Path, image_root: Path | None = None, strict: bool = False) -> MesedFolder:
    """Read a MESED folder; images lie below `image_root`, which is the folder itself by default.

    Raises `MesedFormatError` when a necessary file is missing or unreadable as a whole, and, with
    `strict`, at the first line that would be set aside (for sentences: while they are walked).
    """
    _require_layout(folder)
    aside = Aside(strict)
    entities = _read_entities(folder, aside)
    known = {entity.id for entity in entities}
    members = _read_members(folder, known, aside)
    classes = _read_schema(folder, members, aside)
    sentences = SentenceStream(folder, strict)
    records = CorpusRecords(
        name=folder.resolve().name,
        entities=entities,
        classes=classes,
        members=members,
        queries=_read_queries(folder, [c.name for c in classes], known, aside),
        sentences=sentences,
        image_root=image_root or folder,
    )
    return MesedFolder(records, aside, sentences)


def _require_layout(folder: Path) -> None:
    if not folder.is_dir():
        raise MesedFormatError(
            f"{folder} is not a folder; name the folder that holds entity2id.txt"
        )
    for name, what in (
        ("entity2id.txt", "one `name<TAB>id` a line"),
        (SENTENCES, "one JSON object a line"),
    ):
        if not (folder / name).is_file():
            raise MesedFormatError(f"{name} is missing in {folder}; MESED's layout has it: {what}")
    if not (folder / "gt").is_dir() and not (folder / "eid2cls.json").is_file():
        raise MesedFormatError(
            f"gt/ is missing in {folder}; MESED's layout has gt/CLASS.txt with "
            "`id<TAB>name<TAB>1` a line, or give eid2cls.json"
        )
    if not (folder / "query").is_dir():
        raise MesedFormatError(
            f"query/ is missing in {folder}; MESED's layout has query/CLASS.txt with three seed "
            "ids a line (the folder may be empty)"
        )


def _read_entities(folder: Path, aside: Aside) -> tuple[Entity, ...]:
    names: dict[int, str] = {}
    for number, text in text_lines(folder / "entity2id.txt", "entity2id.txt", aside):
        name, _, digits = text.rpartition("\t")
        entity = entity_id(digits)
        if entity is None or not name.strip() or not storable(name):
            aside.put("entity2id.txt", number, "not `name<TAB>id`; the line was set aside")
        elif entity in names:
            aside.put("entity2id.txt", number, f"id {entity} stands here twice; the first is kept")
        else:
            names[entity] = name
    if not names:
        raise MesedFormatError(f"{folder / 'entity2id.txt'} names no entity; is it the right file?")
    found = {entity: Entity(entity, name) for entity, name in names.items()}
    found.update(_read_entity_sidecar(folder / "entities.jsonl", names, aside))
    return tuple(found[entity] for entity in names)


def _read_entity_sidecar(
    path: Path, names: dict[int, str], aside: Aside
) -> Iterator[tuple[int, Entity]]:
    if not path.is_file():
        return
    for number, line in json_lines(path, path.name, aside):
        entity = entity_id(line.get("id"))
        aliases = line.get("aliases", [])
        role = line.get("role", ROLES[0])
        reference = line.get("reference_image")
        if entity not in names or entity is None:
            reason = f"entity {line.get('id')!r} is not in entity2id.txt"
        elif not isinstance(aliases, list) or not all(storable(a) and a.strip() for a in aliases):
            reason = "aliases must be a list of names"
        elif role not in ROLES:
            reason = f"role {role!r} is none of {', '.join(ROLES)}"
        elif reference is not None and not storable(reference):
            reason = "reference_image must be a path"
        else:
            yield entity, Entity(entity, names[entity], tuple(aliases), role, reference or None)
            continue
        aside.put(path.name, number, f"{reason}; the line was set aside")


def _read_members(folder: Path, known: set[int], aside: Aside) -> dict[str, tuple[int, ...]]:
    """Fine class → ids. gt/ decides; a class that stands only in eid2cls.json is taken from it."""
    members = {
        path.name.removesuffix(".txt"): tuple(_read_gt(path, known, aside))
        for path in _class_files(folder / "gt", aside)
    }
    if (folder / "eid2cls.json").is_file():
        listed = _read_eid2cls(folder / "eid2cls.json", known, aside)
        for name in sorted(listed.keys() | members.keys()):
            ids = listed.get(name, [])
            if name not in members:
                members[name] = tuple(ids)
            elif odd := set(ids) ^ set(members[name]):
                reason = (
                    f"{name} differs from gt/{name}.txt at ids {sorted(odd)[:5]}; gt/ was taken"
                )
                aside.put("eid2cls.json", 0, reason)
    return members


def _class_files(folder: Path, aside: Aside) -> Iterator[Path]:
    """The folder's CLASS.txt files by name; a name that is not UTF-8 is set aside."""
    for path in sorted(folder.glob("*.txt")):
        if storable(path.name):
            yield path
        else:
            aside.put(f"{folder.name}/{path.name!a}", 0, "its name is not UTF-8; set aside")


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


def _read_eid2cls(path: Path, known: set[int], aside: Aside) -> dict[str, list[int]]:
    listed: dict[str, list[int]] = {}
    for key, names in json_file(path).items():
        entity = entity_id(key)
        if entity not in known or entity is None or not isinstance(names, list):
            aside.put(path.name, 0, f"{key!r} is no entity's list of classes; it was set aside")
            continue
        for name in names:
            if storable(name) and name.strip() and name != BACKGROUND:
                listed.setdefault(name, []).append(entity)
    return listed


def _read_schema(
    folder: Path, members: dict[str, tuple[int, ...]], aside: Aside
) -> tuple[SemanticClass, ...]:
    """Classes in schema order; those that the schema leaves out follow by name, without levels."""
    found: dict[str, SemanticClass] = {}
    path = folder / "schema.json"
    if path.is_file():
        for fine, middle, coarse in _schema_rows(path):
            if fine not in members:
                aside.put(path.name, 0, f"class {fine} has no members in gt/; it was left out")
            elif fine in found:
                aside.put(path.name, 0, f"class {fine} stands here twice; the first is kept")
            else:
                found[fine] = SemanticClass(fine, middle, coarse)
    rest = [SemanticClass(name) for name in sorted(members) if name not in found]
    return (*found.values(), *rest)


def _schema_rows(path: Path) -> Iterator[tuple[str, str, str]]:
    for coarse, middles in json_file(path).items():
        if not isinstance(middles, dict):
            raise MesedFormatError(f"{path}: {coarse!r} must hold middle → list of fine classes")
        for middle, fines in middles.items():
            if not isinstance(fines, list) or not all(map(storable, (coarse, middle, *fines))):
                raise MesedFormatError(f"{path}: {middle!r} must hold a list of fine classes")
            yield from ((fine, middle, coarse) for fine in fines)


def _read_queries(
    folder: Path, classes: Sequence[str], known: set[int], aside: Aside
) -> tuple[Query, ...]:
    queries: list[Query] = []
    for name in QUERY_FOLDERS.values():
        for path in _class_files(folder / name, aside):
            if path.name.removesuffix(".txt") not in classes:
                aside.put(f"{name}/{path.name}", 0, "no class of this name; the file was set aside")
    for class_name in classes:
        for seed_count, name in QUERY_FOLDERS.items():
            path = folder / name / f"{class_name}.txt"
            if path.is_file():
                seeds = _read_seeds(path, f"{name}/{path.name}", seed_count, known, aside)
                queries += (Query(class_name, index, ids) for index, ids in enumerate(seeds))
    return tuple(queries)


def _read_seeds(
    path: Path, name: str, seed_count: int, known: set[int], aside: Aside
) -> Iterator[tuple[int, ...]]:
    for number, text in text_lines(path, name, aside):
        if text.strip() == "EXIT":
            return
        seeds = [entity_id(word) for word in text.split()]
        ids = tuple(seed for seed in seeds if seed is not None)
        if len(ids) != len(seeds) or len(set(ids)) != seed_count or len(ids) != seed_count:
            aside.put(name, number, f"not {seed_count} different ids; the query was set aside")
        elif unknown := set(ids) - known:
            reason = f"seed {min(unknown)} is not in entity2id.txt; the query was set aside"
            aside.put(name, number, reason)
        else:
            yield ids


def write_folder(records: CorpusRecords, folder: Path, replace: bool = False) -> None:
    """Write a corpus as a MESED folder with its sidecars; images stay where they are.

    Reading it gives the same corpus, with sentences numbered from 1 and classes in schema order.
    Raises `MesedFormatError` where the layout cannot hold a name, and when `folder` holds a corpus
    already, unless `replace`: then its files, and those in gt/ and the query folders, are replaced.
    """
    if (folder / "entity2id.txt").exists() and not replace:
        raise MesedFormatError(f"{folder} holds a corpus already; name an empty folder")
    if isinstance(records.sentences, SentenceStream) and records.sentences.reads(folder):
        raise MesedFormatError(f"{folder} cannot be read and written at once; name another folder")
    _refuse_unwritable(records)
    for name in ("gt", *QUERY_FOLDERS.values()):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for old in (folder / name).glob("*.txt"):
            old.unlink()
    _write_entities(records, folder)
    _write_classes(records, folder)
    for seed_count, name in QUERY_FOLDERS.items():
        _write_queries(records, folder / name, seed_count)
    write_sentences(records.sentences, folder)


def _refuse_unwritable(records: CorpusRecords) -> None:
    for entity in records.entities:
        if not entity.name.strip() or any(mark in entity.name for mark in "\t\r\n"):
            raise MesedFormatError(
                f"entity {entity.id}: the layout cannot hold the name {entity.name!r}; "
                "take tabs and line breaks out of it"
            )
    for name in records.members:
        if name in ("", BACKGROUND) or any(mark in name for mark in "/\\:\0\r\n"):
            raise MesedFormatError(f"class {name!r} cannot name a file; rename it")
    for query in records.queries:
        if len(query.seeds) not in QUERY_FOLDERS:
            raise MesedFormatError(
                f"query {query.index} of {query.class_name} has {len(query.seeds)} seeds; "
                "the layout has room for 3 and 5"
            )


def _write_text(path: Path, lines: Sequence[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")


def _write_entities(records: CorpusRecords, folder: Path) -> None:
    _write_text(folder / "entity2id.txt", [f"{e.name}\t{e.id}" for e in records.entities])
    extra = [e for e in records.entities if e != Entity(e.id, e.name)]
    rows = [
        {"id": e.id, "aliases": e.aliases, "role": e.role, "reference_image": e.reference_image}
        for e in extra
    ]
    _write_text(folder / "entities.jsonl", [json.dumps(row, ensure_ascii=False) for row in rows])
    if not rows:
        (folder / "entities.jsonl").unlink()


def _write_classes(records: CorpusRecords, folder: Path) -> None:
    name_of = {entity.id: entity.name for entity in records.entities}
    classes_of: dict[int, list[str]] = {entity.id: [] for entity in records.entities}
    schema: dict[str, dict[str, list[str]]] = {}
    for c in records.classes:
        schema.setdefault(c.coarse, {}).setdefault(c.middle, []).append(c.name)
        ids = records.members.get(c.name, ())
        _write_text(folder / "gt" / f"{c.name}.txt", [f"{e}\t{name_of[e]}\t1" for e in ids])
        for entity in ids:
            classes_of[entity].append(c.name)
    listed = {str(entity): names or [BACKGROUND] for entity, names in classes_of.items()}
    for file, value, indent in (("eid2cls.json", listed, 0), ("schema.json", schema, 1)):
        text = json.dumps(value, ensure_ascii=False, indent=indent)
        (folder / file).write_text(text, encoding="utf-8", newline="\n")


def _write_queries(records: CorpusRecords, folder: Path, seed_count: int) -> None:
    for c in records.classes:
        queries = [q for q in records.queries if q.class_name == c.name]
        queries = sorted((q for q in queries if len(q.seeds) == seed_count), key=lambda q: q.index)
        if queries:
            lines = [" ".join(map(str, query.seeds)) for query in queries]
            _write_text(folder / f"{c.name}.txt", [*lines, "EXIT"])
