"""The dev split: whole families of classes, the same for every run."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mese.corpus import Corpus, SemanticClass
from train.split import dev_classes, reported_classes


def classes_of(families: list[int]) -> list[SemanticClass]:
    return [
        SemanticClass(f"c{family}-{n}", f"m{family}", f"t{family % 3}")
        for family, size in enumerate(families)
        for n in range(size)
    ]


@given(families=st.lists(st.integers(1, 6), max_size=20), share=st.floats(0, 0.9))
def test_siblings_stay_together(families: list[int], share: float) -> None:
    classes = classes_of(families)
    dev = dev_classes(classes, share)
    for family in {c.middle for c in classes}:
        inside = [c.name in dev for c in classes if c.middle == family]
        assert all(inside) or not any(inside)


@given(families=st.lists(st.integers(1, 3), min_size=10, max_size=30))
def test_the_share_is_reached_and_hardly_passed(families: list[int]) -> None:
    classes = classes_of(families)
    dev = dev_classes(classes, 0.2)
    wanted = 0.2 * len(classes)
    assert wanted <= len(dev) <= 2 * wanted


@given(st.permutations(classes_of([1, 2, 3, 4, 1, 2])))
def test_the_split_does_not_depend_on_order(shuffled: list[SemanticClass]) -> None:
    assert dev_classes(shuffled, 0.3) == dev_classes(classes_of([1, 2, 3, 4, 1, 2]), 0.3)


def test_the_split_is_the_same_for_ever() -> None:
    """What was dev once is never reported: these names must not change with the code."""
    assert dev_classes(classes_of([1, 2, 3, 4, 1, 2]), 0.3) == {"c0-0", "c4-0", "c5-0", "c5-1"}


def test_no_share_or_one_family_gives_no_dev_classes() -> None:
    assert dev_classes(classes_of([2, 2, 2]), 0) == frozenset()
    assert dev_classes(classes_of([5]), 0.5) == frozenset()
    assert dev_classes([], 0.5) == frozenset()


def test_families_of_different_parents_are_different() -> None:
    classes = [SemanticClass("a", "other", "x"), SemanticClass("b", "other", "y")]
    assert len(dev_classes(classes, 0.4)) == 1


def test_reported_and_dev_are_all_classes_in_schema_order(corpus: Corpus) -> None:
    every = reported_classes(corpus, 0.25, "all")
    dev, reported = (reported_classes(corpus, 0.25, which) for which in ("dev", "reported"))
    assert every == [c.name for c in corpus.classes]
    assert dev
    assert [name for name in every if name in {*dev, *reported}] == every
    assert not set(dev) & set(reported)
    with pytest.raises(ValueError, match="reported, dev, all, got 'test'"):
        reported_classes(corpus, 0.25, "test")
    assert reported_classes(replace(corpus, classes=()), 0.25) == []
