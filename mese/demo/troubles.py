"""The paper's four troubles, found in the embedded corpus: what makes expansion hard, listed.

Hard negatives are sibling classes; synonyms are other names that sentences use; polysemous names
are borne by several entities; long-tailed entities have two or three contexts (paper, section 3).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from mese.demo.family import LONG_TAIL, Family, without_article


@dataclass(frozen=True)
class Troubles:
    """`hard_negatives`: middle class → its fine classes, two or more. `synonyms`: entity → its
    other spoken names. `polysemous`: name → the entities that bear it, two or more. `long_tail`:
    names of entities."""

    hard_negatives: dict[str, tuple[str, ...]]
    synonyms: dict[str, tuple[str, ...]]
    polysemous: dict[str, tuple[str, ...]]
    long_tail: tuple[str, ...]


def troubles(families: Sequence[Family]) -> Troubles:
    """The troubles of these families, in corpus order."""
    subjects = [subject for family in families for subject in family.subjects]
    middles: dict[str, list[str]] = defaultdict(list)
    for family in families:
        for c in family.classes:
            middles[c.middle].append(c.name)
    bearers: dict[str, dict[str, None]] = defaultdict(dict)
    shown: dict[str, str] = {}
    for subject in subjects:
        for form in (subject.name, *map(without_article, subject.spoken)):
            key = form.casefold()
            shown.setdefault(key, form)
            bearers[key][subject.name] = None
    return Troubles(
        hard_negatives={m: tuple(names) for m, names in middles.items() if len(names) > 1},
        synonyms={s.name: _other_names(s.name, s.aliases) for s in subjects if s.aliases},
        polysemous={shown[k]: tuple(names) for k, names in bearers.items() if len(names) > 1},
        long_tail=tuple(s.name for s in subjects if s.contexts in LONG_TAIL),
    )


def _other_names(name: str, aliases: Sequence[str]) -> tuple[str, ...]:
    """Aliases but for the bare form of a bracketed name: "Georgia" is no synonym of itself."""
    bare = name.split(" (", maxsplit=1)[0].casefold()
    return tuple(alias for alias in aliases if alias.casefold() != bare)
