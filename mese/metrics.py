"""MAP@K and P@K as the paper's Table 3 reports them (section (f) of specs/multiexpan.md).

For a ranked list R and gold set G (without the seeds), D = min(|G|, K) and
AP@K = (1/D) Σ_{j ≤ K} hit_j · hits_{≤j} / j,  P@K = hits_{≤K} / D.
hits/K is a column of its own and never enters the average of the eight.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CUTS = (10, 20, 50, 100)
"""The K of the paper's tables."""


def map_at_k(ranked: Sequence[int], gold: Collection[int], k: int, form: str = "fixed") -> float:
    """AP@K of one list, in [0, 1]; the mean over queries is MAP@K.

    `form="released"` divides by min(|G|, |R|, K) for lists of more than 50 items, the release's
    exception. A repeated item counts once. Raises ValueError for an empty gold set or k < 1.
    """
    hits = _hits(ranked, gold, k)
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float((hits * precision).sum() / _denominator(len(hits), gold, k, form))


def precision_at_k(
    ranked: Sequence[int], gold: Collection[int], k: int, over: str = "min", form: str = "fixed"
) -> float:
    """P@K of one list: hits in the first K over min(|G|, K), or over K with `over="k"`."""
    hits = _hits(ranked, gold, k)
    if over not in ("min", "k"):
        raise ValueError(f'over must be "min" or "k", got {over!r}')
    below = k if over == "k" else _denominator(len(hits), gold, k, form)
    return float(hits.sum() / below)


def _hits(ranked: Sequence[int], gold: Collection[int], k: int) -> np.ndarray:
    """1.0 where the item is gold and stands there for the first time; float64 (≤ k,)."""
    if k < 1:
        raise ValueError(f"k must be 1 or more, got {k}")
    if not gold:
        raise ValueError("the gold set is empty: a class whose members are all seeds has no score")
    left, hits = set(gold), []
    for item in ranked[:k]:
        hits.append(float(item in left))
        left.discard(item)
    return np.array(hits)


def _denominator(length: int, gold: Collection[int], k: int, form: str) -> int:
    if form not in ("fixed", "released"):
        raise ValueError(f'form must be "fixed" or "released", got {form!r}')
    size = min(len(set(gold)), k)
    return min(size, length) if form == "released" and length > 50 else size


FIGURES = (
    *(f"MAP@{k}" for k in CUTS),
    *(f"P@{k}" for k in CUTS),
    *(f"P@{k} (hits/K)" for k in CUTS),
)
"""What is measured for each query, in the order of `Scores.values`' columns."""
EIGHT = len(CUTS) * 2
"""The first so many of `FIGURES` make Avg."""


@dataclass(frozen=True)
class Interval:
    """The middle 95 % of a figure over `draws` bootstrap samples of `groups` classes."""

    low: float
    high: float
    groups: int
    draws: int


@dataclass(frozen=True)
class Scores:
    """The figures of some queries in per cent, float64 (Q, 12) by `FIGURES`, and their classes."""

    values: NDArray[np.float64]
    groups: tuple[str, ...]

    @property
    def queries(self) -> int:
        return len(self.values)

    @property
    def map(self) -> dict[int, float]:
        return dict(zip(CUTS, self._means()[: len(CUTS)], strict=True))

    @property
    def precision(self) -> dict[int, float]:
        return dict(zip(CUTS, self._means()[len(CUTS) : EIGHT], strict=True))

    @property
    def hits_over_k(self) -> dict[int, float]:
        return dict(zip(CUTS, self._means()[EIGHT:], strict=True))

    @property
    def average(self) -> float:
        """Mean of the eight (the paper's Avg)."""
        return float(self.values[:, :EIGHT].mean())

    def by_group(self) -> dict[str, Scores]:
        """The scores of each class alone, in the order in which classes first appear."""
        labels = np.array(self.groups)
        return {
            name: Scores(self.values[labels == name], (name,) * int((labels == name).sum()))
            for name in dict.fromkeys(self.groups)
        }

    def minus(self, other: Scores) -> Scores:
        """The figures' differences query by query: their interval is that of a paired comparison.

        Raises ValueError where the two are not of the same queries.
        """
        if self.groups != other.groups:
            raise ValueError("only scores of the same queries can be compared one by one")
        return Scores(self.values - other.values, self.groups)

    def interval(self, draws: int = 2000, seed: int = 0) -> Interval:
        """A 95 % bootstrap interval of Avg over classes, which are drawn whole with their queries.

        Queries of one class share members, so that drawing queries would make it too narrow.
        """
        averages = self.values[:, :EIGHT].mean(axis=1)
        names, number = np.unique(self.groups, return_inverse=True)
        sums = np.bincount(number, averages)
        counts = np.bincount(number)
        rng = np.random.default_rng(seed)
        picks = rng.integers(0, len(names), (draws, len(names)))
        means = sums[picks].sum(axis=1) / counts[picks].sum(axis=1)
        low, high = np.quantile(means, [0.025, 0.975])
        return Interval(float(low), float(high), len(names), draws)

    def _means(self) -> list[float]:
        return [float(value) for value in self.values.mean(axis=0)]


def score_queries(
    ranked: Sequence[Sequence[int]],
    gold: Sequence[Collection[int]],
    form: str = "fixed",
    groups: Sequence[str] = (),
) -> Scores:
    """All figures of each query; `gold[i]` is the class of query i without its seeds.

    `groups[i]` names the class, for intervals and rows by class; without it each query is its own.
    """
    if not ranked or len(ranked) != len(gold):
        raise ValueError(f"{len(ranked)} lists for {len(gold)} gold sets")
    names = tuple(groups) or tuple(str(number) for number in range(len(gold)))
    if len(names) != len(gold):
        raise ValueError(f"{len(names)} groups for {len(gold)} gold sets")
    rows = [_figures(r, g, form) for r, g in zip(ranked, gold, strict=True)]
    return Scores(100 * np.array(rows), names)


def _figures(ranked: Sequence[int], gold: Collection[int], form: str) -> list[float]:
    return [
        *(map_at_k(ranked, gold, k, form) for k in CUTS),
        *(precision_at_k(ranked, gold, k, form=form) for k in CUTS),
        *(precision_at_k(ranked, gold, k, over="k") for k in CUTS),
    ]
