"""The one way in which names are compared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mese.names import fold


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Washington D.C.", "washington dc"),
        ("  Bogotá ", "bogota"),
        ("São  Tomé-and/Príncipe", "sao tome and principe"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("ﬁn ²", "fin 2"),
        ("O'Hare O’Hare", "ohare ohare"),
        ("İstanbul", "istanbul"),
        ("Ελλάς", "ελλασ"),
        ("한국", "한국"),
        ("***", "***"),
        ("a\u0000b", "a b"),
        ("", ""),
    ],
)
def test_names_fold_to_what_people_type(name: str, key: str) -> None:
    assert fold(name) == key


@given(st.text())
def test_folding_twice_changes_nothing(name: str) -> None:
    assert fold(fold(name)) == fold(name)
