"""What a new user does: `make run`, then the paper's Figure 1 with its pictures."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Start
from tests.browser.test_app import expect_seeds, names_shown, show_every_picture
from tests.conftest import FIGURE_1

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("make") is None, reason="there is no make"),
]


def test_make_run_shows_figure_1_with_its_pictures(
    page: Page, start: Start, tmp_path: Path
) -> None:
    app = start(tmp_path / "home", ("make", "run"), seconds=240)
    assert app.url in app.log
    page.goto(f"{app.url}/expand")
    page.get_by_role("button", name="Expand these").first.click()
    names = names_shown(page)
    expect_seeds(page, *FIGURE_1)
    assert len(names) == 50
    show_every_picture(page)
    expect(page.locator(".mese-none")).to_have_count(0)
    cities = page.locator(".mese-card.mese-hit").count()
    assert cities >= 15, f"only {cities} of the first 50 are US cities"
    app.stop()
