"""Colours of flags in words, against flags that everybody knows."""

from __future__ import annotations

import pytest

from mese.demo.families.places.flag_colours import colours_of, in_words
from mese.demo.families.places.flags import descriptions


@pytest.mark.parametrize(
    ("code", "colours"),
    [
        ("de", {"black", "red", "yellow"}),
        ("fr", {"blue", "white", "red"}),
        ("ie", {"green", "white", "orange"}),
        ("in", {"orange", "white", "green", "blue"}),
        ("am", {"red", "blue", "orange"}),
        ("qa", {"maroon", "white"}),
        ("au", {"blue", "white", "red"}),
        ("jm", {"green", "black", "yellow"}),
        ("za", {"red", "white", "blue", "yellow", "black", "green"}),
        ("ua", {"blue", "yellow"}),
    ],
)
def test_flags_that_everybody_knows(code: str, colours: set[str]) -> None:
    assert set(colours_of(code)) == colours


def test_every_flag_has_two_colours_or_more() -> None:
    assert all(len(colours_of(code)) >= 2 for code in descriptions())


@pytest.mark.parametrize(
    ("colour", "word"),
    [("white", "white"), ("black", "black"), ("#75AADB", "blue"), ("#FFCE00", "yellow")],
)
def test_shades_in_words(colour: str, word: str) -> None:
    assert in_words(colour) == word
