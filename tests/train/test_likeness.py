"""What is alike: against loops, and on sentences and pictures whose likeness is plain."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import sparse

from tests.train.test_picture_likeness import encoded_of
from train.likeness import (
    NEAR,
    SMOOTHED_BY,
    TEMPERATURE,
    as_read,
    kinds,
    kinds_by_modality,
    likeness,
    nearest,
    sentence_likeness,
)
from train.objectives import Alike, masked_entity_loss


def unit(rows: NDArray[np.float64]) -> NDArray[np.float32]:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("block", [3, 100])
def test_the_nearest_are_those_of_a_loop(block: int) -> None:
    rows = unit(np.random.default_rng(0).normal(size=(13, 6)))
    near, cosines = nearest(rows, 4, block)
    for row in range(13):
        scores = [-2.0 if other == row else float(rows[row] @ rows[other]) for other in range(13)]
        wanted = np.argsort(scores)[::-1][:4]
        assert near[row].tolist() == wanted.tolist()
        assert cosines[row] == pytest.approx([scores[n] for n in wanted], abs=1e-6)


def test_kinds_are_a_softmax_over_the_smoothed_vectors_nearest() -> None:
    """Against a loop over entities."""
    rows = unit(np.random.default_rng(1).normal(size=(40, 8)))
    smoothed = []
    for e in range(40):
        order = sorted((n for n in range(40) if n != e), key=lambda n: -float(rows[e] @ rows[n]))
        pulled = sum(
            max(float(rows[e] @ rows[n]), 0.0) * rows[n].astype(np.float64)
            for n in order[:SMOOTHED_BY]
        )
        row = rows[e] + pulled / np.linalg.norm(pulled)
        smoothed.append(row / np.linalg.norm(row))
    made = kinds(rows)
    for e in range(40):
        scores = {n: float(smoothed[e] @ smoothed[n]) for n in range(40) if n != e}
        order = sorted(scores, key=lambda n: -scores[n])[:NEAR]
        weight = np.exp(np.array([scores[n] for n in order]) / TEMPERATURE)
        assert made.near[e].tolist() == order
        assert made.share[e] == pytest.approx(weight / weight.sum(), rel=1e-3)


def test_sentences_with_the_same_words_are_alike() -> None:
    words = np.zeros((6, 12))
    words[:3, :4], words[3:, 4:8] = 1, 1
    words[range(6), [8, 9, 10, 11, 8, 9]] = 0.3
    rows = sentence_likeness(sparse.csr_matrix(unit(words)), 0)
    near = (rows @ rows.T) > 0.5
    group = np.arange(6) // 3
    assert np.array_equal(near, group[:, None] == group[None])


def test_a_corpus_without_pictures_has_kinds_by_text_alone() -> None:
    sentences = sparse.csr_matrix(unit(np.random.default_rng(0).random((8, 20))))
    bare = encoded_of(list(range(8)), [-1] * 8)
    assert set(kinds_by_modality(likeness(sentences, bare, 8, lambda rows: rows, 0))) == {"text"}
    single = encoded_of(list(range(8)), [0, *[-1] * 7])
    assert set(kinds_by_modality(likeness(sentences, single, 8, lambda rows: rows, 0))) == {"text"}


def test_an_entity_of_which_nothing_is_known_has_no_kinds() -> None:
    rows = unit(np.random.default_rng(1).normal(size=(30, 8)))
    rows[4] = 0
    made = kinds(rows)
    assert not made.share[4].any()
    assert made.share.sum(axis=1) == pytest.approx((np.arange(30) != 4).astype(float), abs=1e-5)


def test_what_a_model_read_stands_beside_the_words() -> None:
    """States share what is common to all; of the rest, each side weighs the same."""
    rng = np.random.default_rng(0)
    own, text = rng.normal(size=(9, 5)), unit(rng.normal(size=(9, 7)))
    own -= own.mean(axis=0)
    rows = as_read((own + 50).astype(np.float32), text)
    cosines = unit(own) @ unit(own).T
    assert rows @ rows.T == pytest.approx((cosines + text @ text.T) / 2, abs=1e-4)


@pytest.mark.parametrize("by", ["text", "image"])
def test_the_judge_chooses_how_much_sentences_weigh(by: str) -> None:
    """Sentences pair entities one way, pictures another; the judge knows which is right."""
    rng = np.random.default_rng(0)
    pair = {"text": np.arange(40) // 2, "image": np.arange(40) % 20}
    sentences = sparse.csr_matrix(unit(np.eye(20)[pair["text"]] + 0.1 * rng.random((40, 20))))
    shapes = rng.normal(size=(20, 36, 4))
    features = (shapes[pair["image"]] + 0.3 * rng.normal(size=(40, 36, 4))).astype(np.float16)

    def judge(vectors: NDArray[np.float32]) -> float:
        cosines = vectors @ vectors.T
        return float(cosines[pair[by][:, None] == pair[by][None]].mean() - cosines.mean())

    encoded = encoded_of(list(range(40)), list(range(40)))
    found = likeness(sentences, encoded, 40, lambda rows: features[rows], 0)
    made = kinds_by_modality(found, judge)
    first = made["text+image"].near[:, 0]
    assert (pair[by][first] == pair[by]).mean() > 0.8
    plain = kinds_by_modality(found)
    assert not np.array_equal(plain["text+image"].near, made["text+image"].near)


def test_the_loss_is_the_divergence_from_the_shared_target() -> None:
    """Against the whole target written out, and torch's own divergence."""
    torch.manual_seed(0)
    size, eta, part = 30, 0.075, 0.4
    log_prob = torch.randn(4, size).log_softmax(dim=1)
    entity = torch.tensor([3, 7, 7, 20])
    near = torch.tensor([[1, 2], [0, 9], [0, 9], [21, 22]])
    share = torch.tensor([[0.9, 0.1], [0.5, 0.5], [0.0, 0.0], [1.0, 0.0]])
    target = torch.full((4, size), eta / (size - 1))
    for row in range(4):
        target[row, entity[row]] = (1 - eta) * (1 - part * share[row].sum())
        for other, weight in zip(near[row], share[row], strict=True):
            target[row, other] += (1 - eta) * part * weight
    assert target.sum(dim=1).numpy() == pytest.approx(np.ones(4))
    wanted = torch.nn.functional.kl_div(log_prob, target, reduction="batchmean")
    found = masked_entity_loss(log_prob, entity, eta, Alike(part, near, share))
    assert found.item() == pytest.approx(wanted.item(), abs=1e-5)
    perfect = masked_entity_loss(target.log(), entity, eta, Alike(part, near, share))
    assert perfect.item() == pytest.approx(0, abs=1e-5)
