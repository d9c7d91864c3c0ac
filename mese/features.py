"""Patch features on disk: computed once an image, in half precision, memory-mapped.

A store is a folder for one backbone (its name and its weights' hash are the folder's key):
`rows.f16` holds the features one after the other, `rows.txt` the image hashes in the same order.
Both only ever grow, features before hashes, so that a run that was killed loses at most the batch
it was at.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from mese.encoders import encode_patches
from mese.images import MAX_PIXELS, PATCHES, UnreadableImage, cut_patches, open_image, to_square

BATCH = 16
"""Images that go through the backbone together (576 patches)."""


def backbone_key(name: str, backbone: nn.Module) -> str:
    """A folder name that says which backbone made the features: its name and weights' hash."""
    digest = hashlib.sha256()
    for key, tensor in sorted(backbone.state_dict().items()):
        digest.update(key.encode())
        digest.update(np.ascontiguousarray(tensor.detach().cpu().numpy()).tobytes())
    return f"{name}-{digest.hexdigest()[:16]}"


class FeatureStore:
    """The features of one backbone; `row_of` maps an image's sha256 to its row."""

    def __init__(self, folder: Path, width: int) -> None:
        """Open or create; raises ValueError when the folder holds features of another width."""
        self.folder, self.width = folder, width
        folder.mkdir(parents=True, exist_ok=True)
        shape = folder / "shape.json"
        if shape.exists() and json.loads(shape.read_text()) != [PATCHES, width]:
            raise ValueError(f"{folder} holds features of shape {shape.read_text()}; remove it")
        if not shape.exists():
            shape.write_text(json.dumps([PATCHES, width]))
        self._trim()
        self._mapped: NDArray[np.float16] | None = None

    @property
    def _row_bytes(self) -> int:
        return PATCHES * self.width * 2

    def _trim(self) -> None:
        """Read the hashes; forget what a killed run left after the last whole row."""
        names, values = self.folder / "rows.txt", self.folder / "rows.f16"
        names.touch()
        values.touch()
        lines = names.read_bytes().splitlines(keepends=True)
        whole = [line for line in lines if line.endswith(b"\n")]
        whole = whole[: values.stat().st_size // self._row_bytes]
        self.row_of: dict[str, int] = {line.decode().strip(): row for row, line in enumerate(whole)}
        # Cut in place: a file written anew is empty for a moment, and a kill then loses it all.
        os.truncate(names, sum(map(len, whole)))
        os.truncate(values, len(whole) * self._row_bytes)

    def append(self, hashes: Sequence[str], features: NDArray[np.float16]) -> None:
        """Add rows: features float16 (n, 36, F) first, then their hashes."""
        with (self.folder / "rows.f16").open("ab") as stream:
            stream.write(np.ascontiguousarray(features, dtype=np.float16).tobytes())
            stream.flush()
            os.fsync(stream.fileno())
        with (self.folder / "rows.txt").open("a") as stream:
            stream.write("".join(f"{image}\n" for image in hashes))
        for image in hashes:
            self.row_of[image] = len(self.row_of)
        self._mapped = None

    def __call__(self, rows: NDArray[np.int64]) -> NDArray[np.float16]:
        """Features of rows, float16 (n, 36, F); an empty store gives zeros (all are masked)."""
        if not self.row_of:
            return np.zeros((len(rows), PATCHES, self.width), dtype=np.float16)
        if self._mapped is None:
            shape = (len(self.row_of), PATCHES, self.width)
            self._mapped = np.memmap(self.folder / "rows.f16", np.float16, "r", shape=shape)
        return self._mapped[rows]


def read_squares(
    images: Mapping[str, Path], max_pixels: int = MAX_PIXELS
) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """(hash, uint8 (192, 192, 3)) of each image that can be read; others are left out.

    Import has named the unreadable ones in the store; a context without features has its image
    masked.
    """
    for image_hash, path in images.items():
        try:
            yield image_hash, to_square(open_image(path, max_pixels))
        except UnreadableImage:
            continue


def fill(
    store: FeatureStore,
    images: Mapping[str, Path],
    backbone: nn.Module,
    device: str = "cpu",
    imagenet_norm: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Compute the features of images (hash → file) that the store lacks; restartable."""
    missing = {h: path for h, path in images.items() if h not in store.row_of}
    backbone = backbone.to(device).eval()
    done = 0
    for batch in _in_batches(read_squares(missing), BATCH):
        patches = torch.from_numpy(cut_patches(np.stack([s for _, s in batch]), imagenet_norm))
        features = encode_patches(backbone, patches.to(device)).float().cpu().numpy()
        store.append([h for h, _ in batch], features.astype(np.float16))
        done += len(batch)
        if progress:
            progress(done, len(missing))


def _in_batches(
    items: Iterable[tuple[str, NDArray[np.uint8]]], size: int
) -> Iterator[list[tuple[str, NDArray[np.uint8]]]]:
    batch: list[tuple[str, NDArray[np.uint8]]] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
