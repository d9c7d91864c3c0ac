"""What a step reads follows from seed and epoch; pictures are swapped, words dropped, rates set."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from mese.corpus import Corpus
from mese.encoders import WordEncoder, train_tokenizer
from mese.encoding import Encoded, encode_contexts
from train.build import picture_files
from train.dev_scores import _first_contexts
from train.loop import cosine_schedule
from train.plan import Step, drop_words, few_pictures, plan_epoch, swap_pictures
from train.presets import DEMO, PAPER, FitConfig, configure

NO_NEIGHBOURS: NDArray[np.int64] = np.empty((0, 0), dtype=np.int64)


@pytest.fixture(scope="module")
def encoded(corpus: Corpus) -> Encoded:
    words = WordEncoder(train_tokenizer([c.tokens for c in corpus.contexts], 200))
    vocabulary = corpus.vocabulary()
    rows = {h: n for n, h in enumerate(picture_files(corpus, vocabulary)) if n % 4}
    return encode_contexts(corpus, vocabulary, words, rows)


def written(steps: list[Step]) -> list[object]:
    return [
        (
            s.rows.tolist(),
            s.modality,
            None if s.places is None else s.places.tolist(),
            s.images.tolist(),
        )
        for s in steps
    ]


def test_a_plan_follows_from_seed_and_epoch_alone(encoded: Encoded, tiny: FitConfig) -> None:
    neighbours = np.arange(120).reshape(40, 3) % 40
    one = written(plan_epoch(encoded, tiny, 2, neighbours))
    np.random.default_rng().random(5)
    torch.rand(3)
    assert written(plan_epoch(encoded, tiny, 2, neighbours)) == one
    assert written(plan_epoch(encoded, tiny, 1, neighbours)) != one
    assert written(plan_epoch(encoded, replace(tiny, seed=9), 2, neighbours)) != one


def test_an_epoch_is_as_long_as_it_says(encoded: Encoded, tiny: FitConfig) -> None:
    config = replace(tiny, text_share=0.3, image_share=0.0)
    steps = plan_epoch(encoded, config, 1, NO_NEIGHBOURS)
    drawn = np.concatenate([encoded.entity[step.rows] for step in steps])
    assert np.bincount(drawn).tolist() == [4] * 20
    assert len(steps) == 5


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_the_first_epochs_read_one_modality_at_a_time(
    encoded: Encoded, tiny: FitConfig, share: float
) -> None:
    config = replace(tiny, draws=200, alone_image_share=share)
    steps = plan_epoch(encoded, config, 0, NO_NEIGHBOURS)
    found = [sum(s.modality == m for s in steps) / len(steps) for m in ("text", "image")]
    assert found == pytest.approx([1 - share, share], abs=0.1)
    assert sum(found) == 1


def test_modalities_have_their_shares(encoded: Encoded, tiny: FitConfig) -> None:
    config = replace(tiny, draws=200, alone_epochs=0, text_share=0.5, image_share=0.2)
    steps = plan_epoch(encoded, config, 0, NO_NEIGHBOURS)
    found = [sum(s.modality == m for s in steps) / len(steps) for m in ("text", "image")]
    assert found[0] == pytest.approx(0.5, abs=0.1)
    assert found[1] == pytest.approx(0.2, abs=0.1)


def test_steps_by_image_alone_leave_out_who_has_none(encoded: Encoded, tiny: FitConfig) -> None:
    config = replace(tiny, alone_epochs=0, text_share=0.0, image_share=1.0)
    steps = plan_epoch(encoded, config, 0, NO_NEIGHBOURS)
    assert all((step.images >= 0).all() and len(step.rows) for step in steps)
    bare = replace(encoded, image=np.full(len(encoded), -1))
    steps = plan_epoch(bare, config, 0, NO_NEIGHBOURS)
    assert {step.modality for step in steps} == {"text"}


def test_swapped_pictures_are_neighbours() -> None:
    images = np.array([0, 1, 2, -1] * 500)
    neighbours = np.array([[1, 2], [2, 0], [0, 1]])
    found = swap_pictures(images, neighbours, 0.5, np.random.default_rng(0))
    assert (found[images < 0] == -1).all()
    swapped = found != images
    assert all(found[n] in neighbours[images[n]] for n in np.flatnonzero(swapped))
    assert swapped[images >= 0].mean() == pytest.approx(0.5, abs=0.05)
    assert len({(a, b) for a, b in zip(images, found, strict=True) if a != b}) == 6


@pytest.mark.parametrize(
    ("share", "neighbours"), [(0.0, np.array([[1], [0]])), (0.9, NO_NEIGHBOURS)]
)
def test_pictures_stay_where_nothing_is_to_be_swapped(
    share: float, neighbours: NDArray[np.int64]
) -> None:
    images = np.array([0, 1, -1])
    found = swap_pictures(images, neighbours, share, np.random.default_rng(0))
    assert found.tolist() == [0, 1, -1]


def test_dropped_words_are_a_share_of_their_row_and_never_the_mask_or_the_padding() -> None:
    torch.manual_seed(0)
    seen = torch.arange(100)[None] < torch.randint(60, 100, (400, 1))
    mask_at = torch.randint(0, 60, (400,))
    kept = drop_words({"text_mask": seen, "mask_at": mask_at}, 0.4)
    assert kept[torch.arange(400), mask_at].all()
    assert not (kept & ~seen).any()
    shares = 1 - kept.sum(dim=1) / seen.sum(dim=1)  # each row's own, from 0 to the most
    assert float(shares.mean()) == pytest.approx(0.2, abs=0.02)
    assert float(shares.min()) < 0.05
    assert 0.35 < float(shares.max()) < 0.55
    assert drop_words({"text_mask": seen, "mask_at": mask_at}, 0.0).equal(seen)


def test_the_rate_rises_for_a_tenth_and_falls_to_a_hundredth() -> None:
    rates = np.array([cosine_schedule(step, 1000) for step in range(1000)])
    np.testing.assert_allclose(rates[:99], np.arange(1, 100) / 100)
    assert rates.argmax() in (98, 99)
    assert rates.max() == pytest.approx(1.0, abs=0.011)
    assert (np.diff(rates[100:]) < 0).all()
    assert rates[-1] == pytest.approx(0.01)
    assert rates[549] == pytest.approx(0.505, abs=1e-3)  # half-way down
    assert cosine_schedule(0, 1) == pytest.approx(0.01)
    assert cosine_schedule(5, 0) > 0


def test_a_dev_evaluation_reads_contexts_spread_over_the_list() -> None:
    entity = np.repeat([0, 1, 2], [3, 20, 8])
    picked = _first_contexts(entity, 8)
    assert np.bincount(entity[picked]).tolist() == [3, 8, 8]
    assert {3, 22} <= set(picked.tolist())
    assert len(set(picked.tolist())) == 19


def test_presets_are_changed_by_name_and_checked() -> None:
    assert configure("demo") == DEMO
    assert configure("paper", epochs=None, seed=4) == replace(PAPER, seed=4)
    assert (PAPER.dim, PAPER.epochs, PAPER.learning_rate, PAPER.batch) == (768, 50, 1e-5, 256)
    assert FitConfig(**DEMO.as_dict()) == DEMO
    with pytest.raises(ValueError, match="no preset 'big'; there are: demo, paper"):
        configure("big")
    with pytest.raises(ValueError, match="epochs must be 1 or more, got 0"):
        configure("demo", epochs=0)
    with pytest.raises(ValueError, match="learning_rate must be above 0"):
        configure("demo", learning_rate=0.0)


def test_only_entities_of_one_or_two_pictures_have_them_swapped(
    encoded: Encoded, tiny: FitConfig
) -> None:
    entity = np.repeat(np.arange(4), 4)
    image = np.array([0, 0, 0, 0, 1, 2, 1, 2, 3, 4, 5, 5, -1, -1, 6, 6])
    few = replace(encoded.take(np.arange(16)), entity=entity, image=image)
    assert few_pictures(few).tolist() == [True, True, False, True]
    neighbours = np.full((7, 1), 99)
    config = replace(tiny, neighbours=1, neighbour_share=1.0, alone_epochs=0)
    for step in plan_epoch(few, config, 3, neighbours):
        many = few.entity[step.rows] == 2
        assert (step.images[many] == few.image[step.rows][many]).all()
        assert set(step.images[~many]) <= {99, -1}
