"""A whole run: fitted, interrupted and resumed to the same weights, packaged, expanded."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import train.loop
import train.package
from mese.bundle import Bundle
from mese.bundle_model import load_model
from mese.corpus import Corpus
from mese.encoders import build_backbone, train_tokenizer
from mese.encoding import encode_contexts
from mese.engine import Engine, Options
from mese.represent import represent
from tests.mese.test_encoders import save_tokenizer
from tests.train.conftest import silent
from train.build import new_model, picture_files, prepare
from train.evaluate import table
from train.loop import RunError, fit
from train.package import package
from train.presets import FitConfig, configure
from train.split import reported_classes


@dataclass(frozen=True)
class Done:
    """A finished run and the bundle made of it."""

    run: Path
    features: Path
    bundle: Path
    summary: dict[str, Any]


@pytest.fixture(scope="module")
def done(corpus: Corpus, tiny: FitConfig, tmp_path_factory: pytest.TempPathFactory) -> Done:
    home = tmp_path_factory.mktemp("home")
    summary = fit(corpus, tiny, home / "run", home / "features", "cpu", silent)
    folder = package(
        corpus, home / "run", home / "bundle", home / "features", "cpu", "the command", silent
    )
    return Done(home / "run", home / "features", folder, summary)


def test_a_fit_leaves_what_it_promises(done: Done, corpus: Corpus, tiny: FitConfig) -> None:
    files = {path.name for path in done.run.iterdir()}
    promised = {"run.json", "tokenizer.json", "backbone.safetensors", "model.json"}
    assert files == promised | {"best.safetensors"}
    said = json.loads((done.run / "run.json").read_text())
    assert said == done.summary
    assert said["config"] == tiny.as_dict()
    assert said["fingerprint"] == corpus.fingerprint
    assert said["finished"] is True
    assert [entry["epoch"] for entry in said["history"]] == [0, 1, 2]
    assert 2 <= said["best_epoch"] <= 3  # the first epoch is the warm-up
    best = max(entry["dev"] for entry in said["history"][1:])
    assert said["dev"] == best == said["history"][said["best_epoch"] - 1]["dev"]
    assert said["history"][-1]["loss"] < said["history"][0]["loss"]


def test_a_finished_fit_is_not_fitted_again(done: Done, corpus: Corpus, tiny: FitConfig) -> None:
    before = (done.run / "best.safetensors").stat().st_mtime_ns
    again = fit(corpus, tiny, done.run, done.features, "cpu", silent)
    assert again == done.summary
    assert (done.run / "best.safetensors").stat().st_mtime_ns == before


def test_the_bundle_expands(done: Done, corpus: Corpus) -> None:
    engine = Engine.load(done.bundle)
    assert engine.bundle.modalities == ("text+image", "text", "image")
    assert [e.id for e in engine.bundle.entities] == list(corpus.vocabulary())
    assert not engine.knows(20)  # one context only
    assert engine.bundle.mismatch({e.id: e.name for e in corpus.entities}) is None
    expansion = engine.expand(engine.seeds("name 0", "Name 1", "Name 2"), Options(17))
    assert sorted(r.id for r in expansion.results) == list(range(3, 20))
    assert {r.id: r.classes for r in expansion.results}[5] == ("Rivers",)


def test_the_bundle_holds_nothing_that_can_run(done: Done) -> None:
    files = {path.name: path for path in done.bundle.rglob("*") if path.is_file()}
    assert {Path(name).suffix for name in files} == {".json", ".md", ".safetensors"}
    for path in files.values():
        if path.suffix == ".safetensors":  # read by a reader that knows numbers alone
            assert load_file(path)
        else:
            assert path.read_text(encoding="utf-8")
    assert {"weights.safetensors", "tokenizer.json", "backbone.safetensors"} <= set(files)


def test_the_card_says_how_it_was_made(done: Done, corpus: Corpus) -> None:
    meta, card = Bundle.open(done.bundle).meta, (done.bundle / "card.md").read_text()
    assert meta["fingerprint"] == corpus.fingerprint
    assert meta["dev_classes"] == done.summary["dev_classes"] != []
    assert "the command" in card
    assert all(name in card for name in meta["dev_classes"])
    reported = 2 * (4 - len(meta["dev_classes"]))
    assert {row["queries"] for row in meta["metrics"]} == {reported}
    assert {row["representation"] for row in meta["metrics"]} == {
        "text+image",
        "text",
        "image",
        "TF-IDF",
        "pictures",
    }


def test_the_bundles_weights_give_its_index(
    done: Done, corpus: Corpus, tiny: FitConfig, tmp_path: Path
) -> None:
    """Half-precision weights, loaded with no run at hand: the index was made of just these."""
    parts = prepare(corpus, tiny, done.run, done.features, "cpu", silent)
    model = load_model(done.bundle, "weights.safetensors")
    index = represent(model, parts.encoded, "text+image", parts.features, tmp_path / "work")
    kept = Bundle.open(done.bundle).index("text+image")
    np.testing.assert_allclose(index.mean_log_prob, kept.mean_log_prob, rtol=1e-5, atol=1e-6)


def test_a_bundle_in_half_precision_is_measured_as_it_is(
    done: Done, corpus: Corpus, tmp_path: Path
) -> None:
    folder = package(
        corpus, done.run, tmp_path / "half", done.features, "cpu", "c", silent, half=True
    )
    whole, half = Bundle.open(done.bundle), Bundle.open(folder)
    assert (whole.meta["half"], half.meta["half"]) == (False, True)
    assert "half precision" in (folder / "card.md").read_text()
    assert "half precision" not in (done.bundle / "card.md").read_text()
    vocabulary = corpus.vocabulary()
    for modality in half.modalities:
        index, wanted = half.index(modality), whole.index(modality).halved()
        assert index.is_half
        np.testing.assert_array_equal(index.mean_prob, wanted.mean_prob)
        np.testing.assert_array_equal(index.mean_log_prob, wanted.mean_log_prob)
        np.testing.assert_array_equal(index.sum_log_prob, wanted.sum_log_prob)
    reported = reported_classes(corpus, half.meta["fit"]["dev_share"])
    rows = table(corpus, vocabulary, reported, {m: half.index(m) for m in half.modalities})
    assert half.meta["metrics"] == [row.as_dict() for row in rows]


def test_parts_point_every_context_at_its_pictures_features(
    done: Done, corpus: Corpus, tiny: FitConfig
) -> None:
    parts = prepare(corpus, tiny, done.run, done.features, "cpu", silent)
    images = picture_files(corpus, parts.vocabulary)
    assert set(parts.features.row_of) == set(images)
    plain = encode_contexts(corpus, parts.vocabulary, parts.words, parts.features.row_of)
    np.testing.assert_array_equal(parts.encoded.image, plain.image)
    np.testing.assert_array_equal(parts.encoded.pieces, plain.pieces)


class Stop(Exception):
    """Raised in a report to cut a run off."""


@pytest.mark.parametrize(
    ("stage", "at"),
    [
        ("image backbone", 2),
        ("patch features", 16),
        ("masked-entity prediction", 3),  # in the warm-up
        ("masked-entity prediction", 7),  # in the second epoch
        ("masked-entity prediction", 15),  # the last step of all
        ("epoch", 2),
    ],
)
def test_a_run_that_was_cut_off_ends_as_if_it_had_not_been(
    corpus: Corpus,
    tiny: FitConfig,
    done: Done,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    stage: str,
    at: int,
) -> None:
    monkeypatch.setattr(train.loop, "CHECKPOINT_SECONDS", -1.0)

    def cut(said: str, count: int, of: int | None, note: str) -> None:
        if (said, count) == (stage, at):
            raise Stop

    run, features = tmp_path / "run", tmp_path / "features"
    with pytest.raises(Stop):
        fit(corpus, tiny, run, features, "cpu", cut)
    assert not json.loads((run / "run.json").read_text()).get("finished")
    torch.rand(7)  # another process has drawn other numbers before
    steps: list[int] = []

    def watch(said: str, count: int, of: int | None, note: str) -> None:
        if said == "masked-entity prediction":
            steps.append(count)

    summary = fit(corpus, tiny, run, features, "cpu", watch)
    if stage == "masked-entity prediction":
        assert steps[0] == at  # the step that was cut off, and none before it
    assert summary == done.summary
    for name in ("best.safetensors", "backbone.safetensors", "tokenizer.json", "model.json"):
        assert (run / name).read_bytes() == (done.run / name).read_bytes(), name


def test_an_epochs_loss_is_the_mean_of_its_steps(
    corpus: Corpus, tiny: FitConfig, tmp_path: Path
) -> None:
    losses: list[float] = []

    def watch(stage: str, count: int, of: int | None, note: str) -> None:
        if stage == "masked-entity prediction":
            losses.append(float(note.split("loss ")[1].split(",", maxsplit=1)[0]))

    config = replace(tiny, epochs=2)
    summary = fit(corpus, config, tmp_path / "run", tmp_path / "features", "cpu", watch)
    found = [entry["loss"] for entry in summary["history"]]
    assert found == pytest.approx([np.mean(losses[:5]), np.mean(losses[5:])], abs=1e-3)


def test_another_seed_ends_elsewhere(
    corpus: Corpus, tiny: FitConfig, done: Done, tmp_path: Path
) -> None:
    config = replace(tiny, seed=2, epochs=1)
    fit(corpus, config, tmp_path / "run", tmp_path / "features", "cpu", silent)
    assert (tmp_path / "run/best.safetensors").read_bytes() != (
        done.run / "best.safetensors"
    ).read_bytes()


@pytest.mark.parametrize(
    ("change", "said"),
    [({"seed": 5}, "another config;"), ({"epochs": 9, "draws": 2}, "another config;")],
)
def test_a_name_that_holds_another_run_is_refused(
    done: Done, corpus: Corpus, tiny: FitConfig, change: dict[str, int], said: str
) -> None:
    with pytest.raises(RunError, match=f"{said} give another --name"):
        fit(corpus, replace(tiny, **change), done.run, done.features, "cpu", silent)


def test_a_name_that_holds_a_run_on_another_corpus_is_refused(
    done: Done, corpus: Corpus, imageless: Corpus, tiny: FitConfig
) -> None:
    with pytest.raises(RunError, match="another fingerprint;"):
        fit(imageless, tiny, done.run, done.features, "cpu", silent)
    renamed = replace(corpus, name="other", image_policy="reranked")
    with pytest.raises(RunError, match="another corpus and fingerprint and image_policy;"):
        fit(renamed, tiny, done.run, done.features, "cpu", silent)


def test_an_unfinished_run_or_another_corpus_is_not_packaged(
    done: Done, corpus: Corpus, imageless: Corpus, tmp_path: Path
) -> None:
    def pack(corpus: Corpus, run: Path) -> Path:
        return package(corpus, run, tmp_path / "b", done.features, "cpu", "", silent)

    with pytest.raises(RunError, match="the corpus has changed since run 'run' learnt it"):
        pack(imageless, done.run)
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "run.json").write_text('{"config": {}}')
    with pytest.raises(RunError, match="run 'half' is not finished"):
        pack(corpus, tmp_path / "half")
    assert not (tmp_path / "b").exists()


def test_packaging_that_was_cut_off_goes_on(done: Done, corpus: Corpus, tmp_path: Path) -> None:
    def cut(stage: str, count: int, of: int | None, note: str) -> None:
        if stage == "entities by image":
            raise Stop

    with pytest.raises(Stop):
        package(corpus, done.run, tmp_path / "b", done.features, "cpu", "", cut)
    assert not (tmp_path / "b" / "bundle.json").exists()
    seen: list[str] = []
    package(
        corpus,
        done.run,
        tmp_path / "b",
        done.features,
        "cpu",
        "",
        lambda stage, *_: seen.append(stage),
    )
    assert "entities by text" not in seen  # that pass was over
    for modality in ("text+image", "text", "image"):
        name = f"index-{modality}.safetensors"
        assert (tmp_path / "b" / name).read_bytes() == (done.bundle / name).read_bytes()


def test_a_kill_while_files_are_replaced_leaves_no_bundle(
    done: Done, corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise Stop

    folder = tmp_path / "b"
    shutil.copytree(done.bundle, folder)
    monkeypatch.setattr(train.package, "save_weights", fail)
    with pytest.raises(Stop):
        package(corpus, done.run, folder, done.features, "cpu", "", silent)
    assert not (folder / "bundle.json").exists()
    assert not list(folder.glob("index-*"))


def test_a_corpus_without_images_is_fitted_by_text(
    imageless: Corpus, tiny: FitConfig, tmp_path: Path
) -> None:
    run, features = tmp_path / "run", tmp_path / "features"
    summary = fit(imageless, tiny, run, features, "cpu", silent)
    assert summary["dev"] is not None
    package(imageless, run, tmp_path / "bundle", features, "cpu", "", silent)
    engine = Engine.load(tmp_path / "bundle")
    assert engine.bundle.modalities == ("text",)
    assert len(engine.expand([0, 1, 2], Options(5, candidates="text")).results) == 5


def test_a_corpus_without_classes_keeps_its_last_epoch(
    corpus: Corpus, tiny: FitConfig, tmp_path: Path
) -> None:
    bare = replace(corpus, classes=(), members={}, queries=())
    run, features = tmp_path / "run", tmp_path / "features"
    summary = fit(bare, tiny, run, features, "cpu", silent)
    assert (summary["best_epoch"], summary["dev"], summary["dev_classes"]) == (3, None, [])
    package(bare, run, tmp_path / "bundle", features, "cpu", "", silent)
    expansion = Engine.load(tmp_path / "bundle").expand([0, 1, 2], Options(3))
    assert [r.classes for r in expansion.results] == [(), (), ()]
    assert "none" in (tmp_path / "bundle" / "card.md").read_text()


def test_a_fit_that_is_all_warm_up_keeps_its_last_epoch(
    corpus: Corpus, tiny: FitConfig, tmp_path: Path
) -> None:
    config = replace(tiny, epochs=2, alone_epochs=2)
    summary = fit(corpus, config, tmp_path / "run", tmp_path / "features", "cpu", silent)
    assert (summary["best_epoch"], summary["dev"]) == (2, None)


def test_patience_ends_a_fit_that_gets_no_better(
    corpus: Corpus, tiny: FitConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = iter([50.0, 40.0, 30.0, 45.0, 99.0])
    monkeypatch.setattr(train.loop, "dev_scores", lambda *_, **__: {"dev": next(scores)})
    config = replace(tiny, epochs=6, alone_epochs=0, patience=2, draws=1)
    summary = fit(corpus, config, tmp_path / "run", tmp_path / "features", "cpu", silent)
    assert (len(summary["history"]), summary["best_epoch"], summary["dev"]) == (3, 1, 50.0)


def test_too_few_entities_are_told(corpus: Corpus, tiny: FitConfig, tmp_path: Path) -> None:
    one = replace(corpus, contexts=[c for c in corpus.contexts if c.entity in (0, 20)])
    with pytest.raises(ValueError, match="only 1 entities have two contexts"):
        fit(one, tiny, tmp_path / "run", tmp_path / "features", "cpu", silent)


def test_the_papers_preset_builds_from_a_folder_and_a_file(corpus: Corpus, tmp_path: Path) -> None:
    """Its code path with local weights: a text encoder's folder and a backbone's file."""
    from transformers import BertConfig, BertModel

    tokenizer = train_tokenizer([c.tokens for c in corpus.contexts], 150)
    sizes = {"num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    bert = BertModel(BertConfig(vocab_size=tokenizer.get_vocab_size(), hidden_size=16, **sizes))
    bert.save_pretrained(save_tokenizer(tokenizer, tmp_path / "bert"))
    backbone = build_backbone("test_byobnet")
    save_file(backbone.state_dict(), tmp_path / "backbone.safetensors")
    config = configure(
        "paper",
        text_encoder=str(tmp_path / "bert"),
        backbone="test_byobnet",
        backbone_weights=str(tmp_path / "backbone.safetensors"),
        dim=16,
        epochs=1,
        draws=2,
        batch=16,
    )
    config = replace(config, heads=2, visual_layers=1, cross_layers=1)
    run, features = tmp_path / "run", tmp_path / "features"
    start = new_model(config, prepare(corpus, config, _made(run), features, "cpu", silent))
    fit(corpus, config, run, features, "cpu", silent)
    trained = load_model(run, "best.safetensors").state_dict()
    moved = {name for name, value in start.state_dict().items() if not value.equal(trained[name])}
    assert {name for name in moved if name.startswith("text.")} == {
        name for name in trained if name.startswith("text.encoder.layer.1.")
    }
    for name, value in bert.state_dict().items():
        if name.startswith(("embeddings.", "encoder.layer.0.")):
            torch.testing.assert_close(trained[f"text.{name}"], value)
    package(corpus, run, tmp_path / "bundle", features, "cpu", "", silent)
    assert len(Engine.load(tmp_path / "bundle").expand([0, 1, 2], Options(4)).results) == 4


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_a_run_that_stopped_before_it_learnt_anything_frees_its_name(
    corpus: Corpus, tiny: FitConfig, tmp_path: Path
) -> None:
    wrong = replace(tiny, backbone="no_such_backbone")
    with pytest.raises(ValueError, match="timm has no model"):
        fit(corpus, wrong, tmp_path / "run", tmp_path / "features", "cpu", silent)
    summary = fit(corpus, tiny, tmp_path / "run", tmp_path / "features", "cpu", silent)
    assert summary["config"] == tiny.as_dict()
    assert json.loads((tmp_path / "run" / "run.json").read_text())["config"] == tiny.as_dict()


def test_a_run_is_one_process_at_a_time(corpus: Corpus, tiny: FitConfig, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with train.loop.alone(tmp_path / "run"), pytest.raises(RunError, match="under way"):
        fit(corpus, tiny, tmp_path / "run", tmp_path / "features", "cpu", silent)


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 half a file", b"not a checkpoint at all"])
def test_a_damaged_checkpoint_is_told_with_the_mend(
    damage: bytes, corpus: Corpus, tiny: FitConfig, tmp_path: Path
) -> None:
    def cut(stage: str, count: int, of: int | None, note: str) -> None:
        if stage == "epoch":
            raise Stop

    run, features = tmp_path / "run", tmp_path / "features"
    with pytest.raises(Stop):
        fit(corpus, tiny, run, features, "cpu", cut)
    (run / "checkpoint.pt").write_bytes(damage)
    with pytest.raises(RunError, match=r"checkpoint\.pt is damaged .*; remove it"):
        fit(corpus, tiny, run, features, "cpu", silent)


def test_a_damaged_summary_is_told_with_the_mend(
    corpus: Corpus, tiny: FitConfig, tmp_path: Path
) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text('{"config": ')
    with pytest.raises(RunError, match=r"run\.json is damaged .*remove the folder"):
        fit(corpus, tiny, tmp_path / "run", tmp_path / "features", "cpu", silent)


def test_pictures_over_the_bound_are_left_out(
    corpus: Corpus, tiny: FitConfig, tmp_path: Path
) -> None:
    """MESE_MAX_PIXELS holds in training too: no picture is that small, so none is read."""
    parts = prepare(corpus, tiny, tmp_path, tmp_path / "features", "cpu", silent, max_pixels=4)
    assert not parts.features.row_of
    assert (parts.encoded.image == -1).all()
