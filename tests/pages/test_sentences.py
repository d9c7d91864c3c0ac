"""A sentence as HTML: its words, its mention, and nothing that a browser would run."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.parts.sentences import AROUND, LONGEST, sentence_html


@pytest.mark.parametrize(
    ("text", "span", "shown"),
    [
        ("I saw New York today .", (2, 3), "I saw <mark>New York</mark> today."),
        ("Rome", (0, 0), "<mark>Rome</mark>"),
        ("( Rome )", (1, 1), "(<mark>Rome</mark>)"),
        ("Rome 's hills , they say", (0, 0), "<mark>Rome</mark>'s hills, they say"),
        ("They do n't : “ Rome ”", (5, 5), "They don't: “<mark>Rome</mark>”"),
        ("a <b> & c", (1, 1), "a <mark>&lt;b&gt;</mark> &amp; c"),
    ],
)
def test_it_reads_as_one_would_write_it(text: str, span: tuple[int, int], shown: str) -> None:
    assert html.unescape(sentence_html(text.split(), *span)) == html.unescape(shown)
    assert sentence_html(text.split(), *span).replace("&#x27;", "'") == shown


TOKENS = st.lists(st.text(st.characters(exclude_categories=("Cs",)), min_size=1), min_size=1)


@given(TOKENS, st.data())
def test_no_markup_but_the_mark_comes_through(tokens: list[str], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(tokens) - 1))
    end = data.draw(st.integers(start, len(tokens) - 1))
    shown = sentence_html(tokens, start, end)
    assert re.findall(r"<[^>]*>", shown) == ["<mark>", "</mark>"]
    bare = html.unescape(shown.replace("<mark>", "").replace("</mark>", ""))
    if len(tokens) <= AROUND and all(len(token) <= LONGEST for token in tokens):
        assert bare.replace(" ", "") == "".join(tokens).replace(" ", "")


def test_a_page_of_text_is_cut_around_its_mention() -> None:
    tokens = [f"w{n}" for n in range(10_000)]
    shown = sentence_html(tokens, 5_000, 5_001)
    assert shown.startswith("… w4940 ")
    assert "<mark>w5000 w5001</mark>" in shown
    assert shown.endswith("w5061 …")


def test_a_word_without_end_is_cut() -> None:
    shown = sentence_html(["x" * 100_000, "Rome"], 1, 1)
    assert len(shown) < 2 * LONGEST
    assert "…" in shown
