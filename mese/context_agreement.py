"""How far the contexts of one entity agree with each other, as the model reads them.

An entity's row is the mean over its contexts (paper, section 4.2), so one that speaks of something
else pulls it aside. Here each context is held against the mean of the others: the cosine of their
standardised log-distributions, in which window search compares rows (specs/multiexpan.md, (e)).
"""

from __future__ import annotations

import numpy as np

from mese.explain import cosine
from mese.index import standardise
from mese.mentions import Encodings


def agreement(encodings: Encodings) -> tuple[float | None, ...]:
    """Each context's cosine to the mean of the others, −1 to 1.

    None for a context that says nothing under the modality, and where no other one says anything.
    """
    rows = encodings.log_prob.astype(np.float64)
    telling = np.flatnonzero(encodings.says)
    total = rows[telling].sum(axis=0)
    found: list[float | None] = [None] * len(rows)
    if len(telling) > 1:
        for number in telling:
            found[number] = cosine(standardise(rows[number]), standardise(total - rows[number]))
    return tuple(found)
