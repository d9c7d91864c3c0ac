"""Contexts as arrays and batches: what the model eats, in training and afterwards alike.

A context is encoded once (token ids, the mask's place, its entity and its image's feature row);
a batch is cut from the arrays under a modality. `text` leaves the patches out, `image` puts the
mask alone where the sentence was: a missing modality is masked, never faked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mese.corpus import Corpus
from mese.encoders import WordEncoder

PatchSource = Callable[[NDArray[np.int64]], NDArray[np.float16]]
"""Rows of the feature store → their patch features (n, 36, F)."""


@dataclass(frozen=True)
class Encoded:
    """N contexts as arrays: flat token ids with offsets, and three columns.

    `pieces` int32 (total,), `offsets` int64 (N+1,), `mask_at` int64 (N,): the mask's place in its
    sentence; `entity` int64 (N,): vocabulary position; `image` int64 (N,): feature row, −1: none.
    """

    pieces: NDArray[np.int32]
    offsets: NDArray[np.int64]
    mask_at: NDArray[np.int64]
    entity: NDArray[np.int64]
    image: NDArray[np.int64]
    empty: tuple[int, ...]
    pad: int

    def __len__(self) -> int:
        return len(self.entity)

    @property
    def lengths(self) -> NDArray[np.int64]:
        return np.diff(self.offsets)

    def take(self, rows: NDArray[np.int64]) -> Encoded:
        """Some of the contexts, in the order of `rows`."""
        sentences = [self.sentence(row) for row in rows]
        return replace(
            self,
            pieces=np.concatenate([np.empty(0, np.int32), *sentences]),
            offsets=np.concatenate([[0], np.cumsum([len(s) for s in sentences])]).astype(np.int64),
            mask_at=self.mask_at[rows],
            entity=self.entity[rows],
            image=self.image[rows],
        )

    def sentence(self, row: int) -> NDArray[np.int32]:
        return self.pieces[self.offsets[row] : self.offsets[row + 1]]


@dataclass(frozen=True)
class Batch:
    """What one step of the model eats; `arguments` are `MultiExpan.forward`'s by name."""

    arguments: dict[str, torch.Tensor]
    entity: torch.Tensor


def encode_contexts(
    corpus: Corpus,
    vocabulary: Sequence[int],
    words: WordEncoder,
    feature_row: Mapping[str, int],
) -> Encoded:
    """Encode all contexts of vocabulary entities; `feature_row` maps an image hash to its row."""
    position_of = {entity: position for position, entity in enumerate(vocabulary)}
    pieces, lengths, mask_at, entity, image = [], [], [], [], []
    for context in corpus.contexts:
        position = position_of.get(context.entity)
        if position is None:
            continue
        ids = words.masked(context.tokens, context.start, context.end)
        pieces.extend(ids)
        lengths.append(len(ids))
        mask_at.append(ids.index(words.mask))
        entity.append(position)
        image.append(feature_row.get(context.image_hash or "", -1))
    return Encoded(
        np.array(pieces, dtype=np.int32),
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        np.array(mask_at, dtype=np.int64),
        np.array(entity, dtype=np.int64),
        np.array(image, dtype=np.int64),
        tuple(words.empty),
        words.pad,
    )


def collate(
    encoded: Encoded,
    rows: NDArray[np.int64],
    modality: str,
    patches_of: PatchSource,
    places: NDArray[np.int64] | None = None,
) -> Batch:
    """Tensors of some contexts under a modality; `places` keeps only those patches.

    `text` leaves the patches out; `image` puts the mask alone where the sentence was.
    """
    if modality == "image":
        sentences: list[Any] = [np.array(encoded.empty, dtype=np.int32)] * len(rows)
        mask_at = np.full(len(rows), 1, dtype=np.int64)
    else:
        sentences = [encoded.sentence(row) for row in rows]
        mask_at = encoded.mask_at[rows]
    arguments = _text_tensors(sentences, encoded.pad)
    arguments["mask_at"] = torch.from_numpy(mask_at)
    if modality != "text":
        arguments |= _patch_tensors(encoded.image[rows], patches_of, places)
    return Batch(arguments, torch.from_numpy(encoded.entity[rows]))


def _text_tensors(sentences: list[NDArray[np.int32]], pad: int) -> dict[str, torch.Tensor]:
    width = max(len(ids) for ids in sentences)
    ids = np.full((len(sentences), width), pad, dtype=np.int64)
    for row, pieces in enumerate(sentences):
        ids[row, : len(pieces)] = pieces
    lengths = np.array([len(pieces) for pieces in sentences])
    mask = np.arange(width)[None] < lengths[:, None]
    return {"ids": torch.from_numpy(ids), "text_mask": torch.from_numpy(mask)}


def _patch_tensors(
    images: NDArray[np.int64], patches_of: PatchSource, places: NDArray[np.int64] | None
) -> dict[str, torch.Tensor]:
    present = images >= 0
    features = patches_of(np.maximum(images, 0))
    if places is not None:
        features = features[:, places]
    made = {
        "patches": torch.from_numpy(features.astype(np.float32)),
        "patch_mask": torch.from_numpy(present),
    }
    if places is not None:
        made["patch_places"] = torch.from_numpy(places)
    return made


def in_order(encoded: Encoded, size: int) -> Iterator[NDArray[np.int64]]:
    """All rows in batches of like length: for passes whose order does not matter."""
    order = np.argsort(encoded.lengths, kind="stable")
    for start in range(0, len(order), size):
        yield order[start : start + size]
