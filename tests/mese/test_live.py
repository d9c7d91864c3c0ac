"""Contexts on the fly: representation's, from any thread, on whatever device is left."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import mese.live
from mese.bundle import BundleError
from mese.corpus import MODALITIES, Corpus
from mese.encoders import WordEncoder
from mese.engine import Engine, Options, device_of
from mese.live import LiveModel
from mese.mentions import Mention, SeedError, marked, read_marked
from tests.mese.tiny_bundle import BARE, EACH, ENTITIES, make_bundle, make_corpus, mentions_of

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return make_corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, corpus: Corpus) -> Path:
    return make_bundle(tmp_path_factory.mktemp("home") / "tiny", corpus)


@pytest.fixture(scope="module")
def engine(folder: Path) -> Engine:
    return Engine.load(folder)


@pytest.mark.parametrize("modality", MODALITIES)
@pytest.mark.parametrize("entity", range(ENTITIES))
def test_the_mean_over_all_contexts_is_the_indexs_row(
    engine: Engine, corpus: Corpus, modality: str, entity: int
) -> None:
    encodings = engine.encode(mentions_of(corpus, entity), modality)
    index = engine.index(modality)
    if modality == "image" and entity == BARE:
        assert not encodings.says.any()
        np.testing.assert_allclose(encodings.prob, 1 / ENTITIES, rtol=1e-6)
        assert encodings.state is not None
        assert not encodings.state.any()
        return
    row = engine.seed_row(encodings, entity)
    np.testing.assert_allclose(row.prob, index.mean_prob[entity], atol=1e-6)
    np.testing.assert_allclose(row.log_prob, index.mean_log_prob[entity], atol=1e-5)
    assert row.state is not None
    assert index.mean_state is not None
    np.testing.assert_allclose(row.state, index.mean_state[entity], atol=1e-5)
    assert (row.entity, row.name) == (entity, f"Thing {entity}")
    assert row.used == (encodings.says.sum() if modality == "image" else EACH)
    assert row.given == EACH


def test_contexts_differ_and_a_row_of_some_is_their_mean(engine: Engine, corpus: Corpus) -> None:
    encodings = engine.encode(mentions_of(corpus, 1), "text+image")
    assert len(np.unique(encodings.log_prob.round(4), axis=0)) == EACH
    row = engine.seed_row(encodings, 1, keep=[0, 3])
    np.testing.assert_allclose(row.log_prob, encodings.log_prob[[0, 3]].mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(row.prob, encodings.prob[[0, 3]].mean(axis=0), rtol=1e-6)
    assert row.state is not None
    assert encodings.state is not None
    np.testing.assert_allclose(row.state, encodings.state[[0, 3]].mean(axis=0), atol=1e-6)
    assert row.used == 2


def test_order_and_company_do_not_matter(engine: Engine, corpus: Corpus) -> None:
    """Sentences of all lengths in one batch, or each alone: the padding is not read."""
    mentions = [m for entity in range(ENTITIES) for m in mentions_of(corpus, entity)] * 3
    together = engine.encode(mentions, "text+image")
    for number in (0, 3, 40, 104):
        alone = engine.encode([mentions[number]], "text+image")
        np.testing.assert_allclose(together.log_prob[number], alone.log_prob[0], atol=1e-5)


def test_a_long_sentence_is_read_around_its_mention(engine: Engine) -> None:
    near = tuple(f"w{n % 40}" for n in range(300))
    far = ("w1", *near[1:299], "w39")
    read = engine.encode([Mention(near, 150, 150), Mention(far, 150, 150)], "text")
    np.testing.assert_array_equal(read.log_prob[0], read.log_prob[1])
    words = WordEncoder(mese.live.open_model(engine.bundle).words.tokenizer)
    window = words.masked(near, 150, 150)
    assert len(window) == words.max_pieces
    assert window.count(words.mask) == 1


@pytest.mark.parametrize("modality", MODALITIES)
def test_what_is_missing_is_masked(engine: Engine, corpus: Corpus, modality: str) -> None:
    full = mentions_of(corpus, 2)[0]
    sentence, image = replace(full, image=None), Mention(image=full.image)
    read = engine.encode([full, sentence, image], modality)
    wanted = {
        "text+image": [True, True, True],
        "text": [True, True, False],
        "image": [True, False, True],
    }
    assert list(read.says) == wanted[modality]
    same = {"text": 1, "image": 2}.get(modality)
    if same:
        np.testing.assert_allclose(read.log_prob[0], read.log_prob[same], atol=1e-6)
    only_text = engine.encode([full], "text").log_prob[0]
    only_image = engine.encode([full], "image").log_prob[0]
    if modality == "text+image":
        np.testing.assert_allclose(read.log_prob[1], only_text, atol=1e-6)
        np.testing.assert_allclose(read.log_prob[2], only_image, atol=1e-6)


def test_the_mention_itself_is_never_read(engine: Engine) -> None:
    read = engine.encode(
        [read_marked("w1 w2 [[w3 w4]] w5"), read_marked("w1 w2 [[w9]] w5")], "text"
    )
    np.testing.assert_array_equal(read.log_prob[0], read.log_prob[1])


def test_no_mentions_give_no_rows(engine: Engine) -> None:
    read = engine.encode([], "text")
    assert (read.prob.shape, read.log_prob.shape, len(read)) == ((0, ENTITIES), (0, ENTITIES), 0)


def test_an_image_that_cannot_be_read_is_masked_and_told(
    engine: Engine, corpus: Corpus, tmp_path: Path
) -> None:
    hostile = tmp_path / "bad.png"
    hostile.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    full = mentions_of(corpus, 2)[0]
    gone = tmp_path / "gone.png"
    given = [full, replace(full, image=hostile), replace(full, image=gone), Mention(image=gone)]
    read = engine.encode(given, "text+image")
    assert list(read.says) == [True, True, True, False]
    assert sorted(read.unreadable) == [1, 2, 3]
    assert "bad.png: cannot be decoded" in read.unreadable[1] or "bad.png" in read.unreadable[1]
    plain = engine.encode([replace(full, image=None)], "text+image")
    np.testing.assert_allclose(read.log_prob[1], plain.log_prob[0], atol=1e-6)
    with pytest.raises(SeedError, match="no context of 'mine' is left that has anything to read"):
        engine.seed_row(read, name="mine", keep=[3])
    assert engine.encode(given, "text").unreadable == {}  # under text no image is opened


def test_an_image_that_was_written_anew_is_read_anew(
    engine: Engine, corpus: Corpus, tmp_path: Path
) -> None:
    first, second = (m.image for m in mentions_of(corpus, 0)[:2])
    assert first
    assert second
    shown = tmp_path / "shown.png"
    found = []
    for file in (first, second, first):
        shutil.copyfile(file, shown)
        found.append(engine.encode([Mention(image=shown)], "image").log_prob[0])
    np.testing.assert_array_equal(found[0], found[2])
    assert np.abs(found[0] - found[1]).max() > 1e-4


def test_few_images_stay_in_memory(
    folder: Path, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mese.live, "KEPT_IMAGES", 3)
    live = LiveModel(Engine.load(folder).bundle)
    mentions = [m for entity in range(4) for m in mentions_of(corpus, entity)]
    before = live.encode(mentions, "image")
    assert len(live._seen._kept) == 3
    np.testing.assert_array_equal(before.log_prob, live.encode(mentions, "image").log_prob)


@pytest.mark.parametrize(
    ("mention", "said"),
    [
        (Mention(), "give a sentence with its mention marked, an image, or both"),
        (Mention(("a", "b"), 1, 2), "words 1 to 2, lies outside the sentence's 2 words"),
        (Mention(("a", "b"), 1, 0), "words 1 to 0, lies outside"),
        (Mention(("a", "b"), -1, 0), "words -1 to 0, lies outside"),
        (Mention(("a",) * 1001, 0, 0), "1,001 words; give at most 1,000"),
    ],
)
def test_mentions_that_cannot_be_read_are_refused(
    engine: Engine, mention: Mention, said: str
) -> None:
    with pytest.raises(SeedError, match=said):
        engine.encode([Mention(("fine",), 0, 0), mention], "text+image")


def test_other_modalities_and_too_many_contexts_are_refused(engine: Engine) -> None:
    with pytest.raises(SeedError, match="no modality 'smell'; there are: text"):
        engine.encode([Mention(("a",), 0, 0)], "smell")
    with pytest.raises(SeedError, match="1,001 contexts are too many"):
        engine.encode([Mention(("a",), 0, 0)] * 1001, "text")


@pytest.mark.parametrize(
    ("text", "tokens", "span"),
    [
        ("The ferry leaves [[Bergen]] at noon", "The ferry leaves Bergen at noon", (3, 3)),
        ("([[New  York City]]), a town", "( New York City ), a town", (1, 3)),
        ("[[X]]", "X", (0, 0)),
        ("a [ b ] [[c]]", "a [ b ] c", (4, 4)),
    ],
)
def test_a_marked_sentence_is_read(text: str, tokens: str, span: tuple[int, int]) -> None:
    mention = Mention(tuple(tokens.split()), *span)
    assert read_marked(text) == mention
    assert read_marked(marked(mention)) == mention


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "mark the mention with double brackets"),
        ("no mention", "mark the mention"),
        ("half [[a mention", "mark the mention"),
        ("a mention]] half", "mark the mention"),
        ("an [[ ]] empty one", "the brackets hold no mention"),
        ("[[two]] of [[them]]", "mark one mention only"),
        ("[[one]] and ]]", "mark one mention only"),
        ("[[in [[one]] another]]", "mark the mention"),
        ("x" * 20_001, "20,001 letters; give at most 20,000"),
        ("[[x]] " + "y " * 1000, "1,001 words; give at most 1,000"),
    ],
)
def test_a_sentence_not_marked_well_is_refused(text: str, said: str) -> None:
    with pytest.raises(SeedError, match=said):
        read_marked(text)


def test_threads_share_one_model_and_give_equal_answers(
    folder: Path, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, lock = [], threading.Lock()
    really = mese.live.open_model

    def watched(*arguments: Any) -> Any:
        with lock:
            opened.append(arguments)
        return really(*arguments)

    monkeypatch.setattr(mese.live, "open_model", watched)
    shared, alone = Engine.load(folder), Engine.load(folder)

    def ask(engine: Engine, number: int) -> tuple[bytes, list[int]]:
        modality = MODALITIES[number % 3]
        entity = number % (ENTITIES - 1)
        encodings = engine.encode(mentions_of(corpus, entity), modality)
        row = engine.seed_row(encodings, entity, keep=[0, 1, 3])
        others = [(entity + 1) % ENTITIES]
        found = engine.expand([entity, *others], Options(5, candidates=modality), [row])
        return row.log_prob.tobytes(), [result.id for result in found.results]

    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda number: ask(shared, number), range(48)))
    assert len(opened) == 1
    assert together == [ask(alone, number) for number in range(48)]


def test_files_put_in_place_of_mapped_ones_do_no_harm(
    tmp_path: Path, corpus: Corpus, folder: Path
) -> None:
    """A bundle that is replaced while it answers: what is open goes on, what is not is refused."""
    place = tmp_path / "bundle"
    shutil.copytree(folder, place)
    other = make_bundle(tmp_path / "other" / "bundle", corpus, seed=5)
    engine = Engine.load(place)
    mentions = mentions_of(corpus, 0)

    def ask() -> tuple[list[float], bytes]:
        found = engine.expand([0, 1], Options(5, candidates="text+image"))
        return [r.score for r in found.results], engine.encode(mentions, "text").prob.tobytes()

    before, stop = ask(), threading.Event()
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(lambda: [ask() for _ in iter(stop.is_set, True)]) for _ in range(4)]
        for file in sorted(other.iterdir()):
            part = place / f"{file.name}.part"
            shutil.copyfile(file, part)
            part.replace(place / file.name)
        stop.set()
        answers = [answer for one in asked for answer in one.result()]
    assert all(answer == before for answer in answers)
    assert ask() == before
    with pytest.raises(BundleError, match="was written again since bundle 'tiny'"):
        engine.expand([0, 1], Options(candidates="image"))
    fresh = Engine.load(place)
    assert fresh.stamp != engine.stamp
    assert fresh.encode(mentions, "text").prob.tobytes() != before[1]


def test_a_model_that_was_replaced_before_it_was_opened_is_not_mixed_in(
    tmp_path: Path, corpus: Corpus, folder: Path
) -> None:
    place = tmp_path / "bundle"
    shutil.copytree(folder, place)
    engine = Engine.load(place)
    (place / "bundle.json").unlink()  # a bundle that is being written
    with pytest.raises(BundleError, match="is being written again, or was removed"):
        engine.encode(mentions_of(corpus, 0), "text")


class FakeGpu:
    """A GPU that runs out of memory: the CPU under another name."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: str) -> None:
        self.tried = 0
        self.at = at
        monkeypatch.setattr(mese.live, "choose_device", lambda wanted: "cuda")
        really_to, forward = torch.nn.Module.to, mese.live._forward

        def to(module: torch.nn.Module, device: str) -> torch.nn.Module:
            if device == "cuda" and at == "opening":
                self.fail()
            return really_to(module, "cpu")

        def run(opened: Any, arguments: Mapping[str, torch.Tensor]) -> Any:
            if opened.device == "cuda":
                self.fail()
            return forward(opened, arguments)

        monkeypatch.setattr(torch.nn.Module, "to", to)
        monkeypatch.setattr(mese.live, "_forward", run)

    def fail(self) -> None:
        self.tried += 1
        raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")


@pytest.mark.parametrize("at", ["opening", "reading"])
def test_a_gpu_without_memory_is_told_and_the_cpu_reads(
    folder: Path, corpus: Corpus, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    wanted = Engine.load(folder).encode(mentions_of(corpus, 1), "text").log_prob
    gpu = FakeGpu(monkeypatch, at)
    engine = Engine.load(folder)
    for _ in range(2):
        read = engine.encode(mentions_of(corpus, 1), "text")
        np.testing.assert_array_equal(read.log_prob, wanted)
    assert gpu.tried == 1
    assert device_of([engine.seed_row(read, 1)]) == "CPU"
    assert engine.note == "the GPU ran out of memory; sentences and images are read on the CPU"
    rows = [engine.seed_row(read, 1)]
    assert engine.expand([1], Options(3), rows).settings["note"] == engine.note
    assert "note" not in engine.expand([1], Options(3)).settings  # nothing was read for it


@pytest.mark.parametrize(
    ("file", "change", "said"),
    [
        ("weights.safetensors", None, r"holds no model \(weights.safetensors is missing"),
        ("tokenizer.json", None, r"\(tokenizer.json is missing"),
        ("weights.safetensors", b"\x08\x00\x00\x00\x00\x00\x00\x00{}", "cannot be opened"),
        ("weights.safetensors", b"", "cannot be opened"),
        ("backbone.safetensors", b"\xff" * 64, "cannot be opened"),
        ("tokenizer.json", b"{}", "cannot be opened"),
        ("model.json", b"[]", "cannot be opened"),
        ("model.json", b'{"fit": {}}', "cannot be opened"),
        ("model.json", b"{" * 2_000_000, "longer than 1,000,000 bytes"),
    ],
)
def test_a_bundle_whose_model_is_missing_or_hurt_says_the_mend(
    tmp_path: Path, folder: Path, file: str, change: bytes | None, said: str
) -> None:
    place = tmp_path / "hurt"
    shutil.copytree(folder, place)
    (place / file).unlink()
    if change is not None:
        (place / file).write_bytes(change)
    with pytest.raises(BundleError, match=said) as caught:
        Engine.load(place).encode([Mention(("a",), 0, 0)], "text")
    assert "python -m train represent" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("part", "changes", "said"),
    [
        ("model", {"entities": 10**9}, "more than its file holds"),
        ("model", {"dim": 10**5}, "cannot be opened"),
        ("model", {"cross_layers": 10**9}, "describes 1000000000 layers"),
        ("text", {"num_hidden_layers": 10**9}, "describes 1000000000 layers"),
        ("text", {"vocab_size": 10**10}, "more than its file holds"),
        ("text", {"model_type": "no-such"}, "cannot be opened"),
        ("fit", {"backbone": "no-such"}, "timm has no model"),
    ],
)
def test_a_description_is_not_believed(
    tmp_path: Path, folder: Path, part: str, changes: dict[str, object], said: str
) -> None:
    """Nothing of the described size is allocated: these would not fit into this machine."""
    place = tmp_path / "hostile"
    shutil.copytree(folder, place)
    saved = json.loads((place / "model.json").read_text())
    saved[part] |= changes
    (place / "model.json").write_text(json.dumps(saved))
    with pytest.raises(BundleError, match=said):
        Engine.load(place).encode([Mention(("a",), 0, 0)], "text")


def test_a_model_of_another_vocabulary_is_refused(tmp_path: Path, folder: Path) -> None:
    place = tmp_path / "other"
    shutil.copytree(folder, place)
    engine = Engine.load(place)
    fewer = replace(engine.bundle, entities=engine.bundle.entities[:-1])
    with pytest.raises(BundleError, match="knows 7 entities, its vocabulary 6"):
        Engine(fewer).encode([Mention(("a",), 0, 0)], "text")


@pytest.mark.parametrize("key", ["head.4.bias", "cross.0.feed_norm.bias"])
def test_weights_that_are_no_numbers_are_told(tmp_path: Path, folder: Path, key: str) -> None:
    place = tmp_path / "nan"
    shutil.copytree(folder, place)
    weights = load_file(place / "weights.safetensors")
    weights[key].view(-1)[2] = torch.nan
    save_file(weights, place / "weights.safetensors")
    with pytest.raises(BundleError, match="values that are not finite; make the bundle anew"):
        Engine.load(place).encode([Mention(("a",), 0, 0)], "text")


@pytest.mark.parametrize("kind", ["folder", "pipe", "loop"])
def test_what_is_no_file_is_never_opened(engine: Engine, tmp_path: Path, kind: str) -> None:
    """A pipe would be waited for without end."""
    place = tmp_path / "picture.png"
    make = {"folder": os.mkdir, "pipe": os.mkfifo, "loop": lambda path: os.symlink(path, path)}
    make[kind](place)
    read = engine.encode([Mention(("a",), 0, 0, place)], "text+image")
    assert "picture.png: " in read.unreadable[0]


def test_mentions_need_no_torch() -> None:
    code = (
        "import sys; import mese; from mese.mentions import Mention, read_marked; mese.Engine; "
        "read_marked('a [[b]]'); import mese.explain, mese.provenance; "
        "assert not {'torch', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
