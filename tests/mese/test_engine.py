"""The engine: seeds by name, expansions as the contract's, the same from any number of threads."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

import mese
from mese.bundle import BundleError, write_bundle
from mese.corpus import Entity
from mese.engine import Engine, Options, SeedError, SeedRow
from mese.expand import cosine_search, window_search_scored
from mese.index import EntityIndex
from mese.live_rows import LiveRows
from mese.provenance import document
from tests.mese.test_expand import Matrix, distributions
from tests.mese.test_live_rows import draw_rows

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


def made_row(entity: int | None, log_prob: Matrix) -> SeedRow:
    return SeedRow(entity, "made", np.exp(log_prob), log_prob)


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


@pytest.mark.parametrize("method", ["window", "cosine"])
def test_every_option_reaches_the_search(
    engine: Engine, indexes: dict[str, EntityIndex], method: str
) -> None:
    fresh = draw_rows(SIZE, 2, 5)
    rows = [made_row(501, fresh[0]), made_row(None, fresh[1])]
    options = Options(30, method, "text", "text+image", 9, False, (504, 9_999_999))
    expansion = engine.expand([500, 501], options, rows)
    search = window_search_scored if method == "window" else cosine_search
    found = search(
        indexes["text"],
        [[0, 1]],
        102,
        seed_index=indexes["text+image"],
        window=9,
        rerank=False,
        keep_out=[4],
        rows=[LiveRows({1: fresh[0]}, [fresh[1]])],
    )
    assert [(r.id, r.score) for r in expansion.results] == [
        (ENTITIES[position].id, score) for position, score in found[0][:30]
    ]
    assert expansion.settings == {
        "size": 30,
        "method": method,
        "candidates": "text",
        "seeds": "text+image",
        "window": 9,
        "rerank": False,
        "keep_out": [504, 9_999_999],
    }


def test_open_seeds_alone_expand(engine: Engine, indexes: dict[str, EntityIndex]) -> None:
    row = indexes["text+image"].mean_log_prob[7]
    expansion = engine.expand([], rows=[made_row(None, row)])
    assert expansion.results[0].id == ENTITIES[7].id
    assert expansion.seeds == ()


@pytest.mark.parametrize("method", ["window", "cosine"])
def test_all_rejected_is_an_empty_list(engine: Engine, method: str) -> None:
    rest = tuple(entity.id for entity in ENTITIES[1:])
    assert engine.expand([500], Options(method=method, keep_out=rest)).results == ()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (Options(size=0), "a list has 1 result or more, not 0"),
        (Options(size=-3), "not -3"),
        (Options(window=0), "a window holds 1 to 128 candidates, not 0"),
        (Options(window=129), "not 129"),
        (Options(keep_out=(7, 500)), r"'Washington D\.C\.' is a seed and kept out at once"),
    ],
)
def test_options_that_make_no_list_are_refused(engine: Engine, options: Options, said: str) -> None:
    with pytest.raises(SeedError, match=said):
        engine.expand([500, 501], options)


def test_rows_that_fit_no_seed_are_refused(engine: Engine) -> None:
    with pytest.raises(SeedError, match="a row was made for 'made', which is none of the seeds"):
        engine.expand([500], rows=[made_row(501, draw_rows(SIZE, 1, 5)[0])])
    with pytest.raises(SeedError, match="made with another bundle: it has 9 entities, 'toy' 130"):
        engine.expand([500], rows=[made_row(None, draw_rows(9, 1, 5)[0])])
    with pytest.raises(SeedError, match="give at least one seed"):
        engine.expand([], rows=[made_row(500, draw_rows(SIZE, 1, 5)[0])])


def test_the_stamp_is_that_of_the_two_files(engine: Engine, folder: Path) -> None:
    files = (folder / "bundle.json").read_bytes() + (folder / "vocabulary.json").read_bytes()
    assert engine.stamp == hashlib.sha256(files).hexdigest()


def test_the_document_is_json_and_says_what_the_list_was_made_of(engine: Engine) -> None:
    fresh = draw_rows(SIZE, 2, 5)
    rows = [
        replace(made_row(501, fresh[0]), used=3, given=7),
        replace(made_row(None, fresh[1]), name="Bergen", source="to [[Bergen]]"),
    ]
    expansion = engine.expand([500, 501], Options(2), rows)
    made = datetime(2026, 11, 21, 9, 30, 12, 999, tzinfo=UTC)
    said = document(engine, expansion, rows, made)
    assert json.loads(json.dumps(said)) == said
    assert said == {
        "query": [{"id": 500, "name": "Washington D.C."}, {"id": 501, "name": "Georgia"}],
        "bundle": "toy",
        "settings": expansion.settings,
        "results": [
            {
                "rank": r.rank,
                "id": r.id,
                "name": r.name,
                "score": round(r.score, 6),
                "class": "; ".join(r.classes),
            }
            for r in expansion.results
        ],
        "stamp": engine.stamp,
        "fingerprint": "",
        "corpus": "",
        "device": "CPU",
        "seconds": round(expansion.seconds, 6),
        "made": "2026-11-21T09:30:12+00:00",
        "open_seeds": ["Bergen"],
        "open_from": ["to [[Bergen]]"],
        "contexts_used": [{"id": 501, "used": 3, "given": 7}],
    }
    assert document(engine, expansion)["made"] is None


def test_a_notebook_needs_three_lines(folder: Path) -> None:
    engine = mese.Engine.load(folder)
    expansion = engine.expand(engine.seeds("nyc", "cologne"), mese.Options(size=3))
    assert len(expansion.results) == 3
    with pytest.raises(AttributeError, match="module 'mese' has no attribute 'Motor'"):
        mese.Motor  # noqa: B018


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


@pytest.fixture
def own(folder: Path, tmp_path: Path) -> Path:
    """A copy of the bundle that may be hurt."""
    return Path(shutil.copytree(folder, tmp_path / "own"))


@pytest.mark.parametrize("method", ["window", "states", "neighbours"])
def test_an_index_that_is_cut_short_after_it_was_opened_is_refused(own: Path, method: str) -> None:
    engine = Engine.load(own)
    engine.expand([500, 505])
    os.truncate(own / "index-text+image.safetensors", 1000)
    with pytest.raises(BundleError, match=r"index-text\+image.*not a readable.*represent"):
        engine.expand([500, 505], Options(method=method))
    with pytest.raises(BundleError, match="not a readable"):
        engine.explain(501, [500, 505])


def test_an_index_that_is_written_over_after_it_was_opened_is_refused(own: Path) -> None:
    engine = Engine.load(own)
    engine.expand([500, 505])
    shutil.copyfile(own / "index-text.safetensors", own / "index-text+image.safetensors")
    with pytest.raises(BundleError, match="is not the index that was written with this bundle"):
        engine.expand([500, 505])


def test_an_index_that_is_put_back_is_read_again(own: Path) -> None:
    engine = Engine.load(own)
    before, path = engine.expand([500, 505]), own / "index-text+image.safetensors"
    kept = path.read_bytes()
    os.truncate(path, 1000)
    with pytest.raises(BundleError):
        engine.expand([500, 505])
    path.write_bytes(kept)
    assert engine.expand([500, 505]).results == before.results


def test_an_index_is_opened_once(own: Path) -> None:
    engine = Engine.load(own)
    assert engine.index("text") is engine.index("text")


def test_a_list_by_less_than_the_bundle_was_written_with_says_so(own: Path) -> None:
    assert "note" not in Engine.load(own).expand([500, 505]).settings
    (own / "index-text+image.safetensors").unlink()
    engine = Engine.load(own)
    said = str(engine.expand([500, 505]).settings["note"])
    assert "lost its index by text+image, so text answers instead; make the bundle anew" in said
    assert engine.bundle.lost == "text+image"
    (own / "index-text.safetensors").unlink()
    with pytest.raises(BundleError, match="it has: none"):
        engine.expand([500, 505], Options(candidates="image"))


def test_a_bundle_that_never_had_text_and_image_together_has_lost_nothing(
    indexes: dict[str, EntityIndex], tmp_path: Path
) -> None:
    few = {"text": indexes["text"]}
    write_bundle(tmp_path, {"name": "toy"}, ENTITIES, [()] * SIZE, few)
    assert "note" not in Engine.load(tmp_path).expand([500]).settings
