"""Other people's text on one line: a file's name may hold whatever moves a terminal's cursor."""

from __future__ import annotations

import re

_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Control characters, other ends of lines, and the bytes of a name that is not UTF-8."""


def printable(text: str) -> str:
    r"""The text with `\n`, `\x1b` and their like in place of what does not print."""
    return _UNSEEN.sub(lambda found: found.group().encode("unicode_escape").decode(), text)
