"""MAP@K and P@K by hand, and what must hold for every list."""

from __future__ import annotations

import ir_measures
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mese.metrics import CUTS, map_at_k, precision_at_k, score_queries

CORRECT, WRONG = range(1000), range(5000, 6000)


def test_average_precision_by_hand() -> None:
    # Hits at ranks 1, 3 and 4 of four gold members: (1/1 + 2/3 + 3/4) / 4.
    ranked, gold = [1, 90, 2, 3, 91], {1, 2, 3, 4}
    assert map_at_k(ranked, gold, 5) == pytest.approx((1 + 2 / 3 + 3 / 4) / 4)
    assert precision_at_k(ranked, gold, 5) == pytest.approx(3 / 4)
    assert precision_at_k(ranked, gold, 5, over="k") == pytest.approx(3 / 5)


def test_the_cut_limits_list_and_denominator() -> None:
    ranked, gold = [1, 90, 2, 3, 91], {1, 2, 3, 4}
    assert map_at_k(ranked, gold, 2) == pytest.approx(1 / 2)
    assert precision_at_k(ranked, gold, 3) == pytest.approx(2 / 3)
    assert precision_at_k(ranked, gold, 2, over="k") == pytest.approx(1 / 2)


def test_a_perfect_list_of_a_small_class_scores_one() -> None:
    assert map_at_k([3, 1, 2, 99], {1, 2, 3}, 100) == 1.0
    assert precision_at_k([3, 1, 2, 99], {1, 2, 3}, 100) == 1.0
    assert precision_at_k([3, 1, 2, 99], {1, 2, 3}, 100, over="k") == pytest.approx(0.03)


def test_duplicates_count_once_and_take_their_rank() -> None:
    assert map_at_k([1, 1, 2], {1, 2}, 3) == pytest.approx((1 + 2 / 3) / 2)
    assert precision_at_k([1, 1, 1], {1, 2}, 3) == pytest.approx(1 / 2)


def test_the_releases_long_list_exception() -> None:
    gold = CORRECT[:80]
    assert map_at_k(CORRECT[:60], gold, 100, form="released") == 1.0
    assert map_at_k(CORRECT[:50], gold, 100, form="released") == pytest.approx(0.625)
    assert precision_at_k(CORRECT[:60], gold, 100, form="released") == 1.0
    assert precision_at_k(CORRECT[:50], gold, 100, form="released") == pytest.approx(0.625)
    assert map_at_k(CORRECT[:60], gold, 100) == pytest.approx(0.75)
    assert map_at_k(CORRECT[:51], gold, 50, form="released") == 1.0


lists = st.lists(st.integers(0, 40), max_size=60)
golds = st.sets(st.integers(0, 40), min_size=1)
cuts = st.sampled_from([1, 3, 10, 20, 50, 100])


@given(ranked=lists, gold=golds, k=cuts)
def test_ap_equals_its_definition(ranked: list[int], gold: set[int], k: int) -> None:
    hits, total = 0, 0.0
    for rank, item in enumerate(ranked[:k], start=1):
        if item in gold and item not in ranked[: rank - 1]:
            hits += 1
            total += hits / rank
    below = min(len(gold), k)
    assert map_at_k(ranked, gold, k) == pytest.approx(total / below)
    assert precision_at_k(ranked, gold, k) == pytest.approx(hits / below)
    assert precision_at_k(ranked, gold, k, over="k") == pytest.approx(hits / k)
    assert 0 <= map_at_k(ranked, gold, k) <= precision_at_k(ranked, gold, k) <= 1 + 1e-12


@given(gold=golds, k=cuts, data=st.data())
def test_order_matters_to_map_alone(gold: set[int], k: int, data: st.DataObject) -> None:
    head = data.draw(st.permutations(sorted(gold | {50, 51, 52})))[:k]
    shuffled = data.draw(st.permutations(head))
    best = sorted(head, key=lambda item: item not in gold)
    assert precision_at_k(shuffled, gold, k) == precision_at_k(head, gold, k)
    assert map_at_k(best, gold, k) >= map_at_k(shuffled, gold, k) - 1e-12


def test_average_is_the_mean_of_the_eight_and_leaves_hits_over_k_out() -> None:
    ranked = [[1, 90, 2, 3, 91], [7, 8, 9]]
    gold = [{1, 2, 3, 4}, {8, 9, 10}]
    scores = score_queries(ranked, gold)
    eight = [
        100 * (measure(ranked[0], gold[0], k) + measure(ranked[1], gold[1], k)) / 2
        for measure in (map_at_k, precision_at_k)
        for k in CUTS
    ]
    assert [*scores.map.values(), *scores.precision.values()] == pytest.approx(eight)
    assert scores.average == pytest.approx(sum(eight) / 8)
    assert scores.hits_over_k == pytest.approx({10: 25.0, 20: 12.5, 50: 5.0, 100: 2.5})
    assert scores.queries == 2
    assert CUTS == (10, 20, 50, 100)


def test_an_empty_list_scores_zero() -> None:
    assert map_at_k([], {1}, 10) == precision_at_k([], {1}, 10) == 0.0


@pytest.mark.parametrize("measure", [map_at_k, precision_at_k])
def test_wrong_arguments_are_refused(measure: object) -> None:
    assert callable(measure)
    with pytest.raises(ValueError, match="k must be 1 or more, got 0"):
        measure([1], {1}, 0)
    with pytest.raises(ValueError, match="gold set is empty"):
        measure([1], set(), 5)
    with pytest.raises(ValueError, match="form"):
        measure([1], {1}, 5, form="paper")


def test_wrong_sides_are_refused() -> None:
    with pytest.raises(ValueError, match="over"):
        precision_at_k([1], {1}, 5, over="gold")
    with pytest.raises(ValueError, match="2 lists for 1 gold sets"):
        score_queries([[1], [2]], [{1}])
    with pytest.raises(ValueError, match="0 lists"):
        score_queries([], [])


def test_an_interval_draws_classes_whole() -> None:
    """Against a plain loop over the same draws; two classes of unlike size and score."""
    ranked = [[1, 2], [1, 9], [9, 8], [8, 1]]
    scores = score_queries(ranked, [{1, 2}] * 4, groups=["a", "a", "a", "b"])
    averages = [float(np.mean(row[:8])) for row in scores.values]
    rng, means = np.random.default_rng(5), []
    for picks in rng.integers(0, 2, (50, 2)):
        drawn = [averages[:3] if pick == 0 else averages[3:] for pick in picks]
        means.append(np.mean([value for part in drawn for value in part]))
    found = scores.interval(draws=50, seed=5)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(means, [0.025, 0.975])))
    assert (found.groups, found.draws) == (2, 50)


def test_one_class_alone_has_no_width_and_groups_keep_their_queries() -> None:
    scores = score_queries([[1], [2], [3]], [{1}, {1}, {3}], groups=["a", "b", "a"])
    parts = scores.by_group()
    assert {name: part.queries for name, part in parts.items()} == {"a": 2, "b": 1}
    assert parts["a"].average == pytest.approx(100)
    assert parts["b"].average == 0
    assert parts["a"].interval().low == parts["a"].interval().high == pytest.approx(100)


def test_a_library_agrees_where_the_definitions_meet() -> None:
    """ir_measures: AP@K divides by |G|, as ours does for |G| ≤ K; P@K divides by K."""
    rng = np.random.default_rng(3)
    for size in (4, 10):
        gold = {int(e) for e in rng.permutation(60)[:size]}
        ranked = [int(e) for e in rng.permutation(60)]
        qrels = [ir_measures.Qrel("q", str(e), 1) for e in gold]
        run = [ir_measures.ScoredDoc("q", str(e), -float(n)) for n, e in enumerate(ranked)]
        for k in (10, 20, 50):
            ap, p = ir_measures.AP @ k, ir_measures.P @ k
            wanted = ir_measures.calc_aggregate([ap, p], qrels, run)
            assert map_at_k(ranked, gold, k) == pytest.approx(wanted[ap])
            assert precision_at_k(ranked, gold, k, over="k") == pytest.approx(wanted[p])


def test_differences_are_taken_query_by_query() -> None:
    """A ranker that is better by the same everywhere has a paired interval of no width."""
    gold = [{1, 2}, {3}, {4, 5}, {6}]
    groups = ["a", "a", "b", "b"]
    right = score_queries([[1, 2], [3], [4, 5], [6]], gold, groups=groups)
    wrong = score_queries([[9], [9], [9], [9]], gold, groups=groups)
    assert right.minus(wrong).average == pytest.approx(right.average - wrong.average) == 100
    found = right.minus(wrong).interval()
    assert (found.low, found.high) == pytest.approx((100, 100))
    swapped = score_queries([[1, 2], [9], [4, 5], [9]], gold, groups=groups)
    assert right.minus(swapped).average == pytest.approx(50)
    with pytest.raises(ValueError, match="the same queries"):
        right.minus(score_queries([[1]], [{1}], groups=["a"]))
