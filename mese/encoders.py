"""The two encoders below MultiExpan: words to token states, images to patch features.

Section (a) of specs/multiexpan.md. Text: the mention becomes one `[MASK]`, other words are
WordPiece'd, and a sentence that is too long keeps the window around its mask. Images: 36 patches,
each through a frozen backbone of any timm architecture. `paper` loads named weights from the local
cache or a folder; `demo` builds small ones that are trained here, on the corpus.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

if TYPE_CHECKING:
    from tokenizers import Tokenizer

SPECIALS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
MAX_WORDS = 150
"""Longest sentence of the paper, in tokens; longer ones keep the window around the mention."""


class EncoderError(ValueError):
    """Weights or a tokenizer that cannot be had; the message says where they were looked for."""


def train_tokenizer(sentences: Iterable[Sequence[str]], size: int) -> Tokenizer:
    """A lower-casing WordPiece tokenizer of at most `size` pieces, learnt from the sentences.

    The same sentences give the same tokenizer. The trainer numbers the pieces inside words as a
    hash map happens to give them, and breaks ties between merges by these numbers; so those of one
    letter are handed to it in order, as if they were special tokens.
    """
    from tokenizers import trainers

    counts = Counter(word for words in sentences for word in words)
    draft = _bare_tokenizer({})
    trainer = trainers.WordPieceTrainer(
        vocab_size=size,
        special_tokens=[*SPECIALS, *_inner_letters(draft, counts)],
        show_progress=False,
    )
    # Only how often a word occurs counts; repeating it is the interface's way to say that.
    draft.train_from_iterator((" ".join([word] * n) for word, n in counts.items()), trainer)
    tokenizer = _bare_tokenizer(draft.get_vocab())
    tokenizer.add_special_tokens(list(SPECIALS))
    return tokenizer


def _bare_tokenizer(vocabulary: dict[str, int]) -> Tokenizer:
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer


def _inner_letters(tokenizer: Tokenizer, words: Iterable[str]) -> list[str]:
    """`##x` for every letter that stands inside a word, in order."""
    normal, split = tokenizer.normalizer, tokenizer.pre_tokenizer
    parts = (split.pre_tokenize_str(normal.normalize_str(word)) for word in words)
    return sorted({f"##{letter}" for found in parts for part, _ in found for letter in part[1:]})


def load_tokenizer(name: str) -> Tokenizer:
    """The tokenizer of a Hugging Face model by name (local cache) or folder."""
    from tokenizers import Tokenizer
    from transformers import AutoTokenizer

    try:
        loaded = AutoTokenizer.from_pretrained(name, local_files_only=not _may_download())
    except (OSError, ValueError) as error:
        raise EncoderError(_not_found("tokenizer", name, error)) from error
    backend = getattr(loaded, "backend_tokenizer", None)
    if not isinstance(backend, Tokenizer):
        raise EncoderError(f"{name!r} has no fast tokenizer (tokenizer.json)")
    # Words are encoded one by one: a file that pads every text to 128 would pad every word.
    backend.no_padding()
    backend.no_truncation()
    return backend


class WordEncoder:
    """Turns tokenised sentences into token ids, remembering every word's pieces."""

    def __init__(self, tokenizer: Tokenizer, max_pieces: int = MAX_WORDS + 2) -> None:
        self.tokenizer = tokenizer
        self.max_pieces = max_pieces
        self.pad, self.unk, self.cls, self.sep, self.mask = self._special_ids()
        self._pieces: dict[str, list[int]] = {}

    def _special_ids(self) -> tuple[int, ...]:
        ids = [self.tokenizer.token_to_id(token) for token in SPECIALS]
        missing = [t for t, i in zip(SPECIALS, ids, strict=True) if i is None]
        if missing:
            raise EncoderError(f"the tokenizer lacks {', '.join(missing)}: is it BERT-like?")
        return tuple(i for i in ids if i is not None)

    def pieces(self, word: str) -> list[int]:
        """A word's WordPiece ids; a word that merely looks like a special token is plain text."""
        if word not in self._pieces:
            text = word.lower().replace("[", " [ ").replace("]", " ] ")
            self._pieces[word] = self._encode(text)
        return self._pieces[word]

    def _encode(self, text: str) -> list[int]:
        try:
            return list(self.tokenizer.encode(text, add_special_tokens=False).ids)
        except Exception as error:  # the Rust tokenizer raises it bare, whatever is wrong
            raise EncoderError(f"the tokenizer cannot read words: {error}") from error

    @property
    def size(self) -> int:
        """How many numbers of pieces there are, at the least: one more than the largest."""
        return 1 + max(self.tokenizer.get_vocab().values())

    def masked(self, tokens: Sequence[str], start: int, end: int) -> list[int]:
        """`[CLS] … [MASK] … [SEP]`: the mention, tokens start..end inclusive, is the one mask.

        Longer than `max_pieces`: the window around the mask is kept, as central as it can be.
        """
        left = [piece for word in tokens[:start] for piece in self.pieces(word)]
        right = [piece for word in tokens[end + 1 :] for piece in self.pieces(word)]
        room = self.max_pieces - 3
        keep_left = min(len(left), max(room // 2, room - len(right)))
        left = left[len(left) - keep_left :]
        return [self.cls, *left, self.mask, *right[: room - keep_left], self.sep]

    @property
    def specials(self) -> tuple[int, ...]:
        """Ids that stand for no word."""
        return (self.pad, self.unk, self.cls, self.sep, self.mask)

    @property
    def empty(self) -> list[int]:
        """What stands for a missing sentence: the mask alone, with no word to read."""
        return [self.cls, self.mask, self.sep]


def build_text_encoder(vocabulary: int, dim: int, layers: int, heads: int, pad: int) -> nn.Module:
    """A small BERT, randomly initialised; its input length is that of the paper."""
    from transformers import BertConfig, BertModel

    sizes: dict[str, Any] = {"attn_implementation": "sdpa"}
    config = BertConfig(
        vocab_size=vocabulary,
        hidden_size=dim,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=4 * dim,
        max_position_embeddings=MAX_WORDS + 2,
        type_vocab_size=1,
        pad_token_id=pad,
        **sizes,
    )
    return BertModel(config, add_pooling_layer=False)


def load_text_encoder(name: str) -> nn.Module:
    """Any Hugging Face BERT-like encoder by name (local cache) or folder; safetensors only."""
    from transformers import AutoModel

    try:
        model: nn.Module = AutoModel.from_pretrained(
            name,
            local_files_only=not _may_download(),
            use_safetensors=True,
            add_pooling_layer=False,
            attn_implementation="sdpa",
            dtype=torch.float32,
        )
    except (OSError, ValueError, TypeError, SafetensorError) as error:
        raise EncoderError(_not_found("text encoder", name, error)) from error
    return model


def text_width(name: str) -> int:
    """Hidden size of a Hugging Face encoder, read from its configuration alone."""
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(name, local_files_only=not _may_download())
    except (OSError, ValueError) as error:
        raise EncoderError(_not_found("text encoder", name, error)) from error
    width = getattr(config, "hidden_size", None)
    if not isinstance(width, int):
        raise EncoderError(f"{name!r} has no hidden_size: is it BERT-like?")
    return width


def text_encoder_from_config(config: dict[str, Any]) -> nn.Module:
    """The architecture of a saved configuration, for weights that a bundle brings."""
    from transformers import AutoConfig, AutoModel

    fields = {key: value for key, value in config.items() if key != "model_type"}
    made = AutoConfig.for_model(config["model_type"], **fields)
    model: nn.Module = AutoModel.from_config(
        made, add_pooling_layer=False, attn_implementation="sdpa"
    )
    return model


def build_backbone(name: str, pretrained: bool | Path = False) -> nn.Module:
    """A timm image backbone without its classifier: (n, 3, 32, 32) → (n, F), average-pooled.

    `pretrained` is True for timm's own weights (local cache), or a safetensors file of weights,
    with a classifier or without.
    """
    import timm

    if not timm.is_model(name):
        raise EncoderError(f"timm has no model {name!r}; `timm.list_models()` lists them")
    try:
        model: nn.Module = timm.create_model(
            name, pretrained=pretrained is True, num_classes=0, global_pool="avg"
        )
        if isinstance(pretrained, Path):
            _load_backbone(model, pretrained)
    except (OSError, RuntimeError, ValueError, SafetensorError) as error:
        raise EncoderError(_not_found("image backbone", name, error)) from error
    return model


def _load_backbone(model: nn.Module, path: Path) -> None:
    """A file's weights without its classifier, which the files of the Hub carry and we have not."""
    config: Any = model.pretrained_cfg
    named = config.get("classifier") or ()
    heads = tuple(f"{name}." for name in ([named] if isinstance(named, str) else named))
    found = load_file(path)
    model.load_state_dict({k: v for k, v in found.items() if not k.startswith(heads)})


@torch.inference_mode()
def encode_patches(backbone: nn.Module, patches: torch.Tensor) -> torch.Tensor:
    """Patch features: float (n, 36, 3, 32, 32) → (n, 36, F); the backbone should be in eval."""
    n, count = patches.shape[:2]
    features: torch.Tensor = backbone(patches.flatten(0, 1))
    return features.view(n, count, -1)


def _may_download() -> bool:
    from huggingface_hub import constants

    return not constants.HF_HUB_OFFLINE


def _not_found(what: str, name: str, error: Exception) -> str:
    from huggingface_hub import constants

    # The first sentence: what follows is advice for another program.
    reason = " ".join(str(error).split()).split(". ")[0][:300] or "no reason given"
    where = f"the cache {constants.HF_HUB_CACHE}"
    looked = where if not _may_download() else f"{where} and the Hugging Face hub"
    return (
        f"cannot load the {what} {name!r} ({reason}); it is no folder here, and was looked for in "
        f"{looked}. Give a folder that holds it, or put it into the cache on a machine with "
        "internet (`hf download`) and copy the cache here"
    )
