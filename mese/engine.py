"""What a page, a notebook and the shell hold: a bundle that answers queries.

    engine = Engine.load("mese/demo/bundle")
    expansion = engine.expand(engine.seeds("Chicago", "Boston", "Seattle"))

An engine is read-only after loading (memory-mapped matrices, no torch), so that any number of
threads may share one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mese.bundle import Bundle
from mese.corpus import MODALITIES, Expansion, Result
from mese.device import AUTO, is_gpu
from mese.expand import BLOCKS
from mese.images import MAX_PIXELS
from mese.index import EntityIndex
from mese.index_faults import list_fault, rows_fault
from mese.index_file import MEND, BundleError
from mese.live_rows import LiveRows
from mese.mentions import Encodings, Mention, SeedError
from mese.methods import METHOD_WORDS, METHODS, Method, answerable
from mese.options import USUAL, Options, SeedRow
from mese.seed_names import SeedNames

if TYPE_CHECKING:
    from mese.explain import Why
    from mese.live import LiveModel
    from mese.place import Place

__all__ = [
    "METHODS",
    "METHOD_WORDS",
    "Engine",
    "Method",
    "Options",
    "SeedError",
    "SeedRow",
    "device_of",
]


EXPANDED = 102
"""Non-seeds that are expanded and re-ranked at least, as in the release (T = k + 102)."""


@dataclass(frozen=True)
class Engine:
    """A bundle with its index of each modality, opened on first use."""

    bundle: Bundle
    runs_on: str = AUTO
    """Where contexts are read: `MESE_DEVICE`."""
    max_pixels: int = MAX_PIXELS
    """Of an image that is read on the fly: `MESE_MAX_PIXELS`."""

    @classmethod
    def load(
        cls,
        folder: str | Path,
        views: Path | None = None,
        runs_on: str = AUTO,
        max_pixels: int = MAX_PIXELS,
    ) -> Engine:
        """Open a bundle's folder; raises `mese.bundle.BundleError`.

        `views` is where indexes that it lacks are looked for (`Bundle.open`), each time anew.
        """
        return cls(Bundle.open(Path(folder), views), runs_on, max_pixels)

    @property
    def name(self) -> str:
        return self.bundle.name

    @property
    def card(self) -> Mapping[str, Any]:
        """The facts of bundle.json: preset, corpus, metrics, command."""
        return self.bundle.meta

    @property
    def note(self) -> str:
        """What a user should know of the device; empty where there is nothing."""
        live = self.__dict__.get("live model")
        return live.note if live else ""

    @cached_property
    def _index(self) -> dict[str, tuple[tuple[int, ...], EntityIndex]]:
        return {}

    def index(self, modality: str) -> EntityIndex:
        """The modality's index; two threads that open it at once open the same files twice.

        A file that was written over is opened anew: to read on where a map was cut short ends the
        whole program. One that another took the place of stays whole. Raises `BundleError`.
        """
        facts = self.bundle.index_facts(modality)
        known = self._index.get(modality)
        if known is None or (known[0] != facts and known[0][:1] == facts[:1]):
            known = self._index[modality] = facts, self.bundle.index(modality)
        return known[1]

    @property
    def default_method(self) -> str:
        """The method that ranked best on the dev classes when the bundle was made."""
        chosen = str(self.bundle.meta.get("method", "window"))
        return chosen if chosen in METHODS else "window"

    @property
    def default_modality(self) -> str:
        """The fullest representation that the bundle has; raises `BundleError` if it has none."""
        return next(iter(self.bundle.modalities), MODALITIES[0])

    def methods(self, candidates: str | None = None) -> tuple[str, ...]:
        """The methods that a modality's index can answer with; raises `BundleError`.

        All of them where there is no index yet: an expansion tells what is missing.
        """
        modality = candidates or self.default_modality
        there = modality in self.bundle.modalities
        return answerable(self.index(modality)) if there else tuple(METHODS)

    def knows(self, entity: int) -> bool:
        """Whether an entity id is in the bundle's vocabulary."""
        return entity in self.bundle.position_of

    @cached_property
    def _names(self) -> SeedNames:
        return SeedNames(self.bundle.entities, self.bundle.classes)

    def seeds(self, *names: str) -> list[int]:
        """Entity ids of names or aliases, in order; a name wins over an equal alias.

        `#123` names an entity by its id. Raises `SeedError` for a name that is unknown, or that is
        the alias of several entities.
        """
        return [self._seed(name) for name in names]

    def _seed(self, name: str) -> int:
        found = self._names.find(name)
        if found is not None:
            return found
        close = ", ".join(self._names.like(name))
        hint = f"; did you mean {close}?" if close else ""
        raise SeedError(f"{name!r} is not in the vocabulary of bundle {self.name!r}{hint}")

    def entity_name(self, entity: int) -> str:
        """The name of an entity of the vocabulary; raises KeyError for another."""
        return self.bundle.entities[self.bundle.position_of[entity]].name

    @property
    def stamp(self) -> str:
        """Hex sha256 of bundle.json and vocabulary.json: which bundle this is, exactly."""
        return self.bundle.stamp

    def settle(self, options: Options) -> Options:
        """The options with the bundle's own choices in place of None, but for `window`.

        Raises `SeedError` for a value that no list can be made with.
        """
        candidates = options.candidates or self.default_modality
        settled = replace(
            options,
            method=options.method or self.default_method,
            candidates=candidates,
            seeds=options.seeds or candidates,
        )
        if settled.method not in METHODS:
            raise SeedError(f"no method {settled.method!r}; there are: {', '.join(METHODS)}")
        if options.size < 1:
            raise SeedError(f"a list has 1 result or more, not {options.size}")
        if options.window is not None and not 1 <= options.window <= BLOCKS:
            raise SeedError(f"a window holds 1 to {BLOCKS} candidates, not {options.window}")
        return settled

    def searcher(self, method: str) -> Method:
        """The function that ranks one query: NumPy's.

        A GPU is for many queries at once (`mese.torch_expand`): one query of 102 steps is a
        hundred rounds of small kernels.
        """
        return METHODS[method]

    def expand(
        self,
        seeds: Sequence[int],
        options: Options = USUAL,
        rows: Sequence[SeedRow] = (),
    ) -> Expansion:
        """Rank the vocabulary for seed entity ids; at most `options.size` results, best first.

        `rows` with an entity stand in for that seed's own row; rows without one are open seeds
        beside `seeds`, which may then be empty.

        The list is cut from an expansion of at least 102 non-seeds, as the release evaluates, so
        that a shorter list is the beginning of a longer one. Raises `SeedError`, and
        `mese.bundle.BundleError` when the bundle lacks a modality.
        """
        options = self.settle(options)
        positions = self._positions(seeds, rows)
        search = self.searcher(str(options.method))
        index = self.index(str(options.candidates))
        seed_index = self.index(str(options.seeds))
        start = time.perf_counter()
        for read in (index,) if index is seed_index else (index, seed_index):
            self._refuse(rows_fault(read, positions))
        kept_out = self._kept_out(seeds, options.keep_out)
        found = search(
            index,
            [positions],
            max(options.size, EXPANDED),
            seed_index=seed_index,
            window=options.window,
            rerank=options.rerank,
            keep_out=kept_out,
            rows=[self.live_rows(seeds, rows)],
        )
        self._refuse(list_fault(found[0], [*positions, *kept_out]))
        seconds = time.perf_counter() - start
        ranked = found[0][: options.size]
        results = tuple(self._result(rank, *item) for rank, item in enumerate(ranked, start=1))
        settings = {**asdict(options), "keep_out": list(options.keep_out)}
        notes = [self.note if rows else "", self._instead(str(options.candidates))]
        if any(notes):
            settings["note"] = "; ".join(filter(None, notes))
        return Expansion(tuple(seeds), results, self.name, settings, seconds)

    def _instead(self, candidates: str) -> str:
        """What to know of a list by default that is not by the bundle's own fullest index."""
        lost = self.bundle.lost
        if lost is None or candidates != self.default_modality:
            return ""
        return (
            f"bundle {self.name!r} has lost its index by {lost}, so {candidates} answers instead; "
            f"{MEND}"
        )

    def _refuse(self, fault: str | None) -> None:
        """Raise `BundleError` where an index was damaged since it was written."""
        if fault:
            raise BundleError(f"the index of bundle {self.name!r} is damaged: {fault}; {MEND}")

    def encode(self, mentions: Sequence[Mention], modality: str) -> Encodings:
        """Distributions of contexts that are read on the fly; see `mese.live.LiveModel.encode`."""
        return self._live_model.encode(mentions, modality)

    @property
    def _live_model(self) -> LiveModel:
        from mese.live import LiveModel

        # One for all threads, whichever comes first: `setdefault` is atomic.
        fresh = LiveModel(self.bundle, self.runs_on, self.max_pixels)
        made: LiveModel = self.__dict__.setdefault("live model", fresh)
        return made

    def seed_row(
        self,
        encodings: Encodings,
        entity: int | None = None,
        name: str = "",
        keep: Sequence[int] | None = None,
    ) -> SeedRow:
        """The mean over the kept mentions (all of them by default), as the index has it.

        Raises `SeedError` when none of them says anything under the encodings' modality.
        """
        name = name or (self.entity_name(entity) if entity is not None else "")
        kept = range(len(encodings)) if keep is None else keep
        telling = [number for number in kept if encodings.says[number]]
        if not telling:
            lacks = {"text": "a sentence", "image": "an image"}.get(encodings.modality, "anything")
            raise SeedError(
                f"no context of {name or 'the seed'!r} is left that has {lacks} to read; "
                "keep one that has"
            )
        return SeedRow(
            entity,
            name,
            _mean(encodings.prob[telling]),
            _mean(encodings.log_prob[telling]),
            len(telling),
            len(encodings),
            state=None if encodings.state is None else _mean(encodings.state[telling]),
            device=encodings.device,
        )

    def explain(
        self,
        entity: int,
        seeds: Sequence[int],
        options: Options = USUAL,
        mentions: Sequence[Mention] = (),
        rows: Sequence[SeedRow] = (),
        rows_by: Callable[[str], Sequence[SeedRow]] | None = None,
    ) -> Why:
        """Why an entity stands where it does; see `mese.explain.explain`."""
        from mese.explain import explain

        return explain(self, entity, seeds, options, mentions, rows, rows_by)

    def place(
        self,
        newcomers: Sequence[SeedRow],
        seeds: Sequence[int],
        options: Options = USUAL,
        rows: Sequence[SeedRow] = (),
    ) -> list[Place]:
        """Where what is not in the vocabulary would stand in a list; see `mese.place.place`."""
        from mese.place import place

        return place(self, newcomers, seeds, options, rows)

    def _positions(self, seeds: Sequence[int], rows: Sequence[SeedRow] = ()) -> list[int]:
        if not seeds and not any(row.entity is None for row in rows):
            raise SeedError("give at least one seed")
        if len(set(seeds)) != len(seeds):
            raise SeedError("the same seed stands twice; take one away")
        unknown = [seed for seed in seeds if not self.knows(seed)]
        if unknown:
            raise SeedError(f"bundle {self.name!r} does not know entity {unknown[0]}")
        return [self.bundle.position_of[seed] for seed in seeds]

    def _kept_out(self, seeds: Sequence[int], ids: Sequence[int]) -> list[int]:
        """Positions of rejected entities; one that the bundle does not know is out anyway."""
        both = sorted(set(ids) & set(seeds))
        if both:
            raise SeedError(
                f"{self.entity_name(both[0])!r} is a seed and kept out at once; "
                "take it from one of the two"
            )
        return [self.bundle.position_of[entity] for entity in ids if self.knows(entity)]

    def live_rows(self, seeds: Sequence[int], rows: Sequence[SeedRow]) -> LiveRows:
        """The rows as the search takes them; raises `SeedError` for one that fits no seed."""
        size = len(self.bundle.entities)
        for row in rows:
            if row.entity is not None and row.entity not in seeds:
                raise SeedError(f"a row was made for {row.name!r}, which is none of the seeds")
            if row.log_prob.shape != (size,):
                raise SeedError(
                    f"the row of {row.name!r} was made with another bundle: it has "
                    f"{len(row.log_prob)} entities, {self.name!r} {size}; make it anew"
                )
        position_of = self.bundle.position_of
        own = {position_of[row.entity]: row.log_prob for row in rows if row.entity is not None}
        states = {position_of[row.entity]: row.state for row in rows if row.entity is not None}
        opened = [row for row in rows if row.entity is None]
        return LiveRows(
            own,
            [row.log_prob for row in opened],
            {position: state for position, state in states.items() if state is not None},
            [row.state for row in opened],
        )

    def _result(self, rank: int, position: int, score: float) -> Result:
        entity = self.bundle.entities[position]
        return Result(rank, entity.id, entity.name, score, self.bundle.classes[position])


def device_of(rows: Sequence[SeedRow]) -> str:
    """Where a list with these rows was made, in words: queries are always answered on the CPU."""
    on_gpu = any(is_gpu(row.device) for row in rows)
    return "CPU, contexts read on the GPU" if on_gpu else "CPU"


def _mean(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    return rows.mean(axis=0, dtype=np.float64).astype(np.float32)
