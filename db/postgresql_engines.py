"""Engines for the store in a PostgreSQL database: one writer at a time, readers of a single state.

What MESE_DATABASE_URL asks of the driver is judged on connecting, for only the driver knows it.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import psycopg
from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.exc import ArgumentError

from db.refusals import StoreError

WRITER_LOCK = 0x4D455345
"""The advisory lock that PostgreSQL's one writer holds."""


def postgresql_engines(url: URL, busy_timeout_ms: int, **options: Any) -> tuple[Engine, Engine]:
    """The engines (writer, reader) for a database; raises `StoreError` for what its URL asks."""
    try:
        engine = create_engine(url, pool_pre_ping=True, **options)
    except (ArgumentError, TypeError, ValueError) as error:
        raise _bad_url(url, error) from error
    event.listen(engine, "do_connect", partial(_connect, url))
    # REPEATABLE READ: what a page draws from several statements must come from one state.
    reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    writer = engine.execution_options()
    event.listen(writer, "begin", partial(_wait_for_the_writer_before, at_most_ms=busy_timeout_ms))
    return writer, reader


def _connect(url: URL, _dialect: Any, _record: Any, args: Any, options: Any) -> psycopg.Connection:
    """A connection that speaks UTF-8, whatever the environment says, to a database that keeps it.

    Raises `StoreError` for an option that the driver does not know, and for another encoding: there
    names would be refused halfway through an import, or come back as bytes.
    """
    try:
        connection = psycopg.connect(*args, **{**options, "client_encoding": "UTF8"})
    except (psycopg.ProgrammingError, TypeError, ValueError) as error:
        raise _bad_url(url, error) from error
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        connection.close()
        raise StoreError(
            f"the database {url.database} is encoded in {encoding}, "
            "which cannot hold every name; create the database with ENCODING 'UTF8' and point "
            "MESE_DATABASE_URL at it"
        )
    return connection


def _bad_url(url: URL, error: Exception) -> StoreError:
    reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
    for secret in (url.password, url.query.get("password")):
        reason = reason.replace(str(secret), "***") if secret else reason
    return StoreError(f"MESE_DATABASE_URL: {reason}; mend or leave out what follows its '?'")


def _wait_for_the_writer_before(connection: Connection, *, at_most_ms: int) -> None:
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {at_most_ms}")
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")
