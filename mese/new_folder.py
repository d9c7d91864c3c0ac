"""A folder that appears whole or not at all: written beside its place, under a hidden name.

While it is written it is locked. What a killed program left is not, and is taken away when the
same folder is written next.
"""

from __future__ import annotations

import errno
import fcntl
import glob
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mese.setting_aside import MesedFormatError

CORPUS = "entity2id.txt"
"""What lies in a folder that holds a corpus."""
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
MADE = re.compile(r"\.part-[a-z0-9_]{8}")
"""How the hidden name ends, as `tempfile` makes it."""
MAX_STEM_BYTES = 100


@contextmanager
def written_beside(folder: Path) -> Iterator[Path]:
    """A new folder beside `folder` that takes its name once all of it is written.

    Raises `MesedFormatError` when `folder` holds something, cannot be made, or cannot be written;
    a link is followed. Whatever fails takes the new folder away; what a killed program leaves has
    another name (`.NAME.part-…`) and is never taken for it.
    """
    with _told_of(folder):
        target = _free_place(folder)
        _sweep(target)
        part, lock = _begun(target)
    try:
        with _told_of(folder, part):
            yield part
            _onto_disk(part)
            os.rename(part, target)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    finally:
        os.close(lock)


@contextmanager
def _told_of(folder: Path, part: Path | None = None) -> Iterator[None]:
    """Tell of the folder that was named, not of the hidden one, and what to do.

    What went wrong outside `part`, where something is read, stays as it is.
    """
    try:
        yield
    except OSError as error:
        named = error.filename
        if part and named and not Path(os.fsdecode(named)).is_relative_to(part):
            raise
        mend = "name another folder"
        if error.errno in NO_ROOM:
            mend = f"make room there, or {mend}"
        why = error.strerror or error
        raise MesedFormatError(f"{folder} cannot be written ({why}); {mend}") from error


def _free_place(folder: Path) -> Path:
    """Where the folder will lie; a link to an empty folder, or to none, leads to its place."""
    try:
        target = folder.resolve()
    except RuntimeError as error:  # how Python 3.11 tells of links that lead in a circle
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP)) from error
    if target.exists() and not target.is_dir():
        raise MesedFormatError(f"{folder} is a file; name an empty folder")
    if target.is_dir() and any(target.iterdir()):
        what = "a corpus" if (target / CORPUS).exists() else "something"
        raise MesedFormatError(f"{folder} holds {what} already; name an empty folder")
    return target


def _prefix(target: Path) -> str:
    """The hidden name's beginning; a name may have 255 bytes, and this one gets an ending."""
    stem = os.fsencode(target.name)[:MAX_STEM_BYTES].decode(errors="ignore")
    return f".{stem}.part-"


def _begun(target: Path) -> tuple[Path, int]:
    """A new hidden folder beside `target`, and the descriptor that keeps it locked."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from error
    made = Path(tempfile.mkdtemp(prefix=".new", dir=target.parent))
    try:
        made.chmod(0o777 & ~_umask())  # mkdtemp makes folders that only their owner may enter
        lock = os.open(made, os.O_RDONLY | os.O_DIRECTORY)
        with suppress(OSError):  # some network file systems lock no folders; none is swept there
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        part = made.with_name(_prefix(target) + made.name[4:])
        made.rename(part)  # only now may others ask whether it is in use
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    return part, lock


def _sweep(target: Path) -> None:
    """Take away what killed programs left beside `target`."""
    prefix = _prefix(target)
    for left in target.parent.glob(f"{glob.escape(prefix)}*"):
        if MADE.fullmatch(left.name, len(prefix) - len(".part-")):
            _remove_if_left(left)


def _remove_if_left(folder: Path) -> None:
    try:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:  # no folder, or somebody else's
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    except OSError:  # in use
        return
    finally:
        os.close(lock)


def _onto_disk(folder: Path) -> None:
    """Written files first: a power cut must not leave the folder's name on empty ones."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as stream:
                os.fsync(stream.fileno())


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
