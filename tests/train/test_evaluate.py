"""Queries as positions with their gold, and the rows of a table by the metrics' own functions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mese.corpus import Corpus, Query
from mese.engine import METHODS
from mese.expand import cosine_search, window_search
from mese.index import EntityIndex
from mese.metrics import CUTS, map_at_k, precision_at_k, score_queries
from mese.states import state_search
from mese.torch_expand import window_search_batched
from tests.mese.test_expand import distributions
from train.evaluate import query_set, score_index, sharpness, shortest_list, switch_rows, table
from train.package import dev_method


def test_queries_become_positions_and_gold_leaves_the_seeds_out(corpus: Corpus) -> None:
    vocabulary = tuple(range(19, -1, -1))  # position = 19 − id
    found = query_set(corpus, vocabulary, ["Rivers"], 3)
    assert found.seeds == ((14, 13, 12), (13, 12, 11))
    assert found.gold == (frozenset({11, 10}), frozenset({14, 10}))
    assert found.left_out == 0
    assert len(found) == 2


def test_members_outside_the_vocabulary_stay_gold_and_cannot_be_found(corpus: Corpus) -> None:
    vocabulary = tuple(e for e in range(20) if e != 9)
    found = query_set(corpus, vocabulary, ["Rivers"], 3)
    assert [len(gold) for gold in found.gold] == [2, 2]
    assert all(min(gold) < 0 for gold in found.gold)
    assert max(max(gold) for gold in found.gold) < 19


def test_queries_that_cannot_be_asked_are_left_out_and_counted(corpus: Corpus) -> None:
    odd = replace(
        corpus,
        queries=(
            *corpus.queries,
            Query("Cats", 2, (10, 11, 20)),  # 20 is not in the vocabulary
            Query("Cats", 0, (10, 11, 12, 13, 14)),  # nothing is left to find
        ),
    )
    assert query_set(odd, corpus.vocabulary(), ["Cats"], 3).left_out == 1
    assert len(query_set(odd, corpus.vocabulary(), ["Cats"], 3)) == 2
    five = query_set(odd, corpus.vocabulary(), ["Cats"], 5)
    assert (len(five), five.left_out) == (0, 1)
    assert len(query_set(odd, corpus.vocabulary(), [], 3)) == 0


@pytest.fixture(scope="module")
def index() -> EntityIndex:
    return EntityIndex.from_distributions(*distributions(20, 3, "clustered"))


@pytest.mark.parametrize("method", ["window", "cosine"])
def test_scores_are_the_means_of_the_metrics(
    corpus: Corpus, index: EntityIndex, method: str
) -> None:
    queries = query_set(corpus, corpus.vocabulary(), ["Cats", "Songs"], 3)
    if method == "window":
        lists = window_search(index, queries.seeds, 102)
    else:
        lists = [[p for p, _ in row] for row in cosine_search(index, queries.seeds, 102)]
    scores = score_index(index, queries, method)
    assert scores.queries == 4
    for k in CUTS:
        pairs = list(zip(lists, queries.gold, strict=True))
        wanted = 100 * np.mean([map_at_k(row, gold, k) for row, gold in pairs])
        assert scores.map[k] == pytest.approx(wanted)
        wanted = 100 * np.mean([precision_at_k(row, gold, k) for row, gold in pairs])
        assert scores.precision[k] == pytest.approx(wanted)


def test_sharpness_tells_own_probability_and_the_rests_entropy(index: EntityIndex) -> None:
    own, entropy = [], []
    for e, row in enumerate(np.asarray(index.mean_prob, dtype=np.float64)):
        rest = np.delete(row, e)
        rest /= rest.sum()
        own.append(row[e])
        entropy.append(-(rest * np.log(rest)).sum())
    found = sharpness(index)
    assert found.own == pytest.approx(np.mean(own))
    assert found.entropy == pytest.approx(np.mean(entropy))


def test_sharpness_of_a_certain_model_is_finite() -> None:
    certain = np.eye(4, dtype=np.float32)
    log_prob = np.log(np.maximum(certain, 1e-30)).astype(np.float32)
    found = sharpness(EntityIndex.from_distributions(certain, log_prob))
    assert (found.own, found.entropy) == (1.0, 0.0)


def test_a_table_has_every_modality_by_every_method_and_both_floors(
    corpus: Corpus, index: EntityIndex
) -> None:
    indexes = {"text+image": index, "text": index}
    rows = table(corpus, corpus.vocabulary(), ["Cats", "Songs"], indexes)
    assert [(r.method, r.representation, r.seeds) for r in rows] == [
        ("window", "text+image", 3),
        ("cosine", "text+image", 3),
        ("neighbours", "text+image", 3),
        ("window", "text", 3),
        ("cosine", "text", 3),
        ("neighbours", "text", 3),
        ("floor", "TF-IDF", 3),
        ("floor", "pictures", 3),
    ]
    assert rows[6].scores.average == rows[7].scores.average == 100.0
    said = rows[0].as_dict()
    assert said["Avg"] == round(rows[0].scores.average, 2)
    assert said["P@10 (hits/K)"] <= said["P@10"]
    assert len(table(corpus, corpus.vocabulary(), ["Cats"], indexes, floors=False)) == 6
    assert table(corpus, corpus.vocabulary(), [], indexes) == []


def test_mask_states_rank_where_an_index_has_them(corpus: Corpus, index: EntityIndex) -> None:
    rng = np.random.default_rng(4)
    told = replace(index, mean_state=rng.normal(0, 1, (20, 5)).astype(np.float32))
    classes, indexes = ["Cats", "Songs"], {"text+image": told, "text": index, "image": told}
    rows = table(corpus, corpus.vocabulary(), classes, indexes, floors=False)
    found = [row for row in rows if row.method == "states"]
    assert [row.representation for row in found] == ["text+image", "image"]
    queries = query_set(corpus, corpus.vocabulary(), classes, 3)
    lists = [[p for p, _ in row] for row in state_search(told, queries.seeds, 102)]
    wanted = score_queries(lists, queries.gold)
    np.testing.assert_array_equal(found[0].scores.values, wanted.values)
    switched = switch_rows(corpus, corpus.vocabulary(), classes, indexes, "states")
    assert [row.representation for row in switched] == [
        "text+image → text+image",
        "image → text+image",
        "text+image → image",
        "image → image",
    ]


def test_the_dev_classes_choose_among_the_methods_that_an_index_can_answer(
    corpus: Corpus, index: EntityIndex
) -> None:
    """States that tell the classes apart, beside distributions that say nothing."""
    vocabulary, classes = corpus.vocabulary(), ["Cats", "Songs"]
    flat = EntityIndex.from_distributions(*[np.full((20, 20), v, np.float32) for v in (0.05, -3)])
    states = np.random.default_rng(1).normal(0, 0.01, (20, 4)).astype(np.float32)
    for axis, name in enumerate(corpus.members):
        states[[vocabulary.index(entity) for entity in corpus.members[name]], axis % 4] += 1
    told = replace(flat, mean_state=states)
    assert dev_method(corpus, vocabulary, classes, {"text": told}) == "states"
    assert dev_method(corpus, vocabulary, classes, {"text": flat}) == "window"
    assert dev_method(corpus, vocabulary, [], {"text": told}) == "window"


def test_exclusive_rounds_are_those_of_the_release(corpus: Corpus, index: EntityIndex) -> None:
    """Each class's first query side by side, then each class's second."""
    queries = query_set(corpus, corpus.vocabulary(), ["Cats", "Songs"], 3)
    names = queries.classes
    assert [names.count(name) for name in dict.fromkeys(names)] == [2, 2]
    lists: dict[int, list[int]] = {}
    for turn in (0, 1):
        numbers = [
            [n for n, c in enumerate(names) if c == name][turn] for name in ("Cats", "Songs")
        ]
        found = window_search(index, [queries.seeds[n] for n in numbers], 102, exclusive=True)
        lists |= dict(zip(numbers, found, strict=True))
        assert not set(found[0]) & set(found[1])
    wanted = score_queries([lists[n] for n in range(4)], queries.gold)
    scores = score_index(index, queries, "window", exclusive=True)
    np.testing.assert_allclose(scores.values, wanted.values)
    assert not np.allclose(scores.values, score_index(index, queries, "window").values)


def test_switches_give_the_seeds_another_representation(corpus: Corpus, index: EntityIndex) -> None:
    other = EntityIndex.from_distributions(*distributions(20, 8, "clustered"))
    indexes = {"text+image": index, "text": other}
    rows = switch_rows(corpus, corpus.vocabulary(), ["Cats", "Songs"], indexes)
    assert [row.representation for row in rows] == [
        "text+image → text+image",
        "text → text+image",
        "text+image → text",
        "text → text",
    ]
    queries = query_set(corpus, corpus.vocabulary(), ["Cats", "Songs"], 3)
    lists = window_search(index, queries.seeds, 102, seed_index=other)
    wanted = score_queries(lists, queries.gold)
    np.testing.assert_allclose(rows[1].scores.values, wanted.values)
    np.testing.assert_allclose(rows[0].scores.values, score_index(index, queries).values)


def test_lists_that_share_too_small_a_vocabulary_are_told() -> None:
    assert shortest_list(14_489, 70) is None
    assert shortest_list(7_140, 70) is None
    assert shortest_list(1_000, 70) == 14
    assert shortest_list(10, 70) == 0


def test_methods_may_run_elsewhere(corpus: Corpus, index: EntityIndex) -> None:
    """The batched search has NumPy's arguments and gives its scores."""
    asked: list[int] = []

    def batched(index: EntityIndex, queries: Any, *args: Any, **how: Any) -> Any:
        asked.append(len(queries))
        return window_search_batched(index, queries, *args, **how)

    methods = {**METHODS, "window": batched}
    classes = ["Cats", "Songs"]
    arguments = (corpus, corpus.vocabulary(), classes, {"text": index, "image": index})
    found = table(*arguments, floors=False, methods=methods) + switch_rows(
        *arguments, methods=methods
    )
    wanted = table(*arguments, floors=False) + switch_rows(*arguments)
    assert [row.as_dict() for row in found] == [row.as_dict() for row in wanted]
    assert asked == [4, 4, 4, 4]
