"""Masked-entity prediction against torch's KLDivLoss, a loop, and finite differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from train.objectives import masked_entity_loss


def drawn(rows: int = 5, size: int = 7) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(rows, size, generator=generator) * 3
    return logits.log_softmax(dim=1), torch.randint(size, (rows,), generator=generator)


def targets(entity: torch.Tensor, size: int, smoothing: float) -> torch.Tensor:
    target = torch.full((len(entity), size), smoothing / (size - 1), dtype=torch.float64)
    target[torch.arange(len(entity)), entity] = 1 - smoothing
    return target


@pytest.mark.parametrize("smoothing", [0.0, 0.075, 0.5])
def test_the_loss_is_torchs_kl_divergence(smoothing: float) -> None:
    log_prob, entity = drawn()
    wanted = nn.KLDivLoss(reduction="batchmean")(log_prob, targets(entity, 7, smoothing).float())
    torch.testing.assert_close(masked_entity_loss(log_prob, entity, smoothing), wanted)


def test_the_loss_is_the_specs_sum() -> None:
    log_prob, entity = drawn()
    total = 0.0
    for row in range(5):
        for v in range(7):
            t = 0.925 if v == entity[row] else 0.075 / 6
            total += t * (np.log(t) - float(log_prob[row, v]))
    assert float(masked_entity_loss(log_prob, entity)) == pytest.approx(total / 5, rel=1e-5)


def test_a_perfect_prediction_costs_nothing_and_any_other_more() -> None:
    log_prob, entity = drawn()
    perfect = targets(entity, 7, 0.075).log().float()
    assert float(masked_entity_loss(perfect, entity)) == pytest.approx(0, abs=1e-6)
    assert float(masked_entity_loss(log_prob, entity)) > 0.1


def test_half_precision_is_computed_in_float32() -> None:
    log_prob, entity = drawn()
    found = masked_entity_loss(log_prob.bfloat16(), entity)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, masked_entity_loss(log_prob.bfloat16().float(), entity))


def test_gradients_are_those_of_finite_differences() -> None:
    """The loss is linear in the log-probabilities, so that coarse steps are exact enough."""
    log_prob, entity = drawn()
    checked = log_prob.double().requires_grad_()
    assert torch.autograd.gradcheck(
        lambda x: masked_entity_loss(x, entity).double(), (checked,), eps=0.25, atol=1e-4
    )


def test_gradients_by_logits_are_prediction_minus_target() -> None:
    logits, entity = drawn()
    logits.requires_grad_()
    masked_entity_loss(logits.log_softmax(dim=1), entity).backward()
    wanted = (logits.detach().softmax(dim=1) - targets(entity, 7, 0.075).float()) / 5
    torch.testing.assert_close(logits.grad, wanted, atol=1e-6, rtol=1e-5)
