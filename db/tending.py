"""The commands that tend a store: `python -m db stats | check | backup FILE | upgrade`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import typer
from rich.table import Table

from db.accounts import NotAllowed
from db.migrating import backup_sqlite, head, needs_upgrade, upgrade_store
from db.overview import Overview, overview
from db.store import Store, StoreError
from mese.shell import out, plainly, settings_or_exit

MENDABLE = (StoreError, NotAllowed, OSError)
"""What is told in one line; anything else is a fault of ours and shows its traceback."""


def register(app: typer.Typer) -> None:
    """Give a shell the commands of this module."""
    for command in (stats, upgrade):
        app.command()(command)


def stats() -> None:
    """Print the corpus's figures."""
    with plainly(*MENDABLE):
        _print_stats(overview(Store.open(settings_or_exit().store_url)))


def upgrade() -> None:
    """Bring an older store to this program's tables; a SQLite file is copied first."""
    with plainly(*MENDABLE):
        store = Store.connect(settings_or_exit().store_url)
        if needs_upgrade(store):
            _back_up(store)
        before, after = upgrade_store(store)
        done = "is up to date" if before == after else f"was brought from {before} to {after}"
        typer.echo(f"{store.place} {done}.")


def _back_up(store: Store, now: Callable[[], datetime] = datetime.now) -> None:
    if store.sqlite_file is None:
        typer.echo("PostgreSQL is not copied here; keep a pg_dump of your own.", err=True)
        return
    name = f"{store.sqlite_file.name}.before-{head()}-{now():%Y%m%d-%H%M%S}"
    target = store.sqlite_file.with_name(name)
    backup_sqlite(store.sqlite_file, target)
    typer.echo(f"Copied to {target}.")


def _print_stats(figures: Overview) -> None:
    table = Table(title=figures.name, show_header=False)
    table.add_column("what")
    table.add_column("how many", justify="right")
    for what, how_many in _rows(figures):
        table.add_row(what, how_many)
    out.print(table)


def _rows(figures: Overview) -> Iterator[tuple[str, str]]:
    sizes = [size.members for size in figures.class_sizes]
    per_entity = figures.contexts_per_entity
    mean = figures.contexts / figures.entities if figures.entities else 0.0
    yield "entities", f"{figures.entities:,}"
    yield "entities in a class", f"{figures.entities_in_a_class:,}"
    yield "sentences", f"{figures.sentences:,}"
    yield "contexts (image–sentence pairs)", f"{figures.contexts:,}"
    yield (
        "contexts per entity, min / median / mean / max",
        f"{per_entity.min} / {per_entity.median:g} / {mean:.1f} / {per_entity.max}",
    )
    yield "classes", f"{figures.classes:,}"
    if sizes:
        spread = f"{min(sizes)} / {sum(sizes) / len(sizes):.1f} / {max(sizes)}"
        yield "members per class, min / mean / max", spread
    for seeds, count in figures.queries_by_seeds.items():
        yield f"queries of {seeds} seeds", f"{count:,}"
    yield "images", f"{figures.images:,}"
    yield "images that cannot be read", f"{figures.missing_images:,}"
