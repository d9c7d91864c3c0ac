"""`python -m mese expand`: the contract's JSON, exit codes 0, 1 and 2, and no traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from typer.testing import CliRunner

from mese.__main__ import app
from mese.bundle import write_bundle
from mese.corpus import Entity
from mese.engine import Engine, Options
from mese.index import EntityIndex
from mese.shell import stage_bars
from tests.conftest import write_toy_bundle

FIGURE_1 = "Washington D.C.;Chicago;Los Angeles"
ROOT = Path(__file__).parents[2]


def call(home: Path, *arguments: str) -> Result:
    environment = {"MESE_HOME": str(home), "COLUMNS": "150", "NO_COLOR": "1"}
    return CliRunner().invoke(app, ["expand", *arguments], env=environment)


def test_the_json_is_the_contracts(small_home: Path) -> None:
    done = call(small_home, "toy", "--seeds", FIGURE_1, "--limit", "9", "--json")
    assert done.exit_code == 0
    said = json.loads(done.stdout)
    assert list(said)[:4] == ["query", "bundle", "settings", "results"]
    assert said["query"] == [
        {"id": 0, "name": "Washington D.C."},
        {"id": 1, "name": "Chicago"},
        {"id": 2, "name": "Los Angeles"},
    ]
    assert said["bundle"] == "toy"
    assert said["settings"] == {
        "size": 9,
        "method": "window",
        "candidates": "text+image",
        "seeds": "text+image",
        "window": None,
        "rerank": True,
        "keep_out": [],
    }
    wanted = Engine.load(small_home / "bundles" / "toy").expand([0, 1, 2], Options(9))
    assert said["results"] == [
        {
            "rank": r.rank,
            "id": r.id,
            "name": r.name,
            "score": round(r.score, 6),
            "class": "; ".join(r.classes),
        }
        for r in wanted.results
    ]
    assert said["results"][0]["class"] == "US cities"


def test_the_default_is_fifty_and_method_and_bundle_path_are_taken(small_home: Path) -> None:
    bundle = small_home / "bundles" / "toy"
    done = call(small_home, str(bundle), "--seeds", "Chicago", "--method", "cosine", "--json")
    said = json.loads(done.stdout)
    assert (said["settings"]["method"], said["settings"]["size"]) == ("cosine", 50)
    assert len(said["results"]) == len(Engine.load(bundle).bundle.entities) - 1


def test_the_table_shows_names_as_they_are(small_home: Path) -> None:
    done = call(small_home, "toy", "--seeds", ":red[hi] [x](http://y) ![z](w); # head ;1. list")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    names = ":red[hi] [x](http://y) ![z](w), # head, 1. list"
    assert lines[0] == f"22 entities for {names}"
    assert "  *a* _b_ `c` ~~d~~  " in done.stdout
    assert lines[1] == "by window search, text+image, bundle toy"
    assert len(lines) == 25
    assert lines[3].split()[0] == "1"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["toy", "--seeds", "Chicago;Chicagoo"], 1, "'Chicagoo' is not in the vocabulary"),
        (["toy", "--seeds", "Chicago;chicago"], 1, "the same seed stands twice"),
        (["toy", "--seeds", " ; "], 1, "give at least one seed"),
        (
            ["toy", "--seeds", "Chicago", "--method", "magic"],
            2,
            "no 'magic'; there are: window",
        ),
        (["toy", "--seeds", "Chicago", "--modality", "image"], 1, "no 'image' representation"),
        (["toy", "--seeds", "Chicago", "--modality", "smell"], 2, "no 'smell'; there are: text"),
        (["none", "--seeds", "Chicago"], 1, "there is no bundle 'none'"),
        (["toy", "--seeds", "Chicago", "--method", "states"], 1, "choose another method"),
        (["toy"], 2, "--seeds"),
        (["toy", "--seeds", "Chicago", "--limit", "0"], 2, "--limit"),
        (["toy", "--seeds", "Chicago", "--limit", "many"], 2, "--limit"),
        ([], 2, "bundle"),
    ],
)
def test_mistakes_are_told_on_stderr_with_their_exit_code(
    small_home: Path, arguments: list[str], code: int, said: str
) -> None:
    done = call(small_home, *arguments)
    assert done.exit_code == code
    assert said in done.stderr
    assert done.stdout == ""
    if code == 1:
        assert len(done.stderr.splitlines()) == 1


def test_a_broken_bundle_is_one_line(small_home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "bundles" / "hurt"
    folder.mkdir(parents=True)
    for file in (small_home / "bundles" / "toy").iterdir():
        (folder / file.name).write_bytes(
            file.read_bytes()[: 4000 if "index" in file.name else None]
        )
    done = call(tmp_path, "hurt", "--seeds", "Chicago")
    assert done.exit_code == 1
    assert "index-text+image.safetensors: not a readable safetensors file" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_bad_setting_is_wrong_use(small_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MESE_PORT", "none")
    done = call(small_home, "toy", "--seeds", "Chicago")
    assert done.exit_code == 2
    assert "MESE_PORT" in done.stderr


def test_a_shell_has_no_traceback(small_home: Path) -> None:
    command = [sys.executable, "-m", "mese", "expand", "toy", "--seeds", "Atlantis"]
    environment = {"MESE_HOME": str(small_home), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "'Atlantis' is not in the vocabulary of bundle 'toy'" in done.stderr


def test_expanding_needs_no_torch(small_home: Path) -> None:
    code = (
        "import sys; from mese.engine import Engine; "
        f"Engine.load({str(small_home / 'bundles' / 'toy')!r}).expand([0, 1, 2]); "
        "assert not {'torch', 'transformers', 'streamlit', 'sqlalchemy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_a_bundle_of_sentences_alone_needs_no_modality(small_home: Path, tmp_path: Path) -> None:
    index = EntityIndex.from_distributions(np.full((4, 4), 0.25), np.zeros((4, 4)))
    entities = [Entity(n, name) for n, name in enumerate("abcd")]
    write_bundle(tmp_path / "b", {"name": "b"}, entities, [()] * 4, {"text": index})
    done = call(small_home, str(tmp_path / "b"), "--seeds", "a;b;c", "--json")
    assert json.loads(done.stdout)["settings"]["candidates"] == "text"


def test_a_list_by_less_than_the_bundle_had_comes_with_a_note(
    small_home: Path, tmp_path: Path
) -> None:
    write_toy_bundle(tmp_path / "b", ("text+image", "text"))
    asked = (str(tmp_path / "b"), "--seeds", "Chicago;Boston;Seattle")
    assert "Note:" not in call(small_home, *asked).stderr
    (tmp_path / "b" / "index-text+image.safetensors").unlink()
    done = call(small_home, *asked)
    assert done.exit_code == 0
    assert "Note: bundle 'b' has lost its index by text+image, so text answers" in done.stderr


def test_few_seeds_are_ranked_with_a_hint(small_home: Path) -> None:
    few = call(small_home, "toy", "--seeds", "Chicago;Boston")
    assert few.exit_code == 0
    assert "Few seeds (2): the method is meant for 3 or 5." in few.stderr
    assert "Few seeds" not in call(small_home, "toy", "--seeds", "Chicago;Boston;Miami").stderr


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_full_disk_under_stdout_is_one_line(small_home: Path, form: list[str]) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "mese",
                "expand",
                "toy",
                "--seeds",
                "Chicago;Boston;Miami",
                *form,
            ],
            env={**os.environ, "MESE_HOME": str(small_home)},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    told = "the result cannot be written to standard output: No space left on device\n"
    assert (done.returncode, done.stderr) == (1, told)


def test_a_setting_is_told_in_words(small_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MESE_DEVICE", "tpu")
    done = call(small_home, "toy", "--seeds", "Chicago")
    assert done.exit_code == 2
    assert "auto, cpu, cuda, or one of several, as cuda:1. (given: 'tpu')" in done.stderr


def test_a_log_gets_lines_where_a_terminal_gets_bars(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """At a stage's beginning, every half minute, and when it is done; once each."""
    clock = iter([0.0, 10.0, 31.0, 40.0, 41.0, 50.0])
    monkeypatch.setattr("mese.shell.time.monotonic", lambda: next(clock))
    with stage_bars() as report:
        for done, note in ((1, "loss 4.0"), (2, ""), (3, ""), (4, ""), (4, "")):
            report("image backbone", done, 4, note)
        report("entities by text", 0, None, "")
    lines = ["1 of 4, loss 4.0", "3 of 4", "4 of 4"]
    said = capsys.readouterr().err.splitlines()
    assert said == [*(f"image backbone: {line}" for line in lines), "entities by text: 0"]
