"""Names show as themselves: an independent Markdown parser reads what `as_text` writes."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from mese.printable import without_turns
from pages.parts.text import JOINER, as_html, as_sentence, as_text, count, span
from tests.conftest import HOSTILE

MARKDOWN = MarkdownIt("gfm-like", {"linkify": False})
SIGNS = "*_`~#<>[](){}!|\\$:&;+-.=/@1a b\n\t\"'"


class Reader(HTMLParser):
    """Collects the tags and the text of HTML."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader


def one_line(name: str) -> str:
    return " ".join(name.split())


@given(st.text(alphabet=SIGNS, min_size=1).filter(lambda name: name.strip()))
def test_markdown_of_a_name_is_one_paragraph_of_exactly_that_name(name: str) -> None:
    shown = read(MARKDOWN.render(as_text(name)))
    assert shown.tags == ["p"]
    assert shown.text.strip().replace(JOINER, "") == one_line(name)


@given(st.text())
def test_html_of_a_name_is_no_tag_and_exactly_that_name(name: str) -> None:
    clean = without_turns(name).replace("\r", "").replace("\0", "")
    inside = read(f'<div title="{as_html(clean)}">{as_html(clean)}</div>')
    assert inside.tags == ["div"]
    assert inside.text == clean


@given(st.text(alphabet=SIGNS), st.text(alphabet=SIGNS))
def test_a_reason_shows_its_commands_as_code_and_everything_else_as_itself(
    before: str, after: str
) -> None:
    reason = f"x{before} `python -m train fit --name NAME` {after}x"
    shown = read(MARKDOWN.render(as_sentence(reason)))
    assert shown.tags == ["p", "code"]
    plain = one_line(reason.replace("`python -m train fit --name NAME`", "COMMAND"))
    text = shown.text.replace("python -m train fit --name NAME", "COMMAND").replace(JOINER, "")
    assert one_line(text) == plain.replace("x", "X", 1)


# What Streamlit 1.67 replaces in text after the backslashes are gone, copied from its bundle
# StreamlitMarkdown.*.js: emoji and icons, its logo, arrows and dashes.
STREAMLIT_REPLACES = [
    r":\+1:|:-1:|:[\w-]+:",
    r":material_(\w+):",
    r":streamlit:",
    r"(^|\s)(<->|->|<-|--|>=|<=|~=)(\s|$)",
    r"https?://",
    r"\bwww\.",
    r"\w@\w",
]


@pytest.mark.parametrize("name", [*HOSTILE, "-- a", "x ~= y", "a >= b <= c <-> d", ":+1: :-1:"])
@pytest.mark.parametrize("pattern", STREAMLIT_REPLACES)
def test_what_streamlit_replaces_late_is_parted(name: str, pattern: str) -> None:
    after_markdown = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", as_text(name))
    assert not re.search(pattern, after_markdown)


def test_an_ordinary_name_is_left_as_it_is() -> None:
    assert as_text("Côte d Ivoire") == "Côte d Ivoire"
    assert JOINER not in as_text("Washington D.C. (1790): re-built")


def test_control_characters_are_shown_by_their_codes() -> None:
    assert as_text("a\x1bb\nc") == "a\\\\x1bb c"  # the backslash itself is escaped for Markdown


@pytest.mark.parametrize(
    ("number", "thing", "words"),
    [
        (1, "class", "1 class"),
        (2, "fine class", "2 fine classes"),
        (0, "context", "0 contexts"),
        (1, "entity", "1 entity"),
        (12_000, "entity", "12,000 entities"),
    ],
)
def test_things_are_counted_in_their_plural(number: int, thing: str, words: str) -> None:
    assert count(number, thing) == words


def test_a_span_of_one_number_is_that_number() -> None:
    assert span(3, 1_200, "member") == "3 to 1,200 members"
    assert span(1, 1, "member") == "1 member"
    assert span(5, 5, "class") == "5 classes"


@pytest.mark.parametrize("shown", [as_text, as_html])
def test_a_name_turns_nothing_around_it(shown: Callable[[str], str]) -> None:
    assert shown("\u202egnp\u202c \u2067x\u2069 القاهرة") == "gnp x القاهرة"
