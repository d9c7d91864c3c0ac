"""The house plan's arrows: which room may import which, and that light rooms stay light."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ARROWS = {
    "app.py": {"pages"},
    "asgi.py": {"pages", "db", "mese"},
    "pages": {"pages", "db", "train", "mese"},
    "train": {"train", "db", "mese"},
    "db": {"db", "mese"},
    "mese": {"mese"},
}
OURS = {"app", "asgi", "pages", "train", "db", "mese", "tests", "benchmarks"}
HEAVY = {"torch", "torchvision", "transformers", "open_clip", "timm"}
NEED_A_MODEL = {"cases.py", "training.py"}


def files_of(room: str) -> list[Path]:
    path = ROOT / room
    return sorted(path.rglob("*.py")) if path.is_dir() else [path] * path.exists()


def imported(path: Path, whole: bool = True) -> Iterator[str]:
    """Dotted names that a file imports: anywhere in it, or only what runs when it is imported."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree) if whole else at_import(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module
        elif isinstance(node, ast.ImportFrom):
            package = path.relative_to(ROOT).parts[: -node.level]
            yield ".".join([*package, *filter(None, [node.module])])


def at_import(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes that run at import: not the bodies of functions, nor what is for type checkers."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from at_import(child)


def room_of(name: str) -> str:
    return name.split(".", maxsplit=1)[0]


@pytest.mark.parametrize("room", ARROWS)
def test_a_room_imports_only_along_its_arrows(room: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files_of(room)
        for name in imported(path)
        if room_of(name) in OURS - ARROWS[room]
    ]
    assert wrong == []


@pytest.mark.parametrize("room", ["train", "db", "mese"])
def test_only_the_door_and_the_pages_know_streamlit(room: str) -> None:
    wrong = [path for path in files_of(room) if "streamlit" in map(room_of, imported(path))]
    assert wrong == []


def test_pages_build_no_sql_and_no_tensors() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files_of("pages")
        for name in imported(path)
        if room_of(name) in HEAVY | {"sqlalchemy", "sqlite3", "psycopg"}
    ]
    assert wrong == []


def loaded_by(names: list[str]) -> set[str]:
    """The top modules in a fresh interpreter after `names` were imported there."""
    program = (
        f"import importlib, sys\nfor name in {names!r}: importlib.import_module(name)\n"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_the_store_and_the_domain_need_neither_torch_nor_streamlit() -> None:
    rooms = ["db.corpus", "db.accounts", "db.__main__", "mese.corpus", "mese.images"]
    assert loaded_by(rooms) & (HEAVY | {"streamlit"}) == set()


def test_the_domain_needs_no_store() -> None:
    assert loaded_by(["mese.corpus", "mese.mesed_format"]) & {"sqlalchemy", "db"} == set()


def test_pages_that_need_no_model_do_not_load_torch() -> None:
    light = [path for path in files_of("pages") if path.parent.name == "pages"]
    light = [path for path in light if path.name not in NEED_A_MODEL]
    names = {
        name
        for path in light
        for name in imported(path, whole=False)
        if room_of(name) in OURS and not (ROOT / f"{name.replace('.', '/')}").is_dir()
    }
    assert names, "no page imports anything of ours; look for them elsewhere"
    assert loaded_by(sorted(names)) & HEAVY == set()
