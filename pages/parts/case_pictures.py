"""A case's pictures as small JPEGs, for exports that must stand alone and stay small."""

from __future__ import annotations

import io
from collections.abc import Iterable

from mese.images import UnreadableImage, open_image
from pages.parts import house
from pages.parts.image_files import thumbnail_of

SIDE = 160
"""Pixels of a picture's longer side: a card shows it no larger."""

QUALITY = 78
MOST_BYTES = 40_000
"""Bytes of one picture; larger ones are made again at half the quality."""


def jpegs(hashes: Iterable[str | None]) -> dict[str, bytes]:
    """Hash → JPEG, for those whose image or thumbnail is still there and can be read."""
    found: dict[str, bytes] = {}
    for sha256 in dict.fromkeys(filter(None, hashes)):
        picture = _jpeg(sha256)
        if picture is not None:
            found[sha256] = picture
    return found


def _jpeg(sha256: str) -> bytes | None:
    try:
        file = thumbnail_of(sha256)
        if file is None:
            return None
        image = open_image(file, house.settings().max_pixels)
    except (OSError, UnreadableImage):
        return None  # the card says that there is no picture
    image.thumbnail((SIDE, SIDE))
    for quality in (QUALITY, QUALITY // 2):
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=quality, optimize=True)
        if stream.tell() <= MOST_BYTES:
            break
    return stream.getvalue()
