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
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.engine import Connection
from sqlalchemy.exc import (
    ArgumentError,
    DataError,
    DBAPIError,
    IntegrityError,
    NoSuchModuleError,
    ProgrammingError,
)
from sqlalchemy.orm import Session

BUSY_TIMEOUT_MS = 5_000
"""How long a writer waits for another one before it gives up."""

WRITER_LOCK = 0x4D455345
"""The advisory lock that PostgreSQL's one writer holds."""


FileMark = tuple[int, int]
"""Device and inode: what a file stays while its name comes to mean another."""


class StoreError(Exception):
    """The store refused something; the message says what, why, and what to do."""


OURS = (IntegrityError, ProgrammingError, DataError)
OURS_IN_SQLITE = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.DataError)
"""What only a fault of this program can raise: nobody else could mend it, so it stays as it is."""

NOT_OURS = ("42P01", "42703", "42501")
"""But on PostgreSQL a table or column can be gone, or a right missing: somebody can mend that."""

BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, "55P03", "40P01", "40001")
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, "XX001", "XX002")
READ_ONLY = (sqlite3.SQLITE_READONLY, "25006")


@contextmanager
def store_faults(place: str, read_only: bool = False) -> Iterator[None]:
    """Turn what the database itself refuses into `StoreError`, with the place and the mend.

    A write on a `read_only` connection is a fault of ours and stays what it is.
    """
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        fault = error.orig if isinstance(error, DBAPIError) else error
        code = _code(fault)
        if isinstance(error, (*OURS, *OURS_IN_SQLITE)) and code not in NOT_OURS:
            raise
        if read_only and code in READ_ONLY:
            raise
        reason = next(iter(str(fault).strip().splitlines()), type(fault).__name__)
        raise StoreError(f"{place}: {reason}; {_mend(code)}") from error


def _code(fault: BaseException | None) -> int | str | None:
    """What kind of fault it is: SQLite's primary code, or PostgreSQL's SQLSTATE."""
    code = getattr(fault, "sqlite_errorcode", None)
    # SQLite keeps the kind of a fault in the lowest byte, what exactly it was above it.
    return getattr(fault, "sqlstate", None) if code is None else code & 0xFF


def _mend(code: int | str | None) -> str:
    if code in BUSY:
        return "another program is writing to it, try again in a moment"
    look = "look at MESE_HOME or MESE_DATABASE_URL"
    if code in DAMAGED:
        return f"{look}, put a copy of the file back, or move it away and import again"
    return look


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
        """As `open`, but makes nothing: raises `StoreError` also where there is no store yet."""
        from db.migrating import ensure_current, has_no_tables

        parsed = parse_url(url)
        if parsed.get_backend_name() == "sqlite" and not Path(str(parsed.database)).exists():
            raise StoreError(_none_yet(str(Path(str(parsed.database)).absolute())))
        store = cls.connect(url)
        if has_no_tables(store):
            raise StoreError(_none_yet(store.place))
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

    def _refuse_another_file(self) -> None:
        # Open connections hold on to a file that has lost its name, and all seems well with them.
        file = self.sqlite_file
        if file is None:
            return
        found = _mark_of(file)
        if self._file is None:
            self._file = found
        elif found != self._file:
            fate = "replaced by another" if found else "removed"
            raise StoreError(
                f"{file} was {fate} while this program had it open; put a copy of it back if it "
                "is missed, then reload the page or start the program again"
            )


def _none_yet(place: str) -> str:
    return (
        f"there is no store at {place} yet; `python -m db demo` or `python -m db import DIR` "
        "makes one, or look at MESE_HOME and MESE_DATABASE_URL"
    )


def _mark_of(file: Path) -> FileMark | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


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


def _postgresql_engines(url: URL) -> tuple[Engine, Engine]:
    engine = _engine(url, pool_pre_ping=True)
    # REPEATABLE READ: what a page draws from several statements must come from one state.
    reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    writer = engine.execution_options()
    event.listen(writer, "begin", _wait_for_the_writer_before)
    return writer, reader


def _wait_for_the_writer_before(connection: Connection) -> None:
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {BUSY_TIMEOUT_MS}")
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")


def _engine(url: URL, **options: Any) -> Engine:
    # Tokens stay readable in the file, and short, where they are not ASCII.
    return create_engine(url, json_serializer=partial(json.dumps, ensure_ascii=False), **options)
