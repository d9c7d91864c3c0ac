"""What a page, a notebook and the shell hold: a bundle that answers queries.

    engine = Engine.load("mese/demo/bundle")
    expansion = engine.expand(engine.seeds("Chicago", "Boston", "Seattle"))

An engine is read-only after loading (memory-mapped matrices, no torch), so that any number of
threads may share one.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Protocol

from mese.bundle import Bundle
from mese.corpus import MODALITIES, Expansion, Result
from mese.expand import cosine_search, window_search_scored
from mese.index import EntityIndex
from mese.names import fold


class Method(Protocol):
    """A way to rank: queries of vocabulary positions in, per query (position, score) pairs out."""

    def __call__(
        self,
        index: EntityIndex,
        queries: Sequence[Sequence[int]],
        size: int,
        *,
        seed_index: EntityIndex | None = None,
    ) -> list[list[tuple[int, float]]]: ...


METHODS: Mapping[str, Method] = {
    "window": window_search_scored,
    "cosine": cosine_search,
}
"""Ways to rank by name: MultiExpan's window search, and the one-shot cosine beside it."""

METHOD_WORDS: Mapping[str, str] = {"window": "window search", "cosine": "cosine"}
"""The methods as a page names them."""

EXPANDED = 102
"""Non-seeds that are expanded and re-ranked at least, as in the release (T = k + 102)."""


class SeedError(ValueError):
    """Seeds that cannot be expanded; the message is fit for the person who chose them."""


@dataclass(frozen=True)
class Engine:
    """A bundle with its index of each modality, opened on first use."""

    bundle: Bundle

    @classmethod
    def load(cls, folder: str | Path) -> Engine:
        """Open a bundle's folder; raises `mese.bundle.BundleError`."""
        return cls(Bundle.open(Path(folder)))

    @property
    def name(self) -> str:
        return self.bundle.name

    @property
    def card(self) -> Mapping[str, Any]:
        """The facts of bundle.json: preset, corpus, metrics, command."""
        return self.bundle.meta

    @property
    def device(self) -> str:
        """Where queries are answered: NumPy on the CPU, whatever device trained the bundle."""
        return "CPU"

    @cached_property
    def _index(self) -> dict[str, EntityIndex]:
        return {}

    def index(self, modality: str) -> EntityIndex:
        """The modality's index; two threads that open it at once open the same files twice."""
        if modality not in self._index:
            self._index[modality] = self.bundle.index(modality)
        return self._index[modality]

    @property
    def default_method(self) -> str:
        """The method that ranked best on the dev classes when the bundle was made."""
        chosen = str(self.bundle.meta.get("method", "window"))
        return chosen if chosen in METHODS else "window"

    @property
    def default_modality(self) -> str:
        """The fullest representation that the bundle has; raises `BundleError` if it has none."""
        return next(iter(self.bundle.modalities), MODALITIES[0])

    def knows(self, entity: int) -> bool:
        """Whether an entity id is in the bundle's vocabulary."""
        return entity in self.bundle.position_of

    @cached_property
    def _ids_by_name(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for entity in self.bundle.entities:
            found.setdefault(fold(entity.name), []).append(entity.id)
        for entity in self.bundle.entities:
            for alias in entity.aliases:
                ids = found.setdefault(fold(alias), [])
                if entity.id not in ids:
                    ids.append(entity.id)
        return found

    def seeds(self, *names: str) -> list[int]:
        """Entity ids of names or aliases, in order; a name wins over an equal alias.

        Raises `SeedError` for a name that is unknown, or that is the alias of several entities.
        """
        return [self._seed(name) for name in names]

    def _seed(self, name: str) -> int:
        ids = self._ids_by_name.get(fold(name), [])
        named = [i for i in ids if fold(self.entity_name(i)) == fold(name)] or ids
        named = [i for i in named if self.entity_name(i) == name] or named  # C beside C++
        if len(named) == 1:
            return named[0]
        if named:
            meant = " or ".join(repr(self.entity_name(i)) for i in named)
            raise SeedError(f"{name!r} may be {meant}: give the full name")
        close = self._close_to(name)
        hint = f"; did you mean {close}?" if close else ""
        raise SeedError(f"{name!r} is not in the vocabulary of bundle {self.name!r}{hint}")

    def entity_name(self, entity: int) -> str:
        """The name of an entity of the vocabulary; raises KeyError for another."""
        return self.bundle.entities[self.bundle.position_of[entity]].name

    def _close_to(self, name: str) -> str:
        import difflib

        keys = difflib.get_close_matches(fold(name), list(self._ids_by_name), n=3)
        return ", ".join(dict.fromkeys(self.entity_name(self._ids_by_name[key][0]) for key in keys))

    def expand(
        self,
        seeds: Sequence[int],
        size: int = 50,
        modality: str | None = None,
        method: str | None = None,
    ) -> Expansion:
        """Rank the vocabulary for seed entity ids; at most `size` results, best first.

        `method` is one of `METHODS`, `modality` one of the bundle's; None takes the bundle's own
        (`default_method`; text and image together where it has them).

        `size` is cut from an expansion of at least 102 non-seeds, as the release evaluates, so
        that a shorter list is the beginning of a longer one. Raises `SeedError`, and
        `mese.bundle.BundleError` when the bundle lacks the modality.
        """
        positions = self._positions(seeds)
        method = method or self.default_method
        modality = modality or self.default_modality
        if method not in METHODS:
            raise SeedError(f"no method {method!r}; there are: {', '.join(METHODS)}")
        search = partial(METHODS[method], self.index(modality))
        start = time.perf_counter()
        ranked = search([positions], max(size, EXPANDED))[0][:size]
        seconds = time.perf_counter() - start
        settings = {"method": method, "modality": modality, "size": size}
        results = tuple(self._result(rank, *item) for rank, item in enumerate(ranked, start=1))
        return Expansion(tuple(seeds), results, self.name, settings, seconds)

    def _positions(self, seeds: Sequence[int]) -> list[int]:
        if not seeds:
            raise SeedError("give at least one seed")
        if len(set(seeds)) != len(seeds):
            raise SeedError("the same seed stands twice; take one away")
        unknown = [seed for seed in seeds if not self.knows(seed)]
        if unknown:
            raise SeedError(f"bundle {self.name!r} does not know entity {unknown[0]}")
        return [self.bundle.position_of[seed] for seed in seeds]

    def _result(self, rank: int, position: int, score: float) -> Result:
        entity = self.bundle.entities[position]
        return Result(rank, entity.id, entity.name, score, self.bundle.classes[position])
