"""What the Data page says of a job, in numbers and in files."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from pages.parts.reports import duration, table_csv
from pages.parts.text import count


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.2, "less than a second"),
        (8.4, "8 s"),
        (59.4, "59 s"),
        (60, "1 min 0 s"),
        (125, "2 min 5 s"),
        (4320, "1 h 12 min"),
    ],
)
def test_a_duration_is_said_in_the_units_that_matter(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("number", "thing", "said"),
    [(1, "class", "1 class"), (2, "class", "2 classes"), (12_000, "context", "12,000 contexts")],
)
def test_a_count_agrees_with_its_thing(number: int, thing: str, said: str) -> None:
    assert count(number, thing) == said


CELLS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r\0"))


@given(st.lists(st.tuples(CELLS, st.integers() | st.none()), max_size=5))
def test_a_table_reads_back_as_it_was_but_for_formulas(rows: list[tuple[str, int | None]]) -> None:
    text = table_csv(("Reason", "Line"), rows)
    head, *read = csv.reader(io.StringIO(text, newline=""))
    assert head == ["Reason", "Line"]
    for (reason, line), (shown, number) in zip(rows, read, strict=True):
        assert shown.removeprefix("'") == reason.removeprefix("'")
        assert number.lstrip("'") == ("" if line is None else str(line))
        assert shown[:1] not in ("=", "+", "-", "@", "\t")


def test_an_import_whose_images_were_not_all_hashed_says_both() -> None:
    def page() -> None:
        from db.importing import ImportReport
        from db.jobs import Job
        from pages.parts.reports import draw_outcome

        report = ImportReport("towns", True, contexts=2, not_hashed="the disk is full")
        draw_outcome(Job(1, "import", "Import", "ann", report=report, running=False))

    shown = AppTest.from_function(page).run()
    assert not shown.exception
    (done,), (left,) = shown.success, shown.warning
    assert "“towns” is in the store" in done.value
    assert left.value == "The disk is full"
