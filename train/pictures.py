"""A corpus's pictures in memory, and random patches of them: what a backbone is trained on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from mese.encoding import Encoded
from mese.features import read_squares
from mese.images import IMAGENET_MEAN, IMAGENET_STD, MAX_PIXELS, PATCH, SIDE

MOST_IMAGES = 8000
"""Pictures that are held in memory at most (0.9 GB); a larger corpus is sampled."""

SHIFT = 10
"""Pixels that a patch may be off its place, either way: it never falls on the same grid."""

BRIGHT = (0.8, 1.2)
"""What each colour channel of a picture is multiplied by."""


@dataclass(frozen=True)
class Pictures:
    """n pictures and the contexts that they stand in.

    `squares` uint8 (n, 192, 192, 3); `contexts[p]` int64: rows of the encoded contexts, one or
    more.
    """

    squares: NDArray[np.uint8]
    contexts: tuple[NDArray[np.int64], ...]

    def __len__(self) -> int:
        return len(self.squares)


def load_pictures(
    encoded: Encoded,
    images: dict[str, Path],
    rng: np.random.Generator,
    max_pixels: int = MAX_PIXELS,
) -> Pictures:
    """Up to `MOST_IMAGES` of the pictures that can be read and stand in a context.

    `encoded.image` numbers the pictures in the order of `images` (hash → file).
    """
    hashes = list(images)
    contexts = _contexts_of(encoded, len(hashes))
    chosen = [n for n in sorted(rng.permutation(len(hashes))[:MOST_IMAGES]) if len(contexts[n])]
    number = {hashes[n]: n for n in chosen}
    read = list(read_squares({hashes[n]: images[hashes[n]] for n in chosen}, max_pixels))
    squares = np.empty((len(read), SIDE, SIDE, 3), np.uint8)
    for row, (_, square) in enumerate(read):
        squares[row] = square
    return Pictures(squares, tuple(contexts[number[image]] for image, _ in read))


def _contexts_of(encoded: Encoded, pictures: int) -> list[NDArray[np.int64]]:
    """The contexts of each picture."""
    order = np.argsort(encoded.image, kind="stable")
    bounds = np.searchsorted(encoded.image[order], np.arange(pictures + 1))
    return [order[bounds[n] : bounds[n + 1]] for n in range(pictures)]


def picture_batches(
    count: int, size: int, steps: int, rng: np.random.Generator
) -> Iterator[NDArray[np.int64]]:
    """`steps` batches that walk through one shuffle of the pictures after the other."""
    size = min(size, count)
    order = np.empty(0, dtype=np.int64)
    for _ in range(steps):
        if len(order) < size:
            order = rng.permutation(count)
        part, order = order[:size], order[size:]
        yield part


def jittered_patches(
    squares: NDArray[np.uint8], keep: int, rng: np.random.Generator
) -> torch.Tensor:
    """`keep` random patches of each picture, its grid shifted: float (n, keep, 3, 32, 32).

    Values are 0 to 1, each picture's channels a little brighter or darker than they were.
    """
    grid = SIDE // PATCH
    places = rng.permutation(grid * grid)[:keep]
    corner = np.stack([places // grid, places % grid], axis=1) * PATCH
    shift = rng.integers(-SHIFT, SHIFT + 1, (len(squares), 1, 2))
    return _cut(squares, np.clip(corner + shift, 0, SIDE - PATCH), rng)


def random_patches(
    squares: NDArray[np.uint8], count: int, rng: np.random.Generator
) -> torch.Tensor:
    """`count` patches from anywhere in the pictures: float (count, 1, 3, 32, 32), 0 to 1."""
    chosen = squares[rng.integers(0, len(squares), count)]
    return _cut(chosen, rng.integers(0, SIDE - PATCH + 1, (count, 1, 2)), rng)


def _cut(
    squares: NDArray[np.uint8], corners: NDArray[np.int64], rng: np.random.Generator
) -> torch.Tensor:
    """Patches at corners (n, P, 2), brightened: float (n, P, 3, 32, 32)."""
    cut = np.empty((*corners.shape[:2], PATCH, PATCH, 3), np.uint8)
    for square, places, into in zip(squares, corners, cut, strict=True):
        for number, (top, left) in enumerate(places):
            into[number] = square[top : top + PATCH, left : left + PATCH]
    bright = torch.from_numpy(rng.uniform(*BRIGHT, (len(cut), 1, 3, 1, 1)).astype(np.float32))
    patches = torch.from_numpy(cut).permute(0, 1, 4, 2, 3).float() / 255
    return (patches * bright).clamp(0, 1)


def as_seen(patches: torch.Tensor, imagenet_norm: bool) -> torch.Tensor:
    """Patches of 0 to 1, float (…, 3, 32, 32), as `mese.images.cut_patches` hands them over."""
    if not imagenet_norm:
        return patches
    mean, std = torch.tensor([IMAGENET_MEAN, IMAGENET_STD], device=patches.device)[..., None, None]
    return (patches - mean) / std
