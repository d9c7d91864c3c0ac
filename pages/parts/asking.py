"""What the Expand page asks of the engine: a view made into seeds, options and seed rows.

A seed that does without some of its contexts, and an open seed, have rows that are made on the fly
(`mese.live`); how contexts were read is kept for a while, for a list is often asked for again.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import streamlit as st

from db.expanding import UsedContext, context_owners, used_contexts
from db.open_seeds import OpenSeed
from mese.bundle import BundleError
from mese.corpus import Expansion
from mese.engine import Engine, Options, SeedError, SeedRow
from mese.mentions import Encodings, Mention, marked
from pages.parts import house
from pages.parts.address import View
from pages.parts.cards import Cards
from pages.parts.image_files import file_of
from pages.parts.text import as_text, count

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
        own = _of_some_contexts(self, modality).rows
        return [*own, *(_open_row(self.engine, seed, modality)[0] for seed in self.opened)]

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
    own, open_ones = _of_some_contexts(asked, asked.seeds_by), _of_open_seeds(asked)
    notes = [
        f"The model does not know {as_text(seed_cards[seed].name)}, which has too few sentences "
        "to learn from; the list is made without it."
        for seed in view.seeds
        if not engine.knows(seed)
    ]
    return replace(
        asked,
        seeds=tuple(seed for seed in asked.seeds if seed not in own.without),
        rows=(*own.rows, *open_ones.rows),
        notes=(*notes, *own.notes, *open_ones.notes),
        opened=tuple(seed for seed in asked.opened if seed.key not in open_ones.without),
    )


@dataclass
class _Made:
    """Rows that were made on the fly, the seeds that have none, and what is to be said of them."""

    rows: list[SeedRow] = field(default_factory=list)
    without: set[int | str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


def _of_some_contexts(asked: Asked, modality: str) -> _Made:
    """Rows of the seeds that do without some contexts."""
    made = _Made()
    if not asked.left_out:
        return made
    owners = context_owners(house.store(), asked.left_out)
    partial = [seed for seed in asked.seeds if seed in owners.values()]
    for seed, contexts in contexts_of(asked.engine, partial).items():
        name = as_text(asked.engine.entity_name(seed))
        keep = [n for n, context in enumerate(contexts) if context.id not in asked.left_out]
        if not keep:
            made.without.add(seed)
            made.notes.append(
                f"All contexts of {name} are left out, so the list is made without it: use one of "
                "them again under “Contexts of the seeds”."
            )
            continue
        encodings = read_contexts(asked.engine, contexts, modality)
        made.rows.append(asked.engine.seed_row(encodings, seed, keep=keep))
        masked = sum(n in encodings.unreadable for n in keep)
        if masked:
            made.notes.append(f"{name}: {masked_words(masked)}")
    return made


def _of_open_seeds(asked: Asked) -> _Made:
    """Rows of the open seeds; one that cannot be read is told, and the list made without it."""
    made = _Made()
    for seed in asked.opened:
        try:
            row, fault = _open_row(asked.engine, seed, asked.seeds_by)
        except SeedError as error:
            made.without.add(seed.key)
            made.notes.append(
                f"The list is made without the open seed {as_text(seed.name)}: "
                f"{as_text(str(error))}."
            )
            continue
        made.rows.append(row)
        if fault:
            made.notes.append(
                f"The open seed {as_text(seed.name)} is read by its sentence alone, for its "
                f"picture cannot be read: {as_text(fault)}."
            )
    return made


def contexts_of(engine: Engine, entities: Sequence[int]) -> dict[int, tuple[UsedContext, ...]]:
    """The contexts that the model used of entities, with the images of its image policy."""
    policy = str(engine.card.get("image_policy", "top1"))
    return used_contexts(house.store(), entities, policy)


def read_contexts(engine: Engine, contexts: Sequence[UsedContext], modality: str) -> Encodings:
    """How the model reads contexts of the store under a modality."""
    return _read_mentions(engine, mentions_of(contexts), modality)


def masked_words(masked: int) -> str:
    """What is said where pictures could not be read."""
    return f"{count(masked, 'picture')} cannot be read, so the model goes without (masked)."


def mentions_of(contexts: Sequence[UsedContext]) -> list[Mention]:
    """Contexts of the store as the engine takes them."""
    return [Mention(c.tokens, c.start, c.end, _file(c.image_hash)) for c in contexts]


def _file(sha256: str | None) -> Path | None:
    # One that has gone is given too: the engine masks it, and tells.
    return None if sha256 is None else file_of(sha256) or house.settings().open_seeds / sha256


def _open_row(engine: Engine, seed: OpenSeed, modality: str) -> tuple[SeedRow, str]:
    """The seed's row, and why its picture was masked, if it was; raises `SeedError`."""
    image = house.settings().open_seeds / Path(seed.image_hash).name if seed.image_hash else None
    mention = Mention(seed.tokens, seed.start, seed.end, image)
    encodings = _read_mentions(engine, [mention], modality)
    fault = encodings.unreadable.get(0, "").removeprefix(f"{seed.image_hash}: ")
    if not encodings.says[0]:
        lacks = "sentence" if modality == "text" else "picture"
        raise SeedError(f"its picture cannot be read ({fault})" if fault else f"it has no {lacks}")
    source = [marked(mention), f"image {seed.image_hash}" if image and not fault else ""]
    row = engine.seed_row(encodings, None, seed.name)
    return replace(row, source=" · ".join(filter(None, source))), fault


def _read_mentions(engine: Engine, mentions: Sequence[Mention], modality: str) -> Encodings:
    content = repr([(m.tokens, m.start, m.end, *_content_of(m.image)) for m in mentions])
    key = hashlib.sha256(content.encode()).hexdigest()
    return _read(engine.stamp, modality, key, engine, mentions)


def _content_of(image: Path | None) -> tuple[str, int]:
    """What a file is known by: one that is written anew, or comes back, is read anew."""
    try:
        return (str(image), image.stat().st_mtime_ns) if image else ("", 0)
    except OSError:
        return str(image), 0


@st.cache_resource(max_entries=32, show_spinner="Reading the contexts …")
def _read(
    stamp: str,
    modality: str,
    key: str,
    _engine: Engine,
    _mentions: Sequence[Mention],
) -> Encodings:
    """`stamp`, `modality` and `key` say what is read, by what, and are all that is compared.

    The key is of the content: another corpus may give a context's number to another sentence.
    """
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
