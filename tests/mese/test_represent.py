"""Representation against a loop over contexts, and the batches it is made of."""

from __future__ import annotations

import copy
import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import mese.represent
from mese.corpus import Context, Corpus, Entity
from mese.encoders import WordEncoder, build_text_encoder, train_tokenizer
from mese.encoding import Encoded, collate, encode_contexts, in_order
from mese.features import weights_hash
from mese.model import ModelConfig, MultiExpan
from mese.represent import represent
from tests.conftest import devices

COUNT, WIDTH = 9, 4
NOTHING = 8
"""The entity without any context."""

IMAGELESS = 7


def make_corpus() -> Corpus:
    """1 to 5 contexts an entity with one image, two in turn, or none."""
    rng = np.random.default_rng(0)
    contexts = []
    for entity in range(COUNT + 1):  # the last is not in the vocabulary
        for turn in range(0 if entity == NOTHING else 1 + entity % 5):
            tokens = (*rng.choice(list("abcdefgh"), rng.integers(1, 7)), "X", "Y")
            image = f"h{entity % 3 + turn % 2}"
            if entity == IMAGELESS or (entity == 3 and turn == 0):
                image = ""
            at = len(tokens) - 2
            contexts.append(
                Context(len(contexts), entity, tokens, at, at + 1, image or None, image or None)
            )
    entities = tuple(Entity(n, f"Name {n}") for n in range(COUNT + 1))
    return Corpus("toy", entities, (), {}, (), contexts, Path())


@pytest.fixture(scope="module")
def words() -> WordEncoder:
    return WordEncoder(train_tokenizer([list("abcdefgh")], 60))


@pytest.fixture(scope="module")
def encoded(words: WordEncoder) -> Encoded:
    rows = {f"h{n}": n for n in range(4)}
    return encode_contexts(make_corpus(), range(COUNT), words, rows)


@pytest.fixture(scope="module")
def model(words: WordEncoder) -> MultiExpan:
    torch.manual_seed(0)
    text = build_text_encoder(words.tokenizer.get_vocab_size(), 12, 1, 2, words.pad)
    config = ModelConfig(COUNT, WIDTH, 12, 2, visual_layers=1, cross_layers=1)
    return MultiExpan(text, config).eval()


def patches_of(rows: NDArray[np.int64]) -> NDArray[np.float16]:
    store = np.random.default_rng(5).normal(size=(4, 36, WIDTH)).astype(np.float16)
    return store[rows]


def test_contexts_are_encoded_in_order_without_foreign_entities(
    encoded: Encoded, words: WordEncoder
) -> None:
    wanted = [c for c in make_corpus().contexts if c.entity < COUNT]
    assert len(encoded) == len(wanted)
    for row, context in enumerate(wanted):
        ids = words.masked(context.tokens, context.start, context.end)
        assert encoded.sentence(row).tolist() == ids
        assert encoded.mask_at[row] == ids.index(words.mask)
        assert encoded.entity[row] == context.entity
        assert encoded.image[row] == (int(context.image_hash[1]) if context.image_hash else -1)


def test_images_without_features_are_none(words: WordEncoder) -> None:
    encoded = encode_contexts(make_corpus(), range(COUNT), words, {"h1": 1})
    assert set(encoded.image.tolist()) == {-1, 1}


def test_taking_rows_keeps_their_contents(encoded: Encoded) -> None:
    taken = encoded.take(np.array([5, 0, 5]))
    for row, source in enumerate((5, 0, 5)):
        assert taken.sentence(row).tolist() == encoded.sentence(source).tolist()
        assert taken.mask_at[row] == encoded.mask_at[source]
        assert taken.entity[row] == encoded.entity[source]
        assert taken.image[row] == encoded.image[source]
    assert len(encoded.take(np.array([], dtype=np.int64))) == 0


def test_a_batch_pads_and_masks(encoded: Encoded) -> None:
    rows = np.array([0, 3, 6])
    batch = collate(encoded, rows, "text+image", patches_of)
    ids, mask = batch.arguments["ids"], batch.arguments["text_mask"]
    for row, source in enumerate(rows):
        sentence = encoded.sentence(source).tolist()
        assert ids[row, mask[row]].tolist() == sentence
        assert mask[row].tolist() == [True] * len(sentence) + [False] * (
            len(ids[row]) - len(sentence)
        )
        assert (ids[row, ~mask[row]] == encoded.pad).all()
    assert batch.arguments["patch_mask"].tolist() == (encoded.image[rows] >= 0).tolist()
    assert batch.entity.tolist() == encoded.entity[rows].tolist()


def test_a_missing_modality_is_left_out_or_masked(encoded: Encoded) -> None:
    rows = np.array([0, 3])
    assert set(collate(encoded, rows, "text", patches_of).arguments) == {
        "ids",
        "text_mask",
        "mask_at",
    }
    image = collate(encoded, rows, "image", patches_of).arguments
    assert image["ids"].tolist() == [list(encoded.empty)] * 2
    assert image["mask_at"].tolist() == [1, 1]


def test_kept_patches_are_those_of_their_places(encoded: Encoded) -> None:
    rows, places = np.array([0, 3]), np.array([2, 30])
    some = collate(encoded, rows, "text+image", patches_of, places).arguments
    every = collate(encoded, rows, "text+image", patches_of).arguments
    torch.testing.assert_close(some["patches"], every["patches"][:, places])
    assert some["patch_places"].tolist() == [2, 30]


def test_rows_in_order_are_all_of_them_by_length(encoded: Encoded) -> None:
    batches = list(in_order(encoded, 4))
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(encoded)))
    lengths = encoded.lengths[np.concatenate(batches)]
    assert (np.diff(lengths) >= 0).all()
    assert {len(batch) for batch in batches[:-1]} == {4}


def loop_means(
    model: MultiExpan, encoded: Encoded, modality: str
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """One context at a time, every one of an entity counted once."""
    prob, log_prob, state = [], [], []
    for entity in range(COUNT):
        found, states = [], []
        for row in np.flatnonzero(encoded.entity == entity):
            if modality == "image" and encoded.image[row] < 0:
                continue
            ids = list(encoded.empty) if modality == "image" else encoded.sentence(row).tolist()
            arguments = {
                "ids": torch.tensor([ids]),
                "text_mask": torch.ones(1, len(ids), dtype=torch.bool),
                "mask_at": torch.tensor([ids.index(4)]),
            }
            if modality != "text" and encoded.image[row] >= 0:
                patches = patches_of(encoded.image[row : row + 1]).astype(np.float32)
                arguments["patches"] = torch.from_numpy(patches)
            with torch.no_grad():
                found.append(model(**arguments)[0].double().numpy())
                states.append(model.mask_states(**arguments)[0].double().numpy())
        rows = np.array(found) if found else np.full((1, COUNT), -np.log(COUNT))
        prob.append(np.exp(rows).mean(axis=0))
        log_prob.append(rows.mean(axis=0))
        state.append(np.mean(states or [np.zeros(model.config.dim)], axis=0))
    return np.array(prob), np.array(log_prob), np.array(state)


@pytest.mark.parametrize("modality", ["text+image", "text", "image"])
@pytest.mark.parametrize("batch", [256, 4])
@pytest.mark.parametrize("device", devices())
def test_means_equal_a_loop_over_contexts(
    model: MultiExpan, encoded: Encoded, tmp_path: Path, modality: str, batch: int, device: str
) -> None:
    """The loop runs on the CPU: the tolerance is what `represent` promises of a GPU too."""
    model.train()  # representation is made without dropout, whatever went before
    index = represent(model, encoded, modality, patches_of, tmp_path / "work", device, batch)
    assert not model.training
    model.cpu()
    prob, log_prob, state = loop_means(model, encoded, modality)
    np.testing.assert_allclose(index.mean_prob, prob, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(index.mean_log_prob, log_prob, rtol=1e-4, atol=1e-5)
    assert index.mean_state is not None
    assert index.mean_state.dtype == np.float32
    np.testing.assert_allclose(index.mean_state, state, rtol=1e-4, atol=1e-5)


def test_an_image_counts_as_often_as_it_stands_there(
    model: MultiExpan, encoded: Encoded, tmp_path: Path
) -> None:
    """Entity 2 has three contexts and two pictures: one of them weighs two thirds."""
    image = encoded.image[encoded.entity == 2]
    assert sorted(np.unique(image, return_counts=True)[1].tolist()) == [1, 2]
    index = represent(model, encoded, "image", patches_of, tmp_path / "work")
    rows = [collate(encoded.take(np.flatnonzero(encoded.entity == 2)), np.array([n]), "image",
                    patches_of) for n in range(3)]  # fmt: skip
    with torch.no_grad():
        alone = [model(**row.arguments).exp()[0].numpy() for row in rows]
    np.testing.assert_allclose(index.mean_prob[2], np.mean(alone, axis=0), rtol=1e-4)


@pytest.mark.parametrize(
    ("modality", "entity"), [("image", IMAGELESS), ("image", NOTHING), ("text", NOTHING)]
)
def test_an_entity_with_nothing_to_go_by_is_uniform(
    model: MultiExpan, encoded: Encoded, tmp_path: Path, modality: str, entity: int
) -> None:
    index = represent(model, encoded, modality, patches_of, tmp_path / "work")
    np.testing.assert_allclose(index.mean_prob[entity], 1 / COUNT, rtol=1e-6)
    np.testing.assert_allclose(index.mean_log_prob[entity], -np.log(COUNT), rtol=1e-6)
    assert index.mean_state is not None
    assert not index.mean_state[entity].any()


def test_a_pass_that_was_cut_off_goes_on_and_ends_the_same(
    model: MultiExpan, encoded: Encoded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mese.represent, "CHUNK", 2)
    whole = represent(model, encoded, "text", patches_of, tmp_path / "whole")
    told: list[int] = []

    def stop(done: int, of: int) -> None:
        assert of == COUNT
        told.append(done)
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        represent(model, encoded, "text", patches_of, tmp_path / "cut", progress=stop)
    index = represent(model, encoded, "text", patches_of, tmp_path / "cut", progress=stop)
    assert told == [2, 4, 6, 8, 9]
    np.testing.assert_array_equal(index.mean_prob, whole.mean_prob)
    np.testing.assert_array_equal(index.mean_log_prob, whole.mean_log_prob)
    np.testing.assert_array_equal(index.mean_state, whole.mean_state)


@pytest.mark.parametrize("other", ["weights", "modality", "contexts", "old mark", "no states"])
def test_work_of_another_pass_is_not_taken_for_its_own(
    model: MultiExpan, encoded: Encoded, tmp_path: Path, other: str
) -> None:
    first, contexts, modality = copy.deepcopy(model), encoded, "text"
    if other == "weights":
        with torch.no_grad():
            next(first.parameters()).add_(1.0)
    if other == "modality":
        modality = "text+image"
    if other == "contexts":
        contexts = encoded.take(np.arange(len(encoded) - 1))
    represent(first, contexts, modality, patches_of, tmp_path / "work")
    if other == "old mark":
        np.memmap(tmp_path / "work" / "prob.f32", np.float32, "r+")[:] = 0
        (tmp_path / "work" / "done").write_text(str(COUNT))
    if other == "no states":  # a version that kept two matrices
        key = f"{weights_hash(first)} {modality} {len(contexts)}"
        (tmp_path / "work" / "state.f32").unlink()
        mark = f"{hashlib.sha256(key.encode()).hexdigest()} {COUNT}"
        (tmp_path / "work" / "done").write_text(mark)
    index = represent(model, encoded, "text", patches_of, tmp_path / "work")
    wanted = represent(model, encoded, "text", patches_of, tmp_path / "new")
    np.testing.assert_array_equal(index.mean_prob, wanted.mean_prob)
    np.testing.assert_array_equal(index.mean_log_prob, wanted.mean_log_prob)
    np.testing.assert_array_equal(index.mean_state, wanted.mean_state)


def test_work_of_another_vocabulary_is_refused(
    model: MultiExpan, encoded: Encoded, tmp_path: Path
) -> None:
    represent(model, encoded, "text", patches_of, tmp_path)
    (tmp_path / "prob.f32").write_bytes(b"0" * 16)
    with pytest.raises(ValueError, match="belongs to another vocabulary; remove it"):
        represent(model, encoded, "text", patches_of, tmp_path)
