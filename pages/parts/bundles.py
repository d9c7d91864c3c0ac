"""The bundles that could answer for today's corpus, beside the one in use."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from db.corpus import entity_names
from mese.bundle import Bundle, BundleError, locate
from pages.parts import house

if TYPE_CHECKING:
    from mese.engine import Engine

SHIPPED_NAME = "demo"
"""What the shell calls the shipped bundle (`mese.bundle.locate`)."""


def other_bundles() -> tuple[str, ...]:
    """The names of the bundles that fit, but for the one in use; raises `BundleError`."""
    return _others(house.engine().bundle.folder)


def engine_of(name: str) -> Engine:
    """The engine of a bundle by its name; raises `BundleError` where it is gone or does not fit."""
    folder = _folder(name)
    reason = Bundle.open(folder).mismatch(entity_names(house.store()))
    if reason:
        raise BundleError(f"{reason}; choose another bundle")
    try:
        written_at = (folder / "bundle.json").stat().st_mtime_ns
    except OSError as error:
        raise BundleError(f"{folder} cannot be read ({error.strerror or error})") from error
    return _load(folder, written_at)


def _folder(name: str) -> Path:
    """A bundle of MESE_HOME/bundles, or the shipped one; an address names no other folder."""
    if name != SHIPPED_NAME and name not in _names():
        have = ", ".join(_names()) or "none"
        raise BundleError(f"there is no bundle {name[:80]!r} in MESE_HOME/bundles (there: {have})")
    return locate(house.settings().bundles, name)


def _names() -> list[str]:
    found = (path.parent.name for path in house.settings().bundles.glob("*/bundle.json"))
    return sorted(name for name in found if "," not in name)


@st.cache_data(ttl="10s", show_spinner=False)
def _others(in_use: Path) -> tuple[str, ...]:
    names = entity_names(house.store())
    fitting = []
    for name in dict.fromkeys([*_names(), SHIPPED_NAME]):
        try:
            bundle = Bundle.open(_folder(name))
        except BundleError:
            continue  # a broken bundle is reported when it is asked for by name
        if bundle.folder != in_use and bundle.mismatch(names) is None:
            fitting.append(name)
    return tuple(fitting)


@st.cache_resource(show_spinner="Opening the model …", max_entries=3)
def _load(folder: Path, written_at: int) -> Engine:
    """`written_at` is part of the key: a bundle that was written again is opened again."""
    return house.load_engine(folder)
