"""Why an entity stands in a list: the seeds it is closest to, its contexts, its rank by modality.

Closeness is the cosine of standardised log-distributions, what section (e) of specs/multiexpan.md
sums over the set. The ranks repeat the query under each modality alone, seeds and candidates alike
(the paper's Table 5).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mese.engine import EXPANDED, Engine, Options, SeedRow
from mese.index import standardise
from mese.live_rows import sum_seeds
from mese.mentions import Encodings, Mention, SeedError


@dataclass(frozen=True)
class Why:
    """What speaks for an entity.

    `closest`: (seed's entity id, or −1−k for open seed k; cosine), best first. `contexts`: (number
    of the given mention, its cosine to the seeds' sum), best first, without those that say nothing
    under the candidates' modality. `ranks`: the entity's rank by modality, None beyond the
    `looked_at` first; a modality that the bundle lacks, that cannot answer by the method, or that
    says nothing of an open seed, is not there.
    """

    closest: tuple[tuple[int, float], ...]
    contexts: tuple[tuple[int, float], ...]
    ranks: Mapping[str, int | None]
    looked_at: int


def explain(
    engine: Engine,
    entity: int,
    seeds: Sequence[int],
    options: Options,
    mentions: Sequence[Mention] = (),
    rows: Sequence[SeedRow] = (),
    rows_by: Callable[[str], Sequence[SeedRow]] | None = None,
) -> Why:
    """See `Why`; `seeds`, `options` and `rows` are those of the expansion that is explained.

    `mentions` are the entity's contexts, read by the model where there are any. `rows_by` gives the
    seeds' rows under another modality, for the ranks; without it `rows` are used under all, whose
    distributions are over the same entities. Raises `SeedError` and `BundleError` as `expand` and
    `encode` do.
    """
    if not engine.knows(entity):
        raise SeedError(f"bundle {engine.name!r} does not know entity {entity}")
    options = engine.settle(options)
    by = str(options.candidates)
    contexts: list[tuple[int, float]] = []
    if mentions:
        contexts = carried(engine, engine.encode(mentions, by), seeds, options, rows)
    looked_at = max(options.size, EXPANDED)
    ranks = {}
    for modality in engine.bundle.modalities:
        if options.method not in engine.methods(modality):
            continue
        under = replace(options, candidates=modality, seeds=modality, size=looked_at)
        try:
            known = rows_by(modality) if rows_by and modality != options.seeds else rows
        except SeedError:  # an open seed without an image has no row under images
            continue
        ranks[modality] = _rank_under(engine, entity, seeds, under, known)
    closest = _closest(engine, entity, seeds, options, rows)
    return Why(tuple(closest), tuple(contexts), ranks, looked_at)


def cosine(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """cos(a, b); 0 where one of them says nothing."""
    scale = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / scale if scale > 0 else 0.0


def _closest(
    engine: Engine,
    entity: int,
    seeds: Sequence[int],
    options: Options,
    rows: Sequence[SeedRow],
) -> list[tuple[int, float]]:
    """The seeds by the cosine of their rows to the entity's own."""
    position_of = engine.bundle.position_of
    own = engine.index(str(options.candidates)).standardised(position_of[entity])
    index = engine.index(str(options.seeds))
    live = engine.live_rows(seeds, rows)
    given = {seed: sum_seeds(index, [position_of[seed]], replace(live, open=())) for seed in seeds}
    given |= {-1 - k: standardise(row) for k, row in enumerate(live.open)}
    return _best_first((seed, cosine(own, row)) for seed, row in given.items())


def carried(
    engine: Engine,
    encodings: Encodings,
    seeds: Sequence[int],
    options: Options,
    rows: Sequence[SeedRow] = (),
) -> list[tuple[int, float]]:
    """(number of a mention, its cosine to the seeds' sum), best first: `Why.contexts` alone.

    `encodings` are the mentions', under the candidates' modality.
    """
    positions = [engine.bundle.position_of[seed] for seed in seeds]
    index = engine.index(str(engine.settle(options).seeds))
    centre = sum_seeds(index, positions, engine.live_rows(seeds, rows))
    return _best_first(
        (number, cosine(standardise(row), centre))
        for number, row in enumerate(encodings.log_prob)
        if encodings.says[number]
    )


def _best_first(pairs: Iterable[tuple[int, float]]) -> list[tuple[int, float]]:
    return sorted(pairs, key=lambda pair: -pair[1])


def _rank_under(
    engine: Engine,
    entity: int,
    seeds: Sequence[int],
    options: Options,
    rows: Sequence[SeedRow],
) -> int | None:
    results = engine.expand(seeds, options, rows).results
    return next((result.rank for result in results if result.id == entity), None)
