"""The store's images: registered from their headers at import, hashed in a second pass.

Files stay where they are, below the corpus's image root. One that cannot be read is kept with the
reason in `problem`, so that its contexts go on without an image and nobody has to guess why. A pass
over them holds one page of them, and writes only into the corpus that it began with.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, bindparam, func, select, update
from sqlalchemy.orm import Session

from db.accounts import Role, User, check, open_mode_user
from db.models import StoredCorpus, StoredImage
from db.store import Store, StoreError
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
    without a `user` it is whoever sits at this machine. Raises `StoreError` where an import puts
    another corpus in this one's place meanwhile.
    """
    check(user or open_mode_user(), Role.LEAD)
    waiting = (StoredImage.sha256.is_(None), StoredImage.problem.is_(None))
    with store.read() as session:
        mark = corpus_mark(session)
        total = session.scalar(select(func.count(StoredImage.id)).where(*waiting)) or 0
    done = hashed = 0
    for some in image_pages(store, mark, select(StoredImage.id, StoredImage.path).where(*waiting)):
        rows = [_hash(mark.root, number, path) for number, path in some]
        keep_seen(store, mark, rows)
        done += len(rows)
        hashed += sum(row["problem"] is None for row in rows)
        if progress:
            progress(done, total)
    return hashed


class CorpusMark(NamedTuple):
    """What tells the corpus that a pass over images began with from what came in its place."""

    fingerprint: str = ""
    imported_at: datetime | None = None
    image_root: str = ""

    @property
    def root(self) -> Path:
        return Path(self.image_root)


def corpus_mark(session: Session) -> CorpusMark:
    """The mark of the corpus that the store holds; an empty one where it holds none."""
    columns = (StoredCorpus.fingerprint, StoredCorpus.imported_at, StoredCorpus.image_root)
    row = session.execute(select(*columns)).one_or_none()
    return CorpusMark() if row is None else CorpusMark(*row)


def _refuse_another(session: Session, store: Store, mark: CorpusMark) -> None:
    # Ids say nothing by themselves: the corpus that takes this one's place uses the same ones.
    if corpus_mark(session) != mark:
        raise StoreError(
            f"the corpus in {store.place} was replaced, or its image folder changed, while its "
            "images were read; what was read of the old ones is left out: start again"
        )


def image_pages(
    store: Store, mark: CorpusMark, wanted: Select[*tuple[Any, ...]]
) -> Iterator[Sequence[Row[*tuple[Any, ...]]]]:
    """The images that `wanted` selects, by id, in pages with no transaction open in between.

    Its columns hold the `id`. Raises `StoreError` once the corpus is not the marked one any more.
    """
    last = -1
    wanted = wanted.order_by(StoredImage.id).limit(HASHED_AT_ONCE)
    while True:
        with store.read() as session:
            _refuse_another(session, store, mark)
            rows = session.execute(wanted.where(StoredImage.id > last)).all()
        if not rows:
            return
        last = rows[-1].id
        yield rows


def keep_seen(store: Store, mark: CorpusMark, rows: Sequence[dict[str, Any]]) -> None:
    """Keep what was seen of images of the marked corpus; raises `StoreError` as `image_pages`.

    Those with a `problem` give the same columns, and so do those without.
    """
    if not rows:
        return
    with store.write() as session:
        _refuse_another(session, store, mark)
        for good in (True, False):
            update_images(session, [r for r in rows if (r["problem"] is None) is good])


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
