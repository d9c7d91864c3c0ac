"""The embedded corpus has all ten queries of every class, or names the class that is too small."""

from __future__ import annotations

import pytest

from mese.demo.queries import QueryError, draw_all_queries


def test_every_class_gets_five_queries_of_each_size() -> None:
    queries = draw_all_queries({"a": range(9), "b": range(9, 30)}, range(30), {"b": (9, 11, 10)})
    assert [(q.class_name, len(q.seeds), q.index) for q in queries] == [
        (name, size, n) for size in (3, 5) for name in "ab" for n in range(5)
    ]
    assert queries[5].seeds == (9, 11, 10)


@pytest.mark.parametrize(("size", "told"), [(2, "2 members .* 3 seeds"), (5, "5 .* 5 seeds")])
def test_a_class_that_is_too_small_is_named(size: int, told: str) -> None:
    with pytest.raises(QueryError, match=f"tiny: {told}; add members"):
        draw_all_queries({"tiny": range(size)}, range(9), {})
