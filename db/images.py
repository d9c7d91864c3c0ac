"""The store's images: registered from their headers at import, hashed in a second pass.

Files stay where they are, below the corpus's image root. One that cannot be read is kept with the
reason in `problem`, so that its contexts go on without an image and nobody has to guess why.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from db.accounts import Role, User, check, open_mode_user
from db.models import StoredCorpus, StoredImage
from db.store import Store
from mese.batches import batches
from mese.images import UnreadableImage, read_size, resolve, sha256_of

Progress = Callable[[int, int | None], None]

SHA256 = re.compile("[0-9a-f]{64}")
LOOKUP = 5_000
"""How many values one IN list holds; SQLite and PostgreSQL both bound a statement's parameters."""

HASHED_AT_ONCE = 200
"""How many hashes one transaction keeps: what is lost at most when the pass is stopped."""


class ImageTable:
    """Gives image paths their ids during an import, and adds those that are new.

    It looks paths up in the table instead of remembering them, so that its memory does not grow
    with the corpus.
    """

    def __init__(self, session: Session, root: Path, max_pixels: int) -> None:
        self._session = session
        self._root = root
        self._max_pixels = max_pixels
        self._next_id = (session.scalar(select(func.max(StoredImage.id))) or 0) + 1
        self.added = 0
        self.unreadable = 0

    def ids_of(self, paths: Iterable[str]) -> dict[str, int]:
        """Path → id; a path that is new is read and added."""
        wanted = list(dict.fromkeys(paths))
        known: dict[str, int] = {}
        for some in batches(wanted, LOOKUP):
            found = select(StoredImage.path, StoredImage.id).where(StoredImage.path.in_(some))
            known.update((path, number) for path, number in self._session.execute(found))
        new = [self._new(path) for path in wanted if path not in known]
        if new:
            self._session.execute(insert(StoredImage), new)
        return known | {row["path"]: row["id"] for row in new}

    def _new(self, path: str) -> dict[str, Any]:
        row = {"id": self._next_id, "path": path, **probe(self._root, path, self._max_pixels)}
        self._next_id += 1
        self.added += 1
        self.unreadable += row["problem"] is not None
        return row


def probe(root: Path, path: str, max_pixels: int) -> dict[str, Any]:
    """What an image's header says: width, height, and the problem, if it cannot be read."""
    try:
        width, height = read_size(resolve(root, path), max_pixels)
    except UnreadableImage as error:
        return {"width": None, "height": None, "problem": str(error)}
    return {"width": width, "height": height, "problem": None}


def probe_again(session: Session, root: Path, max_pixels: int, everything: bool) -> int:
    """Read headers anew, of every image or of those with a problem; returns how many changed."""
    columns = (StoredImage.id, StoredImage.path, StoredImage.problem)
    wanted = select(*columns).order_by(StoredImage.id)
    if not everything:
        wanted = wanted.where(StoredImage.problem.is_not(None))
    changed = []
    for number, path, problem in session.execute(wanted).all():
        row = probe(root, path, max_pixels)
        if everything or row["problem"] != problem:
            changed.append({"image": number, "sha256": None, **row})
    if changed:
        _update(session, changed)
    return len(changed)


def hash_images(store: Store, progress: Progress | None = None, user: User | None = None) -> int:
    """Hash the images that have no hash yet; returns how many got one.

    Every few hundred are kept at once, so that a stopped pass goes on where it was. A file that
    has gone since the import gets a `problem` instead. Needs a lead, else raises `NotAllowed`;
    without a `user` it is whoever sits at this machine.
    """
    check(user or open_mode_user(), Role.LEAD)
    root, waiting = _unhashed(store)
    done = hashed = 0
    for some in batches(waiting, HASHED_AT_ONCE):
        rows = [_hash(root, number, path) for number, path in some]
        with store.write() as session:
            _update(session, rows)
        done += len(rows)
        hashed += sum(row["sha256"] is not None for row in rows)
        if progress:
            progress(done, len(waiting))
    return hashed


def _unhashed(store: Store) -> tuple[Path, list[tuple[int, str]]]:
    with store.read() as session:
        root = session.scalar(select(StoredCorpus.image_root))
        wanted = (
            select(StoredImage.id, StoredImage.path)
            .where(StoredImage.sha256.is_(None), StoredImage.problem.is_(None))
            .order_by(StoredImage.id)
        )
        rows = [(number, path) for number, path in session.execute(wanted)]
    return Path(root or ""), rows


def _hash(root: Path, number: int, path: str) -> dict[str, Any]:
    try:
        return {"image": number, "sha256": sha256_of(resolve(root, path)), "problem": None}
    except (OSError, UnreadableImage) as error:
        return {"image": number, "sha256": None, "problem": f"{path}: cannot be read ({error})"}


def _update(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    table = StoredImage.__table__
    values: dict[str, Any] = {name: bindparam(name) for name in rows[0] if name != "image"}
    statement = update(StoredImage).where(table.c.id == bindparam("image")).values(values)
    session.connection().execute(statement, list(rows))


def image_file(store: Store, sha256: str) -> Path | None:
    """The absolute path of the image with this hash; None if there is none, or none readable.

    The path comes from the store and is resolved below the image root: nothing of a request's own
    ends in a path.
    """
    if SHA256.fullmatch(sha256) is None:
        return None
    wanted = (
        select(StoredImage.path)
        .where(StoredImage.sha256 == sha256, StoredImage.problem.is_(None))
        .order_by(StoredImage.id)
    )
    with store.read() as session:
        root = Path(session.scalar(select(StoredCorpus.image_root)) or "")
        paths = session.scalars(wanted).all()
    for path in paths:
        file = _existing(root, path)
        if file is not None:
            return file
    return None


def _existing(root: Path, path: str) -> Path | None:
    try:
        file = resolve(root, path)
    except UnreadableImage:
        return None
    return file if file.is_file() else None
