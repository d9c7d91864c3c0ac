"""The ten pictures that an image search finds for a context, and which of them are right.

Drawn so that the first of them is right as often as in the paper (Table 1, row "Top 1": 52.7 %
fit entity and sentence, 14.8 % the sentence only, 32.5 % neither). What a picture is worth, its
`fit`, is the generator's own knowledge: it goes to `truth`, never into the store.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

FOUND = 10
"""Pictures a search finds for a context."""

Fit = Literal["R/T E&S", "R/T S", "IR"]
TOP_1: Mapping[Fit, float] = {"R/T E&S": 0.527, "R/T S": 0.148, "IR": 0.325}
"""Table 1, row "Top 1"."""

BELOW: Mapping[Fit, float] = {"R/T E&S": 0.4, "R/T S": 0.15, "IR": 0.45}
"""The mix of the other nine: a search is worse further down."""
JUNK = 0.4
"""Of pictures that fit neither, the share that has nothing to do with the class."""


@dataclass(frozen=True)
class Found:
    """A candidate picture: its path, and what it is worth to the context."""

    path: str
    fit: Fit


@dataclass(frozen=True)
class Shelf:
    """The pictures to choose from for one context.

    `own` is the context's very own picture, `others` more of the same entity; `told` shows what
    else the sentence speaks of; `siblings` entities of the same class or its hard negatives;
    `junk` anything else.
    """

    own: str
    others: Sequence[str]
    told: Sequence[str]
    siblings: Sequence[str]
    junk: Sequence[str]


def first_fit(rng: random.Random, has_told: bool, share_told: float) -> Fit:
    """What the first picture is worth; `share_told` is the share of contexts that have `told`.

    A picture that fits the sentence only must show something that the sentence speaks of, so those
    contexts get all of Table 1's share, and the rest is scaled to keep the other two rows.
    """
    only = TOP_1["R/T S"] / share_told if has_told and share_told else 0.0
    if rng.random() < only:
        return "R/T S"
    right = TOP_1["R/T E&S"] / (TOP_1["R/T E&S"] + TOP_1["IR"])
    return "R/T E&S" if rng.random() < right else "IR"


def search(shelf: Shelf, first: Fit, rng: random.Random) -> tuple[Found, ...]:
    """Ten different pictures in the order of the search; the context's own is always among them.

    Fewer only where a shelf is short. The same `rng` state gives the same pictures.
    """
    stock = {
        "R/T E&S": [shelf.own, *rng.sample(shelf.others, len(shelf.others))],
        "R/T S": rng.sample(shelf.told, min(len(shelf.told), FOUND)),
        "IR": _wrong(shelf, rng),
    }
    kinds: list[Fit] = [first, *rng.choices(list(BELOW), list(BELOW.values()), k=FOUND - 1)]
    if "R/T E&S" not in kinds:
        kinds[rng.randrange(1, FOUND)] = "R/T E&S"
    found: list[Found] = []
    for kind in kinds:
        given = kind if stock[kind] else "IR"
        if stock[given]:
            found.append(Found(stock[given].pop(0), given))
    return tuple(found)


def _wrong(shelf: Shelf, rng: random.Random) -> list[str]:
    """Pictures that fit neither, siblings and junk mixed."""
    siblings = rng.sample(shelf.siblings, min(len(shelf.siblings), FOUND))
    junk = rng.sample(shelf.junk, min(len(shelf.junk), FOUND))
    mixed = []
    while siblings or junk:
        take = junk if not siblings or (junk and rng.random() < JUNK) else siblings
        mixed.append(take.pop())
    return mixed
