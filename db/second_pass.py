"""The second pass over a corpus's images: each is decoded whole and hashed, and the store told.

Import reads headers only, so that it is over soon. This pass may take hours and be stopped: what
it has seen is kept every few hundred images, and the next one goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.orm import Session

from db.images import CorpusMark, image_pages, keep_seen
from db.models import StoredImage
from db.store import Store
from mese.images import UnreadableImage, open_image, read_size, resolve, sha256_of

COLUMNS = (
    StoredImage.id,
    StoredImage.path,
    StoredImage.sha256,
    StoredImage.bytes,
    StoredImage.problem,
    StoredImage.checked_at,
)
Kept = Row[int, str, str | None, int | None, str | None, datetime | None]

OTHER_BYTES = (
    "its bytes changed since it was hashed; put the old file back, or import the corpus again "
    "to take it as it is now"
)


@dataclass(frozen=True, slots=True)
class Looked:
    """What one look at an image found: the row's new values, and why it cannot be shown."""

    path: str
    values: dict[str, Any] | None
    problem: str | None

    @property
    def was_read(self) -> bool:
        return self.values is not None


def forget_checks(store: Store) -> None:
    """Let the next pass read every image again."""
    with store.write() as session:
        session.execute(update(StoredImage).values(checked_at=None))


def look_at_images(
    store: Store, mark: CorpusMark, max_pixels: int, now: Callable[[], datetime]
) -> Iterator[list[Looked]]:
    """Look at every image in lists of some hundreds, each kept in the store before it is given.

    An image that was decoded before is opened again only if its file's size has changed, or if it
    had a problem: it may have been mended. Raises `StoreError` when the corpus is replaced.
    """
    for rows in image_pages(store, mark, select(*COLUMNS)):
        looked = [_look(mark.root, row, max_pixels) for row in rows]
        at = now()
        read = [
            {"image": row.id, "checked_at": at, **seen.values}
            for row, seen in zip(rows, looked, strict=True)
            if seen.values is not None
        ]
        keep_seen(store, mark, read)
        yield looked


def count_images(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(StoredImage)) or 0


def _look(root: Path, row: Kept, max_pixels: int) -> Looked:
    try:
        file = resolve(root, row.path)
        if row.checked_at and row.problem is None and _size_of(file) == row.bytes:
            return Looked(row.path, None, None)
        open_image(file, max_pixels)  # first: it refuses what is no file, and would never end
        width, height = read_size(file, max_pixels)
        values = {"sha256": sha256_of(file), "bytes": file.stat().st_size}
    except (UnreadableImage, OSError) as error:
        return _with_problem(row.path, str(error))
    if row.sha256 not in (None, values["sha256"]):
        return _with_problem(row.path, f"{file.name}: {OTHER_BYTES}")
    return Looked(row.path, {**values, "width": width, "height": height, "problem": None}, None)


def _with_problem(path: str, problem: str) -> Looked:
    return Looked(path, {"problem": problem}, problem)


def _size_of(file: Path) -> int | None:
    try:
        return file.stat().st_size
    except OSError:
        return None
