"""The Data page's work: what a job does with the store, in the words that its progress shows."""

from __future__ import annotations

import os
from dataclasses import replace as replaced
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from db.accounts import Role, User, check
from db.backing_up import back_up
from db.checking import CheckReport, check_store
from db.exporting import ExportReport, export_folder
from db.images import hash_images
from db.importing import ImportReport, hashing_stopped, import_path
from db.jobs import Stopped, Tell, told
from db.store import Store, StoreError
from db.uploads import forget_replaced, forget_upload, take_upload
from mese.settings import Settings


def path_of(text: str) -> Path:
    """The path that somebody typed or pasted; raises `StoreError` for what is none."""
    plain = text.strip().strip("\"'")
    if not plain or "\0" in plain:
        raise StoreError("write the path of a folder or file on the machine that runs the app")
    return Path(os.path.expanduser(plain)).absolute()


def import_from(
    store: Store,
    settings: Settings,
    user: User,
    path: Path,
    image_root: Path | None,
    *,
    replace: bool,
    copy: bool,
    tell: Tell,
) -> ImportReport:
    """Import what lies at a path of this machine, and hash its images."""
    report = _bring_in(store, settings, user, path, image_root, replace, copy, tell)
    return _finish(store, settings, user, report, tell, *filter(None, (path, image_root)))


def _bring_in(
    store: Store,
    settings: Settings,
    user: User,
    path: Path,
    image_root: Path | None,
    replace: bool,
    copy: bool,
    tell: Tell,
) -> ImportReport:
    """The import itself: whatever fails here, or is stopped, leaves the store as it was."""
    for place in filter(None, (path, image_root)):
        if not place.exists():
            raise StoreError(f"{place} is not on the machine that runs the app; look at its name")
    return import_path(
        store,
        path,
        image_root=image_root,
        replace=replace,
        copy_to=settings.home / "images" if copy else None,
        image_max_pixels=settings.max_pixels,
        progress=lambda done, total: tell("Reading sentences", done, total),
        stages=tell,
        work_in=settings.home,
        user=user,
    )


def _finish(
    store: Store, settings: Settings, user: User, report: ImportReport, tell: Tell, *read_from: Path
) -> ImportReport:
    """What follows once the corpus is in the store: nothing here may cost it its images.

    Whatever ends the hashing, the import's report is given, and says so.
    """
    if report.left_root:
        forget_replaced(report.left_root, settings.home / "uploads", read_from)
    try:
        hash_images(store, lambda done, total: tell("Hashing images", done, total), user)
    except Stopped:
        return replaced(report, not_hashed=hashing_stopped("it was asked to"))
    except Exception as error:
        return replaced(report, not_hashed=hashing_stopped(told(error)))
    return report


def import_upload(
    store: Store,
    settings: Settings,
    user: User,
    name: str,
    stream: BinaryIO,
    *,
    replace: bool,
    tell: Tell,
) -> ImportReport:
    """Take an upload in below MESE_HOME/uploads and import it; a refused one leaves nothing."""
    folder = settings.home / "uploads"
    taken = take_upload(
        name,
        stream,
        folder,
        user=user,
        progress=lambda done, total: tell("Unpacking", done, total),
    )
    try:
        report = _bring_in(store, settings, user, taken, None, replace, False, tell)
    except BaseException:
        forget_upload(taken, folder)
        raise
    if not report.changed:
        forget_upload(taken, folder)
    return _finish(store, settings, user, report, tell, taken)


def export_to(
    store: Store, user: User, folder: Path, policy: str | None, copy: bool, tell: Tell
) -> ExportReport:
    """Write the corpus as a MESED folder."""
    check(user, Role.LEAD)  # writing where one names a path is more than looking
    return export_folder(
        store,
        folder,
        images=policy,
        copy=copy,
        progress=lambda done, total: tell("Writing sentences", done, total),
        stages=tell,
        user=user,
    )


def check_all(store: Store, settings: Settings, user: User, again: bool, tell: Tell) -> CheckReport:
    """Look at every image, span and reference."""
    return check_store(store, again=again, max_pixels=settings.max_pixels, progress=tell, user=user)


def copy_store(store: Store, user: User, target: Path, tell: Tell) -> Path:
    """Back the store up into a new file."""
    check(user, Role.LEAD)
    tell("Copying the store", 0, None)
    back_up(store, target)
    return target


def new_place(folder: Path, stem: str, suffix: str, now: datetime) -> Path:
    """A place to suggest: named by what it is and when."""
    plain = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in stem)
    return (folder / f"{plain[:60]}-{now:%Y%m%d-%H%M%S}{suffix}").absolute()
