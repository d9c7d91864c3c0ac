"""`python asgi.py` where it cannot start: one line that names the setting, and how it ends."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def start(home: Path, **settings: object) -> tuple[int, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MESE_")}
    given = {f"MESE_{name}": str(value) for name, value in settings.items()}
    done = subprocess.run(
        [sys.executable, "asgi.py"],
        cwd=ROOT,
        env={**kept, "MESE_HOME": str(home), **given},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stderr.strip()


def test_a_store_that_cannot_be_opened_ends_it_with_1(tmp_path: Path) -> None:
    (tmp_path / "mese.db").write_text("these are no tables" * 100)
    code, told = start(tmp_path)
    assert code == 1
    assert told.startswith(f"{tmp_path / 'mese.db'}: file is not a database; look at MESE_HOME")
    assert "\n" not in told


def test_a_port_that_is_taken_is_told_with_its_setting(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, told = start(tmp_path, PORT=port)
    assert code == 1
    assert told.startswith(f"MESE_PORT={port}: nothing can listen there on 127.0.0.1")
    assert "set MESE_PORT to another port" in told
    assert "\n" not in told


@pytest.mark.parametrize(("name", "value"), [("ADDRESS", "0.0.0.0"), ("PORT", "90000")])
def test_a_setting_that_cannot_be_ends_it_with_2(tmp_path: Path, name: str, value: str) -> None:
    code, told = start(tmp_path, **{name: value})
    assert code == 2
    assert told.startswith(f"MESE_{name}={value}")
    assert "\n" not in told
    assert not (tmp_path / "mese.db").exists()
