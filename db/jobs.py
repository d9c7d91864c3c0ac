"""Long work beside the pages: one job at a time, in a thread, that outlives the tab that began it.

A job tells how far it is; everyone who looks sees the same state, also after a reload, and its
report or its refusal is kept until the next job begins. Stopping one leaves the store as the work's
own transactions leave it: an import undone, a check to be gone on with.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from db.accounts import Role, User, check
from db.faults import MENDABLE

Tell = Callable[[str, int, int | None], None]
"""Called by the work with its stage, how much of it is done, and of how much (None: unknown)."""


class Busy(Exception):
    """Another job is under way; the message says which."""


class Stopped(Exception):
    """Raised inside the work where somebody asked it to stop.

    Work that was partly done by then gives a report that says so, or raises it anew with the words.
    """


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stands: `report` once it is done, `refusal` where it failed or was stopped.

    `seconds` is how long it has run, or ran; `stage_seconds` how long its present stage has.
    """

    number: int
    kind: str
    title: str
    by: str
    stage: str = ""
    done: int = 0
    total: int | None = None
    running: bool = True
    stopping: bool = False
    report: Any = None
    refusal: str | None = None
    seconds: float = 0.0
    stage_seconds: float = 0.0

    @property
    def share(self) -> float | None:
        """How much of the stage is done, 0 to 1; None where nobody knows."""
        return min(1.0, self.done / self.total) if self.total else None

    @property
    def seconds_left(self) -> float | None:
        """How long the stage will take at its pace so far; None while that is a mere guess."""
        if not self.share or self.stage_seconds < 2:
            return None
        return self.stage_seconds * (1 - self.share) / self.share


def told(error: Exception) -> str:
    """What a page says of an error; one that nobody at the page can mend is logged by a number."""
    if isinstance(error, MENDABLE):
        return str(error)
    number = secrets.token_hex(4)
    logging.getLogger("mese").error("fault %s", number, exc_info=error)
    return (
        "Something went wrong here; it is not your doing. "
        f"Look for fault {number} in the app's output."
    )


class Jobs:
    """The one job of this process; safe to share between threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._job: Job | None = None
        self._began = self._stage_began = 0.0
        self._thread: threading.Thread | None = None

    def start(self, user: User, kind: str, title: str, work: Callable[[Tell], Any]) -> Job:
        """Begin `work` in a thread of its own; raises `Busy`, or `NotAllowed` but for a lead."""
        check(user, Role.LEAD)
        with self._lock:
            if self._job is not None and self._job.running:
                raise Busy(f"{self._job.title} is under way; wait for it, or stop it first")
            number = self._job.number + 1 if self._job else 1
            job = self._job = Job(number, kind, title, user.name)
            self._began = self._stage_began = self._clock()
            # A daemon: Ctrl-C ends the app at once, and what is not committed was not done.
            self._thread = threading.Thread(target=self._run, args=(work,), daemon=True)
            self._thread.start()
        return job

    def now(self) -> Job | None:
        """The job under way, or the last one; None before the first."""
        with self._lock:
            if self._job is None or not self._job.running:
                return self._job
            return self._timed(self._job)

    def stop(self, user: User) -> None:
        """Ask the job to stop; it does so where it next tells how far it is."""
        check(user, Role.LEAD)
        with self._lock:
            if self._job is not None and self._job.running:
                self._job = replace(self._job, stopping=True)

    def forget(self, user: User) -> None:
        """Forget the last job's report; a job under way stays."""
        check(user, Role.LEAD)
        with self._lock:
            if self._job is not None and not self._job.running:
                self._job = replace(self._job, kind="", report=None, refusal=None)

    def wait(self, seconds: float | None = None) -> Job | None:
        """Wait until the job has ended, `seconds` at most, and return it as it then stands."""
        if self._thread is not None:
            self._thread.join(seconds)
        return self.now()

    def _timed(self, job: Job) -> Job:
        now = self._clock()
        return replace(job, seconds=now - self._began, stage_seconds=now - self._stage_began)

    def _run(self, work: Callable[[Tell], Any]) -> None:
        try:
            self._end(report=work(self._tell))
        except Stopped as stopped:
            self._end(refusal=str(stopped) or "It was stopped.")
        except Exception as error:
            self._end(refusal=told(error))

    def _tell(self, stage: str, done: int, total: int | None) -> None:
        with self._lock:
            job = self._job
            if job is None:
                return
            if job.stopping:
                raise Stopped
            if stage != job.stage:
                self._stage_began = self._clock()
            self._job = replace(job, stage=stage, done=done, total=total)

    def _end(self, report: Any = None, refusal: str | None = None) -> None:
        with self._lock:
            if self._job is not None:
                ended = replace(self._timed(self._job), running=False, stopping=False)
                self._job = replace(ended, report=report, refusal=refusal)
