"""The store's door: engines, sessions and what differs between SQLite and PostgreSQL.

SQLite alone lets two writers read the same free slot before either takes it; measured, up to 340
of 400 claims were given twice (docs/decisions/0001-store.md). So every writer begins with BEGIN
IMMEDIATE, on an engine of its own, and readers keep out of the write lock on a second one.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.engine import Connection
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.orm import Session

BUSY_TIMEOUT_MS = 5_000
"""How long a SQLite writer waits for another one before it gives up."""


class StoreError(Exception):
    """The store refused something; the message says what, why, and what to do."""


class Store:
    """One store, safe to share between threads: it holds engines and hands out short sessions."""

    def __init__(self, writer: Engine, reader: Engine) -> None:
        self._writer = writer
        self._reader = reader

    @classmethod
    def open(cls, url: str) -> Store:
        """The store at a SQLAlchemy URL, made when it is new.

        Raises `StoreError` when the URL is not one, or its tables are older or newer than this
        program, or not ours.
        """
        from db.migrating import ensure_current

        store = cls.connect(url)
        ensure_current(store)
        return store

    @classmethod
    def connect(cls, url: str) -> Store:
        """As `open`, but whatever the tables' state is: for the migrations themselves."""
        parsed = parse_url(url)
        if parsed.get_backend_name() == "sqlite":
            return cls(*_sqlite_engines(parsed))
        return cls(*_postgresql_engines(parsed))

    @property
    def url(self) -> URL:
        return self._writer.url

    @property
    def place(self) -> str:
        """Where the store is, fit to be shown: a file's path, or the URL without its password."""
        return str(self.sqlite_file or self.url.render_as_string(hide_password=True))

    @property
    def sqlite_file(self) -> Path | None:
        """The SQLite file; None on PostgreSQL."""
        if self.url.get_backend_name() != "sqlite" or self.url.database is None:
            return None
        return Path(self.url.database)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction that may write: committed at the end, undone when an error leaves it."""
        with Session(self._writer) as session, session.begin():
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One transaction that sees a single state of the store; the database refuses writes."""
        with Session(self._reader) as session, session.begin():
            yield session

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """One writing transaction without a session: for migrations."""
        with self._writer.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close all pooled connections; the store may be used again afterwards."""
        self._reader.dispose()
        self._writer.dispose()


def parse_url(url: str) -> URL:
    """A URL whose driver is one of ours; a plain postgresql:// gets psycopg 3."""
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise StoreError(
            "MESE_DATABASE_URL is not a database URL; write sqlite:////path/to/mese.db "
            "or postgresql://user@host/name"
        ) from error
    if backend in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise StoreError(f"{backend} is not supported; use a sqlite or postgresql URL")
    if parsed.database in (None, "", ":memory:") or parsed.query:
        raise StoreError("the store needs a plain SQLite file; write sqlite:////path/to/mese.db")
    return parsed


def _sqlite_engines(url: URL) -> tuple[Engine, Engine]:
    path = Path(str(url.database)).absolute()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"the folder {path.parent} cannot be made ({error.strerror}); set MESE_HOME to another"
        ) from error
    engines = [_engine(url.set(database=str(path))) for _ in range(2)]
    for engine, begin in zip(engines, ("BEGIN IMMEDIATE", "BEGIN"), strict=True):
        event.listen(engine, "connect", partial(_on_connect, writes="IMMEDIATE" in begin))
        event.listen(engine, "begin", partial(_on_begin, statement=begin))
    return engines[0], engines[1]


def _on_connect(connection: sqlite3.Connection, _record: Any, *, writes: bool) -> None:
    connection.isolation_level = None  # or sqlite3 begins transactions of its own, deferred ones
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
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


def _postgresql_engines(url: URL) -> tuple[Engine, Engine]:
    writer = _engine(url, pool_pre_ping=True)
    # REPEATABLE READ: what a page draws from several statements must come from one state.
    reader = writer.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return writer, reader


def _engine(url: URL, **options: Any) -> Engine:
    # Tokens stay readable in the file, and short, where they are not ASCII.
    return create_engine(url, json_serializer=partial(json.dumps, ensure_ascii=False), **options)
