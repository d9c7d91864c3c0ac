"""Window search written straight from specs/multiexpan.md (e), slowly and with nothing shared.

A_c is summed anew at every step, the vocabulary is sorted whole, and every KL is scipy's over all
V entities. Nothing here comes from `mese.expand`; the two agree or one of them is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence

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
    return np.array(rows).astype(np.float32).astype(np.float64)


def naive_search(
    prob: Matrix,
    log_prob: Matrix,
    queries: Sequence[Sequence[int]],
    size: int,
    exclusive: bool,
    rerank: bool,
    seed_log_prob: Matrix | None = None,
) -> list[list[int]]:
    """What `mese.expand.window_search` promises."""
    q, z = usable(prob), standard_rows(log_prob)
    seed_z = z if seed_log_prob is None else standard_rows(seed_log_prob)
    groups = [list(queries)] if exclusive else [[query] for query in queries]
    lists: list[list[int]] = []
    for group in groups:
        lists += _round(q, z, seed_z, group, size, rerank)
    return lists


def _round(
    q: Matrix, z: Matrix, seed_z: Matrix, group: list[Sequence[int]], size: int, rerank: bool
) -> list[list[int]]:
    free = set(range(len(q))) - {seed for query in group for seed in query}
    sets = [list(query) for query in group]
    for _ in range(size):
        for query, members in zip(group, sets, strict=True):
            if not free:
                continue
            picks = members[len(query) :]
            affinity = seed_z[list(query)].sum(axis=0)
            for pick in picks:
                affinity = affinity + z[pick]
            chosen = _choose(q, members, affinity, free, width_at(len(picks)))
            members.append(chosen)
            free.remove(chosen)
    finish = _reranked if rerank else (lambda q, members, k: members[k:])
    return [finish(q, members, len(query)) for query, members in zip(group, sets, strict=True)]


def _choose(q: Matrix, members: list[int], affinity: Matrix, free: set[int], width: int) -> int:
    by_affinity = np.argsort(-affinity, kind="stable")
    window = [int(e) for e in by_affinity if int(e) in free][:width]
    best, best_divergence = window[0], np.inf
    for candidate in window:
        target = np.ones(len(q))
        target[candidate] = len(q) * q[candidate, candidate]
        for position, member in enumerate(members, start=1):
            target[member] = search_weight(position)
        divergence = entropy(target, q[candidate])
        if divergence < best_divergence and len(window) > 1:
            best, best_divergence = candidate, divergence
    return best


def _reranked(q: Matrix, members: list[int], k: int) -> list[int]:
    picks = members[k:]
    target = np.ones(len(q))
    for position, member in enumerate(members, start=1):
        target[member] = rerank_weight(position)
    divergence = [entropy(target, q[pick]) for pick in picks]
    ascending = sorted(range(len(picks)), key=lambda i: divergence[i])
    score = {picks[i]: 9 / (i + 1) + 1 / (ascending.index(i) + 1) for i in range(len(picks))}
    return sorted(picks, key=lambda pick: (-score[pick], pick))
