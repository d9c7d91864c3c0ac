"""What a browser sends: an archive or a table, taken in below the home and nowhere else.

An archive may hold anything: names that lead outside, links, devices, a thousandfold of its size.
Whatever is not a plain file or folder inside is refused, with its name; sizes are counted while
they are written, not believed.
"""

from __future__ import annotations

import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from db.accounts import Role, User, check
from db.store import StoreError

MAX_FILES = 300_000
MAX_BYTES = 8 * 2**30
MAX_PATH = 1_000
TABLES = (".csv", ".jsonl")
BLOCK = 1 << 20

Progress = Callable[[int, int | None], None]


class UploadRefused(StoreError):
    """An upload that was not taken; the message says what in it, why, and what to do."""


def take_upload(
    name: str,
    stream: BinaryIO,
    folder: Path,
    *,
    user: User,
    max_files: int = MAX_FILES,
    max_bytes: int = MAX_BYTES,
    progress: Progress | None = None,
    now: Callable[[], datetime] = datetime.now,
) -> Path:
    """Keep an upload in a new folder below `folder`; returns what to import.

    That is the table itself, or within an archive the folder that holds entity2id.txt, or its only
    table. Raises `UploadRefused`, after which nothing is left of it, OSError, and `NotAllowed` but
    for a lead.
    """
    check(user, Role.LEAD)
    suffix = PurePosixPath(name).suffix.lower()
    if suffix not in (".zip", *TABLES):
        raise UploadRefused(f"{name[:80]!r} is no .zip, .csv or .jsonl file; send one of these")
    folder.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(dir=folder, prefix=f"{now():%Y%m%d-%H%M%S}-"))
    try:
        if suffix == ".zip":
            inside = place / _plain(name)
            inside.mkdir()
            _unpack(stream, inside, max_files, max_bytes, progress)
            return _corpus_in(inside)
        table = place / f"{_plain(name)}{suffix}"
        with table.open("wb") as file:
            shutil.copyfileobj(stream, file, BLOCK)
        return table
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise


def _plain(name: str) -> str:
    """The file's own name without its suffix, as a name that every file system takes."""
    stem = PurePosixPath(name).stem
    kept = "".join(letter if letter.isalnum() or letter in "-_ " else "-" for letter in stem)
    return kept[:60].strip() or "upload"


def forget_upload(taken: Path, folder: Path) -> None:
    """Remove what `take_upload` kept: the folder of its own, below `folder`, around `taken`."""
    own = folder / taken.relative_to(folder).parts[0]
    shutil.rmtree(own, ignore_errors=True)


def forget_replaced(before: str, folder: Path, read_from: Iterable[Path]) -> None:
    """Remove the upload that a corpus had its images from, once another is in its place.

    `before` is that corpus's image root; only a folder below `folder` that holds it is removed,
    and not where what the new corpus was `read_from` lies in it too.
    """
    uploads = folder.resolve()
    inside = Path(before).parts[len(uploads.parts) :]
    if not inside or not Path(before).is_relative_to(uploads):
        return
    own = uploads / inside[0]
    if not any(place.resolve().is_relative_to(own) for place in read_from):
        shutil.rmtree(own, ignore_errors=True)


def _unpack(
    stream: BinaryIO, place: Path, max_files: int, max_bytes: int, progress: Progress | None
) -> None:
    try:
        with zipfile.ZipFile(stream) as archive:
            members = archive.infolist()
            if len(members) > max_files:
                raise UploadRefused(
                    f"the archive holds {len(members):,} files, over the {max_files:,} allowed; "
                    "unpack it on the server and import the folder by its path"
                )
            left = max_bytes
            for done, member in enumerate(members, 1):
                left = _write(archive, member, place, left)
                if progress and done % 100 == 0:
                    progress(done, len(members))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise UploadRefused(
            f"the archive cannot be unpacked ({error}); send a plain .zip without a password"
        ) from error


def _write(archive: zipfile.ZipFile, member: zipfile.ZipInfo, place: Path, left: int) -> int:
    """Write one member below `place`; returns how many bytes may still follow."""
    target = place.joinpath(*_parts(member))
    if member.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        return left
    if target.exists():
        raise UploadRefused(f"{member.filename[:80]!r} stands twice in the archive")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise UploadRefused(f"{member.filename[:80]!r} is both a file and a folder") from error
    with archive.open(member) as source, target.open("xb") as file:
        while block := source.read(BLOCK):
            left -= len(block)
            if left < 0:
                raise UploadRefused(
                    f"the archive unpacks to more than is allowed, at {member.filename[:80]!r}; "
                    "unpack it on the server and import the folder by its path"
                )
            file.write(block)
    return left


def _parts(member: zipfile.ZipInfo) -> tuple[str, ...]:
    """The member's place as path parts, all of them plain names; raises `UploadRefused`."""
    name = member.filename
    kind = stat.S_IFMT(member.external_attr >> 16)
    parts = PurePosixPath(name).parts
    plain = kind in (0, stat.S_IFREG, stat.S_IFDIR)
    inside = parts and not name.startswith("/") and ".." not in parts
    printable = "\\" not in name and "\0" not in name and ":" not in parts[0] if parts else False
    if not (plain and inside and printable and len(name) <= MAX_PATH):
        raise UploadRefused(
            f"{name[:80]!r} in the archive is no plain file inside it; leave it out of the archive"
        )
    return parts


def _corpus_in(place: Path) -> Path:
    """The MESED folder, or else the only table, of an unpacked archive."""
    marks = sorted(place.rglob("entity2id.txt"), key=lambda path: (len(path.parts), path))
    if marks:
        return marks[0].parent
    tables = sorted(path for path in place.rglob("*") if path.suffix.lower() in TABLES)
    if len(tables) == 1:
        return tables[0]
    held = f"{len(tables)} tables" if tables else "no table"
    raise UploadRefused(
        f"the archive holds no entity2id.txt and {held}; send a MESED folder, or one .csv or "
        ".jsonl file with its images"
    )
