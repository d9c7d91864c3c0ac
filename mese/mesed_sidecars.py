"""The optional files beside a MESED folder: what the authors' layout has no room for.

entities.jsonl brings aliases, roles and reference images, images.jsonl what is known of an image
beside its bytes, scorers.json who scored candidates and how (candidates.jsonl has the scores).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mese.corpus import ROLES, Entity, ImageFacts, Scorer
from mese.mesed_lines import (
    Aside,
    entity_id,
    json_file,
    json_lines,
    name_fault,
    readable,
    storable,
    storable_json,
)

ENTITIES = "entities.jsonl"
IMAGES = "images.jsonl"
SCORERS = "scorers.json"
MAX_ALIASES = 1_000
SHA256 = re.compile("[0-9a-f]{64}")


def read_entity_sidecar(
    folder: Path, names: Mapping[int, str], aside: Aside
) -> Iterator[tuple[int, Entity]]:
    """(id, entity) for the lines of entities.jsonl, if it is there."""
    if not readable(folder / ENTITIES, ENTITIES, aside):
        return
    for number, line in json_lines(folder / ENTITIES, ENTITIES, aside):
        entity = entity_id(line.get("id"))
        fault = _entity_fault(line, entity, names)
        if fault or entity is None:
            aside.put(ENTITIES, number, f"{fault}; the line was set aside")
            continue
        aliases = tuple(dict.fromkeys(line.get("aliases", [])))
        role, reference = line.get("role", ROLES[0]), line.get("reference_image")
        yield entity, Entity(entity, names[entity], aliases, role, reference or None)


def _entity_fault(
    line: Mapping[str, Any], entity: int | None, names: Mapping[int, str]
) -> str | None:
    aliases, role = line.get("aliases", []), line.get("role", ROLES[0])
    reference = line.get("reference_image")
    if entity is None or entity not in names:
        return f"entity {line.get('id')!r:.40} is not in entity2id.txt"
    if not isinstance(aliases, list) or len(aliases) > MAX_ALIASES or any(map(_no_alias, aliases)):
        return f"aliases must be a list of names, {MAX_ALIASES:,} at most"
    if not isinstance(role, str) or role not in ROLES:
        return f"role {role!r:.40} is none of {', '.join(ROLES)}"
    if reference is not None and not storable(reference):
        return "reference_image must be a path"
    return None


def _no_alias(name: object) -> bool:
    return name_fault(name) is not None


def write_entity_sidecar(entities: Iterable[Entity], folder: Path) -> None:
    """Write entities.jsonl for the entities that have more than a name, if there are any."""
    rows = [
        {"id": e.id, "aliases": e.aliases, "role": e.role, "reference_image": e.reference_image}
        for e in entities
        if e != Entity(e.id, e.name)
    ]
    write_rows(rows, folder / ENTITIES)


class ImageStream:
    """The lines of images.jsonl, read anew from the disk at each walk."""

    def __init__(self, folder: Path, strict: bool) -> None:
        self._path = folder / IMAGES
        self.aside = Aside(strict)

    def __iter__(self) -> Iterator[ImageFacts]:
        self.aside.clear()
        if not readable(self._path, IMAGES, self.aside):
            return
        for number, line in json_lines(self._path, IMAGES, self.aside):
            fault = _image_fault(line)
            if fault:
                self.aside.put(IMAGES, number, f"{fault}; the line was set aside")
            else:
                facts = (line.get(key) or None for key in ("sha256", "url", "licence"))
                yield ImageFacts(line["path"], *facts)


def _image_fault(line: Mapping[str, Any]) -> str | None:
    path, sha256 = line.get("path"), line.get("sha256")
    if not storable(path) or not path:
        return "path must be a path below the image root"
    if sha256 is not None and not (isinstance(sha256, str) and SHA256.fullmatch(sha256)):
        return "sha256 must be 64 of 0-9 and a-f, or null"
    for key in ("url", "licence"):
        if line.get(key) is not None and not storable(line[key]):
            return f"{key} must be text or null"
    return None


def write_images(images: Iterable[ImageFacts], folder: Path) -> None:
    """Write images.jsonl for the images of which anything is known, if there are any."""
    rows = (
        {"path": i.path, "sha256": i.sha256, "url": i.url, "licence": i.licence}
        for i in images
        if i.sha256 or i.url or i.licence
    )
    write_rows(rows, folder / IMAGES)


def read_scorers(folder: Path, aside: Aside) -> tuple[Scorer, ...]:
    """The scorers of scorers.json, by name; none where it is not there."""
    if not readable(folder / SCORERS, SCORERS, aside):
        return ()
    found = []
    for name, settings in sorted(json_file(folder / SCORERS).items()):
        fault = name_fault(name)
        if fault or not isinstance(settings, dict) or not storable_json(settings):
            reason = fault or "its settings must be an object without NUL or lone surrogates"
            aside.put(SCORERS, 0, f"scorer {name[:60]!a}: {reason}; it was set aside")
        else:
            found.append(Scorer(name, settings))
    return tuple(found)


def write_scorers(scorers: Sequence[Scorer], folder: Path) -> None:
    """Write scorers.json, if anything was scored."""
    if scorers:
        value = {scorer.name: dict(scorer.settings) for scorer in scorers}
        text = json.dumps(value, ensure_ascii=False, indent=1)
        (folder / SCORERS).write_text(text + "\n", encoding="utf-8", newline="\n")
    else:
        (folder / SCORERS).unlink(missing_ok=True)


def write_rows(rows: Iterable[Mapping[str, Any]], path: Path) -> None:
    """One JSON object a line; no file where there is no row."""
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        for row in rows:
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")
    if path.stat().st_size == 0:
        path.unlink()
