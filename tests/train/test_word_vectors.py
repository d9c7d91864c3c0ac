"""Word vectors from a corpus: pieces that share contexts are near, and the numbers are PPMI's."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse

from mese.corpus import Corpus
from mese.encoders import SPECIALS, WordEncoder, train_tokenizer
from mese.encoding import Encoded, encode_contexts
from tests.train.conftest import WORDS
from train.word_vectors import SCALE, piece_vectors, sentence_matrix, sentence_vectors


@pytest.fixture(scope="module")
def words(corpus: Corpus) -> WordEncoder:
    return WordEncoder(train_tokenizer([c.tokens for c in corpus.contexts], 400))


@pytest.fixture(scope="module")
def encoded(corpus: Corpus, words: WordEncoder) -> Encoded:
    return encode_contexts(corpus, corpus.vocabulary(), words, {})


@pytest.fixture(scope="module")
def matrix(encoded: Encoded, words: WordEncoder) -> sparse.csr_matrix:
    return sentence_matrix(encoded, words.tokenizer.get_vocab_size(), words.specials)


def cosine(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def test_the_matrix_says_which_piece_stands_where(
    encoded: Encoded, matrix: sparse.csr_matrix
) -> None:
    dense = matrix.toarray()
    for row in range(len(encoded)):
        pieces = {int(p) for p in encoded.sentence(row) if p >= len(SPECIALS)}
        assert set(np.flatnonzero(dense[row]).tolist()) == pieces
    assert set(np.unique(dense)) == {0.0, 1.0}


def test_words_that_share_contexts_are_nearer(
    words: WordEncoder, matrix: sparse.csr_matrix
) -> None:
    vectors = piece_vectors(matrix, 16, 0)
    place = {name: [words.pieces(w) for w in kind] for name, kind in WORDS.items()}
    assert all(len(pieces) == 1 for kind in place.values() for pieces in kind)
    inside, across = [], []
    for name, kind in place.items():
        for i, (one,) in enumerate(kind):
            inside += [cosine(vectors[one], vectors[other]) for (other,) in kind[:i]]
            others = [p for n, k in place.items() if n != name for (p,) in k]
            across += [cosine(vectors[one], vectors[other]) for other in others]
    assert np.mean(inside) > np.mean(across) + 0.3


def test_vectors_factorise_the_positive_mutual_information() -> None:
    """Against PPMI by its definition, pair by pair, and NumPy's own SVD."""
    rng = np.random.default_rng(0)
    dense = (rng.random((30, 7)) < 0.4).astype(float)
    dense[:, 6] = 0  # a piece that never stands anywhere
    found = piece_vectors(sparse.csr_matrix(dense), 6, 0).astype(np.float64)
    together = dense.T @ dense
    np.fill_diagonal(together, 0)
    total, ppmi = together.sum(), np.zeros((7, 7))
    for a in range(7):
        for b in range(7):
            if together[a, b]:
                expected = together[a].sum() * together[:, b].sum() / total
                ppmi[a, b] = max(np.log(together[a, b] / expected), 0)
    left, values, _ = np.linalg.svd(ppmi)
    wanted = (left * np.sqrt(values))[:, :6]
    # Singular vectors have no sign, and the spread depends on it: products are compared, to scale.
    one, other = found @ found.T, wanted @ wanted.T
    np.testing.assert_allclose(one / np.trace(one), other / np.trace(other), atol=1e-6)
    assert found.std() == pytest.approx(SCALE, rel=1e-3)
    assert not found[6].any()


def test_more_dimensions_than_pieces_are_zeros() -> None:
    dense = (np.random.default_rng(0).random((30, 7)) < 0.4).astype(float)
    vectors = piece_vectors(sparse.csr_matrix(dense), 20, 0)
    assert vectors.shape == (7, 20)
    assert not vectors[:, 6:].any()


def test_a_corpus_without_company_gives_zeros() -> None:
    assert not piece_vectors(sparse.csr_matrix(np.eye(6)), 4, 0).any()


def test_sentence_vectors_are_centred_idf_means(matrix: sparse.csr_matrix) -> None:
    vectors = piece_vectors(matrix, 8, 0)
    dense, found = matrix.toarray(), sentence_vectors(matrix, vectors)
    idf = np.log((1 + len(dense)) / (1 + dense.sum(axis=0)))
    summed = np.stack([(row * idf) @ vectors for row in dense])
    summed -= summed.mean(axis=0)
    wanted = summed / np.linalg.norm(summed, axis=1, keepdims=True)
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-5)
