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

from mese.bounds import (
    MAX_LICENCE,
    MAX_URL,
    entity_id,
    name_fault,
    path_fault,
    storable_json,
    text_fault,
)
from mese.corpus import ROLES, Entity, ImageFacts, Scorer
from mese.mesed_lines import json_file, json_lines, readable
from mese.setting_aside import Aside

ENTITIES = "entities.jsonl"
IMAGES = "images.jsonl"
SCORERS = "scorers.json"
MAX_ALIASES = 1_000
KNOWN = ("sha256", "url", "licence")
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
    if not isinstance(aliases, list) or len(aliases) > MAX_ALIASES:
        return f"aliases must be a list of names, {MAX_ALIASES:,} at most"
    for alias in aliases:
        if fault := name_fault(alias):
            return f"alias {alias!r:.40}: {fault}"
    if not isinstance(role, str) or role not in ROLES:
        return f"role {role!r:.40} is none of {', '.join(ROLES)}"
    fault = None if reference is None else path_fault(reference)
    return f"reference_image: {fault}" if fault else None


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
            said = [line.get(key) for key in KNOWN]
            if fault := image_fault(ImageFacts(line.get("path", ""), *said)):
                self.aside.put(IMAGES, number, f"{fault}; the line was set aside")
            else:
                yield ImageFacts(line["path"], *(value or None for value in said))


def image_fault(facts: ImageFacts) -> str | None:
    """Why the store cannot keep what is said of an image, or None."""
    sha256 = facts.sha256
    if sha256 is not None and not (isinstance(sha256, str) and SHA256.fullmatch(sha256)):
        return "sha256 must be 64 of 0-9 and a-f, or null"
    return (
        path_fault(facts.path or None)
        or text_fault("url", facts.url, MAX_URL)
        or text_fault("licence", facts.licence, MAX_LICENCE)
    )


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
        if fault := scorer_fault(name, settings):
            aside.put(SCORERS, 0, f"scorer {name[:30]!a}: {fault}; it was set aside")
        else:
            found.append(Scorer(name, settings))
    return tuple(found)


def scorer_fault(name: object, settings: object) -> str | None:
    """Why the store cannot keep a scorer, or None."""
    if fault := name_fault(name):
        return fault
    if not isinstance(settings, dict) or not storable_json(settings):
        return "its settings must be an object without NUL or lone surrogates"
    return None


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
