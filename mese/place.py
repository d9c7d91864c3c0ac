"""Where something that is not in the vocabulary would stand in a list.

The entity head knows the vocabulary's entities and no others (section (a) of specs/multiexpan.md):
an entity with a single context, or one that a person describes, has no column, so that no expansion
can return it. Its mask state can be compared with the seeds' all the same (`mese.states`), and its
rank among the entities of the vocabulary tells what that closeness is worth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mese.engine import Engine, Options, SeedRow
from mese.states import direction, state_cosine

TIE = 1e-6
"""Cosines that differ by less are equal: the list's are computed in single precision."""


@dataclass(frozen=True)
class Place:
    """A newcomer's cosine to the seeds, and its rank in the list with it: 1 to `of`.

    The list is that of the method `states` over the whole vocabulary, without seeds and what is
    kept out; each newcomer joins it alone.
    """

    name: str
    source: str
    score: float
    rank: int
    of: int


def place(
    engine: Engine,
    newcomers: Sequence[SeedRow],
    seeds: Sequence[int],
    options: Options,
    rows: Sequence[SeedRow] = (),
) -> list[Place]:
    """Each newcomer's `Place` for a query, in order; `seeds`, `options`, `rows` are `expand`'s.

    A newcomer is made by `Engine.seed_row`, of contexts that were read under the candidates'
    modality. The method, window and re-ranking of `options` say nothing here. An entity that ties
    with a newcomer stands before it. Raises as `expand` does.
    """
    if not newcomers:
        return []
    everyone = replace(engine.settle(options), method="states", size=len(engine.bundle.entities))
    listed = engine.expand(seeds, everyone, rows).results
    scores = np.array([result.score for result in listed])
    candidates = engine.index(str(everyone.candidates))
    positions = [engine.bundle.position_of[seed] for seed in seeds]
    towards = direction(
        engine.index(str(everyone.seeds)), (positions, engine.live_rows(seeds, rows))
    )
    made = []
    for newcomer in newcomers:
        score = state_cosine(candidates, newcomer.state, towards)
        rank = 1 + int((scores > score - TIE).sum())
        made.append(Place(newcomer.name, newcomer.source, score, rank, len(listed) + 1))
    return made
