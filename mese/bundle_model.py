"""A bundle's model, opened: weights, tokenizer and image backbone, as representation used them.

What a bundle's files say is not believed: shapes are bounded before anything is allocated, and
weights that do not fit them are refused. Nothing is fetched; no file of a bundle can run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from mese.bundle import Bundle, BundleError
from mese.encoders import EncoderError, WordEncoder, build_backbone, text_encoder_from_config
from mese.model import ModelConfig, MultiExpan

MODEL_FILES = ("model.json", "weights.safetensors", "tokenizer.json", "backbone.safetensors")

MAX_DESCRIPTION = 1_000_000
"""Bytes of model.json that are read; ours have two thousand."""
MAX_LAYERS = 100
"""Of each transformer; BERT-large has 24."""

UNHEARD = "\ufffd"
"""A word of no language, which a tokenizer without pieces fails at."""

UNREADABLE = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RuntimeError,
    ArithmeticError,
    SafetensorError,
    EncoderError,
)
"""What opening a model raises whose files are missing, cut, or another model's."""


@dataclass(frozen=True)
class BundleModel:
    """A model in evaluation mode, and what it reads with, on one device."""

    model: MultiExpan
    words: WordEncoder
    backbone: nn.Module
    backbone_name: str
    imagenet_norm: bool
    device: str


def open_model(bundle: Bundle, device: str = "cpu") -> BundleModel:
    """The bundle's model on a device; raises `BundleError` with the mend."""
    from tokenizers import Tokenizer

    folder = bundle.folder
    missing = [name for name in MODEL_FILES if not (folder / name).is_file()]
    if missing:
        raise BundleError(
            f"bundle {bundle.name!r} holds no model ({', '.join(missing)} is missing in {folder}), "
            "so it can read no sentence or image; make it anew with `python -m train represent`"
        )
    try:
        fit = _description(folder)["fit"]
        model = load_model(folder, "weights.safetensors")
        # The Rust tokenizer raises bare Exceptions, whatever is wrong with its file.
        words = WordEncoder(_tokenizer(Tokenizer, folder / "tokenizer.json"))
        _refuse_unread(words, model)
        name = str(fit["backbone"])
        backbone = build_backbone(name)
        load_weights(folder / "backbone.safetensors", backbone)
        norm = bool(fit["imagenet_norm"])
    except torch.cuda.OutOfMemoryError:
        raise
    except UNREADABLE as error:
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise BundleError(
            f"the model of bundle {bundle.name!r} cannot be opened ({reason}); make it anew with "
            "`python -m train represent`"
        ) from error
    if model.config.entities != len(bundle.entities):
        raise BundleError(
            f"the model of bundle {bundle.name!r} knows {model.config.entities} entities, its "
            f"vocabulary {len(bundle.entities)}; make it anew with `python -m train represent`"
        )
    bundle.check_unchanged()
    model, backbone = model.to(device).eval(), backbone.to(device).eval()
    return BundleModel(model, words, backbone, name, norm, device)


def load_model(folder: Path, name: str) -> MultiExpan:
    """A model from its model.json and weights, with no look at any cache.

    Raises one of `UNREADABLE`, ValueError also for a model.json that describes more than the
    weights file holds.
    """
    saved = _description(folder)
    _refuse_larger(saved, (folder / name).stat().st_size)
    model = _build(saved)
    load_weights(folder / name, model)
    return model


def load_weights(path: Path, module: nn.Module) -> None:
    """Weights of a safetensors file into a module of the same shape, in the module's precision."""
    own = module.state_dict()
    found = load_file(path)
    for key, value in found.items():
        if key in own and value.is_floating_point() != own[key].is_floating_point():
            raise ValueError(f"{key} holds {value.dtype} numbers")
    module.load_state_dict(
        {key: value.to(own[key].dtype) if key in own else value for key, value in found.items()}
    )


def _description(folder: Path) -> Mapping[str, Any]:
    with (folder / "model.json").open("rb") as stream:
        content = stream.read(MAX_DESCRIPTION + 1)
    if len(content) > MAX_DESCRIPTION:
        raise ValueError(f"model.json is longer than {MAX_DESCRIPTION:,} bytes")
    saved: Mapping[str, Any] = json.loads(content)
    return saved


def _build(saved: Mapping[str, Any]) -> MultiExpan:
    return MultiExpan(text_encoder_from_config(saved["text"]), ModelConfig(**saved["model"]))


def _refuse_larger(saved: Mapping[str, Any], stored: int) -> None:
    """Before memory is taken: a description of more weights than a file of `stored` bytes holds."""
    layers = [saved["model"][name] for name in ("visual_layers", "cross_layers")]
    layers.append(saved["text"].get("num_hidden_layers", 0))
    if max(map(int, layers)) > MAX_LAYERS:
        raise ValueError(f"model.json describes {max(map(int, layers))} layers")
    with torch.device("meta"):
        described = sum(parameter.numel() for parameter in _build(saved).parameters())
    if 2 * described > stored:  # in half precision, at the least
        raise ValueError(f"model.json describes {described:,} weights, more than its file holds")


def _refuse_unread(words: WordEncoder, model: MultiExpan) -> None:
    """Refuse a tokenizer that no sentence could be read with, before one is."""
    text: Any = model.text
    known = text.get_input_embeddings().num_embeddings
    if words.size > known:
        raise ValueError(f"tokenizer.json numbers {words.size:,} pieces, the model knows {known:,}")
    words.pieces(UNHEARD)


def _tokenizer(kind: Any, path: Path) -> Any:
    try:
        return kind.from_file(str(path))
    except Exception as error:
        raise ValueError(f"{path.name}: {error}") from error
