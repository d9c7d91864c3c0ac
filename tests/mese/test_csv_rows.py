"""CSV records: none reaches beyond its bound, and none takes good rows with it."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from itertools import repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mese import csv_rows
from mese.csv_rows import MAX_RECORD_LINES, records

Found = list[tuple[int, list[str] | str]]


def read(*lines: str, columns: int = 2) -> Found:
    return list(records(enumerate(lines, 1), columns))


def test_a_record_may_have_several_lines_and_is_known_by_its_first() -> None:
    assert read("a,b", 'c,"d', 'e ""f""', 'g"', "h,i") == [
        (1, ["a", "b"]),
        (2, ["c", 'd\ne "f"\ng']),
        (5, ["h", "i"]),
    ]


@pytest.mark.parametrize("more", [0, 1])
def test_a_record_ends_at_its_bound(more: int) -> None:
    found = read('a,"b', *("x" for _ in range(MAX_RECORD_LINES - 2 + more)), 'y"', "h,i")
    if more:
        told = f"not CSV (a quote is not closed within {MAX_RECORD_LINES} lines)"
        assert found[0] == (1, told)
        assert found[1] == (2, "1 columns where there are 2")
    else:
        assert found[0][1][0] == "a"
        assert len(found) == 2
    assert found[-1] == (MAX_RECORD_LINES + 1 + more, ["h", "i"])


STRAY = st.sampled_from(['"', 'a,"b', '"a,b', 'a,b"c,"', '"a"b,c', 'a,"",b"', "a", "a,b,c", '"""'])


@given(bad=st.lists(STRAY, min_size=1, max_size=3), at=st.integers(0, 99))
def test_stray_quotes_cost_no_row_but_their_own(bad: list[str], at: int) -> None:
    good = [f'"name {n}","a, ""b"" {n}"' for n in range(100)]
    found = read(*good[:at], *bad, *good[at:])
    kept = [fields for _, fields in found if fields[0][:5] == "name "]
    assert kept == [[f"name {n}", f'a, "b" {n}'] for n in range(100)]
    assert all(number in range(at + 1, at + len(bad) + 1) for number, f in found if f not in kept)


@pytest.mark.parametrize("line", ['"', 'a,"', '"' * 1_001, "a,b,c"])
def test_a_file_of_nothing_but_quotes_is_walked_a_bounded_number_of_times(
    line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at = 0
    given = csv_rows._record

    def counted(*parts: object) -> Iterator[str]:
        nonlocal looked_at
        for text in given(*parts):  # type: ignore[arg-type]
            looked_at += 1
            yield text

    monkeypatch.setattr(csv_rows, "_record", counted)
    found = read(*repeat(line, 3_000))
    assert len(found) >= 1_500 / 20
    assert looked_at <= 3_000 * MAX_RECORD_LINES


def test_a_record_holds_no_more_than_its_letters() -> None:
    tracemalloc.start()
    long = ",".join(["x" * 100_000] * 20) + ',"'
    for _ in records(((n, long + str(n)) for n in range(60)), 2):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * len(long)
