"""Backups: whole while others write, never in another file's place, nothing left of a failure."""

from __future__ import annotations

import fcntl
import os
import resource
import shutil
import sqlite3
import subprocess
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, make_url, select

from db.backing_up import back_up, backup_sqlite, dump_postgresql
from db.corpus import import_records
from db.models import StoredContext, StoredImage
from db.store import Store, StoreError
from mese.corpus import CorpusRecords
from tests.db.test_store import add_next_image
from tests.postgres_cluster import Cluster

needs_pg_dump = pytest.mark.skipif(
    shutil.which("pg_dump") is None and os.environ.get("CI") != "true",
    reason="pg_dump is not on PATH; PostgreSQL is backed up with it",
)


def test_a_backup_is_whole_while_the_store_is_open(sqlite_store: Store, tmp_path: Path) -> None:
    add_next_image(sqlite_store)  # still in the write-ahead log, which a copy of the file misses
    back_up(sqlite_store, tmp_path / "copies" / "copy.db")
    copy = Store.open(f"sqlite:///{tmp_path / 'copies' / 'copy.db'}")
    with copy.read() as session:
        assert session.get(StoredImage, 1) is not None
    copy.close()
    assert os.listdir(tmp_path / "copies") == ["copy.db"]


def test_backups_taken_while_somebody_writes_hold_a_state_that_was(
    sqlite_store: Store, tmp_path: Path
) -> None:
    stop = threading.Event()
    files = [tmp_path / f"{number}.db" for number in range(5)]

    def write() -> None:
        while not stop.is_set():
            add_next_image(sqlite_store)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for file in files:
            back_up(sqlite_store, file)
    finally:
        stop.set()
        writer.join()
    for file in files:
        with closing(sqlite3.connect(file)) as copy:
            assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            count, last = copy.execute(
                "SELECT count(*), coalesce(max(id), 0) FROM images"
            ).fetchone()
            assert count == last


@pytest.mark.parametrize("there", ["file", "folder", "dangling link"])
def test_what_is_there_already_is_left_alone(store: Store, tmp_path: Path, there: str) -> None:
    target = tmp_path / "copy.db"
    if there == "file":
        target.write_text("mine")
    elif there == "folder":
        target.mkdir()
    else:
        target.symlink_to(tmp_path / "nowhere")
    with pytest.raises(StoreError, match="exists already; name another file"):
        back_up(store, target)
    assert there != "file" or target.read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()


def test_a_backup_of_what_is_no_store_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "mese.db").write_text("no tables" * 500)
    with pytest.raises(StoreError, match=r"mese.db, being copied to .*: file is not a database"):
        backup_sqlite(tmp_path / "mese.db", tmp_path / "copy.db")
    assert os.listdir(tmp_path) == ["mese.db"]


def test_a_backup_that_finds_no_room_leaves_nothing_of_it(
    sqlite_store: Store, tmp_path: Path
) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    try:
        with pytest.raises(StoreError, match=r"mese.db, being copied to .*copy.db: "):
            back_up(sqlite_store, tmp_path / "copies" / "copy.db")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert os.listdir(tmp_path / "copies") == []


def test_the_next_backup_takes_away_what_a_killed_one_left(
    sqlite_store: Store, tmp_path: Path
) -> None:
    killed, running = (tmp_path / f".mese-backup-{name}" for name in ("killed", "running"))
    for folder in (killed, running):
        folder.mkdir()
        for name in ("lock", "part", "part-journal"):
            (folder / name).touch()
    with (running / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        back_up(sqlite_store, tmp_path / "copy.db")
    assert not killed.exists()
    assert len(list(running.iterdir())) == 3


def test_a_backup_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nothing to copy"):
        backup_sqlite(tmp_path / "mese.db", tmp_path / "copy.db")
    assert os.listdir(tmp_path) == []


@needs_pg_dump
def test_a_postgresql_backup_can_be_restored(
    cluster: Cluster, postgresql_store: Store, records: CorpusRecords, tmp_path: Path
) -> None:
    import_records(postgresql_store, records)
    target = tmp_path / "copy.dump"
    back_up(postgresql_store, target)
    name = cluster.create()
    subprocess.run(["pg_restore", f"--dbname={cluster.url(name)}", target], check=True)
    restored = Store.open(cluster.url(name))
    with restored.read() as session:
        assert session.scalar(select(func.count(StoredContext.id))) == 7
    restored.close()
    cluster.drop(name)


def test_without_pg_dump_the_way_out_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StoreError, match=r"pg_dump is not on PATH.*postgresql-client"):
        dump_postgresql(make_url("postgresql+psycopg://u@h/n"), tmp_path / "copy.dump")


def fake_pg_dump(folder: Path, script: str) -> None:
    program = folder / "bin" / "pg_dump"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://u:s3cret@h:5/n?sslmode=prefer",
        "postgresql+psycopg://u@h:5/n?sslmode=prefer&password=s3cret",
    ],
)
def test_the_password_is_not_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    fake_pg_dump(tmp_path, f'echo "$@" > {tmp_path}/seen; echo "$PGPASSWORD" > {tmp_path}/word')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    dump_postgresql(make_url(url), tmp_path / "copy.dump")
    seen = (tmp_path / "seen").read_text()
    assert "--dbname=postgresql://u@h:5/n?sslmode=prefer" in seen
    assert "s3cret" not in seen
    assert (tmp_path / "word").read_text() == "s3cret\n"
    assert (tmp_path / "copy.dump").exists()


def test_what_pg_dump_says_is_told_in_one_line_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_pg_dump(tmp_path, "echo 'pg_dump: error: no such host' >&2; echo more >&2; exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    with pytest.raises(StoreError, match=r"^pg_dump: error: no such host; nothing was written"):
        dump_postgresql(make_url("postgresql+psycopg://u@h/n"), tmp_path / "copy.dump")
    assert os.listdir(tmp_path) == ["bin"]
