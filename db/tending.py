"""The commands that tend a store: `python -m db stats | check | backup FILE | upgrade`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from db.backing_up import back_up
from db.checking import KEPT, CheckReport, check_store, images_left
from db.faults import MENDABLE
from db.migrating import head, needs_upgrade, upgrade_store
from db.stats import statistics
from db.stats_text import as_json, print_statistics
from db.store import Store
from mese.shell import plainly, say, settings_or_exit, stage_bars

SHOWN = 20
"""Findings with the same words that a check names."""
PLURAL = {
    "image": "images",
    "sentence": "sentences",
    "context": "contexts",
    "reference": "references",
    "query": "queries",
    "database": "faults of the database",
}


def register(app: typer.Typer) -> None:
    """Give a shell the commands of this module."""
    for name, command in (("stats", stats), ("check", check), ("backup", backup)):
        app.command(name)(command)
    app.command()(upgrade)


def stats(
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Print the corpus's figures: the paper's Table 2 row, and what stands behind it."""
    with plainly(*MENDABLE):
        figures = statistics(Store.open_existing(settings_or_exit().store_url))
        if json:
            typer.echo(as_json(figures))
        else:
            print_statistics(figures)


def check(
    again: Annotated[
        bool, typer.Option("--again", help="Read every image again, not only new ones.")
    ] = False,
    every: Annotated[
        bool, typer.Option("--all", help="Name all that is broken, not only some of each kind.")
    ] = False,
) -> None:
    """Decode and hash every image, verify spans, references and queries; exit 1 if any is broken.

    Stopped, it goes on where it was when it is started again (without --again).
    """
    with plainly(*MENDABLE):
        settings = settings_or_exit()
        store = Store.open_existing(settings.store_url)
        try:
            with stage_bars() as report:
                found = check_store(
                    store,
                    again=again,
                    max_pixels=settings.max_pixels,
                    progress=lambda stage, done, of: report(stage, done, of, ""),
                )
        except KeyboardInterrupt:
            left = images_left(store)
            say(f"stopped; `python -m db check` goes on with {left:,} images", err=True)
            raise typer.Exit(1) from None
        _tell(found, KEPT if every else SHOWN)
    raise typer.Exit(1 if found.broken else 0)


def _tell(found: CheckReport, shown: int) -> None:
    """The findings, at most `shown` with the same words: one cause may break every image."""
    told: Counter[tuple[str, str]] = Counter()
    for finding in found.findings:
        told[finding.kind, finding.reason] += 1
        if told[finding.kind, finding.reason] <= shown:
            say(f"{finding.kind} {finding}")
    for (kind, reason), count in told.items():
        if count > shown:
            say(f"… and {count - shown:,} more {PLURAL[kind]}: {reason} (--all names them)")
    for kind, count in found.counts.items():
        if count > KEPT:
            say(f"… and {count - KEPT:,} more {PLURAL[kind]} that are not listed")
    looked_at = (
        f"{found.images:,} images ({found.read:,} of them opened), {found.sentences:,} sentences, "
        f"{found.contexts:,} contexts and {found.queries:,} queries looked at"
    )
    broken = ", ".join(
        f"{count:,} {kind if count == 1 else PLURAL[kind]}" for kind, count in found.counts.items()
    )
    say(f"{looked_at}; broken: {broken or 'nothing'}.")


def backup(
    file: Annotated[Path, typer.Argument(help="The new file; it must not be there yet.")],
) -> None:
    """Copy the store to a new file, also while the app is running."""
    with plainly(*MENDABLE):
        store = Store.open_existing(settings_or_exit().store_url)
        back_up(store, file)
        say(f"{store.place} was copied to {file} ({file.stat().st_size:,} bytes).")


def upgrade() -> None:
    """Bring an older store to this program's tables; a SQLite file is copied first."""
    with plainly(*MENDABLE):
        store = Store.connect(settings_or_exit().store_url)
        if needs_upgrade(store):
            _back_up(store)
        before, after = upgrade_store(store)
        done = "is up to date" if before == after else f"was brought from {before} to {after}"
        say(f"{store.place} {done}.")


def _back_up(store: Store, now: Callable[[], datetime] = datetime.now) -> None:
    if store.sqlite_file is None:
        say("PostgreSQL is not copied here; `pg_dump` keeps a copy.", err=True)
        return
    name = f"{store.sqlite_file.name}.before-{head()}-{now():%Y%m%d-%H%M%S}"
    target = store.sqlite_file.with_name(name)
    back_up(store, target)
    say(f"Copied to {target}.")
