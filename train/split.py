"""The dev split: which classes choose the epoch, and so may not be reported.

Whole middle classes go to dev, so that siblings (each other's hard negatives) stay together, until
the wanted share of the fine classes is reached. The split depends on names and seed alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from mese.corpus import Corpus, SemanticClass

SEED = 2024
"""The split is one for all runs and seeds: what was dev once is never reported."""


def dev_classes(classes: Sequence[SemanticClass], share: float) -> frozenset[str]:
    """Names of the dev classes; empty when `share` is 0 or only one middle class exists."""
    groups: dict[tuple[str, str], list[str]] = {}
    for c in classes:
        groups.setdefault((c.coarse, c.middle), []).append(c.name)
    if share <= 0 or len(groups) < 2:
        return frozenset()
    ordered = sorted(groups, key=lambda group: hashlib.sha256(f"{SEED}{group}".encode()).digest())
    wanted, chosen = share * len(classes), set[str]()
    for group in ordered:
        if len(chosen) >= wanted:
            break
        if len(chosen) + len(groups[group]) <= max(2 * wanted, 1):
            chosen.update(groups[group])
    return frozenset(chosen)


def reported_classes(corpus: Corpus, share: float, which: str = "reported") -> list[str]:
    """Fine classes in schema order: `reported` (not dev), `dev`, or `all`. Raises ValueError."""
    dev = dev_classes(corpus.classes, share)
    keep = {
        "reported": lambda name: name not in dev,
        "dev": lambda name: name in dev,
        "all": lambda name: True,
    }
    if which not in keep:
        raise ValueError(f"classes must be one of {', '.join(keep)}, got {which!r}")
    return [c.name for c in corpus.classes if keep[which](c.name)]
