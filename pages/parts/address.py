"""The Expand page's view as the address bar holds it: `?seeds=12,7,90&n=50`.

The address is the truth and the page follows it, so that a link reproduces the view and Back goes
back. Addresses are typed, cut and pasted by people: what is wrong in one is named and left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from mese.bounds import MAX_ID

SIZES = (20, 50, 100)
"""List lengths on offer."""

MAX_SEEDS = 10


@dataclass(frozen=True)
class View:
    """What is shown: seed entities in the order they were chosen, and how long the list is."""

    seeds: tuple[int, ...] = ()
    size: int = 50

    def with_seed(self, entity: int) -> View:
        """This view with one more seed; the same view when it is there already or full."""
        if entity in self.seeds or len(self.seeds) >= MAX_SEEDS:
            return self
        return replace(self, seeds=(*self.seeds, entity))

    def without_seed(self, entity: int) -> View:
        return replace(self, seeds=tuple(seed for seed in self.seeds if seed != entity))

    def params(self) -> dict[str, str]:
        """The address's parameters for this view; empty for an empty one."""
        if not self.seeds and self.size == View.size:
            return {}
        return {"seeds": ",".join(map(str, self.seeds)), "n": str(self.size)}


def read_view(params: Mapping[str, str]) -> tuple[View, list[str]]:
    """The view that address parameters ask for, and what was wrong with them."""
    seeds, notes = _read_seeds(params.get("seeds", ""))
    size, more = _read_size(params.get("n"))
    return View(seeds, size), notes + more


def _read_seeds(text: str) -> tuple[tuple[int, ...], list[str]]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    good = [int(part) for part in parts if is_entity_id(part)]
    ids = list(dict.fromkeys(good))
    notes = [
        f"The address names {part[:40]!r} as a seed, which is no entity number; it was left out."
        for part in parts
        if not is_entity_id(part)
    ]
    if len(ids) < len(good):
        notes.append("The address names a seed twice; it counts once.")
    if len(ids) > MAX_SEEDS:
        notes.append(f"The address names {len(ids)} seeds; the first {MAX_SEEDS} are used.")
    return tuple(ids[:MAX_SEEDS]), notes


def is_entity_id(text: str) -> bool:
    """Whether `text` is a number that an entity can have."""
    return text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= MAX_ID


def _read_size(text: str | None) -> tuple[int, list[str]]:
    if text is None:
        return View.size, []
    if text in map(str, SIZES):
        return int(text), []
    offered = ", ".join(map(str, SIZES))
    return View.size, [
        f"A list of {text[:40]!r} is not on offer ({offered}); it shows {View.size}."
    ]
