"""What a list is asked for with: its options, and rows of seeds that were made on the fly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Options:
    """How a list is made. None leaves a choice to the bundle, or to the release's schedule."""

    size: int = 50
    """Results, at most."""
    method: str | None = None
    """One of `METHODS`."""
    candidates: str | None = None
    """The modality that represents candidates."""
    seeds: str | None = None
    """The modality that represents the seeds; None: that of the candidates (Table 5)."""
    window: int | None = None
    """How many candidates compete at every step; None: the release's schedule of widths."""
    rerank: bool = True
    """Whether window search's second pass orders the list."""
    keep_out: tuple[int, ...] = ()
    """Rejected entity ids: never in the set nor in the list."""


USUAL = Options()
"""With nothing chosen."""


@dataclass(frozen=True)
class SeedRow:
    """A seed's own averaged representation, made on the fly (`Engine.seed_row`).

    `entity` is the vocabulary's entity that it stands for, some of its contexts left out; None is
    an open seed. `used` of `given` contexts were averaged; `source` is what an open seed was read
    from, in its maker's words. `state` is the mean mask state, (d,). `device` is what the contexts
    were read on, by torch's name.
    """

    entity: int | None
    name: str
    prob: NDArray[np.float32]
    log_prob: NDArray[np.float32]
    used: int = 1
    given: int = 1
    source: str = ""
    state: NDArray[np.float32] | None = None
    device: str = "cpu"
