"""The Expand page's view as the address bar holds it: `?seeds=12,7,90&n=20&out=5`.

The address is the truth and the page follows it, so that a link reproduces the view and Back goes
back. Addresses are typed, cut and pasted by people: what is wrong in one is named and left out.
What is at its default is left away.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Container, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from mese.bounds import MAX_ID
from mese.corpus import MODALITIES
from mese.engine import METHODS

SIZES = (20, 50, 100, 200)
"""List lengths on offer."""

MAX_SEEDS = 10
"""Seeds of a query at most, open ones among them."""

MAX_NAMED = 200
"""Rejected entities, and contexts left out, that one address can hold."""

WINDOWS = range(1, 51)
"""Widths of the window on offer."""

SHOWN_OF_A_FAULT = 40

T = TypeVar("T")

_OPEN_KEY = re.compile(r"[0-9a-f]{16}")
_MODALITY_PARAMS = {name.replace("+", "-"): name for name in MODALITIES}
"""Modalities as an address spells them: a `+` would be read as a blank."""


@dataclass(frozen=True)
class View:
    """What is shown: seeds in the order they were chosen, and every option of their expansion.

    `candidates` and `seeds_by` are the modalities of the candidates and of the seeds (Table 5's
    switches), `window` a width in place of the release's schedule; None is the usual in all four.
    `rejected` entities are kept out; `left_out` are contexts that their seeds do without;
    `open_seeds` are keys of seeds that are in no vocabulary.
    """

    seeds: tuple[int, ...] = ()
    size: int = 50
    method: str | None = None
    candidates: str | None = None
    seeds_by: str | None = None
    window: int | None = None
    rerank: bool = True
    rejected: tuple[int, ...] = ()
    open_seeds: tuple[str, ...] = ()
    left_out: tuple[int, ...] = ()

    @property
    def seed_count(self) -> int:
        return len(self.seeds) + len(self.open_seeds)

    @property
    def is_full(self) -> bool:
        return self.seed_count >= MAX_SEEDS

    def with_seed(self, entity: int) -> View:
        """This view with one more seed; the same view when it is there already or full."""
        if entity in self.seeds or self.is_full:
            return self
        return replace(self.brought_back(entity), seeds=(*self.seeds, entity))

    def with_seeds(self, entities: Iterable[int]) -> View:
        """This view with as many of `entities` as there is room for."""
        view = self
        for entity in entities:
            view = view.with_seed(entity)
        return view

    def without_seed(self, entity: int) -> View:
        return replace(self, seeds=_without(self.seeds, entity))

    def with_open_seed(self, key: str) -> View:
        if key in self.open_seeds or self.is_full:
            return self
        return replace(self, open_seeds=(*self.open_seeds, key))

    def without_open_seed(self, key: str) -> View:
        return replace(self, open_seeds=_without(self.open_seeds, key))

    def rejecting(self, entity: int) -> View:
        """This view with an entity kept out; the same where it is a seed or there is no room."""
        known = entity in self.rejected or entity in self.seeds
        if known or len(self.rejected) >= MAX_NAMED:
            return self
        return replace(self, rejected=(*self.rejected, entity))

    def brought_back(self, entity: int) -> View:
        """This view with an entity rejected no more."""
        return replace(self, rejected=_without(self.rejected, entity))

    def with_none_rejected(self) -> View:
        return replace(self, rejected=())

    def with_only(self, seeds: Container[int], open_seeds: Container[str]) -> View:
        """This view without the seeds that are not among those that there are."""
        return replace(
            self,
            seeds=tuple(seed for seed in self.seeds if seed in seeds),
            open_seeds=tuple(key for key in self.open_seeds if key in open_seeds),
        )

    def params(self) -> dict[str, str]:
        """The address's parameters for this view; empty for an empty one."""
        given = {
            "seeds": _joined(self.seeds),
            "open": _joined(self.open_seeds),
            "n": _unless(View.size, self.size),
            "m": self.method or "",
            "of": _spelled(self.candidates),
            "by": _spelled(self.seeds_by),
            "w": _unless(None, self.window),
            "rr": "" if self.rerank else "0",
            "out": _joined(self.rejected),
            "not": _joined(self.left_out),
        }
        return {name: value for name, value in given.items() if value}


def _without(items: tuple[T, ...], gone: T) -> tuple[T, ...]:
    return tuple(item for item in items if item != gone)


def _joined(items: Iterable[object]) -> str:
    return ",".join(map(str, items))


def _unless(usual: int | None, value: int | None) -> str:
    return "" if value == usual else str(value)


def _spelled(modality: str | None) -> str:
    return "" if modality is None else modality.replace("+", "-")


def read_view(params: Mapping[str, str]) -> tuple[View, list[str]]:
    """The view that address parameters ask for, and what was wrong with them."""
    notes: list[str] = []
    rejected, seeds = _numbers(params, "out", notes), _numbers(params, "seeds", notes)
    open_seeds = _open_seeds(params, MAX_SEEDS - len(seeds), notes)
    view = View(
        seeds=_not_rejected(seeds, rejected, notes),
        size=_read_size(params.get("n"), notes),
        method=_choice(params.get("m"), METHODS, "method", notes),
        candidates=_modality(params.get("of"), "candidates", notes),
        seeds_by=_modality(params.get("by"), "seeds", notes),
        window=_read_window(params.get("w"), notes),
        rerank=_read_rerank(params.get("rr"), notes),
        rejected=rejected,
        open_seeds=open_seeds,
        left_out=_numbers(params, "not", notes),
    )
    return view, notes


@dataclass(frozen=True)
class _Named:
    """What a parameter names: in the singular, in the plural, how a good one looks, how many."""

    one: str
    many: str
    pattern: str
    most: int


_NAMED = {
    "seeds": _Named("a seed", "seeds", "entity number", MAX_SEEDS),
    "open": _Named("an open seed", "open seeds", "key of an open seed", MAX_SEEDS),
    "out": _Named("a rejected entity", "rejected entities", "entity number", MAX_NAMED),
    "not": _Named("a context left out", "contexts left out", "context number", MAX_NAMED),
}


def _numbers(params: Mapping[str, str], name: str, notes: list[str]) -> tuple[int, ...]:
    """The numbers of a parameter, each once."""
    return tuple(int(part) for part in _each_once(params, name, is_entity_id, int, notes))


def _open_seeds(params: Mapping[str, str], room: int, notes: list[str]) -> tuple[str, ...]:
    """The keys of open seeds, as many as there is `room` for beside the other seeds."""
    found = _each_once(params, "open", is_open_key, str, notes)
    if len(found) > room:
        notes.append(
            f"The address names more than {MAX_SEEDS} seeds, the open ones among them; "
            f"the first {MAX_SEEDS} are used."
        )
    return found[:room]


def _each_once(
    params: Mapping[str, str],
    name: str,
    is_good: Callable[[str], bool],
    read: Callable[[str], Hashable],
    notes: list[str],
) -> tuple[str, ...]:
    """The good parts of a parameter, each once; each kind of fault is told in one note."""
    named = _NAMED[name]
    parts = [part.strip() for part in params.get(name, "").split(",") if part.strip()]
    bad = [part for part in parts if not is_good(part)]
    good = [part for part in parts if is_good(part)]
    once = tuple({read(part): part for part in reversed(good)}.values())[::-1]
    if bad:
        more = f" (and {len(bad) - 1} more like it)" if len(bad) > 1 else ""
        notes.append(
            f"The address names {bad[0][:SHOWN_OF_A_FAULT]!r}{more} as {named.one}, "
            f"which is no {named.pattern}; it was left out."
        )
    if len(once) < len(good):
        notes.append(f"The address names {named.one} twice; it counts once.")
    if len(once) > named.most:
        notes.append(
            f"The address names {len(once)} {named.many}; the first {named.most} are used."
        )
    return once[: named.most]


def _not_rejected(
    seeds: tuple[int, ...], rejected: tuple[int, ...], notes: list[str]
) -> tuple[int, ...]:
    left = tuple(seed for seed in seeds if seed not in rejected)
    if seeds and not left:
        notes.append(
            "All seeds of the address are rejected in it, so there is nothing to expand: bring one "
            "back, or add another seed."
        )
    elif len(left) < len(seeds):
        notes.append("The address names a seed that it also rejects; it is not used as a seed.")
    return left


def is_entity_id(text: str) -> bool:
    """Whether `text` is a number that an entity can have."""
    return text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= MAX_ID


def is_open_key(text: str) -> bool:
    """Whether `text` can be the key of an open seed."""
    return bool(_OPEN_KEY.fullmatch(text))


def _read_size(text: str | None, notes: list[str]) -> int:
    if text is None or text in map(str, SIZES):
        return int(text or View.size)
    offered = _offered(SIZES)
    shown = text[:SHOWN_OF_A_FAULT]
    notes.append(f"A list of {shown!r} is not on offer ({offered}); it shows {View.size}.")
    return View.size


def _read_window(text: str | None, notes: list[str]) -> int | None:
    if not text or text in map(str, WINDOWS):
        return int(text) if text else None
    notes.append(
        f"A window of {text[:SHOWN_OF_A_FAULT]!r} is not on offer "
        f"({WINDOWS.start} to {WINDOWS.stop - 1}); the usual widths are used."
    )
    return None


def _read_rerank(text: str | None, notes: list[str]) -> bool:
    if text not in (None, "", "0", "1"):
        notes.append(
            f"Re-ranking is 1 or 0, and not {text[:SHOWN_OF_A_FAULT]!r}; the list is re-ranked."
        )
    return text != "0"


def _modality(text: str | None, whose: str, notes: list[str]) -> str | None:
    spelled = text.replace("+", "-").replace(" ", "-") if text else None
    found = _choice(spelled, _MODALITY_PARAMS, f"modality of {whose}", notes)
    return _MODALITY_PARAMS[found] if found else None


def _choice(text: str | None, offered: Collection[str], what: str, notes: list[str]) -> str | None:
    if not text or text in offered:
        return text or None
    shown = text[:SHOWN_OF_A_FAULT]
    notes.append(f"There is no {what} {shown!r} ({_offered(offered)}); the usual one is used.")
    return None


def _offered(choices: Iterable[object]) -> str:
    return ", ".join(map(str, choices))
