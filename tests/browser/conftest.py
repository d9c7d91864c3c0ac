"""A real server on a free port and a real Chromium, for tests marked `browser`.

The server's output is printed when a test fails. A missing browser skips the tests, and fails them
where CI=true, so that a green run there means that they ran.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import pytest
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

ROOT = Path(__file__).parents[2]
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_SECONDS = 60
expect.set_options(timeout=20_000)  # a slow machine is no failure


@dataclass
class Server:
    """A running app; `log` is its output so far."""

    url: str
    process: subprocess.Popen[bytes]
    output: Path

    @property
    def log(self) -> str:
        return self.output.read_text(encoding="utf-8", errors="replace")

    def wait_until_up(self, path: str, seconds: float = START_SECONDS) -> None:
        for _ in range(int(seconds * 10)):
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended at once:\n{self.log}")
            if answers(self.url + path):
                return
            Event().wait(0.1)
        raise RuntimeError(f"the server did not answer in {seconds} s:\n{self.log}")

    def stop(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


Start = Callable[..., Server]


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Start servers that are stopped at the end of the session, or earlier by `stop`."""
    servers: list[Server] = []

    def begin(
        home: Path,
        command: Sequence[str] = (),
        health: str = "/api/health",
        seconds: float = START_SECONDS,
    ) -> Server:
        port = free_port()
        output = tmp_path_factory.mktemp("server") / "output.txt"
        environment = {**os.environ, "MESE_HOME": str(home), "MESE_PORT": str(port)}
        environment.pop("MAKEFLAGS", None)  # of the `make test` around this
        arguments = [part.format(port=port) for part in command or (sys.executable, "asgi.py")]
        with output.open("wb") as stream:
            process = subprocess.Popen(
                arguments,
                cwd=ROOT,
                env=environment,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # make and its children are stopped together
            )
        server = Server(f"http://127.0.0.1:{port}", process, output)
        servers.append(server)
        server.wait_until_up(health, seconds)
        return server

    yield begin
    for server in servers:
        server.stop()


@pytest.fixture(scope="session")
def server(start: Start, small_home: Path) -> Server:
    """The served app over the small corpus; most tests share it."""
    return start(small_home)


def find_chromium() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        try:
            chromium = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        except Error as error:
            reason = f"no Chromium to drive; `make test` installs one ({str(error).split()[0]} …)"
            if os.environ.get("CI") == "true":
                pytest.fail(reason)
            pytest.skip(reason)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A fresh page, 1440 × 900. Scripts' errors and requests to other hosts fail the test."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    tab = context.new_page()
    tab.set_default_timeout(20_000)
    trouble: list[str] = []
    tab.on("pageerror", lambda error: trouble.append(f"script error: {error}"))
    tab.on("dialog", lambda dialog: (trouble.append("a dialog opened"), dialog.dismiss()))
    tab.on("request", lambda r: None if is_local(r.url) else trouble.append(f"request: {r.url}"))
    yield tab
    context.close()
    assert trouble == []


def is_local(url: str) -> bool:
    return url.startswith(("http://127.0.0.1:", "http://localhost:", "data:", "blob:"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Add the output of the servers that a failed test used to its report."""
    report = yield
    for value in getattr(item, "funcargs", {}).values():
        if report.failed and isinstance(value, Server):
            report.sections.append((f"server {value.url}", value.log[-4000:]))
    return report
