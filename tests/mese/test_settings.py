"""The settings list and the README's table of it are one."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from pydantic import ValidationError
from sqlalchemy import make_url

from mese.settings import Settings

README = Path(__file__).parents[2] / "README.md"


def readme_rows() -> dict[str, list[str]]:
    """Variable → the other cells of its row."""
    lines = README.read_text(encoding="utf-8").splitlines() if README.is_file() else []
    cells = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
    rows = [row for row in cells if re.fullmatch(r"`MESE_[A-Z_]+`", row[0])]
    return {row[0].strip("`"): row[1:] for row in rows}


def test_the_readme_lists_every_setting_with_default_and_sentence() -> None:
    rows = readme_rows()
    for name, field in Settings.model_fields.items():
        default, *_, sentence = rows.pop(f"MESE_{name.upper()}")
        assert default.strip("`").replace("empty", "") == str(field.default)
        assert sentence.replace("`", "").rstrip(".") == str(field.description).rstrip(".")
    assert not rows, "the table has settings that are not there"


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "0"), ("PORT", "abc"), ("DEVICE", "gpu"), ("MAX_PIXELS", "0")]
)
def test_a_bad_value_is_refused_by_its_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"MESE_{name}", value)
    with pytest.raises(ValidationError, match=name.lower()):
        Settings()


def test_everything_a_user_makes_lies_below_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MESE_HOME", "/somewhere")
    monkeypatch.delenv("MESE_DATABASE_URL", raising=False)
    made = Settings()
    home = Path("/somewhere")
    assert made.store_url == "sqlite:////somewhere/mese.db"
    assert {made.bundles, made.runs, made.features, made.thumbnails} == {
        home / name for name in ("bundles", "runs", "features", "thumbnails")
    }


@pytest.mark.parametrize("name", ["what?/h", "pct%41%2F#f", "a@b:c", "two words+\n", "größe;&="])
def test_the_store_lies_in_the_home_whatever_its_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    monkeypatch.setenv("MESE_HOME", str(tmp_path / name))
    monkeypatch.delenv("MESE_DATABASE_URL", raising=False)
    url = make_url(Settings().store_url)
    assert url.database == f"{tmp_path}/{name}/mese.db"
    assert not url.query


def test_a_given_url_stays_a_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MESE_DATABASE_URL", "sqlite:////t/two%20words/mese.db")
    assert make_url(Settings().store_url).database == "/t/two words/mese.db"


def test_a_home_that_is_not_utf_8_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environb, b"MESE_HOME", b"/somewhere/\xff")
    with pytest.raises(ValidationError, match=r"'/somewhere/\\udcff' has a name that is not UTF-8"):
        Settings()
