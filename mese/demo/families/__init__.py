"""The families of the embedded corpus, in corpus order."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module

from mese.demo.family import FactsError, Family

NAMES = ("places", "elements", "colours", "sky", "letters", "shapes", "cards", "chords", "chess")
"""The packages below this one; each has a function `families()`."""


@lru_cache(maxsize=1)
def all_families() -> tuple[Family, ...]:
    """Every family. Raises `FactsError` where the tables contradict themselves."""
    modules = (import_module(f"{__name__}.{name}") for name in NAMES)
    found = tuple(family for module in modules for family in module.families())
    seen: set[str] = set()
    for family in found:
        known = {c.name for c in family.classes}
        for subject in family.subjects:
            if subject.name in seen:
                reason = "is in the tables twice; entity names are unique"
                raise FactsError(f"{family.name}: {subject.name!r} {reason}")
            seen.add(subject.name)
            if not known >= set(subject.classes):
                odd = sorted(set(subject.classes) - known)
                raise FactsError(f"{family.name}: {subject.name!r} is in unknown classes {odd}")
    return found
