"""What the store refuses, in words: every fault of either database becomes one `StoreError`.

It says what was refused, by which store, and what mends it. A fault that only this program can have
made stays what it is, with its traceback.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError


class StoreError(Exception):
    """The store refused something; the message says what, why, and what to do."""


class NoStore(StoreError):
    """There is no store at that place."""


OURS = (IntegrityError, ProgrammingError, DataError)
OURS_IN_SQLITE = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.DataError)
"""What only a fault of this program can raise: nobody else could mend it, so it stays as it is."""

NOT_OURS = ("42P01", "42703", "42501")
"""But on PostgreSQL a table or column can be gone, or a right missing: somebody can mend that."""

BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, "55P03", "40P01", "40001")
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, "XX001", "XX002")
READ_ONLY = (sqlite3.SQLITE_READONLY, "25006")
FULL = (sqlite3.SQLITE_FULL, "53100")


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
    look = "look at MESE_HOME or MESE_DATABASE_URL"
    if code in BUSY:
        return "another program is writing to it, try again in a moment"
    if code in FULL:
        return "make room on that disk and try again"
    if code in READ_ONLY:
        return f"it can only be read there; move it to where it can be written, or {look}"
    if code in DAMAGED:
        return f"{look}, put a copy of the file back, or move it away and import again"
    if code == sqlite3.SQLITE_CANTOPEN:
        return f"SQLite must be able to read it and to write beside it; {look}"
    return look
