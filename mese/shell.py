"""What the three shells (`python -m mese`, `db`, `train`) share: settings, bars, plain refusals.

Results go to stdout, progress and refusals to stderr. Exit 0 on success, 2 for wrong use, 1 with a
one-line reason otherwise; a user's mistake never shows a traceback.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from mese.printable import printable
from mese.settings import Settings

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
            name = "_".join(str(part) for part in fault["loc"]).upper()
            say(f"MESE_{name}: {fault['msg']} (given: {fault['input']!r})", err=True)
        raise typer.Exit(2) from error


def one_of(allowed: Collection[str]) -> Callable[[str | None], Any]:
    """An option's callback: a value that is not `allowed` is wrong use, and told what there is."""

    def checked(value: str | None) -> str | None:
        if value is not None and value not in allowed:
            raise typer.BadParameter(f"no {value!r}; there are: {', '.join(allowed)}")
        return value

    return checked


@contextmanager
def plainly(*mendable: type[Exception]) -> Iterator[None]:
    """Turn errors that a user can mend into one line on stderr and exit 1."""
    try:
        yield
    except mendable as error:
        say(str(error), err=True)
        raise typer.Exit(1) from error
    except KeyboardInterrupt as error:
        typer.echo("stopped; start the same command again to go on", err=True)
        raise typer.Exit(1) from error


@contextmanager
def bar(what: str) -> Iterator[Callable[[int, int | None], None]]:
    """A progress bar on stderr with the time that is left: `progress(done, total)`."""
    with stage_bars() as report:
        yield lambda done, total: report(what, done, total, "")


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

    def report(stage: str, done: int, of: int | None, note: str) -> None:
        if stage == "epoch":  # an epoch's scores stay on the screen as a line
            bars.console.print(f"epoch {done} of {of}: {note}", soft_wrap=True)
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
