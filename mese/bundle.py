"""The bundle: one folder with all that expansion needs, and nothing that can run code.

    bundle.json              format, name, preset, model configuration, corpus fingerprint
    vocabulary.json          the V entities in index order: id, name, aliases, classes
    card.md                  the model card: metrics and the command that made it
    model.json               the shapes that the weights fit
    weights.safetensors      the model
    backbone.safetensors     the image backbone whose patch features the model reads
    tokenizer.json           its tokenizer
    index-<modality>.safetensors   mean distributions, one file a modality

Index files are memory-mapped, so that opening a bundle costs no more than reading two JSON files.
A bundle that ships with text and image together finds its other indexes, its *views*, in a folder
of the user's (MESE_HOME/views/<stamp>), where `train.views` puts them.
Classes stand in the vocabulary for display only; no method reads them.
"""

from __future__ import annotations

import hashlib
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mese.bundle_json import FORMAT, check_meta, entities_of, read_bounded, read_json
from mese.corpus import MODALITIES, Entity
from mese.index import EntityIndex
from mese.index_file import (
    MEND,
    BundleError,
    check_index,
    index_file,
    mark_of,
    read_index,
    write_index,
)
from mese.publishing import write_json

SHIPPED = Path(__file__).parent / "demo" / "bundle"
"""The bundle that comes with MESE Studio, trained on the embedded corpus."""

STAMPED = ("bundle.json", "vocabulary.json")
"""The files that a bundle's stamp is made of, in this order."""


class NoBundle(BundleError):
    """No bundle at hand fits the corpus: the mend is to train one."""


@dataclass(frozen=True)
class Bundle:
    """An opened bundle. `meta` is bundle.json; `entities` stand in index order."""

    folder: Path
    meta: Mapping[str, Any]
    entities: tuple[Entity, ...]
    classes: tuple[tuple[str, ...], ...]
    stamp: str
    """Hex sha256 of bundle.json and vocabulary.json: which bundle this is, exactly."""
    views: Path | None = None
    """Where indexes lie that `folder` lacks; the folder need not be there yet."""

    @classmethod
    def open(cls, folder: Path, views: Path | None = None) -> Bundle:
        """Read a bundle's two JSON files; raises `BundleError`.

        `views` is a folder with a folder for each bundle, named by its `stamp`.
        """
        meta, meta_bytes = read_json(folder / "bundle.json")
        check_meta(meta, folder / "bundle.json")
        rows, row_bytes = read_json(folder / "vocabulary.json")
        entities, classes = entities_of(rows, folder / "vocabulary.json")
        stamp = hashlib.sha256(meta_bytes + row_bytes).hexdigest()
        return cls(folder, meta, entities, classes, stamp, views / stamp if views else None)

    @property
    def name(self) -> str:
        return str(self.meta.get("name", self.folder.name))

    @cached_property
    def position_of(self) -> dict[int, int]:
        """Entity id → row of the index."""
        return {entity.id: position for position, entity in enumerate(self.entities)}

    @property
    def modalities(self) -> tuple[str, ...]:
        """The modalities whose index is at hand now: views may be made while the bundle is open."""
        return tuple(m for m in MODALITIES if self._index_path(m).is_file())

    @property
    def missing(self) -> tuple[str, ...]:
        """The modalities that the bundle could be represented under and is not.

        A bundle without text and image together was made from a corpus without images.
        """
        have = self.modalities
        return tuple(m for m in MODALITIES if m not in have) if MODALITIES[0] in have else ()

    @property
    def lost(self) -> str | None:
        """What the bundle was written with and has lost, where a less full index answers for it."""
        written = self.meta.get("indexes", {})
        # What is no file may still lie in its place: a folder, or a link to nothing.
        had = (m for m in MODALITIES if m in written or os.path.lexists(self._index_path(m)))
        first = next(had, None)
        return first if first not in self.modalities else None

    def _index_path(self, modality: str) -> Path:
        own = index_file(self.folder, modality)
        return own if self.views is None or own.is_file() else index_file(self.views, modality)

    def index(self, modality: str = "text+image") -> EntityIndex:
        """The memory-mapped index of a modality; raises `BundleError` when it is not there."""
        path = self._index_path(modality)
        if modality not in MODALITIES or not path.is_file():
            self.check_unchanged()  # while it is written again it has none for a moment
            have = ", ".join(self.modalities) or "none"
            raise BundleError(
                f"bundle {self.name!r} has no {modality!r} representation (it has: {have}); "
                f"make it with `{self.mend}`"
            )
        index = read_index(path, len(self.entities))
        self.check_unchanged()
        self._check_own(modality, path, index)
        return index

    def _check_own(self, modality: str, path: Path, index: EntityIndex) -> None:
        """Refuse an index that is not the one that was written with bundle.json.

        A view has no mark there, nor has an index of a bundle made before marks were kept.
        """
        wanted = self.meta.get("indexes", {}).get(modality)
        if path.parent == self.folder and wanted is not None and wanted != mark_of(index):
            raise BundleError(
                f"{path} is not the index that was written with this bundle: it was written over, "
                f"or is another bundle's; {MEND}"
            )

    def index_facts(self, modality: str) -> tuple[int, ...]:
        """A modality's index file, first its number, and what changes when it is written over.

        Empty where it is not there.
        """
        try:
            facts = self._index_path(modality).stat()
        except OSError:
            return ()
        return facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns

    def check_index(self) -> None:
        """Raise `BundleError` where the index that answers by default cannot be opened."""
        modality = next(iter(self.modalities), MODALITIES[0])
        check_index(self._index_path(modality), len(self.entities))

    def check_unchanged(self) -> None:
        """Raise `BundleError` if another bundle has been written here since this one was opened.

        Whoever opens a file of the folder later asks afterwards: what was opened is then this
        bundle's, for bundle.json goes before the files are replaced and comes back after them.
        """
        try:
            content = [read_bounded(self.folder / name) for name in STAMPED]
        except (OSError, ValueError):
            content = []
        if not content:
            raise BundleError(
                f"bundle {self.name!r} is being written again, or was removed ({self.folder} is "
                "not whole); reload the page in a moment"
            )
        if hashlib.sha256(b"".join(content)).hexdigest() != self.stamp:
            raise BundleError(
                f"{self.folder} was written again since bundle {self.name!r} was opened; "
                "open it anew (reload the page)"
            )

    @property
    def mend(self) -> str:
        """The command that makes the indexes that the bundle lacks."""
        if not self.missing:
            return "python -m train represent --name NAME"
        shown = "demo" if self.folder == SHIPPED else shlex.quote(str(self.folder))
        return f"python -m train represent --bundle {shown}"

    def mismatch(self, names: Mapping[int, str]) -> str | None:
        """Why this bundle does not fit a corpus with these entities, or None if it does.

        Every entity that the bundle ranks must be in the corpus under the same id and name.
        """
        wrong = [e for e in self.entities if names.get(e.id) != e.name]
        if not wrong:
            return None
        first = wrong[0]
        here = names.get(first.id)
        place = f"is {here!r} there" if here is not None else "is not there"
        return (
            f"bundle {self.name!r} was made for another corpus: {len(wrong)} of its "
            f"{len(self.entities)} entities differ from the store (entity {first.id}, "
            f"{first.name!r}, {place})"
        )


def find_bundle(bundles: Path, wanted: str, names: Mapping[int, str]) -> Path:
    """The folder of the bundle that the app should use for a corpus with entities `names`.

    `wanted` is a name below `bundles` or a folder; empty means the newest that fits, then the
    shipped one. Raises `BundleError` with the reason and the next step, `NoBundle` where none fits.
    """
    if wanted:
        folder = locate(bundles, wanted)
        reason = Bundle.open(folder).mismatch(names)
        if reason:
            raise BundleError(f"{reason}. Train one for it: `python -m train fit --name NAME`")
        return folder
    broken, damaged = [], []
    for folder in [*_newest_first(bundles), SHIPPED]:
        try:
            bundle = Bundle.open(folder)
        except BundleError as error:
            broken.append(error)  # and may be one for another corpus
            continue
        if bundle.mismatch(names) is None:
            try:
                bundle.check_index()
                return folder
            except BundleError as error:
                damaged.append(error)  # one that is older, and whole, is better
    if damaged:
        raise damaged[0]
    also = f". One cannot be read: {broken[0]}" if broken else ""
    raise NoBundle(
        "no trained bundle fits this corpus yet. Make one: `python -m train fit --name NAME`, "
        f"then `python -m train represent --name NAME`{also}"
    )


def locate(bundles: Path, wanted: str) -> Path:
    """A bundle's folder from its name, a path, or `demo` for the shipped one."""
    # `is_file` raises for a name that no file system takes.
    nameable = len(os.fsencode(wanted)) < 256
    for folder in (bundles / wanted, Path(wanted)):
        if nameable and (folder / "bundle.json").is_file():
            return folder
    if wanted == "demo":
        return SHIPPED
    if nameable and (bundles / wanted / "bundle.json").exists():
        raise BundleError(f"{bundles / wanted / 'bundle.json'} is not a file; {MEND}")
    if nameable and (bundles / wanted / "vocabulary.json").is_file():
        raise BundleError(
            f"bundle {wanted!r} is being written, or was left unfinished (bundle.json is missing "
            f"in {bundles / wanted}); try again in a moment, or {MEND}"
        )
    have = sorted(folder.name for folder in _newest_first(bundles))
    listing = f"; there are: {', '.join([*have, 'demo (ours)'])}"
    raise BundleError(f"there is no bundle {wanted!r} in {bundles} and no such folder{listing}")


def _newest_first(bundles: Path) -> list[Path]:
    written: dict[Path, float] = {}
    for path in bundles.glob("*/bundle.json"):
        try:
            written[path.parent] = path.stat().st_mtime
        except FileNotFoundError:
            continue  # it is being removed or written anew
    return sorted(written, key=written.__getitem__, reverse=True)


def write_vocabulary(
    folder: Path, entities: Sequence[Entity], classes: Sequence[Sequence[str]]
) -> None:
    """Write vocabulary.json; `classes[i]` are the fine classes of `entities[i]`."""
    rows = [
        {"id": e.id, "name": e.name, "aliases": list(e.aliases), "classes": list(names)}
        for e, names in zip(entities, classes, strict=True)
    ]
    write_json(folder / "vocabulary.json", rows)


def write_bundle(
    folder: Path,
    meta: Mapping[str, Any],
    entities: Sequence[Entity],
    classes: Sequence[Sequence[str]],
    indexes: Mapping[str, EntityIndex],
) -> Bundle:
    """Write a bundle's vocabulary and indexes, and bundle.json last: what has it is complete."""
    clear(folder)
    write_vocabulary(folder, entities, classes)
    for modality, index in indexes.items():
        write_index(folder, modality, index)
    marks = {modality: mark_of(index) for modality, index in indexes.items()}
    write_json(folder / "bundle.json", {"format": FORMAT, **meta, "indexes": marks})
    return Bundle.open(folder)


def clear(folder: Path) -> None:
    """Make a folder no bundle, before its files are replaced: bundle.json and its indexes go.

    An index that stayed would pass for one of the next bundle, whatever model made it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bundle.json").unlink(missing_ok=True)
    for modality in MODALITIES:
        index_file(folder, modality).unlink(missing_ok=True)
