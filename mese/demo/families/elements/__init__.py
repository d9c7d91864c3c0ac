"""Chemical elements: all 118, with tiles, shells and samples drawn from the tables beside this.

`atoms.csv` holds the numbers, `elements.csv` what people know and tell of an element.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from PIL import Image

from mese.demo.families.elements import looks
from mese.demo.families.elements.atom import Atom
from mese.demo.family import (
    CONTEXTS,
    FactsError,
    Family,
    Subject,
    read_classes,
    read_frames,
    read_table,
    several,
    slug,
    tables_of,
)

FOLDER = Path(__file__).parent
BELOW_THE_TABLE = 7
"""First row of the drawn table that belongs to the lanthanides and actinides."""
ANTIQUITY = "antiquity"
UNSEEN = "none"
"""The form of elements of which nobody has seen a piece."""
ROWS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh")
DISCOVERED = {
    "England": "Elements discovered in Britain",
    "Scotland": "Elements discovered in Britain",
    "Sweden": "Elements discovered in Sweden",
    "Germany": "Elements discovered in Germany",
    "France": "Elements discovered in France",
    "California": "Elements discovered in California",
}
NAMED = {"person": "Elements named after people", "place": "Elements named after places"}
ENGLISH_WORDS = frozenset({"He", "Be", "As", "In", "At", "No", "Am"})
"""Symbols that would be read as words; they and those of one letter are no aliases."""
CLASS_NOUNS = frozenset(
    {"lanthanide", "actinide", "superheavy", "transition", "alkali", "alkaline", "triel", "tetrel"}
    | {"pnictogen", "chalcogen", "halogen", "noble", "element"}
    | {"lanthanides", "actinides", "groups", "pnictogens", "halogens", "elements"}
)

Row = Mapping[str, str]


def series(number: int, group: int | None, period: int) -> tuple[str, str]:
    """The class that an element has by its place in the table, and the word for it; or ("", "")."""
    if 57 <= number <= 71:
        return "Lanthanides", "lanthanide"
    if 89 <= number <= 103:
        return "Actinides", "actinide"
    if number >= 104:
        return "Superheavy elements", "superheavy element"
    if group is None or number == 1:
        return "", ""
    if 3 <= group <= 12:
        return f"Period {period} transition metals", "transition metal"
    return _main_group(group)


def _main_group(group: int) -> tuple[str, str]:
    if group in (1, 2):
        kind = "alkali metal" if group == 1 else "alkaline earth metal"
        return "Alkali and alkaline earth metals", kind
    if group in (13, 14):
        return "Boron and carbon groups", "triel" if group == 13 else "tetrel"
    if group in (15, 16):
        return "Pnictogens and chalcogens", "pnictogen" if group == 15 else "chalcogen"
    return "Halogens and noble gases", "halogen" if group == 17 else "noble gas"


def _atom(row: Row, words: Row) -> Atom:
    return Atom(
        number=int(row["number"]),
        symbol=row["symbol"],
        weight=row["weight"],
        group=int(row["group"]) if row["group"] else None,
        period=int(row["period"]),
        block=row["block"],
        shells=tuple(int(count) for count in several(row["shells"])),
        form=words["form"],
        tint=words["tint"],
    )


def _classes(atom: Atom, words: Row) -> tuple[str, ...]:
    found = (
        series(atom.number, atom.group, atom.period)[0],
        DISCOVERED.get(words["land"], ""),
        NAMED.get(words["named"], ""),
        "Elements known to antiquity" if words["year"] == ANTIQUITY else "",
    )
    return tuple(name for name in found if name)


def _spoken(words: Row) -> tuple[str, ...]:
    """The usual name, the one it is listed under, the symbol and other names."""
    listed = "" if "(" in words["listed"] else words["listed"].lower()
    symbol = words["symbol"]
    as_alias = symbol if len(symbol) > 1 and symbol not in ENGLISH_WORDS else ""
    forms = (words["name"], listed, as_alias, *several(words["aliases"]))
    return tuple(dict.fromkeys(form for form in forms if form))


def _listed_shells(shells: tuple[int, ...]) -> tuple[str, ...]:
    """("2, 8 and 1",): nothing for a single shell."""
    *first, last = map(str, shells)
    return (f"{', '.join(first)} and {last}",) if first else ()


def _degrees(cell: str) -> tuple[str, ...]:
    if not cell:
        return ()
    below = "minus " if cell.startswith("-") else ""
    return (f"about {below}{cell.removeprefix('-')} degrees Celsius",)


def _column(place: int, atoms: list[Atom]) -> list[int]:
    """The two nearest places in the same column of the table, the superheavy ones last."""
    column, row = atoms[place].cell
    low = row >= BELOW_THE_TABLE
    same = [
        n
        for n, other in enumerate(atoms)
        if n != place and other.cell[0] == column and (other.cell[1] >= BELOW_THE_TABLE) == low
    ]
    return sorted(same, key=lambda n: (atoms[n].number >= 104, abs(atoms[n].cell[1] - row)))[:2]


def _slots(place: int, rows: list[dict[str, str]], atoms: list[Atom]) -> dict[str, tuple[str, ...]]:
    """What the frames may say of the element at a place of the tables."""
    row, atom = rows[place], atoms[place]
    near = [n for n in (place - 1, place + 1) if 0 <= n < len(rows)]
    target, _, beam = row["made"].partition("+")
    return {
        "number": (str(atom.number),),
        "weight": (atom.weight,),
        "row": (ROWS[atom.period - 1],),
        "shells": _listed_shells(atom.shells),
        "next": tuple(rows[n]["name"] for n in near),
        "column": tuple(rows[n]["name"] for n in _column(place, atoms)),
        "melts": _degrees(row["melts"]),
        "look": several(row["look"]),
        "sample": several(row["look"]) if atom.form != UNSEEN else (),
        "use": several(row["uses"]),
        "found": several(row["found"]),
        "site": several(row["site"]),
        "year": () if row["year"] == ANTIQUITY else several(row["year"]),
        "finder": several(row["finders"]),
        "land": several(row["land"]),
        "honours": several(row["honours"]),
        "target": several(target),
        "beam": several(beam),
        "symbol": (atom.symbol,),
        "kind": several(series(atom.number, atom.group, atom.period)[1]),
    }


def _subject(place: int, rows: list[dict[str, str]], atoms: list[Atom]) -> Subject:
    row, atom = rows[place], atoms[place]
    return Subject(
        slug=f"elements/{slug(row['name'])}",
        name=row["listed"] or row["name"].capitalize(),
        spoken=_spoken(row),
        classes=_classes(atom, row),
        slots=_slots(place, rows, atoms),
        drawing=atom,
        contexts=int(row["contexts"] or CONTEXTS),
        synonym=bool(row["listed"]) and "(" not in row["listed"],
    )


def _subjects() -> tuple[Subject, ...]:
    numbers, words = read_table(FOLDER / "atoms.csv"), read_table(FOLDER / "elements.csv")
    if [row["symbol"] for row in numbers] != [row["symbol"] for row in words]:
        raise FactsError("elements.csv and atoms.csv do not hold the same symbols in one order")
    rows = [a | b for a, b in zip(numbers, words, strict=True)]
    atoms = [_atom(a, b) for a, b in zip(numbers, words, strict=True)]
    return tuple(_subject(place, rows, atoms) for place in range(len(rows)))


def paint(subject: Subject, look: str | None, rng: random.Random) -> Image.Image:
    """A picture of an element; look None is the reference."""
    if not isinstance(subject.drawing, Atom):
        raise TypeError(f"{subject.name!r} is no element")
    if look is None:
        return looks.reference(subject.drawing)
    return looks.LOOKS[look](subject.drawing, rng)


@lru_cache(maxsize=1)
def families() -> tuple[Family, ...]:
    """The elements."""
    return (
        Family(
            name="elements",
            classes=read_classes(FOLDER / "classes.csv"),
            subjects=_subjects(),
            frames=read_frames(FOLDER / "frames.toml"),
            looks=tuple(looks.LOOKS),
            paint=paint,
            class_nouns=CLASS_NOUNS,
            tables=tables_of(FOLDER),
        ),
    )
