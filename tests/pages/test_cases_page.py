"""Who may do what on the Cases page: viewers look, raters tag, authors and leads change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from db.accounts import Role, User
from db.cases import read_case
from pages.parts import door, house
from tests.pages.case_home import keep, make_home

APP = Path(__file__).parents[2] / "app.py"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    store = make_home(tmp_path)
    keep(store, tmp_path, "First")  # saved by "you"
    store.close()
    monkeypatch.setenv("MESE_HOME", str(tmp_path))
    monkeypatch.setenv("MESE_BUNDLE", "main")
    st.cache_resource.clear()
    yield tmp_path
    house.store().close()
    st.cache_resource.clear()


def opened(monkeypatch: pytest.MonkeyPatch, user: User, **params: str) -> AppTest:
    """The Cases page as this user sees it."""
    monkeypatch.setattr(door, "open_mode_user", lambda: user)
    page = AppTest.from_file(str(APP), default_timeout=30).run()
    page.switch_page("pages/cases.py")
    for name, value in params.items():
        page.query_params[name] = value
    return page.run()


@pytest.mark.parametrize(
    ("user", "may_tag", "may_change"),
    [
        (User("vic", Role.VIEWER), False, False),
        (User("ann", Role.RATER), True, False),
        (User("you", Role.RATER), True, True),
        (User("lea", Role.LEAD), True, True),
    ],
)
def test_a_role_is_offered_what_it_may_do(
    home: Path, monkeypatch: pytest.MonkeyPatch, user: User, may_tag: bool, may_change: bool
) -> None:
    page = opened(monkeypatch, user, case="1", show="clues")
    assert not page.exception
    assert [header.value for header in page.header] == ["First"]
    told = " ".join(caption.value for caption in page.caption)
    assert ("Press a clue again to take it back" in told) is may_tag
    assert ("Raters tag the visual clues here" in told) is not may_tag
    labels = [box.label for box in page.checkbox]
    assert (labels == ["Delete this case for good"]) is may_change


def test_the_guard_stands_before_all_else(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened(monkeypatch, User("vic", Role.VIEWER), case="1")
    assert page.header
    monkeypatch.setattr(door, "is_this_machine", lambda address: False)
    shut = page.run()
    assert (len(shut.title), len(shut.header), len(shut.error)) == (0, 0, 1)


def form_of(page: AppTest) -> dict[str, str]:
    fields = [*page.text_input, *page.text_area]
    return {field.label: field.value for field in fields if field.label in ("Title", "Note")}


def save(page: AppTest, **words: str) -> AppTest:
    for field in (*page.text_input, *page.text_area):
        if field.label in words:
            field.set_value(words[field.label])
    return next(button for button in page.button if button.label == "Save").click().run()


def test_two_who_change_one_case_lose_no_words(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lead = User("lea", Role.LEAD)
    ann, cleo = (opened(monkeypatch, lead, case="1") for _ in range(2))
    save(ann, Note="by Ann")
    assert not ann.info
    save(cleo, Title="By Cleo", Note="long and careful")
    assert "Somebody changed case 1 meanwhile" in cleo.info[0].value
    assert form_of(cleo) == {"Title": "By Cleo", "Note": "long and careful"}  # nothing is lost
    kept = read_case(house.store(), 1)
    assert kept is not None
    assert (kept.title, kept.note) == ("First", "by Ann")
    save(cleo)  # knowing it now
    assert not cleo.info
    kept = read_case(house.store(), 1)
    assert kept is not None
    assert (kept.title, kept.note) == ("By Cleo", "long and careful")


def test_the_form_begins_with_the_words_of_now_where_one_asks_for_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = User("lea", Role.LEAD)
    ann, cleo = (opened(monkeypatch, lead, case="1") for _ in range(2))
    save(ann, Title="By Ann", Note="a")
    assert form_of(ann) == {"Title": "By Ann", "Note": "a"}
    save(cleo, Title="By Cleo")
    take = next(button for button in cleo.button if button.label.startswith("Take the words"))
    take.click().run()
    assert form_of(cleo) == {"Title": "By Ann", "Note": "a"}
    assert not cleo.info
