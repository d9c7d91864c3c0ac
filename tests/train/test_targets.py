"""The targets' likeness by both: made anew once, from what the model reads, and kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mese.corpus import Corpus
from mese.represent import represent
from tests.train.conftest import silent
from train.build import Parts, new_model, prepare
from train.dev_scores import judge_by_dev_classes
from train.floors import tfidf_vectors
from train.likeness import as_read, kinds_by_both, likeness
from train.presets import FitConfig
from train.targets import Targets

ALL = torch.arange(20)


@pytest.fixture(scope="module")
def parts(corpus: Corpus, tiny: FitConfig, tmp_path_factory: pytest.TempPathFactory) -> Parts:
    home = tmp_path_factory.mktemp("home")
    return prepare(corpus, tiny, home, home / "features", "cpu", silent)


def same(one: Targets, other: Targets, modality: str) -> bool:
    a, b = one.alike(modality, ALL), other.alike(modality, ALL)
    assert a is not None
    assert b is not None
    return torch.equal(a.near, b.near) and torch.equal(a.share, b.share)


def test_both_are_made_anew_from_the_states_and_the_pictures(
    corpus: Corpus, tiny: FitConfig, parts: Parts, tmp_path: Path
) -> None:
    """Against the same steps by hand; the other modalities stay, and a second call does nothing."""
    first, renewed = (Targets(corpus, tiny, parts, "cpu") for _ in range(2))
    model, work = new_model(tiny, parts), tmp_path / "work"
    assert not renewed.state()
    renewed.renew(model, work)
    assert not work.exists()
    assert not same(first, renewed, "text+image")
    assert same(first, renewed, "text")
    assert same(first, renewed, "image")
    states = represent(model, parts.encoded, "text", parts.features, tmp_path / "own").mean_state
    assert states is not None
    known = likeness(
        tfidf_vectors(corpus, parts.vocabulary), parts.encoded, 20, parts.features, tiny.seed
    )
    assert known.image is not None
    text = as_read(np.asarray(states), known.text)
    wanted = kinds_by_both(text, known.image, judge_by_dev_classes(corpus, tiny, parts))
    found = renewed.alike("text+image", ALL)
    assert found is not None
    assert np.array_equal(found.near, wanted.near)
    assert np.allclose(found.share, wanted.share, atol=1e-6)
    assert found.part == tiny.kinds
    kept = renewed.state()
    renewed.renew(new_model(replace(tiny, seed=9), parts), work)
    assert all(torch.equal(kept[key], value) for key, value in renewed.state().items())


def test_a_checkpoint_brings_them_back(
    corpus: Corpus, tiny: FitConfig, parts: Parts, tmp_path: Path
) -> None:
    renewed, later = (Targets(corpus, tiny, parts, "cpu") for _ in range(2))
    renewed.renew(new_model(tiny, parts), tmp_path / "work")
    later.load(renewed.state())
    assert same(renewed, later, "text+image")
    later.renew(new_model(replace(tiny, seed=9), parts), tmp_path / "work")
    assert same(renewed, later, "text+image")
    with pytest.raises(KeyError):
        later.load({"near": ALL})


def test_where_nothing_is_to_be_renewed(
    corpus: Corpus, imageless: Corpus, tiny: FitConfig, parts: Parts, tmp_path: Path
) -> None:
    model = new_model(tiny, parts)
    bare = replace(parts, encoded=replace(parts.encoded, image=-np.ones_like(parts.encoded.image)))
    for config, whose, read in (
        (replace(tiny, kinds=0.0), corpus, parts),
        (replace(tiny, kinds_renewed=False), corpus, parts),
        (tiny, imageless, bare),
    ):
        targets = Targets(whose, config, read, "cpu")
        targets.renew(model, tmp_path / "work")
        assert not targets.state()
    assert Targets(corpus, replace(tiny, kinds=0.0), parts, "cpu").alike("text", ALL) is None
    without = Targets(imageless, tiny, bare, "cpu")
    one, other = without.alike("text", ALL), without.alike("text+image", ALL)
    assert one is not None
    assert other is not None
    assert torch.equal(one.near, other.near)
