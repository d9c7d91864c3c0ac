"""What is taken along: rows that no spreadsheet runs, and an address that shows the list again."""

from __future__ import annotations

import csv
import io
import json
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import parse_qsl

import pytest

from pages.parts.address import View, read_view
from pages.parts.asking import Asked
from pages.parts.keeping import COLUMNS, address, as_csv, cell_of, file_stem, read_tags

HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", '"a","b"', "two\r\nlines", "ü 北京"]


def document(names: list[str]) -> dict[str, Any]:
    return {
        "query": [{"id": 1, "name": "=cmd"}],
        "open_seeds": ["Springfield"],
        "bundle": "demo",
        "stamp": "ab",
        "corpus": "demo",
        "fingerprint": "cd",
        "settings": {"method": "window", "size": 20},
        "address": "seeds=1&n=20",
        "made": "2026-01-01T00:00:00+00:00",
        "results": [
            {"rank": n, "id": n, "name": name, "score": -0.5, "class": "@x"}
            for n, name in enumerate(names, start=1)
        ],
    }


def test_csv_keeps_every_name_and_runs_none() -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(document(HOSTILE)), newline="")))
    assert [row["name"].removeprefix("'") for row in rows] == HOSTILE
    for row in rows:
        assert list(row)[: len(COLUMNS)] == list(COLUMNS)
        for name, cell in row.items():
            if name != "score":
                assert not cell.startswith(("=", "+", "-", "@", "\t", "\r")), (name, cell)
        assert row["score"] == "-0.5"  # a number, and no text that a formula could hide in
        assert json.loads(row["settings"]) == {"method": "window", "size": 20}
        assert row["seeds"] == "'=cmd; Springfield"
        assert (row["stamp"], row["fingerprint"], row["address"]) == ("ab", "cd", "seeds=1&n=20")


@pytest.mark.parametrize("value", ["=1", "+1", "-1", "@a", "\t=1", "\r=1"])
def test_a_cell_that_begins_like_a_formula_gets_a_quote(value: str) -> None:
    assert cell_of(value) == f"'{value}"


@pytest.mark.parametrize("value", ["a=1", "", "'x", 5, -0.25])
def test_other_cells_stay(value: object) -> None:
    assert cell_of(value) is value


def test_the_address_that_is_kept_shows_the_same_view() -> None:
    view = View((3, 1), 20, "window", "text", "text+image", 4, False, (9,), ("a" * 16,), (7, 8))
    assert read_view(dict(parse_qsl(address(view)))) == (view, [])


def test_tags_are_parted_by_commas_and_stand_once() -> None:
    assert read_tags(" cities ,  US   states,cities,, ") == ("cities", "US states")
    assert read_tags(" , ") == ()


@pytest.mark.parametrize(
    ("names", "stem"),
    [
        (["New York City", "Boston"], "expand-new-york-city-boston"),
        (["../../etc/passwd"], "expand-etc-passwd"),
        (["北京"], "expand-list"),
        (["x" * 500], "expand-" + "x" * 60),
    ],
)
def test_a_file_is_named_after_the_seeds(names: list[str], stem: str) -> None:
    engine = SimpleNamespace(entity_name=lambda number: names[number])
    asked = SimpleNamespace(engine=engine, seeds=range(len(names)), rows=())
    assert file_stem(cast(Asked, asked)) == stem
