"""`make bench` runs every benchmark on a fresh checkout, whatever becomes of one of them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import backbones
from mese.settings import Settings

ROOT = Path(__file__).parents[1]
STAMPS = ("bin/uv", ".run", ".dev")
"""What the Makefile touches when a list of requirements is installed, in this order."""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with three benchmarks, the first of which fails; all requirements are there."""
    for name in ("Makefile", "requirements.txt", "requirements-dev.txt"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    for stamp in STAMPS:
        (tmp_path / ".venv" / stamp).touch()
    (tmp_path / "benchmarks").mkdir()
    for name, code in {
        "a": "raise SystemExit(3)",
        "b": "print('b', 2)",
        "c": "print('c', 3)",
    }.items():
        (tmp_path / "benchmarks" / f"{name}.py").write_text(code)
    return tmp_path


def make(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", *arguments, "CHROMIUM=/bin/true"],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_benchmark_that_fails_does_not_stop_the_others_and_is_named(checkout: Path) -> None:
    done = make(checkout, "bench")
    assert done.returncode != 0
    assert {"b 2", "c 3"} < set(done.stdout.splitlines())
    assert "These did not end well: benchmarks/a.py" in done.stderr
    (checkout / "benchmarks" / "a.py").write_text("")
    assert make(checkout, "bench").returncode == 0


def test_what_benchmarks_need_beside_the_app_is_installed(checkout: Path) -> None:
    (checkout / ".venv" / ".dev").unlink()
    assert "-r requirements-dev.txt" in make(checkout, "-n", "bench").stdout


def test_the_backbones_build_their_corpus_where_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[list[str], str]] = []

    def run(command: list[str], env: dict[str, str], **_: Any) -> None:
        asked.append((command[1:], env["MESE_HOME"]))
        (tmp_path / "mese.db").touch()

    monkeypatch.setattr(subprocess, "run", run)
    for _ in range(2):
        backbones.make_corpus(Settings(home=tmp_path))
    assert asked == [(["-m", "db", "demo"], str(tmp_path))]
