"""The authors' folder layout, in and out: MESED's files, and the sidecars of the house plan.

The layout is that of github.com/THUKElab/MESED (specs/dataset_pipeline.md, "Artefacts"):
entity2id.txt, sentences.json with one JSON object a line, query/ and query_seed=5/, gt/,
eid2cls.json or .pkl. schema.json, entities.jsonl, images.jsonl, candidates.jsonl and scorers.json
stand beside it and are optional (docs/mesed-folders.md). A malformed line never stops the reading:
it is set aside with its file, line and reason.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from mese.bounds import MAX_NAME, entity_id, name_fault, storable
from mese.corpus import CorpusRecords, Entity
from mese.mesed_classes import (
    EID2CLS,
    EID2CLS_PICKLE,
    QUERY_FOLDERS,
    class_fault,
    read_members,
    read_queries,
    read_schema,
)
from mese.mesed_layout import files_to_write, layout_of
from mese.mesed_lines import text_lines
from mese.mesed_sentences import SENTENCES, SentenceStream, write_sentences
from mese.mesed_sidecars import (
    ImageStream,
    read_entity_sidecar,
    read_scorers,
    write_entity_sidecar,
    write_images,
    write_scorers,
)
from mese.mesed_style import LineStyle, style_of
from mese.new_folder import CORPUS as NAMES
from mese.new_folder import written_beside
from mese.setting_aside import Aside, MesedFormatError, SetAside

__all__ = ["MesedFolder", "MesedFormatError", "SetAside", "read_folder", "write_folder"]


@dataclass(frozen=True)
class MesedFolder:
    """A folder that was read: its records, and what was set aside in it.

    Sentences and images stream from the disk each time they are walked; what is set aside among
    them is known once the walk is over.
    """

    records: CorpusRecords
    _small_files: Aside
    _sentences: SentenceStream
    _images: ImageStream

    @property
    def set_aside(self) -> tuple[SetAside, ...]:
        return (*self._small_files.all(), *self._images.aside.all(), *self._sentences.aside.all())


def read_folder(
    folder: Path,
    image_root: Path | None = None,
    strict: bool = False,
    told: Callable[[int], None] | None = None,
) -> MesedFolder:
    """Read a MESED folder; images lie below `image_root`, which is the folder itself by default.

    Raises `MesedFormatError` when a necessary file is missing or unreadable as a whole, and, with
    `strict`, at the first line that would be set aside (for sentences: while they are walked).
    `told` hears how many lines of the other files were read, and stops the reading by what it
    raises.
    """
    _require_layout(folder)
    aside = Aside(strict, told)
    if not (folder / QUERY_FOLDERS[3]).is_dir():
        aside.put("query/", 0, "not there, so the corpus has no queries of 3 seeds")
    entities = _read_entities(folder, aside)
    known = {entity.id for entity in entities}
    members = read_members(folder, known, aside)
    classes = read_schema(folder, members, aside)
    scorers = read_scorers(folder, aside)
    style = style_of(folder / SENTENCES)
    sentences = SentenceStream(folder, strict, style, {scorer.name for scorer in scorers})
    images = ImageStream(folder, strict)
    records = CorpusRecords(
        name=_name_of(folder),
        entities=entities,
        classes=classes,
        members=members,
        queries=read_queries(folder, [c.name for c in classes], known, aside),
        sentences=sentences,
        image_root=image_root or folder,
        images=images,
        scorers=scorers,
    )
    layout = layout_of(folder, records, {item.file for item in aside.items}, style)
    return MesedFolder(replace(records, layout=layout), aside, sentences, images)


def _name_of(folder: Path) -> str:
    """The folder's name, fit for a store: letters that are not UTF-8 are shown by their codes."""
    name = folder.resolve().name or "corpus"
    return name if storable(name) else ascii(name).strip("'\"")[:MAX_NAME]


def _require_layout(folder: Path) -> None:
    if not folder.is_dir():
        raise MesedFormatError(
            f"{folder} is not a folder; name the folder that holds entity2id.txt"
        )
    for name, what in ((NAMES, "one `name<TAB>id` a line"), (SENTENCES, "one JSON object a line")):
        if not (folder / name).is_file():
            raise MesedFormatError(f"{name} is missing in {folder}; MESED's layout has it: {what}")
    if not any((folder / "gt").glob("*.txt")) and not any(
        (folder / name).is_file() for name in (EID2CLS, EID2CLS_PICKLE)
    ):
        raise MesedFormatError(
            f"gt/ is missing in {folder}; MESED's layout has gt/CLASS.txt with "
            "`id<TAB>name<TAB>1` a line, or give eid2cls.json or eid2cls.pkl"
        )


def _read_entities(folder: Path, aside: Aside) -> tuple[Entity, ...]:
    names: dict[int, str] = {}
    for number, text in text_lines(folder / NAMES, NAMES, aside):
        name, tab, digits = text.rpartition("\t")
        entity = entity_id(digits)
        if entity is None or not tab or not name.strip():
            aside.put(NAMES, number, "not `name<TAB>id`; the line was set aside")
        elif fault := name_fault(name):
            aside.put(NAMES, number, f"{fault}; the line was set aside")
        elif entity in names:
            aside.put(NAMES, number, f"id {entity} stands here twice; the first is kept")
        else:
            names[entity] = name
    if not names:
        raise MesedFormatError(f"{folder / NAMES} names no entity; is it the right file?")
    found = {entity: Entity(entity, name) for entity, name in names.items()}
    found.update(read_entity_sidecar(folder, names, aside))
    return tuple(found[entity] for entity in names)


def write_folder(records: CorpusRecords, folder: Path, replace: bool = False) -> None:
    """Write a corpus as a MESED folder with its sidecars; images stay where they are.

    Reading it gives the same corpus, with sentences numbered from 1 and classes in schema order.
    The folder appears whole or not at all. Raises `MesedFormatError` where the layout cannot hold
    a name, and when `folder` holds anything already, unless `replace`: then its own files are
    replaced where they are, and what else lies in it stays.
    """
    if isinstance(records.sentences, SentenceStream) and records.sentences.reads(folder):
        raise MesedFormatError(f"{folder} cannot be read and written at once; name another folder")
    refuse_unwritable(records)
    if replace:
        folder.mkdir(parents=True, exist_ok=True)
        write_into(folder, records)
        return
    with written_beside(folder) as part:
        write_into(part, records)


def refuse_unwritable(records: CorpusRecords) -> None:
    """Raise `MesedFormatError` where the layout cannot hold a name of the corpus."""
    for entity in records.entities:
        if fault := name_fault(entity.name):
            raise MesedFormatError(
                f"entity {entity.id}: the layout cannot hold the name {entity.name[:60]!r} "
                f"({fault}); rename it"
            )
    for name in records.members:
        if fault := class_fault(name):
            raise MesedFormatError(f"class {name[:60]!r} cannot name a file ({fault}); rename it")
    for query in records.queries:
        if len(query.seeds) not in QUERY_FOLDERS:
            raise MesedFormatError(
                f"query {query.index} of {query.class_name} has {len(query.seeds)} seeds; "
                "the layout has room for 3 and 5"
            )


def write_into(folder: Path, records: CorpusRecords) -> None:
    """Write all files of a corpus into a folder; of the layout's, what is there is replaced."""
    for name in ("gt", *QUERY_FOLDERS.values()):
        (folder / name).mkdir(exist_ok=True)
        for old in (folder / name).glob("*.txt"):
            old.unlink()
    (folder / EID2CLS_PICKLE).unlink(missing_ok=True)
    for name, content in files_to_write(records).items():
        (folder / name).write_bytes(content)
    write_entity_sidecar(records.entities, folder)
    write_scorers(records.scorers, folder)
    write_images(records.images, folder)
    write_sentences(records.sentences, folder, LineStyle.of_layout(records.layout))
