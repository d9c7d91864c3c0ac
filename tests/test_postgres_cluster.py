"""The tests' own PostgreSQL: it starts, is gone afterwards, and its absence is told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psycopg
import pytest

from tests import postgres_cluster
from tests.postgres_cluster import WHEEL, NoPostgres, copy_of, find_programs, throwaway_cluster

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def _needs_postgres() -> None:
    try:
        find_programs()
    except NoPostgres as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))


def test_a_cluster_is_gone_with_its_folder_even_after_an_error() -> None:
    places = []

    def fail_inside() -> None:
        with throwaway_cluster() as cluster:
            places.append(cluster.socket)
            with psycopg.connect(cluster.url(cluster.create())) as connection:
                (version,) = connection.execute("SHOW server_version_num").fetchone() or ("0",)
                assert int(version) >= 150_000
                raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        fail_inside()
    assert not places[0].exists()


def test_a_cluster_ends_with_a_program_that_was_killed() -> None:
    program = textwrap.dedent(
        """
        import time
        from tests.postgres_cluster import throwaway_cluster
        with throwaway_cluster() as cluster:
            print((cluster.socket / "data" / "postmaster.pid").read_text().split()[0], flush=True)
            print(cluster.socket, flush=True)
            time.sleep(60)
        """
    )
    started = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert started.stdout is not None
    server, folder = int(started.stdout.readline()), Path(started.stdout.readline().strip())
    started.send_signal(signal.SIGKILL)
    started.wait()
    started.stdout.close()
    deadline = time.monotonic() + 20
    while Path(f"/proc/{server}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{server}").exists()
    subprocess.run(["rm", "-r", folder], check=True)


@pytest.mark.parametrize("reachable", [True, False])
def test_the_package_brings_a_server_along(
    reachable: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where an unprivileged user cannot go into the folder that holds it, such as /root."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(postgres_cluster, "PLACES", (str(tmp_path),))
    programs = find_programs()
    assert WHEEL in programs.parts
    if not reachable:
        closed = tmp_path / "closed"
        closed.mkdir(mode=0o700)
        kept_away = copy_of(programs, closed)
        monkeypatch.setattr(postgres_cluster, "find_programs", lambda: kept_away)
    with throwaway_cluster() as cluster, psycopg.connect(cluster.url("postgres")) as connection:
        assert connection.execute("SELECT 6 * 7").fetchone() == (42,)


def test_without_programs_it_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(postgres_cluster, "PLACES", (str(tmp_path),))
    monkeypatch.setattr(postgres_cluster, "WHEEL", "no_such_package")
    with pytest.raises(NoPostgres, match="apt install postgresql"), throwaway_cluster():
        pass
