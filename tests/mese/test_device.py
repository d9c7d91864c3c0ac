"""Contexts are read on the device, and from the images, that the settings allow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

import mese.live
from mese.bundle import BundleError
from mese.corpus import Corpus
from mese.engine import Engine, Options, device_of
from mese.mentions import Mention
from mese.provenance import document
from tests.mese.tiny_bundle import make_bundle, make_corpus, mentions_of


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return make_corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, corpus: Corpus) -> Path:
    return make_bundle(tmp_path_factory.mktemp("home") / "tiny", corpus)


class CountedGpus:
    """A machine of so many GPUs, all of them the CPU under another name."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, gpus: int) -> None:
        self.asked: list[str] = []
        monkeypatch.setattr("torch.cuda.is_available", lambda: gpus > 0)
        monkeypatch.setattr("torch.cuda.device_count", lambda: gpus)
        really = mese.live.open_model

        def opened(bundle: Any, device: str) -> Any:
            self.asked.append(device)
            return replace(really(bundle, "cpu"), device=device)

        def on_the_cpu(opened: Any, arguments: Mapping[str, torch.Tensor]) -> Any:
            return forward(replace(opened, device="cpu"), arguments)

        def patches(opened: Any, squares: Any) -> Any:
            return features(replace(opened, device="cpu"), squares)

        forward, features = mese.live._forward, mese.live._patch_features
        monkeypatch.setattr(mese.live, "open_model", opened)
        monkeypatch.setattr(mese.live, "_forward", on_the_cpu)
        monkeypatch.setattr(mese.live, "_patch_features", patches)


@pytest.mark.parametrize(
    ("wanted", "gpus", "used"),
    [
        ("auto", 0, "cpu"),
        ("auto", 2, "cuda"),
        ("cpu", 2, "cpu"),
        ("cuda", 1, "cuda"),
        ("cuda:1", 2, "cuda:1"),
    ],
)
def test_contexts_are_read_on_the_device_that_the_settings_name(
    folder: Path,
    corpus: Corpus,
    monkeypatch: pytest.MonkeyPatch,
    wanted: str,
    gpus: int,
    used: str,
) -> None:
    machine = CountedGpus(monkeypatch, gpus)
    engine = Engine.load(folder, runs_on=wanted)
    read = engine.encode(mentions_of(corpus, 1), "text+image")
    assert (machine.asked, read.device) == ([used], used)
    rows = [engine.seed_row(read, 1)]
    gpu = used != "cpu"
    assert device_of(rows) == ("CPU, contexts read on the GPU" if gpu else "CPU")
    # The model is open by now; a list that no context was read for is still the CPU's alone.
    options = Options(3)
    told = [document(engine, engine.expand([1], options, made), made) for made in (rows, [])]
    assert [said["device"] for said in told] == [device_of(rows), "CPU"]


@pytest.mark.parametrize(
    ("wanted", "gpus", "said"),
    [
        ("cuda", 0, "torch finds no GPU here, so nothing runs on 'cuda'; use cpu"),
        ("cuda:2", 2, "there is no 'cuda:2' here; torch finds cuda:0 to cuda:1"),
        ("cuda:1", 1, "there is no 'cuda:1' here; torch finds cuda:0 alone"),
    ],
)
def test_a_device_that_is_not_here_is_told_and_none_stands_in(
    folder: Path, monkeypatch: pytest.MonkeyPatch, wanted: str, gpus: int, said: str
) -> None:
    machine = CountedGpus(monkeypatch, gpus)
    with pytest.raises(BundleError, match=said):
        Engine.load(folder, runs_on=wanted).encode([Mention(("a",), 0, 0)], "text")
    assert machine.asked == []


def test_an_image_of_too_many_pixels_is_not_opened(folder: Path, corpus: Corpus) -> None:
    """The pictures have 40 × 60 pixels."""
    image = mentions_of(corpus, 0)[0].image
    given = [Mention(("a",), 0, 0, image)]
    assert not Engine.load(folder, max_pixels=2400).encode(given, "text+image").unreadable
    told = Engine.load(folder, max_pixels=2399).encode(given, "text+image").unreadable
    assert "60 × 40 pixels, over the 2399 allowed" in told[0]
