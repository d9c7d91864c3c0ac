"""Engines for the store in a SQLite file, and what can be wrong before SQLite sees the file.

Two engines, for a connection's transactions begin as writers or as readers. With a write-ahead log
readers wait for nobody; what is on a read-only disk is read without one.
"""

from __future__ import annotations

import os
import sqlite3
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine import Connection

from db.refusals import StoreError

FileMark = tuple[int, int]
"""Device and inode: what a file stays while its name comes to mean another."""

ROLLBACK_MODE = b"\x01\x01"
"""Bytes 18 and 19 of a SQLite file that is written without a write-ahead log."""


def sqlite_engines(url: URL, busy_timeout_ms: int, **options: Any) -> tuple[Engine, Engine]:
    """The engines (writer, reader) for a file, whose folder is made; raises `StoreError`."""
    path = Path(str(url.database)).absolute()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"the folder {path.parent} cannot be made ({error.strerror}); set MESE_HOME to another"
        ) from error
    refuse_anothers_log(path)
    given = {"creator": partial(connect_sqlite, path), **options}
    engines = [create_engine(url.set(database=str(path)), **given) for _ in range(2)]
    for engine, begin in zip(engines, ("BEGIN IMMEDIATE", "BEGIN"), strict=True):
        writes = "IMMEDIATE" in begin and not on_read_only_disk(path)
        told = partial(_on_connect, writes=writes, busy_timeout_ms=busy_timeout_ms)
        event.listen(engine, "connect", told)
        event.listen(engine, "begin", partial(_on_begin, statement=begin))
    return engines[0], engines[1]


def connect_sqlite(path: Path) -> sqlite3.Connection:
    """A connection for any thread; on a read-only disk one that writes nothing beside the file.

    Raises `StoreError` where that would leave out what is still in the write-ahead log.
    """
    if not on_read_only_disk(path):
        return sqlite3.connect(path, check_same_thread=False)
    if _size(log_of(path)):
        raise StoreError(
            f"{path} is on a read-only disk, and its last changes are still in {log_of(path).name} "
            "beside it, which SQLite reads only where it may write; copy both files to another "
            "folder and set MESE_HOME to it"
        )
    # Nobody can change it there, so SQLite may do without locks and without a log's index.
    address = f"file:{quote(str(path))}?immutable=1"
    return sqlite3.connect(address, uri=True, check_same_thread=False)


def on_read_only_disk(path: Path) -> bool:
    try:
        return bool(os.statvfs(path.parent).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def log_of(path: Path) -> Path:
    """Where SQLite keeps the write-ahead log of a file."""
    return path.with_name(f"{path.name}-wal")


def refuse_anothers_log(path: Path, is_another: bool = False) -> None:
    """Raise `StoreError` where a copy was put beside the log of the file that was there before.

    SQLite would take the log for the copy's own and write its pages into it. A backup of ours is in
    rollback mode, and a file in that mode never has a log; of other copies only a program knows
    that had the file before open: `is_another`.
    """
    if _size(log_of(path)) and (is_another or _mode_of(path) == ROLLBACK_MODE):
        raise StoreError(
            f"{path} is a copy that was put beside the log of another file: stop every program "
            f"that has it open, remove {advice_on_log(path)}, and start again"
        )


def _mode_of(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(20)[18:]
    except OSError:
        return b""  # SQLite says what is wrong with it


def advice_on_log(path: Path) -> str:
    return f"{path.name}-wal and {path.name}-shm beside it"


def mark_of(file: Path) -> FileMark | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _on_connect(
    connection: sqlite3.Connection, _record: Any, *, writes: bool, busy_timeout_ms: int
) -> None:
    connection.isolation_level = None  # or sqlite3 begins transactions of its own, deferred ones
    connection.execute(f"PRAGMA busy_timeout = {busy_timeout_ms}")
    connection.execute("PRAGMA foreign_keys = ON")
    if writes:
        connection.execute("PRAGMA journal_mode = WAL")
        # NORMAL: with WAL a crash of the program loses nothing, a power cut at most the last
        # transactions, and never the file's integrity.
        connection.execute("PRAGMA synchronous = NORMAL")
    else:
        connection.execute("PRAGMA query_only = ON")


def _on_begin(connection: Connection, *, statement: str) -> None:
    # IMMEDIATE: two deferred writers would both read a slot as free before either takes it.
    connection.exec_driver_sql(statement)
