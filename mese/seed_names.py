"""Entities by name or alias, as a person writes them; and what they may have meant.

Names are compared folded (`mese.names`). A name that is not there is answered with the few that it
may be a slip of: one or two letters off, or the beginning of a longer name. Nothing is suggested
that only looks a little like it. Entities of one name are told apart by their numbers: `#123`.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from mese.bounds import entity_id
from mese.corpus import Entity
from mese.mentions import SeedError
from mese.names import fold

BY_NUMBER = "#"
"""What stands before an entity's number where it is written in place of a name."""
SUGGESTED = 3
NAMESAKES = 5
"""Entities of one name that are told."""
LOOKED_AT = 30
"""Names that are compared letter by letter, of those that share enough letters."""
ALIKE = 0.65
"""difflib's ratio below which no slip is looked for; 3 edits in 14 letters give 0.79."""
EDITS_FROM = (5, 9, 14)
"""Letters from which a name may be 1, 2 or 3 edits off."""
SHORTEST = 3
"""Letters of a word that names are suggested for that have it among their words."""
FIRST_LETTERS = 5
"""Letters that names are suggested for that begin with them."""
PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"}
)


class SeedNames:
    """Entity ids by folded name or alias. Read-only once it is made.

    `classes[i]`, where they are given, are those of `entities[i]`: what tells namesakes apart.
    """

    def __init__(self, entities: Sequence[Entity], classes: Sequence[Sequence[str]] = ()) -> None:
        self._names = {entity.id: entity.name for entity in entities}
        self._classes = {e.id: names for e, names in zip(entities, classes, strict=False)}
        self._ids: dict[str, list[int]] = {}
        self._written: dict[str, str] = {}
        """Folded → as the first entity that has it writes it."""
        for entity in entities:
            self._add(entity.name, entity.id)
        for entity in entities:
            for alias in entity.aliases:
                self._add(alias, entity.id)

    def _add(self, name: str, entity: int) -> None:
        ids = self._ids.setdefault(fold(name), [])
        self._written.setdefault(fold(name), name)
        if entity not in ids:
            ids.append(entity)

    def find(self, name: str) -> int | None:
        """The entity of a name or alias, None where there is none; a name wins over an equal alias.

        `#123` is the entity of that number, if none is called just so. Raises `SeedError` for one
        that may be several entities.
        """
        ids = self._ids.get(fold(name), [])
        named = [i for i in ids if fold(self._names[i]) == fold(name)] or ids
        named = [i for i in named if self._names[i] == name] or named  # C beside C++
        number = self._numbered(name)
        if number is not None and not any(self._names[i] == name for i in named):
            return number
        if len(named) > 1:
            raise SeedError(self._which(name, named))
        return named[0] if named else None

    def _numbered(self, name: str) -> int | None:
        """The entity that `#123` means, if it is there."""
        if not name.startswith(BY_NUMBER):
            return None
        number = entity_id(name.removeprefix(BY_NUMBER))
        return number if number in self._names else None

    def _which(self, name: str, ids: Sequence[int]) -> str:
        """What a name may mean; namesakes with their classes and numbers, a few of them."""
        if len({self._names[i] for i in ids}) == len(ids):
            meant = " or ".join(repr(self._names[i]) for i in ids)
            return f"{name!r} may be {meant}: give the full name"
        meant = " or ".join(map(self._told_apart, ids[:NAMESAKES]))
        more = f" or one of {len(ids) - NAMESAKES} more" if len(ids) > NAMESAKES else ""
        return f"{name!r} may be {meant}{more}: give the number, e.g. {BY_NUMBER}{ids[0]}"

    def _told_apart(self, entity: int) -> str:
        classes = ", ".join(self._classes.get(entity, ()))
        told = f"{BY_NUMBER}{entity} {self._names[entity]!r}"
        return f"{told} ({classes})" if classes else told

    def like(self, name: str) -> list[str]:
        """Up to three names that an unknown one may be a slip of, the likeliest first.

        An entity that is meant by an alias is named with it: `Köln (Cologne)`.
        """
        key, folded = _plain(fold(name)), {_plain(known): known for known in self._ids}
        longer = [known for known in folded if _is_part(key, known)]
        longer.sort(key=lambda known: (len(known), known))
        told: dict[int, str] = {}
        for found in [*_slips(key, list(folded)), *longer]:
            known = folded[found]
            entity, written = self._ids[known][0], self._written[known]
            own = self._names[entity]
            told.setdefault(entity, own if fold(own) == known else f"{own} ({written})")
        return list(told.values())[:SUGGESTED]


def _plain(folded: str) -> str:
    """Without the strokes and ligatures that `fold` keeps, which a keyboard may lack."""
    return folded.translate(PLAIN)


def _is_part(part: str, known: str) -> bool:
    """Whether it is some of a longer name's words, or the letters that a name begins with."""
    begins = len(part) >= FIRST_LETTERS and known.startswith(part)
    if begins or known == part:  # equal but for a stroke that was left out
        return True
    return len(part) >= SHORTEST and f" {part} " in f" {known} "


def _slips(key: str, keys: Sequence[str]) -> list[str]:
    """The names within reach of a slip of the hand, fewest edits first.

    Few letters leave no room for a slip, and a first letter is seldom wrong: without these two
    rules `table` would be answered with Able, and `DeepMind` with deep pink.
    """
    most = sum(len(key) >= letters for letters in EDITS_FROM)
    if not most:
        return []
    sharing = [known for known in keys if known[:1] == key[:1]]
    alike = difflib.get_close_matches(key, sharing, n=LOOKED_AT, cutoff=ALIKE)
    counted = ((count_edits(key, known), known) for known in alike)
    return [known for edits, known in sorted(counted, key=lambda p: p[0]) if edits <= most]


def count_edits(a: str, b: str) -> int:
    """Letters to put in, take out, change, or swap with a neighbour (optimal string alignment)."""
    rows = [list(range(len(b) + 1))]
    for i, x in enumerate(a, start=1):
        row = [i]
        for j, y in enumerate(b, start=1):
            cost = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and y == a[i - 2]:
                cost = min(cost, rows[-2][j - 2] + 1)
            row.append(cost)
        rows.append(row)
    return rows[-1][-1]
