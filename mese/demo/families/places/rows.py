"""What the rows of all tables of places share: names, common facts, and becoming a subject."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence

from mese.demo.family import CONTEXTS, Slots, Subject, several, slug

Row = Mapping[str, str]


def usual(row: Row) -> str:
    """How a sentence calls the place."""
    return row["text"] or row["name"]


def spoken(row: Row) -> tuple[str, ...]:
    return tuple(dict.fromkeys((usual(row), *several(row["aliases"]))))


def common(row: Row, region: str) -> dict[str, tuple[str, ...]]:
    """The facts that cities, states and countries all have."""
    return {
        "water": several(row["waters"]),
        "landmark": several(row["landmarks"]),
        "product": several(row["products"]),
        "year": several(row["year"]),
        "region": several(region),
    }


def in_letters(code: str) -> str:
    """A code as a sentence spells it: bare, "CL" would be taken for the symbol of chlorine."""
    return f"the letters {code}"


def names_by(rows: Sequence[Row], key: Callable[[Row], str]) -> dict[str, list[str]]:
    """Value of `key` → the usual names of the rows that have it."""
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(usual(row))
    return found


def subject(
    folder: str, row: Row, classes: tuple[str, ...], slots: Slots, drawing: Hashable
) -> Subject:
    """The row's subject; `stands_as` is the alias under which it is in the vocabulary."""
    return Subject(
        slug=f"{folder}/{slug(row['name'])}",
        name=row["stands_as"] or row["name"],
        spoken=spoken(row),
        classes=classes,
        slots=slots,
        drawing=drawing,
        contexts=int(row["contexts"] or CONTEXTS),
        synonym=bool(row["stands_as"]),
    )
