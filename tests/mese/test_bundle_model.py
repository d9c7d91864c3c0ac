"""A bundle's model that could be opened, and could read nothing, is refused before it reads."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from mese.bundle import BundleError
from mese.encoders import SPECIALS
from mese.engine import Engine
from mese.mentions import Mention
from tests.mese.tiny_bundle import make_bundle, make_corpus


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    return make_bundle(home / "tiny", make_corpus(home / "corpus"))


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "hurt"))


def read(folder: Path) -> None:
    Engine.load(folder).encode([Mention(("w1", "Ωmega", "zzz"), 0, 0)], "text")


def number_on(tokenizer: Any) -> None:
    pieces = tokenizer["model"]["vocab"]
    pieces |= {piece: 10**6 + n for n, piece in enumerate(list(pieces)[50:])}


def empty(tokenizer: Any) -> None:
    tokenizer["model"]["vocab"] = {}


def only_specials(tokenizer: Any) -> None:
    del tokenizer["model"]["vocab"]["[UNK]"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (number_on, r"numbers 1,000,\d+ pieces, the model knows"),
        (empty, r"Missing \[UNK\]"),
        (only_specials, r"Missing \[UNK\]|lacks \[UNK\]"),
    ],
)
def test_a_tokenizer_that_reads_nothing_is_refused(
    folder: Path, change: Callable[[Any], None], said: str
) -> None:
    read(folder)
    path = folder / "tokenizer.json"
    tokenizer = json.loads(path.read_text())
    assert len(SPECIALS) == len(tokenizer["added_tokens"])
    change(tokenizer)
    path.write_text(json.dumps(tokenizer))
    with pytest.raises(BundleError, match=said) as caught:
        read(folder)
    assert "python -m train represent" in str(caught.value)


@pytest.mark.parametrize("file", ["weights.safetensors", "backbone.safetensors"])
def test_weights_of_whole_numbers_are_refused(folder: Path, file: str) -> None:
    weights = {key: value.to(torch.int32) for key, value in load_file(folder / file).items()}
    save_file(weights, folder / file)
    with pytest.raises(BundleError, match=r"holds torch.int32 numbers.*train represent"):
        read(folder)


def test_weights_of_half_precision_are_read(folder: Path) -> None:
    weights = load_file(folder / "weights.safetensors")
    save_file({key: value.half() for key, value in weights.items()}, folder / "weights.safetensors")
    read(folder)
