"""The guard: who may come in, and from where the app may be reached."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pages.parts.door import PAGES, is_this_machine

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("address", "ours"),
    [
        ("127.0.0.1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.5", False),
        ("studio.example.org", False),
        ("localhost.example.org", False),
        ("", False),
        (None, False),
    ],
)
def test_only_this_machine_may_reach_the_app(address: str | None, ours: bool) -> None:
    assert is_this_machine(address) is ours


@pytest.mark.parametrize(
    ("name", "value"),
    [("MESE_ADDRESS", "0.0.0.0"), ("MESE_PORT", "90000"), ("MESE_DEVICE", "abacus")],
)
def test_a_setting_that_cannot_be_is_refused_in_one_line(
    name: str, value: str, tmp_path: Path
) -> None:
    environment = {**os.environ, "MESE_HOME": str(tmp_path), name: value}
    done = subprocess.run(
        [sys.executable, "asgi.py"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert f"{name}={value}" in done.stderr
    assert "Traceback" not in done.stderr


def page_files() -> list[str]:
    return sorted(f"pages/{path.name}" for path in (ROOT / "pages").glob("*.py"))


def test_every_page_is_in_the_navigation() -> None:
    assert sorted(path for path, _, _ in PAGES) == page_files()


@pytest.mark.parametrize("page", page_files())
def test_every_page_begins_with_the_guard(page: str) -> None:
    body = ast.parse((ROOT / page).read_text(encoding="utf-8")).body
    doing = [
        node
        for node in body
        if not isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef)
        and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    ]
    assert ast.unparse(doing[0]).startswith("user = require(Role.")
