"""MAP@K and P@K of an index on a corpus's queries, with the diagnostics beside them.

Metrics are those of `mese.metrics` (design.md, "Metrics"): gold without seeds, the mean over the
classes' queries. Own-entity probability and the entropy of the rest tell a model that has learnt
its contexts by heart (near 1, and low or flat) from one that knows what is alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from mese.corpus import Corpus, Query
from mese.engine import EXPANDED, METHODS
from mese.index import EntityIndex
from mese.metrics import CUTS, Scores, score_queries
from train.floors import picture_vectors, rank_by_cosine, tfidf_vectors


@dataclass(frozen=True)
class QuerySet:
    """Queries as vocabulary positions with their gold sets, seeds left out of both."""

    seeds: tuple[tuple[int, ...], ...]
    gold: tuple[frozenset[int], ...]
    left_out: int

    def __len__(self) -> int:
        return len(self.seeds)


@dataclass(frozen=True)
class Row:
    """A line of the table: what ranked, with how many seeds, and what came out.

    `left_out` counts queries with a seed outside the vocabulary or nothing but seeds to find.
    """

    method: str
    representation: str
    seeds: int
    scores: Scores
    left_out: int = 0

    def as_dict(self) -> dict[str, Any]:
        s = self.scores
        return {
            "method": self.method,
            "representation": self.representation,
            "seeds": self.seeds,
            "queries": s.queries,
            "queries_left_out": self.left_out,
            **{f"MAP@{k}": round(s.map[k], 2) for k in CUTS},
            **{f"P@{k}": round(s.precision[k], 2) for k in CUTS},
            "Avg": round(s.average, 2),
            **{f"P@{k} (hits/K)": round(s.hits_over_k[k], 2) for k in CUTS},
        }


@dataclass(frozen=True)
class Sharpness:
    """Mean own-entity probability, and mean entropy (nats) of the rest, over V entities."""

    own: float
    entropy: float


def query_set(
    corpus: Corpus, vocabulary: Sequence[int], classes: Sequence[str], seeds: int
) -> QuerySet:
    """Queries with `seeds` seeds of some classes.

    A query is left out, and counted, when a seed is not in the vocabulary or nothing but its seeds
    is gold. Gold members outside the vocabulary stay gold: they cannot be found, and that counts.
    """
    position_of = {entity: position for position, entity in enumerate(vocabulary)}
    chosen, gold, left_out = [], [], 0
    for query in _of_classes(corpus, classes, seeds):
        rest = corpus.members[query.class_name] - set(query.seeds)
        if not rest or any(seed not in position_of for seed in query.seeds):
            left_out += 1
            continue
        chosen.append(tuple(position_of[seed] for seed in query.seeds))
        # Members that the vocabulary lacks get numbers that no list can hold.
        gold.append(frozenset(position_of.get(e, -1 - e) for e in rest))
    return QuerySet(tuple(chosen), tuple(gold), left_out)


def _of_classes(corpus: Corpus, classes: Sequence[str], seeds: int) -> list[Query]:
    wanted = set(classes)
    return [q for q in corpus.queries if q.class_name in wanted and len(q.seeds) == seeds]


def score_index(index: EntityIndex, queries: QuerySet, method: str = "window") -> Scores:
    """Scores of one way to rank by an index, one of `mese.engine.METHODS`."""
    found = METHODS[method](index, queries.seeds, EXPANDED)
    return score_queries([[position for position, _ in items] for items in found], queries.gold)


def sharpness(index: EntityIndex) -> Sharpness:
    """See `Sharpness`; one pass over the matrix, a row at a time."""
    own, entropy = np.empty(len(index)), np.empty(len(index))
    for row in range(len(index)):
        rest = np.asarray(index.mean_prob[row], dtype=np.float64)
        own[row] = rest[row]
        rest[row] = 0
        rest /= max(rest.sum(), 1e-30)
        entropy[row] = -np.sum(rest * np.log(np.maximum(rest, 1e-30)))
    return Sharpness(float(own.mean()), float(entropy.mean()))


def floor_rankers(
    corpus: Corpus, vocabulary: Sequence[int]
) -> dict[str, Callable[[Sequence[int]], list[int]]]:
    """The two floors by name, each a function from seeds to a list."""
    made = {"TF-IDF": tfidf_vectors, "pictures": picture_vectors}
    return {name: partial(_rank, vectors(corpus, vocabulary)) for name, vectors in made.items()}


def _rank(vectors: Any, seeds: Sequence[int]) -> list[int]:
    return rank_by_cosine(vectors, seeds, EXPANDED)


def table(
    corpus: Corpus,
    vocabulary: Sequence[int],
    classes: Sequence[str],
    indexes: dict[str, EntityIndex],
    floors: bool = True,
) -> list[Row]:
    """All rows: each modality by window search and by cosine, then the floors; 3 and 5 seeds."""
    rankers = floor_rankers(corpus, vocabulary) if floors else {}
    rows: list[Row] = []
    for count in sorted({len(q.seeds) for q in corpus.queries}):
        queries = query_set(corpus, vocabulary, classes, count)
        if not len(queries):
            continue
        for modality, index in indexes.items():
            rows += [
                Row(method, modality, count, score_index(index, queries, method), queries.left_out)
                for method in METHODS
            ]
        for name, rank in rankers.items():
            lists = [rank(seeds) for seeds in queries.seeds]
            scores = score_queries(lists, queries.gold)
            rows.append(Row("floor", name, count, scores, queries.left_out))
    return rows
