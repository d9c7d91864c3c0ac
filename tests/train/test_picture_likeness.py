"""Likeness by pictures: what an entity's pictures share, not how they were made."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mese.encoding import Encoded
from train.picture_likeness import MOST_PICTURES, Describer, _steady, picture_likeness


def encoded_of(entity: list[int], image: list[int]) -> Encoded:
    """Contexts of two pieces each, whose sentences nobody reads here."""
    count = len(entity)
    return Encoded(
        np.zeros(2 * count, np.int32),
        2 * np.arange(count + 1),
        np.zeros(count, np.int64),
        np.array(entity),
        np.array(image),
        (2, 4, 3),
        0,
    )


def test_pictures_of_one_pattern_are_alike_whatever_their_light() -> None:
    """Patterns in single patches; what varies most, the light of all patches, says nothing."""
    rng = np.random.default_rng(3)
    pattern, count = rng.normal(size=(3, 36, 4)), 60
    features = np.stack(
        [pattern[n % 3] + 5 * rng.normal() + 0.1 * rng.normal(size=(36, 4)) for n in range(count)]
    ).astype(np.float16)
    encoded = encoded_of([n // 2 for n in range(count)], [n // 2 * 2 + n % 2 for n in range(count)])
    owner = np.array([n % 3 for n in range(count)])
    # An entity's two pictures are of one pattern: 2 n and 2 n + 1 both get pattern n % 3.
    features = features[np.argsort(owner, kind="stable")]
    rows = picture_likeness(encoded, count // 2 + 1, lambda rows: features[rows], 0)
    group = np.arange(count // 2) // 10
    scores = rows[:-1] @ rows[:-1].T
    same = group[:, None] == group[None]
    assert scores[same & ~np.eye(len(group), dtype=bool)].mean() > scores[~same].mean() + 0.1
    assert not rows[-1].any()  # an entity without a picture


def made(count: int, seed: int, style: float) -> tuple[Encoded, NDArray[np.float16]]:
    """Entities of three patterns, four pictures each; every picture has one of eight styles."""
    rng = np.random.default_rng(seed)
    pattern, styles = rng.normal(size=(3, 36, 6)), style * rng.normal(size=(8, 36, 6))
    entity = np.repeat(np.arange(count), 4)
    pictures = [
        pattern[e % 3] + styles[rng.integers(8)] + 0.3 * rng.normal(size=(36, 6)) for e in entity
    ]
    features = np.array(pictures, np.float16)
    return encoded_of(entity.tolist(), list(range(len(entity)))), features


def found_again(rows: NDArray[np.float32]) -> float:
    """The share of entities whose ten nearest are of their pattern; a third by chance."""
    near = np.argsort(-(rows @ rows.T), axis=1)[:, 1:11]
    return float((near % 3 == np.arange(len(rows))[:, None] % 3).mean())


def test_styles_are_divided_out() -> None:
    """Styles that drown the patterns in the features themselves do not drown the likeness."""
    encoded, features = made(240, 0, style=9.0)
    plain = features.reshape(240, 4, -1).astype(np.float32).mean(axis=1)
    plain -= plain.mean(axis=0)
    plain /= np.linalg.norm(plain, axis=1, keepdims=True)
    rows = picture_likeness(encoded, 240, lambda rows: features[rows], 0)
    assert found_again(plain) < 0.5
    assert found_again(rows) > 0.9


def test_pictures_of_an_entity_then_differ_alike_in_every_direction() -> None:
    """The covariance within entities, by numpy, has no axis far above the others."""
    encoded, features = made(600, 1, style=2.0)
    describe = Describer(lambda rows: features[rows], encoded.image, 0)
    pairs = np.stack([encoded.entity, encoded.image], axis=1)
    found = describe(encoded.image)
    spread = []
    for rows in (found, found @ _steady(describe, pairs)):
        each = rows.reshape(600, 4, -1).astype(np.float64)
        within = (each - each.mean(axis=1, keepdims=True)).reshape(2400, -1)
        values = np.linalg.eigvalsh(within.T @ within)
        spread.append(values[-1] / np.median(values))
    assert spread[0] > 3
    assert spread[1] < 1.5


def test_one_picture_an_entity_leaves_the_descriptions_as_they_are() -> None:
    _, features = made(40, 2, style=0.5)
    single = encoded_of(list(range(160)), list(range(160)))
    describe = Describer(lambda rows: features[rows], single.image, 0)
    pairs = np.stack([single.entity, single.image], axis=1)
    steady = _steady(describe, pairs)
    assert np.array_equal(steady, np.eye(len(steady)))
    rows = picture_likeness(single, 160, lambda rows: features[rows], 0)
    wanted = describe(single.image) - describe(single.image).mean(axis=0)
    wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
    np.testing.assert_allclose(rows, wanted, atol=1e-4)


def test_a_picture_that_stands_in_several_contexts_counts_once() -> None:
    encoded, features = made(30, 3, style=0.5)
    again = encoded_of([*encoded.entity.tolist(), 0, 0], [*encoded.image.tolist(), 0, 0])
    once = picture_likeness(encoded, 30, lambda rows: features[rows], 0)
    assert np.array_equal(once, picture_likeness(again, 30, lambda rows: features[rows], 0))


def test_more_pictures_than_the_sample_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sample takes whole entities; all pictures are described, and likeness stays."""
    encoded, features = made(240, 4, style=2.0)
    asked: list[int] = []

    def patches(rows: NDArray[np.int64]) -> NDArray[np.float16]:
        asked.append(len(rows))
        return features[rows]

    monkeypatch.setattr("train.picture_likeness.MOST_PICTURES", 480)
    assert MOST_PICTURES > 480
    rows = picture_likeness(encoded, 240, patches, 0)
    assert max(asked) <= 512
    assert found_again(rows) > 0.9
