"""Two training-free floors that every table carries (design.md, "Metrics").

TF-IDF: one document an entity, its mentions removed. Pictures: an 8×8 colour thumbnail and a
colour histogram, averaged over an entity's images. Both rank by cosine to the seeds' mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mese.corpus import Corpus
from mese.features import read_squares
from mese.images import SIDE, resolve

GRID = 8
BINS = 4
"""Histogram bins a colour channel: 4³ = 64 colours."""


def tfidf_vectors(corpus: Corpus, vocabulary: Sequence[int]) -> Any:
    """Sparse rows of unit length, one an entity, in vocabulary order."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    documents = []
    for entity in vocabulary:
        words: list[str] = []
        for place in corpus.contexts_of[entity]:
            context = corpus.contexts[place]
            words += [*context.tokens[: context.start], *context.tokens[context.end + 1 :]]
        documents.append(" ".join(words))
    try:
        return TfidfVectorizer(sublinear_tf=True, stop_words="english").fit_transform(documents)
    except ValueError:  # scikit-learn's answer to nothing but stop words: nobody is like anybody
        return sparse.csr_matrix((len(documents), 1))


def picture_vectors(corpus: Corpus, vocabulary: Sequence[int]) -> NDArray[np.float64]:
    """Rows of unit length (0 for an entity with no image), in vocabulary order."""
    files = {
        c.image_hash: resolve(corpus.image_root, c.image)
        for c in corpus.contexts
        if c.image and c.image_hash
    }
    seen = {image: _look(square) for image, square in read_squares(files)}
    width = 3 * GRID * GRID + BINS**3
    rows = np.zeros((len(vocabulary), width))
    for row, entity in enumerate(vocabulary):
        places = corpus.contexts_of[entity]
        looks = [seen[h] for p in places if (h := corpus.contexts[p].image_hash) in seen]
        if looks:
            rows[row] = np.mean(looks, axis=0)
    pictured = rows.any(axis=1)
    if pictured.any():
        rows[pictured] -= rows[pictured].mean(axis=0)
    return _unit(rows)


def _look(square: NDArray[np.uint8]) -> NDArray[np.float64]:
    """A thumbnail and a histogram of one picture, each of unit length."""
    cell = SIDE // GRID
    small = square.reshape(GRID, cell, GRID, cell, 3).mean(axis=(1, 3)).ravel() / 255
    codes = (square // (256 // BINS)).reshape(-1, 3).astype(np.int64) @ (BINS**2, BINS, 1)
    histogram = np.bincount(codes, minlength=BINS**3).astype(np.float64)
    return np.concatenate([_unit((small - small.mean())[None])[0], _unit(histogram[None])[0]])


def _unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)


def rank_by_cosine(vectors: Any, seeds: Sequence[int], size: int) -> list[int]:
    """The `size` best rows by cosine to the mean of the seeds' rows, seeds left out."""
    centre = np.asarray(vectors[list(seeds)].mean(axis=0)).ravel()
    scores = np.asarray(vectors @ centre).ravel()
    scores[list(seeds)] = -np.inf
    return [
        int(p) for p in np.argsort(-scores, kind="stable")[: min(size, len(scores) - len(seeds))]
    ]
