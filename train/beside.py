"""Views made beside the app: a program of its own, of low priority, that ends with the app.

A page asks how far it is and never waits for it. The program writes how far it is into a small file
beside the views, so that every app that waits for them can tell, whichever of them runs it.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

from mese.bundle import Bundle

Report = Callable[[str, int, int | None, str], None]
PROGRESS = "progress.json"
NICENESS = 10
THREADS = max(1, (os.cpu_count() or 2) // 2)
"""Of the processors, half: the others answer pages."""
ENDING_SECONDS = 5
AGAIN_SECONDS = 600
"""After which what failed is tried again: a disk that was full may have room by then."""
MAX_PROGRESS_BYTES = 1000
MAX_REASON = 500


class Making(NamedTuple):
    """Views are being made: `done` of `of` entities (or pictures, first) by `modality`."""

    modality: str
    done: int
    of: int


@dataclass(frozen=True, slots=True)
class NotMade:
    """Views are missing and nothing makes them; `reason` ends with what to do."""

    reason: str


@dataclass(frozen=True, slots=True)
class _Job:
    process: subprocess.Popen[bytes]
    output: IO[bytes]


@dataclass(frozen=True, slots=True)
class _Failure:
    reason: str
    at: float
    """By `time.monotonic`."""


class ViewsBeside:
    """The program that makes a bundle's views: at most one at a time."""

    def __init__(self, home: Path, command: tuple[str, ...] = ()) -> None:
        self._home = home.absolute()
        self._command = command or (sys.executable, "-m", "train", "represent", "--background")
        self._lock = threading.Lock()
        self._jobs: dict[str, _Job] = {}
        self._failures: dict[str, _Failure] = {}
        atexit.register(self.end)

    def progress(self, bundle: Bundle) -> Making | NotMade | None:
        """How far a bundle's views are; begins with them where they are missing. None: all there.

        `bundle` was opened with `views`.
        """
        if not bundle.missing or bundle.views is None:
            return None
        if not (bundle.folder / "weights.safetensors").is_file():
            return NotMade(
                f"bundle {bundle.name!r} holds no model, so it has {', '.join(bundle.modalities)} "
                "alone"
            )
        with self._lock:
            failure = self._failure(bundle)
            wanted = failure is None and bundle.missing  # it may just have ended with them all made
            if wanted and bundle.stamp not in self._jobs:
                self._end_all()  # of a bundle that was swapped: it goes on when it is wanted again
                self._jobs[bundle.stamp] = self._start(bundle)
        if not bundle.missing:
            return None
        return _read_progress(bundle, bundle.views) if failure is None else NotMade(failure.reason)

    def end(self) -> None:
        """End what runs; the rows that are done stay."""
        with self._lock:
            ending = self._end_all()
        for thread in ending:
            thread.join()

    def _start(self, bundle: Bundle) -> _Job:
        output = tempfile.TemporaryFile()  # noqa: SIM115 (it lives as long as the job)
        process = subprocess.Popen(
            [*self._command, "--bundle", str(bundle.folder.absolute())],
            cwd=Path(__file__).parents[1],
            env={**os.environ, "MESE_HOME": str(self._home), "OMP_NUM_THREADS": str(THREADS)},
            stdin=subprocess.PIPE,  # held open: the program ends when it closes, with this one
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        return _Job(process, output)

    def _failure(self, bundle: Bundle) -> _Failure | None:
        """Why the bundle's program ended too early, if it did, and not long ago."""
        job = self._jobs.get(bundle.stamp)
        if job is not None and job.process.poll() is not None:
            del self._jobs[bundle.stamp]
            if bundle.missing:
                self._failures[bundle.stamp] = _Failure(_reason(job, bundle), time.monotonic())
            _close(job)
        failure = self._failures.get(bundle.stamp)
        if failure is not None and time.monotonic() - failure.at >= AGAIN_SECONDS:
            del self._failures[bundle.stamp]
            return None
        return failure

    def _end_all(self) -> list[threading.Thread]:
        """Tell all programs to end, and forget them; nobody who holds the lock waits for it."""
        ending = [
            threading.Thread(target=_end, args=(job,), daemon=True) for job in self._jobs.values()
        ]
        self._jobs.clear()
        for thread in ending:
            thread.start()
        return ending


def _end(job: _Job) -> None:
    job.process.terminate()
    try:
        job.process.wait(ENDING_SECONDS)
    except subprocess.TimeoutExpired:
        job.process.kill()
        job.process.wait()
    _close(job)


def _close(job: _Job) -> None:
    job.output.close()
    if job.process.stdin:
        job.process.stdin.close()


def _reason(job: _Job, bundle: Bundle) -> str:
    job.output.seek(0)
    lines = job.output.read().decode(errors="replace").strip().splitlines()
    why = lines[-1][:MAX_REASON] if lines else f"it ended with {job.process.returncode}"
    return (
        f"text and image alone could not be represented ({why}); once that is mended: "
        f"`{bundle.mend}`"
    )


def _read_progress(bundle: Bundle, views: Path) -> Making:
    """What the program wrote last; before it has, the first modality with nothing done."""
    try:
        with (views / PROGRESS).open("rb") as stream:
            modality, done, of = json.loads(stream.read(MAX_PROGRESS_BYTES))
        return Making(str(modality), max(0, min(int(done), int(of))), max(1, int(of)))
    except (OSError, ValueError, TypeError, RecursionError):
        return Making(next(iter(bundle.missing), ""), 0, len(bundle.entities))


@contextmanager
def progress_file(views: Path) -> Iterator[Report]:
    """A report that writes where it is into the views' folder, for whoever looks."""
    views.mkdir(parents=True, exist_ok=True)
    path = views / PROGRESS
    part = path.with_suffix(".part")

    def report(stage: str, done: int, of: int | None, note: str) -> None:
        if of is not None:  # who waits for another program leaves the file to it
            part.write_text(json.dumps([stage.removeprefix("entities by "), done, of]))
            os.replace(part, path)

    yield report


def step_back() -> None:
    """Leave the processor to whoever waits for a page, and end when the app that began it ends."""
    os.nice(NICENESS)
    threading.Thread(target=_end_with_the_app, daemon=True).start()


def _end_with_the_app() -> None:
    """The app holds the other end of stdin: it closes however the app ends."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(1)
