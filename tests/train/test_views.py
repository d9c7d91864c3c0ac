"""Views: text alone and image alone of a bundle that came without, made once and whole."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import mese.represent
from db.corpus import load_corpus
from db.store import Store
from mese.bundle import Bundle, BundleError
from mese.corpus import Corpus
from mese.engine import Engine, Options
from mese.mesed_format import write_folder
from tests.train.conftest import as_records, silent
from tests.train.test_shell import fill
from train.__main__ import app
from train.beside import Making, NotMade, ViewsBeside
from train.loop import fit
from train.package import package
from train.presets import FitConfig
from train.views import _drop_older, represent_views

ROOT = Path(__file__).parents[2]
VIEWS = ("text", "image")


@pytest.fixture(scope="module")
def whole(corpus: Corpus, tiny: FitConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the squares in its store, and their bundle with all three indexes."""
    home = tmp_path_factory.mktemp("whole")
    write_folder(as_records(corpus), corpus.image_root, replace=True)
    fill(home, corpus.image_root)
    run, features = home / "runs" / "tiny", home / "features"
    stored = load_corpus(Store.open(f"sqlite:///{home / 'mese.db'}"))
    fit(stored, tiny, run, features, "cpu", silent)
    package(stored, run, home / "bundles" / "tiny", features, "cpu", "the command", silent)
    return home


@pytest.fixture
def home(whole: Path, tmp_path: Path) -> Path:
    """The same home; its bundle came without views, and no picture has features yet."""
    home = tmp_path / "home"
    shutil.copytree(whole, home, ignore=shutil.ignore_patterns("features", "runs"))
    for modality in VIEWS:
        (home / "bundles" / "tiny" / f"index-{modality}.safetensors").unlink()
    return home


def opened(home: Path) -> Bundle:
    return Bundle.open(home / "bundles" / "tiny", home / "views")


def store_of(home: Path) -> Store:
    return Store.open(f"sqlite:///{home / 'mese.db'}")


def make(home: Path, report: Callable[[str, int, int | None, str], None] = silent) -> object:
    return represent_views(store_of(home), opened(home), home / "features", "cpu", report)


def arrays(bundle: Bundle, modality: str) -> list[np.ndarray]:
    index = bundle.index(modality)
    return [index.mean_prob, index.mean_log_prob, index.row_sum, index.sum_log_prob]


def assert_as_packaged(bundle: Bundle, whole: Path) -> None:
    packaged = Bundle.open(whole / "bundles" / "tiny")
    for modality in VIEWS:
        for ours, theirs in zip(arrays(bundle, modality), arrays(packaged, modality), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_views_equal_what_packaging_makes(home: Path, whole: Path) -> None:
    bundle = opened(home)
    assert (bundle.modalities, bundle.missing) == (("text+image",), VIEWS)
    assert make(home) == VIEWS
    assert make(home) == ()
    assert (bundle.modalities, bundle.missing) == (("text+image", *VIEWS), ())
    assert_as_packaged(bundle, whole)
    folder = home / "views" / bundle.stamp
    assert {p.name for p in folder.iterdir()} == {
        "index-text.safetensors",
        "index-image.safetensors",
        "bundle",
        "lock",
    }


def test_an_open_engine_finds_views_as_they_come(home: Path) -> None:
    engine = Engine.load(home / "bundles" / "tiny", home / "views")
    seeds = engine.seeds("Name 0", "Name 1", "Name 2")
    with pytest.raises(BundleError, match=r"make it with `python -m train represent --bundle /"):
        engine.expand(seeds, Options(candidates="text"))
    make(home)
    assert engine.expand(seeds, Options(candidates="text")).settings["candidates"] == "text"
    assert engine.default_modality == "text+image"


def test_a_bundle_of_another_stamp_has_not_these_views(home: Path) -> None:
    make(home)
    meta = home / "bundles" / "tiny" / "bundle.json"
    meta.write_text(json.dumps(json.loads(meta.read_text()) | {"created": "later"}))
    assert opened(home).missing == VIEWS


def test_views_of_a_bundle_that_was_written_anew_are_swept(home: Path) -> None:
    make(home)
    first = opened(home).stamp
    other = home / "views" / "other"
    shutil.copytree(home / "views" / first, other)
    (other / "bundle").write_text("/another/bundle")
    meta = home / "bundles" / "tiny" / "bundle.json"
    meta.write_text(json.dumps(json.loads(meta.read_text()) | {"created": "later"}))
    make(home)
    assert {folder.name for folder in (home / "views").iterdir()} == {opened(home).stamp, "other"}
    assert first != opened(home).stamp


@pytest.mark.parametrize("when", ["before the note is read", "before the lock is taken"])
def test_views_that_another_program_sweeps_meanwhile_are_no_fault(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    bundle = opened(home)
    assert bundle.views
    here = os.fsencode(bundle.folder.resolve())
    bundle.views.mkdir(parents=True)
    for name in ("older", "oldest"):
        (home / "views" / name).mkdir()
        (home / "views" / name / "bundle").write_bytes(here)
    swept, read = [], Path.read_bytes

    def read_as_another_sweeps(path: Path) -> bytes:
        found = b"" if when.startswith("before the note") else read(path)
        if not swept:
            swept.append(path)
            shutil.rmtree(path.parent)
        return found or read(path)

    monkeypatch.setattr(Path, "read_bytes", read_as_another_sweeps)
    _drop_older(bundle, bundle.views)
    assert len(swept) == 1
    assert {folder.name for folder in (home / "views").iterdir()} == {bundle.stamp}


def test_views_are_as_precise_as_their_bundle(home: Path) -> None:
    meta = home / "bundles" / "tiny" / "bundle.json"
    meta.write_text(json.dumps(json.loads(meta.read_text()) | {"half": True}))
    make(home)
    assert all(opened(home).index(modality).is_half for modality in VIEWS)


class Killed(BaseException):
    """As good as a kill: nothing catches it."""


def test_a_pass_that_was_cut_off_goes_on(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mese.represent, "CHUNK", 4)

    def cut(stage: str, done: int, of: int | None, note: str) -> None:
        if stage == "entities by image" and done == 8:
            raise Killed

    with pytest.raises(Killed):
        make(home, cut)
    assert opened(home).missing == ("image",)
    told: list[tuple[str, int]] = []
    make(home, lambda stage, done, of, note: told.append((stage, done)))
    assert told == [("entities by image", n) for n in (12, 16, 20)]


@pytest.mark.parametrize("change", ["a sentence", "a name"])
def test_another_corpus_is_refused(home: Path, corpus: Corpus, change: str) -> None:
    connection = sqlite3.connect(home / "mese.db")
    if change == "a name":
        connection.execute("UPDATE entities SET name = 'Other' WHERE id = 3")
    else:
        connection.execute(
            "UPDATE sentences SET tokens = json_set(tokens, '$[0]', 'new') WHERE id = 2"
        )
    connection.commit()
    connection.close()
    said = "entity 3, 'Name 3', is 'Other' there" if change == "a name" else "has changed since"
    with pytest.raises(BundleError, match=said):
        make(home)
    assert opened(home).missing == VIEWS


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("no weights", r"holds no model \(weights.safetensors is missing"),
        ("cut weights", r"cannot be opened .*; make it anew"),
        ("foreign model", r"cannot be opened .*; make it anew"),
        ("unknown backbone", r"timm has no model 'no-such-net'"),
    ],
)
def test_a_bundle_without_a_whole_model_says_so(home: Path, fault: str, said: str) -> None:
    folder = home / "bundles" / "tiny"
    weights = folder / "weights.safetensors"
    if fault == "no weights":
        weights.unlink()
    elif fault == "cut weights":
        weights.write_bytes(weights.read_bytes()[:-100])
    elif fault == "foreign model":
        (folder / "model.json").write_text('{"text": {}, "model": []}')
    else:
        described = json.loads((folder / "model.json").read_text())
        described["fit"]["backbone"] = "no-such-net"
        (folder / "model.json").write_text(json.dumps(described))
    with pytest.raises(BundleError, match=said):
        make(home)


def test_a_bundle_without_pictures_misses_nothing(home: Path) -> None:
    make(home)
    folder = home / "bundles" / "tiny"
    bundle = opened(home)
    shutil.move(home / "views" / bundle.stamp / "index-text.safetensors", folder)
    (folder / "index-text+image.safetensors").unlink()
    shutil.rmtree(home / "views")
    assert opened(home).modalities == ("text",)
    assert opened(home).missing == ()


def in_a_fork(work: Callable[[], object]) -> multiprocessing.Process:
    """Another program at the same work, without the seconds that importing torch takes."""
    process: Any = multiprocessing.get_context("fork").Process(target=work)
    process.start()
    made: multiprocessing.Process = process
    return made


def test_two_programs_at_once_make_them_once(
    home: Path, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mese.represent, "CHUNK", 1)
    told = home / "told"

    def work() -> None:
        bundle = opened(home)
        assert bundle.missing == VIEWS
        made = represent_views(store_of(home), bundle, home / "features", "cpu", silent)
        with told.open("a") as stream:
            stream.write(f"{made}\n")

    both = [in_a_fork(work), in_a_fork(work)]
    for process in both:
        process.join(60)
    assert [process.exitcode for process in both] == [0, 0]
    assert sorted(told.read_text().splitlines()) == [str(VIEWS), "()"]
    assert_as_packaged(opened(home), whole)


@pytest.mark.parametrize("stage", ["entities by text", "patch features", "entities by image"])
def test_a_killed_program_leaves_its_rows_to_the_next(
    home: Path, whole: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    monkeypatch.setattr(mese.represent, "CHUNK", 2)

    def work() -> None:
        def kill(now: str, done: int, of: int | None, note: str) -> None:
            if now == stage and done >= 8:
                os.kill(os.getpid(), signal.SIGKILL)

        make(home, kill)

    killed = in_a_fork(work)
    killed.join(60)
    assert killed.exitcode == -signal.SIGKILL
    assert "image" in opened(home).missing
    first: dict[str, int] = {}

    def note_first(now: str, done: int, of: int | None, note: str) -> None:
        first.setdefault(now, done)

    make(home, note_first)
    if stage != "patch features":
        assert first[stage] == 10
    assert_as_packaged(opened(home), whole)


def until(true: Callable[[], bool], seconds: float = 60) -> bool:
    for _ in range(int(seconds * 50)):
        if true():
            return True
        Event().wait(0.02)
    return False


def test_beside_the_app_it_is_begun_told_of_and_done(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MESE_DEVICE", "cpu")
    bundle = opened(home)
    beside = ViewsBeside(home)
    assert beside.progress(bundle) == Making("text", 0, 20)  # it is not waited for
    (job,) = beside._jobs.values()
    nice = min(19, os.nice(0) + 10)
    assert until(lambda: os.getpriority(os.PRIO_PROCESS, job.process.pid) == nice)
    told: list[Making | NotMade | None] = []

    def all_there() -> bool:
        told.append(beside.progress(bundle))
        return told[-1] is None

    assert until(all_there)
    assert all(isinstance(making, Making) for making in told[:-1])
    assert bundle.missing == ()


CHILD = """
import threading
from train.beside import step_back
step_back()
print("stands", flush=True)
threading.Event().wait()
"""
APP = """
import signal, sys, threading
# A program that a shell put in the background is born deaf to Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
from pathlib import Path
from mese.bundle import Bundle
from train.beside import ViewsBeside
home = Path(sys.argv[1])
bundle = Bundle.open(home / "bundles" / "tiny", home / "views")
beside = ViewsBeside(home, (sys.executable, "-c", sys.argv[2]))
beside.progress(bundle)
(job,) = beside._jobs.values()
while b"stands" not in Path(f"/proc/self/fd/{job.output.fileno()}").read_bytes():
    threading.Event().wait(0.02)
print(job.process.pid, flush=True)
threading.Event().wait()
"""


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT])
def test_it_ends_with_the_app_however_that_ends(home: Path, ending: signal.Signals) -> None:
    app_process = subprocess.Popen(
        [sys.executable, "-c", APP, str(home), CHILD],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert app_process.stdout
    child = int(app_process.stdout.readline())
    assert runs(child)
    app_process.send_signal(ending)
    app_process.wait(20)
    app_process.stdout.close()
    assert until(lambda: not runs(child), 20)


def runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_what_cannot_be_made_is_told_with_the_reason(home: Path) -> None:
    bundle = opened(home)
    beside = ViewsBeside(home, (sys.executable, "-c", "print('one'); exit('no room on the disk')"))
    beside.progress(bundle)
    assert until(lambda: isinstance(beside.progress(bundle), NotMade))
    told = beside.progress(bundle)
    assert isinstance(told, NotMade)
    assert "(no room on the disk); once that is mended: `python -m train rep" in told.reason
    assert beside._jobs == {}  # it is not tried again at once
    make(home)
    assert beside.progress(bundle) is None  # a shell has mended it


def test_a_bundle_without_a_model_is_told_at_once(home: Path) -> None:
    (home / "bundles" / "tiny" / "weights.safetensors").unlink()
    told = ViewsBeside(home, ("no such program",)).progress(opened(home))
    assert isinstance(told, NotMade)
    assert "bundle 'tiny' holds no model" in told.reason


@pytest.mark.parametrize("written", ["", "[", "{}", '["text", "x", 3]', "[" * 5000, "[1, 2]"])
def test_a_damaged_progress_is_no_progress(home: Path, tmp_path: Path, written: str) -> None:
    bundle = opened(home)
    (home / "views" / bundle.stamp).mkdir(parents=True)
    (home / "views" / bundle.stamp / "progress.json").write_text(written)
    beside = ViewsBeside(home, (sys.executable, "-c", "input()"))
    assert beside.progress(bundle) == Making("text", 0, 20)
    beside.end()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "give --name NAME for a run, or --bundle BUNDLE"),
        (["--name", "a", "--bundle", "b"], "give --name NAME for a run, or --bundle BUNDLE"),
        (["--bundle", "tiny", "--into", "x"], "--into and --half go with --name"),
        (["--bundle", "tiny", "--half"], "--into and --half go with --name"),
    ],
)
def test_wrong_use(home: Path, arguments: list[str], said: str) -> None:
    environment = {"MESE_HOME": str(home), "COLUMNS": "200"}
    done = CliRunner().invoke(app, ["represent", *arguments], env=environment)
    assert done.exit_code == 2
    assert said in done.stderr


def test_evaluate_reads_the_views(home: Path) -> None:
    make(home)
    environment = {"MESE_HOME": str(home), "MESE_DEVICE": "cpu"}
    done = CliRunner().invoke(app, ["evaluate", "tiny", "--json", "--no-floors"], env=environment)
    rows = json.loads(done.stdout)
    assert {row["representation"] for row in rows} == {"text+image", *VIEWS}
