"""Training objectives as pure functions of tensors, in float32 and log-space.

Masked-entity prediction stands here; the contrastive, clustering and distillation objectives of
specs/multiexpan.md (b) join it.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch


def masked_entity_loss(
    log_prob: torch.Tensor,
    entity: torch.Tensor,
    smoothing: float = 0.075,
    alike: Alike | None = None,
) -> torch.Tensor:
    """Label-smoothed KL of the masked entity, the release's form of the paper's Eq. 7.

    The target t is 1 − η on the entity and η/(V − 1) on every other; the value is
    (1/B) Σ t (log t − log ŷ), so that a perfect prediction costs 0. `log_prob` float (B, V) holds
    log-probabilities, `entity` int64 (B,) positions; η = `smoothing` in [0, 1). float32 scalar.

    Beyond the release: `alike` moves a part κ of what is the entity's, 1 − η, to the entities that
    are most like it (`train.likeness`), in their shares.
    """
    log_prob = log_prob.float()
    size = log_prob.shape[1]
    rest, kept = smoothing / (size - 1), 1 - smoothing
    own = log_prob.gather(1, entity[:, None]).squeeze(1)
    cross = -rest * (log_prob.sum(dim=1) - own)
    if alike is None:
        return (cross - kept * own).mean() - _entropy(smoothing, size)
    moved = kept * alike.part * alike.share
    stays = kept - moved.sum(dim=1)  # all of it, where nothing is known to be alike
    of_alike = log_prob.gather(1, alike.near)
    cross = cross - stays * own - (moved * of_alike).sum(dim=1)
    return (cross - _entropy_of(stays, moved + rest, rest, size)).mean()


@dataclass(frozen=True)
class Alike:
    """The entities most like each of n: κ = `part`, `near` int64 (n, m), `share` float (n, m)."""

    part: float
    near: torch.Tensor
    share: torch.Tensor

    def of(self, entity: torch.Tensor) -> Alike:
        """Those of a batch of entities, by their positions."""
        return Alike(self.part, self.near[entity], self.share[entity])


def _entropy_of(own: torch.Tensor, near: torch.Tensor, rest: float, size: int) -> torch.Tensor:
    """Entropy of targets: `own` (B,) once, `near` (B, n), and `rest` everywhere else; (B,)."""
    known = torch.cat([own[:, None], near], dim=1).double()
    others = (size - known.shape[1]) * torch.xlogy(*[known.new_tensor(rest)] * 2)
    return (-torch.xlogy(known, known).sum(dim=1) - others).float()


def _entropy(smoothing: float, size: int) -> float:
    """Entropy of the smoothed target: what the cross-entropy comes to at best."""
    target = torch.tensor([1 - smoothing, smoothing / (size - 1)], dtype=torch.float64)
    count = torch.tensor([1.0, size - 1.0], dtype=torch.float64)
    return float(-(count * torch.xlogy(target, target)).sum())
