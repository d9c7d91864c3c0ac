"""Word vectors from the corpus itself: where a small text encoder starts.

A randomly initialised encoder needs far more sentences than a small corpus has. Pieces that share
sentences are alike, so the token embeddings start from the truncated SVD of the positive pointwise
mutual information of piece co-occurrence (Levy and Goldberg, 2014). Nothing but the corpus's
masked sentences is read: no names, no classes.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.utils.extmath import randomized_svd

from mese.encoding import Encoded

SCALE = 0.06
"""Standard deviation of the vectors; three times BERT's initial 0.02, so that content outweighs
position at the start."""


def sentence_matrix(
    encoded: Encoded, vocabulary: int, specials: Collection[int]
) -> sparse.csr_matrix:
    """Which piece stands in which context: 0/1 csr (N, vocabulary), special pieces left out."""
    rows = np.repeat(np.arange(len(encoded)), encoded.lengths)
    keep = ~np.isin(encoded.pieces, list(specials))
    ones = np.ones(int(keep.sum()))
    matrix = sparse.csr_matrix(
        (ones, (rows[keep], encoded.pieces[keep])), (len(encoded), vocabulary)
    )
    matrix.data[:] = 1.0
    return matrix


def piece_vectors(matrix: sparse.csr_matrix, dim: int, seed: int) -> NDArray[np.float32]:
    """PPMI-SVD vectors of the pieces, float32 (vocabulary, dim), with spread `SCALE`."""
    together = (matrix.T @ matrix).tocoo()
    off = together.row != together.col
    row, col, count = together.row[off], together.col[off], together.data[off]
    margin = np.bincount(row, count, minlength=matrix.shape[1])
    information = np.log(count * count.sum() / (margin[row] * margin[col]))
    positive = information > 0
    table = sparse.csr_matrix(
        (information[positive], (row[positive], col[positive])), together.shape
    )
    rank = min(dim, min(table.shape) - 1)
    left, values, _ = randomized_svd(table, rank, random_state=seed)
    vectors = np.zeros((matrix.shape[1], dim))
    vectors[:, :rank] = left * np.sqrt(values)
    spread = vectors.std()
    return (vectors * (SCALE / spread if spread > 0 else 0.0)).astype(np.float32)


def sentence_vectors(
    matrix: sparse.csr_matrix, vectors: NDArray[np.float32]
) -> NDArray[np.float32]:
    """IDF-weighted means of piece vectors, centred, unit length: float32 (N, dim)."""
    frequency = np.asarray(matrix.sum(axis=0)).ravel()
    weight = np.log((1 + matrix.shape[0]) / (1 + frequency))
    summed = np.asarray(matrix @ (vectors * weight[:, None]))
    summed -= summed.mean(axis=0)
    length = np.linalg.norm(summed, axis=1, keepdims=True)
    return (summed / np.maximum(length, 1e-9)).astype(np.float32)
