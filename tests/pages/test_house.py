"""The house: what has gone wrong since it was opened is told calmly, and mended by the next run."""

from __future__ import annotations

import atexit
import gc
import shutil
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from mese.bundle import BundleError
from pages.parts import bundles, case_pictures, house
from train.beside import NotMade


@pytest.fixture
def home(small_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the small home that the house lives in."""
    home = tmp_path / "home"
    shutil.copytree(small_home, home)
    monkeypatch.setenv("MESE_HOME", str(home))
    monkeypatch.delenv("MESE_DATABASE_URL", raising=False)
    caches = (
        house.settings,
        house.store,
        house.secret,
        house._fitting_bundle,
        house._load_engine,
        house._views_beside,
    )
    for cached in caches:
        cached.clear()
    yield home
    for cached in caches:
        cached.clear()


def test_a_store_that_breaks_under_the_app_is_told_until_it_is_back(home: Path) -> None:
    assert house.trouble() is None
    house.store().close()
    whole = (home / "mese.db").read_bytes()
    (home / "mese.db").write_text("these are no tables" * 100)
    told = house.trouble()
    assert told is not None
    assert "mese.db: file is not a database; look at MESE_HOME" in told
    (home / "mese.db").write_bytes(whole)
    assert house.trouble() is None


@pytest.mark.parametrize("left", ["nothing", "an empty file"])
def test_a_store_that_goes_under_the_app_is_missed_and_not_made_anew(home: Path, left: str) -> None:
    assert house.trouble() is None
    (home / "mese.db").rename(home / "aside.db")
    if left == "an empty file":
        (home / "mese.db").touch()
    for _ in range(3):
        told = house.trouble()
        assert told is not None
        assert "while this program had it open; move that very file back, or stop" in told
        assert "remove mese.db-wal and mese.db-shm beside it" in told
        assert "db demo" not in told
        assert (home / "mese.db").exists() == (left == "an empty file")
        assert left == "nothing" or (home / "mese.db").stat().st_size == 0
    (home / "aside.db").rename(home / "mese.db")
    assert house.trouble() is None


def test_a_new_home_gets_a_store(home: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new' / 'mese.db'}"
    house.open_store(url).close()
    assert (tmp_path / "new" / "mese.db").is_file()


def test_a_bundle_that_vanishes_is_told_until_it_is_back(home: Path) -> None:
    assert house.engine().name == "toy"
    (home / "bundles" / "toy" / "bundle.json").rename(home / "aside.json")
    with pytest.raises(BundleError, match=r"toy cannot be read .* reload this page"):
        house.engine()
    (home / "aside.json").rename(home / "bundles" / "toy" / "bundle.json")
    assert house.engine().name == "toy"


class Session:
    """Something that a session holds, in a circle as its elements are."""

    def __init__(self) -> None:
        self.itself = self


def test_what_a_session_held_at_one_load_is_freed_at_the_next() -> None:
    session = Session()
    seen, registered = weakref.ref(session), atexit._ncallbacks()
    try:
        house.keep_what_is_loaded()
        assert gc.get_freeze_count() > 0
        del session
        gc.collect()
        assert seen() is not None
        house.keep_what_is_loaded()
        assert seen() is None
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
    assert atexit._ncallbacks() == registered


def test_views_that_a_bundle_cannot_have_are_told_and_those_there_are_not(home: Path) -> None:
    told = house.views_progress()
    assert isinstance(told, NotMade)
    assert "bundle 'toy' holds no model, so it has text+image alone" in told.reason
    views = home / "views" / house.engine().stamp
    views.mkdir(parents=True)
    for modality in ("text", "image"):
        shutil.copyfile(
            home / "bundles" / "toy" / "index-text+image.safetensors",
            views / f"index-{modality}.safetensors",
        )
    assert house.views_progress() is None
    assert house.engine().bundle.modalities == ("text+image", "text", "image")


def test_device_and_image_bound_of_the_settings_reach_every_engine_and_picture(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MESE_DEVICE", "cuda:1")
    monkeypatch.setenv("MESE_MAX_PIXELS", "2399")
    house.settings.clear()
    bundles._load.clear()
    for engine in (house.engine(), bundles.engine_of("toy")):
        assert (engine.runs_on, engine.max_pixels) == ("cuda:1", 2399)
    picture = tmp_path / "picture.png"
    Image.new("RGB", (60, 40)).save(picture)
    monkeypatch.setattr(case_pictures, "thumbnail_of", lambda sha256: picture)
    assert case_pictures.jpegs(["a" * 64]) == {}
    monkeypatch.setenv("MESE_MAX_PIXELS", "2400")
    house.settings.clear()
    assert list(case_pictures.jpegs(["a" * 64])) == ["a" * 64]
    bundles._load.clear()
