"""Why an entity stands in a list: the seeds it is closest to, its contexts, its rank by modality.

Closeness is the cosine of standardised log-distributions, what section (e) of specs/multiexpan.md
sums over the set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mese.mentions import Mention

if TYPE_CHECKING:
    from mese.engine import Engine, Options, SeedRow


@dataclass(frozen=True)
class Why:
    """What speaks for an entity.

    `closest`: (seed's entity id, or −1−k for open seed k; cosine), best first. `contexts`: (number
    of the given mention, its cosine to the seeds' sum), best first. `ranks`: the entity's rank by
    modality, None beyond the `looked_at` first; a modality that the bundle lacks is not there.
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
) -> Why:
    """See `Why`; a placeholder that says nothing yet."""
    return Why((), (), {}, 0)
