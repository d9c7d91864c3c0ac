"""Copied images: whole or not at all, and nothing lies beside them, however a copying ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.copying import copy_images


def files_below(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    for name in ("a.png", "sub/b.png", "sub/deep/c.png"):
        path = tmp_path / "pictures" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name * 1000)
    return tmp_path / "pictures"


def test_copies_are_equal_and_what_a_killed_copying_left_goes(
    pictures: Path, tmp_path: Path
) -> None:
    images = tmp_path / "images"
    left = images / ".mese-copy-killed"
    left.mkdir(parents=True)
    for name in ("lock", "part"):
        (left / name).touch()
    assert copy_images(files_below(pictures), pictures, images, lambda done: None) == []
    assert files_below(images) == files_below(pictures)
    assert not left.exists()
    assert all(path.stat().st_mode & 0o777 == 0o644 for path in images.rglob("*.png"))


def test_a_copying_that_is_stopped_leaves_only_whole_files(pictures: Path, tmp_path: Path) -> None:
    def stop(done: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    names = sorted(files_below(pictures))
    with pytest.raises(KeyboardInterrupt):
        copy_images(names, pictures, tmp_path / "images", stop)
    whole = files_below(pictures)
    assert files_below(tmp_path / "images") == {name: whole[name] for name in names[:2]}
    assert sorted(path.name for path in (tmp_path / "images").iterdir()) == ["a.png", "sub"]
