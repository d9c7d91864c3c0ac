"""The engine: seeds by name, expansions as the contract's, the same from any number of threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mese.bundle import BundleError, write_bundle
from mese.corpus import Entity
from mese.engine import Engine, Options, SeedError
from mese.expand import cosine_search, window_search_scored
from mese.index import EntityIndex
from tests.mese.test_expand import distributions

SIZE = 130
NAMED = [
    Entity(500, "Washington D.C.", ("D.C.", "Capital")),
    Entity(501, "Georgia", ("Peach State",)),
    Entity(502, "Sakartvelo", ("Georgia", "Capital")),
    Entity(503, "Köln", ("Cologne",)),
    Entity(504, "Straße", ()),
    Entity(505, "New York", ("NYC", "New York")),
    Entity(506, "C", ()),
    Entity(507, "C.", ()),
]
ENTITIES = [*NAMED, *(Entity(1000 - n, f"Filler {n}") for n in range(len(NAMED), SIZE))]


@pytest.fixture(scope="module")
def indexes() -> dict[str, EntityIndex]:
    return {
        modality: EntityIndex.from_distributions(*distributions(SIZE, seed, "clustered"))
        for seed, modality in enumerate(("text+image", "text"))
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, indexes: dict[str, EntityIndex]) -> Path:
    folder = tmp_path_factory.mktemp("bundle")
    classes = [("Even",) if n % 2 == 0 else () for n in range(SIZE)]
    write_bundle(folder, {"name": "toy"}, ENTITIES, classes, indexes)
    return folder


@pytest.fixture
def engine(folder: Path) -> Engine:
    return Engine.load(folder)


def test_seeds_are_found_by_name_and_alias_however_they_are_written(engine: Engine) -> None:
    assert engine.seeds("washington d.c.", "nyc", "COLOGNE") == [500, 505, 503]
    assert engine.seeds("  New   York ", "STRASSE", "KO\u0308LN") == [505, 504, 503]
    assert engine.seeds("washington dc", "Koln", "new-york") == [500, 503, 505]
    assert engine.seeds() == []


def test_a_name_wins_over_an_equal_alias(engine: Engine) -> None:
    assert engine.seeds("Georgia") == [501]


def test_names_that_differ_by_a_mark_alone_are_told_apart_as_written(engine: Engine) -> None:
    assert engine.seeds("C.", "C") == [507, 506]
    with pytest.raises(SeedError, match=r"'c' may be 'C' or 'C\.': give the full name"):
        engine.seeds("c")


def test_an_alias_of_two_entities_is_refused_with_both(engine: Engine) -> None:
    with pytest.raises(SeedError, match=r"'capital' may be 'Washington D\.C\.' or 'Sakartvelo'"):
        engine.seeds("capital")


def test_an_unknown_name_is_refused_with_what_is_close(engine: Engine) -> None:
    said = r"'Colone' is not in .* bundle 'toy'; did you mean Köln \(Cologne\)\?"
    with pytest.raises(SeedError, match=said):
        engine.seeds("New York", "Colone")
    with pytest.raises(SeedError, match=r"'qqqqqq' is not in the vocabulary of bundle 'toy'$"):
        engine.seeds("qqqqqq")


@pytest.mark.parametrize("modality", ["text+image", "text"])
@pytest.mark.parametrize(("method", "search"), [("window", window_search_scored), ("cosine", None)])
def test_an_expansion_is_the_search_by_ids(
    engine: Engine,
    indexes: dict[str, EntityIndex],
    modality: str,
    method: str,
    search: object,
) -> None:
    found = (search or cosine_search)(indexes[modality], [[0, 3, 5]], 102)
    expansion = engine.expand([500, 503, 505], Options(40, method, modality))
    assert [(r.id, r.score) for r in expansion.results] == [
        (ENTITIES[position].id, score) for position, score in found[0][:40]
    ]
    assert [r.rank for r in expansion.results] == list(range(1, 41))
    assert all(r.name == ENTITIES[engine.bundle.position_of[r.id]].name for r in expansion.results)
    assert {r.classes for r in expansion.results} == {("Even",), ()}
    assert expansion.seeds == (500, 503, 505)
    assert expansion.bundle == "toy"
    assert expansion.settings == {
        "size": 40,
        "method": method,
        "candidates": modality,
        "seeds": modality,
        "window": None,
        "rerank": True,
        "keep_out": [],
    }
    assert expansion.seconds >= 0


def test_a_shorter_list_begins_a_longer_one(engine: Engine) -> None:
    ids = [
        [r.id for r in engine.expand([500, 503], Options(size)).results] for size in (5, 50, 102)
    ]
    assert ids[2][:5] == ids[0]
    assert ids[2][:50] == ids[1]


def test_a_list_ends_where_the_vocabulary_does(engine: Engine) -> None:
    expansion = engine.expand([500, 501, 502], Options(1000))
    assert len({r.id for r in expansion.results}) == SIZE - 3
    assert not {500, 501, 502} & {r.id for r in expansion.results}


@pytest.mark.parametrize(
    ("seeds", "said"),
    [
        ([], "at least one seed"),
        ([500, 501, 500], "stands twice"),
        ([500, 7], "does not know entity 7"),
    ],
)
def test_seeds_that_cannot_be_expanded_are_refused(
    engine: Engine, seeds: list[int], said: str
) -> None:
    with pytest.raises(SeedError, match=said):
        engine.expand(seeds)


def test_methods_and_modalities_that_are_not_there_are_refused(engine: Engine) -> None:
    with pytest.raises(SeedError, match="no method 'magic'; there are: window, cosine"):
        engine.expand([500], Options(method="magic"))
    with pytest.raises(BundleError, match="has no 'image' representation"):
        engine.expand([500], Options(candidates="image"))


def test_what_the_engine_knows(engine: Engine, tmp_path: Path) -> None:
    assert engine.knows(500)
    assert not engine.knows(0)
    assert engine.entity_name(503) == "Köln"
    assert engine.card["name"] == engine.name == "toy"
    with pytest.raises(BundleError, match="no bundle there"):
        Engine.load(tmp_path)


def test_threads_share_a_fresh_engine(folder: Path) -> None:
    alone, shared = Engine.load(folder), Engine.load(folder)
    queries = [[entity.id for entity in ENTITIES[n : n + 3]] for n in range(16)]

    def run(engine: Engine, query: list[int]) -> list[tuple[int, float]]:
        modality = "text" if query[0] % 2 else "text+image"
        return [
            (r.id, r.score) for r in engine.expand(query, Options(60, candidates=modality)).results
        ]

    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda query: run(shared, query), queries * 2))
    assert together == [run(alone, query) for query in queries] * 2
