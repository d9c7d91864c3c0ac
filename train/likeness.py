"""How alike entities are before anything is learnt: targets that tell kinds from names.

Masked-entity prediction rewards naming. With a dozen contexts an entity it is solved by heart, and
what expansion reads, the rest of each distribution, says nothing. So a share κ of the target goes
to the entities that are most alike, by their sentences where those are read, by their pictures
where only those are, by both where both are: label smoothing with a direction. Mentions are masked
as ever, and no class or gold list is read, but for the dev classes', which say how much sentences
weigh beside pictures, as they choose the epoch (docs/decisions/0002-small-data.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import TruncatedSVD

from mese.encoding import Encoded, PatchSource
from train.picture_likeness import FEWEST_PICTURES, Vectors, picture_likeness, unit

TEXT_DIMENSIONS = 512
"""Of the sentences' vectors."""

TEXT_WEIGHTS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Of the sentences' unit vector, where both are read; the pictures' weighs the rest."""

NEAR = 20
"""Entities among which a share of the target is divided."""

TEMPERATURE = 0.05
"""Of the cosines that divide it."""

SMOOTHED_BY = 10
"""Nearest entities that each vector is averaged with before likeness is measured."""

Judge = Callable[[Vectors], float]
"""How good it is to rank by some unit vectors (V, D): the higher the better."""


@dataclass(frozen=True)
class Kinds:
    """The most alike entities of each of V: `near` int64 (V, n), `share` float32 (V, n).

    Shares of an entity sum to 1, or are all 0 where nothing is known of it.
    """

    near: NDArray[np.int64]
    share: NDArray[np.float32]


@dataclass(frozen=True)
class Likeness:
    """Unit vectors of entities (V, D), zeros for the unknown; without pictures `image` is None."""

    text: Vectors
    image: Vectors | None


def likeness(
    sentences: Any, encoded: Encoded, entities: int, patches: PatchSource, seed: int
) -> Likeness:
    """Likeness by sentences and by pictures.

    `sentences` sparse (V, W) are unit rows of entities by the words around their mentions
    (`train.floors.tfidf_vectors`).
    """
    text = sentence_likeness(sentences, seed)
    if len(np.unique(encoded.image[encoded.image >= 0])) < FEWEST_PICTURES:
        return Likeness(text, None)
    return Likeness(text, picture_likeness(encoded, entities, patches, seed))


def kinds_by_modality(found: Likeness, judge: Judge | None = None) -> Mapping[str, Kinds]:
    """The kinds of every modality that the corpus has; for `judge` see `kinds_by_both`."""
    made = {"text": kinds(found.text)}
    if found.image is not None:
        made["image"] = kinds(found.image)
        made["text+image"] = kinds_by_both(found.text, found.image, judge)
    return made


def kinds_by_both(text: Vectors, image: Vectors, judge: Judge | None = None) -> Kinds:
    """Kinds by sentences and pictures together.

    How much the sentences weigh beside the pictures is for `judge` to say, who looks at the dev
    classes, as for the choice of the epoch; without one, half.
    """
    weights = TEXT_WEIGHTS if judge else (0.5,)
    both = [unit(np.hstack([share * text, (1 - share) * image])) for share in weights]
    return kinds(max(both, key=lambda rows: judge(_smoothed(rows))) if judge else both[0])


def as_read(states: Vectors, text: Vectors) -> Vectors:
    """Entities by what a model read in their sentences beside the words themselves, (V, D).

    `states` are mean mask states (V, d), whose mean over entities says nothing of any of them.
    """
    return unit(np.hstack([unit(states - states.mean(axis=0)), text]))


def sentence_likeness(sentences: Any, seed: int) -> Vectors:
    """Unit vectors of entities by their sentences: the singular vectors of TF-IDF, (V, D)."""
    rank = min(TEXT_DIMENSIONS, min(sentences.shape) - 1)
    reduced = TruncatedSVD(rank, random_state=seed).fit_transform(sentences)
    return unit(reduced.astype(np.float32))


def kinds(vectors: Vectors) -> Kinds:
    """The entities most alike to each, after every vector was averaged with its nearest."""
    near, cosines = nearest(_smoothed(vectors), NEAR)
    weight = np.exp((cosines - cosines[:, :1]) / TEMPERATURE)
    share = weight / weight.sum(axis=1, keepdims=True)
    share[~vectors.any(axis=1)] = 0
    return Kinds(near, share.astype(np.float32))


def _smoothed(vectors: Vectors) -> Vectors:
    near, cosines = nearest(vectors, SMOOTHED_BY)
    pulled = np.zeros_like(vectors)
    for column in range(near.shape[1]):
        pulled += vectors[near[:, column]] * np.maximum(cosines[:, column, None], 0)
    return unit(vectors + unit(pulled))


def nearest(vectors: Vectors, count: int, block: int = 1024) -> tuple[NDArray[np.int64], Vectors]:
    """The `count` most alike other rows of unit vectors, best first, and their cosines."""
    count = min(count, len(vectors) - 1)
    near = np.empty((len(vectors), count), np.int64)
    cosines = np.empty((len(vectors), count), np.float32)
    for start in range(0, len(vectors), block):
        scores = vectors[start : start + block] @ vectors.T
        scores[np.arange(len(scores)), start + np.arange(len(scores))] = -np.inf
        rows = slice(start, start + len(scores))
        near[rows] = np.argsort(-scores, axis=1, kind="stable")[:, :count]
        cosines[rows] = np.take_along_axis(scores, near[rows], axis=1)
    return near, cosines


def nearest_pictures(features: Vectors, count: int, block: int = 1024) -> NDArray[np.int64]:
    """The `count` nearest other rows by cosine of centred mean features: int64 (n, count)."""
    return nearest(unit(features - features.mean(axis=0)), count, block)[0]
