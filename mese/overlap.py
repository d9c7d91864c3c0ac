"""Which members of a class are found by text, by image and by both: the paper's Figure 3.

For a query, H_M is what the first 100 of modality M's list share with the gold set. Three sets
make seven disjoint regions; what the images gained is H_TV without H_T, what they lost H_T without
H_TV. Over many queries the counts are summed and divided by Σ min(|G|, 100), all the hits that
there could be.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mese.engine import Engine, Options

TEXT, IMAGE, BOTH = "text", "image", "text+image"
VIEWS = (TEXT, IMAGE, BOTH)

Region = frozenset[str]
REGIONS: tuple[Region, ...] = (
    frozenset({TEXT}),
    frozenset({IMAGE}),
    frozenset({BOTH}),
    frozenset({TEXT, IMAGE}),
    frozenset({TEXT, BOTH}),
    frozenset({IMAGE, BOTH}),
    frozenset(VIEWS),
)
"""Found under just these: each alone, then by two, then by all three."""

CUT = 100


@dataclass(frozen=True)
class Overlap:
    """A query's hits by region, best first as text and image together rank them.

    `possible` is the number of hits that there could be: min(|G|, cut).
    """

    regions: Mapping[Region, tuple[int, ...]]
    possible: int

    @property
    def gained(self) -> tuple[int, ...]:
        """Found with the images and not by text alone."""
        return (*self.regions[frozenset({BOTH})], *self.regions[frozenset({IMAGE, BOTH})])

    @property
    def lost(self) -> tuple[int, ...]:
        """Found by text alone and not any more with the images."""
        return (*self.regions[frozenset({TEXT})], *self.regions[frozenset({TEXT, IMAGE})])


@dataclass(frozen=True)
class Totals:
    """Seven counts over `queries` queries; `left_out` of them could not be asked or had no gold."""

    counts: Mapping[Region, int]
    possible: int
    queries: int
    left_out: int = 0

    def found(self, view: str) -> int:
        """All hits under one modality."""
        return sum(count for region, count in self.counts.items() if view in region)

    @property
    def gained(self) -> int:
        return self._between(BOTH, TEXT)

    @property
    def lost(self) -> int:
        return self._between(TEXT, BOTH)

    def share(self, count: int) -> float | None:
        """A count over the hits that there could be; None where there could be none."""
        return count / self.possible if self.possible else None

    def _between(self, there: str, not_there: str) -> int:
        return sum(
            count
            for region, count in self.counts.items()
            if there in region and not_there not in region
        )


@dataclass(frozen=True)
class Change:
    """What the images changed in a class's queries."""

    class_name: str
    gained: int
    lost: int
    possible: int
    queries: int


def changes(found: Iterable[tuple[str, Overlap]]) -> list[Change]:
    """By class, those in which most was gained or lost first; `found` names each query's class."""
    by_class: dict[str, list[Overlap]] = {}
    for name, one in found:
        by_class.setdefault(name, []).append(one)
    sums = {name: total(ones) for name, ones in by_class.items()}
    rows = [Change(name, t.gained, t.lost, t.possible, t.queries) for name, t in sums.items()]
    return sorted(rows, key=lambda row: (-(row.gained + row.lost), row.class_name))


def how_often(entities: Iterable[int]) -> list[tuple[int, int]]:
    """(entity, times), the most frequent first."""
    return sorted(Counter(entities).items(), key=lambda item: (-item[1], item[0]))


def overlap(lists: Mapping[str, Sequence[int]], gold: Collection[int], cut: int = CUT) -> Overlap:
    """The regions of a query; `lists` has a ranked list for each of `VIEWS`.

    Raises ValueError for an empty gold set or another set of lists.
    """
    if set(lists) != set(VIEWS):
        raise ValueError(f"lists of {', '.join(VIEWS)} are needed, got {', '.join(lists)}")
    if not gold:
        raise ValueError("the gold set is empty: a class whose members are all seeds has no hits")
    wanted = set(gold)
    found_by: dict[int, set[str]] = {}
    for view in (BOTH, TEXT, IMAGE):  # the order in which a region's entities are named
        for entity in lists[view][:cut]:
            if entity in wanted:
                found_by.setdefault(entity, set()).add(view)
    regions = {
        region: tuple(entity for entity, by in found_by.items() if by == region)
        for region in REGIONS
    }
    return Overlap(regions, min(len(wanted), cut))


def total(overlaps: Iterable[Overlap], left_out: int = 0) -> Totals:
    """The sums over queries."""
    all_of_them = list(overlaps)
    counts = {region: sum(len(o.regions[region]) for o in all_of_them) for region in REGIONS}
    possible = sum(o.possible for o in all_of_them)
    return Totals(counts, possible, len(all_of_them), left_out)


def overlap_of(
    engine: Engine, seeds: Sequence[int], gold: Collection[int], options: Options, cut: int = CUT
) -> Overlap | None:
    """A query's overlap under an engine's three representations, with the same options for each.

    Gold entities that the bundle does not know could not be found, and do not count. None where a
    seed is unknown to it, or no gold is left. Raises `SeedError` and `BundleError`.
    """
    known = {entity for entity in gold if engine.knows(entity)} - set(seeds) - {*options.keep_out}
    if not known or not all(map(engine.knows, seeds)):
        return None
    lists = {}
    for view in VIEWS:
        asked = replace(options, size=cut, candidates=view, seeds=view)
        lists[view] = [result.id for result in engine.expand(seeds, asked).results]
    return overlap(lists, known, cut)
