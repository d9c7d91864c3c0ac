"""Other people's text on our pages: names show as themselves, whatever they hold.

An entity may be called `<img onerror=…>`, `$x$`, `*a*` or `:material/bolt:`. Streamlit reads
labels as Markdown and more, so every name passes through `as_text` on its way into a Streamlit
element, and through `as_html` on its way into `st.html` or a chart.
"""

from __future__ import annotations

import html
import re

from mese.printable import printable, without_turns

JOINER = "\u2060"
"""Word joiner: takes no room, and parts a pattern that no backslash can part."""

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
"""ASCII punctuation, all of which Markdown lets a backslash escape."""

# Streamlit replaces these after the backslashes are gone, so that escaping them does not help:
# emoji and icons between colons, arrows and dashes between spaces, addresses made into links.
_LATE = re.compile(
    r"(?P<colon>:(?=[\w+-]+:))"
    r"|(?<!\S)(?P<arrow>[<>~-])(?=(->|-|=|>)(\s|$))"
    r"|(?P<www>\bwww(?=\.))|(?P<scheme>\bhttps?:(?=//))|(?P<at>(?<=\w)@(?=\w))",
    re.IGNORECASE,
)

_COMMAND = re.compile(r"`(python -m [\w -]+)`")
"""A command of ours in an error's reason; nothing that a file or a user wrote can look like it and
do harm, for a code span of these letters shows just them."""


def as_text(name: str) -> str:
    """Markdown that shows `name` literally, on one line, in any Streamlit label or text."""
    line = printable(" ".join(without_turns(name).split()))
    parted = _LATE.sub(lambda found: found.group() + JOINER, line)
    return _PUNCTUATION.sub(r"\\\1", parted)


def as_sentence(reason: str) -> str:
    """Markdown of an error's reason: a capital first, the commands that it names set as code."""
    parts = _COMMAND.split(reason[:1].upper() + reason[1:])
    shown = [f"`{part}`" if n % 2 else _keeping_ends(part) for n, part in enumerate(parts)]
    return "".join(shown)


def _keeping_ends(part: str) -> str:
    before, after = part[:1].isspace(), part[-1:].isspace()
    return " " * before + as_text(part) + " " * (after and bool(part.strip()))


def as_html(name: str) -> str:
    """HTML that shows `name` literally, inside an element or a quoted attribute."""
    return html.escape(without_turns(name), quote=True)


def span(least: int, most: int, thing: str) -> str:
    """`3 to 12 members`, `5 members`, `1 member`."""
    return f"{least:,} to " * (least != most) + count(most, thing)


def count(number: int, thing: str) -> str:
    """`1 class`, `12,000 classes`, `3 entities`."""
    if number == 1:
        return f"1 {thing}"
    if thing.endswith("y"):
        return f"{number:,} {thing[:-1]}ies"
    return f"{number:,} {thing}{'es' if thing.endswith('s') else 's'}"
