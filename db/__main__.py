"""`python -m db`: fill the store and look into it from the shell.

Results go to stdout, progress and refusals to stderr. Exit 0 on success, 2 for wrong use, 1 with a
one-line reason otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from db.accounts import NotAllowed
from db.corpus import ImportReport, hash_images, import_records, is_empty, overview
from db.loading import held_corpus
from db.migrating import backup_sqlite, head, needs_upgrade, upgrade_store
from db.overview import Overview
from db.store import Store, StoreError
from mese.corpus import CorpusRecords
from mese.mesed_format import MesedFormatError, SetAside, read_folder, write_folder
from mese.settings import Settings
from mese.shell import bar, out, plainly, settings_or_exit, shell

SHOWN = 10
"""How many of the lines that were set aside are printed; the file holds all."""

MENDABLE = (StoreError, MesedFormatError, NotAllowed, OSError)
"""What is told in one line; anything else is a fault of ours and shows its traceback."""

app = shell("The store of MESE Studio: bring a corpus in, and look at it.")


@app.command("import")
def import_folder(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="A MESED folder.")],
    image_root: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="Where image paths begin; else DIR."),
    ] = None,
    strict: Annotated[
        bool, typer.Option(help="Stop at the first malformed line instead of setting it aside.")
    ] = False,
) -> None:
    """Import a MESED folder into the empty store; the same folder again changes nothing."""
    with plainly(*MENDABLE):
        settings = settings_or_exit()
        read = read_folder(folder, image_root, strict)
        store = Store.open(settings.store_url)
        source = str(folder.resolve())
        report = _import(store, read.records, source, settings, strict)
        set_aside = (*read.set_aside, *report.set_aside)
        _tell_import(report, store)
        _tell_set_aside(set_aside, settings.home / "set-aside.txt")


@app.command()
def demo() -> None:
    """Build the embedded corpus and import it, if the store is empty."""
    with plainly(*MENDABLE):
        settings = settings_or_exit()
        store = Store.open(settings.store_url)
        if not is_empty(store):
            with store.read() as session:
                name = held_corpus(session, store).name
            with bar("Hashing images") as progress:  # what a stopped run may have left
                hash_images(store, progress)
            typer.echo(f"{store.place} holds the corpus {name!r}; nothing to do.")
            return
        from mese.demo.build import build_records, fingerprint

        with bar("Drawing the embedded corpus") as progress:
            records = build_records(settings.demo_corpus, progress)
        records = replace(records, sentences=list(records.sentences))  # walked twice
        write_folder(records, settings.demo_corpus, replace=True)
        _tell_import(_import(store, records, f"demo:{fingerprint()}", settings), store)


@app.command()
def stats() -> None:
    """Print the corpus's figures."""
    with plainly(*MENDABLE):
        _print_stats(overview(Store.open(settings_or_exit().store_url)))


@app.command()
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


def _import(
    store: Store, records: CorpusRecords, source: str, settings: Settings, strict: bool = False
) -> ImportReport:
    with bar("Importing sentences") as progress:
        report = import_records(
            store,
            records,
            source=source,
            strict=strict,
            image_max_pixels=settings.max_pixels,
            progress=progress,
        )
    with bar("Hashing images") as progress:
        hash_images(store, progress)
    return report


def _tell_import(report: ImportReport, store: Store) -> None:
    if not report.changed:
        text = f"{store.place} holds {report.name!r} already; nothing changed."
    elif not report.contexts:
        text = f"{store.place} holds {report.name!r}; {report.images:,} images were read anew."
    else:
        text = (
            f"Imported {report.name!r} into {store.place}: {report.entities:,} entities, "
            f"{report.contexts:,} contexts, {report.classes:,} classes, {report.images:,} images"
            f" ({report.unreadable_images:,} unreadable)."
        )
    typer.echo(text)


def _tell_set_aside(items: Sequence[SetAside], file: Path) -> None:
    if not items:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(f"{item}\n" for item in items), encoding="utf-8")
    for item in items[:SHOWN]:
        typer.echo(str(item), err=True)
    typer.echo(f"{len(items):,} set aside; all are in {file}", err=True)


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


if __name__ == "__main__":
    app(prog_name="python -m db")
