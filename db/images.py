"""The store's images: registered from their headers at import, hashed in a second pass.

Files stay where they are, below the corpus's image root. One that cannot be read is kept with the
reason in `problem`, so that its contexts go on without an image and nobody has to guess why.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, select, update
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
"""How many images one transaction keeps: what is lost at most when a pass is stopped."""


def probe(root: Path, path: str, max_pixels: int) -> dict[str, Any]:
    """What an image's header says: width, height, and the problem, if it cannot be read."""
    try:
        width, height = read_size(resolve(root, path), max_pixels)
    except UnreadableImage as error:
        return {"width": None, "height": None, "problem": str(error)}
    return {"width": width, "height": height, "problem": None}


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
            for good in (True, False):
                update_images(session, [r for r in rows if (r["problem"] is None) is good])
        done += len(rows)
        hashed += sum(row["problem"] is None for row in rows)
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
        file = resolve(root, path)
        known = {"sha256": sha256_of(file), "bytes": file.stat().st_size}
    except (OSError, UnreadableImage) as error:
        return {"image": number, "problem": f"{path}: cannot be read ({error})"}
    return {"image": number, "problem": None, **known}


def update_images(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Change images in bulk: each row names its `image` by id, all give the same columns."""
    if not rows:
        return
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
