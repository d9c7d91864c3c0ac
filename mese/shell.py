"""What the three shells (`python -m mese`, `db`, `train`) share: settings, bars, plain refusals.

Results go to stdout, progress and refusals to stderr. Exit 0 on success, 2 for wrong use, 1 with a
one-line reason otherwise; a user's mistake never shows a traceback.
"""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from mese.printable import printable
from mese.settings import Settings

STOPPED = "stopped; start the same command again to go on"
TOLD_EVERY = 30.0
"""Seconds between the lines of a stage where there is no terminal to draw a bar on."""

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def shell(help_text: str) -> typer.Typer:
    """A command line whose bare call prints its help."""
    made = typer.Typer(
        no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=help_text
    )
    # With a callback, a shell of one command keeps that command's name.
    made.callback()(lambda: None)
    return made


def say(text: str, err: bool = False) -> None:
    """Print a line that may hold a path or a name: nothing in it can move the cursor."""
    typer.echo(printable(text), err=err)


def settings_or_exit() -> Settings:
    """The settings of the environment; a bad one is named on stderr, exit 2."""
    try:
        return Settings()
    except ValidationError as error:
        for fault in error.errors():
            name = "_".join(str(part) for part in fault["loc"])
            wanted = fault["msg"]
            if fault["type"] == "string_pattern_mismatch":  # a pattern is nothing to read
                wanted = Settings.model_fields[name].description or wanted
            say(f"MESE_{name.upper()}: {wanted} (given: {fault['input']!r})", err=True)
        raise typer.Exit(2) from error


def one_of(allowed: Collection[str]) -> Callable[[str | None], Any]:
    """An option's callback: a value that is not `allowed` is wrong use, and told what there is."""

    def checked(value: str | None) -> str | None:
        if value is not None and value not in allowed:
            raise typer.BadParameter(f"no {value!r}; there are: {', '.join(allowed)}")
        return value

    return checked


@contextmanager
def plainly(*mendable: type[Exception], stopped: str = STOPPED) -> Iterator[None]:
    """Turn errors that a user can mend, and Ctrl-C, into one line on stderr and exit 1."""
    try:
        yield
    except mendable as error:
        say(str(error), err=True)
        raise typer.Exit(1) from error
    except KeyboardInterrupt as error:
        typer.echo(stopped, err=True)
        raise typer.Exit(1) from error


def sheet() -> Console:
    """A console that keeps what is printed, as wide and as coloured as stdout; see `text_of`."""
    return Console(
        file=io.StringIO(), highlight=False, width=out.width, force_terminal=out.is_terminal
    )


def text_of(paper: Console) -> str:
    """What was printed on a `sheet`, without the last line's end."""
    assert isinstance(paper.file, io.StringIO)
    return paper.file.getvalue().rstrip("\n")


def write(text: str) -> None:
    """Print results, all of them or none: where stdout takes nothing, one line says so, exit 1.

    A reader that has had enough (`| head`) is none of our business: `BrokenPipeError` goes on.
    """
    try:
        typer.echo(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except (OSError, AttributeError, ValueError) as error:  # full, or closed before we began
        why = getattr(error, "strerror", None) or "it is closed"
        with suppress(OSError, ValueError, AttributeError):
            os.close(sys.stdout.fileno())  # or Python tries, and fails, to write the rest at exit
        say(f"the result cannot be written to standard output: {why}", err=True)
        raise typer.Exit(1) from error


@contextmanager
def bar(what: str) -> Iterator[Callable[[int, int | None], None]]:
    """A progress bar on stderr with the time that is left: `progress(done, total)`."""
    with stage_bars() as report:
        yield lambda done, total: report(what, done, total, "")


class StageLines:
    """Progress for a log file: a line when a stage begins, every so often, and when it is done."""

    def __init__(self) -> None:
        self._stage, self._told, self._ended = "", 0.0, False

    def tell(self, stage: str, done: int, of: int | None, note: str) -> None:
        now, ended = time.monotonic(), of is not None and done >= of
        same = stage == self._stage and ended == self._ended
        if same and (ended or now - self._told < TOLD_EVERY):
            return
        self._stage, self._told, self._ended = stage, now, ended
        share = f"{done:,} of {of:,}" if of is not None else f"{done:,}"
        err.print(f"{stage}: {share}{f', {note}' if note else ''}", soft_wrap=True, markup=False)


@contextmanager
def stage_bars() -> Iterator[Callable[[str, int, int | None, str], None]]:
    """One bar a stage on stderr, with the time left and a note: `report(stage, done, of, note)`."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", style="dim"),
    )
    bars = Bars(*columns, console=err)
    tasks: dict[str, TaskID] = {}
    lines = None if err.is_terminal else StageLines()

    def report(stage: str, done: int, of: int | None, note: str) -> None:
        if stage == "epoch":  # an epoch's scores stay on the screen as a line
            bars.console.print(f"epoch {done} of {of}: {note}", soft_wrap=True)
            return
        if lines is not None:
            lines.tell(stage, done, of, note)
            return
        bars.start()  # only now: a refusal before the work began stands on a line of its own
        if stage not in tasks:
            tasks[stage] = bars.add_task(stage, total=of, note=note)
        bars.update(tasks[stage], completed=done, total=of, note=note)

    try:
        yield report
    finally:
        if tasks:
            bars.stop()
