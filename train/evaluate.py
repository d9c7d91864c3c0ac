"""MAP@K and P@K of an index on a corpus's queries, with the diagnostics beside them.

Metrics are those of `mese.metrics` (design.md, "Metrics"): gold without seeds, the mean over the
classes' queries. Own-entity probability and the entropy of the rest tell a model that has learnt
its contexts by heart (near 1, and low or flat) from one that knows what is alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from mese.corpus import Corpus, Query
from mese.engine import EXPANDED
from mese.expand import window_search
from mese.index import EntityIndex
from mese.methods import METHODS, Method, answerable
from mese.metrics import CUTS, Scores, score_queries
from train.floors import picture_vectors, rank_by_cosine, tfidf_vectors


@dataclass(frozen=True)
class QuerySet:
    """Queries as vocabulary positions with their gold sets, seeds left out of both."""

    seeds: tuple[tuple[int, ...], ...]
    gold: tuple[frozenset[int], ...]
    left_out: int
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.seeds)


@dataclass(frozen=True)
class Row:
    """A line of the table: what ranked, with how many seeds, and what came out.

    `left_out` counts queries with a seed outside the vocabulary or nothing but seeds to find;
    `exclusive` says whether the classes' queries took entities from one another.
    """

    method: str
    representation: str
    seeds: int
    scores: Scores
    left_out: int = 0
    exclusive: bool = False

    def as_dict(self) -> dict[str, Any]:
        s, interval = self.scores, self.scores.interval()
        return {
            "method": self.method,
            "exclusive": self.exclusive,
            "representation": self.representation,
            "seeds": self.seeds,
            "queries": s.queries,
            "queries_left_out": self.left_out,
            **{f"MAP@{k}": round(s.map[k], 2) for k in CUTS},
            **{f"P@{k}": round(s.precision[k], 2) for k in CUTS},
            "Avg": round(s.average, 2),
            "Avg low": round(interval.low, 2),
            "Avg high": round(interval.high, 2),
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
    chosen, gold, names, left_out = [], [], [], 0
    for query in _of_classes(corpus, classes, seeds):
        rest = corpus.members[query.class_name] - set(query.seeds)
        if not rest or any(seed not in position_of for seed in query.seeds):
            left_out += 1
            continue
        chosen.append(tuple(position_of[seed] for seed in query.seeds))
        # Members that the vocabulary lacks get numbers that no list can hold.
        gold.append(frozenset(position_of.get(e, -1 - e) for e in rest))
        names.append(query.class_name)
    return QuerySet(tuple(chosen), tuple(gold), left_out, tuple(names))


def _of_classes(corpus: Corpus, classes: Sequence[str], seeds: int) -> list[Query]:
    wanted = set(classes)
    return [q for q in corpus.queries if q.class_name in wanted and len(q.seeds) == seeds]


def score_index(
    index: EntityIndex,
    queries: QuerySet,
    method: str = "window",
    exclusive: bool = False,
    seed_index: EntityIndex | None = None,
    methods: Mapping[str, Method] = METHODS,
) -> Scores:
    """Scores of one way to rank by an index, one of `methods`.

    With `exclusive` the classes' first queries expand side by side, then their second ones, and so
    on, as in the release (window search alone knows it).
    """
    if exclusive:
        return _score_exclusively(index, queries, seed_index)
    found = methods[method](index, queries.seeds, EXPANDED, seed_index=seed_index)
    return _scored([[p for p, _ in items] for items in found], queries)


def _score_exclusively(
    index: EntityIndex, queries: QuerySet, seed_index: EntityIndex | None
) -> Scores:
    lists: list[list[int]] = [[] for _ in queries.seeds]
    for numbers in _rounds(queries.classes):
        seeds = [queries.seeds[n] for n in numbers]
        found = window_search(index, seeds, EXPANDED, exclusive=True, seed_index=seed_index)
        for n, items in zip(numbers, found, strict=True):
            lists[n] = items
    return _scored(lists, queries)


def _rounds(classes: Sequence[str]) -> list[list[int]]:
    """Query numbers by round: each class's first, each class's second, …"""
    seen: Counter[str] = Counter()
    rounds: list[list[int]] = []
    for number, name in enumerate(classes):
        if seen[name] == len(rounds):
            rounds.append([])
        rounds[seen[name]].append(number)
        seen[name] += 1
    return rounds


def shortest_list(vocabulary: int, queries: int) -> int | None:
    """Where the shortest of `queries` lists that share a vocabulary may end, if it ends early."""
    if vocabulary >= queries * EXPANDED:
        return None
    return max(0, vocabulary // max(queries, 1))


def _scored(lists: Sequence[Sequence[int]], queries: QuerySet) -> Scores:
    return score_queries(lists, queries.gold, groups=queries.classes)


def sharpness(index: EntityIndex) -> Sharpness:
    """See `Sharpness`; one pass over the matrix, a row at a time."""
    own, entropy = np.empty(len(index)), np.empty(len(index))
    for row in range(len(index)):
        rest = index.probabilities(row)
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


SWITCHES = (
    ("text+image", "text+image"),
    ("text", "text+image"),
    ("image", "text+image"),
    ("text+image", "text"),
    ("text+image", "image"),
    ("text", "text"),
    ("image", "image"),
)
"""How seeds and candidates are represented in the rows of Table 5's inference part."""


def table(
    corpus: Corpus,
    vocabulary: Sequence[int],
    classes: Sequence[str],
    indexes: dict[str, EntityIndex],
    floors: bool = True,
    exclusive: bool = False,
    methods: Mapping[str, Method] = METHODS,
) -> list[Row]:
    """All rows: each modality by each of `methods` it can answer with, then the floors.

    First for 3 seeds, then for 5.
    """
    rankers = floor_rankers(corpus, vocabulary) if floors else {}
    rows: list[Row] = []
    for queries, count in _query_sets(corpus, vocabulary, classes):
        for modality, index in indexes.items():
            for method in answerable(index, methods):
                alone = exclusive and method == "window"
                scores = score_index(index, queries, method, alone, methods=methods)
                rows.append(Row(method, modality, count, scores, queries.left_out, alone))
        for name, rank in rankers.items():
            scores = _scored([rank(seeds) for seeds in queries.seeds], queries)
            rows.append(Row("floor", name, count, scores, queries.left_out))
    return rows


def switch_rows(
    corpus: Corpus,
    vocabulary: Sequence[int],
    classes: Sequence[str],
    indexes: dict[str, EntityIndex],
    method: str = "window",
    exclusive: bool = False,
    methods: Mapping[str, Method] = METHODS,
) -> list[Row]:
    """Table 5's inference part: seeds, or candidates, without text or without image.

    Rows whose representation the bundle lacks, or cannot rank by, are left out.
    """
    rows: list[Row] = []
    usable = {name for name, index in indexes.items() if method in answerable(index, methods)}
    for queries, count in _query_sets(corpus, vocabulary, classes):
        for seeds, candidates in SWITCHES:
            if {seeds, candidates} <= usable:
                scores = score_index(
                    indexes[candidates], queries, method, exclusive, indexes[seeds], methods
                )
                name = f"{seeds} → {candidates}"
                rows.append(Row(method, name, count, scores, queries.left_out, exclusive))
    return rows


def _query_sets(
    corpus: Corpus, vocabulary: Sequence[int], classes: Sequence[str]
) -> Iterator[tuple[QuerySet, int]]:
    """The queries of 3, of 5 (and of any other number of) seeds that there are."""
    for count in sorted({len(q.seeds) for q in corpus.queries}):
        queries = query_set(corpus, vocabulary, classes, count)
        if len(queries):
            yield queries, count
