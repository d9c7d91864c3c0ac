"""What the Expand page asks of the engine: a view made into seeds, options and seed rows.

A seed that does without some of its contexts, and an open seed, have rows that are made on the fly
(`mese.live`); how contexts were read is kept for a while, for a list is often asked for again.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import streamlit as st

from db.corpus import image_file
from db.expanding import UsedContext, context_owners, used_contexts
from db.open_seeds import OpenSeed
from db.open_seeds import image_file as open_image_file
from mese.bundle import BundleError
from mese.corpus import Expansion
from mese.engine import Engine, Options, SeedError, SeedRow
from mese.mentions import Encodings, Mention
from pages.parts import house
from pages.parts.address import View
from pages.parts.cards import Cards
from pages.parts.text import as_text

NICENESS = 10
"""Of what is done beside the page, before anyone waits for it."""


@dataclass(frozen=True)
class Asked:
    """A query that the engine can answer; `notes` say which seeds it goes without (Markdown)."""

    engine: Engine
    seeds: tuple[int, ...]
    options: Options
    rows: tuple[SeedRow, ...] = ()
    notes: tuple[str, ...] = ()
    left_out: tuple[int, ...] = ()
    opened: tuple[OpenSeed, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not self.seeds and not self.rows

    @cached_property
    def expansion(self) -> Expansion:
        return self.engine.expand(self.seeds, self.options, self.rows)

    @property
    def seeds_by(self) -> str:
        """The modality that the seeds' rows are of."""
        return str(self.engine.settle(self.options).seeds)

    def rows_by(self, modality: str) -> list[SeedRow]:
        """The rows that are made on the fly, under a modality; raises `SeedError` as the engine."""
        own, _ = _rows_of_some_contexts(self, modality)
        return [*own, *(_open_row(self.engine, seed, modality) for seed in self.opened)]

    @property
    def candidates(self) -> str:
        """The modality that the candidates' rows are of."""
        return str(self.engine.settle(self.options).candidates)


def options_of(view: View) -> Options:
    """A view's options, as the engine takes them."""
    return Options(
        size=view.size,
        method=view.method,
        candidates=view.candidates,
        seeds=view.seeds_by,
        window=view.window,
        rerank=view.rerank,
        keep_out=view.rejected,
    )


def ask(engine: Engine, view: View, seed_cards: Cards, open_seeds: Mapping[str, OpenSeed]) -> Asked:
    """The view as a query; raises `BundleError` and `SeedError` where the engine refuses."""
    asked = Asked(
        engine,
        tuple(seed for seed in view.seeds if engine.knows(seed)),
        options_of(view),
        left_out=view.left_out,
        opened=tuple(open_seeds[key] for key in view.open_seeds if key in open_seeds),
    )
    own, bare = _rows_of_some_contexts(asked, asked.seeds_by)
    opened = [_open_row(engine, seed, asked.seeds_by) for seed in asked.opened]
    notes = [
        f"The model does not know {as_text(seed_cards[seed].name)}, which has too few sentences "
        "to learn from; the list is made without it."
        for seed in view.seeds
        if not engine.knows(seed)
    ]
    notes += [
        f"All contexts of {as_text(engine.entity_name(seed))} are left out, so the list is made "
        "without it: use one of them again under “Contexts of the seeds”."
        for seed in bare
    ]
    seeds = tuple(seed for seed in asked.seeds if seed not in bare)
    return replace(asked, seeds=seeds, rows=(*own, *opened), notes=tuple(notes))


def _rows_of_some_contexts(asked: Asked, modality: str) -> tuple[list[SeedRow], list[int]]:
    """Rows of the seeds that do without some contexts, and the seeds that have none left."""
    if not asked.left_out:
        return [], []
    owners = context_owners(house.store(), asked.left_out)
    partial = [seed for seed in asked.seeds if seed in owners.values()]
    rows, bare = [], []
    for seed, contexts in contexts_of(asked.engine, partial).items():
        keep = [n for n, context in enumerate(contexts) if context.id not in asked.left_out]
        if not keep:
            bare.append(seed)
            continue
        encodings = read_contexts(asked.engine, contexts, modality)
        rows.append(asked.engine.seed_row(encodings, seed, keep=keep))
    return rows, bare


def contexts_of(engine: Engine, entities: Sequence[int]) -> dict[int, tuple[UsedContext, ...]]:
    """The contexts that the model used of entities, with the images of its image policy."""
    policy = str(engine.card.get("image_policy", "top1"))
    return used_contexts(house.store(), entities, policy)


def read_contexts(engine: Engine, contexts: Sequence[UsedContext], modality: str) -> Encodings:
    """How the model reads contexts of the store under a modality."""
    key = tuple((c.id, c.start, c.end, c.image_hash) for c in contexts)
    return _read(engine.stamp, modality, key, engine, mentions_of(contexts))


def mentions_of(contexts: Sequence[UsedContext]) -> list[Mention]:
    """Contexts of the store as the engine takes them."""
    return [Mention(c.tokens, c.start, c.end, _file(c.image_hash)) for c in contexts]


def _file(sha256: str | None) -> Path | None:
    return None if sha256 is None else image_file(house.store(), sha256)


def _open_row(engine: Engine, seed: OpenSeed, modality: str) -> SeedRow:
    folder = house.settings().open_seeds
    image = open_image_file(folder, seed.image_hash) if seed.image_hash else None
    mention = Mention(seed.tokens, seed.start, seed.end, image)
    encodings = _read(engine.stamp, modality, (seed.key,), engine, [mention])
    return engine.seed_row(encodings, None, seed.name)


@st.cache_resource(max_entries=32, show_spinner="Reading the contexts …")
def _read(
    stamp: str,
    modality: str,
    key: tuple[object, ...],
    _engine: Engine,
    _mentions: Sequence[Mention],
) -> Encodings:
    """`stamp`, `modality` and `key` say what is read, by what, and are all that is compared."""
    return _engine.encode(_mentions, modality)


@st.cache_resource(max_entries=4, show_spinner=False)
def open_the_model(stamp: str, _engine: Engine) -> threading.Thread:
    """Open a bundle's model beside the page, once: the first to ask why need not wait for torch."""
    thread = threading.Thread(target=_read_one_word, args=(_engine,), daemon=True)
    thread.start()
    return thread


def _read_one_word(engine: Engine) -> None:
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)  # of this thread alone
    try:
        engine.encode([Mention(("word",), 0, 0)], engine.default_modality)
    except (BundleError, SeedError) as error:
        logging.getLogger("mese").info("no contexts are read on the fly: %s", error)
    house.keep_what_is_loaded()
