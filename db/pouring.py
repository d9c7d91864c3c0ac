"""From a staged file into the store: the seconds of an import that hold the write lock."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import psycopg
from sqlalchemy import delete, text
from sqlalchemy.orm import Session

from db.models import Base, StoredCorpus
from db.staging import STAGED, Staged, columns, staged_rows
from db.store import StoreError


def empty(session: Session) -> None:
    """Take the corpus out of the store, those rows first that refer to others."""
    models: tuple[type[Base], ...] = (*reversed(STAGED), StoredCorpus)
    for model in models:
        session.execute(delete(model))


def pour(session: Session, staged: Staged, step: Callable[[int, int], None]) -> None:
    """Put all rows of a staged corpus into the empty tables of a store.

    `step` gets the tables done and their number.
    """
    connection = session.connection()
    driver: Any = connection.connection.driver_connection
    for done, model in enumerate(STAGED, 1):
        if isinstance(driver, sqlite3.Connection):
            _insert(driver, staged, model)
        else:
            _copy(driver, staged, model)
        step(done, len(STAGED))
    if connection.dialect.name == "postgresql":
        # Its planner would take the new tables for empty until autovacuum comes by.
        for model in STAGED:
            session.execute(text(f"ANALYZE {model.__tablename__}"))


def _insert(driver: sqlite3.Connection, staged: Staged, model: type[Base]) -> None:
    names = columns(model)
    into = f"INSERT INTO {model.__tablename__} ({', '.join(names)})"
    values = f"VALUES ({', '.join('?' * len(names))})"
    driver.executemany(f"{into} {values}", staged_rows(staged.file, model))


def _copy(driver: Any, staged: Staged, model: type[Base]) -> None:
    statement = f"COPY {model.__tablename__} ({', '.join(columns(model))}) FROM STDIN"
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in staged_rows(staged.file, model):
                copy.write_row(row)
    except (psycopg.OperationalError, psycopg.InternalError) as error:
        reason = str(error).strip().splitlines()[0]
        raise StoreError(
            f"PostgreSQL took no rows for {model.__tablename__}: {reason}; nothing was changed, "
            "look at its disk and at MESE_DATABASE_URL"
        ) from error
