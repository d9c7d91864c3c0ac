"""The small backbone: a contrast that spares an entity's own contexts, repeatable and frozen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from mese.corpus import Corpus
from mese.encoders import WordEncoder, build_backbone, train_tokenizer
from mese.encoding import Encoded, encode_contexts
from train.build import picture_files
from train.vision import _Towers, nearest_pictures, train_backbone
from train.word_vectors import piece_vectors, sentence_matrix, sentence_vectors

Task = tuple[Encoded, dict[str, Path], NDArray[np.float32]]


@pytest.fixture(scope="module")
def task(corpus: Corpus) -> Task:
    """The squares' contexts, pictures and sentence vectors."""
    vocabulary = corpus.vocabulary()
    words = WordEncoder(train_tokenizer([c.tokens for c in corpus.contexts], 200))
    images = picture_files(corpus, vocabulary)
    encoded = encode_contexts(corpus, vocabulary, words, {h: n for n, h in enumerate(images)})
    matrix = sentence_matrix(encoded, words.tokenizer.get_vocab_size(), words.specials)
    return encoded, images, sentence_vectors(matrix, piece_vectors(matrix, 16, 0))


def trained(task: Task, steps: int = 2, seed: int = 0) -> tuple[torch.nn.Module, list[float]]:
    torch.manual_seed(seed)
    backbone = build_backbone("test_byobnet")
    encoded, images, vectors = task
    return backbone, train_backbone(backbone, encoded, images, vectors, steps, 4, True, seed)


def test_only_pictures_of_the_vocabulary_take_part(corpus: Corpus, task: Task) -> None:
    """One of an entity with a single context has no context to stand beside."""
    _, images, _ = task
    assert len(images) == 40
    assert not any(path.name.startswith("20-") for path in images.values())
    assert len(picture_files(corpus, range(21))) == 41


def test_training_tells_the_colours_apart(task: Task) -> None:
    told: list[tuple[int, int]] = []
    torch.manual_seed(0)
    backbone = build_backbone("test_byobnet")
    encoded, images, vectors = task
    losses = train_backbone(
        backbone,
        encoded,
        images,
        vectors,
        12,
        4,
        True,
        0,
        progress=lambda n, of, _: told.append((n, of)),
    )
    assert told == [(n, 12) for n in range(1, 13)]
    assert np.mean(losses[-4:]) < np.mean(losses[:4]) - 0.2
    assert not backbone.training


def test_a_seed_repeats_the_training(task: Task) -> None:
    (one, losses), (other, again) = trained(task), trained(task)
    assert losses == again
    for name, value in one.state_dict().items():
        assert torch.equal(value, other.state_dict()[name]), name
    assert trained(task, seed=1)[1] != losses


def test_nothing_to_train_on_leaves_the_backbone_alone(task: Task, tmp_path: Path) -> None:
    encoded, images, vectors = task
    backbone = build_backbone("test_byobnet")
    before = {name: value.clone() for name, value in backbone.state_dict().items()}
    gone = dict.fromkeys(images, tmp_path / "gone.png")
    for pictures, steps in ((gone, 5), ({}, 5), (images, 0)):
        assert train_backbone(backbone, encoded, pictures, vectors, steps, 4, True, 0) == []
    assert all(torch.equal(before[name], value) for name, value in backbone.state_dict().items())


def test_unreadable_pictures_are_left_out(task: Task, tmp_path: Path) -> None:
    encoded, images, vectors = task
    some = {
        h: path if n % 3 else tmp_path / "gone.png" for n, (h, path) in enumerate(images.items())
    }
    backbone = build_backbone("test_byobnet")
    assert len(train_backbone(backbone, encoded, some, vectors, 2, 4, True, 0)) == 2


def test_the_contrast_spares_contexts_of_one_entity() -> None:
    """Against a loop over InfoNCE both ways, where an entity's other rows are no negatives."""
    torch.manual_seed(0)
    towers = _Towers(6, 5).double()
    image, text = torch.randn(5, 6).double(), torch.randn(5, 5).double()
    entity = torch.tensor([0, 1, 0, 2, 1])
    u, v = towers.image(image), towers.text(text)
    u, v = u / u.norm(dim=1, keepdim=True), v / v.norm(dim=1, keepdim=True)
    scores = (u @ v.T * towers.log_scale.exp()).detach().numpy()
    total = 0.0
    for i in range(5):
        kept = [j for j in range(5) if j == i or entity[j] != entity[i]]
        total += np.log(np.exp(scores[i, kept]).sum()) - scores[i, i]
        total += np.log(np.exp(scores[kept, i]).sum()) - scores[i, i]
    assert towers(image, text, entity).item() == pytest.approx(total / 10)


@pytest.mark.parametrize("block", [3, 100])
def test_nearest_pictures_are_those_of_a_loop(block: int) -> None:
    features = np.random.default_rng(0).normal(size=(11, 6)).astype(np.float32)
    centred = features - features.mean(axis=0)
    found = nearest_pictures(features, 4, block)
    for row in range(11):
        cosine = [
            -2 if other == row else centred[row] @ centred[other] / np.linalg.norm(centred[other])
            for other in range(11)
        ]
        assert found[row].tolist() == np.argsort(cosine)[::-1][:4].tolist()


def test_there_are_no_more_neighbours_than_others() -> None:
    features = np.random.default_rng(0).normal(size=(3, 6)).astype(np.float32)
    assert nearest_pictures(features, 10).shape == (3, 2)
