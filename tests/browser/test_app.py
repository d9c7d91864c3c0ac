"""The app in a real Chromium, over the small corpus and its toy bundle."""

from __future__ import annotations

import re
import shutil
import sqlite3
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from pages.parts.door import PAGES
from pages.parts.text import JOINER
from tests.browser.conftest import Server, Start
from tests.conftest import CITIES, FIGURE_1, HOSTILE, NAMES, PICTURELESS, STRANGER, class_of

pytestmark = pytest.mark.browser

CARDS = ".mese-card"
PICTURES_SHOWN = """() => {
  const all = [...document.querySelectorAll('img.mese-pic')];
  return all.length > 0 && all.every(i => i.complete && i.naturalWidth > 0);
}"""
SETTLED = "[data-testid=stApp][data-test-script-state=notRunning]"


def open_expand(page: Page, server: Server, query: str = "") -> None:
    page.goto(f"{server.url}/expand{query}")
    expect(page.get_by_role("heading", name="Expand", exact=True)).to_be_visible()


def names_shown(page: Page) -> list[str]:
    page.wait_for_selector(".mese-name")
    expect(page.get_by_text("results ·")).to_be_visible()
    page.wait_for_selector(SETTLED)
    return [text.strip() for text in page.locator(CARDS).locator(".mese-name").all_text_contents()]


def seed_buttons(page: Page) -> Locator:
    """The chips' buttons; Streamlit keeps a hidden twin of each for small screens."""
    return page.locator("[class*='st-key-remove-'] button").filter(visible=True)


def expect_seeds(page: Page, *names: str) -> None:
    expect(seed_buttons(page)).to_have_count(len(names))
    texts = seed_buttons(page).locator("p").all_inner_texts()
    assert [text.replace(JOINER, "") for text in texts] == list(names)


def show_every_picture(page: Page) -> None:
    """Scroll through lazily loaded pictures until each has its pixels."""
    for card in page.locator(CARDS).all():
        card.scroll_into_view_if_needed()
    page.wait_for_function(PICTURES_SHOWN)


@pytest.mark.parametrize(("path", "title"), [(path, title) for path, title, _ in PAGES])
def test_a_page_opened_first_comes_in_by_the_door(
    page: Page, start: Start, small_home: Path, path: str, title: str
) -> None:
    """Until navigation has run once, Streamlit serves a page's file without app.py."""
    fresh = start(small_home)
    page.goto(f"{fresh.url}/{Path(path).stem}")
    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
    expect(
        page.get_by_text("Open mode: everyone on this machine may do everything")
    ).to_be_visible()
    navigation = page.get_by_test_id("stTopNav")
    for _, other, _ in PAGES:
        expect(navigation.get_by_role("link", name=other, exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="app", exact=True)).to_have_count(0)
    expect(page).to_have_title(f"{title} · MESE Studio")
    fresh.stop()


def test_figure_1_is_one_press_away_and_a_link_repeats_it(page: Page, server: Server) -> None:
    open_expand(page, server)
    page.get_by_role("button", name="Expand these").first.click()
    names = names_shown(page)
    assert set(names[: len(CITIES) - 3]) == set(CITIES) - set(FIGURE_1)
    expect_seeds(page, *FIGURE_1)
    assert re.search(r"\?seeds=0(,|%2C)1(,|%2C)2$", page.url)
    show_every_picture(page)
    page.goto(page.url)  # cold: a new session
    assert names_shown(page) == names
    expect_seeds(page, *FIGURE_1)


def test_hits_and_others_are_told_apart_in_words(page: Page, server: Server) -> None:
    open_expand(page, server, "?seeds=0,1,2&n=20")
    names = names_shown(page)
    verdicts = [
        text.split(" · ")[0]
        for text in page.locator(CARDS).locator(".mese-class").all_inner_texts()
    ]
    words = {"US cities": "✓ hit", "US states": "▲ hard negative"}
    assert verdicts == [words.get(class_of(name), "○ other") for name in names]
    assert set(verdicts) == {"✓ hit", "▲ hard negative", "○ other"}
    expect(page.get_by_text("7 of them in US cities")).to_be_visible()


def test_no_verdict_where_the_seeds_share_no_class(page: Page, server: Server) -> None:
    open_expand(page, server, f"?seeds=0,{NAMES.index('Texas')}&n=20")
    assert len(names_shown(page)) == 20
    text = page.inner_text("body")
    assert "✓ hit" not in text
    assert "○ other" not in text


def test_seeds_are_found_by_alias_added_taken_away_and_back_goes_back(
    page: Page, server: Server
) -> None:
    open_expand(page, server, "?seeds=0&n=20")
    names_shown(page)
    page.get_by_label("Add a seed by name or alias").press_sequentially("nyc")
    page.get_by_role("button", name="New York City (NYC)").click()
    expect_seeds(page, "Washington D.C.", "New York City")
    expect(page.get_by_label("Add a seed by name or alias")).to_have_value("")
    seed_buttons(page).first.click()
    expect_seeds(page, "New York City")
    assert page.url.endswith("?seeds=3&n=20")
    page.go_back()
    expect_seeds(page, "Washington D.C.", "New York City")


def test_back_to_the_beginning_stays_there(page: Page, server: Server) -> None:
    open_expand(page, server)
    page.get_by_role("button", name="Expand these").first.click()
    names_shown(page)
    page.go_back()
    expect(page.get_by_text("Or start from an example")).to_be_visible()
    assert page.url.endswith("/expand")


def test_the_length_of_the_list_is_in_the_address(page: Page, server: Server) -> None:
    open_expand(page, server, "?seeds=0,1&n=20")
    assert len(names_shown(page)) == 20
    page.get_by_text("50", exact=True).click()
    page.wait_for_url(re.compile(r"seeds=0(,|%2C)1$"))  # 50 is the usual length
    page.wait_for_function(f"document.querySelectorAll('{CARDS}').length > 20")
    assert len(names_shown(page)) == len(NAMES) - 3  # all but the two seeds and the stranger


def test_the_query_waits_while_one_looks_at_another_page(page: Page, server: Server) -> None:
    open_expand(page, server, "?seeds=0,1&n=20")
    names_shown(page)
    page.get_by_role("link", name="Overview", exact=True).click()
    expect(page.get_by_role("heading", name="Overview", exact=True)).to_be_visible()
    page.get_by_role("link", name="Expand", exact=True).click()
    names_shown(page)
    expect_seeds(page, "Washington D.C.", "Chicago")
    page.wait_for_url("**&n=20")


def test_hostile_names_show_as_themselves(page: Page, server: Server) -> None:
    first = NAMES.index(HOSTILE[0])
    seeds = ",".join(str(first + n) for n in range(9))
    open_expand(page, server, f"?seeds={seeds}&n=20")
    assert HOSTILE[9] in names_shown(page)
    expect_seeds(page, *HOSTILE[:9])
    page.get_by_label("Add a seed by name or alias").press_sequentially("bold")
    found = page.locator(".st-key-found button").first
    expect(found).to_be_visible()
    assert HOSTILE[9] in found.inner_text()
    assert page.locator("main, section").locator(".katex, em, strong:has-text('bold')").count() == 0
    assert page.locator("img[src='x'], img[src='w'], [class*='st-key-seed-'] a").count() == 0


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "Or start from an example"),
        ("?seeds=0,1,9999", "There is no entity 9999 in this corpus."),
        ("?seeds=0,abc", "which is no entity number"),
        ("?seeds=0,1,1", "names a seed twice"),
        ("?seeds=0,1,2,3,4,5,6,7,8,9,10", "the first 10 are used"),
        ("?seeds=0&n=13", "is not on offer"),
        (f"?seeds=0,{STRANGER}", "The model does not know Stranger"),
        (f"?seeds={STRANGER}", "The model does not know Stranger"),
    ],
)
def test_what_is_empty_or_wrong_is_said_calmly(
    page: Page, server: Server, query: str, said: str
) -> None:
    open_expand(page, server, query)
    expect(page.get_by_text(said)).to_be_visible()
    assert page.locator("[data-testid=stException]").count() == 0


def test_a_missing_picture_has_a_neutral_place(page: Page, server: Server) -> None:
    open_expand(page, server, "?seeds=0,1&n=50")
    card = page.locator(f"{CARDS}[data-entity='{PICTURELESS}']")
    expect(card.get_by_text("no picture")).to_be_visible()
    sizes = {round(box["height"]) for box in boxes(page, f"{CARDS} .mese-pic")}
    assert len(sizes) == 1


def boxes(page: Page, selector: str) -> list[dict[str, float]]:
    return [box for item in page.locator(selector).all() if (box := item.bounding_box())]


@pytest.mark.parametrize("width", [800, 1440])
def test_it_fits_the_window_and_cards_are_of_one_height(
    page: Page, server: Server, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    open_expand(page, server, "?seeds=0,1,2&n=50")
    names_shown(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    cards = boxes(page, CARDS)
    assert len({round(card["height"]) for card in cards}) == 1
    assert min(card["width"] for card in cards) >= 120
    assert max(card["x"] + card["width"] for card in cards) <= width


def test_the_overview_counts_the_corpus(page: Page, server: Server) -> None:
    page.goto(server.url)
    metric = page.get_by_test_id("stMetric")
    expect(metric.filter(has_text="Entities")).to_contain_text(str(len(NAMES)))
    expect(metric.filter(has_text="Contexts")).to_contain_text(str(2 * len(NAMES) - 1))
    expect(metric.filter(has_text="Fine classes")).to_contain_text("3")
    expect(page.get_by_text("The corpus “small *corpus*”")).to_be_visible()
    expect(page.locator(".js-plotly-plot")).to_have_count(2)
    expect(page.get_by_text("Press a slice to open it")).to_be_visible()
    labels = page.locator(".slicetext")
    expect(labels.filter(has_text="<i>Odd</i>")).not_to_have_count(0)


def test_the_overview_leads_to_each_job(page: Page, server: Server) -> None:
    ways = {"Explore seeds": "Expand", "Look at the data": "Browse", "Bring your own": "Data"}
    page.goto(server.url)
    for way, title in ways.items():
        page.get_by_role("link", name=way, exact=True).click()
        expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
        page.go_back()
        expect(page.get_by_role("heading", name="Overview", exact=True)).to_be_visible()


def test_the_overview_is_also_at_its_own_name(page: Page, server: Server) -> None:
    page.goto(server.url)
    expect(page.get_by_role("heading", name="Overview", exact=True)).to_be_visible()
    page.goto(f"{server.url}/overview")  # the navigation has run: no file is served by its name
    expect(page.get_by_role("heading", name="Overview", exact=True)).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page).to_have_title("Overview · MESE Studio")


@pytest.fixture(scope="module")
def empty(start: Start, tmp_path_factory: pytest.TempPathFactory) -> Server:
    return start(tmp_path_factory.mktemp("empty"))


@pytest.mark.parametrize("path", ["overview", "browse", "expand"])
def test_an_empty_store_says_how_to_fill_it(page: Page, empty: Server, path: str) -> None:
    page.goto(f"{empty.url}/{path}")
    expect(page.get_by_text("The store is empty.")).to_be_visible()
    expect(page.get_by_text("python -m db demo")).to_be_visible()
    page.get_by_role("link", name="Import a corpus").click()
    expect(page.get_by_role("heading", name="Data", exact=True)).to_be_visible()


def test_without_a_fitting_bundle_the_next_step_is_said(
    page: Page, start: Start, small_home: Path, tmp_path: Path
) -> None:
    shutil.copy(small_home / "mese.db", tmp_path / "mese.db")
    bare = start(tmp_path)
    for query in ("", "?seeds=0,1,2"):  # at once, and not only when something is pressed
        open_expand(page, bare, query)
        notice = page.get_by_text("No trained bundle fits this corpus yet")
        expect(notice).to_have_count(1)
        expect(notice).to_contain_text("in the repository's folder, with the same MESE_HOME")
        commands = page.get_by_test_id("stCode").inner_text().splitlines()
        assert f"export MESE_HOME={tmp_path}" in commands
        assert commands[-2:] == [
            "python -m train fit --name first",
            "python -m train represent --name first",
        ]
        page.wait_for_selector(SETTLED)
    open_expand(page, bare)
    example = page.get_by_text("Or start from an example")
    expect(example).to_be_visible()
    assert y_of(page.get_by_test_id("stCode")) < y_of(example)
    bare.stop()


def y_of(item: Locator) -> float:
    box = item.bounding_box()
    assert box is not None
    return box["y"]


STREAMLIT = (sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true")


def test_plain_streamlit_run_shows_pictures_too(page: Page, start: Start, small_home: Path) -> None:
    plain = start(small_home, (*STREAMLIT, "--server.port={port}"), "/_stcore/health")
    open_expand(page, plain, "?seeds=0,1,2&n=20")
    assert len(names_shown(page)) == 20
    show_every_picture(page)
    plain.stop()


@pytest.mark.parametrize("path", [path for path, _, _ in PAGES])
def test_an_address_that_others_can_reach_shows_nothing(
    page: Page, start: Start, small_home: Path, path: str
) -> None:
    """Nobody can sign in yet, so this is what signed out is: on a fresh server, opened first."""
    exposed = start(
        small_home,
        (*STREAMLIT, "--server.port={port}", "--server.address=0.0.0.0"),
        "/_stcore/health",
    )
    page.goto(f"{exposed.url}/{Path(path).stem}?seeds=0,1,2&entity=1")
    expect(page.get_by_text("it answers on this machine only")).to_be_visible()
    assert page.locator("h1, .mese-name, [data-testid=stMetric], [data-testid=stForm]").count() == 0
    exposed.stop()


def test_a_fault_of_ours_is_told_by_number(
    page: Page, start: Start, small_home: Path, tmp_path: Path
) -> None:
    shutil.copytree(small_home, tmp_path / "home")
    shop = start(tmp_path / "home")
    page.goto(shop.url)
    expect(page.locator(".js-plotly-plot")).to_have_count(2)
    with sqlite3.connect(tmp_path / "home" / "mese.db") as database:
        database.execute("ALTER TABLE aliases RENAME TO gone")
    page.goto(f"{shop.url}/expand")
    expect(page.get_by_text("Something went wrong here")).to_be_visible()
    number = page.locator("[data-testid=stAlert] code").inner_text()
    assert f"fault {number}" in shop.log
    assert "aliases" not in page.inner_text("body")
    shop.stop()
