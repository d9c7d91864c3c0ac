"""Patch features on disk: equal to a direct computation, and whole again after any kill."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from mese.features import FeatureStore, backbone_key, fill, read_squares
from mese.images import cut_patches, open_image, to_square

WIDTH = 5


def rows(count: int, seed: int = 0) -> NDArray[np.float16]:
    drawn = np.random.default_rng(seed).normal(size=(count, 36, WIDTH))
    return drawn.astype(np.float16)


def hashes(count: int, first: int = 0) -> list[str]:
    return [f"{n:064x}" for n in range(first, first + count)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A store of five rows, appended in two goes."""
    store = FeatureStore(tmp_path / "store", WIDTH)
    store.append(hashes(3), rows(5)[:3])
    store.append(hashes(2, 3), rows(5)[3:])
    return store.folder


def test_rows_come_back_by_hash(folder: Path) -> None:
    store = FeatureStore(folder, WIDTH)
    assert store.row_of == {image: row for row, image in enumerate(hashes(5))}
    found = store(np.array([4, 0, 4]))
    assert found.dtype == np.float16
    np.testing.assert_array_equal(found, rows(5)[[4, 0, 4]])


def test_rows_appended_after_reading_are_seen(folder: Path) -> None:
    store = FeatureStore(folder, WIDTH)
    store(np.array([0]))
    store.append(hashes(1, 9), rows(1, 9))
    np.testing.assert_array_equal(store(np.array([5])), rows(1, 9))


@pytest.mark.parametrize(
    ("file", "cut", "kept"),
    [
        ("rows.f16", 1, 4),  # killed while it wrote features
        ("rows.f16", 36 * WIDTH * 2 + 1, 3),
        ("rows.f16", 0, 5),
        ("rows.txt", 1, 4),  # killed while it wrote hashes
        ("rows.txt", 40, 4),
        ("rows.txt", 66, 3),
        ("rows.txt", 5 * 65, 0),
    ],
)
def test_what_a_kill_left_half_is_forgotten(folder: Path, file: str, cut: int, kept: int) -> None:
    content = (folder / file).read_bytes()
    (folder / file).write_bytes(content[: len(content) - cut])
    store = FeatureStore(folder, WIDTH)
    assert list(store.row_of) == hashes(kept)
    store.append(hashes(1, 50), rows(1, 50))
    again = FeatureStore(folder, WIDTH)
    assert list(again.row_of) == [*hashes(kept), *hashes(1, 50)]
    wanted = np.concatenate([rows(5)[:kept], rows(1, 50)])
    np.testing.assert_array_equal(again(np.arange(kept + 1)), wanted)


def test_features_without_their_hashes_are_forgotten(folder: Path) -> None:
    with (folder / "rows.f16").open("ab") as stream:
        stream.write(rows(1, 7).tobytes())
    store = FeatureStore(folder, WIDTH)
    store.append(hashes(1, 50), rows(1, 50))
    np.testing.assert_array_equal(store(np.array([5])), rows(1, 50))


def test_opening_writes_no_file_anew(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is written anew is empty for a moment; a kill then would lose every row."""

    def refuse(self: Path, *_: object, **__: object) -> None:
        raise AssertionError(f"{self} is written anew")

    monkeypatch.setattr(Path, "write_text", refuse)
    monkeypatch.setattr(Path, "write_bytes", refuse)
    assert len(FeatureStore(folder, WIDTH).row_of) == 5


def test_opening_takes_nothing_from_a_row_that_another_process_is_at(folder: Path) -> None:
    with (folder / "rows.f16").open("ab") as stream:
        stream.write(rows(1, 7).tobytes())
    with (folder / "rows.txt").open("a") as stream:
        stream.write("0" * 30)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert list(FeatureStore(folder, WIDTH).row_of) == hashes(5)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_two_stores_of_one_folder_append_in_turn(folder: Path) -> None:
    one, other = FeatureStore(folder, WIDTH), FeatureStore(folder, WIDTH)
    one.append(hashes(2, 10), rows(2, 10))
    other.append(hashes(1, 20), rows(1, 20))
    one.append(hashes(1, 30), rows(1, 30))
    again = FeatureStore(folder, WIDTH)
    assert again.row_of == one.row_of
    assert list(again.row_of) == [*hashes(5), *hashes(2, 10), *hashes(1, 20), *hashes(1, 30)]
    wanted = np.concatenate([rows(5), rows(2, 10), rows(1, 20), rows(1, 30)])
    for store in (again, one):
        np.testing.assert_array_equal(store(np.arange(9)), wanted)
    np.testing.assert_array_equal(other(np.arange(8)), wanted[:8])


def test_an_image_is_not_added_twice(folder: Path) -> None:
    other = FeatureStore(folder, WIDTH)
    FeatureStore(folder, WIDTH).append(hashes(1, 9), rows(1))
    for twice in (hashes(1, 9), hashes(1, 11) * 2):
        with pytest.raises(ValueError, match="would hold an image twice"):
            other.append(twice, rows(len(twice)))
    assert list(FeatureStore(folder, WIDTH).row_of) == [*hashes(5), *hashes(1, 9)]


def test_rows_that_do_not_match_their_hashes_are_refused(folder: Path) -> None:
    with pytest.raises(ValueError, match="2 images, but features of shape"):
        FeatureStore(folder, WIDTH).append(hashes(2, 9), rows(1))


def test_a_store_that_names_an_image_twice_is_refused(folder: Path) -> None:
    (folder / "rows.txt").write_text("".join(f"{h}\n" for h in [*hashes(4), *hashes(1)]))
    with pytest.raises(ValueError, match=r"names an image twice.*remove .*store"):
        FeatureStore(folder, WIDTH)


@pytest.mark.parametrize("content", ["", "[36"])
def test_a_shape_that_cannot_be_read_is_told(folder: Path, content: str) -> None:
    (folder / "shape.json").write_text(content)
    with pytest.raises(ValueError, match=r"shape\.json: cannot be read .*; remove .*store"):
        FeatureStore(folder, WIDTH)


def test_another_width_is_refused(folder: Path) -> None:
    with pytest.raises(ValueError, match=r"holds features of shape \[36, 5\]; remove it"):
        FeatureStore(folder, WIDTH + 1)


def test_an_empty_store_gives_zeros(tmp_path: Path) -> None:
    found = FeatureStore(tmp_path / "new", WIDTH)(np.array([0, 0]))
    assert found.shape == (2, 36, WIDTH)
    assert not found.any()


class Mean(nn.Module):
    """A backbone whose features are known: each channel's mean, and the first pixel twice."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        first = x[:, 0, 0, :1]
        return torch.cat([x.mean(dim=(2, 3)), first, first], dim=1) * self.scale


@pytest.fixture
def images(tmp_path: Path) -> dict[str, Path]:
    """Twenty pictures, of which one is missing and one is no picture."""
    found = {}
    for n, image in enumerate(hashes(20)):
        found[image] = tmp_path / f"{n}.png"
        pixels = np.random.default_rng(n).integers(0, 256, (12, 10, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(found[image])
    found[hashes(1, 4)[0]].unlink()
    found[hashes(1, 5)[0]].write_text("no picture")
    return found


@pytest.mark.parametrize("norm", [True, False])
def test_filled_rows_equal_a_direct_computation(
    tmp_path: Path, images: dict[str, Path], norm: bool
) -> None:
    store = FeatureStore(tmp_path / "store", WIDTH)
    fill(store, images, Mean(), imagenet_norm=norm)
    readable = [image for image in images if image not in (hashes(6)[4], hashes(6)[5])]
    assert list(store.row_of) == readable
    for image in readable:
        patches = cut_patches(to_square(open_image(images[image]))[None], norm)[0]
        first = patches[:, 0, 0, :1]
        wanted = np.concatenate([patches.mean(axis=(2, 3)), first, first], axis=1)
        found = store(np.array([store.row_of[image]]))[0]
        np.testing.assert_allclose(found, wanted, atol=2e-3)


def test_filling_goes_on_where_it_stopped(tmp_path: Path, images: dict[str, Path]) -> None:
    whole = FeatureStore(tmp_path / "whole", WIDTH)
    fill(whole, images, Mean())
    parts = FeatureStore(tmp_path / "parts", WIDTH)

    def stop(done: int, of: int) -> None:
        assert (done, of) == (16, 20)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fill(parts, images, Mean(), progress=stop)
    parts = FeatureStore(tmp_path / "parts", WIDTH)
    assert len(parts.row_of) == 16
    fill(parts, images, Mean())
    assert parts.row_of == whole.row_of
    np.testing.assert_array_equal(parts(np.arange(18)), whole(np.arange(18)))


def test_runs_that_fill_at_the_same_time_compute_each_image_once(
    tmp_path: Path, images: dict[str, Path]
) -> None:
    whole = FeatureStore(tmp_path / "whole", WIDTH)
    fill(whole, images, Mean())
    stores = [FeatureStore(tmp_path / "shared", WIDTH) for _ in range(4)]
    with ThreadPoolExecutor(len(stores)) as pool:
        list(pool.map(lambda store: fill(store, images, Mean()), stores))
    for store in [*stores, FeatureStore(tmp_path / "shared", WIDTH)]:
        assert store.row_of == whole.row_of
        np.testing.assert_array_equal(store(np.arange(18)), whole(np.arange(18)))


def test_what_is_filled_already_needs_no_lock(tmp_path: Path, images: dict[str, Path]) -> None:
    readable = {h: path for h, path in images.items() if h not in hashes(2, 4)}
    store = FeatureStore(tmp_path / "store", WIDTH)
    fill(store, readable, Mean())
    with FeatureStore(tmp_path / "store", WIDTH).filling():
        fill(store, readable, Mean())


def test_an_image_of_too_many_pixels_is_left_out(tmp_path: Path, images: dict[str, Path]) -> None:
    Image.new("RGB", (12, 11)).save(images[hashes(1)[0]])
    store = FeatureStore(tmp_path / "store", WIDTH)
    fill(store, images, Mean(), max_pixels=120)
    assert set(store.row_of) == set(images) - set(hashes(1)) - set(hashes(2, 4))


def test_squares_of_unreadable_images_are_left_out(images: dict[str, Path]) -> None:
    found = dict(read_squares(images))
    assert len(found) == 18
    assert all(square.shape == (192, 192, 3) for square in found.values())


def test_a_backbones_key_changes_with_its_weights() -> None:
    one, other = Mean(), Mean()
    assert backbone_key("mean", one) == backbone_key("mean", other)
    nn.init.constant_(other.scale, 2.0)
    assert backbone_key("mean", one) != backbone_key("mean", other)
    assert backbone_key("mean", one).startswith("mean-")
