"""A corpus into the store: judged line by line, staged beside it, poured in in one transaction.

Nothing is written to the store until all of the corpus has been read, so whatever fails, or is
stopped, leaves it as it was. What does not fit the corpus (a span outside its sentence, an entity
that is not there) is set aside with its place and reason.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from operator import length_hint
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.accounts import Role, User, check, open_mode_user
from db.copying import copy_images
from db.differing import Difference, Survey
from db.exporting import stored_records
from db.images import Progress
from db.judging import Judge, Step
from db.models import StoredCorpus, StoredImage
from db.pouring import empty, pour
from db.second_look import SecondLook, readable_paths
from db.staging import STAGED, Staged, stage, staged_rows, workplace
from db.store import Store, StoreError, store_faults
from mese.bounds import MAX_NAME, storable
from mese.corpus import CorpusRecords
from mese.images import MAX_PIXELS
from mese.mesed_format import MesedFolder, read_folder
from mese.own_form import OwnCorpus, read_own_form
from mese.setting_aside import SetAside

SHOWN_DIFFERENCES = 6

READING = "Reading"
COPYING, STORING, LOOKING = "Copying images", "Storing tables", "Looking at images"
"""The stages before and after the sentences are read, as a progress bar names them."""

UNREADABLE = select(StoredImage.id).where(StoredImage.problem.is_not(None)).limit(1)

Stages = Callable[[str, int, int], None]


def _silent(stage: str, done: int, of: int) -> None:
    """Nobody listens."""


class ImportRefused(StoreError):
    """The store cannot take this corpus; the message says why and what to do.

    `differences` says how it differs from the corpus that the store holds, if it holds one.
    """

    def __init__(self, message: str, differences: tuple[Difference, ...] = ()) -> None:
        super().__init__(message)
        self.differences = differences


@dataclass(frozen=True)
class ImportReport:
    """What an import did. `changed` is False where the store held all of it already.

    `left_root` is the image root of the corpus that was there before, where nothing in the store
    needs it any more. `locked_seconds` is how long it held the store's write lock. `not_hashed`
    says why its images were not all hashed afterwards, where that stopped.
    """

    name: str
    changed: bool
    entities: int = 0
    classes: int = 0
    queries: int = 0
    sentences: int = 0
    contexts: int = 0
    images: int = 0
    unreadable_images: int = 0
    set_aside: tuple[SetAside, ...] = ()
    replaced: str | None = None
    left_root: str | None = None
    locked_seconds: float = 0.0
    not_hashed: str | None = None


def hashing_stopped(why: str) -> str:
    """What is told when the import is done but the hashing after it is not."""
    return (
        f"the corpus is in the store; hashing its images stopped ({why}): `python -m db check` "
        "goes on"
    )


def utc_now() -> datetime:
    return datetime.now(UTC)


def read_path(
    path: Path, image_root: Path | None = None, strict: bool = False, stages: Stages = _silent
) -> MesedFolder | OwnCorpus:
    """What lies at `path`: a MESED folder, or a CSV or JSONL file of the simple form.

    `stages` hears of the lines that were read, of an unknown number. Raises `MesedFormatError`
    where it cannot be read as a whole.
    """
    read = read_folder if path.is_dir() else read_own_form
    return read(path, image_root, strict, lambda lines: stages(READING, lines, 0))


def import_path(
    store: Store,
    path: Path,
    *,
    image_root: Path | None = None,
    strict: bool = False,
    replace: bool = False,
    copy_to: Path | None = None,
    image_max_pixels: int = MAX_PIXELS,
    progress: Progress | None = None,
    stages: Stages = _silent,
    work_in: Path | None = None,
    read: MesedFolder | OwnCorpus | None = None,
    user: User | None = None,
) -> ImportReport:
    """Import what lies at `path`, as `import_records` does; raises as it and `read_path` do.

    `read` is what `read_path` gave for it, where that was asked before. The report also holds what
    the reading set aside.
    """
    check(user or open_mode_user(), Role.LEAD)
    read = read or read_path(path, image_root, strict, stages)
    report = import_records(
        store,
        read.records,
        source=str(path.resolve()).encode(errors="backslashreplace").decode(),
        strict=strict,
        replace=replace,
        copy_to=copy_to,
        image_max_pixels=image_max_pixels,
        progress=progress,
        stages=stages,
        work_in=work_in,
        user=user,
    )
    return _with_more(report, read.set_aside)


def _with_more(report: ImportReport, found: tuple[SetAside, ...]) -> ImportReport:
    return replace(report, set_aside=(*found, *report.set_aside))


def import_records(
    store: Store,
    records: CorpusRecords,
    *,
    source: str = "",
    strict: bool = False,
    replace: bool = False,
    copy_to: Path | None = None,
    image_max_pixels: int = MAX_PIXELS,
    progress: Progress | None = None,
    stages: Stages = _silent,
    work_in: Path | None = None,
    now: Callable[[], datetime] = utc_now,
    user: User | None = None,
) -> ImportReport:
    """Put a corpus into an empty store; images get their hashes later, by `hash_images`.

    Needs a lead, else raises `NotAllowed`; without a `user` it is whoever sits at this machine.

    The same corpus again changes nothing, except that images that had a problem, or lie below
    another image root now, are read anew. Another corpus raises `ImportRefused`, which says how it
    differs, unless `replace`: then it takes the place of the one that is there. So does another
    image root below which images would be lost that the store can read. `strict` raises
    `MesedFormatError` at the first line that would be set aside. Images stay where they are, or
    are copied below `copy_to`. `progress` gets the sentences done and their number, where known;
    `stages` hears of what comes before and after them: its name, how much is done, of how much (0
    where nobody knows). What either raises stops the import. Its working files lie beside a SQLite
    store's file, else below `work_in`, or among the system's temporary ones.
    """
    check(user or open_mode_user(), Role.LEAD)
    _refuse_unstorable(records)
    judged = Judge(records, strict)
    step = _counting(progress, length_hint(records.sentences) or None)
    held, most = _held(store), image_max_pixels
    given = _Import(store, records, source, judged, held, copy_to, most, step, stages, now)
    place = store.sqlite_file.parent if store.sqlite_file else work_in
    with workplace(place) as folder, store_faults(f"{folder.parent}, where an import works"):
        return _bring_in(given, folder, replace)


def _refuse_unstorable(records: CorpusRecords) -> None:
    if not storable(records.name) or not 1 <= len(records.name) <= MAX_NAME:
        named = f"{records.name[:60]!a} cannot be a corpus's name"
        raise ImportRefused(f"{named}; give it one of 1 to {MAX_NAME:,} letters without NUL")
    if not storable(str(records.image_root.resolve())):
        named = ascii(str(records.image_root))
        raise ImportRefused(f"the image folder's name {named} is not UTF-8; rename the folder")


@dataclass(frozen=True)
class _Held:
    """The corpus that a store holds before an import."""

    name: str
    source: str
    fingerprint: str
    image_root: str


def _held(store: Store) -> _Held | None:
    with store.read() as session:
        row = session.get(StoredCorpus, 1)
        return None if row is None else _Held(row.name, row.source, row.fingerprint, row.image_root)


@dataclass(frozen=True)
class _Import:
    """An import under way: what is to come in, where to, and who is told."""

    store: Store
    records: CorpusRecords
    source: str
    judged: Judge
    held: _Held | None
    copy_to: Path | None
    max_pixels: int
    step: Step
    stages: Stages
    now: Callable[[], datetime]

    def row(self, root: Path, fingerprint: str) -> StoredCorpus:
        """What the store's corpus row will say."""
        return StoredCorpus(
            id=1,
            name=self.records.name,
            source=self.source or self.records.name,
            image_root=str(root),
            fingerprint=fingerprint,
            imported_at=self.now(),
            layout=dict(self.records.layout) if self.records.layout else None,
        )

    def tell(self, stage: str) -> Callable[[int, int], None]:
        """What a walk tells how far it is, as this stage."""
        return lambda done, of: self.stages(stage, done, of)


def _bring_in(given: _Import, folder: Path, replace: bool) -> ImportReport:
    held = given.held
    if held is not None and not replace:
        survey = Survey(given.judged, folder, given.step)
        if survey.fingerprint != held.fingerprint:
            raise _refusal(given.store, given.records, survey)
        return _import_again(given, held, folder, take_losses=False)
    staged = stage(given.judged, folder, given.max_pixels, given.step)
    if held is not None and staged.fingerprint == held.fingerprint:
        return _import_again(given, held, folder, take_losses=True)
    _refuse_empty(given.records, staged, given.judged)
    paths = _readable(staged, given.tell(COPYING))
    return _take(given, staged, _root_after(given, paths, staged.fingerprint))


def _readable(staged: Staged, step: Callable[[int, int], None]) -> Iterator[str]:
    """The paths of the images that can be read; `step` hears when one was dealt with."""
    good = staged.images - staged.unreadable_images
    rows = (row for row in staged_rows(staged.file, StoredImage) if row[5] is None)
    for done, row in enumerate(rows, 1):
        yield row[1]
        step(done, good)


def _counting(progress: Progress | None, total: int | None) -> Step:
    def step(done: int) -> None:
        if progress:
            progress(done, total)

    return step


def _refusal(store: Store, records: CorpusRecords, survey: Survey) -> ImportRefused:
    with store.read() as session:
        held = stored_records(session, store)
        found = tuple(survey.differences(held))
    said = "; ".join(str(difference) for difference in found[:SHOWN_DIFFERENCES])
    # A program that wrote this store may have taken the fingerprint in another way.
    said = said or "the fingerprint was taken by another version of this program"
    return ImportRefused(
        f"{store.place} holds the corpus {held.name!r} and {records.name!r} differs: {said}; "
        "nothing was changed: import it with --replace to put it in its place, or, as one store "
        "holds one corpus, set MESE_HOME to another folder",
        found,
    )


def _refuse_empty(records: CorpusRecords, staged: Staged, judged: Judge) -> None:
    if not staged.contexts:
        first = f"; first of all {judged.aside.items[0]}" if judged.aside.items else ""
        raise ImportRefused(f"{records.name} has no usable sentence{first}")


def _root_after(given: _Import, paths: Iterable[str], fingerprint: str) -> Path:
    """Where the images lie from now on: if they are copied, in a folder of this very corpus."""
    root = given.records.image_root
    if given.copy_to is None:
        return root.resolve()
    target = given.copy_to / fingerprint[:16]
    for fault in copy_images(paths, root, target, lambda done: None):  # the paths tell themselves
        given.judged.aside.put("images", 0, fault)
    return target.resolve()


def _take(given: _Import, staged: Staged, root: Path) -> ImportReport:
    held, tell = given.held, given.tell(STORING)
    with given.store.write() as session:
        began = time.perf_counter()
        _refuse_if_not_free(session, given.store, held)
        tell(0, len(STAGED))
        if held is not None:
            empty(session)
        session.add(given.row(root, staged.fingerprint))
        session.flush()
        pour(session, staged, tell)
    return ImportReport(
        given.records.name,
        changed=True,
        entities=staged.entities,
        classes=staged.classes,
        queries=staged.queries,
        sentences=staged.sentences,
        contexts=staged.contexts,
        images=staged.images,
        unreadable_images=staged.unreadable_images,
        set_aside=given.judged.set_aside,
        replaced=held.name if held else None,
        left_root=held.image_root if held else None,
        locked_seconds=time.perf_counter() - began,
    )


def _refuse_if_not_free(session: Session, store: Store, expected: _Held | None) -> None:
    """Under the write lock: the store must still be as it was when the import began.

    This is where an import learns what else goes on in the store, so rounds that are open join
    here when there are rounds.
    """
    row = session.get(StoredCorpus, 1)
    found = None if row is None else row.fingerprint
    if found != (None if expected is None else expected.fingerprint):
        raise ImportRefused(f"another import into {store.place} came first; nothing was done")
    session.expunge_all()


def _import_again(given: _Import, held: _Held, folder: Path, take_losses: bool) -> ImportReport:
    """The corpus is there already: look once more for its images, and note where it came from."""
    store, most, source = given.store, given.max_pixels, given.source or held.source
    readable = readable_paths(store, given.records.image_root, most, given.tell(COPYING))
    root = _root_after(given, readable, held.fingerprint)
    moved = held.image_root != str(root)
    look = SecondLook(store, root, folder, most, everything=moved, step=given.tell(LOOKING))
    if look.lost and not take_losses:
        raise _losses(look, held, root)
    whole = False
    if moved or look.changed or held.source != source:
        with store.write() as session:
            row = session.get(StoredCorpus, 1)
            if row is None or row.fingerprint != held.fingerprint:
                raise ImportRefused(f"another import into {store.place} came first; do it again")
            row.image_root, row.source = str(root), source
            look.keep(session)
            whole = session.scalar(UNREADABLE) is None
    return ImportReport(
        held.name,
        changed=moved or look.changed > 0,
        images=look.changed,
        set_aside=given.judged.set_aside,
        left_root=held.image_root if moved and whole else None,
    )


def _losses(look: SecondLook, held: _Held, root: Path) -> ImportRefused:
    are = "1 image that is" if look.lost == 1 else f"{look.lost:,} images that are"
    return ImportRefused(
        f"{are} readable below {held.image_root} would not be below {root} "
        f"(first: {look.first_lost}); nothing was changed: name where they are with --image-root, "
        "or take them so with --replace"
    )
