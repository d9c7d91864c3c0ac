"""Set expansion: window search and re-ranking, section (e) of specs/multiexpan.md.

A query's set grows one entity a step. The candidates of a step are the W best free entities by
A, the sum of the members' standardised log-distributions; the one whose own distribution is
nearest in KL to a hand-tiered target over the set is taken. A second pass re-ranks the picks by
KL to the finished set. The O(V) divergence is evaluated in closed form over the set alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mese.index import EntityIndex

MU = 9.0
"""Weight of the search order against the KL order in re-ranking: score = MU/j + 1/κ(j)."""

SEARCH_TIERS = ((41, 1000.0), (75, 500.0), (None, 300.0))
RERANK_TIERS = ((20, 1600.0), (35, 900.0), (70, 600.0), (None, 150.0))
"""Target weights by position in the set, 1-based and inclusive, against a background of 1."""


def window_width(added: int) -> int:
    """How many candidates compete when `added` non-seeds are in the set (1, 3..7, 8..16, 1)."""
    if added < 20 or added >= 100:
        return 1
    return int(1 + (2.5 if added < 50 else 3.125) * added / 20)


def tier_weights(size: int, tiers: tuple[tuple[int | None, float], ...]) -> NDArray[np.float64]:
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
) -> list[list[int]]:
    """Expand queries of vocabulary positions; per query up to `size` positions, best first.

    Seeds are left out. Lists are shorter when no free entity is left. With `exclusive` all queries
    expand side by side and an entity goes to the first query that takes it, as in the release;
    otherwise each query has the whole vocabulary to itself. `seed_index` gives the seeds' rows
    when seeds and candidates are represented under different modalities (Table 5). Raises
    ValueError for an empty query, a repeated seed, or a position outside the vocabulary.
    """
    scored = window_search_scored(index, queries, size, exclusive, rerank, seed_index)
    return [[position for position, _ in items] for items in scored]


def window_search_scored(
    index: EntityIndex,
    queries: Sequence[Sequence[int]],
    size: int = 100,
    exclusive: bool = False,
    rerank: bool = True,
    seed_index: EntityIndex | None = None,
) -> list[list[tuple[int, float]]]:
    """`window_search` with scores: MU/j + 1/κ(j), or MU/j alone where `rerank` is off."""
    checked = [check_query(query, len(index)) for query in queries]
    if size < 1:
        raise ValueError(f"size must be 1 or more, got {size}")
    rounds = [checked] if exclusive else [[query] for query in checked]
    answers: list[list[tuple[int, float]]] = []
    for group in rounds:
        grown = _expand_round(index, group, size, seed_index or index)
        answers += [_rank(index, state, rerank) for state in grown]
    return answers


def cosine_search(
    index: EntityIndex,
    queries: Sequence[Sequence[int]],
    size: int = 100,
    seed_index: EntityIndex | None = None,
) -> list[list[tuple[int, float]]]:
    """One-shot ranking by cosine(z_e, Σ_s z_s), the floor beside the window search.

    Rows z are standardised log-distributions. Returns, per query, up to `size` (position, score)
    pairs, best first, seeds left out; ties go to the lower position.
    """
    checked = [check_query(query, len(index)) for query in queries]
    if not checked:
        return []
    source = seed_index or index
    centres = np.stack([sum_rows(source, query) for query in checked])
    centres /= np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-12)
    # Standardised rows all have norm √V (or 0), so a dot product is a cosine up to a constant.
    scores = np.empty((len(checked), len(index)))
    for position in range(len(index)):
        scores[:, position] = centres @ index.standardised(position)
    scores /= np.sqrt(len(index))
    return [_best(row, query, size) for row, query in zip(scores, checked, strict=True)]


def check_query(query: Sequence[int], size: int) -> list[int]:
    """The query as a fresh list; raises ValueError as `window_search` says."""
    seeds = [int(seed) for seed in query]
    if not seeds:
        raise ValueError("a query needs at least one seed")
    if len(set(seeds)) != len(seeds):
        raise ValueError(f"a seed stands twice in the query {seeds}")
    outside = [seed for seed in seeds if not 0 <= seed < size]
    if outside:
        raise ValueError(f"positions {outside} lie outside the vocabulary of {size} entities")
    return seeds


def sum_rows(index: EntityIndex, positions: Sequence[int]) -> NDArray[np.float64]:
    """A = Σ z over positions, float64 (V,)."""
    total = np.zeros(len(index))
    for position in positions:
        total += index.standardised(position)
    return total


@dataclass
class _State:
    """One query's growing set: `members` starts with its `k` seeds; `affinity` is A."""

    members: list[int]
    k: int
    affinity: NDArray[np.float64]
    stuck: bool = field(default=False)


def _expand_round(
    index: EntityIndex, queries: list[list[int]], size: int, seed_index: EntityIndex
) -> list[_State]:
    taken = np.zeros(len(index), dtype=bool)
    for query in queries:
        taken[query] = True
    states = [_State(list(query), len(query), sum_rows(seed_index, query)) for query in queries]
    for _ in range(min(size, len(index))):
        for state in states:
            _grow(index, state, taken)
    return states


def _grow(index: EntityIndex, state: _State, taken: NDArray[np.bool_]) -> None:
    """Take one entity into the set, or mark the query stuck when none is free."""
    if state.stuck:
        return
    open_affinity = np.where(taken, -np.inf, state.affinity)
    width = window_width(len(state.members) - state.k)
    window = _top(open_affinity, width)
    if not len(window):
        state.stuck = True
        return
    pick = int(window[0])
    if len(window) > 1:
        pick = int(window[np.argmin(_search_divergence(index, state.members, window))])
    state.members.append(pick)
    taken[pick] = True
    state.affinity += index.standardised(pick)


def _top(values: NDArray[np.float64], count: int) -> NDArray[np.intp]:
    """Positions of the `count` largest finite values, best first; ties to the lower position."""
    if count == 1:
        best = int(np.argmax(values))
        return np.array([best] if values[best] > -np.inf else [], dtype=np.intp)
    count = min(count, len(values))
    # Everything that reaches the count-th largest value takes part, so that ties are decided by
    # position and not by how the partition happened to fall.
    edge = np.partition(values, len(values) - count)[len(values) - count]
    near = np.flatnonzero((values >= edge) & (values > -np.inf))
    return near[np.argsort(-values[near], kind="stable")][:count]


def _search_divergence(
    index: EntityIndex, members: list[int], candidates: NDArray[np.intp]
) -> NDArray[np.float64]:
    """KL(T_{c,e} ‖ P_e) for each candidate e, where e itself weighs V·P_e[e]."""
    weights = tier_weights(len(members), SEARCH_TIERS)
    log_set = index.log_prob_at(candidates, np.asarray(members))
    log_own = index.own_log_prob(candidates)
    own = len(index) * np.exp(log_own)
    total = weights.sum() + own + (len(index) - len(members) - 1)
    entropy = (weights * np.log(weights)).sum() + own * np.log(own)
    rest = index.sum_log_prob[candidates] - log_set.sum(axis=1) - log_own
    cross = log_set @ weights + own * log_own
    divergence: NDArray[np.float64] = (entropy - rest - cross) / total - np.log(total)
    return divergence


def _rerank_divergence(
    index: EntityIndex, members: list[int], candidates: NDArray[np.intp]
) -> NDArray[np.float64]:
    """KL(T_c ‖ P_e) for each pick e, all of which are members of the finished set."""
    weights = tier_weights(len(members), RERANK_TIERS)
    log_set = index.log_prob_at(candidates, np.asarray(members))
    total = weights.sum() + (len(index) - len(members))
    entropy = (weights * np.log(weights)).sum()
    rest = index.sum_log_prob[candidates] - log_set.sum(axis=1)
    divergence: NDArray[np.float64] = (entropy - rest - log_set @ weights) / total - np.log(total)
    return divergence


def _rank(index: EntityIndex, state: _State, rerank: bool) -> list[tuple[int, float]]:
    picks = np.asarray(state.members[state.k :], dtype=np.intp)
    if not len(picks):
        return []
    order = np.arange(1, len(picks) + 1)
    scores = MU / order
    if rerank:
        divergence = _rerank_divergence(index, state.members, picks)
        kappa = np.empty(len(picks))
        kappa[np.argsort(divergence, kind="stable")] = order
        scores = scores + 1.0 / kappa
    final = np.lexsort((picks, -scores))
    return [(int(picks[i]), float(scores[i])) for i in final]


def _best(scores: NDArray[np.float64], seeds: list[int], size: int) -> list[tuple[int, float]]:
    masked = scores.copy()
    masked[seeds] = -np.inf
    return [(int(p), float(masked[p])) for p in _top(masked, size)]
