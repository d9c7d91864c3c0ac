"""Window search written straight from specs/multiexpan.md (e), slowly and with nothing shared.

Beyond the release it knows a window of one width, entities that are kept out, seeds' rows given in
place of the index's (`own`, by seed) and rows of open seeds, which join no set.

A_c is a running sum, the vocabulary is sorted whole at every step, and every KL is scipy's over all
V entities. Nothing here comes from `mese.expand`; the two agree or one of them is wrong. Rows are
made when they are asked for, so that it can be run, and timed, at V = 14,489.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import entropy

Matrix = NDArray[np.floating]


def width_at(added: int) -> int:
    """W of the spec's table."""
    if added < 20 or added >= 100:
        return 1
    if added < 50:
        return int(np.floor(1 + 2.5 * added / 20))
    return int(np.floor(1 + 3.125 * added / 20))


def search_weight(position: int) -> float:
    """Weight of the set's member at a 1-based position while the set grows."""
    if position <= 41:
        return 1000.0
    if position <= 75:
        return 500.0
    return 300.0


def rerank_weight(position: int) -> float:
    """Weight of the finished set's member at a 1-based position."""
    if position <= 20:
        return 1600.0
    if position <= 35:
        return 900.0
    if position <= 70:
        return 600.0
    return 150.0


def usable(prob: Matrix) -> Matrix:
    """Rows floored at 1e-12 and normalised again."""
    floored = np.maximum(np.asarray(prob, dtype=np.float64), 1e-12)
    return floored / floored.sum(axis=1, keepdims=True)


def standard_rows(log_prob: Matrix) -> Matrix:
    """z = (G − mean) / std by row; a flat row says nothing and is 0."""
    rows = []
    for row in np.asarray(log_prob, dtype=np.float64):
        spread = np.sqrt(np.mean((row - row.mean()) ** 2))
        rows.append((row - row.mean()) / spread if spread > 0 else np.zeros_like(row))
    return np.array(rows)


class Rows:
    """q and z of one pair of matrices, a row at a time."""

    def __init__(self, prob: Matrix, log_prob: Matrix) -> None:
        self.prob, self.log_prob, self.size = prob, log_prob, len(prob)

    def q(self, entity: int) -> Matrix:
        return usable(self.prob[entity][None])[0]

    def z(self, entity: int) -> Matrix:
        return standard_rows(self.log_prob[entity][None])[0]


def naive_search(
    prob: Matrix,
    log_prob: Matrix,
    queries: Sequence[Sequence[int]],
    size: int,
    exclusive: bool,
    rerank: bool,
    seed_log_prob: Matrix | None = None,
    window: int | None = None,
    keep_out: Sequence[int] = (),
    own: Sequence[Mapping[int, Matrix]] | None = None,
    open_rows: Sequence[Sequence[Matrix]] | None = None,
) -> list[list[int]]:
    """What `mese.expand.window_search` promises."""
    rows = Rows(prob, log_prob)
    seed_rows = rows if seed_log_prob is None else Rows(prob, seed_log_prob)
    sums = []
    for number, query in enumerate(queries):
        given = own[number] if own else {}
        parts = [standard_rows(given[s][None])[0] if s in given else seed_rows.z(s) for s in query]
        parts += [standard_rows(row[None])[0] for row in (open_rows[number] if open_rows else ())]
        sums.append(np.sum(parts, axis=0))
    numbers = list(range(len(queries)))
    lists: list[list[int]] = []
    for group in [numbers] if exclusive else [[number] for number in numbers]:
        chosen = [queries[n] for n in group]
        lists += _round(rows, [sums[n] for n in group], chosen, size, rerank, window, keep_out)
    return lists


def _round(
    rows: Rows,
    affinities: list[Matrix],
    group: list[Sequence[int]],
    size: int,
    rerank: bool,
    window: int | None,
    keep_out: Sequence[int],
) -> list[list[int]]:
    free = np.ones(rows.size, dtype=bool)
    for seed in (seed for query in group for seed in query):
        free[seed] = False
    for entity in keep_out:
        free[entity] = False
    sets = [list(query) for query in group]
    for _ in range(size):
        for c, query in enumerate(group):
            if not free.any():
                continue
            width = window if window is not None else width_at(len(sets[c]) - len(query))
            chosen = _choose(rows, sets[c], affinities[c], free, width)
            sets[c].append(chosen)
            free[chosen] = False
            affinities[c] = affinities[c] + rows.z(chosen)
    finish = _reranked if rerank else (lambda rows, members, k: members[k:])
    return [finish(rows, members, len(query)) for query, members in zip(group, sets, strict=True)]


def _choose(
    rows: Rows, members: list[int], affinity: Matrix, free: NDArray[np.bool_], width: int
) -> int:
    by_affinity = np.argsort(-affinity, kind="stable")
    window = [int(e) for e in by_affinity[free[by_affinity]][:width]]
    if width == 1:
        return window[0]
    best, best_divergence = window[0], np.inf
    for candidate in window:
        q = rows.q(candidate)
        target = np.ones(rows.size)
        target[candidate] = rows.size * q[candidate]
        for position, member in enumerate(members, start=1):
            target[member] = search_weight(position)
        divergence = entropy(target, q)
        if divergence < best_divergence:
            best, best_divergence = candidate, divergence
    return best


def _reranked(rows: Rows, members: list[int], k: int) -> list[int]:
    picks = members[k:]
    target = np.ones(rows.size)
    for position, member in enumerate(members, start=1):
        target[member] = rerank_weight(position)
    divergence = [entropy(target, rows.q(pick)) for pick in picks]
    ascending = sorted(range(len(picks)), key=lambda i: divergence[i])
    score = {picks[i]: 9 / (i + 1) + 1 / (ascending.index(i) + 1) for i in range(len(picks))}
    return sorted(picks, key=lambda pick: (-score[pick], pick))
