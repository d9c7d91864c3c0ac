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
from train.likeness import nearest_pictures
from train.pictures import jittered_patches, load_pictures
from train.vision import OBJECTIVES, Task, _Contrast, describe, train_backbone
from train.word_vectors import piece_vectors, sentence_matrix, sentence_vectors

Parts = tuple[Encoded, dict[str, Path], NDArray[np.float32]]


@pytest.fixture(scope="module")
def parts(corpus: Corpus) -> Parts:
    """The squares' contexts, pictures and sentence vectors."""
    vocabulary = corpus.vocabulary()
    words = WordEncoder(train_tokenizer([c.tokens for c in corpus.contexts], 200))
    images = picture_files(corpus, vocabulary)
    encoded = encode_contexts(corpus, vocabulary, words, {h: n for n, h in enumerate(images)})
    matrix = sentence_matrix(encoded, words.tokenizer.get_vocab_size(), words.specials)
    return encoded, images, sentence_vectors(matrix, piece_vectors(matrix, 16, 0))


def task_of(parts: Parts, images: dict[str, Path] | None = None) -> Task:
    encoded, own, vectors = parts
    pictures = load_pictures(encoded, own if images is None else images, np.random.default_rng(0))
    return Task(pictures, encoded, vectors, keep=4)


def trained(
    task: Task, objective: str, steps: int = 2, seed: int = 0
) -> tuple[torch.nn.Module, list[float]]:
    torch.manual_seed(seed)
    backbone = build_backbone("test_byobnet")
    return backbone, train_backbone(backbone, objective, task, steps, seed)


def test_only_pictures_of_the_vocabulary_take_part(corpus: Corpus, parts: Parts) -> None:
    """One of an entity with a single context has no context to stand beside."""
    encoded, images, _ = parts
    assert len(images) == 40
    assert not any(path.name.startswith("20-") for path in images.values())
    assert len(picture_files(corpus, range(21))) == 41
    pictures = load_pictures(encoded, images, np.random.default_rng(0))
    assert [c.tolist() for c in pictures.contexts] == [
        np.flatnonzero(encoded.image == number).tolist() for number in range(40)
    ]


@pytest.mark.parametrize(
    ("objective", "less"), [("contrast", 0.2), ("entities", 0.2), ("patches", 0.05)]
)
def test_training_learns(parts: Parts, objective: str, less: float) -> None:
    told: list[tuple[int, int]] = []
    torch.manual_seed(0)
    backbone = build_backbone("test_byobnet")
    losses = train_backbone(
        backbone, objective, task_of(parts), 12, 0, progress=lambda n, of, _: told.append((n, of))
    )
    assert told == [(n, 12) for n in range(1, 13)]
    assert np.mean(losses[-4:]) < np.mean(losses[:4]) - less
    assert not backbone.training


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_seed_repeats_the_training(parts: Parts, objective: str) -> None:
    task = task_of(parts)
    (one, losses), (other, again) = trained(task, objective), trained(task, objective)
    assert losses == again
    for name, value in one.state_dict().items():
        assert torch.equal(value, other.state_dict()[name]), name
    assert trained(task, objective, seed=1)[1] != losses


def test_nothing_to_train_on_leaves_the_backbone_alone(parts: Parts, tmp_path: Path) -> None:
    images = parts[1]
    backbone = build_backbone("test_byobnet")
    before = {name: value.clone() for name, value in backbone.state_dict().items()}
    gone = dict.fromkeys(images, tmp_path / "gone.png")
    for pictures, steps in ((gone, 5), ({}, 5), (images, 0)):
        assert train_backbone(backbone, "patches", task_of(parts, pictures), steps, 0) == []
    assert all(torch.equal(before[name], value) for name, value in backbone.state_dict().items())


def test_unreadable_pictures_are_left_out(parts: Parts, tmp_path: Path) -> None:
    some = {
        h: path if n % 3 else tmp_path / "gone.png" for n, (h, path) in enumerate(parts[1].items())
    }
    task = task_of(parts, some)
    assert len(task.pictures) == 26
    assert len(trained(task, "contrast")[1]) == 2


def test_a_patch_is_described_by_its_edges_and_colours() -> None:
    """A step in brightness along one axis: its edges point there, in the cells where it is."""
    patch = torch.zeros(1, 3, 32, 32)
    patch[:, 0, :, 8:] = 0.9  # red from column 8 on: gradient along x, direction 0
    found = describe(patch)[0]
    edges, mean, spread = (
        found[:32].view(8, 2, 2),
        found[32:44].view(3, 2, 2),
        found[44:].view(3, 2, 2),
    )
    # Two columns see the step (0.3 in grey), over 15 of the cell's 16 rows but for the border's.
    assert edges[0].numpy() == pytest.approx(
        np.array([[np.sqrt(0.3 * 2 / 16), 0], [np.sqrt(0.3 * 2 / 16), 0]]), abs=1e-5
    )
    assert edges[1:].abs().max() == 0
    assert mean[0].numpy() == pytest.approx(np.array([[0.45, 0.9], [0.45, 0.9]]), abs=1e-5)
    assert spread[0].numpy() == pytest.approx(np.array([[0.45, 0], [0.45, 0]]), abs=3e-3)
    assert mean[1:].abs().max() == 0


def test_jittered_patches_come_from_near_their_places() -> None:
    """A picture whose colours say where: 0–191 across in red, 0–191 down in green."""
    across = np.broadcast_to(np.arange(192, dtype=np.uint8), (192, 192))
    square = np.stack([across, across.T, np.zeros_like(across)], axis=2)[None]
    patches = jittered_patches(square, 36, np.random.default_rng(1))[0]
    assert patches.shape == (36, 3, 32, 32)
    corners = set()
    for patch in patches:
        red, green = patch[0, 0], patch[1, :, 0]
        scale = float(red[-1] - red[0]) * 255 / 31, float(green[-1] - green[0]) * 255 / 31
        left, top = float(red[0]) * 255 / scale[0], float(green[0]) * 255 / scale[1]
        corners.add((round(left), round(top)))
        assert 0.79 < scale[0] < 1.21
    lefts = sorted({left for left, _ in corners})
    shift = lefts[1] - 32
    assert abs(shift) <= 10
    assert all(left == min(max(n * 32 + shift, 0), 160) for n, left in enumerate(lefts))


def test_the_contrast_spares_contexts_of_one_entity(parts: Parts) -> None:
    """Against a loop over InfoNCE both ways, where an entity's other rows are no negatives."""
    torch.manual_seed(0)
    vectors = np.zeros((5, 5), np.float32)
    task = Task(load_pictures(parts[0], {}, np.random.default_rng(0)), parts[0], vectors)
    towers = _Contrast(task, 6, np.random.default_rng(0)).double()
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
    assert towers.contrast(image, text, entity).item() == pytest.approx(total / 10)


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
