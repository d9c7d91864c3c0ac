"""A list by a view that is being made: the page says how far it is, and draws it in the end."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from db.accounts import Role, User
from db.cases import read_case
from pages.parts import door, house
from pages.parts.case_address import Beside
from pages.parts.case_columns import column_of
from pages.parts.waiting import being_made
from tests.pages.case_home import keep, make_home
from train.beside import Making, NotMade

APP = Path(__file__).parents[2] / "app.py"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home whose bundle in use, `other`, has text and image together alone."""
    store = make_home(tmp_path)
    keep(store, tmp_path)
    store.close()
    monkeypatch.setenv("MESE_HOME", str(tmp_path))
    monkeypatch.setenv("MESE_BUNDLE", "other")
    st.cache_resource.clear()
    yield tmp_path
    house.store().close()
    st.cache_resource.clear()


@pytest.fixture
def making(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Text and image alone are being made, until their files are there."""

    def progress() -> Making | None:
        return Making("text", 3, 9) if house.engine().bundle.missing else None

    monkeypatch.setattr(house, "views_progress", progress)
    monkeypatch.setattr(door, "open_mode_user", lambda: User("lea", Role.LEAD))


def make_views(home: Path) -> None:
    views = home / "views" / house.engine().stamp
    views.mkdir(parents=True)
    for name in ("index-text.safetensors", "index-image.safetensors"):
        shutil.copyfile(home / "bundles" / "main" / name, views / name)


def expand(**params: str) -> AppTest:
    page = AppTest.from_file(str(APP), default_timeout=30).run()
    page.switch_page("pages/expand.py")
    for name, value in params.items():
        page.query_params[name] = value
    return page.run()


def said(page: AppTest) -> str:
    return " ".join(str(info.value) for info in page.info).replace("\\", "")


def test_a_list_that_is_on_its_way_is_waited_for(home: Path, making: None) -> None:
    page = expand(seeds="0,1", of="text", n="20")
    assert not page.exception
    assert "This list is by text only, which is not there yet." in said(page)
    assert "python -m train represent" not in said(page)
    make_views(home)
    page.run()
    assert not page.info
    assert any("**20 results**" in caption.value for caption in page.caption)


def test_what_nobody_makes_is_told_with_its_mend(
    home: Path, making: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house, "views_progress", lambda: NotMade("the bundle holds no model"))
    page = expand(seeds="0,1", of="text")
    assert "python -m train represent" in said(page)
    assert "not there yet" not in said(page)


def test_seeds_by_another_modality_than_the_candidates_are_told(home: Path, making: None) -> None:
    make_views(home)
    words = "The seeds stay by text and image and the candidates are by text only"
    page = expand(seeds="0,1", of="text", by="text-image")
    assert any(words in caption.value for caption in page.caption)
    page = expand(seeds="0,1", of="text")
    assert not any(words in caption.value for caption in page.caption)


def test_a_column_that_is_on_its_way_says_so(home: Path, making: None) -> None:
    case = read_case(house.store(), 1)
    assert case is not None
    assert "text only is being made" in column_of(case, Beside("modality", "text")).trouble
    assert being_made(house.engine(), ["text", "text+image", "text"]) == ["text"]
