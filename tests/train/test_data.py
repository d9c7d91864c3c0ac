"""Epochs that draw every entity equally often, in batches of like length."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from train.data import bucketed, draw_epoch, random_places

counts = st.lists(st.integers(1, 12), min_size=1, max_size=8)
seeds = st.integers(0, 2**16)


@given(counts=counts, draws=st.integers(1, 10), seed=seeds)
def test_every_entity_is_drawn_equally_often(counts: list[int], draws: int, seed: int) -> None:
    entity = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
    rows = draw_epoch(entity, draws, np.random.default_rng(seed))
    assert Counter(entity[rows].tolist()) == dict.fromkeys(range(len(counts)), draws)


@given(counts=counts, draws=st.integers(1, 10), seed=seeds)
def test_contexts_repeat_only_where_they_must(counts: list[int], draws: int, seed: int) -> None:
    entity = np.repeat(np.arange(len(counts)), counts)
    rows = Counter(draw_epoch(entity, draws, np.random.default_rng(seed)).tolist())
    for e, count in enumerate(counts):
        drawn = [rows[row] for row in np.flatnonzero(entity == e)]
        if count >= draws:
            assert max(drawn) == 1


def test_draws_are_shuffled_and_follow_the_generator() -> None:
    entity = np.repeat(np.arange(20), 5)
    one, other, next_one = (draw_epoch(entity, 4, np.random.default_rng(s)) for s in (1, 1, 2))
    assert one.tolist() == other.tolist()
    assert one.tolist() != next_one.tolist()
    assert (np.diff(entity[one]) < 0).any()


def test_every_context_has_the_same_chance() -> None:
    entity, rng = np.repeat([0, 1], [10, 3]), np.random.default_rng(0)
    seen = Counter(row for _ in range(2000) for row in draw_epoch(entity, 5, rng).tolist())
    for row in range(13):
        assert abs(seen[row] / 2000 - (0.5 if row < 10 else 5 / 3)) < 0.12


@given(lengths=st.lists(st.integers(1, 60), max_size=400), size=st.integers(1, 9), seed=seeds)
def test_batches_are_a_permutation_cut_to_size(lengths: list[int], size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(lengths))
    batches = bucketed(rows, np.array(lengths, dtype=np.int64), size, rng)
    assert sorted(int(r) for batch in batches for r in batch) == list(range(len(lengths)))
    assert len(batches) == -(-len(lengths) // size)
    assert sum(len(batch) != size for batch in batches) <= 1


def test_batches_hold_like_lengths_in_random_order() -> None:
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 100, 640)
    batches = bucketed(rng.permutation(640), lengths, 16, rng)
    assert max(np.ptp(lengths[batch]) for batch in batches) <= 20
    middles = [float(np.mean(lengths[batch])) for batch in batches]
    assert middles != sorted(middles)


def test_places_are_some_of_the_36_in_order() -> None:
    rng = np.random.default_rng(0)
    places = random_places(12, rng)
    assert places is not None
    assert len(set(places.tolist())) == 12
    assert (np.diff(places) > 0).all()
    assert 0 <= places.min() <= places.max() < 36
    assert random_places(36, rng) is None
