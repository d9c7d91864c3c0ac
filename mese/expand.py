"""Set expansion: window search and re-ranking, section (e) of specs/multiexpan.md.

A query's set grows one entity a step. The candidates of a step are the W best free entities by
A, the sum of the members' standardised log-distributions; the one whose own distribution is
nearest in KL to a hand-tiered target over the set is taken. A second pass re-ranks the picks by
KL to the finished set. The O(V) divergence is evaluated in closed form over the set alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from mese.index import BLOCK_CELLS, EntityIndex
from mese.index_file import MEND, BundleError
from mese.live_rows import LiveRows, Query, check_queries, sum_seeds

MU = 9.0
"""Weight of the search order against the KL order in re-ranking: score = MU/j + 1/κ(j)."""

BLOCKS = 128
"""Columns that the affinities are folded into: a few more than the widest window."""

Tiers = tuple[tuple[int | None, float], ...]

SEARCH_TIERS: Tiers = ((41, 1000.0), (75, 500.0), (None, 300.0))
RERANK_TIERS: Tiers = ((20, 1600.0), (35, 900.0), (70, 600.0), (None, 150.0))
"""Target weights by position in the set, 1-based and inclusive, against a background of 1."""


def window_width(added: int) -> int:
    """How many candidates compete when `added` non-seeds are in the set (1, 3..7, 8..16, 1)."""
    if added < 20 or added >= 100:
        return 1
    return int(1 + (2.5 if added < 50 else 3.125) * added / 20)


def tier_weights(size: int, tiers: Tiers) -> NDArray[np.float64]:
    """Target weights of set positions 1..size, float64 (size,)."""
    weights, start = np.empty(size), 0
    for end, weight in tiers:
        weights[start:end] = weight
        start = end or size
    return weights


def window_search(
    index: EntityIndex,
    queries: Sequence[Sequence[int]],
    size: int = 100,
    exclusive: bool = False,
    rerank: bool = True,
    seed_index: EntityIndex | None = None,
    *,
    window: int | None = None,
    keep_out: Sequence[int] = (),
    rows: Sequence[LiveRows] = (),
) -> list[list[int]]:
    """Expand queries of vocabulary positions; per query up to `size` positions, best first.

    Seeds are left out. Lists are shorter when no free entity is left. With `exclusive` all queries
    expand side by side and an entity goes to the first query that takes it, as in the release;
    otherwise each query has the whole vocabulary to itself. `seed_index` gives the seeds' rows
    when seeds and candidates are represented under different modalities (Table 5). Raises
    ValueError for an empty query, a repeated seed, or a position outside the vocabulary.

    Beyond the release: `window` is W at every step, 1 to `BLOCKS`, in place of its schedule;
    positions in `keep_out` join no set; `rows`, one a query, stand in for seeds' rows of the index
    and bring open seeds, beside which a query may be empty.
    """
    scored = window_search_scored(
        index,
        queries,
        size,
        exclusive,
        rerank,
        seed_index,
        window=window,
        keep_out=keep_out,
        rows=rows,
    )
    return [[position for position, _ in items] for items in scored]


def window_search_scored(
    index: EntityIndex,
    queries: Sequence[Sequence[int]],
    size: int = 100,
    exclusive: bool = False,
    rerank: bool = True,
    seed_index: EntityIndex | None = None,
    *,
    window: int | None = None,
    keep_out: Sequence[int] = (),
    rows: Sequence[LiveRows] = (),
) -> list[list[tuple[int, float]]]:
    """`window_search` with scores: MU/j + 1/κ(j), or MU/j alone where `rerank` is off."""
    checked = check_queries(index, queries, keep_out, rows)
    check_search(size, window)
    rounds = [checked] if exclusive else [[query] for query in checked]
    taken = np.array(sorted(set(keep_out)), dtype=np.intp)
    answers: list[list[tuple[int, float]]] = []
    for group in rounds:
        grown = _expand_round(index, group, size, seed_index or index, window, taken)
        answers += [_rank(index, growth, rerank) for growth in grown]
    return answers


def cosine_search(
    index: EntityIndex,
    queries: Sequence[Sequence[int]],
    size: int = 100,
    seed_index: EntityIndex | None = None,
    *,
    window: int | None = None,
    rerank: bool = True,
    keep_out: Sequence[int] = (),
    rows: Sequence[LiveRows] = (),
) -> list[list[tuple[int, float]]]:
    """One-shot ranking by cosine(z_e, Σ_s z_s), the floor beside the window search.

    Rows z are standardised log-distributions. Returns, per query, up to `size` (position, score)
    pairs, best first, seeds left out; ties go to the lower position. `keep_out` and `rows` are
    those of `window_search`; there is no window and no second pass, so `window` and `rerank` say
    nothing here.
    """
    return one_shot(index, queries, size, keep_out, rows, partial(_cosines, index, seed_index))


def one_shot(
    index: EntityIndex,
    queries: Sequence[Sequence[int]],
    size: int,
    keep_out: Sequence[int],
    rows: Sequence[LiveRows],
    score: Callable[[list[Query]], NDArray[np.float64]],
) -> list[list[tuple[int, float]]]:
    """Rank by scores that are made all at once: `score` gives (n, V) for n checked queries."""
    checked = check_queries(index, queries, keep_out, rows)
    if not checked:
        return []
    out = list(keep_out)
    scored = zip(_finite(score(checked)), checked, strict=True)
    return [best(row, seeds + out, size) for row, (seeds, _) in scored]


def _finite(found: NDArray[np.float64]) -> NDArray[np.float64]:
    """What was found, where it can be ranked; raises `BundleError` where the index cannot be."""
    if not np.isfinite(found).all():
        raise BundleError(f"the index gives scores that are not finite; {MEND}")
    return found


def _cosines(
    index: EntityIndex, seed_index: EntityIndex | None, queries: list[Query]
) -> NDArray[np.float64]:
    """cosine(z_e, Σ_s z_s) of every entity e to each query, float64 (n, V)."""
    centres = np.stack([sum_seeds(seed_index or index, *query) for query in queries])
    centres /= np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-12)
    narrow = np.ascontiguousarray(centres.T, dtype=np.float32)
    scores = np.empty((len(queries), len(index)))
    step = max(1, BLOCK_CELLS // len(index))
    for start in range(0, len(index), step):
        part = slice(start, start + step)
        scores[:, part] = (index.mean_log_prob[part] @ narrow).T
    # z_e · c = (G_e · c − mean_e Σ c) / std_e, and a standardised row has the norm √V (or 0).
    scores -= centres.sum(axis=1, keepdims=True) * index.row_mean
    scores *= index.row_scale / np.sqrt(len(index))
    return scores


def check_search(size: int, window: int | None) -> None:
    """Raises ValueError for a size or a width that no search can have."""
    if size < 1:
        raise ValueError(f"size must be 1 or more, got {size}")
    if window is not None and not 1 <= window <= BLOCKS:
        raise ValueError(f"window must be from 1 to {BLOCKS}, got {window}")


class _Growth:
    """One query's growing set: `members` starts with its `k` seeds.

    `affinity` is A, −∞ where an entity is taken. It is padded to whole columns of `BLOCKS`, so that
    one pass over the columns' maxima tells which few values the best can be among.
    """

    def __init__(
        self,
        index: EntityIndex,
        seed_index: EntityIndex,
        query: Query,
        size: int,
        window: int | None,
    ) -> None:
        seeds, live = query
        self.index, self.window = index, window
        self.k = self._count = len(seeds)
        self._members = np.empty(self.k + size, dtype=np.intp)
        self._members[: self.k] = seeds
        self.stuck = False
        self._padded = np.full(-(-len(index) // BLOCKS) * BLOCKS, -np.inf)
        self._columns = self._padded.reshape(-1, BLOCKS)
        self._row = np.empty(len(index))
        self.affinity = self._padded[: len(index)]
        self.affinity[:] = _finite(sum_seeds(seed_index, seeds, live))

    @property
    def members(self) -> NDArray[np.intp]:
        """The set in the order in which it grew, seeds first: intp (n,)."""
        return self._members[: self._count]

    def take(self, position: int) -> None:
        self.affinity[position] = -np.inf

    def grow(self) -> int | None:
        """The entity that joins the set next, or None when none is free."""
        width = self.window or window_width(self._count - self.k)
        if width == 1:
            pick = int(self.affinity.argmax())
            if self.affinity[pick] == -np.inf:
                return None
        else:
            window = self._window(width)
            if not len(window):
                return None
            pick = int(window[_search_divergence(self.index, self.members, window).argmin()])
        self._members[self._count] = pick
        self._count += 1
        self._add(pick)
        return pick

    def _add(self, position: int) -> None:
        """A += z, but for z's mean: the same for every candidate, it changes no order."""
        scale = self.index.row_scale[position]
        np.multiply(self.index.mean_log_prob[position], scale, out=self._row, dtype=np.float64)
        if not isfinite(self._row.sum()):
            _finite(self._row)
        np.add(self.affinity, self._row, out=self.affinity)

    def _window(self, width: int) -> NDArray[np.intp]:
        """Positions of the `width` largest finite A, best first; ties to the lower position."""
        maxima = self._columns.max(axis=0)
        # `width` columns reach the width-th largest maximum, so as many values do, at the least.
        maxima.partition(BLOCKS - width)
        edge = maxima[BLOCKS - width]
        reach = self._padded >= edge if edge > -np.inf else self._padded > -np.inf
        near = reach.nonzero()[0]
        return near[np.argsort(-self._padded[near], kind="stable")[:width]]


def _expand_round(
    index: EntityIndex,
    queries: list[Query],
    size: int,
    seed_index: EntityIndex,
    window: int | None,
    taken: NDArray[np.intp],
) -> list[_Growth]:
    size = min(size, len(index))
    growing = [_Growth(index, seed_index, query, size, window) for query in queries]
    seeds = sorted({seed for query, _ in queries for seed in query})
    for growth in growing:
        growth.affinity[seeds] = -np.inf
        growth.affinity[taken] = -np.inf
    for _ in range(size):
        for growth in growing:
            pick = None if growth.stuck else growth.grow()
            growth.stuck = pick is None
            if pick is not None:
                for other in growing:
                    other.take(pick)
    return growing


def _top(values: NDArray[np.float64], count: int) -> NDArray[np.intp]:
    """Positions of the `count` largest finite values, best first; ties to the lower position."""
    count = min(count, len(values))
    # Everything that reaches the count-th largest value takes part, so that ties are decided by
    # position and not by how the partition happened to fall.
    edge = np.partition(values, len(values) - count)[len(values) - count]
    near = np.flatnonzero((values >= edge) & (values > -np.inf))
    return near[np.argsort(-values[near], kind="stable")][:count]


@dataclass(frozen=True)
class Target:
    """What a target's weights w over a set of n members add to the closed form, whatever e is."""

    less_weight: NDArray[np.float64]
    """1 − w by member, float64 (n,)."""
    sum_less: float
    entropy: float
    """Σ w ln w."""
    total: float
    """Σ w + V − n: the mass of the target, the members' and the background's."""


@lru_cache(maxsize=512)
def target_of(members: int, vocabulary: int, tiers: Tiers) -> Target:
    """The target over a set of some members; sets of one size have the same."""
    weights = tier_weights(members, tiers)
    entropy = float((weights * np.log(weights)).sum())
    total = float(weights.sum()) + vocabulary - members
    return Target(1 - weights, float((1 - weights).sum()), entropy, total)


def _divergence_but_own(
    index: EntityIndex,
    members: NDArray[np.intp],
    candidates: NDArray[np.intp],
    target: Target,
) -> NDArray[np.float64]:
    """Σ w ln w − Λ_e + Σ (1 − w) ln q_e[member] for each candidate e."""
    logs = index.log_cells(candidates, members)
    terms: NDArray[np.float64] = logs @ target.less_weight
    terms -= index.log_row_sum[candidates] * target.sum_less
    terms += target.entropy
    terms -= index.sum_log_prob[candidates]
    return terms


def _search_divergence(
    index: EntityIndex, members: NDArray[np.intp], candidates: NDArray[np.intp]
) -> NDArray[np.float64]:
    """KL(T_{c,e} ‖ P_e) for each candidate e, where e itself weighs V·P_e[e]."""
    target = target_of(len(members), len(index), SEARCH_TIERS)
    log_own = index.own_log_prob(candidates)
    own = len(index) * np.exp(log_own)
    total = target.total - 1 + own
    terms = _divergence_but_own(index, members, candidates, target)
    # own·ln own + ln q − own·ln q, where own = V·q.
    terms += own * np.log(len(index)) + log_own
    return _finite(terms / total - np.log(total))


def _rerank_divergence(
    index: EntityIndex, members: NDArray[np.intp], candidates: NDArray[np.intp]
) -> NDArray[np.float64]:
    """KL(T_c ‖ P_e) for each pick e, all of which are members of the finished set."""
    target = target_of(len(members), len(index), RERANK_TIERS)
    terms = _divergence_but_own(index, members, candidates, target)
    return _finite(terms / target.total - np.log(target.total))


def _rank(index: EntityIndex, growth: _Growth, rerank: bool) -> list[tuple[int, float]]:
    picks = growth.members[growth.k :]
    return order_picks(
        picks, _rerank_divergence(index, growth.members, picks) if rerank and len(picks) else None
    )


def order_picks(
    picks: NDArray[np.intp], divergence: NDArray[np.float64] | None
) -> list[tuple[int, float]]:
    """Picks in the order of the search with their divergences to the set → the list with scores.

    Without divergences the order of the search is the list's.
    """
    order = np.arange(1, len(picks) + 1)
    scores = MU / order
    if divergence is not None:
        kappa = np.empty(len(picks))
        kappa[np.argsort(divergence, kind="stable")] = order
        scores = scores + 1.0 / kappa
    final = np.lexsort((picks, -scores))
    return [(int(picks[i]), float(scores[i])) for i in final]


def best(scores: NDArray[np.float64], out: list[int], size: int) -> list[tuple[int, float]]:
    """The `size` best (position, score) pairs but for `out`; ties go to the lower position."""
    masked = scores.copy()
    masked[out] = -np.inf
    return [(int(p), float(masked[p])) for p in _top(masked, size)]
