"""How alike entities are by their pictures: what stays the same from one picture to the next.

A small backbone's features tell first how a picture was made (its style, light and frame) and last
what it shows. Three descriptions of a picture are whitened and joined: its patches in their places,
the quantiles of its patches wherever they stand, and how its patches vary together. Then whatever
differs between pictures of one entity is divided out (within-class covariance normalisation:
Hatch, Kajarekar and Stolcke, Interspeech 2006, with entities for classes), so that what remains is
what an entity's pictures share. No class or gold list is read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import OAS
from sklearn.decomposition import PCA

from mese.encoding import Encoded, PatchSource

Vectors = NDArray[np.float32]

IN_PLACE, ANYWHERE, TOGETHER = 1024, 384, 768
"""Most dimensions of the three descriptions: in places, quantiles, covariances."""

PATCH_DIMENSIONS = 64
"""Of a patch, before its quantiles and covariances are taken."""

QUANTILES = (0.0, 0.09, 0.34, 0.69, 0.91, 1.0)
"""Of a dimension over a picture's patches; the ends find what only one patch shows."""

FEWEST_PICTURES, MOST_PICTURES = 16, 10_000
"""Pictures that the descriptions are found on; with fewer, none are alike."""

BLOCK = 512


def picture_likeness(encoded: Encoded, entities: int, patches: PatchSource, seed: int) -> Vectors:
    """Unit vectors of entities by their pictures: float32 (V, D), D up to 2,176.

    Zeros for an entity without a picture. At most `MOST_PICTURES` are held at a time.
    """
    shown = encoded.image >= 0
    pairs = np.unique(np.stack([encoded.entity[shown], encoded.image[shown]], axis=1), axis=0)
    rng = np.random.default_rng(seed)
    sample = _whole_entities(pairs, rng)
    describe = Describer(patches, np.unique(sample[:, 1]), seed)
    steady = _steady(describe, sample)
    total, count = np.zeros((entities, len(steady))), np.zeros(entities)
    for start in range(0, len(pairs), BLOCK):
        entity, image = pairs[start : start + BLOCK].T
        np.add.at(total, entity, describe(image) @ steady)
        np.add.at(count, entity, 1)
    means = (total / np.maximum(count, 1)[:, None]).astype(np.float32)
    means[count > 0] -= means[count > 0].mean(axis=0)
    return unit(means)


def _whole_entities(pairs: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """(entity, picture) rows of entities drawn at random, about `MOST_PICTURES` of them."""
    rank = rng.permutation(int(pairs[:, 0].max()) + 1)[pairs[:, 0]]
    return pairs[np.argsort(rank, kind="stable")[:MOST_PICTURES]]


def _steady(describe: Describer, sample: NDArray[np.int64]) -> Vectors:
    """The map (D, D) under which pictures of one entity differ equally in every direction.

    The identity where no entity of the sample has two pictures.
    """
    entity, image = sample.T
    found = np.concatenate(
        [describe(image[start : start + BLOCK]) for start in range(0, len(image), BLOCK)]
    )
    _, group, size = np.unique(entity, return_inverse=True, return_counts=True)
    means = np.zeros((len(size), found.shape[1]))
    np.add.at(means, group, found)
    means /= size[:, None]
    several = size[group] > 1
    if not several.any():
        return np.eye(found.shape[1], dtype=np.float32)
    # Fewer pictures than a covariance needs: OAS shrinks it towards a sphere by as much.
    within = OAS(assume_centered=True).fit((found - means[group])[several]).covariance_
    values, axes = np.linalg.eigh(within)
    return (axes / np.sqrt(np.maximum(values, 1e-9))).astype(np.float32)


@dataclass(frozen=True)
class _Standard:
    """Each feature's mean and deviation over the patches of the sample."""

    mean: Vectors
    spread: Vectors

    def __call__(self, patches: Vectors) -> Vectors:
        return (patches - self.mean) / self.spread


class Describer:
    """Pictures, by their rows of the feature store, to whitened vectors float32 (n, D)."""

    def __init__(self, patches: PatchSource, sample: NDArray[np.int64], seed: int) -> None:
        self._patches = patches
        seen = patches(sample).astype(np.float32)
        wide = seen.reshape(-1, seen.shape[2])
        self._standard = _Standard(wide.mean(axis=0), wide.std(axis=0) + np.float32(1e-6))
        seen = self._standard(seen)
        wide = seen.reshape(wide.shape)
        # The full covariance of a patch is small; a few pictures suffice for it.
        some = wide[:: max(1, len(wide) // 50_000)]
        self._patch = _components(some, PATCH_DIMENSIONS, seed, few=1)
        parts = self._parts(seen)
        most = (IN_PLACE, ANYWHERE, TOGETHER)
        self._whiten = [
            _components(part, rank, seed) for part, rank in zip(parts, most, strict=True)
        ]

    def __call__(self, rows: NDArray[np.int64]) -> Vectors:
        parts = self._parts(self._standard(self._patches(rows).astype(np.float32)))
        joined = [whiten.transform(part) for whiten, part in zip(self._whiten, parts, strict=True)]
        return np.hstack(joined).astype(np.float32)

    def _parts(self, patches: Vectors) -> tuple[Vectors, Vectors, Vectors]:
        n, count, width = patches.shape
        small = self._patch.transform(patches.reshape(-1, width)).astype(np.float32)
        small = small.reshape(n, count, -1)
        places = [round(q * (count - 1)) for q in QUANTILES]
        anywhere = np.sort(small, axis=1)[:, places].reshape(n, -1)
        upper = np.triu_indices(small.shape[2])
        together = (small.transpose(0, 2, 1) @ small)[:, upper[0], upper[1]] / count
        return patches.reshape(n, -1), anywhere, together


def _components(values: Vectors, most: int, seed: int, few: int = 8) -> PCA:
    """Whitened principal components, at least `few` rows for each of them.

    With as many components as rows, whitening would set all rows equally far apart.
    """
    rank = max(1, min(most, len(values) // few, values.shape[1]))
    return PCA(rank, whiten=True, svd_solver="randomized", random_state=seed).fit(values)


def unit(rows: Vectors) -> Vectors:
    """Rows divided by their lengths; zeros stay zeros."""
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9).astype(np.float32)
