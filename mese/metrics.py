"""MAP@K and P@K as the paper's Table 3 reports them (section (f) of specs/multiexpan.md).

For a ranked list R and gold set G (without the seeds), D = min(|G|, K) and
AP@K = (1/D) Σ_{j ≤ K} hit_j · hits_{≤j} / j,  P@K = hits_{≤K} / D.
hits/K is a column of its own and never enters the average of the eight.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

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


@dataclass(frozen=True)
class Scores:
    """The eight metrics of one table row, in per cent, with the queries they stand on."""

    map: dict[int, float]
    precision: dict[int, float]
    hits_over_k: dict[int, float]
    queries: int

    @property
    def average(self) -> float:
        """Mean of the eight (the paper's Avg)."""
        return float(np.mean([*self.map.values(), *self.precision.values()]))


def score_queries(
    ranked: Sequence[Sequence[int]], gold: Sequence[Collection[int]], form: str = "fixed"
) -> Scores:
    """Mean metrics over queries; `gold[i]` is the class of query i without its seeds."""
    if not ranked or len(ranked) != len(gold):
        raise ValueError(f"{len(ranked)} lists for {len(gold)} gold sets")
    pairs = list(zip(ranked, gold, strict=True))
    return Scores(
        {k: 100 * float(np.mean([map_at_k(r, g, k, form) for r, g in pairs])) for k in CUTS},
        {
            k: 100 * float(np.mean([precision_at_k(r, g, k, form=form) for r, g in pairs]))
            for k in CUTS
        },
        {
            k: 100 * float(np.mean([precision_at_k(r, g, k, over="k") for r, g in pairs]))
            for k in CUTS
        },
        len(pairs),
    )
