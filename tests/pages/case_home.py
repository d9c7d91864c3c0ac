"""A home with the small corpus, a bundle whose modalities differ, and cases of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from db.accounts import Role, User
from db.cases import NewCase, save_case
from db.store import Store
from mese.bundle import write_bundle
from mese.corpus import Entity
from mese.engine import Engine, Options
from mese.index import EntityIndex
from mese.provenance import document
from tests.conftest import NAMES, class_of, fill_store

NOW = datetime(2026, 3, 4, 5, 6, 8, tzinfo=UTC)
LEAD = User("you", Role.LEAD)
KNOWN = [name for name in NAMES if name != "Stranger"]
FAVOURS = {"text+image": (1, 4.0), "text": (2, 1.6), "image": (3, 1.2)}
"""A seed of randomness for each modality, and how much it favours an entity's own class."""


def index_of(modality: str) -> EntityIndex:
    seed, favour = FAVOURS[modality]
    kinds = np.array([class_of(name) for name in KNOWN])
    weights = np.random.default_rng(seed).uniform(0.2, 1.0, (len(KNOWN), len(KNOWN)))
    weights *= np.where(kinds[:, None] == kinds[None, :], favour, 1.0)
    prob = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    states = np.random.default_rng(seed + 10).normal(0, 1, (len(KNOWN), 6)).astype(np.float32)
    return EntityIndex.from_distributions(prob, np.log(prob), states)


def write_differing_bundle(folder: Path, modalities: Sequence[str] = tuple(FAVOURS)) -> None:
    entities = [Entity(NAMES.index(name), name) for name in KNOWN]
    classes = [(class_of(name),) for name in KNOWN]
    indexes = {modality: index_of(modality) for modality in modalities}
    write_bundle(folder, {"name": folder.name}, entities, classes, indexes)


def make_home(home: Path) -> Store:
    """The store of a new home, with two bundles: `main`, the newest, and `other`."""
    store = fill_store(home)
    write_differing_bundle(home / "bundles" / "other", ["text+image"])
    write_differing_bundle(home / "bundles" / "main")
    return store


def main_engine(home: Path) -> Engine:
    return Engine.load(home / "bundles" / "main")


def keep(
    store: Store,
    home: Path,
    title: str = "Cities",
    note: str = "",
    tags: Sequence[str] = (),
    seeds: Sequence[int] = (0, 1, 2),
    **changes: Any,
) -> int:
    """Save an expansion of the main bundle; `changes` are made to its document."""
    engine = main_engine(home)
    found = document(engine, engine.expand(seeds, Options(size=20)), (), NOW)
    address = "seeds=" + ",".join(map(str, seeds)) + "&n=20"
    new = NewCase(title, note, tuple(tags), address, {**found, **changes})
    return save_case(store, new, LEAD, NOW)
