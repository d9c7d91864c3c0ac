"""Opening images that nobody vouches for, and cutting them into the model's patches.

Paths stay below their root, bytes and pixels are bounded before reading and decoding, and whatever
cannot be read raises `UnreadableImage` with the reason. Patches follow section 4 of the paper and
the release: 192 × 192 pixels, bicubic, aspect ignored, 6 × 6 patches of 32 pixels, row by row.
"""

from __future__ import annotations

import hashlib
import math
import os
import struct
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

MAX_PIXELS = 50_000_000
PILLOWS_PIXELS = 2 * (Image.MAX_IMAGE_PIXELS or 0)
"""What Pillow opens at most; `MESE_MAX_PIXELS` can be less."""
MAX_BYTES = 256 * 2**20
"""Largest file that is opened: 50 million pixels of 4 bytes, not compressed, and some more."""
MAX_BYTES_SCANNED = 64 * 2**20
"""The same for the formats whose readers go through the whole file to find the picture's size."""
SCANNED = {b"GIF8": "GIF", b"RIFF": "WebP", b"\xff\xd8\xff": "JPEG"}
"""How their files begin."""

SIDE = 192
PATCH = 32
PATCHES = (SIDE // PATCH) ** 2
THUMBNAIL = 256
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
"""Decoders that are tried; all others (EPS runs a program, for one) are refused."""

WIDE = ("I;16", "I;16L", "I;16B", "I;16N", "I", "F")
"""Pillow's modes of one number a pixel that 8 bits do not hold."""

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


_DECODERS_FAIL_WITH = (
    OSError,
    ValueError,
    SyntaxError,
    TypeError,
    LookupError,
    ArithmeticError,
    EOFError,
    MemoryError,
    struct.error,
    Image.DecompressionBombError,
)
"""What Pillow raises for damaged files: not one family, and EXIF alone brings struct.error."""


class UnreadableImage(ValueError):
    """An image that was refused or could not be read; the message names the file and the reason."""


def resolve(root: Path, relative: str) -> Path:
    """The file that `relative` names below `root`; raises `UnreadableImage` if it leads outside."""
    base = root.resolve()
    try:
        path = (base / relative).resolve()
    except (OSError, ValueError, RuntimeError) as error:
        raise UnreadableImage(f"{relative!r}: not a usable path ({error})") from error
    if Path(relative).is_absolute() or not path.is_relative_to(base):
        raise UnreadableImage(f"{relative!r}: leads outside the image folder {root}")
    return path


def open_image(path: Path, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """The first frame of an image as upright RGB; transparency is laid on white.

    Raises `UnreadableImage` for a missing, truncated or foreign file, and, before any pixel is
    decoded, for one of more than `max_pixels` pixels.
    """
    with _opened(path, max_pixels) as image:
        image.draft("RGB", (SIDE * 4, SIDE * 4))
        image.load()
        return _flatten(_in_bytes(ImageOps.exif_transpose(image)))


def read_size(path: Path, max_pixels: int = MAX_PIXELS) -> tuple[int, int]:
    """(width, height) as the file's header gives them; no pixel is decoded.

    Raises `UnreadableImage` as `open_image` does, except for what only decoding can find.
    """
    with _opened(path, max_pixels) as image:
        return image.size


@contextmanager
def _opened(path: Path, max_pixels: int) -> Iterator[Image.Image]:
    """An image whose header was read and judged; errors inside become `UnreadableImage`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            if path.exists() and not path.is_file():  # opening a pipe would wait for ever
                raise UnreadableImage(f"{path.name}: not a file")
            _refuse_oversized(path)
            with Image.open(path, formats=FORMATS) as image:
                width, height = image.size
                if width * height > max_pixels:
                    raise UnreadableImage(
                        f"{path.name}: {width} × {height} pixels, over the {max_pixels} allowed"
                    )
                yield image
    except UnreadableImage:
        raise
    except FileNotFoundError as error:
        raise UnreadableImage(f"{path.name}: no such file") from error
    except UnidentifiedImageError as error:
        raise UnreadableImage(f"{path.name}: not an image of a known format") from error
    except Image.DecompressionBombError as error:
        most = min(max_pixels, PILLOWS_PIXELS)
        why = "" if most == max_pixels else " (MESE_MAX_PIXELS is more than can be decoded)"
        raise UnreadableImage(f"{path.name}: over the {most:,} pixels allowed{why}") from error
    except _DECODERS_FAIL_WITH as error:
        raise UnreadableImage(f"{path.name}: cannot be decoded ({error})") from error


def _refuse_oversized(path: Path) -> None:
    # Before Pillow sees it: it reads a WebP whole, and a GIF byte by byte, for the header alone.
    with path.open("rb") as stream:
        start, size = stream.read(4), os.fstat(stream.fileno()).st_size
    scanned = [name for first, name in SCANNED.items() if start.startswith(first)]
    most = MAX_BYTES_SCANNED if scanned else MAX_BYTES
    if size > most:
        what = f"a {scanned[0]}" if scanned else "an image"
        raise UnreadableImage(f"{path.name}: {size:,} bytes, over the {most:,} allowed for {what}")


def _in_bytes(image: Image.Image) -> Image.Image:
    """A picture of one number a pixel in 8 bits, which Pillow would cut off, not scale.

    16 bits are scaled by all that they can hold; whole numbers and floats of 32 bits, for which
    there is no custom, by the darkest and the lightest of the picture.
    """
    if image.mode not in WIDE:
        return image
    values = np.asarray(image).astype(np.float32)
    low, high = float(values.min()), float(values.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError("it holds values that are not finite")
    if image.mode.startswith("I;16"):
        low, high = 0.0, 65535.0
    values -= low
    values *= 255 / (high - low) if high > low else 1
    return Image.fromarray(np.rint(values, out=values).astype(np.uint8))


def _flatten(image: Image.Image) -> Image.Image:
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        return Image.alpha_composite(white, rgba).convert("RGB")
    return image.convert("RGB")


def to_square(image: Image.Image) -> np.ndarray[Any, Any]:
    """uint8 array (192, 192, 3): bicubic resize with the aspect ignored, as in the release."""
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BICUBIC), dtype=np.uint8)


def cut_patches(squares: np.ndarray[Any, Any], imagenet_norm: bool = True) -> np.ndarray[Any, Any]:
    """float32 (n, 36, 3, 32, 32) from uint8 (n, 192, 192, 3), row-major patches.

    The release scales to [0, 1] only; `imagenet_norm` also applies ImageNet's mean and standard
    deviation, which the backbones were trained with (specs/multiexpan.md, "Image").
    """
    n, grid = len(squares), SIDE // PATCH
    pixels = squares.astype(np.float32) / 255.0
    if imagenet_norm:
        mean, std = np.array([IMAGENET_MEAN, IMAGENET_STD], dtype=np.float32)
        pixels = (pixels - mean) / std
    tiles = pixels.reshape(n, grid, PATCH, grid, PATCH, 3).transpose(0, 1, 3, 5, 2, 4)
    return np.ascontiguousarray(tiles.reshape(n, PATCHES, 3, PATCH, PATCH))


def sha256_of(path: Path) -> str:
    """Hex sha256 of a file's bytes, read in blocks; raises OSError."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def thumbnail(path: Path, cache: Path, key: str, max_pixels: int = MAX_PIXELS) -> Path:
    """A small WebP of an image, made on first use and kept in `cache` under `key` (its sha256).

    The shorter side gets 256 pixels, so that a square crop of it stays sharp; nothing is enlarged.
    The file appears whole or not at all, so that threads may ask for the same one at once. Raises
    `UnreadableImage`, and OSError when the cache cannot be written.
    """
    kept = cache / key[:2] / f"{key}.webp"
    if kept.is_file():
        return kept
    image = open_image(path, max_pixels)
    scale = min(1.0, THUMBNAIL / min(image.size), 4 * THUMBNAIL / max(image.size))
    width, height = (max(1, round(side * scale)) for side in image.size)
    small = image.resize((width, height), Image.Resampling.LANCZOS)
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=kept.parent, suffix=".part", delete=False) as part:
        try:
            small.save(part, "WEBP", quality=85)
        except OSError:
            os.unlink(part.name)
            raise
    os.replace(part.name, kept)
    return kept


def media_type(path: Path) -> str:
    """The image's media type by its content, never by its name; raises `UnreadableImage`."""
    try:
        _refuse_oversized(path)
        with Image.open(path, formats=FORMATS) as image:
            return Image.MIME[image.format or ""]
    except UnreadableImage:
        raise
    except _DECODERS_FAIL_WITH as error:
        raise UnreadableImage(f"{path.name}: not an image of a known format") from error
