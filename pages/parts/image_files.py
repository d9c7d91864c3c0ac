"""Which file holds the image of a hash: the corpus's own, or that of an open seed."""

from __future__ import annotations

from pathlib import Path

from db import open_seeds
from db.corpus import image_file
from db.images import SHA256
from mese.images import thumbnail
from pages.parts import house


def file_of(sha256: str) -> Path | None:
    """The image with this hash; None where there is none, or none readable."""
    found = image_file(house.store(), sha256)
    return found or open_seeds.image_file(house.settings().open_seeds, sha256)


def thumbnail_of(sha256: str) -> Path | None:
    """The image's thumbnail, also the kept one of an image that has gone since.

    So a case shows its pictures when another corpus has taken its own one's place. Raises
    `mese.images.UnreadableImage`.
    """
    path = file_of(sha256)
    return _kept(sha256) if path is None else small(path, sha256)


def small(path: Path, sha256: str) -> Path:
    """The thumbnail of an image of ours; raises `mese.images.UnreadableImage`."""
    settings = house.settings()
    try:
        return thumbnail(path, settings.thumbnails, sha256, settings.max_pixels)
    except OSError:  # a full disk or a read-only home: the picture itself will do
        return path


def _kept(sha256: str) -> Path | None:
    if SHA256.fullmatch(sha256) is None:
        return None
    kept = house.settings().thumbnails / sha256[:2] / f"{sha256}.webp"
    return kept if kept.is_file() else None
