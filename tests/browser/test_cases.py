"""The Cases page in a real Chromium, over the small corpus and a bundle with all modalities."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from mese.corpus import Expansion
from mese.engine import Options
from mese.overlap import VIEWS, overlap_of
from tests.browser.conftest import Server, Start
from tests.conftest import CITIES, HOSTILE, NAMES
from tests.pages.case_home import keep, main_engine, make_home

pytestmark = pytest.mark.browser

SETTLED = "[data-testid=stApp][data-test-script-state=notRunning]"
HARM = "<script>alert(1)</script> **b** [x](javascript:alert(2))"
NAMED = [
    {"rank": rank, "id": NAMES.index(name), "name": name, "score": 1 / rank, "class": ""}
    for rank, name in enumerate(HOSTILE, 1)
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four cases: 1 Cities, 2 Odd, 3 of another bundle, 4 hostile."""
    folder = tmp_path_factory.mktemp("cases")
    store = make_home(folder)
    keep(store, folder, "Cities of Figure 1", "A note\nof two lines", ("us", "figure 1"))
    keep(store, folder, "Odd ones", tags=("odd",), seeds=(15, 16, 17))
    keep(store, folder, "An old bundle's", tags=("us",), stamp="00" * 32)
    keep(store, folder, HARM, HARM, (HARM[:30],), results=NAMED)
    store.close()
    return folder


@pytest.fixture(scope="module")
def app(start: Start, home: Path) -> Server:
    return start(home)


def open_cases(page: Page, app: Server, query: str = "") -> None:
    page.goto(f"{app.url}/cases{query}")
    expect(page.get_by_role("heading", name="Cases", exact=True)).to_be_visible()
    page.wait_for_selector(SETTLED)


def settled(page: Page) -> Page:
    """The page once its script has run: what is pressed before may be drawn anew under the hand."""
    page.wait_for_selector(SETTLED)
    return page


def cards(page: Page) -> Locator:
    return page.locator("[class*='st-key-card-case-']")


def titles(page: Page) -> list[str]:
    return cards(page).locator(".mese-name").all_text_contents()


def asked(home: Path, **options: object) -> Expansion:
    return main_engine(home).expand([0, 1, 2], Options(size=20, **options))  # type: ignore[arg-type]


def test_cases_are_found_by_words_and_tags_and_opened(page: Page, app: Server) -> None:
    open_cases(page, app)
    expect(cards(page)).to_have_count(4)
    assert titles(page)[::-1] == ["Cities of Figure 1", "Odd ones", "An old bundle's", HARM]
    field = page.get_by_label("Find a case by its title, note, seeds or tags")
    field.fill("chicago figure")
    field.press("Enter")
    expect(cards(page)).to_have_count(1)
    expect(page).to_have_url(f"{app.url}/cases?q=chicago+figure")
    settled(page).go_back()
    expect(cards(page)).to_have_count(4)
    settled(page).get_by_text("us 2", exact=True).click()
    expect(cards(page)).to_have_count(2)
    assert titles(page) == ["An old bundle's", "Cities of Figure 1"]
    settled(page).get_by_role("link", name="Cities of Figure 1").click()
    expect(page.get_by_role("heading", name="Cities of Figure 1")).to_be_visible()
    expect(page).to_have_url(f"{app.url}/cases?case=1")
    expect(page).to_have_title("Cities of Figure 1 · MESE Studio")
    settled(page).get_by_role("link", name="All cases").click()
    expect(cards(page)).to_have_count(4)


def test_nothing_found_and_no_such_case_have_a_next_step(page: Page, app: Server) -> None:
    open_cases(page, app, "?q=nothing+of+this")
    expect(page.get_by_text("No case has these words.")).to_be_visible()
    page.get_by_role("button", name="Show all cases").click()
    expect(cards(page)).to_have_count(4)
    open_cases(page, app, "?case=99")
    expect(page.get_by_text("There is no case 99 (any more).")).to_be_visible()
    expect(cards(page)).to_have_count(4)


def test_a_case_is_shown_as_it_was_saved(page: Page, app: Server, home: Path) -> None:
    open_cases(page, app, "?case=1")
    names = page.locator(".mese-card .mese-name")
    expect(names).to_have_count(20)
    assert names.all_text_contents() == [result.name for result in asked(home).results]
    expect(page.locator(".mese-prose")).to_have_text("A note\nof two lines")
    assert page.locator(".mese-few li span:not(.mese-pic)").all_text_contents() == list(CITIES[:3])
    expect(page.get_by_text("has changed since")).to_have_count(0)
    link = page.get_by_role("link", name="Run the same query now")
    link.click()
    expect(page.get_by_role("heading", name="Expand", exact=True)).to_be_visible()
    cards_there = page.locator(".mese-card .mese-name")
    expect(cards_there).to_have_count(20)
    assert [text.strip() for text in cards_there.all_text_contents()] == [
        result.name for result in asked(home).results
    ]


def test_a_saved_result_leads_to_its_entity(page: Page, app: Server, home: Path) -> None:
    open_cases(page, app, "?case=1")
    first = asked(home).results[0]
    page.get_by_role("link", name=f"1. {first.name}, look at it in Browse").click()
    expect(page.get_by_role("heading", name=first.name, exact=True)).to_be_visible()
    expect(page).to_have_url(f"{app.url}/browse?entity={first.id}")
    page.go_back()
    expect(page.locator(".mese-card")).to_have_count(20)


def test_another_bundle_is_told_of(page: Page, app: Server) -> None:
    open_cases(page, app, "?case=3")
    told = page.get_by_text("The bundle has changed since: it was main (000000000000), in use is")
    expect(told).to_be_visible()
    expect(page.locator(".mese-card")).to_have_count(20)


def test_side_by_side_holds_lists_against_the_saved_one(
    page: Page, app: Server, home: Path
) -> None:
    open_cases(page, app, "?case=1&beside=text,method:cosine,case:2")
    columns = page.locator(".mese-column")
    expect(columns).to_have_count(4)
    heads = columns.locator("h3").all_text_contents()
    assert heads == ["As saved", "Text only", "Cosine", "Odd ones"]
    saved = {result.id: result.rank for result in asked(home).results}
    text = asked(home, candidates="text").results
    rows = columns.nth(1).locator(".mese-row")
    assert rows.locator(".mese-label").all_text_contents() == [result.name for result in text]
    signs = []
    for result in text:
        before = saved.get(result.id)
        moved = (before or 0) - result.rank
        arrow = f"↑{moved}" if moved > 0 else f"↓{-moved}"
        signs.append("new" if before is None else "=" if moved == 0 else arrow)
    assert rows.locator(".mese-moved").all_text_contents() == signs
    gone = [name for name in map(NAMES.__getitem__, saved) if name not in {r.name for r in text}]
    shown = columns.nth(1).locator(".mese-gone li")
    assert [line.split(" was ")[0] for line in shown.all_text_contents()] == gone


def test_an_entity_is_lit_up_in_every_column(page: Page, app: Server) -> None:
    open_cases(page, app, "?case=1&beside=text-image,method:cosine")
    first = page.locator(".mese-column").nth(0).locator(".mese-row").nth(1)
    first.hover()
    lit = page.locator(".mese-lit")
    assert set(lit.evaluate_all("all => all.map(i => i.dataset.key)")) == {
        first.get_attribute("data-key")
    }
    assert lit.count() >= 2
    first.click()
    page.locator(".mese-column").nth(0).locator(".mese-row").nth(5).hover()
    assert len(set(lit.evaluate_all("all => all.map(i => i.dataset.key)"))) == 2
    page.mouse.move(0, 0)
    told = page.locator(".mese-told")
    expect(told).to_contain_text("As saved: 2 · Text and image: 2 · Cosine: ")
    assert lit.count() >= 2
    page.keyboard.press("ArrowDown")
    expect(page.locator(".mese-row:focus")).to_have_attribute("data-rank", "3")
    expect(page.locator(".mese-row[tabindex='0']")).to_have_attribute("data-rank", "3")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".mese-column").nth(1).locator(".mese-row:focus")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(told).to_contain_text("As saved: 3 · Text and image: 3")
    page.keyboard.press("Enter")
    expect(told).to_contain_text("Point at an entity")


def test_columns_are_chosen_and_the_address_follows(page: Page, app: Server) -> None:
    open_cases(page, app, "?case=1")
    page.get_by_text("Side by side", exact=True).click()
    expect(page).to_have_url(f"{app.url}/cases?case=1&beside=text%2Cimage")
    expect(page.locator(".mese-column")).to_have_count(3)
    settled(page).get_by_label("Beside the saved list, up to 3").click()
    page.get_by_role("option", name="Bundle other").click()
    expect(page.locator(".mese-column")).to_have_count(4)
    expect(page).to_have_url(f"{app.url}/cases?case=1&beside=text%2Cimage%2Cbundle%3Aother")
    settled(page).go_back()
    expect(page.locator(".mese-column")).to_have_count(3)


def test_figure_3_counts_what_the_engine_finds(page: Page, app: Server, home: Path) -> None:
    gold = {NAMES.index(name) for name in CITIES} - {0, 1, 2}
    found = overlap_of(main_engine(home), [0, 1, 2], gold, Options(method="window"))
    assert found is not None
    open_cases(page, app, "?case=1&show=overlap")
    expect(page.locator(".js-plotly-plot")).to_be_visible()
    cells = page.locator(".mese-table tbody tr td:nth-child(2)").all_text_contents()
    expected = [len(found.regions[region]) for region in found.regions]
    assert cells == [str(n) for n in (*expected, len(found.gained), len(found.lost))]
    expect(page.get_by_text("n = 7 that could be found, 3 seeds.")).to_be_visible()
    assert len(VIEWS) == 3


def test_figure_3_over_all_queries_is_counted_once(page: Page, app: Server) -> None:
    open_cases(page, app, "?show=overlap")
    page.get_by_role("button", name="Count over all queries").click()
    expect(page.get_by_text("n = 2 queries, 9 hits that could be found")).to_be_visible()
    open_cases(page, app, "?show=overlap")
    expect(page.get_by_text("n = 2 queries, 9 hits that could be found")).to_be_visible()


def pressed(card: Locator) -> list[str]:
    return card.locator(".mese-clue[aria-pressed=true]").all_text_contents()


def test_clues_are_tagged_by_click_and_by_key_and_counted(page: Page, app: Server) -> None:
    open_cases(page, app, "?case=2&show=clues")
    all_cards = page.locator(".mese-card")
    expect(all_cards).to_have_count(20)
    all_cards.nth(0).get_by_role("button", name="scene").click()
    page.keyboard.press("1")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("5")
    page.keyboard.press("3")  # none gives way
    page.keyboard.press("ArrowRight")
    page.keyboard.press("5")
    rows = page.locator(".mese-table").first.locator("tbody tr")
    expect(rows).to_have_text(["you1 25.0%1 25.0%1 25.0%0 0.0%1 25.0%43"])
    open_cases(page, app, "?case=2&show=clues")
    expect(all_cards).to_have_count(20)
    assert [pressed(all_cards.nth(n)) for n in range(4)] == [
        ["object", "scene"],
        ["property"],
        ["none"],
        [],
    ]
    all_cards.nth(2).get_by_role("button", name="none").click()
    expect(rows).to_have_text(["you1 33.3%1 33.3%1 33.3%0 0.0%0 0.0%32"])
    open_cases(page, app, "?show=clues")
    expect(page.get_by_text("Over all cases: tags in 1 case")).to_be_visible()


def test_a_home_of_one_modality_and_one_case_that_goes(
    page: Page, start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MESE_BUNDLE", "other")
    store = make_home(tmp_path)
    keep(store, tmp_path, "First")
    store.close()
    own = start(tmp_path)
    open_cases(page, own, "?case=1&show=overlap")
    expect(page.get_by_text("Figure 3 needs lists by text and by image")).to_be_visible()
    open_cases(page, own, "?case=1")
    page.get_by_text("Side by side", exact=True).click()
    expect(page).to_have_url(f"{own.url}/cases?case=1&beside=now")
    open_cases(page, own, "?case=1&beside=text")
    expect(page.locator(".mese-trouble")).to_contain_text("has no 'text' representation")
    page.get_by_role("button", name="Change").click()
    page.get_by_label("Title").fill("Second")
    page.get_by_label("Tags, with commas between").fill("a, B, a")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Second")).to_be_visible()
    assert page.locator("ul.mese-tags li").all_text_contents() == ["a", "b"]
    if not page.get_by_text("Delete this case for good").is_visible():
        page.get_by_role("button", name="Change").click()
    page.get_by_text("Delete this case for good").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("No case is saved yet.")).to_be_visible()
    expect(page.get_by_test_id("stMain").get_by_role("link", name="Expand")).to_be_visible()
    own.stop()


def test_an_exported_file_stands_alone(page: Page, app: Server, tmp_path: Path) -> None:
    open_cases(page, app, "?case=4")
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as began:
        page.get_by_role("button", name="One HTML file").click()
    file = tmp_path / began.value.suggested_filename
    began.value.save_as(file)
    asked_for: list[str] = []
    page.on("request", lambda request: asked_for.append(request.url))
    page.route(
        "**/*", lambda route: route.fulfill(body=file.read_bytes(), content_type="text/html")
    )
    page.goto("http://localhost:1/exported.html")
    assert [url for url in asked_for if not url.startswith("data:")] == [
        "http://localhost:1/exported.html"
    ]
    expect(page.get_by_role("heading", name=HARM, exact=True)).to_be_visible()
    shown = page.locator("img").evaluate_all("all => all.map(i => i.naturalWidth > 0)")
    assert shown == [True] * (3 + len(HOSTILE))


def test_several_are_exported_together(page: Page, app: Server, tmp_path: Path) -> None:
    open_cases(page, app, "?tag=us")
    expect(cards(page)).to_have_count(2)
    page.get_by_role("button", name="Export several").click()
    with page.expect_download() as began:
        page.get_by_role("button", name="Markdown with images").click()
    began.value.save_as(tmp_path / "some.zip")
    with zipfile.ZipFile(io.BytesIO((tmp_path / "some.zip").read_bytes())) as archive:
        texts = {name for name in archive.namelist() if name.endswith(".md")}
    assert texts == {"index.md", "case-1-cities-of-figure-1.md", "case-3-an-old-bundle-s.md"}


@pytest.mark.parametrize(
    "query", ["", "?case=4", "?case=4&show=clues", "?case=4&beside=now,case:1"]
)
def test_hostile_words_show_as_themselves(page: Page, app: Server, query: str) -> None:
    """A script that ran would open a dialog, which fails the test (conftest)."""
    open_cases(page, app, query)
    expect(page.get_by_text(HARM).first).to_be_visible()
    if query:
        for name in HOSTILE:
            expect(page.get_by_text(name, exact=True).first).to_be_attached()


@pytest.mark.parametrize(
    "query", ["", "?case=4", "?case=4&beside=text,image", "?case=1&show=overlap"]
)
def test_no_page_is_wider_than_its_window(page: Page, app: Server, query: str) -> None:
    open_cases(page, app, query)
    for width in (1440, 800):
        page.set_viewport_size({"width": width, "height": 900})
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width
