"""Bounds of what can be kept: what is just inside is taken, what is just beyond says why not."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from mese.bounds import (
    FOLDS_SHORT,
    MAX_INDEXED_BYTES,
    is_score,
    name_fault,
    path_fault,
    storable_json,
    text_fault,
)
from mese.names import fold

LIGATURE = "\ufdfa"
"""One letter of 3 bytes that is looked up as 18 letters of 33."""


@pytest.mark.parametrize(
    ("good", "bad", "told"),
    [
        ("x" * 1_000, "x" * 1_001, "its name has 1,001 letters, more than 1,000"),
        ("字" * 866, "字" * 867, "its name takes 2,601 bytes, more than 2,600"),
        (LIGATURE * FOLDS_SHORT, LIGATURE * 100, "bytes, more than 2,600"),
    ],
)
def test_a_name_ends_at_its_letters_and_its_bytes(good: str, bad: str, told: str) -> None:
    assert name_fault(good) is None
    assert told in str(name_fault(bad))


def test_no_short_name_folds_to_more_bytes_than_an_index_holds() -> None:
    letters = (chr(n) for n in range(1, 0x110000) if not 0xD800 <= n < 0xE000)
    longest = max(len(fold(letter).encode()) for letter in letters)
    assert longest * FOLDS_SHORT <= MAX_INDEXED_BYTES


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("x" * 2_600, None),
        ("x" * 2_601, "takes 2,601 bytes"),
        ("é" * 1_301, "takes 2,602 bytes"),
        ("a\0", "without NUL"),
        ("\ud800", "lone surrogates"),
        (None, "must be a path"),
        (Path("a"), "must be a path"),
    ],
)
def test_a_path_ends_at_its_bytes(path: object, told: str | None) -> None:
    fault = path_fault(path)
    assert fault is None if told is None else told in str(fault)


@pytest.mark.parametrize(
    ("value", "fits"),
    [
        (1e300, True),
        (-1e300, True),
        (1.1e300, False),
        (math.nan, False),
        (-math.inf, False),
        (2**53 - 1, True),
        (2**53, False),
        (True, False),
        ("1", False),
        (None, False),
    ],
)
def test_a_score_is_a_number_that_every_database_keeps(value: object, fits: bool) -> None:
    assert is_score(value) is fits


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, None),
        ("", None),
        ("x" * 9, None),
        ("x" * 10, "url has 10 letters"),
        ("\0", "NUL"),
        (3, "url must"),
    ],
)
def test_a_text_ends_at_its_letters(text: object, told: str | None) -> None:
    fault = text_fault("url", text, 9)
    assert fault is None if told is None else told in str(fault)


@pytest.mark.parametrize("value", [math.inf, [math.nan], {"a": {"b": -math.inf}}])
def test_numbers_that_json_has_not_are_not_kept(value: object) -> None:
    assert not storable_json(value)
