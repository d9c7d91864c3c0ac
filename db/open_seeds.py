"""Open seeds: seeds that are in no vocabulary, kept so that an address can name them.

One is a sentence with its mention marked, an image, or both (beyond the paper, whose queries know
only the vocabulary). Its key is its content's, so that the same seed given twice is one, and a link
shows the same seed to everyone. Its image lies below MESE_HOME/open_seeds, named by its hash.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import exists, insert, select

from db.accounts import Role, User, check
from db.images import SHA256
from db.models import StoredOpenSeed
from db.store import Store, StoreError
from mese.bounds import MAX_TOKENS, name_fault, storable
from mese.images import MAX_PIXELS, UnreadableImage, open_image

MAX_IMAGE_BYTES = 16 * 2**20
"""Largest image of an open seed, as a browser sends it."""

SWEPT_AFTER = 3_600
"""Seconds after which the part of an image is swept whose writer was killed."""

MAX_TOKEN = 1_000
"""Letters of one token."""

MAX_ASKED = 10
"""Keys that one look-up takes: an expansion has 10 seeds at most."""

MODE = 0o644
"""Of images, as of bundles: another user of the machine may read a home that is open to them."""

PART = ".new-"

KEY = re.compile("[0-9a-f]{16}")


@dataclass(frozen=True)
class OpenSeed:
    """A seed of one's own: tokens `start` to `end` (both inclusive) are its mention.

    `tokens` is empty where it has no sentence (then both are 0), `image_hash` None without image.
    """

    key: str
    name: str
    tokens: tuple[str, ...]
    start: int
    end: int
    image_hash: str | None


def keep_open_seed(
    store: Store,
    seed: OpenSeed,
    image: bytes | None,
    user: User,
    now: datetime,
    *,
    folder: Path,
    max_pixels: int = MAX_PIXELS,
) -> OpenSeed:
    """Keep a seed, and its image in `folder`; returns it with its key and its image's hash.

    The same seed again is the one that is there. Raises `StoreError` for what cannot be a seed,
    `NotAllowed` but for a rater, and OSError where the image cannot be written.
    """
    check(user, Role.RATER)
    whole = _with_key(_judged(seed, image), image)
    new = image is not None and _keep_image(image, whole.image_hash or "", folder, max_pixels)
    try:
        with store.write() as session:
            if session.get(StoredOpenSeed, whole.key) is None:
                session.execute(insert(StoredOpenSeed), [_row(whole, user, now)])
    except BaseException:
        if new:
            _drop_image(store, whole.image_hash or "", folder)
        raise
    return whole


def open_seeds(store: Store, keys: Iterable[str]) -> dict[str, OpenSeed]:
    """Key → seed, for those of `keys` that are there, in the order asked for."""
    asked = [key for key in dict.fromkeys(keys) if KEY.fullmatch(key)][:MAX_ASKED]
    with store.read() as session:
        rows = session.scalars(select(StoredOpenSeed).where(StoredOpenSeed.key.in_(asked)))
        found = {row.key: _seed(row) for row in rows}
    return {key: found[key] for key in asked if key in found}


def image_file(folder: Path, sha256: str) -> Path | None:
    """The image of an open seed by its hash; None where it is not there."""
    if SHA256.fullmatch(sha256) is None:
        return None
    file = folder / sha256
    return file if file.is_file() else None


def _judged(seed: OpenSeed, image: bytes | None) -> OpenSeed:
    """The seed with a tidy name; raises `StoreError` with what is wrong and what to do."""
    name = " ".join(seed.name.split())
    fault = name_fault(name) or _sentence_fault(seed)
    if fault is None and not seed.tokens and image is None:
        fault = "it has neither a sentence nor an image"
    if fault is None and image is not None and len(image) > MAX_IMAGE_BYTES:
        fault = f"its image has {len(image):,} bytes, more than {MAX_IMAGE_BYTES:,}"
    if fault:
        raise StoreError(f"this cannot be an open seed: {fault}; change that and add it again")
    return replace(seed, name=name)


def _sentence_fault(seed: OpenSeed) -> str | None:
    count = len(seed.tokens)
    if count > MAX_TOKENS:
        return f"its sentence has {count:,} words, more than {MAX_TOKENS:,}"
    if not all(token and storable(token) and len(token) <= MAX_TOKEN for token in seed.tokens):
        return f"a word of its sentence is empty, longer than {MAX_TOKEN:,} letters or holds NUL"
    if seed.tokens and not 0 <= seed.start <= seed.end < count:
        return f"its mention {seed.start}..{seed.end} lies outside the {count} words"
    if not seed.tokens and (seed.start or seed.end):
        return "it marks a mention, but has no sentence"
    return None


def _with_key(seed: OpenSeed, image: bytes | None) -> OpenSeed:
    sha256 = None if image is None else hashlib.sha256(image).hexdigest()
    content = json.dumps([seed.name, seed.tokens, seed.start, seed.end, sha256])
    return replace(seed, key=hashlib.sha256(content.encode()).hexdigest()[:16], image_hash=sha256)


def _keep_image(image: bytes, sha256: str, folder: Path, max_pixels: int) -> bool:
    """Write an image under its hash, whole or not at all, once Pillow has decoded it.

    False where it is there already.
    """
    kept = folder / sha256
    if kept.is_file():
        return False
    folder.mkdir(parents=True, exist_ok=True)
    _sweep(folder)
    with tempfile.NamedTemporaryFile(dir=folder, prefix=PART, delete=False) as part:
        place = Path(part.name)
        try:
            part.write(image)
            part.flush()
            open_image(place, max_pixels)
        except UnreadableImage as error:
            place.unlink()
            reason = str(error).removeprefix(f"{place.name}: ")
            raise StoreError(
                f"this cannot be an open seed: its image is {reason}; choose another picture"
            ) from error
        except BaseException:
            place.unlink()
            raise
    place.chmod(MODE)  # a temporary file is its writer's alone
    os.replace(place, kept)
    return True


def _sweep(folder: Path) -> None:
    """Take away parts that were left. No whole image: it may be another store's of this home."""
    for part in folder.glob(f"{PART}*"):
        with contextlib.suppress(FileNotFoundError):  # another program sweeps at once
            if time.time() - part.stat().st_mtime > SWEPT_AFTER:
                part.unlink()


def _drop_image(store: Store, sha256: str, folder: Path) -> None:
    """Take an image away whose seed could not be kept, but not another seed's."""
    used = exists().where(StoredOpenSeed.image_sha256 == sha256)
    with contextlib.suppress(StoreError), store.read() as session:
        if not session.scalar(select(used)):
            (folder / sha256).unlink(missing_ok=True)


def _row(seed: OpenSeed, user: User, now: datetime) -> dict[str, object]:
    return {
        "key": seed.key,
        "name": seed.name,
        "tokens": list(seed.tokens),
        "token_count": len(seed.tokens),
        "span_start": seed.start,
        "span_end": seed.end,
        "image_sha256": seed.image_hash,
        "made_by": user.name,
        "made_at": now,
    }


def _seed(row: StoredOpenSeed) -> OpenSeed:
    span = (row.span_start, row.span_end)
    return OpenSeed(row.key, row.name, tuple(row.tokens), *span, row.image_sha256)
