"""A copy of the whole store in one file, also while the app is running.

SQLite's own backup keeps the copy whole where copying the file would miss its write-ahead log;
PostgreSQL has pg_dump. The copy takes its name only when it is whole, and never another's.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import URL

from db.sqlite_engines import connect_sqlite
from db.staging import workplace
from db.store import Store, StoreError, store_faults

PREFIX = ".mese-backup-"


def back_up(store: Store, target: Path) -> None:
    """Copy the store to the new file `target`; raises `StoreError` if it exists, and OSError."""
    if store.sqlite_file is None:
        dump_postgresql(store.url, target)
    else:
        backup_sqlite(store.sqlite_file, target)


def backup_sqlite(source: Path, target: Path) -> None:
    """Copy a SQLite file, also while others write to it.

    Raises `StoreError` if `target` is there already, and if `source` is no store.
    """
    if not source.is_file():
        raise StoreError(f"{source} is not there, so there is nothing to copy; look at MESE_HOME")
    with (
        _new_file(target) as part,
        store_faults(f"{source}, being copied to {target}"),
        closing(connect_sqlite(source)) as old,
        closing(sqlite3.connect(part)) as new,
    ):
        old.backup(new)  # in one step: it begins anew whenever somebody writes between two
        # One file that needs no write-ahead log beside it; the store turns it on again.
        new.execute("PRAGMA journal_mode = DELETE")


def dump_postgresql(url: URL, target: Path) -> None:
    """Let pg_dump write its compact form, which pg_restore reads."""
    program = shutil.which("pg_dump")
    if program is None:
        raise StoreError(
            "pg_dump is not on PATH, and PostgreSQL is backed up with it; install PostgreSQL's "
            "client programs (on Debian: apt install postgresql-client)"
        )
    address, secret = _without_password(url)
    with _new_file(target) as part:
        done = subprocess.run(
            [program, "--format=custom", f"--file={part}", f"--dbname={address}"],
            env={**os.environ, **secret},  # in the environment: others can read a command line
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            reason = next(iter(done.stderr.strip().splitlines()), f"exit {done.returncode}")
            raise StoreError(f"{reason}; nothing was written to {target}")


def _without_password(url: URL) -> tuple[str, dict[str, str]]:
    """The address for libpq, and its password apart, as the environment carries it."""
    parts = url.difference_update_query(["password"])._asdict()
    parts |= {"drivername": "postgresql", "password": None}
    password = url.password or url.query.get("password")
    secret = {"PGPASSWORD": str(password)} if password else {}
    return URL.create(**parts).render_as_string(hide_password=False), secret


@contextmanager
def _new_file(target: Path) -> Iterator[Path]:
    """A file that takes the name `target` at the end, if nothing has it yet.

    It grows in a folder beside it, which takes away with it what a failure leaves.
    """
    _refuse_existing(target)
    with workplace(target.parent, PREFIX) as folder:
        part = folder / "part"
        part.touch(mode=0o600)
        yield part
        with part.open("rb") as written:
            os.fsync(written.fileno())
        _refuse_existing(target)
        os.replace(part, target)


def _refuse_existing(target: Path) -> None:
    if target.exists() or target.is_symlink():
        raise StoreError(f"{target} exists already; name another file for the backup")
