"""Bringing a store's tables to this program's schema: Alembic, run from code.

A new store is made at once. An older one is changed only by `python -m db upgrade`, which copies a
SQLite file first; a newer one is left alone.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect
from sqlalchemy.engine import Connection

from db.store import Store, StoreError

MIGRATIONS = Path(__file__).parent / "migrations"


def ensure_current(store: Store) -> None:
    """Make the tables of a new store; raises `StoreError` where they are not this program's."""
    with store.read() as session:  # first without the write lock: an import may hold it for long
        revision = revision_of(session.connection())
    if revision is None:
        upgrade_store(store)
        store.close()  # pooled readers still take the empty file for one without a write-ahead log
    elif revision != head():
        raise StoreError(_why_not_current(revision, store.place))


def upgrade_store(store: Store) -> tuple[str, str]:
    """Bring the tables to the newest schema; returns (revision before, after), equal if nothing
    was to do."""
    with store.connection() as connection:
        before = revision_of(connection)
        if before is None:
            _refuse_foreign_tables(connection, store.place)
        elif before not in known_revisions():
            raise StoreError(_why_not_current(before, store.place))
        upgrade_to(connection)
    return before or "nothing", head()


def needs_upgrade(store: Store) -> bool:
    """Whether the store has tables of an older schema."""
    with store.read() as session:
        return revision_of(session.connection()) in known_revisions() - {head()}


def has_no_tables(store: Store) -> bool:
    """Whether there is a database, but nothing in it yet."""
    with store.read() as session:
        return not inspect(session.connection()).get_table_names()


def upgrade_to(connection: Connection, revision: str = "head") -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def head() -> str:
    """The newest revision that this program knows."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    if revision is None:
        raise StoreError(f"no migrations in {MIGRATIONS}; install MESE Studio again")
    return revision


def known_revisions() -> set[str]:
    return {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}


def revision_of(connection: Connection) -> str | None:
    """The store's revision; None when no migration has run on it."""
    return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    config = Config()
    # Alembic reads % as the start of an interpolation.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _refuse_foreign_tables(connection: Connection, place: str) -> None:
    tables = set(inspect(connection).get_table_names()) - {"alembic_version"}
    if tables:
        raise StoreError(
            f"{place} holds tables that are not MESE Studio's ({', '.join(sorted(tables)[:3])}); "
            "point MESE_HOME or MESE_DATABASE_URL at an empty place"
        )


def _why_not_current(revision: str, place: str) -> str:
    if revision in known_revisions():
        return f"the tables of {place} are older than this program; run `python -m db upgrade`"
    return (
        f"the tables of {place} are newer (revision {revision}) than this program; "
        "use the MESE Studio that wrote them"
    )
