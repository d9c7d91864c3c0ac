"""Why an entity stands where it does: cosines against NumPy's own, ranks against whole lists."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mese.bundle import write_bundle
from mese.corpus import MODALITIES, Corpus, Entity
from mese.engine import EXPANDED, Engine, Options, SeedRow
from mese.explain import cosine
from mese.index import EntityIndex
from mese.mentions import SeedError
from tests.mese.naive_expand import standard_rows
from tests.mese.test_expand import Matrix, distributions
from tests.mese.test_live_rows import draw_rows
from tests.mese.tiny_bundle import BARE, make_bundle, make_corpus, mentions_of

SIZE = 140


@pytest.fixture(scope="module")
def logs() -> dict[str, tuple[Matrix, Matrix]]:
    return {m: distributions(SIZE, seed, "clustered") for seed, m in enumerate(MODALITIES)}


@pytest.fixture(scope="module")
def engine(
    tmp_path_factory: pytest.TempPathFactory, logs: dict[str, tuple[Matrix, Matrix]]
) -> Engine:
    folder = tmp_path_factory.mktemp("bundle")
    entities = [Entity(1000 + n, f"Thing {n}") for n in range(SIZE)]
    indexes = {m: EntityIndex.from_distributions(*both) for m, both in logs.items()}
    write_bundle(folder, {"name": "toy", "method": "window"}, entities, [()] * SIZE, indexes)
    return Engine.load(folder)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return make_corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory, corpus: Corpus) -> Engine:
    """An engine whose bundle has a model."""
    return Engine.load(make_bundle(tmp_path_factory.mktemp("home") / "tiny", corpus))


def cosines(rows: NDArray[np.float64], to: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = rows @ to / (np.linalg.norm(rows, axis=1) * np.linalg.norm(to))
    return found


def seed_row(entity: int | None, log_prob: Matrix) -> SeedRow:
    return SeedRow(entity, "made", np.exp(log_prob), log_prob)


@pytest.mark.parametrize(("by", "of"), [(None, None), ("text", "image"), (None, "text")])
def test_the_closest_seeds_are_by_cosine(
    engine: Engine, logs: dict[str, tuple[Matrix, Matrix]], by: str | None, of: str | None
) -> None:
    seeds = [1003, 1009, 1040, 1077]
    why = engine.explain(1020, seeds, Options(candidates=of, seeds=by))
    z_seeds = standard_rows(logs[by or of or "text+image"][1])
    z_own = standard_rows(logs[of or "text+image"][1])[20]
    wanted = cosines(z_seeds[[3, 9, 40, 77]], z_own)
    assert [seed for seed, _ in why.closest] == [seeds[i] for i in np.argsort(-wanted)]
    np.testing.assert_allclose([c for _, c in why.closest], np.sort(wanted)[::-1], rtol=1e-9)


def test_given_rows_and_open_seeds_are_closest_by_their_own_rows(
    engine: Engine, logs: dict[str, tuple[Matrix, Matrix]]
) -> None:
    fresh = draw_rows(SIZE, 3, 4)
    rows = [seed_row(None, fresh[0]), seed_row(1009, fresh[1]), seed_row(None, fresh[2])]
    why = engine.explain(1020, [1003, 1009], rows=rows)
    z = standard_rows(logs["text+image"][1])
    given = np.vstack([z[3], standard_rows(fresh)[[1, 0, 2]]])
    wanted = dict(zip([1003, 1009, -1, -2], cosines(given, z[20]), strict=True))
    assert dict(why.closest) == pytest.approx(wanted)
    assert [c for _, c in why.closest] == pytest.approx(sorted(wanted.values(), reverse=True))


@pytest.mark.parametrize("method", ["window", "cosine"])
@pytest.mark.parametrize("options", [Options(), Options(size=10, window=4, rerank=False)])
def test_ranks_are_places_in_the_modalities_lists(
    engine: Engine, options: Options, method: str
) -> None:
    seeds = [1003, 1009, 1040]
    options = replace(options, method=method, keep_out=(1050,), seeds="image")
    ids = {
        m: [
            r.id
            for r in engine.expand(
                seeds, replace(options, candidates=m, seeds=m, size=EXPANDED)
            ).results
        ]
        for m in MODALITIES
    }
    inside = next(e for e in ids["text"][50:] if e not in ids["image"])
    for entity in (ids["text+image"][0], inside, 1050, 1003):
        why = engine.explain(entity, seeds, options)
        assert why.looked_at == EXPANDED
        assert why.ranks == {
            m: ids[m].index(entity) + 1 if entity in ids[m] else None for m in MODALITIES
        }


def test_a_longer_list_is_looked_at_to_its_end(engine: Engine) -> None:
    seeds = [1003, 1009, 1040]
    last = engine.expand(seeds, Options(size=130)).results[-1]
    why = engine.explain(last.id, seeds, Options(size=130))
    assert (why.looked_at, why.ranks["text+image"]) == (130, 130)


def test_modalities_that_are_not_there_have_no_rank(
    tmp_path: Path, logs: dict[str, tuple[Matrix, Matrix]]
) -> None:
    index = EntityIndex.from_distributions(*logs["text"])
    entities = [Entity(n, f"Thing {n}") for n in range(SIZE)]
    write_bundle(tmp_path, {"name": "b"}, entities, [()] * SIZE, {"text": index})
    assert set(Engine.load(tmp_path).explain(20, [1, 2]).ranks) == {"text"}


def test_rows_of_the_other_modalities_are_asked_for(engine: Engine) -> None:
    fresh = dict(zip(MODALITIES, draw_rows(SIZE, 3, 4), strict=True))
    asked = []

    def rows_by(modality: str) -> list[SeedRow]:
        asked.append(modality)
        if modality == "image":
            raise SeedError("it has no image")
        return [seed_row(None, fresh[modality])]

    rows = [seed_row(None, fresh["text+image"])]
    why = engine.explain(1020, [], Options(), rows=rows, rows_by=rows_by)
    assert asked == ["text", "image"]
    assert set(why.ranks) == {"text+image", "text"}
    for modality in why.ranks:
        alone = engine.expand(
            [], Options(size=102, candidates=modality), [seed_row(None, fresh[modality])]
        )
        place = [r.id for r in alone.results]
        assert why.ranks[modality] == (place.index(1020) + 1 if 1020 in place else None)


@pytest.mark.parametrize("modality", MODALITIES)
def test_contexts_are_by_their_cosine_to_the_seeds_sum(
    read: Engine, corpus: Corpus, modality: str
) -> None:
    options = Options(candidates=modality, seeds="text")
    mentions = mentions_of(corpus, 2)
    why = read.explain(2, [0, 1, 4], options, mentions)
    z = standard_rows(np.array(read.index("text").mean_log_prob))
    encodings = read.encode(mentions, modality)
    rows = standard_rows(encodings.log_prob)
    telling = np.flatnonzero(encodings.says)
    found = cosines(rows[telling], z[[0, 1, 4]].sum(axis=0))
    wanted = dict(zip(telling.tolist(), found, strict=True))
    assert dict(why.contexts) == pytest.approx(wanted, abs=1e-6)
    assert [c for _, c in why.contexts] == pytest.approx(sorted(wanted.values(), reverse=True))
    assert len(wanted) == (4 if modality == "image" else 5)


def test_contexts_without_anything_to_read_carry_nothing(read: Engine, corpus: Corpus) -> None:
    options = Options(candidates="image")
    assert read.explain(BARE, [0, 1], options, mentions_of(corpus, BARE)).contexts == ()
    assert read.explain(3, [0, 1]).contexts == ()


def test_what_says_nothing_is_close_to_nothing() -> None:
    assert cosine(np.zeros(3), np.ones(3)) == 0.0


@pytest.mark.parametrize(
    ("entity", "seeds", "said"),
    [(5, [1001], "does not know entity 5"), (1020, [], "give at least one seed")],
)
def test_what_cannot_be_explained_is_refused(
    engine: Engine, entity: int, seeds: list[int], said: str
) -> None:
    with pytest.raises(SeedError, match=said):
        engine.explain(entity, seeds)
