"""Browse in a real Chromium: over a corpus with pages to turn, candidates and hostile words."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from db.corpus import hash_images, import_records
from db.store import Store
from mese.corpus import Candidate, CorpusRecords, Entity, Mention, Query, SemanticClass, Sentence
from tests.browser.conftest import Server, Start
from tests.conftest import draw_picture

pytestmark = pytest.mark.browser

BIRDS = 50
LONG = "Bird of the very long name " * 37
HOSTILE_CLASS = "<b>Odd</b> & *fish*"
ROBIN, TWIN, FISH = 0, BIRDS, BIRDS + 1
NICKNAMED = 3
FISHES = 9
CONTEXTS_OF_ROBIN = 20
SETTLED = "[data-testid=stApp][data-test-script-state=notRunning]"


def browse_records(folder: Path) -> CorpusRecords:
    """50 birds, of which Robin has 20 contexts with ten candidates each, and a hostile fish."""
    names = ["Robin", *(f"Bird {n:02}" for n in range(1, BIRDS - 1)), LONG.strip()]
    nicknames = {NICKNAMED: Entity(NICKNAMED, names[NICKNAMED], ("Wren", "Jenny"), "synonym")}
    for number in range(10):
        draw_picture(folder / f"c{number}.png", number)
    draw_picture(folder / "robin.png", 77)
    pictures = [*(f"c{n}.png" for n in range(9)), "gone.png"]
    candidates = tuple(Candidate(name, rank) for rank, name in enumerate(pictures, 1))
    sentences = [
        Sentence(("A", "Robin", f"<i>sings</i>{turn}", "."), (Mention(ROBIN, 1, 1, candidates),))
        for turn in range(CONTEXTS_OF_ROBIN)
    ]
    sentences += [
        Sentence(("See", name, "fly"), (Mention(number, 1, 1, (Candidate("c1.png"),)),))
        for number, name in enumerate(names)
        if number != ROBIN
        for _ in range(2)
    ]
    return CorpusRecords(
        name="birds",
        entities=[
            Entity(ROBIN, "Robin", ("Redbreast",), "target", "robin.png"),
            *(nicknames.get(n, Entity(n, name)) for n, name in enumerate(names) if n),
            Entity(TWIN, "Robin", (), "random"),
            Entity(FISH, "<img src=x onerror=alert(1)>", ("$x$",)),
        ],
        classes=[
            SemanticClass("Birds", "Animals", "Nature"),
            SemanticClass(HOSTILE_CLASS, "Animals", "Nature"),
            *(SemanticClass(f"Carp {n}", "Pond", "Fishes") for n in range(FISHES)),
        ],
        members={"Birds": range(BIRDS), HOSTILE_CLASS: [FISH]},
        queries=[Query("Birds", 0, (1, 2, 3))],
        sentences=sentences,
        image_root=folder,
    )


@pytest.fixture(scope="module")
def birds(start: Start, tmp_path_factory: pytest.TempPathFactory) -> Server:
    home = tmp_path_factory.mktemp("birds")
    store = Store.open(f"sqlite:///{home / 'mese.db'}")
    import_records(store, browse_records(home / "pictures"))
    hash_images(store)
    store.close()
    return start(home)


def open_browse(page: Page, server: Server, query: str = "") -> None:
    page.goto(f"{server.url}/browse{query}")
    expect(page.get_by_role("heading", name="Browse", exact=True)).to_be_visible()
    page.wait_for_selector(SETTLED)


def heading(page: Page, name: str) -> None:
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()


def test_from_all_classes_to_a_class_to_an_entity_and_back(page: Page, birds: Server) -> None:
    open_browse(page, birds)
    page.get_by_role("link", name="Birds", exact=True).click()
    heading(page, "Birds")
    page.wait_for_url("**/browse?class=Birds")
    expect(page.get_by_text("50 members", exact=True)).to_be_visible()
    page.get_by_role("link", name="Bird 07", exact=True).click()
    heading(page, "Bird 07")
    page.wait_for_url("**/browse?entity=7")
    page.go_back()
    heading(page, "Birds")
    page.go_back()
    expect(page.get_by_role("heading", name="Nature", exact=True)).to_be_visible()
    page.go_forward()
    heading(page, "Birds")
    page.get_by_role("link", name="All classes").click()
    expect(page.get_by_role("heading", name="Nature", exact=True)).to_be_visible()
    page.wait_for_url("**/browse")


def test_an_entity_shows_all_that_is_known_of_it(page: Page, birds: Server) -> None:
    open_browse(page, birds, f"?entity={ROBIN}")
    heading(page, "Robin")
    expect(page).to_have_title("Robin · MESE Studio")
    expect(page.get_by_text("also Redbreast")).to_be_visible()
    expect(page.get_by_text("marked among all that its search found")).to_be_visible()
    expect(page.get_by_text("Its reference image")).to_be_visible()
    heading(page, "20 contexts")
    contexts = page.locator(".mese-context")
    expect(contexts).to_have_count(8)
    expect(contexts.first.locator("mark")).to_have_text("Robin")
    assert contexts.first.locator("p").inner_text() == "A Robin <i>sings</i>0."
    candidates = contexts.first.locator(".mese-candidate")
    expect(candidates).to_have_count(10)
    ranks = candidates.locator("figcaption").all_inner_texts()
    assert ranks == ["✓ 1", *map(str, range(2, 11))]
    expect(candidates.last.get_by_text("no picture")).to_be_visible()
    assert "gone.png" in (candidates.last.get_attribute("title") or "")
    heading(page, "Also in Birds")
    heading(page, "Sibling classes")


def test_an_entity_leads_up_to_its_class(page: Page, birds: Server) -> None:
    for way in ("› Birds", "All 50"):
        open_browse(page, birds, f"?entity={ROBIN}")
        expect(page.get_by_text("Nature › Animals")).to_be_visible()
        page.get_by_role("link", name=way, exact=True).click()
        heading(page, "Birds")
        expect(page).to_have_title("Birds · MESE Studio")
    page.get_by_role("link", name="All classes").click()
    expect(page).to_have_title("Browse · MESE Studio")


def test_one_image_a_context_is_said_to_be_the_only_one(page: Page, birds: Server) -> None:
    open_browse(page, birds, "?entity=7")
    expect(page.get_by_text("Each sentence with its image, the only one")).to_be_visible()
    expect(page.get_by_text("marked among")).to_have_count(0)


def test_a_nickname_stands_with_the_usual_name(page: Page, birds: Server) -> None:
    open_browse(page, birds, "?class=Birds")
    card = page.locator(f".st-key-card-member-{NICKNAMED}")
    expect(card.locator(".mese-name")).to_have_text("Bird 03 (Wren)")
    expect(page.locator(".mese-name small")).to_have_count(1)


def test_every_picture_in_sight_has_its_pixels(page: Page, birds: Server) -> None:
    open_browse(page, birds, f"?entity={ROBIN}")
    page.wait_for_selector(".mese-context")
    page.wait_for_function(
        """() => {
          const seen = [...document.querySelectorAll('img.mese-pic')]
            .filter(i => i.getBoundingClientRect().top < innerHeight);
          return seen.length > 10 && seen.every(i => i.complete && i.naturalWidth > 0);
        }"""
    )


def test_pages_are_turned_by_the_address_and_back_turns_back(page: Page, birds: Server) -> None:
    open_browse(page, birds, f"?entity={ROBIN}")
    page.get_by_role("button", name="Page 3", exact=True).click()
    page.wait_for_url(f"**/browse?entity={ROBIN}&page=3")
    expect(page.locator(".mese-context")).to_have_count(4)
    expect(page.locator(".mese-context").first).to_contain_text("sings</i>16")
    page.go_back()
    expect(page.locator(".mese-context").first).to_contain_text("sings</i>0.")
    open_browse(page, birds, "?class=Birds&page=2")
    expect(page.locator("[class*='st-key-card-member-']")).to_have_count(14)


def test_a_name_an_alias_or_a_class_is_found(page: Page, birds: Server) -> None:
    open_browse(page, birds)
    field = page.get_by_label("Find an entity or a class, by name or alias")
    field.press_sequentially("redbr")
    page.get_by_role("button", name="Robin (Redbreast)").click()
    heading(page, "Robin")
    expect(field).to_have_value("")
    field.press_sequentially("bird")
    page.get_by_role("button", name="Birds · class of 50").click()
    heading(page, "Birds")
    field.press_sequentially("carp")
    expect(page.get_by_text(f"8 of {FISHES} classes")).to_be_visible()
    field.fill("")
    field.press_sequentially("zzz")
    expect(page.get_by_text("Nothing in this corpus has such a name")).to_be_visible()


def test_namesakes_lead_to_each_other(page: Page, birds: Server) -> None:
    open_browse(page, birds, f"?entity={TWIN}")
    expect(page.get_by_text("an easy negative")).to_be_visible()
    expect(page.get_by_text("No sentence of this corpus mentions it")).to_be_visible()
    page.get_by_role("link", name="Robin · Birds").click()
    heading(page, "20 contexts")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?entity=9999", "There is no entity 9999 in this corpus."),
        ("?entity=x", "which is no entity number"),
        ("?class=Bi%3Cb%3Erds", "There is no class “Bi<b>rds” in this corpus."),
        (f"?entity={ROBIN}&page=99", "There are 3 pages; page 99 shows the last."),
        (f"?entity={ROBIN}&page=x", "is no page number"),
        ("?page=7", "There is one page; page 7 shows the last."),
    ],
)
def test_a_bad_address_is_told_calmly_and_shows_something(
    page: Page, birds: Server, query: str, said: str
) -> None:
    open_browse(page, birds, query)
    expect(page.get_by_text(said)).to_be_visible()
    expect(page.locator(".mese-name, .mese-context").first).to_be_visible()
    assert page.locator("[data-testid=stException]").count() == 0


def test_hostile_names_show_as_themselves(page: Page, birds: Server) -> None:
    open_browse(page, birds, f"?class={quote(HOSTILE_CLASS)}")
    heading(page, HOSTILE_CLASS)
    page.get_by_role("link", name="<img src=x onerror=alert(1)>").click()
    heading(page, "<img src=x onerror=alert(1)>")
    expect(page.get_by_text("also $x$")).to_be_visible()
    assert page.locator("img[src='x'], .katex").count() == 0


@pytest.mark.parametrize("width", [800, 1440])
@pytest.mark.parametrize("query", ["", "?class=Birds&page=2", f"?entity={BIRDS - 1}"])
def test_long_names_leave_the_layout_as_it_is(
    page: Page, birds: Server, query: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    open_browse(page, birds, query)
    page.wait_for_selector(".mese-name, .mese-context")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    cards = page.locator("[class*='st-key-card-member-'], [class*='st-key-card-class-']")
    heights = {round(box["height"]) for card in cards.all() if (box := card.bounding_box())}
    assert len(heights) <= 1


def test_browse_and_expand_lead_to_each_other(page: Page, birds: Server) -> None:
    open_browse(page, birds, "?class=Birds")
    page.get_by_role("link", name="Expand from this class").click()
    heading(page, "Expand")
    page.wait_for_url("**/expand?seeds=1%2C2%2C3")
    open_browse(page, birds, f"?entity={ROBIN}")
    page.get_by_role("link", name="Use as a seed").click()
    page.wait_for_url(f"**/expand?seeds={ROBIN}")


def test_a_result_of_expand_leads_to_its_entity(page: Page, server: Server) -> None:
    """In a tab of its own: the list stays as it is."""
    page.goto(f"{server.url}/expand?seeds=0,1,2&n=20")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Boston in Browse", exact=False).click()
    heading(opened.value, "Boston")
    opened.value.close()
    expect(page.get_by_text("results ·")).to_be_visible()
