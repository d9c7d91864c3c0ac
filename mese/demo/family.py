"""What a family of the embedded corpus is: its classes, subjects, frames and painter.

A family is a package below `families/` with its own tables. It hands over one `Family`; what all
families share (sentences, candidates, queries, the build) knows nothing else about it.
"""

from __future__ import annotations

import csv
import random
import re
import tomllib
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from mese.corpus import SemanticClass

CONTEXTS = 12
"""Sentences that an entity gets, as far as its facts suffice."""
LONG_TAIL = (2, 3)
"""Sentences of the entities that are rarely spoken of, as most of MESED's are."""

Slots = Mapping[str, tuple[str, ...]]
Painter = Callable[["Subject", str | None, random.Random], Image.Image]


class FactsError(ValueError):
    """A table that cannot be used; names the file, the row and the reason."""


@dataclass(frozen=True)
class Subject:
    """An entity before it has a number.

    `spoken` are the forms that a sentence may use, the usual one first; a leading "the" stays
    outside the mention. `slots` is what can be said of it (see the family's frames), `drawing`
    all that its painter needs, with a `repr` that changes when the picture does. `contexts` is the
    most sentences it gets. `synonym` marks an entity that stands in the vocabulary under an alias.
    `unsaid` names, for a form, the slots that do not hold under it.
    """

    slug: str
    name: str
    spoken: tuple[str, ...]
    classes: tuple[str, ...]
    slots: Slots = field(repr=False)
    drawing: Hashable = None
    contexts: int = CONTEXTS
    synonym: bool = False
    unsaid: Mapping[str, frozenset[str]] = field(default_factory=dict, repr=False)

    @property
    def aliases(self) -> tuple[str, ...]:
        """Other names for the entity, without articles; what a sentence may use is among them."""
        names = dict.fromkeys(without_article(form) for form in self.spoken)
        return tuple(name for name in names if name != self.name)

    @property
    def role(self) -> str:
        """As `mese.corpus.ROLES`: those in no class are there as hard negatives."""
        if self.synonym:
            return "synonym"
        return "target" if self.classes else "sibling"


@dataclass(frozen=True)
class Family:
    """A family of subjects that share frames and a painter.

    `paint(subject, look, rng)` gives a square canvas of `surfaces.CANVAS` pixels; look None is the
    reference image, which no context uses. `class_nouns` are the words that name a class (lower
    case), `common_words` those of names that give no entity away, as "new" in New York.
    `tables` are the files that the facts rest on.
    """

    name: str
    classes: tuple[SemanticClass, ...]
    subjects: tuple[Subject, ...]
    frames: tuple[str, ...] = field(repr=False)
    looks: tuple[str, ...]
    paint: Painter = field(repr=False)
    class_nouns: frozenset[str]
    common_words: frozenset[str] = frozenset()
    tables: tuple[Path, ...] = field(default=(), repr=False)


def without_article(form: str) -> str:
    return form.removeprefix("the ")


def slug(text: str) -> str:
    """A file name for a name: lower case, words joined by hyphens."""
    return re.sub(r"[\W_]+", "-", text.casefold()).strip("-")


def read_table(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file; raises `FactsError` for a row of the wrong length."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for number, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            reason = "not as many cells as the header has; mend the row"
            raise FactsError(f"{path.name}:{number}: {reason}")
    return rows


def read_frames(path: Path) -> tuple[str, ...]:
    """The sentence frames of a TOML file: its list `frames`."""
    return tuple(tomllib.loads(path.read_text(encoding="utf-8"))["frames"])


def read_classes(path: Path) -> tuple[SemanticClass, ...]:
    """The fine classes of a CSV file with the columns name, middle, coarse and source."""
    return tuple(SemanticClass(r["name"], r["middle"], r["coarse"]) for r in read_table(path))


def tables_of(folder: Path) -> tuple[Path, ...]:
    """The tables of a family's folder."""
    return tuple(sorted(p for p in folder.iterdir() if p.suffix in (".csv", ".toml")))


def several(cell: str) -> tuple[str, ...]:
    """The values of a cell; several are separated by bars."""
    return tuple(part.strip() for part in cell.split("|") if part.strip())
