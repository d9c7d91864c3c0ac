"""The rules of drawing queries (specs/dataset_pipeline.md, step 1)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mese.demo.queries import QueryError, draw_queries


@given(st.lists(st.sets(st.integers(0, 60), min_size=25), min_size=1, max_size=4))
def test_the_rules_hold_for_any_classes(sets: list[set[int]]) -> None:
    members = {f"class {n}": sorted(ids) for n, ids in enumerate(sets)}
    usable = set(range(2, 61))
    queries = draw_queries(members, usable, {})
    assert len(queries) == 10 * len(members)
    taken: set[tuple[int, int, int]] = set()
    for query in queries:
        assert len(set(query.seeds)) == len(query.seeds) in (3, 5)
        assert set(query.seeds) <= set(members[query.class_name]) & usable
        for seed in query.seeds:
            key = (len(query.seeds), query.index, seed)
            assert key not in taken
            taken.add(key)


def test_a_pinned_query_comes_first_and_keeps_its_seeds_to_itself() -> None:
    members = {"a": list(range(12)), "b": list(range(20))}
    queries = draw_queries(members, range(20), {"b": [3, 1, 2]})
    first = next(q for q in queries if q.class_name == "b" and q.index == 0)
    assert first.seeds == (3, 1, 2)
    other = next(q for q in queries if q.class_name == "a" and q.index == 0)
    assert not {1, 2, 3} & set(other.seeds)


def test_a_class_that_is_too_small_is_named() -> None:
    with pytest.raises(QueryError, match="tiny: 2 free members, a query needs 3"):
        draw_queries({"tiny": [1, 2]}, {1, 2}, {})
