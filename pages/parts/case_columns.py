"""A case's query asked again: today, under another modality, method or bundle; for side by side.

A case may be of another corpus than today's. Its seeds are then looked for by their names, and what
has no number any more (rejected entities, contexts left out) is dropped, and said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

from db.cases import Case, read_case
from db.corpus import entities_by_name, entity_cards
from db.open_seeds import open_seeds
from db.shown import Shown, corpus_now, shown_now
from db.store import StoreError
from mese.bundle import BundleError
from mese.engine import METHOD_WORDS, METHODS, Engine, SeedError
from mese.provenance import document
from pages.parts import house
from pages.parts.address import View, read_view
from pages.parts.asking import ask
from pages.parts.bundles import engine_of, other_bundles
from pages.parts.case_address import Beside
from pages.parts.case_facts import Item, address_params, items_of, results_of
from pages.parts.text import as_text
from pages.parts.waiting import being_made, named
from pages.parts.words import MODALITY_WORDS


@dataclass(frozen=True)
class Column:
    """A list beside others; `trouble` (plain text) says why there is none.

    `notes` (Markdown) say what of the query it goes without.
    """

    title: str
    about: str
    items: tuple[Item, ...]
    shown: Shown
    trouble: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class QueryNow:
    """A case's query in today's corpus; `notes` (Markdown) say what of it is not there any more."""

    view: View
    notes: tuple[str, ...]

    @cached_property
    def params(self) -> dict[str, str]:
        return self.view.params()


def query_now(case: Case) -> QueryNow:
    """The query that a case was made with, with its settings, as the Expand page takes it."""
    view, wrong = read_view({**address_params(case), **_settings_params(case)})
    seeds, gone = _seeds_now(case)
    view = replace(view, seeds=tuple(seed for seed in seeds if seed not in view.rejected))
    notes = [as_text(note) for note in wrong]
    notes += [f"{as_text(name)} is not in this corpus any more." for name in gone]
    dropped = view.rejected or view.left_out
    if dropped and corpus_now(house.store()).fingerprint != case.shown.fingerprint:
        view = replace(view, rejected=(), left_out=(), seeds=tuple(seeds))
        notes.append("What was rejected or left out in another corpus is not in this one.")
    return QueryNow(view, tuple(notes))


def _settings_params(case: Case) -> dict[str, str]:
    """The saved settings as an address spells them: what was the bundle's own choice is said."""
    settings = case.document.get("settings")
    given: Mapping[str, Any] = settings if isinstance(settings, Mapping) else {}
    names = {"method": "m", "candidates": "of", "seeds": "by", "window": "w", "size": "n"}
    params = {spelled: str(given[name]) for name, spelled in names.items() if given.get(name)}
    return params | ({"rr": "0"} if given.get("rerank") is False else {})


def _seeds_now(case: Case) -> tuple[list[int], list[str]]:
    """The seeds' numbers in today's corpus, and the names of those that it has not.

    A number that has come to mean another entity is none; a name that several bear is not guessed.
    """
    store = house.store()
    cards = entity_cards(store, [seed["id"] for seed in case.seeds])
    bearers = entities_by_name(store, [seed["name"] for seed in case.seeds])
    found, gone = [], []
    for seed in case.seeds:
        card = cards.get(seed["id"])
        others = bearers.get(seed["name"], ())
        if card is not None and card.name == seed["name"]:
            found.append(seed["id"])
        elif len(others) == 1:
            found.append(others[0])
        else:
            gone.append(seed["name"])
    return list(dict.fromkeys(found)), gone


def saved_column(case: Case, title: str = "As saved") -> Column:
    """The case's own list."""
    about = f"{case.made_at:%d %b %Y} · bundle {case.document.get('bundle', '')}"
    return Column(title, about, tuple(results_of(case)), case.shown)


def column_of(case: Case, beside: Beside) -> Column:
    """The case's query under another condition, or another case; never raises for what is gone."""
    try:
        if beside.what == "case":
            return _other_case(int(beside.name))
        return _asked_again(case, beside)
    except (BundleError, SeedError, StoreError) as error:
        return _troubled(beside, str(error))


def _other_case(number: int) -> Column:
    other = read_case(house.store(), number)
    if other is None:
        raise StoreError(f"Case {number} is not there any more.")
    return saved_column(other, other.title)


def title_of(beside: Beside) -> str:
    """A column's head, in plain text."""
    words = {
        "now": "Now",
        "modality": MODALITY_WORDS.get(beside.name, beside.name).capitalize(),
        "method": METHOD_WORDS.get(beside.name, beside.name).capitalize(),
        "bundle": f"Bundle {beside.name}",
        "case": f"Case {beside.name}",
    }
    return words[beside.what]


def _troubled(beside: Beside, reason: str) -> Column:
    return Column(title_of(beside), "", (), Shown(), reason)


def _asked_again(case: Case, beside: Beside) -> Column:
    engine = engine_of(beside.name) if beside.what == "bundle" else house.engine()
    query = query_now(case)
    view = _changed(query.view, beside, engine)
    lacks = being_made(engine, filter(None, (view.candidates, view.seeds_by)))
    if lacks:
        raise SeedError(f"{named(lacks)} is being made on this machine; look again in a while")
    store = house.store()
    asked = ask(engine, view, entity_cards(store, view.seeds), open_seeds(store, view.open_seeds))
    if asked.is_empty:
        raise SeedError("none of the case's seeds can be read by the bundle in use")
    shown = shown_now(store, document(engine, asked.expansion, asked.rows))
    about = f"bundle {engine.name} · {METHOD_WORDS[str(asked.expansion.settings['method'])]}"
    items = tuple(items_of([asdict(result) for result in asked.expansion.results], shown))
    return Column(title_of(beside), about, items, shown, "", (*query.notes, *asked.notes))


def _changed(view: View, beside: Beside, engine: Engine) -> View:
    if beside.what == "modality":
        return replace(view, candidates=beside.name, seeds_by=beside.name)
    if beside.what == "method":
        if beside.name not in METHODS:
            raise SeedError(f"no method {beside.name!r}; there are: {', '.join(METHODS)}")
        return replace(view, method=beside.name)
    return view


def choices(case: Case, others: Iterable[int]) -> list[Beside]:
    """What can stand beside a case: now, modalities, methods, bundles, other cases."""
    cases = [Beside("case", str(other)) for other in others if other != case.id]
    return [Beside("now"), *_conditions(), *cases]


def _conditions() -> list[Beside]:
    """What the bundles at hand can do; nothing where none fits."""
    try:
        engine = house.engine()
        modalities, methods = engine.bundle.modalities, engine.methods()
        bundles = other_bundles()
    except BundleError:
        return []
    return [
        *(Beside("modality", name) for name in modalities),
        *(Beside("method", name) for name in methods),
        *(Beside("bundle", name) for name in bundles),
    ]
