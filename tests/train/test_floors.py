"""The two floors against a direct computation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.feature_extraction.text import TfidfVectorizer

from mese.corpus import Context, Corpus
from train.floors import picture_vectors, rank_by_cosine, tfidf_vectors


def test_tfidf_reads_an_entitys_sentences_without_its_mentions(corpus: Corpus) -> None:
    vocabulary = (3, 0, 12)
    documents = []
    for entity in vocabulary:
        kept = []
        for c in corpus.contexts:
            if c.entity == entity:
                kept += [w for n, w in enumerate(c.tokens) if not c.start <= n <= c.end]
        documents.append(" ".join(kept))
    wanted = TfidfVectorizer(sublinear_tf=True, stop_words="english").fit_transform(documents)
    found = tfidf_vectors(corpus, vocabulary)
    np.testing.assert_allclose(found.toarray(), wanted.toarray())
    assert "name" not in " ".join(documents).lower()


def test_tfidf_of_nothing_but_stop_words_is_zero(corpus: Corpus) -> None:
    contexts = [Context(n, n % 2, ("See", "Name", "the"), 1, 1) for n in range(4)]
    found = tfidf_vectors(replace(corpus, contexts=contexts), (0, 1))
    assert found.shape[0] == 2
    assert rank_by_cosine(found, [1], 5) == [0]


def look(path: Path) -> np.ndarray:
    """One picture's floor vector, pixel by pixel."""
    square = np.asarray(
        Image.open(path).convert("RGB").resize((192, 192), Image.Resampling.BICUBIC)
    )
    thumbnail, histogram = np.zeros((8, 8, 3)), np.zeros((4, 4, 4))
    for y in range(8):
        for x in range(8):
            thumbnail[y, x] = square[24 * y : 24 * y + 24, 24 * x : 24 * x + 24].mean(axis=(0, 1))
    for red, green, blue in square.reshape(-1, 3) // 64:
        histogram[red, green, blue] += 1
    flat = thumbnail.ravel() / 255
    flat -= flat.mean()
    parts = (flat, histogram.ravel())
    return np.concatenate([part / np.linalg.norm(part) for part in parts])


def test_pictures_are_averaged_over_contexts_and_centred(corpus: Corpus) -> None:
    vocabulary = (0, 6, 17)
    looks = np.array(
        [
            np.mean([look(corpus.image_root / f"{entity}-{turn}.png") for turn in (0, 1)], axis=0)
            for entity in vocabulary  # each picture stands in two of the four contexts
        ]
    )
    wanted = looks - looks.mean(axis=0)
    wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
    np.testing.assert_allclose(picture_vectors(corpus, vocabulary), wanted, atol=1e-9)


def test_an_entity_without_a_picture_is_zero_and_shifts_nobody(
    corpus: Corpus, tmp_path: Path
) -> None:
    bare = [
        replace(c, image=None, image_hash=None) if c.entity == 6 else c for c in corpus.contexts
    ]
    found = picture_vectors(replace(corpus, contexts=bare), (0, 6, 17))
    assert not found[1].any()
    np.testing.assert_allclose(found[[0, 2]], picture_vectors(corpus, (0, 17)))


def test_a_corpus_without_pictures_has_none(imageless: Corpus) -> None:
    assert not picture_vectors(imageless, (0, 1)).any()


def test_missing_files_are_pictures_that_are_not_there(corpus: Corpus, tmp_path: Path) -> None:
    assert not picture_vectors(replace(corpus, image_root=tmp_path), (0, 1)).any()


@pytest.mark.parametrize("kind", ["dense", "sparse"])
def test_ranking_is_by_cosine_to_the_seeds_mean(kind: str) -> None:
    from scipy import sparse

    rows = np.random.default_rng(0).random((12, 5))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    centre = rows[[2, 7]].mean(axis=0)
    cosine = rows @ centre / np.linalg.norm(centre)
    wanted = [int(e) for e in np.argsort(-cosine) if e not in (2, 7)]
    vectors = sparse.csr_matrix(rows) if kind == "sparse" else rows
    assert rank_by_cosine(vectors, [2, 7], 6) == wanted[:6]
    assert rank_by_cosine(vectors, [2, 7], 100) == wanted


def test_both_floors_find_the_classes_of_the_squares(corpus: Corpus) -> None:
    vocabulary = corpus.vocabulary()
    for vectors in (tfidf_vectors(corpus, vocabulary), picture_vectors(corpus, vocabulary)):
        assert set(rank_by_cosine(vectors, [10, 11, 12], 2)) == {13, 14}
