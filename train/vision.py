"""The `demo` backbone: a small image encoder trained on the corpus's own pictures, then frozen.

Image–sentence contrast (InfoNCE, both ways) between a picture's pooled patch features and the
masked sentence it stands beside, whose vector is fixed (`train.word_vectors.sentence_vectors`). The
sentence never holds the entity's name, and two contexts of one entity are never each other's
negatives, so that the features learn what a picture is about and not which entity it shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from mese.encoding import Encoded
from mese.features import read_squares
from mese.images import MAX_PIXELS, PATCH, SIDE, cut_patches

BATCH = 64
LEARNING_RATE = 2e-3
MOST_IMAGES = 8000
"""Pictures that are held in memory at most (0.9 GB); a larger corpus is sampled."""

SHIFT = 24
"""Pixels that a training crop may lose on each side: patches then never fall on the same grid."""


def train_backbone(
    backbone: nn.Module,
    encoded: Encoded,
    images: dict[str, Path],
    vectors: NDArray[np.float32],
    steps: int,
    keep_patches: int,
    imagenet_norm: bool,
    seed: int,
    device: str = "cpu",
    progress: Callable[[int, int, float], None] | None = None,
    max_pixels: int = MAX_PIXELS,
) -> list[float]:
    """Train `backbone` in place for some steps of `BATCH` pictures; returns each step's loss.

    `encoded.image` numbers the pictures in the order of `images` (hash → file); `vectors` float32
    (N, D) are the contexts' fixed sentence vectors. `progress` gets (done, steps, loss).
    """
    rng = np.random.default_rng(seed)
    squares, row_of = _load(images, rng, max_pixels)
    contexts = _contexts_of_pictures(encoded, row_of)
    if len(squares) < 2 or steps == 0:
        return []
    with torch.inference_mode():
        width = backbone.to(device).eval()(torch.zeros(1, 3, PATCH, PATCH, device=device)).shape[1]
    towers = _Towers(width, vectors.shape[1]).to(device)
    backbone.train()
    optimizer = torch.optim.AdamW(
        [*backbone.parameters(), *towers.parameters()], lr=LEARNING_RATE, weight_decay=0.05
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, LEARNING_RATE, total_steps=max(steps, 10), pct_start=0.2
    )
    losses: list[float] = []
    for part in _picture_batches(len(squares), steps, rng):
        rows = np.array([rng.choice(contexts[p]) for p in part])
        pooled = _pooled(backbone, squares[part], keep_patches, imagenet_norm, rng, device)
        text = torch.from_numpy(vectors[rows]).to(device)
        loss = towers(pooled, text, torch.from_numpy(encoded.entity[rows]).to(device))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        if progress:
            progress(len(losses), steps, losses[-1])
    backbone.eval()
    return losses


def _picture_batches(
    count: int, steps: int, rng: np.random.Generator
) -> Iterator[NDArray[np.int64]]:
    """`steps` batches that walk through one shuffle of the pictures after the other."""
    size = min(BATCH, count)
    order = np.empty(0, dtype=np.int64)
    for _ in range(steps):
        if len(order) < size:
            order = rng.permutation(count)
        part, order = order[:size], order[size:]
        yield part


class _Towers(nn.Module):
    """Linear projections of both sides into one space, and the contrast between them."""

    def __init__(self, image: int, text: int, dim: int = 128) -> None:
        super().__init__()
        self.image, self.text = nn.Linear(image, dim), nn.Linear(text, dim)
        self.log_scale = nn.Parameter(torch.tensor(2.0))

    def forward(
        self, image: torch.Tensor, text: torch.Tensor, entity: torch.Tensor
    ) -> torch.Tensor:
        u = functional.normalize(self.image(image), dim=1)
        v = functional.normalize(self.text(text), dim=1)
        scores = u @ v.T * self.log_scale.clamp(max=4.0).exp()
        same = (entity[:, None] == entity[None]) & ~torch.eye(
            len(entity), dtype=torch.bool, device=scores.device
        )
        scores = scores.masked_fill(same, -torch.inf)
        target = torch.arange(len(u), device=scores.device)
        return (
            functional.cross_entropy(scores, target) + functional.cross_entropy(scores.T, target)
        ) / 2


def _load(
    images: dict[str, Path], rng: np.random.Generator, max_pixels: int
) -> tuple[NDArray[np.uint8], dict[int, int]]:
    """Pictures as uint8 (n, 192, 192, 3), and which picture number each of them has."""
    number = {image: i for i, image in enumerate(images)}
    chosen = [list(images)[i] for i in sorted(rng.permutation(len(images))[:MOST_IMAGES])]
    read = list(read_squares({image: images[image] for image in chosen}, max_pixels))
    squares = np.stack([square for _, square in read]) if read else np.empty((0, SIDE, SIDE, 3))
    return squares.astype(np.uint8), {number[image]: row for row, (image, _) in enumerate(read)}


def _contexts_of_pictures(encoded: Encoded, row_of: dict[int, int]) -> list[NDArray[np.int64]]:
    found: list[list[int]] = [[] for _ in row_of]
    for context, picture in enumerate(encoded.image):
        if picture in row_of:
            found[row_of[picture]].append(context)
    return [np.array(rows) for rows in found]


def _pooled(
    backbone: nn.Module,
    squares: NDArray[np.uint8],
    keep: int,
    imagenet_norm: bool,
    rng: np.random.Generator,
    device: str,
) -> torch.Tensor:
    """Mean feature of `keep` random patches of a random crop of each picture: float (n, F)."""
    top, left = rng.integers(0, SHIFT, 2)
    bottom, right = SIDE - rng.integers(0, SHIFT, 2)
    crop = torch.from_numpy(squares[:, top:bottom, left:right]).permute(0, 3, 1, 2).float()
    sized = functional.interpolate(crop, (SIDE, SIDE), mode="bilinear", align_corners=False)
    bright = torch.from_numpy(rng.uniform(0.8, 1.2, (len(squares), 1, 1, 1)).astype(np.float32))
    jittered = (sized * bright).clamp(0, 255).permute(0, 2, 3, 1).numpy().astype(np.uint8)
    patches = cut_patches(jittered, imagenet_norm)
    places = rng.permutation(patches.shape[1])[:keep]
    chosen = torch.from_numpy(np.ascontiguousarray(patches[:, places])).to(device)
    features = backbone(chosen.view(-1, 3, PATCH, PATCH))
    return features.view(len(squares), len(places), -1).mean(dim=1)


def nearest_pictures(
    features: NDArray[np.float32], count: int, block: int = 1024
) -> NDArray[np.int64]:
    """The `count` nearest other rows by cosine of centred mean features: int64 (n, count)."""
    centred = features - features.mean(axis=0)
    unit = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-9)
    count = min(count, len(unit) - 1)
    nearest = np.empty((len(unit), max(count, 0)), dtype=np.int64)
    for start in range(0, len(unit), block):
        scores = unit[start : start + block] @ unit.T
        scores[np.arange(len(scores)), start + np.arange(len(scores))] = -np.inf
        nearest[start : start + block] = np.argsort(-scores, axis=1, kind="stable")[:, :count]
    return nearest
