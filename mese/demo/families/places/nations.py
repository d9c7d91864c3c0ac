"""Countries: their rows made into subjects that a flag stands for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mese.demo.families.places import nearness
from mese.demo.families.places.flag_colours import colours_of
from mese.demo.families.places.flags import descriptions
from mese.demo.families.places.rows import Row, common, in_letters, names_by, subject, usual
from mese.demo.family import Subject, read_table, several

FOLDER = Path(__file__).parent
SHARED_MONEY = ("the euro", "the East Caribbean dollar", "the US dollar", "the Australian dollar")
"""Currencies that are one and the same in several countries; many others share only a name."""


def _speakers(rows: Sequence[Row]) -> dict[str, list[str]]:
    """Language → the countries where it is spoken."""
    found: dict[str, list[str]] = {}
    for row in rows:
        for language in several(row["languages"]):
            found.setdefault(language, []).append(usual(row))
    return found


def countries() -> list[Subject]:
    rows = read_table(FOLDER / "countries.csv")
    speakers, regions = _speakers(rows), names_by(rows, lambda row: row["region"])
    by_colours = names_by(rows, lambda row: " ".join(sorted(colours_of(row["code"]))))
    years = names_by([row for row in rows if row["year"]], lambda row: row["year"])
    purses = names_by([r for r in rows if r["currency"] in SHARED_MONEY], lambda r: r["currency"])
    subjects = []
    for row in rows:
        slots = common(row, row["region"]) | {
            "kind": ("country",),
            "next": several(row["neighbours"]),
            "fellow": nearness.fellows(usual(row), regions),
            "kindred": nearness.fellows(usual(row), speakers),
            "purse": nearness.fellows(usual(row), purses),
            "agemate": nearness.fellows(usual(row), years),
            "lookalike": nearness.fellows(usual(row), by_colours),
            "capital": (row["capital"],),
            "town": (row["capital"],),
            "language": several(row["languages"]),
            "currency": (row["currency"],),
            "code": (in_letters(row["code"].upper()),),
            "colour": colours_of(row["code"]),
        }
        drawing = (row["code"], descriptions()[row["code"]])
        subjects.append(subject("countries", row, several(row["classes"]), slots, drawing))
    return subjects
