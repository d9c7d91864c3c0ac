"""What all sessions share: the settings, the store, the signing key and the model in use.

Each is opened once a process. Heavy modules stay unimported until a page asks for them, so that
pages without a model start fast.
"""

from __future__ import annotations

import atexit
import gc
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st
from pydantic import ValidationError

from db.corpus import entity_names, is_empty
from db.jobs import Jobs
from db.store import Store, StoreError
from mese.settings import Settings
from pages.parts.signing import read_secret

if TYPE_CHECKING:
    from mese.engine import Engine
    from train.beside import Making, NotMade, ViewsBeside


@st.cache_resource(show_spinner=False)
def settings() -> Settings:
    """The settings from the environment; raises `pydantic.ValidationError` that names a bad one."""
    return Settings()


_opened: dict[str, Store] = {}
"""The stores that this process has had open, by URL, each as it was opened last."""


@st.cache_resource(show_spinner=False)
def store() -> Store:
    """The store; raises `db.store.StoreError`."""
    return open_store(settings().store_url)


def open_store(url: str) -> Store:
    """The store at a URL, made when it is new, but only the first time that it is asked for.

    One that has gone since is missed, not made anew: an empty one would hide that, and stand in the
    way of the copy that somebody puts back.
    """
    before = _opened.get(url)
    _opened[url] = before.open_again() if before else Store.open(url)
    return _opened[url]


@st.cache_resource(show_spinner=False)
def secret() -> bytes:
    """The key that image addresses are signed with."""
    return read_secret(settings().home)


@st.cache_resource(show_spinner=False)
def jobs() -> Jobs:
    """The one long job of this process, whichever session began it."""
    return Jobs()


def trouble() -> str | None:
    """Why no page can work: a bad setting, a store that cannot be read; None if they can."""
    try:
        is_empty(store())  # the store was opened long ago: look whether it still answers
        secret()
    except ValidationError as error:
        return wrong_setting(error)
    except (StoreError, OSError) as error:
        store.clear()  # once it is mended, the next run opens it anew
        return str(error)
    return None


def wrong_setting(error: ValidationError) -> str:
    """One line that names the first setting that is wrong, its value, and what is allowed."""
    first = error.errors()[0]
    # What is not UTF-8 in it could neither be printed nor sent to a page.
    given = str(first["input"]).encode(errors="backslashreplace").decode()
    return f"MESE_{str(first['loc'][0]).upper()}={given}: {first['msg']}"


def look_for_a_bundle() -> None:
    """Raise `mese.bundle.BundleError` where no bundle fits the store; opens no model."""
    _fitting_bundle()


def engine() -> Engine:
    """The engine of the bundle that fits the store; raises `mese.bundle.BundleError`.

    So too for a bundle that was removed, or is being written again, since it was looked up.
    """
    from mese.bundle import BundleError

    folder = _fitting_bundle()
    try:
        return _load_engine(folder, (folder / "bundle.json").stat().st_mtime_ns)
    except OSError as error:
        _fitting_bundle.clear()
        raise BundleError(
            f"{folder} cannot be read ({error.strerror or error}); it was removed or is being "
            "written again: reload this page in a moment"
        ) from error
    except BundleError:
        _fitting_bundle.clear()
        raise


@st.cache_resource(ttl="10s", show_spinner=False)
def _fitting_bundle() -> Path:
    """Looked up anew every 10 seconds, so that a bundle made meanwhile is found."""
    from mese.bundle import find_bundle

    wanted = settings().bundle
    return find_bundle(settings().bundles, wanted, entity_names(store()))


@st.cache_resource(show_spinner="Opening the model …", max_entries=2)
def _load_engine(folder: Path, written_at: int) -> Engine:
    """`written_at` is part of the key: a bundle that was written again is opened again."""
    loaded = load_engine(folder)
    keep_what_is_loaded()
    return loaded


def load_engine(folder: Path) -> Engine:
    """A bundle's engine as the settings want it; raises `mese.bundle.BundleError`."""
    from mese.engine import Engine

    ours = settings()
    return Engine.load(folder, ours.views, ours.device, ours.max_pixels)


def keep_what_is_loaded() -> None:
    """Take all that is loaded by now out of the garbage collector's rounds; it stays anyway.

    What sessions hold at this moment is taken out too, and may be garbage later: each call first
    puts back what the one before took out, so that no more is left than one moment's. Streamlit
    collects after every run of a page, holding up all others: 90 ms for its own modules, 190 with
    torch's, on the machine this was measured on; after this, next to nothing.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


atexit.register(gc.unfreeze)  # or torch's bindings would be told as leaked when the app ends


def views_progress() -> Making | NotMade | None:
    """How far text and image alone are, where the bundle in use came without; None: all there.

    The first call begins with them, in a program of its own. Never waits for it. Raises
    `mese.bundle.BundleError` as `engine` does.
    """
    return _views_beside().progress(engine().bundle)


@st.cache_resource(show_spinner=False)
def _views_beside() -> ViewsBeside:
    """One for all sessions; it ends with the app."""
    from train.beside import ViewsBeside

    return ViewsBeside(settings().home)
