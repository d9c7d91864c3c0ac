"""How names are compared, everywhere: whatever the case, accents or punctuation."""

from __future__ import annotations

import unicodedata

SILENT = ".'’ʼ`´·"
"""Marks that join what they stand in: D.C. is found as dc, O'Hare as ohare."""


def fold(text: str) -> str:
    """The form in which names are compared: no case, no accents, punctuation to single spaces.

    A name of nothing but punctuation stays as it is, so that it can be found at all.
    """
    plain = unicodedata.normalize("NFKD", text).casefold()
    kept = "".join(
        " " if _separates(letter) else letter
        for letter in unicodedata.normalize("NFKD", plain)
        if unicodedata.category(letter) != "Mn" and letter not in SILENT
    )
    words = " ".join(kept.split())
    return unicodedata.normalize("NFC", words or " ".join(plain.split()))


def _separates(letter: str) -> bool:
    return letter.isspace() or unicodedata.category(letter)[0] in "PZC"
