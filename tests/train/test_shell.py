"""`python -m train`: from a MESED folder in the store to a bundle and its table."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

import train.presets
from db.corpus import hash_images, import_records
from db.store import Store
from mese.bundle import Bundle
from mese.corpus import Corpus
from mese.mesed_format import read_folder, write_folder
from tests.train.conftest import as_records
from train.__main__ import app
from train.presets import FitConfig

Call = Callable[..., Result]


def fill(home: Path, folder: Path) -> None:
    store = Store.open(f"sqlite:///{home / 'mese.db'}")
    import_records(store, read_folder(folder).records)
    hash_images(store)
    store.close()


@pytest.fixture(scope="module")
def home(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose store holds the squares, through a folder of the authors' layout."""
    home = tmp_path_factory.mktemp("home")
    write_folder(as_records(corpus), corpus.image_root, replace=True)
    fill(home, corpus.image_root)
    return home


@pytest.fixture
def call(home: Path, tiny: FitConfig, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Calls the shell with the preset `demo` made tiny."""
    monkeypatch.setitem(train.presets.PRESETS, "demo", replace(tiny, epochs=2))
    monkeypatch.setenv("MESE_DEVICE", "cpu")
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str, at: Path = home) -> Result:
        return CliRunner().invoke(app, arguments, env={"MESE_HOME": str(at)})

    return run


@pytest.fixture
def made(call: Call, home: Path) -> Path:
    """The bundle of a run by the three commands; made once, as they go on where they stopped."""
    if not (home / "bundles" / "first" / "bundle.json").exists():
        done = call("fit", "--name", "first", "--seed", "3")
        assert done.exit_code == 0, done.stderr
        assert "Run 'first' is trained (best epoch 2, dev Avg " in done.stdout
        assert "python -m train represent --name first" in done.stdout
        assert "epoch 2 of 2: loss" in done.stderr
        done = call("represent", "--name", "first")
        assert done.exit_code == 0, done.stderr
        assert f"Bundle written to {home / 'bundles' / 'first'}" in done.stdout
    return home / "bundles" / "first"


def test_fit_and_represent_write_a_bundle_of_the_store(made: Path, corpus: Corpus) -> None:
    bundle = Bundle.open(made)
    assert [e.id for e in bundle.entities] == list(corpus.vocabulary())
    assert bundle.meta["fit"]["seed"] == 3
    assert bundle.meta["preset"] == "demo"
    assert bundle.modalities == ("text+image", "text", "image")
    assert "python -m train " in bundle.meta["command"]


def test_evaluate_prints_every_row(made: Path, call: Call) -> None:
    done = call("evaluate", "first")
    assert done.exit_code == 0
    for word in ("MAP@10", "P@K (hits/K)", "Avg", "TF-IDF", "pictures", "own-entity probability"):
        assert word in done.stdout
    assert "3 seeds" in done.stdout


def test_evaluate_gives_the_same_figures_as_json_csv_and_by_class(made: Path, call: Call) -> None:
    rows = json.loads(call("evaluate", str(made), "--format", "json", "--no-floors").stdout)
    table = list(
        csv.DictReader(
            call("evaluate", str(made), "--format", "csv", "--no-floors").stdout.splitlines()
        )
    )
    assert [float(row["Avg"]) for row in table] == [row["Avg"] for row in rows]
    assert all(row["Avg low"] <= row["Avg"] <= row["Avg high"] for row in rows)
    options = ("--format", "json", "--no-floors", "--per-class")
    by_class = json.loads(call("evaluate", str(made), *options).stdout)
    first = [
        row
        for row in by_class
        if (row["method"], row["representation"]) == ("window", rows[0]["representation"])
        and row["seeds"] == rows[0]["seeds"]
    ]
    mean = sum(row["Avg"] * row["queries"] for row in first) / sum(row["queries"] for row in first)
    assert mean == pytest.approx(rows[0]["Avg"], abs=0.02)
    assert {row["class"] for row in first} <= {"Cities", "Rivers", "Cats", "Songs"}


def test_evaluate_tells_of_short_lists_and_switches(made: Path, call: Call) -> None:
    done = call("evaluate", str(made), "--no-floors", "--exclusive", "--switches", "--per-class")
    assert done.exit_code == 0
    assert "the shortest list may end at" in done.stderr
    assert "→" in done.stdout


@pytest.mark.parametrize(
    ("options", "rows"), [([], 14), (["--no-floors"], 12), (["--classes", "dev"], 14)]
)
def test_evaluate_gives_rows_as_json(made: Path, call: Call, options: list[str], rows: int) -> None:
    done = call("evaluate", str(made), "--json", *options)
    said = json.loads(done.stdout)
    assert len(said) == rows
    assert {"method", "representation", "seeds", "queries", "MAP@10", "P@100", "Avg"} <= set(
        said[0]
    )
    if not options:
        assert said == Bundle.open(made).meta["metrics"]


def test_fit_again_goes_on_with_its_own_and_refuses_another(made: Path, call: Call) -> None:
    assert call("fit", "--name", "first", "--seed", "3").exit_code == 0
    done = call("fit", "--name", "first", "--seed", "4")
    assert done.exit_code == 1
    assert "holds a run with another config; give another --name" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["fit", "--name", "../x"], 2, "'../x' is no run name"),
        (["fit", "--name", ".."], 2, "is no run name"),
        (["fit", "--name", ""], 2, "is no run name"),
        (["fit"], 2, "--name"),
        (["fit", "--name", "x", "--preset", "big"], 2, "no 'big'; there are: demo, paper"),
        (["fit", "--name", "x", "--epochs", "0"], 2, "--epochs"),
        (["fit", "--name", "x", "--learning-rate", "-1"], 2, "must be above 0, got -1"),
        (["fit", "--name", "x", "--learning-rate", "0"], 2, "--learning-rate"),
        (["fit", "--name", "x", "--images", "best"], 2, "no 'best'; there are: top1, reranked"),
        (["fit", "--name", "x", "--backbone", "resnet5000"], 1, "timm has no model 'resnet5000'"),
        (["fit", "--name", "y", "--text-encoder", "/no/such"], 1, "cannot load the text encoder"),
        (["represent", "--name", "none"], 1, "there is no run in"),
        (["evaluate", "none"], 1, "there is no bundle 'none'"),
        (["evaluate", "first", "--classes", "best"], 2, "no 'best'; there are: reported, dev, all"),
        (["evaluate", "first", "--device", "tpu"], 2, "'tpu' is no device: auto, cpu, cuda"),
        ([], 2, "Usage"),
    ],
)
def test_mistakes_are_one_line_and_their_exit_code(
    made: Path, call: Call, arguments: list[str], code: int, said: str
) -> None:
    done = call(*arguments)
    assert done.exit_code == code
    assert said in done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    if code == 1:
        assert len(done.stderr.strip().splitlines()) == 1
        assert done.exception is None or isinstance(done.exception, SystemExit)


def test_a_gpu_that_is_not_there_is_missed(
    made: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    done = call("evaluate", "first", "--device", "cuda")
    assert done.exit_code == 1
    assert "torch finds no GPU here, so nothing runs on 'cuda'; use cpu" in done.stderr


def test_an_empty_store_says_what_to_do(call: Call, tmp_path: Path) -> None:
    done = call("fit", "--name", "x", at=tmp_path)
    assert done.exit_code == 1
    assert "holds no corpus yet; run `python -m db demo`" in done.stderr


def test_a_damaged_run_is_one_line_with_the_mend(call: Call, home: Path) -> None:
    run = home / "runs" / "hurt"
    run.mkdir(parents=True)
    (run / "run.json").write_text('{"config": ')
    done = call("represent", "--name", "hurt")
    assert done.exit_code == 1
    assert f"{run / 'run.json'} is damaged" in done.stderr
    assert f"remove the folder {run} and train it again" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_represent_into_a_folder_names_it_for_the_next_step(
    made: Path, call: Call, tmp_path: Path
) -> None:
    done = call("represent", "--name", "first", "--into", str(tmp_path / "other"))
    assert f"Next: python -m train evaluate {tmp_path / 'other'}\n" in done.stdout
    assert call("evaluate", str(tmp_path / "other"), "--no-floors", "--json").exit_code == 0


def test_a_damaged_store_is_one_line(call: Call, tmp_path: Path) -> None:
    (tmp_path / "mese.db").write_text("these are no tables" * 100)
    done = call("fit", "--name", "x", at=tmp_path)
    assert done.exit_code == 1
    assert "mese.db: file is not a database; look at MESE_HOME" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_bundle_of_another_corpus_is_not_evaluated(
    made: Path, call: Call, corpus: Corpus, tmp_path: Path
) -> None:
    other = replace(
        as_records(corpus), entities=[replace(e, name=f"x {e.id}") for e in corpus.entities]
    )
    write_folder(other, tmp_path / "other")
    fill(tmp_path, tmp_path / "other")
    done = call("evaluate", str(made), at=tmp_path)
    assert done.exit_code == 1
    assert "was made for another corpus: 20 of its 20 entities differ" in done.stderr


def test_a_bundle_that_no_fit_made_is_evaluated(call: Call, small_home: Path) -> None:
    """Without a fit there is no dev split to leave out."""
    done = call("evaluate", "toy", "--json", at=small_home)
    assert done.exit_code == 0, done.stderr
    assert {row["queries"] for row in json.loads(done.stdout)} == {2}
