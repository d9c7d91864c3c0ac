"""Agreement of contexts: NumPy's correlation with the mean of the others, and what is left out."""

from __future__ import annotations

import numpy as np
import pytest

from mese.context_agreement import agreement
from mese.mentions import Encodings


def encodings(prob: np.ndarray, says: list[bool]) -> Encodings:
    prob = prob.astype(np.float32)
    return Encodings("text", prob, np.log(prob), np.array(says))


def test_a_context_is_held_against_the_mean_of_the_others() -> None:
    rng = np.random.default_rng(3)
    prob = rng.dirichlet(np.ones(50), size=5)
    found = agreement(encodings(prob, [True, True, False, True, True]))
    rows = np.log(prob)
    for number, others in ((0, [1, 3, 4]), (3, [0, 1, 4])):
        true = np.corrcoef(rows[number], rows[others].mean(axis=0))[0, 1]
        assert found[number] == pytest.approx(true, abs=1e-5)
    assert found[2] is None


def test_the_odd_one_out_agrees_least() -> None:
    same = np.array([0.7, 0.1, 0.1, 0.1])
    odd = np.array([0.1, 0.1, 0.1, 0.7])
    found = agreement(encodings(np.stack([same, same, odd, same]), [True] * 4))
    assert found[0] == found[1] == found[3]
    assert min(value for value in found if value is not None) == found[2]


def test_a_context_alone_agrees_with_none() -> None:
    prob = np.full((2, 4), 0.25)
    assert agreement(encodings(prob, [True, False])) == (None, None)
    assert agreement(encodings(prob, [True, True])) == (0.0, 0.0)  # uniform rows say nothing
