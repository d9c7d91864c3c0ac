"""What an epoch does, step by step: contexts, modality, patches and pictures, drawn beforehand.

An epoch's plan depends on the seed and its number alone, so that a fit that was cut off goes on
with the steps it would have had.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from mese.corpus import MODALITIES
from mese.encoding import Encoded
from train.build import Parts
from train.data import bucketed, draw_epoch, random_places
from train.likeness import nearest_pictures
from train.presets import FitConfig

FEW = 2
"""Pictures of an entity up to which they are swapped for their neighbours in training."""


@dataclass(frozen=True)
class Step:
    """One planned step: which contexts, under which modality, with which patches and pictures."""

    rows: NDArray[np.int64]
    modality: str
    places: NDArray[np.int64] | None
    images: NDArray[np.int64]


def drop_words(arguments: dict[str, torch.Tensor], most: float) -> torch.Tensor:
    """The text mask with some keys hidden; the mask token itself is always seen.

    Each row draws its own share from 0 to `most`: beside nearly bare sentences the model has to
    read the picture, beside whole ones it need not, and it learns to weigh the two.
    """
    seen = arguments["text_mask"]
    share = most * torch.rand(len(seen), 1, device=seen.device)
    keep = seen & (torch.rand(seen.shape, device=seen.device) >= share)
    rows = torch.arange(len(seen), device=seen.device)
    keep[rows, arguments["mask_at"]] = True
    return keep


def plan_epoch(
    encoded: Encoded, config: FitConfig, epoch: int, neighbours: NDArray[np.int64]
) -> list[Step]:
    """The steps of an epoch, from (seed, epoch) alone."""
    rng = np.random.default_rng([config.seed, epoch])
    rows = draw_epoch(encoded.entity, config.draws, rng)
    batches = bucketed(rows, encoded.lengths, config.batch, rng)
    shares = (1 - config.text_share - config.image_share, config.text_share, config.image_share)
    if epoch < config.alone_epochs:
        shares = (0.0, 1 - config.alone_image_share, config.alone_image_share)
    scarce = few_pictures(encoded)
    return [_plan_step(encoded, config, part, shares, neighbours, scarce, rng) for part in batches]


def _plan_step(
    encoded: Encoded,
    config: FitConfig,
    rows: NDArray[np.int64],
    shares: tuple[float, float, float],
    neighbours: NDArray[np.int64],
    scarce: NDArray[np.bool_],
    rng: np.random.Generator,
) -> Step:
    modality = MODALITIES[int(rng.choice(3, p=shares))]
    if modality == "image":
        pictured = rows[encoded.image[rows] >= 0]
        rows, modality = (pictured, "image") if len(pictured) else (rows, "text")
    images = swap_pictures(encoded.image[rows], neighbours, config.neighbour_share, rng)
    images = np.where(scarce[encoded.entity[rows]], images, encoded.image[rows])
    return Step(rows, modality, random_places(config.keep_patches, rng), images)


def few_pictures(encoded: Encoded) -> NDArray[np.bool_]:
    """Whether an entity has no more than `FEW` different pictures: bool, by vocabulary position."""
    pairs = np.unique(np.stack([encoded.entity, encoded.image], axis=1), axis=0)
    seen = pairs[pairs[:, 1] >= 0, 0]
    return np.bincount(seen, minlength=int(encoded.entity.max()) + 1) <= FEW


def swap_pictures(
    images: NDArray[np.int64],
    neighbours: NDArray[np.int64],
    share: float,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Some pictures replaced by one of their nearest: a picture then names no single entity.

    Where an entity has one or two pictures the model would learn them by heart, and the rest of
    its distribution would say nothing (docs/decisions/0002-small-data.md).
    """
    if not share or not neighbours.size:
        return images
    swap = (rng.random(len(images)) < share) & (images >= 0)
    chosen = neighbours[np.maximum(images, 0), rng.integers(neighbours.shape[1], size=len(images))]
    return np.where(swap, chosen, images)


def neighbours_of(config: FitConfig, parts: Parts) -> NDArray[np.int64]:
    """Nearest pictures by mean patch feature, for every row of the feature store."""
    # The store may hold other corpora's pictures too: they are nobody's neighbours here.
    used = np.unique(parts.encoded.image[parts.encoded.image >= 0])
    if not config.neighbours or len(used) < 2:
        return np.empty((0, 0), dtype=np.int64)
    blocks = [
        parts.features(used[start : start + 256]).astype(np.float32).mean(axis=1)
        for start in range(0, len(used), 256)
    ]
    nearest = used[nearest_pictures(np.concatenate(blocks), config.neighbours)]
    table = np.zeros((len(parts.features.row_of), nearest.shape[1]), dtype=np.int64)
    table[used] = nearest
    return table
