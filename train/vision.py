"""The `demo` backbone: a small image encoder trained on the corpus's own pictures, then frozen.

No label is read. There are three objectives; benchmarks/backbones.py trains one backbone with each,
and docs/decisions/0002-small-data.md has what came out:

- `patches`: describe the patch itself, by its edges and colours (the target of masked feature
  prediction, arXiv 2112.09133, without the mask). Every patch is an example, so that a few hundred
  steps are enough.
- `contrast`: InfoNCE, both ways, between a picture's pooled patches and the masked sentence beside
  it, whose vector is fixed (`train.word_vectors.sentence_vectors`). Two contexts of one entity are
  never each other's negatives.
- `entities`: name the entity that the picture stands for, from its pooled patches.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from mese.encoding import Encoded
from mese.images import PATCH
from train.pictures import Pictures, as_seen, jittered_patches, picture_batches, random_patches

BATCH = 64
"""Pictures a step."""
LEARNING_RATE = 3e-3
SMOOTHING = 0.1
CELLS, DIRECTIONS = 2, 8
"""A patch is described in 2 × 2 cells, the edges of each in 8 directions over half a turn."""

Progress = Callable[[int, int, float], None]


@dataclass(frozen=True)
class Task:
    """What a backbone is trained on: pictures, their encoded contexts, and those's vectors.

    `vectors` float32 (N, D) are the contexts' fixed sentence vectors (`contrast` reads them alone);
    `keep` patches of a picture are looked at in one step.
    """

    pictures: Pictures
    encoded: Encoded
    vectors: NDArray[np.float32]
    keep: int = 12
    imagenet_norm: bool = True


def train_backbone(
    backbone: nn.Module,
    objective: str,
    task: Task,
    steps: int,
    seed: int,
    device: str = "cpu",
    progress: Progress | None = None,
) -> list[float]:
    """Train `backbone` in place for some steps; returns each step's loss.

    `objective` is one of `OBJECTIVES`. Fewer than two pictures, or no steps, leave it as it is.
    `progress` gets (done, steps, loss).
    """
    rng = np.random.default_rng(seed)
    if len(task.pictures) < 2 or steps == 0:
        return []
    head = OBJECTIVES[objective](task, _width(backbone.to(device)), rng).to(device)
    backbone.train()
    optimizer = torch.optim.AdamW(
        [*backbone.parameters(), *head.parameters()], lr=LEARNING_RATE, weight_decay=0.05
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, LEARNING_RATE, total_steps=max(steps, 10), pct_start=0.2
    )
    losses: list[float] = []
    for part in picture_batches(len(task.pictures), BATCH, steps, rng):
        loss = head(backbone, part, rng)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        if progress:
            progress(len(losses), steps, losses[-1])
    backbone.eval()
    return losses


def _width(backbone: nn.Module) -> int:
    device = next(backbone.parameters()).device
    with torch.inference_mode():
        return int(backbone.eval()(torch.zeros(1, 3, PATCH, PATCH, device=device)).shape[1])


class _Describe(nn.Module):
    """`patches`: a linear reading of `describe`, each value standardised over the corpus."""

    mean: torch.Tensor
    spread: torch.Tensor

    def __init__(self, task: Task, width: int, rng: np.random.Generator) -> None:
        super().__init__()
        self.task = task
        sample = describe(random_patches(task.pictures.squares, 2048, rng).flatten(0, 1))
        self.register_buffer("mean", sample.mean(dim=0))
        self.register_buffer("spread", sample.std(dim=0) + 1e-4)
        self.read = nn.Linear(width, sample.shape[1])

    def forward(
        self, backbone: nn.Module, part: NDArray[np.int64], rng: np.random.Generator
    ) -> torch.Tensor:
        count = len(part) * self.task.keep
        squares = self.task.pictures.squares
        patches = random_patches(squares, count, rng).flatten(0, 1).to(self.mean.device)
        wanted = (describe(patches) - self.mean) / self.spread
        found = self.read(backbone(as_seen(patches, self.task.imagenet_norm)))
        return functional.smooth_l1_loss(found, wanted)


def describe(patches: torch.Tensor) -> torch.Tensor:
    """Edges and colours of patches of 0 to 1, float (n, 3, 32, 32) → (n, 56).

    For each of 2 × 2 cells: the root of the mean gradient length by direction (a histogram of
    oriented gradients, over half a turn), and each channel's mean and standard deviation.
    """
    grey = patches.mean(dim=1)
    down, right = torch.zeros_like(grey), torch.zeros_like(grey)
    down[:, 1:-1] = grey[:, 2:] - grey[:, :-2]
    right[:, :, 1:-1] = grey[:, :, 2:] - grey[:, :, :-2]
    turn = torch.atan2(down, right).remainder(torch.pi) / torch.pi
    direction = (turn * DIRECTIONS).long().clamp(max=DIRECTIONS - 1)
    edges = functional.one_hot(direction, DIRECTIONS).permute(0, 3, 1, 2)
    edges = edges * torch.hypot(right, down)[:, None]
    cell = patches.shape[-1] // CELLS
    mean = functional.avg_pool2d(patches, cell)
    spread = (functional.avg_pool2d(patches**2, cell) - mean**2).clamp(min=0).sqrt()
    found = [functional.avg_pool2d(edges, cell).sqrt(), mean, spread]
    return torch.cat([values.flatten(1) for values in found], dim=1)


class _Contrast(nn.Module):
    """`contrast`: linear projections of both sides into one space."""

    def __init__(self, task: Task, width: int, rng: np.random.Generator, dim: int = 128) -> None:
        super().__init__()
        self.task = task
        self.image, self.text = nn.Linear(width, dim), nn.Linear(task.vectors.shape[1], dim)
        self.log_scale = nn.Parameter(torch.tensor(2.0))

    def forward(
        self, backbone: nn.Module, part: NDArray[np.int64], rng: np.random.Generator
    ) -> torch.Tensor:
        rows = _contexts_of(self.task, part, rng)
        pooled = _pooled(backbone, self.task, part, rng)
        text = torch.from_numpy(self.task.vectors[rows]).to(pooled.device)
        entity = torch.from_numpy(self.task.encoded.entity[rows]).to(pooled.device)
        return self.contrast(pooled, text, entity)

    def contrast(
        self, image: torch.Tensor, text: torch.Tensor, entity: torch.Tensor
    ) -> torch.Tensor:
        """InfoNCE both ways of n pictures (n, F) and the sentences beside them (n, D)."""
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


class _Name(nn.Module):
    """`entities`: label-smoothed cross-entropy of the entity whose context the picture is in."""

    def __init__(self, task: Task, width: int, rng: np.random.Generator) -> None:
        super().__init__()
        self.task = task
        count = int(task.encoded.entity.max()) + 1
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, count))

    def forward(
        self, backbone: nn.Module, part: NDArray[np.int64], rng: np.random.Generator
    ) -> torch.Tensor:
        rows = _contexts_of(self.task, part, rng)
        scores = self.head(_pooled(backbone, self.task, part, rng))
        entity = torch.from_numpy(self.task.encoded.entity[rows]).to(scores.device)
        return functional.cross_entropy(scores, entity, label_smoothing=SMOOTHING)


OBJECTIVES: dict[str, Callable[[Task, int, np.random.Generator], nn.Module]] = {
    "patches": _Describe,
    "contrast": _Contrast,
    "entities": _Name,
}
"""Ways to train a backbone, by name."""


def _contexts_of(
    task: Task, part: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """One context of each picture, by chance."""
    return np.array([rng.choice(task.pictures.contexts[picture]) for picture in part])


def _pooled(
    backbone: nn.Module, task: Task, part: NDArray[np.int64], rng: np.random.Generator
) -> torch.Tensor:
    """Mean feature of some patches of each picture: float (n, F)."""
    patches = jittered_patches(task.pictures.squares[part], task.keep, rng)
    seen = as_seen(patches.to(next(backbone.parameters()).device), task.imagenet_norm)
    features: torch.Tensor = backbone(seen.flatten(0, 1))
    return features.view(len(part), task.keep, -1).mean(dim=1)
