"""Patch features on disk: computed once an image, in half precision, memory-mapped.

A store is a folder for one backbone (its name and its weights' hash are the folder's key):
`rows.f16` holds the features one after the other, `rows.txt` the image hashes in the same order.
Both only ever grow, features before hashes, so that a run that was killed loses at most the batch
it was at. Runs share a store: one at a time fills it, under a lock on `lock`, and the others may
read meanwhile; opening a store changes neither file.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from mese.batches import batches
from mese.encoders import encode_patches
from mese.images import MAX_PIXELS, PATCHES, UnreadableImage, cut_patches, open_image, to_square
from mese.publishing import write_json

BATCH = 16
"""Images that go through the backbone together (576 patches)."""


def backbone_key(name: str, backbone: nn.Module) -> str:
    """A folder name that says which backbone made the features: its name and weights' hash."""
    return f"{name}-{weights_hash(backbone)[:16]}"


def weights_hash(module: nn.Module) -> str:
    """Hex sha256 of a module's weights and their names."""
    digest = hashlib.sha256()
    for key, tensor in sorted(module.state_dict().items()):
        digest.update(key.encode())
        digest.update(np.ascontiguousarray(tensor.detach().cpu().numpy()).tobytes())
    return digest.hexdigest()


class FeatureStore:
    """The features of one backbone; `row_of` maps an image's sha256 to its row.

    A row, once it has its hash, keeps its number; `row_of` knows those that were there when the
    store was opened, filled or appended to last.
    """

    def __init__(self, folder: Path, width: int) -> None:
        """Open or create; raises ValueError for a folder of another width or a broken one."""
        self.folder, self.width = folder, width
        self._held = False
        folder.mkdir(parents=True, exist_ok=True)
        self._check_shape()
        self._read_rows()

    @property
    def _row_bytes(self) -> int:
        return PATCHES * self.width * 2

    def _check_shape(self) -> None:
        path = self.folder / "shape.json"
        if not path.exists():
            with self._lock():
                if not path.exists():
                    write_json(path, [PATCHES, self.width])
        try:
            shape = json.loads(path.read_text())
        except ValueError as error:
            raise ValueError(
                f"{path}: cannot be read ({error}); remove {self.folder}, "
                "its features are computed anew"
            ) from error
        if shape != [PATCHES, self.width]:
            raise ValueError(f"{self.folder} holds features of shape {shape}; remove it")

    def _read_rows(self) -> list[bytes]:
        """Read `row_of`, and give its lines: those that are whole and whose features are there."""
        names, values = self.folder / "rows.txt", self.folder / "rows.f16"
        # Size first: a row that another process adds from now on is left out, never half read.
        stored = values.stat().st_size // self._row_bytes if values.exists() else 0
        lines = names.read_bytes().splitlines(keepends=True) if names.exists() else []
        whole = [line for line in lines if line.endswith(b"\n")][:stored]
        self.row_of: dict[str, int] = {line.decode().strip(): row for row, line in enumerate(whole)}
        self._mapped: NDArray[np.float16] | None = None
        if len(self.row_of) < len(whole):
            raise ValueError(
                f"{names} names an image twice, so its rows cannot be told apart; remove "
                f"{self.folder}, its features are computed anew"
            )
        return whole

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Wait until no other process writes here. The system frees the lock of one that dies."""
        with (self.folder / "lock").open("ab") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield

    @contextmanager
    def filling(self) -> Iterator[None]:
        """Be the one that appends: see what others have added, cut off what a killed one left."""
        if self._held:
            yield
            return
        with self._lock():
            whole = self._read_rows()
            # Cut in place: a file written anew is empty for a moment, and a kill then loses it all.
            for name, size in (
                ("rows.txt", sum(map(len, whole))),
                ("rows.f16", len(whole) * self._row_bytes),
            ):
                (self.folder / name).touch()
                os.truncate(self.folder / name, size)
            self._held = True
            try:
                yield
            finally:
                self._held = False

    def append(self, hashes: Sequence[str], features: NDArray[np.float16]) -> None:
        """Add rows: features float16 (n, 36, F) first, then their hashes.

        Raises ValueError for an image that the store has, also when another process added it.
        """
        if features.shape != (len(hashes), PATCHES, self.width):
            raise ValueError(f"{len(hashes)} images, but features of shape {features.shape}")
        with self.filling():
            twice = [image for image in hashes if image in self.row_of]
            if twice or len(set(hashes)) < len(hashes):
                raise ValueError(f"{self.folder} would hold an image twice: {twice or hashes}")
            _add(self.folder / "rows.f16", np.ascontiguousarray(features, np.float16).tobytes())
            _add(self.folder / "rows.txt", "".join(f"{image}\n" for image in hashes).encode())
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


def _add(path: Path, content: bytes) -> None:
    """Append to a file, and wait until it is on disk."""
    with path.open("ab") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


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
    max_pixels: int = MAX_PIXELS,
) -> None:
    """Compute the features of images (hash → file) that the store lacks; restartable.

    Two runs that fill one store take turns: the second waits, and computes what is then missing.
    """
    if all(image in store.row_of for image in images):
        return
    backbone = backbone.to(device).eval()
    with store.filling():
        missing = {h: path for h, path in images.items() if h not in store.row_of}
        done = 0
        for batch in batches(read_squares(missing, max_pixels), BATCH):
            patches = torch.from_numpy(cut_patches(np.stack([s for _, s in batch]), imagenet_norm))
            features = encode_patches(backbone, patches.to(device)).float().cpu().numpy()
            store.append([h for h, _ in batch], features.astype(np.float16))
            done += len(batch)
            if progress:
                progress(done, len(missing))
