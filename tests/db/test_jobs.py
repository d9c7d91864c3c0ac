"""One job at a time, seen alike by everyone, its outcome kept."""

from __future__ import annotations

import logging
from threading import Barrier, Event, Thread
from typing import Any

import pytest

from db.accounts import NotAllowed, Role, User
from db.jobs import Busy, Job, Jobs, Tell
from db.store import StoreError

LEAD, RATER = User("ann", Role.LEAD), User("bob", Role.RATER)
SOON = 20


def ended(jobs: Jobs) -> Job:
    job = jobs.wait(SOON)
    assert job is not None
    assert not job.running
    return job


def test_what_the_work_returns_is_its_report() -> None:
    jobs = Jobs()
    assert jobs.now() is None
    begun = jobs.start(LEAD, "import", "Import of x", lambda tell: 42)
    assert (begun.running, begun.by) == (True, "ann")
    job = ended(jobs)
    assert (job.report, job.refusal, job.title) == (42, None, "Import of x")


def test_everyone_sees_how_far_it_is() -> None:
    told, go_on = Event(), Event()

    def work(tell: Tell) -> None:
        tell("Reading", 30, 120)
        told.set()
        assert go_on.wait(SOON)

    time = [100.0]
    jobs = Jobs(clock=lambda: time[0])
    jobs.start(LEAD, "import", "x", work)
    assert told.wait(SOON)
    time[0] = 110.0
    job = jobs.now()
    assert job is not None
    assert (job.stage, job.done, job.total, job.share) == ("Reading", 30, 120, 0.25)
    assert job.seconds_left == 30.0  # 10 s for a quarter
    go_on.set()
    assert ended(jobs).seconds == 10.0


def test_only_one_of_many_that_begin_at_once_is_taken() -> None:
    jobs, go_on, barrier = Jobs(), Event(), Barrier(8)
    outcomes: list[Any] = []

    def begin() -> None:
        barrier.wait()
        try:
            outcomes.append(jobs.start(LEAD, "check", "Check", lambda tell: go_on.wait(SOON)))
        except Busy as busy:
            outcomes.append(busy)

    threads = [Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON)
    go_on.set()
    ended(jobs)
    assert sum(isinstance(outcome, Job) for outcome in outcomes) == 1
    refused = [str(outcome) for outcome in outcomes if isinstance(outcome, Busy)]
    assert refused == ["Check is under way; wait for it, or stop it first"] * 7


def test_a_job_stops_where_it_next_tells() -> None:
    begun, stopped = Event(), Event()
    steps: list[int] = []

    def work(tell: Tell) -> None:
        for step in range(1000):
            tell("Walking", step, 1000)
            steps.append(step)
            begun.set()
            assert stopped.wait(SOON)

    jobs = Jobs()
    jobs.start(LEAD, "check", "x", work)
    assert begun.wait(SOON)
    jobs.stop(LEAD)
    seen = jobs.now()
    assert seen is not None
    assert seen.stopping
    stopped.set()
    job = ended(jobs)
    assert (job.refusal, job.report, steps) == ("It was stopped.", None, [0])
    jobs.start(LEAD, "check", "again", lambda tell: tell("Going", 0, None))
    assert ended(jobs).refusal is None  # the wish to stop was for the job before


def test_a_refusal_keeps_its_words_and_a_fault_gets_a_number(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refuse(tell: Tell) -> None:
        raise StoreError("the store is full; empty it")

    def fault(tell: Tell) -> None:
        raise KeyError("secret detail")

    jobs = Jobs()
    jobs.start(LEAD, "import", "x", refuse)
    assert ended(jobs).refusal == "the store is full; empty it"
    with caplog.at_level(logging.ERROR, "mese"):
        jobs.start(LEAD, "import", "x", fault)
        refusal = ended(jobs).refusal or ""
    assert "secret detail" not in refusal
    number = refusal.split("fault ")[1].split()[0]
    assert f"fault {number}" in caplog.text


def test_the_outcome_is_kept_until_it_is_dismissed_or_the_next_begins() -> None:
    jobs = Jobs()
    jobs.start(LEAD, "export", "x", lambda tell: "there")
    ended(jobs)
    assert ended(jobs).report == "there"
    jobs.forget(LEAD)
    job = jobs.now()
    assert job is not None
    assert (job.kind, job.report) == ("", None)


def test_only_a_lead_begins_stops_and_dismisses() -> None:
    jobs = Jobs()
    with pytest.raises(NotAllowed):
        jobs.start(RATER, "import", "x", lambda tell: None)
    with pytest.raises(NotAllowed):
        jobs.stop(RATER)
    with pytest.raises(NotAllowed):
        jobs.forget(RATER)
    assert jobs.now() is None


@pytest.mark.parametrize(("done", "total", "share"), [(0, 0, None), (5, None, None), (9, 3, 1.0)])
def test_a_share_is_told_only_where_it_is_known(
    done: int, total: int | None, share: float | None
) -> None:
    assert Job(1, "import", "x", "ann", done=done, total=total).share == share
