"""The program beside the app: one at a time, begun anew when its bundle comes back, never waited
for.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest

from train import beside
from train.beside import Making, NotMade, ViewsBeside

STANDS = "import threading; threading.Event().wait()"
DEAF = "import signal, threading; signal.signal(15, signal.SIG_IGN); print(1, flush=True); " + (
    "threading.Event().wait()"
)
FAILS = "import sys; sys.exit('no room on the disk')"


def bundle_of(folder: Path, stamp: str) -> Any:
    (folder / stamp).mkdir()
    (folder / stamp / "weights.safetensors").touch()
    return SimpleNamespace(
        name=stamp,
        stamp=stamp,
        folder=folder / stamp,
        views=folder / "views" / stamp,
        missing=("text",),
        modalities=("text+image",),
        entities=range(20),
        mend="the mend",
    )


@pytest.fixture
def making(tmp_path: Path) -> Iterator[Callable[[str], ViewsBeside]]:
    made: list[ViewsBeside] = []

    def make(code: str) -> ViewsBeside:
        made.append(ViewsBeside(tmp_path, (sys.executable, "-c", code)))
        return made[-1]

    yield make
    for one in made:
        one.end()


def until(true: Callable[[], bool], seconds: float = 30) -> bool:
    for _ in range(int(seconds * 50)):
        if true():
            return True
        Event().wait(0.02)
    return False


def test_an_earlier_bundle_is_gone_on_with(
    tmp_path: Path, making: Callable[[str], ViewsBeside]
) -> None:
    a, b = bundle_of(tmp_path, "a"), bundle_of(tmp_path, "b")
    views = making(STANDS)
    first = Making("text", 0, 20)
    assert views.progress(a) == first
    of_a = views._jobs["a"].process
    assert views.progress(b) == first
    assert list(views._jobs) == ["b"]
    assert until(lambda: of_a.poll() is not None)
    assert views.progress(a) == first
    assert views._jobs["a"].process.pid != of_a.pid
    assert views.progress(a) == first  # and it runs


def test_a_program_that_does_not_listen_holds_no_page_up(
    tmp_path: Path, making: Callable[[str], ViewsBeside], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beside, "ENDING_SECONDS", 2)
    a, b = bundle_of(tmp_path, "a"), bundle_of(tmp_path, "b")
    views = making(DEAF)
    views.progress(a)
    deaf = views._jobs["a"]
    output = Path(f"/proc/self/fd/{deaf.output.fileno()}")
    assert until(lambda: output.read_bytes() != b"")
    start = time.monotonic()
    views.progress(b)
    assert time.monotonic() - start < 1
    assert until(lambda: deaf.process.poll() is not None)


def test_a_failure_is_told_and_tried_again_later(
    tmp_path: Path, making: Callable[[str], ViewsBeside], monkeypatch: pytest.MonkeyPatch
) -> None:
    a = bundle_of(tmp_path, "a")
    views = making(FAILS)
    assert until(lambda: isinstance(views.progress(a), NotMade))
    failed = views.progress(a)
    assert isinstance(failed, NotMade)
    assert "no room on the disk" in failed.reason
    assert "`the mend`" in failed.reason
    assert views._jobs == {}
    monkeypatch.setattr(beside, "AGAIN_SECONDS", 0)
    assert views.progress(a) == Making("text", 0, 20)


def test_what_ended_well_while_a_page_looked_is_not_begun_anew(
    tmp_path: Path, making: Callable[[str], ViewsBeside], monkeypatch: pytest.MonkeyPatch
) -> None:
    a = bundle_of(tmp_path, "a")
    views = making(STANDS)
    views.progress(a)
    process = views._jobs["a"].process
    process.kill()
    process.wait()

    def ended() -> int | None:
        a.missing = ()  # all was made between the first look and this one
        return process.returncode

    monkeypatch.setattr(process, "poll", ended)
    assert views.progress(a) is None
    assert views._jobs == {}
