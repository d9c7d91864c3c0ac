"""`python -m db`: fill the store and look into it from the shell.

Results go to stdout, progress and refusals to stderr. Exit 0 on success, 2 for wrong use, 1 with a
one-line reason otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace as rebuilt
from datetime import datetime
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from db import tending
from db.corpus import (
    ImportReport,
    export_folder,
    hash_images,
    import_path,
    import_records,
    is_empty,
)
from db.faults import MENDABLE
from db.importing import hashing_stopped, read_path
from db.loading import held_corpus
from db.store import Store, StoreError
from db.uploads import forget_replaced
from mese.corpus import IMAGE_POLICIES
from mese.mesed_format import write_folder
from mese.printable import printable
from mese.settings import Settings
from mese.shell import bar, one_of, plainly, say, settings_or_exit, shell, stage_bars

SHOWN = 10
"""How many of the lines that were set aside are printed; the file holds all."""

DEMO = "demo:"
"""How the source of the embedded corpus begins; the generator's fingerprint follows."""

app = shell("The store of MESE Studio: bring a corpus in, look at it, tend it.")


ImageRoot = Annotated[
    Path | None,
    typer.Option(exists=True, file_okay=False, help="Where image paths begin; else PATH's folder."),
]


@app.command("import")
def import_corpus(
    path: Annotated[
        Path, typer.Argument(exists=True, help="A MESED folder, or a CSV or JSONL file.")
    ],
    image_root: ImageRoot = None,
    strict: Annotated[
        bool, typer.Option(help="Stop at the first malformed line instead of setting it aside.")
    ] = False,
    replace: Annotated[
        bool, typer.Option(help="Put it in the place of the corpus that the store holds.")
    ] = False,
    copy: Annotated[bool, typer.Option(help="Copy the images below MESE_HOME/images.")] = False,
) -> None:
    """Import a corpus; the same one again changes nothing, another one is told apart."""
    with plainly(*MENDABLE):
        settings = settings_or_exit()
        with stage_bars() as tell:  # before the store: what is no corpus leaves no empty one
            read = read_path(
                path, image_root, strict, lambda stage, done, _: tell(stage, done, None, "")
            )
        store = Store.open(settings.store_url)
        with stage_bars() as tell:
            report = import_path(
                store,
                path,
                image_root=image_root,
                strict=strict,
                replace=replace,
                copy_to=settings.home / "images" if copy else None,
                image_max_pixels=settings.max_pixels,
                progress=lambda done, of: tell("Importing sentences", done, of, ""),
                stages=lambda stage, done, of: tell(stage, done, of, ""),
                work_in=settings.home,
                read=read,
            )
        _finish(store, report, settings, *filter(None, (path, image_root)))


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="A new or empty folder.")],
    images: Annotated[
        str | None,
        typer.Option(
            callback=one_of(IMAGE_POLICIES),
            help="Image policy (top1, reranked, calibrated): one image a context, no candidates.",
        ),
    ] = None,
    copy: Annotated[bool, typer.Option(help="Copy the images into the folder too.")] = False,
) -> None:
    """Write the corpus as a MESED folder with its sidecars; images stay where they are."""
    with plainly(*MENDABLE):
        store = Store.open_existing(settings_or_exit().store_url)
        with stage_bars() as tell:
            report = export_folder(
                store,
                folder,
                images=images,
                copy=copy,
                progress=lambda done, of: tell("Writing sentences", done, of, ""),
                stages=lambda stage, done, of: tell(stage, done, of, ""),
            )
    say(f"Wrote {report.name!r} with {report.sentences:,} sentences to {report.folder}.")
    if copy:
        say(f"{report.images_copied:,} images were copied.")
    else:
        say(
            f"Its images stay below {report.image_root}; to bring it in elsewhere: python -m db "
            f"import {quote(str(report.folder))} --image-root {quote(str(report.image_root))}"
        )
    for fault in report.not_copied[:SHOWN]:
        say(fault, err=True)


@app.command()
def demo(
    replace: Annotated[
        bool, typer.Option(help="Build it anew, in the place of the corpus that the store holds.")
    ] = False,
) -> None:
    """Build the embedded corpus and import it, if the store is empty."""
    with plainly(*MENDABLE):
        settings = settings_or_exit()
        store = Store.open(settings.store_url)
        from mese.demo.build import build_records, fingerprint

        made_by = fingerprint()
        source = f"{DEMO}{made_by}"
        if not replace and not is_empty(store):
            _leave(store, source)
            return
        # A folder by version: the store's corpus keeps its pictures until this one is in.
        folder = settings.demo_corpus / made_by[:16]
        say("Building the embedded corpus, once: about two minutes on 2 cores.")
        with bar("Drawing the embedded corpus") as progress:
            records = build_records(folder, progress)
        records = rebuilt(records, sentences=list(records.sentences))  # walked twice
        write_folder(records, folder, replace=True)
        with bar("Importing sentences") as progress:
            report = import_records(
                store,
                records,
                source=source,
                replace=replace,
                image_max_pixels=settings.max_pixels,
                progress=progress,
                work_in=settings.home,
            )
        _finish(store, report, settings, folder)


def _leave(store: Store, source: str) -> None:
    """Say what the store holds, and finish what a stopped run may have left."""
    with store.read() as session:
        held = held_corpus(session, store)
        name, made_from = held.name, held.source
    with bar("Hashing images") as progress:
        hash_images(store, progress)
    if made_from.startswith(DEMO) and made_from != source:
        say(
            f"{store.place} holds the embedded corpus as an older program made it; "
            "run `python -m db demo --replace` for this one's."
        )
    elif made_from == source:
        say(f"{store.place} holds the embedded corpus already; nothing to do.")
    else:
        say(
            f"{store.place} holds the corpus {name!r}, which stays; "
            "`python -m db demo --replace` puts the embedded corpus in its place."
        )


def _finish(store: Store, report: ImportReport, settings: Settings, *read_from: Path) -> None:
    if report.left_root:
        forget_replaced(report.left_root, settings.home / "uploads", read_from)
    # What was done is told before the hashing, which may be stopped, or fail.
    say(_said_of(report, store))
    _tell_set_aside(report, settings.home / "set-aside.txt")
    try:
        with bar("Hashing images") as progress:
            hash_images(store, progress)
    except (*MENDABLE, KeyboardInterrupt) as error:
        raise StoreError(hashing_stopped(str(error) or "interrupted")) from error


def _said_of(report: ImportReport, store: Store) -> str:
    if not report.changed:
        return f"{store.place} holds {report.name!r} already; nothing changed."
    if not report.contexts:
        return f"{store.place} holds {report.name!r}; {report.images:,} images were read anew."
    instead = f" in the place of {report.replaced!r}" if report.replaced else ""
    said = (
        f"Imported {report.name!r} into {store.place}{instead}: {report.entities:,} entities, "
        f"{report.contexts:,} contexts, {report.classes:,} classes, {report.images:,} images"
        f" ({report.unreadable_images:,} unreadable)."
    )
    if report.unreadable_images > report.images / 2:
        said += (
            " Most images are not where the paths lead: import it again and say with --image-root "
            "where the paths begin; `python -m db check` names the images."
        )
    return said


def _tell_set_aside(
    report: ImportReport, file: Path, now: Callable[[], datetime] = datetime.now
) -> None:
    """Print the first lines that were set aside, and add all to a file under a heading."""
    items = report.set_aside
    if not items:
        return
    for item in items[:SHOWN]:
        say(str(item), err=True)
    try:
        _add_set_aside(report, file, now())
    except OSError as error:
        said = f"{file} cannot be written ({error.strerror})"
    else:
        said = f"all are in {file}"
    say(f"{len(items):,} set aside; {said}", err=True)


def _add_set_aside(report: ImportReport, file: Path, at: datetime) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8", errors="backslashreplace") as stream:
        stream.write(
            f"# {at:%Y-%m-%d %H:%M:%S} {report.name}: {len(report.set_aside):,} set aside\n"
        )
        stream.writelines(f"{printable(str(item))}\n" for item in report.set_aside)


tending.register(app)

if __name__ == "__main__":
    app(prog_name="python -m db")
