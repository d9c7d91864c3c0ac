"""`python -m db stats | check | backup | upgrade`: what is printed, and how they end."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from db import tending
from db.__main__ import app
from db.checking import KINDS
from db.migrating import has_no_tables, head
from db.store import Store
from mese.corpus import CorpusRecords
from tests.postgres_cluster import Cluster

HEAD = head()
"""The newest revision, before a test adds one."""


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture(autouse=True)
def home(store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A terminal of 80 columns whose settings point at the test's own store."""
    monkeypatch.setenv("MESE_DATABASE_URL", store_url)
    monkeypatch.setenv("MESE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path / "home"


def test_stats_fit_80_columns_and_cut_nothing(filled: Store) -> None:
    code, out, _ = run("stats")
    assert code == 0
    assert max(map(len, out.splitlines())) <= 80
    assert "…" not in out
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in out.splitlines()]
    assert ["3", "fine", "1", "3", "8", "7", "multi"] in rows
    assert ["of role bm25", "1 of 8 (12.5%)"] in rows
    assert ["contexts per entity, min / median / mean / max", "0 / 1 / 0.9 / 2"] in rows
    assert ["members per class, min / mean / max", "1 / 2.3 / 4"] in rows
    assert ["contexts without an image", "4 of 7 (57.1%)"] in rows
    assert ["seed outside the class", "1"] in rows
    assert ["1", "5", "█" * 40] in rows


def test_every_kind_of_finding_has_its_plural() -> None:
    assert tuple(tending.PLURAL) == KINDS


def test_stats_of_a_long_name_fit_too(filled: Store) -> None:
    with filled.write() as session:
        session.execute(text("UPDATE corpus SET name = :name"), {"name": "w" * 1000})
    assert max(map(len, run("stats")[1].splitlines())) <= 80


def test_stats_as_json_is_nothing_but_json(filled: Store) -> None:
    code, out, err = run("stats", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["table2"]["entities"] == 8


def test_check_names_what_is_broken_and_ends_with_1(filled: Store, records: CorpusRecords) -> None:
    (records.image_root / "a01.png").write_text("no picture")
    code, out, err = run("check")
    assert code == 1
    lines = out.splitlines()
    assert "image a01.png: not an image of a known format" in lines
    assert "image gone.png: no such file" in lines
    assert lines[-1].endswith("broken: 9 queries, 2 images.")
    assert lines[-1].startswith(
        "6 images (6 of them opened), 5 sentences, 7 contexts and 3 queries"
    )
    assert "Images" in err


def test_a_check_names_some_of_what_has_one_cause_and_all_when_asked(
    filled: Store, monkeypatch: pytest.MonkeyPatch, records: CorpusRecords
) -> None:
    for path in records.image_root.rglob("*.png"):
        path.unlink()
    monkeypatch.setattr(tending, "SHOWN", 2)
    code, out, _ = run("check")
    named = [line for line in out.splitlines() if line.startswith("image ")]
    assert (code, len(named)) == (1, 2)
    assert "… and 4 more images: no such file (--all names them)" in out
    assert run("check", "--all")[1].count("no such file") == 6


def test_a_whole_store_ends_with_0(filled: Store, records: CorpusRecords) -> None:
    (records.image_root / "gone.png").write_bytes((records.image_root / "a01.png").read_bytes())
    with filled.write() as session:
        session.execute(text("DELETE FROM query_seeds"))
        session.execute(text("DELETE FROM queries"))
    code, out, _ = run("check")
    assert (code, out.count("\n")) == (0, 1)
    assert out.endswith("broken: nothing.\n")
    assert "(0 of them opened)" in run("check")[1]
    assert "(6 of them opened)" in run("check", "--again")[1]


def test_a_stopped_check_says_how_to_go_on(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(tending, "check_store", stop)
    code, out, err = run("check", "--again")
    assert (code, out) == (1, "")
    assert "stopped; `python -m db check` goes on with 6 images" in err


@pytest.mark.parametrize("command", [("stats",), ("stats", "--json"), ("check",)])
def test_an_empty_store_is_told_in_one_line(store_url: str, command: tuple[str, ...]) -> None:
    code, out, err = run(*command)
    assert (code, out) == (1, "")
    assert "holds no corpus yet; run `python -m db demo`" in err
    assert err.strip().count("\n") == 0


@pytest.mark.parametrize("command", ["stats", "check"])
def test_a_database_without_tables_gets_none(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    name = cluster.create()
    monkeypatch.setenv("MESE_DATABASE_URL", cluster.url(name))
    code, out, err = run(command)
    assert (code, out) == (1, "")
    assert "there is no store at postgresql+psycopg://" in err
    with closing(Store.connect(cluster.url(name))) as store:
        assert has_no_tables(store)
    cluster.drop(name)


def test_a_backup_is_a_store_and_never_takes_a_place(
    filled: Store, store_url: str, tmp_path: Path
) -> None:
    code, out, _ = run("backup", tmp_path / "copy")
    assert code == 0
    assert f"was copied to {tmp_path / 'copy'} (" in out
    if store_url.startswith("sqlite"):
        with closing(sqlite3.connect(tmp_path / "copy")) as copy:
            assert copy.execute("SELECT count(*) FROM contexts").fetchone() == (7,)
    code, out, err = run("backup", tmp_path / "copy")
    assert (code, out) == (1, "")
    assert "exists already; name another file" in err


def test_a_backup_needs_a_file(store_url: str) -> None:
    assert run("backup")[0] == 2


def test_upgrade_copies_an_older_sqlite_store_first(
    filled: Store, home: Path, newer_program: str
) -> None:
    code, _, err = run("stats")
    assert code == 1
    assert "older than this program; run `python -m db upgrade`" in err
    code, out, err = run("upgrade")
    assert code == 0
    assert f"was brought from {HEAD} to {newer_program}" in out
    copies = list(home.glob("mese.db.before-later-*"))
    if filled.sqlite_file is None:
        assert copies == []
        assert "`pg_dump` keeps a copy" in err
    else:
        (copy,) = copies
        with closing(sqlite3.connect(copy)) as old:
            assert old.execute("SELECT version_num FROM alembic_version").fetchall() == [(HEAD,)]
            assert old.execute("SELECT count(*) FROM contexts").fetchall() == [(7,)]
    assert run("stats")[0] == 0
    assert "is up to date" in run("upgrade")[1]
    assert list(home.glob("mese.db.before-*")) == copies
