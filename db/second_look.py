"""The images of a corpus that a store holds already, looked at once more.

A file may have come since the import, or all of them may lie elsewhere now. Headers are read
without the write lock, and what has changed waits in a file, so that memory does not grow with the
corpus.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, true
from sqlalchemy.orm import Session

from db.images import probe, update_images
from db.models import StoredImage
from db.store import Store
from mese.batches import batches

AT_ONCE = 5_000

Known = tuple[int, str, str | None]
"""An image's id, its path, and its problem if it has one."""

Step = Callable[[int, int], None]
"""Told how many images were walked, and of how many; what it raises stops the walk."""


def known_images(store: Store, step: Step, only_problems: bool = False) -> Iterator[Known]:
    """The store's images by id, a few at a time, with no transaction open in between."""
    last = done = 0
    of_interest = StoredImage.problem.is_not(None) if only_problems else true()
    columns = (StoredImage.id, StoredImage.path, StoredImage.problem)
    wanted = select(*columns).where(of_interest).order_by(StoredImage.id).limit(AT_ONCE)
    with store.read() as session:
        total = session.scalar(select(func.count(StoredImage.id)).where(of_interest)) or 0
    while True:
        with store.read() as session:
            rows = session.execute(wanted.where(StoredImage.id > last)).all()
        if not rows:
            return
        for last, path, problem in rows:
            yield last, path, problem
            done += 1
            step(done, total)


def readable_paths(store: Store, root: Path, max_pixels: int, step: Step) -> Iterator[str]:
    """The paths of the images that were good at import, or that are by now."""
    for _, path, problem in known_images(store, step):
        if problem is None or probe(root, path, max_pixels)["problem"] is None:
            yield path


class SecondLook:
    """What the images' headers say now where they lie below `root`.

    With `everything` all are read, else those that had a problem. `changed` counts what the store
    does not know yet, `lost` the images that it could read and that cannot be read below `root`;
    `first_lost` is the path of one.
    """

    def __init__(
        self, store: Store, root: Path, folder: Path, max_pixels: int, everything: bool, step: Step
    ) -> None:
        self._file = folder / "seen.db"
        self.lost = 0
        self.first_lost = ""
        images = known_images(store, step, only_problems=not everything)
        with closing(sqlite3.connect(self._file)) as connection:
            connection.execute("CREATE TABLE seen (id, width, height, problem)")
            rows = self._news(images, root, max_pixels, everything)
            done = connection.executemany("INSERT INTO seen VALUES (?, ?, ?, ?)", rows)
            self.changed = max(0, done.rowcount)
            connection.commit()

    def _news(
        self, images: Iterable[Known], root: Path, max_pixels: int, everything: bool
    ) -> Iterator[tuple[Any, ...]]:
        for number, path, problem in images:
            seen = probe(root, path, max_pixels)
            if problem is None and seen["problem"] is not None:
                self.lost += 1
                self.first_lost = self.first_lost or path
            if everything or seen["problem"] != problem:
                yield number, seen["width"], seen["height"], seen["problem"]

    def keep(self, session: Session) -> None:
        """Put it into the store; bytes that were read elsewhere are to be read again."""
        nothing = {"sha256": None, "bytes": None, "checked_at": None}
        with closing(sqlite3.connect(self._file)) as connection:
            names = ("image", "width", "height", "problem")
            for some in batches(connection.execute("SELECT * FROM seen ORDER BY id"), AT_ONCE):
                rows: list[dict[str, Any]] = [
                    {**dict(zip(names, row, strict=True)), **nothing} for row in some
                ]
                update_images(session, rows)
