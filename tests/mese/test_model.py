"""MultiExpan against plain loops of its equations; what is masked changes nothing."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from mese.encoders import build_text_encoder
from mese.model import Block, ModelConfig, MultiExpan, freeze_like_release

DIM, HEADS, WORDS, FEATURES, ENTITIES = 24, 3, 50, 7, 11


@pytest.fixture
def model() -> MultiExpan:
    """In double precision and evaluation mode, with every parameter drawn at random."""
    torch.manual_seed(0)
    config = ModelConfig(ENTITIES, FEATURES, DIM, HEADS, visual_layers=2, cross_layers=2)
    made = MultiExpan(build_text_encoder(WORDS, DIM, 2, HEADS, 0), config)
    return made.double().eval()


def inputs(rows: int = 3, length: int = 9) -> dict[str, torch.Tensor]:
    drawn = torch.Generator().manual_seed(1)
    return {
        "ids": torch.randint(5, WORDS, (rows, length), generator=drawn),
        "text_mask": torch.ones(rows, length, dtype=torch.bool),
        "mask_at": torch.tensor([1, 4, 7][:rows]),
    }


def patches(rows: int = 3, count: int = 36) -> torch.Tensor:
    drawn = torch.Generator().manual_seed(2)
    return torch.randn(rows, count, FEATURES, generator=drawn, dtype=torch.float64)


def test_log_probabilities_are_float32_and_sum_to_one(model: MultiExpan) -> None:
    out = model.float()(**inputs(), patches=patches().float())
    assert out.shape == (3, ENTITIES)
    assert out.dtype == torch.float32
    torch.testing.assert_close(out.exp().sum(dim=1), torch.ones(3))


def test_states_are_those_of_the_mask(model: MultiExpan) -> None:
    states = model.mask_states(**inputs(), patches=patches())
    assert states.shape == (3, DIM)
    moved = inputs() | {"mask_at": torch.tensor([1, 4, 6])}
    other = model.mask_states(**moved, patches=patches())
    torch.testing.assert_close(other[:2], states[:2])
    assert (other[2] - states[2]).abs().max() > 1e-3


def test_a_masked_image_is_no_image(model: MultiExpan) -> None:
    none = model.mask_states(**inputs())
    absent = torch.zeros(3, dtype=torch.bool)
    masked = model.mask_states(**inputs(), patches=patches(), patch_mask=absent)
    torch.testing.assert_close(masked, none, rtol=1e-12, atol=1e-12)


def test_a_masked_image_is_no_image_in_one_row_of_a_batch(model: MultiExpan) -> None:
    some = torch.tensor([True, False, True])
    mixed = model.mask_states(**inputs(), patches=patches(), patch_mask=some)
    torch.testing.assert_close(mixed[1], model.mask_states(**inputs())[1], rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(mixed[0], model.mask_states(**inputs(), patches=patches())[0])


def test_patches_and_their_places_matter(model: MultiExpan) -> None:
    seen = model.mask_states(**inputs(), patches=patches())
    assert (seen - model.mask_states(**inputs())).abs().max() > 1e-3
    turned = model.mask_states(**inputs(), patches=patches().flip(1))
    assert (seen - turned).abs().max() > 1e-3


def test_the_state_is_made_step_by_step_as_the_paper_says(model: MultiExpan) -> None:
    """Text; projected patches with positions through the visual blocks; both through the cross."""
    given, absent = inputs(), torch.tensor([True, False, True])
    text: Any = model.text
    words = text(given["ids"], given["text_mask"].long()).last_hidden_state
    linear_, _, layer_norm, gelu_ = model.visual_linear
    seen = gelu_(layer_norm(linear_(patches()))) + model.visual_position
    assert len(model.visual) == len(model.cross) == 2
    for block in model.visual:
        seen = block(seen, torch.ones(3, 36, dtype=torch.bool))
    both = torch.cat([words, seen], dim=1)
    keys = torch.cat([given["text_mask"], absent[:, None].expand(3, 36)], dim=1)
    for block in model.cross:
        both = block(both, keys)
    wanted = both[torch.arange(3), given["mask_at"]]
    found = model.mask_states(**given, patches=patches(), patch_mask=absent)
    torch.testing.assert_close(found, wanted)
    torch.testing.assert_close(
        model(**given, patches=patches(), patch_mask=absent),
        model.head(wanted).float().log_softmax(dim=1),
    )


def test_some_patches_carry_the_positions_of_their_places(model: MultiExpan) -> None:
    torch.testing.assert_close(
        model.mask_states(**inputs(), patches=patches(), patch_places=torch.arange(36)),
        model.mask_states(**inputs(), patches=patches()),
    )
    places = torch.tensor([3, 17, 30])
    some = {"patches": patches()[:, places], "patch_places": places}
    found = model.mask_states(**inputs(), **some)
    others = some | {"patch_places": torch.tensor([0, 1, 2])}
    assert (found - model.mask_states(**inputs(), **others)).abs().max() > 1e-3
    # The visual blocks see a set: the same patches with their places in another order are equal.
    order = torch.tensor([2, 0, 1])
    shuffled = {"patches": patches()[:, places[order]], "patch_places": places[order]}
    torch.testing.assert_close(model.mask_states(**inputs(), **shuffled), found)


def test_padding_a_batch_changes_nothing(model: MultiExpan) -> None:
    short = inputs()
    pad = torch.zeros(3, 5, dtype=torch.long)
    long = short | {
        "ids": torch.cat([short["ids"], pad], dim=1),
        "text_mask": torch.cat([short["text_mask"], pad.bool()], dim=1),
    }
    wanted = model.mask_states(**short, patches=patches())
    torch.testing.assert_close(
        model.mask_states(**long, patches=patches()), wanted, rtol=1e-11, atol=1e-11
    )
    junk = long | {"ids": torch.cat([short["ids"], pad + 9], dim=1)}
    torch.testing.assert_close(
        model.mask_states(**junk, patches=patches()), wanted, rtol=1e-11, atol=1e-11
    )


def norm(x: np.ndarray, layer: Any) -> np.ndarray:
    centred = x - x.mean()
    scaled = centred / np.sqrt((centred**2).mean() + layer.eps)
    return scaled * layer.weight.detach().numpy() + layer.bias.detach().numpy()


def linear(x: np.ndarray, layer: Any) -> np.ndarray:
    return layer.weight.detach().numpy() @ x + layer.bias.detach().numpy()


def gelu(x: np.ndarray) -> np.ndarray:
    from scipy.special import erf

    return x * 0.5 * (1 + erf(x / np.sqrt(2)))


def loop_block(block: Block, x: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """x ← x + LN(Attn(x)); x ← x + LN(FFN(x)), one position and one head at a time."""
    length, dim, width = *x.shape, x.shape[1] // block.heads
    query, key, value = np.split(
        np.array([linear(row, block.query_key_value) for row in x]), 3, axis=1
    )
    attended = np.zeros_like(x)
    for position in range(length):
        mixed = np.zeros(dim)
        for head in range(block.heads):
            part = slice(head * width, (head + 1) * width)
            scores = key[:, part] @ query[position, part] / np.sqrt(width)
            weights = np.where(keys, np.exp(scores - scores.max()), 0)
            mixed[part] = weights / weights.sum() @ value[:, part]
        attended[position] = linear(mixed, block.project)
    x = np.array([a + norm(b, block.attention_norm) for a, b in zip(x, attended, strict=True)])
    first, last = block.feed_forward[0], block.feed_forward[3]
    fed = [linear(gelu(linear(row, first)), last) for row in x]
    return np.array([a + norm(b, block.feed_norm) for a, b in zip(x, fed, strict=True)])


def test_a_block_is_its_equations() -> None:
    torch.manual_seed(3)
    block = Block(DIM, HEADS, 0.1).double().eval()
    for parameter in block.parameters():
        nn.init.normal_(parameter, std=0.3)
    x = torch.randn(2, 6, DIM, dtype=torch.float64)
    keys = torch.tensor([[True] * 6, [True, True, False, True, False, True]])
    found = block(x, keys).detach().numpy()
    for row in range(2):
        wanted = loop_block(block, x[row].numpy(), keys[row].numpy())
        np.testing.assert_allclose(found[row], wanted, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(block(x, None).detach().numpy()[0], found[0])


def test_a_block_ends_with_no_norm() -> None:
    block = Block(DIM, HEADS, 0.0).double().eval()
    x = 100 * torch.randn(1, 4, DIM, dtype=torch.float64)
    # Each branch adds at most a standardised vector, so that large inputs stay large.
    assert (block(x, None) - x).abs().max() < 2 * DIM**0.5
    assert block(x, None).std() > 50


def test_dropout_follows_gelu_and_the_second_linear() -> None:
    kinds = [type(part).__name__ for part in Block(DIM, HEADS, 0.5).feed_forward]
    assert kinds == ["Linear", "GELU", "Dropout", "Linear", "Dropout"]


def test_attention_drops_probabilities_and_nothing_after_the_projection() -> None:
    """With one key, a head's probability of 1 is dropped or doubled: 2³ outcomes, no others."""
    torch.manual_seed(4)
    block = Block(DIM, HEADS, 0.5).double()
    single = torch.randn(1, 1, DIM, dtype=torch.float64)
    value = block.query_key_value(single)[..., 2 * DIM :].view(HEADS, -1)
    outcomes = [
        block.project((value * torch.tensor(kept, dtype=torch.float64)[:, None]).view(1, 1, DIM))
        for kept in product((0, 2), repeat=HEADS)
    ]
    drawn = [block._attend(single, None) for _ in range(30)]
    assert len({round(x.sum().item(), 9) for x in drawn}) > 2
    assert all(any(torch.allclose(x, outcome) for outcome in outcomes) for x in drawn)


def test_the_text_encoder_must_be_as_wide_as_the_model() -> None:
    with pytest.raises(ValueError, match="the text encoder is 24 wide, the model 32"):
        MultiExpan(build_text_encoder(WORDS, 24, 1, 3, 0), ModelConfig(4, 4, 32, 4))


def test_freezing_leaves_the_last_text_layer_and_all_that_is_ours(model: MultiExpan) -> None:
    freeze_like_release(model)
    free = {name for name, p in model.named_parameters() if p.requires_grad}
    wanted = {
        name
        for name, _ in model.named_parameters()
        if not name.startswith("text.") or name.startswith("text.encoder.layer.1.")
    }
    assert free == wanted
    assert any(name.startswith("text.encoder.layer.1.") for name in free)
    assert any(name.startswith("text.encoder.layer.0.") for name, _ in model.named_parameters())


def test_the_release_has_64_million_trainable_parameters() -> None:
    vocabulary = 14_489
    with torch.device("meta"):
        text = build_text_encoder(30_522, 768, 12, 12, 0)
        model = MultiExpan(text, ModelConfig(vocabulary))
    freeze_like_release(model)
    free = sum(p.numel() for p in model.parameters() if p.requires_grad)
    layer, blocks = 7.1e6, 42.5e6
    head, visual = 0.6e6 + 769 * vocabulary, 2049 * 768 + 36 * 768 + 2 * 768
    assert free == pytest.approx(layer + blocks + head + visual, rel=2e-3)
