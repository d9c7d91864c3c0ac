"""`python -m db`: fill the store and look into it from the shell.

Results go to stdout, progress and refusals to stderr. Exit 0 on success, 2 for wrong use, 1 with a
one-line reason otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from db import tending
from db.accounts import NotAllowed
from db.corpus import ImportReport, hash_images, import_records, is_empty
from db.loading import held_corpus
from db.store import Store, StoreError
from mese.corpus import CorpusRecords
from mese.mesed_format import MesedFormatError, SetAside, read_folder, write_folder
from mese.settings import Settings
from mese.shell import bar, plainly, settings_or_exit, shell

SHOWN = 10
"""How many of the lines that were set aside are printed; the file holds all."""

MENDABLE = (StoreError, MesedFormatError, NotAllowed, OSError)
"""What is told in one line; anything else is a fault of ours and shows its traceback."""

app = shell("The store of MESE Studio: bring a corpus in, look at it, tend it.")


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


tending.register(app)

if __name__ == "__main__":
    app(prog_name="python -m db")
