"""An index with impossible numbers makes no list: told when it is opened, or when it is read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from mese.bundle import BundleError, write_bundle
from mese.corpus import Entity
from mese.engine import Engine, Options
from mese.index import EntityIndex
from mese.index_faults import list_fault, rows_fault
from mese.index_file import map_tensors
from mese.methods import METHODS
from mese.neighbours import with_neighbours
from tests.mese.test_expand import distributions

SIZE = 60
FILE = "index-text+image.safetensors"
Arrays = dict[str, np.ndarray[Any, Any]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    state = np.random.default_rng(4).normal(size=(SIZE, 8)).astype(np.float32)
    index = EntityIndex.from_distributions(*distributions(SIZE, 2, "clustered"), state)
    entities = [Entity(n, f"E{n}") for n in range(SIZE)]
    write_bundle(
        tmp_path, {"name": "toy"}, entities, [()] * SIZE, {"text+image": with_neighbours(index)}
    )
    return tmp_path


def hurt(folder: Path, key: str, place: Any, value: float) -> None:
    arrays: Arrays = load_file(folder / FILE)
    arrays[key][place] = value
    save_file(arrays, folder / FILE)


def unmark(folder: Path) -> None:
    """As a bundle was before it marked its indexes."""
    meta = json.loads((folder / "bundle.json").read_text())
    del meta["indexes"]
    (folder / "bundle.json").write_text(json.dumps(meta))


AT_OPENING = [
    ("row_scale", ..., -1),
    ("row_scale", 3, np.nan),
    ("row_sum", 3, 0),
    ("row_sum", 3, -1),
    ("sum_log_prob", ..., 1e30),
    ("sum_log_prob", 3, -1e30),
    ("sum_log_prob", 3, 0),
    ("neighbours.scale", ..., 0),
    ("neighbours.scale", 3, -1),
    ("neighbours.scale", 3, 7),
    ("neighbours.share", 3, -9),
    ("neighbours.share", 3, np.nan),
    ("neighbours.near", 3, SIZE),
    ("mean_state", ..., 0),
    ("mean_state", ..., 3e38),
    ("mean_state", 3, 3e38),
    ("mean_state", 3, np.inf),
]


@pytest.mark.parametrize(("key", "place", "value"), AT_OPENING)
def test_numbers_that_no_index_holds_are_refused_when_it_is_opened(
    folder: Path, key: str, place: Any, value: float
) -> None:
    hurt(folder, key, place, value)
    unmark(folder)
    with pytest.raises(
        BundleError, match=rf"{key.split('.', maxsplit=1)[0][:9]}.*make the bundle anew"
    ):
        Engine.load(folder).index("text+image")


WHOLE = [np.nan, -1, 0, 3e38, np.inf, -np.inf]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("key", ["mean_prob", "mean_log_prob"])
@pytest.mark.parametrize("value", WHOLE)
def test_a_matrix_of_nonsense_makes_no_list(
    folder: Path, key: str, value: float, method: str
) -> None:
    hurt(folder, key, ..., value)
    with pytest.raises(BundleError, match=r"index of bundle 'toy' is damaged.*bundle anew"):
        Engine.load(folder).expand([1, 2, 3], Options(method=method))


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("key", ["mean_prob", "mean_log_prob"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [9, (slice(None), 30)])
def test_a_list_of_a_damaged_index_is_sound_or_refused(
    folder: Path, key: str, value: float, place: Any, method: str
) -> None:
    hurt(folder, key, place, value)
    try:
        found = Engine.load(folder).expand([1, 2, 3], Options(method=method)).results
    except BundleError:
        return
    ids = [result.id for result in found]
    assert len(ids) == len(set(ids)) == 50
    assert not {1, 2, 3} & set(ids)
    assert np.isfinite([result.score for result in found]).all()


def test_all_scales_nought_are_seen_by_the_seeds_rows(folder: Path) -> None:
    hurt(folder, "row_scale", ..., 0)
    unmark(folder)
    for method in ("window", "cosine", "neighbours"):
        with pytest.raises(BundleError, match="row 1 of mean_log_prob is not the one"):
            Engine.load(folder).expand([1, 2], Options(method=method))


def test_states_that_are_the_same_for_all_are_no_damage(folder: Path) -> None:
    """So they are where all sentences are, but for the names that are masked."""
    hurt(folder, "mean_state", ..., 1.5)
    found = Engine.load(folder).expand([1, 2], Options(method="states")).results
    assert len(found) == 50


@pytest.mark.parametrize("kind", ["random", "clustered", "flat"])
@pytest.mark.parametrize("half", [False, True])
def test_rows_of_an_index_as_it_is_made_have_no_fault(kind: str, half: bool) -> None:
    if kind == "flat":
        prob = np.full((5, 5), 0.2, np.float32)
        index = EntityIndex.from_distributions(prob, np.log(prob))
    else:
        index = EntityIndex.from_distributions(*distributions(40, 3, kind))
    index = index.halved() if half else index
    assert rows_fault(index, range(len(index))) is None


def test_a_list_is_refused_for_a_seed_a_repeat_and_a_score_that_is_not_finite() -> None:
    assert list_fault([(4, 2.0), (5, 1.0)], [1, 2]) is None
    assert list_fault([], [1]) is None
    assert list_fault([(4, 2.0), (1, 1.0)], [1, 2]) == list_fault([(4, 2.0), (4, 1.0)], [])
    assert "finite" in str(list_fault([(4, np.nan)], []))


def lie_over(header: dict[str, Any]) -> None:
    header["mean_prob"]["data_offsets"] = header["mean_log_prob"]["data_offsets"]


def shift(header: dict[str, Any]) -> None:
    first, last = header["mean_prob"]["data_offsets"]
    header["mean_prob"]["data_offsets"] = [first + 4, last + 4]


@pytest.mark.parametrize("change", [lie_over, shift])
def test_arrays_that_lie_over_one_another_are_refused(
    folder: Path, change: Callable[[dict[str, Any]], None]
) -> None:
    content = (folder / FILE).read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    change(header)
    text = json.dumps(header).encode()
    (folder / FILE).write_bytes(len(text).to_bytes(8, "little") + text + content[8 + length :])
    with pytest.raises(BundleError, match="not a readable safetensors file"):
        map_tensors(folder / FILE)
