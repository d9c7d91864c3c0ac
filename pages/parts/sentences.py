"""A sentence as a reader wants it: its mention marked, its punctuation set, its length bounded."""

from __future__ import annotations

from collections.abc import Sequence

from pages.parts.text import as_html

AROUND = 60
"""Tokens shown on either side of the mention; a sentence of a corpus may be a whole page."""

LONGEST = 200
"""Letters shown of one token."""

_CLOSING = frozenset(
    {",", ".", ";", ":", "!", "?", ")", "]", "}", "%", "”", "’", "'s", "’s", "n't"}
)
_OPENING = frozenset({"(", "[", "{", "“", "‘"})


def sentence_html(tokens: Sequence[str], start: int, end: int) -> str:
    """The sentence as HTML, tokens `start` to `end` in `<mark>`; `…` where it was cut."""
    first, last = max(0, start - AROUND), min(len(tokens), end + 1 + AROUND)
    before, after = tokens[first:start], tokens[end + 1 : last]
    cut_before, cut_after = "… " * (first > 0), " …" * (last < len(tokens))
    mention = tokens[start : end + 1]
    return (
        f"{cut_before}{_set(before)}{_space(before, mention)}<mark>{_set(mention)}</mark>"
        f"{_space(mention, after)}{_set(after)}{cut_after}"
    )


def _set(tokens: Sequence[str]) -> str:
    parts = [
        _space(tokens[place - 1 : place], tokens[place : place + 1]) + as_html(_bounded(token))
        for place, token in enumerate(tokens)
    ]
    return "".join(parts)


def _space(left: Sequence[str], right: Sequence[str]) -> str:
    """What stands between two runs of tokens: nothing at an end or beside a punctuation mark."""
    if not left or not right or right[0] in _CLOSING or left[-1] in _OPENING:
        return ""
    return " "


def _bounded(token: str) -> str:
    return token if len(token) <= LONGEST else f"{token[: LONGEST - 1]}…"
