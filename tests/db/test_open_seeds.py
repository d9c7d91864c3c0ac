"""Open seeds: kept once, under a key of their content, with an image that was looked at."""

from __future__ import annotations

import io
import os
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from db.accounts import NotAllowed, Role, User
from db.open_seeds import MAX_IMAGE_BYTES, OpenSeed, image_file, keep_open_seed, open_seeds
from db.store import Store, StoreError

NOW = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
ANN = User("ann", Role.RATER)
SEED = OpenSeed("", " Gotham  City", ("In", "Gotham", "City", "it", "rains"), 1, 2, None)


def picture(colour: str = "red", size: tuple[int, int] = (8, 6)) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", size, colour).save(stream, "PNG")
    return stream.getvalue()


def test_a_seed_comes_back_by_its_key(store: Store, tmp_path: Path) -> None:
    kept = keep_open_seed(store, SEED, picture(), ANN, NOW, folder=tmp_path / "new" / "seeds")
    assert open_seeds(store, [kept.key]) == {kept.key: kept}
    assert replace(kept, key="", image_hash=None) == replace(SEED, name="Gotham City")
    assert kept.image_hash is not None
    file = image_file(tmp_path / "new" / "seeds", kept.image_hash)
    assert file is not None
    assert file.read_bytes() == picture()


def test_the_same_seed_twice_is_one(store: Store, tmp_path: Path) -> None:
    first, again = (
        keep_open_seed(store, SEED, picture(), user, NOW, folder=tmp_path)
        for user in (ANN, User("bob", Role.LEAD))
    )
    assert first == again
    with store.read() as session:
        assert session.execute(text("SELECT made_by FROM open_seeds")).all() == [("ann",)]
    assert len(list(tmp_path.iterdir())) - (tmp_path / "home").exists() == 1


def test_whatever_differs_is_another_seed(store: Store, tmp_path: Path) -> None:
    others = [
        (SEED, None),
        (replace(SEED, name="Gotham"), None),
        (replace(SEED, start=2), None),
        (replace(SEED, tokens=(*SEED.tokens, ".")), None),
        (SEED, picture()),
        (SEED, picture("blue")),
        (OpenSeed("", "Gotham City", (), 0, 0, None), picture()),
    ]
    kept = [keep_open_seed(store, *other, ANN, NOW, folder=tmp_path) for other in others]
    keys = [seed.key for seed in kept]
    assert len(set(keys)) == len(others)
    assert list(open_seeds(store, reversed(keys)).values()) == kept[::-1]


def test_unknown_and_foreign_keys_find_nothing(store: Store) -> None:
    assert open_seeds(store, ["0" * 16, "'; DROP TABLE open_seeds", "", "../../etc"]) == {}


def test_an_image_is_found_by_a_hash_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    for asked in ("secret", "../secret", "0" * 64, "", "0" * 63 + "\n"):
        assert image_file(tmp_path, asked) is None


def test_a_viewer_keeps_none(store: Store, tmp_path: Path) -> None:
    with pytest.raises(NotAllowed):
        keep_open_seed(store, SEED, None, User("vic", Role.VIEWER), NOW, folder=tmp_path)


def test_an_image_can_be_read_by_whoever_may_read_the_home(store: Store, tmp_path: Path) -> None:
    kept = keep_open_seed(store, SEED, picture(), ANN, NOW, folder=tmp_path / "seeds")
    assert (tmp_path / "seeds" / str(kept.image_hash)).stat().st_mode & 0o777 == 0o644


def test_a_row_that_is_refused_leaves_no_image(store: Store, tmp_path: Path) -> None:
    nobody = User("x" * 2_000, Role.RATER)  # the store refuses so long a name
    folder = tmp_path / "seeds"
    with pytest.raises(IntegrityError):
        keep_open_seed(store, SEED, picture(), nobody, NOW, folder=folder)
    assert list(folder.iterdir()) == []
    keep_open_seed(store, SEED, picture(), ANN, NOW, folder=folder)
    other = replace(SEED, name="Other")
    with pytest.raises(IntegrityError):
        keep_open_seed(store, other, picture(), nobody, NOW, folder=folder)
    assert len(list(folder.iterdir())) == 1  # another seed's too


def test_parts_that_were_left_are_swept(store: Store, tmp_path: Path) -> None:
    for name, age in ((".new-old", 7_200), (".new-young", 60), ("f" * 64, 7_200)):
        (tmp_path / name).write_bytes(b"x")
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    keep_open_seed(store, SEED, picture(), ANN, NOW, folder=tmp_path)
    assert not (tmp_path / ".new-old").exists()
    assert (tmp_path / ".new-young").exists()
    assert (tmp_path / ("f" * 64)).exists()


@pytest.mark.parametrize(
    ("change", "image", "reason"),
    [
        ({"name": " "}, None, "it has no name"),
        ({"name": "x" * 1_001}, None, "its name has 1,001 letters"),
        ({"end": 5}, None, "its mention 1..5 lies outside the 5 words"),
        ({"start": -1}, None, "its mention -1..2 lies outside"),
        ({"start": 2, "end": 1}, None, "its mention 2..1 lies outside"),
        ({"tokens": ("a",) * 1_001}, None, "its sentence has 1,001 words"),
        ({"tokens": ("a", "", "c")}, None, "a word of its sentence is empty"),
        ({"tokens": ("a", "\0", "c")}, None, "a word of its sentence is empty"),
        ({"tokens": (), "start": 0, "end": 0}, None, "neither a sentence nor an image"),
        ({"tokens": ()}, picture(), "it marks a mention, but has no sentence"),
        ({}, b"no picture", "its image is not an image of a known format"),
        ({}, picture()[:50], "its image is cannot be decoded"),
        ({}, picture(size=(40, 30)), "its image is 40 × 30 pixels, over the 1000 allowed"),
        ({}, bytes(MAX_IMAGE_BYTES + 1), "bytes, more than"),
    ],
)
def test_what_cannot_be_a_seed_is_named_and_leaves_nothing(
    store: Store, tmp_path: Path, change: dict[str, object], image: bytes | None, reason: str
) -> None:
    seed = replace(SEED, **change)  # type: ignore[arg-type]
    folder = tmp_path / "seeds"
    with pytest.raises(StoreError, match=reason):
        keep_open_seed(store, seed, image, ANN, NOW, folder=folder, max_pixels=1_000)
    with store.read() as session:
        assert session.scalar(text("SELECT count(*) FROM open_seeds")) == 0
    assert not folder.exists() or list(folder.iterdir()) == []
