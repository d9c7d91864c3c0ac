"""The store's door: engines, sessions and what differs between SQLite and PostgreSQL.

Left alone, both let two writers read the same free slot before either takes it; measured, up to
340 of 400 claims were given twice (docs/decisions/0001-store.md). So there is one writer at a time:
on SQLite it begins with BEGIN IMMEDIATE, on PostgreSQL with an advisory lock. Readers wait for
nobody, on an engine of their own.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from sqlalchemy import URL, Engine, make_url
from sqlalchemy.engine import Connection
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.orm import Session

from db.postgresql_engines import postgresql_engines
from db.refusals import NoStore, StoreError, store_faults
from db.sqlite_engines import (
    FileMark,
    advice_on_log,
    mark_of,
    refuse_anothers_log,
    sqlite_engines,
)

__all__ = ["Store", "StoreError", "parse_url", "store_faults"]

BUSY_TIMEOUT_MS = 5_000
"""How long a writer waits for another one before it gives up."""


class Store:
    """One store, safe to share between threads: it holds engines and hands out short sessions."""

    def __init__(self, writer: Engine, reader: Engine) -> None:
        self._writer = writer
        self._reader = reader
        self._file: FileMark | None = None

    @classmethod
    def open(cls, url: str) -> Store:
        """The store at a SQLAlchemy URL, made when it is new.

        Raises `StoreError` when the URL is not one, when the database cannot be used, or its
        tables are older or newer than this program, or not ours.
        """
        from db.migrating import ensure_current

        store = cls.connect(url)
        ensure_current(store)
        return store

    @classmethod
    def open_existing(cls, url: str) -> Store:
        """As `open`, but makes nothing: raises `NoStore` where there is no store yet."""
        from db.migrating import ensure_current, has_no_tables

        parsed = parse_url(url)
        if parsed.get_backend_name() == "sqlite" and not Path(str(parsed.database)).exists():
            raise NoStore(_none_yet(str(Path(str(parsed.database)).absolute())))
        store = cls.connect(url)
        if has_no_tables(store):
            raise NoStore(_none_yet(store.place))
        ensure_current(store)
        return store

    @classmethod
    def connect(cls, url: str) -> Store:
        """As `open`, but whatever the tables' state is: for the migrations themselves."""
        parsed = parse_url(url)
        engines = sqlite_engines if parsed.get_backend_name() == "sqlite" else postgresql_engines
        # Tokens stay readable in the file, and short, where they are not ASCII.
        as_text = partial(json.dumps, ensure_ascii=False)
        return cls(*engines(parsed, BUSY_TIMEOUT_MS, json_serializer=as_text))

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
        """One transaction that may write: committed at the end, undone when an error leaves it.

        Here and in `read`, what the database refuses becomes `StoreError`, and so does a file that
        was removed or replaced since it was opened: what is written there, nobody would find.
        """
        self._refuse_another_file()
        with store_faults(self.place), Session(self._writer) as session, session.begin():
            yield session
        self._refuse_another_file()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One transaction that sees a single state of the store; the database refuses writes."""
        self._refuse_another_file()
        faults = store_faults(self.place, read_only=True)
        with faults, Session(self._reader) as session, session.begin():
            yield session

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """One writing transaction without a session, for migrations.

        SQLite changes a table by making it anew, so foreign keys are looked at only at the end.
        """
        self._refuse_another_file()
        with (
            store_faults(self.place),
            self._writer.connect() as connection,
            _keys_looked_at_last(connection),
            connection.begin(),
        ):
            yield connection
            _refuse_orphans(connection, self.place)

    def close(self) -> None:
        """Close all pooled connections; the store may be used again afterwards."""
        self._reader.dispose()
        self._writer.dispose()
        self._file = None

    def open_again(self) -> Store:
        """The same store anew, for a program that had it open; a missing one is not made.

        Raises `StoreError` where it is gone, or where a copy stands beside the lost file's log.
        """
        file = self.sqlite_file
        if file is not None and self._file is not None:
            refuse_anothers_log(file, is_another=mark_of(file) not in (None, self._file))
        try:
            return self.open_existing(self.url.render_as_string(hide_password=False))
        except NoStore as error:
            if file is not None:
                raise StoreError(_lost(file, "removed")) from error
            raise StoreError(
                f"{self.place} has lost its tables while this program had it open; restore a "
                "backup into it, then reload the page or start the program again"
            ) from error

    def _refuse_another_file(self) -> None:
        # Open connections hold on to a file that has lost its name, and all seems well with them.
        file = self.sqlite_file
        if file is None:
            return
        found = mark_of(file)
        if self._file is None:
            self._file = found
        elif found != self._file:
            fate = "replaced by another" if found else "removed"
            raise StoreError(_lost(file, fate))


def _lost(file: Path, fate: str) -> str:
    # A copy beside the log that was left would get that log's pages written into it.
    return (
        f"{file} was {fate} while this program had it open; move that very file back, or stop "
        f"this program, remove {advice_on_log(file)}, put a copy of it back and start again"
    )


def _none_yet(place: str) -> str:
    return (
        f"there is no store at {place} yet; `python -m db demo` or `python -m db import DIR` "
        "makes one, or look at MESE_HOME and MESE_DATABASE_URL"
    )


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


@contextmanager
def _keys_looked_at_last(connection: Connection) -> Iterator[None]:
    raw = connection.connection.dbapi_connection
    if not isinstance(raw, sqlite3.Connection):
        yield
        return
    raw.execute("PRAGMA foreign_keys = OFF")  # inside a transaction it would do nothing
    try:
        yield
    finally:
        raw.execute("PRAGMA foreign_keys = ON")


def _refuse_orphans(connection: Connection, place: str) -> None:
    if connection.dialect.name != "sqlite":
        return
    orphan = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if orphan is not None:
        raise StoreError(
            f"{place}: a row of {orphan[0]} refers to one of {orphan[2]} that is not there; "
            "nothing was changed: put a backup of the file back, or import into another MESE_HOME"
        )
