"""Training objectives as pure functions of tensors, in float32 and log-space.

Masked-entity prediction stands here; the contrastive, clustering and distillation objectives of
specs/multiexpan.md (b) join it.
"""

from __future__ import annotations

import torch


def masked_entity_loss(
    log_prob: torch.Tensor, entity: torch.Tensor, smoothing: float = 0.075
) -> torch.Tensor:
    """Label-smoothed KL of the masked entity, the release's form of the paper's Eq. 7.

    The target is 1 − η on the entity and η/(V − 1) on every other; the value is
    (1/B) Σ t (log t − log ŷ), so that a perfect prediction costs 0. `log_prob` float (B, V) holds
    log-probabilities, `entity` int64 (B,) positions; η = `smoothing` in [0, 1). float32 scalar.
    """
    log_prob = log_prob.float()
    size = log_prob.shape[1]
    rest = smoothing / (size - 1)
    own = log_prob.gather(1, entity[:, None]).squeeze(1)
    cross = -((1 - smoothing - rest) * own + rest * log_prob.sum(dim=1))
    return cross.mean() - _entropy(smoothing, size)


def _entropy(smoothing: float, size: int) -> float:
    """Entropy of the smoothed target: what the cross-entropy comes to at best."""
    target = torch.tensor([1 - smoothing, smoothing / (size - 1)], dtype=torch.float64)
    count = torch.tensor([1.0, size - 1.0], dtype=torch.float64)
    return float(-(count * torch.xlogy(target, target)).sum())
