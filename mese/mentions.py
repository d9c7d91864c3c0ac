"""Contexts that are not in training's arrays: what a person types, or picks from the store.

An open seed is a sentence with its mention marked, an image, or both: the model reads it as it
reads any context (paper, section 4.1: the mention becomes `[MASK]`). Nothing here needs torch, so
that a page can check a sentence long before a model is opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mese.bounds import MAX_TOKENS

OPEN, CLOSE = "[[", "]]"
"""What a mention is marked with in a sentence that a person types."""

MAX_LETTERS = 20_000
"""Letters of a sentence that are read."""


class SeedError(ValueError):
    """Seeds that cannot be expanded; the message is fit for the person who chose them."""


@dataclass(frozen=True)
class Mention:
    """A context to be encoded on the fly: a stored one or an open seed's.

    The mention is tokens `start` to `end`, both inclusive; no tokens: no sentence. `image` is a
    file that its reader vouches to be the store's or the user's own; None: no image.
    """

    tokens: tuple[str, ...] = ()
    start: int = 0
    end: int = 0
    image: Path | None = None


@dataclass(frozen=True)
class Encodings:
    """Distributions of n mentions under a modality, float32 (n, V), and mask states, (n, d).

    `says` is False, bool (n,), where a mention has nothing to read under the modality (no image
    under `image`, no sentence under `text`): its row is uniform, its state
    zeros, and they count for nothing.
    """

    modality: str
    prob: NDArray[np.float32]
    log_prob: NDArray[np.float32]
    says: NDArray[np.bool_]
    unreadable: Mapping[int, str] = field(default_factory=dict)
    """Number of a mention → why its image could not be read; it was masked."""
    state: NDArray[np.float32] | None = None
    device: str = "cpu"
    """What they were read on, by torch's name."""

    def __len__(self) -> int:
        return len(self.prob)


def read_marked(text: str) -> Mention:
    """A sentence with one `[[mention]]` as a `Mention` without image; raises `SeedError`."""
    if len(text) > MAX_LETTERS:
        raise SeedError(f"the sentence has {len(text):,} letters; give at most {MAX_LETTERS:,}")
    before, opened, rest = text.partition(OPEN)
    inside, closed, after = rest.partition(CLOSE)
    if not opened or not closed or OPEN in inside:
        raise SeedError(
            "mark the mention with double brackets, as in: The ferry leaves [[Bergen]] at noon"
        )
    if OPEN in after or CLOSE in after or CLOSE in before:
        raise SeedError("mark one mention only: the sentence has more double brackets")
    left, name, right = before.split(), inside.split(), after.split()
    if not name:
        raise SeedError("the brackets hold no mention: write its name between [[ and ]]")
    mention = Mention((*left, *name, *right), len(left), len(left) + len(name) - 1)
    check_mention(mention)
    return mention


def name_of(mention: Mention) -> str:
    """The mention's words; empty where there is no sentence."""
    return " ".join(mention.tokens[mention.start : mention.end + 1])


def marked(mention: Mention) -> str:
    """The sentence with its mention marked, as `read_marked` reads it; empty without one."""
    if not mention.tokens:
        return ""
    before, after = mention.tokens[: mention.start], mention.tokens[mention.end + 1 :]
    return " ".join([*before, f"{OPEN}{name_of(mention)}{CLOSE}", *after])


def check_mention(mention: Mention) -> None:
    """Raise `SeedError` for a mention that nothing can be read of, or that is too long."""
    count = len(mention.tokens)
    if not count:
        if mention.image is None:
            raise SeedError("give a sentence with its mention marked, an image, or both")
        return
    if count > MAX_TOKENS:
        raise SeedError(f"the sentence has {count:,} words; give at most {MAX_TOKENS:,}")
    if not 0 <= mention.start <= mention.end < count:
        raise SeedError(
            f"the mention, words {mention.start} to {mention.end}, lies outside the sentence's "
            f"{count} words (counted from 0)"
        )
