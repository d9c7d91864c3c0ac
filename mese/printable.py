"""Other people's text on one line: a file's name may hold whatever moves a terminal's cursor."""

from __future__ import annotations

import re
import unicodedata

_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Control characters, other ends of lines, and the bytes of a name that is not UTF-8."""

_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""What turns the direction of the text after it, also of what is not its own."""

_UNSEEN_KINDS = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"})
_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and signs by category that show nothing."""


def printable(text: str) -> str:
    r"""The text with `\n`, `\x1b` and their like in place of what does not print."""
    return _UNSEEN.sub(lambda found: found.group().encode("unicode_escape").decode(), text)


def without_turns(text: str) -> str:
    """The text without what turns the direction of the text around it."""
    return _TURNS.sub("", text)


def is_seen(text: str) -> bool:
    """Whether any of the text shows: letters of no width do not, nor blanks, nor controls."""
    return any(
        unicodedata.category(letter) not in _UNSEEN_KINDS and letter not in _BLANKS
        for letter in text
    )
