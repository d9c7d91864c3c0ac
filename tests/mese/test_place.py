"""What is not in the vocabulary is placed by its contexts; what is, where the list has it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from mese.bundle import BundleError, write_bundle
from mese.corpus import Corpus, Entity
from mese.engine import Engine, Options, SeedError, SeedRow
from mese.index import EntityIndex
from mese.mentions import read_marked
from mese.methods import METHODS
from tests.mese.test_expand import distributions
from tests.mese.test_states import cosine, draw_states, naive_units
from tests.mese.tiny_bundle import make_bundle, make_corpus, mentions_of

SIZE = 60


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return make_corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory, corpus: Corpus) -> Engine:
    """With a model."""
    return Engine.load(make_bundle(tmp_path_factory.mktemp("home") / "tiny", corpus))


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Without one; entity 100 + n has the states of row n, and images have none."""
    folder = tmp_path_factory.mktemp("toy")
    entities = [Entity(100 + n, f"Thing {n}") for n in range(SIZE)]
    indexes = {
        modality: EntityIndex.from_distributions(*distributions(SIZE, seed, "random"), states)
        for seed, modality, states in (
            (1, "text+image", draw_states(SIZE, 1)),
            (2, "text", draw_states(SIZE, 2)),
            (3, "image", None),
        )
    }
    write_bundle(folder, {"name": "toy"}, entities, [()] * SIZE, indexes)
    return Engine.load(folder)


def newcomer(state: NDArray[np.float32] | None, entity: int | None = None) -> SeedRow:
    flat = np.full(SIZE, 1 / SIZE, np.float32)
    return SeedRow(entity, "new", flat, np.log(flat), source="a [[new]]", state=state)


def test_the_score_and_the_rank_are_the_formulas(toy: Engine) -> None:
    states, seeds = draw_states(SIZE, 1), [103, 109, 140]
    units, mean = naive_units(states), states.astype(float).mean(axis=0)
    centre = units[3] + units[9] + units[40]
    rest = [cosine(u, centre) for n, u in enumerate(units) if n not in (3, 9, 40, 50)]
    drawn = draw_states(12, 77)
    found = toy.place([newcomer(row) for row in drawn], seeds, Options(5, keep_out=(150,)))
    for row, place in zip(drawn, found, strict=True):
        score = cosine(row.astype(float) - mean, centre)
        assert place.score == pytest.approx(score, abs=1e-5)
        assert place.rank == 1 + sum(other >= score for other in rest)
        assert (place.of, place.name, place.source) == (SIZE - 3, "new", "a [[new]]")
    assert len({place.rank for place in found}) > 3


def test_seeds_may_be_represented_otherwise_be_open_or_stand_in(toy: Engine) -> None:
    of_seeds, of_others = draw_states(SIZE, 1), draw_states(SIZE, 2)
    fresh = draw_states(3, 5)
    mean_seeds, mean_others = (s.astype(float).mean(axis=0) for s in (of_seeds, of_others))
    own, opened = (row.astype(float) - mean_seeds for row in fresh[:2])
    centre = naive_units(of_seeds)[3] + own / np.linalg.norm(own) + opened / np.linalg.norm(opened)
    options = Options(candidates="text", seeds="text+image")
    rows = [newcomer(fresh[0], 109), newcomer(fresh[1])]
    (place,) = toy.place([newcomer(fresh[2])], [103, 109], options, rows)
    assert place.score == pytest.approx(cosine(fresh[2] - mean_others, centre), abs=1e-5)


@pytest.mark.parametrize("modality", ["text+image", "text"])
def test_an_entitys_own_contexts_are_placed_at_the_entity(
    tiny: Engine, corpus: Corpus, modality: str
) -> None:
    """All contexts of Thing 5 as if it were unknown: its score, and the place just behind it."""
    read = tiny.encode(mentions_of(corpus, 5), modality)
    options = Options(method="states", candidates=modality)
    listed = tiny.expand([0, 1, 2], options).results
    (place,) = tiny.place([tiny.seed_row(read, name="x")], [0, 1, 2], options)
    itself = next(result for result in listed if result.id == 5)
    assert place.score == pytest.approx(itself.score, abs=1e-4)
    assert abs(place.rank - (itself.rank + 1)) <= 1
    assert place.of == len(listed) + 1


def test_left_out_contexts_and_open_seeds_change_the_list(tiny: Engine, corpus: Corpus) -> None:
    """A list by mask states from rows made on the fly is the formula's on the model's states."""
    options = Options(method="states")
    states = tiny.index("text+image").mean_state
    assert states is not None
    mean = states.astype(float).mean(axis=0)
    some = tiny.seed_row(tiny.encode(mentions_of(corpus, 1), "text+image"), 1, keep=[0, 3])
    opened = tiny.seed_row(tiny.encode([read_marked("w1 [[x]] w7")], "text+image"), name="x")
    pulled = [row.state - mean for row in (some, opened) if row.state is not None]
    centre = naive_units(states)[0] + sum(row / np.linalg.norm(row) for row in pulled)
    found = tiny.expand([0, 1], options, [some, opened]).results
    assert {result.id for result in found} == {2, 3, 4, 5, 6}
    for result in found:
        wanted = cosine(naive_units(states)[result.id], centre)
        assert result.score == pytest.approx(wanted, abs=1e-4)


def test_nobody_to_place_asks_nothing(toy: Engine) -> None:
    assert toy.place([], [103], Options(candidates="image")) == []


def test_what_cannot_be_placed_says_why(toy: Engine) -> None:
    row = newcomer(np.ones(6, np.float32))
    with pytest.raises(BundleError, match="before mask states were kept"):
        toy.place([row], [103], Options(candidates="image"))
    with pytest.raises(SeedError, match="give at least one seed"):
        toy.place([row], [])
    with pytest.raises(SeedError, match="without its mask state"):
        toy.place([newcomer(None)], [103])
    with pytest.raises(BundleError, match="of two models"):
        toy.place([newcomer(np.ones(4, np.float32))], [103])


def test_methods_are_those_that_a_modality_can_answer(toy: Engine) -> None:
    assert toy.methods() == toy.methods("text") == tuple(METHODS)
    assert toy.methods("image") == tuple(name for name in METHODS if name != "states")
    assert toy.methods("smell") == tuple(METHODS)  # the expansion says what is missing


def test_why_leaves_out_a_modality_that_cannot_answer(toy: Engine) -> None:
    by = {name: toy.explain(120, [103, 109], Options(method=name)).ranks for name in METHODS}
    assert set(by["cosine"]) == {"text+image", "text", "image"}
    assert set(by["states"]) == {"text+image", "text"}
    under = replace(Options(method="states"), candidates="text", seeds="text")
    listed = [result.id for result in toy.expand([103, 109], under).results]
    assert by["states"]["text"] == (listed.index(120) + 1 if 120 in listed else None)
