"""The rules of drawing queries (specs/dataset_pipeline.md, step 1)."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from mese.corpus import Query
from mese.queries import draw_queries


@given(sets=st.lists(st.sets(st.integers(0, 60), min_size=25), min_size=1, max_size=4))
@settings(deadline=None, max_examples=50)
def test_the_rules_hold_for_any_classes(sets: list[set[int]]) -> None:
    members = {f"class {n}": sorted(ids) for n, ids in enumerate(sets)}
    usable = set(range(2, 61))
    queries = draw_queries(members, usable)
    taken: set[tuple[int, int, int]] = set()
    for query in queries:
        assert len(set(query.seeds)) == len(query.seeds) in (3, 5)
        assert set(query.seeds) <= set(members[query.class_name]) & usable
        for seed in query.seeds:
            key = (len(query.seeds), query.index, seed)
            assert key not in taken
            taken.add(key)
    assert len({(q.class_name, frozenset(q.seeds)) for q in queries}) == len(queries)


def test_a_class_of_few_members_gets_other_seeds_instead_of_the_same_again() -> None:
    """Six members have twenty sets of three: five different ones are easily found."""
    queries = draw_queries({"small": range(6)}, range(6))
    by_size = [{frozenset(q.seeds) for q in queries if len(q.seeds) == k} for k in (3, 5)]
    assert [len(found) for found in by_size] == [5, 5]


def test_small_classes_get_fewer_queries_and_none_twice() -> None:
    members = {"A": range(12), "B": range(6, 9), "C": range(7, 20), "D": (1, 2), "E": (30, 31, 32)}
    usable = set(range(20))
    queries = draw_queries(members, usable)
    assert queries == draw_queries(members, usable)
    assert {q.class_name for q in queries} == {"A", "B", "C"}
    for q in queries:
        assert len(set(q.seeds)) == len(q.seeds) in (3, 5)
        assert set(q.seeds) <= set(members[q.class_name]) & usable
    for count in (3, 5):
        for index in range(5):
            seeds = [
                s for q in queries if (len(q.seeds), q.index) == (count, index) for s in q.seeds
            ]
            assert len(seeds) == len(set(seeds))
        for name in members:
            numbers = [q.index for q in queries if (q.class_name, len(q.seeds)) == (name, count)]
            assert numbers == list(range(len(numbers)))
    of_b = [set(q.seeds) for q in queries if q.class_name == "B"]
    assert of_b == [{6, 7, 8}]


def test_queries_come_by_size_class_and_index() -> None:
    members = {"B": range(20), "A": range(20, 40)}
    found = [(len(q.seeds), q.class_name, q.index) for q in draw_queries(members, range(40))]
    assert found == [(size, name, n) for size in (3, 5) for name in "BA" for n in range(5)]


def test_a_pinned_query_comes_first_and_keeps_its_seeds_to_itself() -> None:
    members = {"a": list(range(12)), "b": list(range(20))}
    queries = draw_queries(members, range(20), {"b": [3, 1, 2]})
    assert Query("b", 0, (3, 1, 2)) in queries
    other = next(q for q in queries if q.class_name == "a" and q.index == 0)
    assert not {1, 2, 3} & set(other.seeds)


def test_the_same_names_draw_the_same_queries_in_every_version() -> None:
    first, *_ = draw_queries({"US cities": range(100, 120)}, range(200))
    assert first == Query("US cities", 0, (113, 118, 105))
