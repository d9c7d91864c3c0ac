"""Bundles come back as they were written, and a broken one is refused with its file's name."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

import mese.bundle
from mese.bundle import (
    Bundle,
    BundleError,
    NoBundle,
    find_bundle,
    locate,
    write_bundle,
    write_json,
)
from mese.corpus import Entity
from mese.index import EntityIndex
from mese.index_file import map_tensors
from tests.mese.test_expand import distributions

ENTITIES = [Entity(10 + n, f"Name {n}", (f"N{n}", "…")) for n in range(6)]
NAMES = {entity.id: entity.name for entity in ENTITIES}
INDEX_FILE = "index-text+image.safetensors"


def write(folder: Path, name: str = "toy", seed: int = 1) -> Bundle:
    indexes = {
        modality: EntityIndex.from_distributions(*distributions(6, seed + i, "random"))
        for i, modality in enumerate(("text+image", "text"))
    }
    classes = [("A", "B"), ("A",), (), (), (), ()]
    return write_bundle(folder, {"name": name, "note": "ü"}, ENTITIES, classes, indexes)


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return write(tmp_path / "toy")


def test_a_bundle_comes_back_as_it_was_written(bundle: Bundle) -> None:
    again = Bundle.open(bundle.folder)
    assert list(again.entities) == ENTITIES
    assert again.classes == (("A", "B"), ("A",), (), (), (), ())
    assert again.meta["indexes"].keys() == {"text+image", "text"}
    assert {**again.meta, "indexes": 0} == {"format": 1, "name": "toy", "note": "ü", "indexes": 0}
    assert again.name == "toy"
    assert again.modalities == ("text+image", "text")
    assert again.position_of == {10 + n: n for n in range(6)}


@pytest.mark.parametrize(("modality", "seed"), [("text+image", 1), ("text", 2)])
def test_mapped_arrays_are_the_saved_ones(bundle: Bundle, modality: str, seed: int) -> None:
    wanted = EntityIndex.from_distributions(*distributions(6, seed, "random"))
    found = bundle.index(modality)
    for key in (
        *("mean_prob", "mean_log_prob", "row_sum", "sum_log_prob"),
        *("row_mean", "row_scale"),
    ):
        array = getattr(found, key)
        assert isinstance(array, np.memmap)
        assert array.dtype == getattr(wanted, key).dtype
        np.testing.assert_array_equal(array, getattr(wanted, key))


def test_an_index_of_an_older_bundle_gets_its_moments_when_it_is_opened(bundle: Bundle) -> None:
    path = bundle.folder / "index-text.safetensors"
    wanted, arrays = bundle.index("text"), load_file(path)
    moments = {key: arrays.pop(key) for key in ("row_mean", "row_scale")}
    wanted = EntityIndex(
        **{key: value.copy() for key, value in vars(wanted).items() if value is not None}
    )
    save_file(arrays, path)
    found = bundle.index("text")
    np.testing.assert_array_equal(found.row_mean, moments["row_mean"])
    np.testing.assert_array_equal(found.row_scale, moments["row_scale"])
    np.testing.assert_array_equal(found.standardised(3), wanted.standardised(3))


def test_an_index_with_a_row_that_is_not_finite_is_refused(bundle: Bundle) -> None:
    path = bundle.folder / "index-text.safetensors"
    arrays = load_file(path)
    arrays["row_sum"][2] = np.nan
    save_file(arrays, path)
    with pytest.raises(BundleError, match=r"row_sum holds a value that is not finite.*represent"):
        bundle.index("text")


def test_mapping_agrees_with_the_safetensors_package(tmp_path: Path) -> None:
    arrays = {
        "a": np.arange(6, dtype=np.float32).reshape(2, 3),
        "b": np.float64(np.arange(4)),
        "none": np.empty((0, 5), dtype=np.float32),
        "scalar": np.array(2.5, dtype=np.float64),
    }
    save_file(arrays, tmp_path / "x.safetensors", metadata={"made": "here"})
    wanted, found = load_file(tmp_path / "x.safetensors"), map_tensors(tmp_path / "x.safetensors")
    assert set(found) == set(wanted)
    for key, value in wanted.items():
        np.testing.assert_array_equal(found[key], value)
        assert found[key].dtype == value.dtype
        assert found[key].shape == value.shape


def test_mapped_arrays_cannot_be_written(bundle: Bundle) -> None:
    with pytest.raises(ValueError, match="read-only"):
        bundle.index("text").mean_prob[0, 0] = 1


def test_nothing_in_a_bundle_can_run(bundle: Bundle) -> None:
    names = sorted(path.name for path in bundle.folder.iterdir())
    assert names == ["bundle.json", INDEX_FILE, "index-text.safetensors", "vocabulary.json"]
    for path in bundle.folder.iterdir():
        start = path.read_bytes()[:2]
        assert start[:1] != b"\x80"  # a pickle
        assert start != b"PK"  # torch.save's archive


def raw(header: object, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def spec(shape: list[object], end: int, dtype: str = "F32", start: int = 0) -> dict[str, object]:
    return {"mean_prob": {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}}


BROKEN = {
    "empty": b"",
    "seven bytes": b"1234567",
    "header that ends early": (500).to_bytes(8, "little") + b'{"mean_prob": {',
    "header of exabytes": b"\xff" * 8 + b"{}",
    "header that is no JSON": raw(b"{,}"),
    "header that is no UTF-8": raw(b"\xff\xfe"),
    "header that is a list": raw([]),
    "header nested without end": raw(b"[" * 200_000),
    "tensor that is a number": raw({"mean_prob": 5}),
    "tensor without a shape": raw({"mean_prob": {"dtype": "F32", "data_offsets": [0, 4]}}),
    "kind of number that is not ours": raw(spec([1], 4, "I64"), b"0000"),
    "shape that is text": raw(spec(["x"], 4), b"0000"),
    "negative shape": raw(spec([-1, -1], 4), b"0000"),
    "offsets that do not fit": raw(spec([2], 4), b"0000"),
    "negative offsets": raw(spec([1], 0, start=-4), b"0000"),
    "data that ends early": raw(spec([4], 16), b"0000"),
    "shape beyond any memory": raw(spec([2**32, 2**32], 0)),
    "shape without end": raw(spec([float("inf"), 1], 4), b"0000"),
    "offsets without end": raw({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 1e999]}}),
    "shape beyond any number": raw(spec([2**70], 0)),
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
def test_a_malformed_tensor_file_is_refused_by_its_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "index-text.safetensors"
    path.write_bytes(content)
    with pytest.raises(BundleError, match=r"index-text\.safetensors: not a readable safetensors"):
        map_tensors(path)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_damaged_tensor_files_are_read_or_refused(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "hurt.safetensors"
    save_file({"a": np.ones((3, 3), dtype=np.float32)}, path)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        found = map_tensors(path)
    except BundleError:
        return
    assert all(array.size <= 9 for array in found.values())


def test_a_truncated_index_is_refused(bundle: Bundle) -> None:
    path = bundle.folder / INDEX_FILE
    os.truncate(path, path.stat().st_size - 1)
    with pytest.raises(BundleError, match=INDEX_FILE.replace("+", r"\+")):
        bundle.index()


def test_an_index_of_another_size_is_refused(bundle: Bundle) -> None:
    arrays = {
        "mean_prob": np.ones((5, 5), dtype=np.float32),
        "mean_log_prob": np.ones((6, 6), dtype=np.float32),
    }
    save_file(arrays, bundle.folder / INDEX_FILE)
    with pytest.raises(BundleError, match=r"mean_prob should be \(6, 6\), found \(5, 5\)"):
        bundle.index()
    save_file({"x": arrays["mean_prob"]}, bundle.folder / INDEX_FILE)
    with pytest.raises(BundleError, match=r"mean_prob should be \(6, 6\), found nothing"):
        bundle.index()


@pytest.mark.parametrize("modality", ["image", "audio", "../toy/index-text"])
def test_a_modality_that_is_not_there_is_refused_with_those_that_are(
    bundle: Bundle, modality: str
) -> None:
    with pytest.raises(BundleError, match=r"it has: text\+image, text\).*train represent"):
        bundle.index(modality)


def rows(**change: object) -> str:
    """A vocabulary with one row that is changed."""
    good = {"id": 10, "name": "a", "aliases": ["b"], "classes": ["c"]}
    return json.dumps([good, {**good, "id": 11, **change}])


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("bundle.json", "{}", "format None, this version reads 1"),
        ("bundle.json", '{"format": 2}', "format 2"),
        ("bundle.json", "[]", "format None"),
        ("bundle.json", '{"format": 1', r"bundle\.json: cannot be read"),
        ("bundle.json", "[" * 200_000, r"bundle\.json: cannot be read"),
        ("bundle.json", None, r"no bundle there \(bundle.json is missing\)"),
        ("vocabulary.json", None, r"vocabulary\.json is missing"),
        ("vocabulary.json", "3", r"vocabulary\.json: not a list of entities"),
        ("vocabulary.json", '{"id": 1}', r"vocabulary\.json: not a list"),
        ("vocabulary.json", '[{"id": 1}]', r"vocabulary\.json: not a list"),
        ("vocabulary.json", '[{"id": "x", "name": "a", "aliases": []}]', r"vocabulary\.json"),
        ("vocabulary.json", '[{"id": 1, "name": "a", "aliases": null}]', r"vocabulary\.json"),
        ("vocabulary.json", "\0", r"vocabulary\.json: cannot be read"),
        ("vocabulary.json", "[]", r"vocabulary\.json: it is empty"),
        ("vocabulary.json", "{}", r"vocabulary\.json: not a list.*represent"),
        ("vocabulary.json", rows(id=float("inf")), r"number 1: its id is not a number from 0"),
        ("vocabulary.json", '[{"id": 1e999}]', r"number 0: its id is not"),
        ("vocabulary.json", rows(id=-5), r"its id is not"),
        ("vocabulary.json", rows(id=10**30), r"its id is not"),
        ("vocabulary.json", rows(id="7777"), r"its id is not"),
        ("vocabulary.json", rows(id=True), r"its id is not"),
        ("vocabulary.json", rows(id=1.5), r"its id is not"),
        ("vocabulary.json", rows(id=10), r"an entity stands twice"),
        ("vocabulary.json", rows(name=None), r"its name is no text"),
        ("vocabulary.json", rows(name="\ud800x"), r"vocabulary\.json: cannot be read.*surrogates"),
        ("vocabulary.json", rows(aliases="abc"), r"its aliases are not a list of texts"),
        ("vocabulary.json", rows(aliases=[1]), r"its aliases are not"),
        ("vocabulary.json", rows(classes="abc"), r"its classes are not"),
        ("vocabulary.json", rows(classes=None), r"its classes are not"),
        ("bundle.json", '{"format": true}', "format True, this version reads 1"),
        ("bundle.json", '{"format": 1.0}', "format 1.0, this version reads 1"),
        ("bundle.json", '{"format": 1, "name": null}', "name is no text"),
        ("bundle.json", '{"format": 1, "fit": []}', "fit is no object"),
        ("bundle.json", '{"format": 1, "name": "\\ud800"}', r"bundle\.json: cannot be read"),
    ],
)
def test_a_broken_bundle_is_refused_by_the_file(
    bundle: Bundle, file: str, content: str | None, said: str
) -> None:
    (bundle.folder / file).unlink()
    if content is not None:
        (bundle.folder / file).write_text(content)
    with pytest.raises(BundleError, match=said):
        Bundle.open(bundle.folder)


@pytest.mark.parametrize("file", ["bundle.json", "vocabulary.json"])
@pytest.mark.parametrize("kind", ["pipe", "folder", "endless"])
def test_what_is_no_file_is_refused_at_once(bundle: Bundle, file: str, kind: str) -> None:
    path = bundle.folder / file
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.touch()
        os.truncate(path, 2**40)
    with pytest.raises(BundleError, match=rf"{file}: cannot be read.*make the bundle anew"):
        Bundle.open(bundle.folder)
    with pytest.raises(BundleError, match="being written again, or was removed"):
        bundle.check_unchanged()


def test_letters_beyond_the_first_plane_are_no_half_letters(bundle: Bundle) -> None:
    path = bundle.folder / "bundle.json"
    path.write_text('{"format": 1, "name": "\\ud83d\\ude00"}')
    assert Bundle.open(bundle.folder).name == "😀"


def test_a_half_written_bundle_is_no_bundle(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(mese.bundle, "write_index", fail)
    with pytest.raises(KeyboardInterrupt):
        write(bundle.folder)
    with pytest.raises(BundleError, match="no bundle there"):
        Bundle.open(bundle.folder)


def test_no_index_of_the_bundle_before_stays(bundle: Bundle) -> None:
    index = EntityIndex.from_distributions(*distributions(6, 3, "random"))
    again = write_bundle(bundle.folder, {"name": "toy"}, ENTITIES, [()] * 6, {"image": index})
    assert again.modalities == ("image",)
    assert [path.name for path in again.folder.glob("index-*")] == ["index-image.safetensors"]


def test_a_file_is_on_disk_before_it_takes_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, told = tmp_path / "x.json", list[str]()
    write_json(path, 1)
    sync, replace = os.fsync, os.replace

    def synced(descriptor: int) -> None:
        told.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")).name)
        sync(descriptor)

    def renamed(source: Path, target: Path) -> None:
        told.append("renamed")
        assert json.loads(target.read_text()) == 1
        replace(source, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", renamed)
    write_json(path, 2)
    assert told == ["x.json.part", "renamed", tmp_path.name]
    assert json.loads(path.read_text()) == 2


def test_a_corpus_that_fits_may_hold_more(bundle: Bundle) -> None:
    assert bundle.mismatch(NAMES) is None
    assert bundle.mismatch(NAMES | {99: "More"}) is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda names: names | {11: "Else"}, "1 of its 6 .*entity 11, 'Name 1', is 'Else' there"),
        (lambda names: {10: names[10]}, "5 of its 6 .*entity 11, 'Name 1', is not there"),
    ],
)
def test_a_mismatch_names_the_difference(
    bundle: Bundle, change: Callable[[dict[int, str]], dict[int, str]], said: str
) -> None:
    import re

    assert re.search(said, str(bundle.mismatch(change(NAMES))))


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two bundles, `old` and `new`, and a shipped one."""
    monkeypatch.setattr(mese.bundle, "SHIPPED", tmp_path / "shipped")
    write(tmp_path / "shipped", "shipped")
    for age, name in ((2000, "old"), (1000, "new")):
        write(tmp_path / "bundles" / name, name)
        stamp = 1_700_000_000 - age
        os.utime(tmp_path / "bundles" / name / "bundle.json", (stamp, stamp))
    return tmp_path / "bundles"


def test_the_wanted_bundle_comes_first(shelf: Path) -> None:
    assert find_bundle(shelf, "old", NAMES) == shelf / "old"
    assert find_bundle(shelf, str(shelf / "old"), NAMES) == shelf / "old"


@pytest.mark.parametrize("other", ["text", "of another bundle"])
def test_an_index_that_another_was_copied_over_is_refused(
    bundle: Bundle, tmp_path: Path, other: str
) -> None:
    strange = write(tmp_path / "strange", seed=5)
    source = bundle.folder / "index-text.safetensors"
    if other != "text":
        source = strange.folder / INDEX_FILE
    shutil.copyfile(source, bundle.folder / INDEX_FILE)
    with pytest.raises(BundleError, match=r"not the index that was written with.*represent"):
        bundle.index()
    # A bundle that was made before indexes were marked stays readable.
    meta = {key: value for key, value in bundle.meta.items() if key != "indexes"}
    write_json(bundle.folder / "bundle.json", meta)
    assert len(Bundle.open(bundle.folder).index()) == 6


def test_what_lies_in_the_place_of_an_index_is_one_that_was_lost(bundle: Bundle) -> None:
    meta = {key: value for key, value in bundle.meta.items() if key != "indexes"}
    write_json(bundle.folder / "bundle.json", meta)
    assert Bundle.open(bundle.folder).lost is None
    (bundle.folder / INDEX_FILE).unlink()
    assert Bundle.open(bundle.folder).lost is None  # it may never have had it
    (bundle.folder / INDEX_FILE).mkdir()
    assert Bundle.open(bundle.folder).lost == "text+image"


def test_a_view_needs_no_mark(bundle: Bundle, tmp_path: Path) -> None:
    views = tmp_path / "views" / bundle.stamp
    views.mkdir(parents=True)
    (bundle.folder / INDEX_FILE).rename(views / INDEX_FILE)
    shutil.copyfile(bundle.folder / "index-text.safetensors", views / INDEX_FILE)
    assert len(Bundle.open(bundle.folder, tmp_path / "views").index()) == 6


def test_a_bundle_without_an_index_is_told_from_one_that_is_being_written(bundle: Bundle) -> None:
    for path in bundle.folder.glob("index-*"):
        path.unlink()
    with pytest.raises(BundleError, match=r"has no 'text' representation \(it has: none\)"):
        bundle.index("text")
    (bundle.folder / "bundle.json").unlink()
    with pytest.raises(BundleError, match=r"is being written again, or was removed.* in a moment"):
        bundle.index("text")


def test_a_bundle_that_vanishes_while_looked_at_is_passed_over(
    shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    glob = Path.glob

    def gone(self: Path, pattern: str) -> list[Path]:
        found = list(glob(self, pattern))
        (shelf / "new" / "bundle.json").unlink(missing_ok=True)
        return found

    monkeypatch.setattr(Path, "glob", gone)
    assert find_bundle(shelf, "", NAMES) == shelf / "old"


def test_a_wanted_bundle_that_does_not_fit_is_refused(shelf: Path) -> None:
    with pytest.raises(BundleError, match=r"made for another corpus.*train fit"):
        find_bundle(shelf, "old", {10: "Other"})


def test_then_comes_the_newest_that_fits(shelf: Path) -> None:
    assert find_bundle(shelf, "", NAMES) == shelf / "new"
    (shelf / "new" / "vocabulary.json").write_text("[]]")
    assert find_bundle(shelf, "", NAMES) == shelf / "old"


@pytest.mark.parametrize("content", [b"", b"0" * 500])
def test_one_with_a_damaged_index_is_passed_over(
    shelf: Path, tmp_path: Path, content: bytes
) -> None:
    (shelf / "new" / INDEX_FILE).write_bytes(content)
    assert find_bundle(shelf, "", NAMES) == shelf / "old"
    (shelf / "old" / INDEX_FILE).write_bytes(content)
    (tmp_path / "shipped" / INDEX_FILE).write_bytes(content)
    with pytest.raises(BundleError, match=r"new/index.*not a readable.*make the bundle anew"):
        find_bundle(shelf, "", NAMES)


def test_where_none_fits_one_that_cannot_be_read_is_told(shelf: Path) -> None:
    (shelf / "new" / "vocabulary.json").write_text("[]]")
    with pytest.raises(NoBundle, match=r"no trained bundle fits.*new/vocabulary.json: cannot be"):
        find_bundle(shelf, "", {10: "Other"})


def test_then_comes_the_shipped_one(shelf: Path, tmp_path: Path) -> None:
    assert find_bundle(tmp_path / "empty", "", NAMES) == tmp_path / "shipped"
    assert locate(shelf, "demo") == tmp_path / "shipped"
    with pytest.raises(NoBundle, match=r"no trained bundle fits.*train fit.*represent"):
        find_bundle(shelf, "", {10: "Other"})


def test_an_unknown_name_is_told_with_those_there_are(shelf: Path) -> None:
    with pytest.raises(BundleError, match=r"no bundle 'x' in .*; there are: new, old"):
        locate(shelf, "x")


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_a_bundle_json_that_is_no_file_is_told(shelf: Path, make: Callable[[Path], None]) -> None:
    (shelf / "new" / "bundle.json").unlink()
    make(shelf / "new" / "bundle.json")
    with pytest.raises(BundleError, match=r"new/bundle\.json is not a file; make the bundle anew"):
        locate(shelf, "new")
    assert find_bundle(shelf, "", NAMES) == shelf / "old"


def test_a_bundle_that_is_being_written_is_told(shelf: Path) -> None:
    (shelf / "new" / "bundle.json").unlink()
    with pytest.raises(BundleError, match=r"'new' is being written, or was left unfinished"):
        find_bundle(shelf, "new", NAMES)
