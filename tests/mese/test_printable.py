"""Text on one line: what moves a cursor is shown by its code, every script stays as it is."""

from __future__ import annotations

import ast
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mese.printable import is_seen, printable, without_turns


@pytest.mark.parametrize(
    "text", ["Bogotá", "東京 (Tōkyō)", "القاهرة", "C:\\new", "a\u200db", "🏙️", ""]
)
def test_ordinary_names_stay_as_they_are(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb", r"a\nb"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\x9b2J\r", r"\x9b2J\r"),
        ("\u2028", r"\u2028"),
        ("\udcff.png", r"\udcff.png"),
    ],
)
def test_what_does_not_print_is_shown_by_its_code(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text().filter(lambda text: "\\" not in text))
def test_what_is_shown_is_one_line_and_can_be_read_back(text: str) -> None:
    shown = printable(text)
    assert not any(unicodedata.category(letter) in ("Cc", "Cs") for letter in shown)
    assert len(shown.splitlines()) <= 1
    quoted = shown.replace("'", "\\'")
    assert ast.literal_eval(f"'{quoted}'") == text


@pytest.mark.parametrize(
    "text", ["", " \t\n", "\u200b", "\u202e\u2066", "\x1b", "\u3164\u2800", "\xa0"]
)
def test_what_shows_nothing_is_not_seen(text: str) -> None:
    assert not is_seen(text)


@pytest.mark.parametrize("text", ["a", "\u200b7", "東", "!", "🏙️", "\U0001fae8"])
def test_what_shows_anything_is_seen(text: str) -> None:
    assert is_seen(text)


def test_text_of_another_direction_stays_and_what_turns_others_goes() -> None:
    assert (
        without_turns("\u202egnp.exe\u202c القاهرة\u200f \u2067x\u2069")
        == "gnp.exe القاهرة\u200f x"
    )
