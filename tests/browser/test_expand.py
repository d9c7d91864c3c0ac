"""The Expand page in a real Chromium, over the small corpus and a tiny bundle with a model in it.

The model is untrained, so what a list holds means nothing; what the page shows is compared with
what the engine answers here.
"""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from db.cases import find_cases
from db.corpus import load_corpus
from db.expanding import used_contexts
from db.store import Store
from mese.engine import Engine, Options, SeedRow
from mese.images import resolve
from mese.mentions import Mention, read_marked
from tests.browser.conftest import Server, Start
from tests.conftest import HOSTILE, NAMES, STRANGER, class_of, fill_store
from tests.mese.tiny_bundle import make_bundle

pytestmark = pytest.mark.browser

CARDS = ".mese-card"
SETTLED = "[data-testid=stApp][data-test-script-state=notRunning]"
FIGURE_1 = "?seeds=0,1,2&n=20"
READY_SECONDS = 90
"""Until a model is opened for the first time, on a busy machine."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("live")
    store = fill_store(home)
    make_bundle(home / "bundles" / "live", load_corpus(store))
    store.close()
    return home


@pytest.fixture(scope="module")
def engine(home: Path) -> Engine:
    return Engine.load(home / "bundles" / "live")


@pytest.fixture(scope="module")
def live(start: Start, home: Path) -> Server:
    return start(home)


def open_expand(page: Page, server: Server, query: str = FIGURE_1) -> None:
    page.goto(f"{server.url}/expand{query}")
    expect(page.get_by_role("heading", name="Expand", exact=True)).to_be_visible()


def ids_shown(page: Page) -> list[int]:
    page.wait_for_selector(CARDS)
    page.wait_for_selector(SETTLED)
    script = f"all => [...document.querySelectorAll('{CARDS}')].map(c => Number(c.dataset.entity))"
    return [int(i) for i in page.evaluate(script)]


def expect_list(page: Page, ids: Sequence[int]) -> None:
    """Wait for the list that an expansion gave."""
    wanted = json.dumps([str(i) for i in ids])
    page.wait_for_function(
        f"JSON.stringify([...document.querySelectorAll('{CARDS}')]"
        f".map(c => c.dataset.entity)) === JSON.stringify({wanted})"
    )


def answer(
    engine: Engine, chosen: Sequence[int], rows: Sequence[SeedRow] = (), **options: object
) -> list[int]:
    found = engine.expand(chosen, Options(size=20, **options), rows)  # type: ignore[arg-type]
    return [result.id for result in found.results]


def params(page: Page) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(page.url).query))


def card(page: Page, entity: int) -> Locator:
    return page.locator(f"{CARDS}[data-entity='{entity}']")


def bring_back(page: Page, entity: int) -> None:
    """Press a kept-out chip; Streamlit keeps a hidden twin of each for small screens."""
    page.locator(f".st-key-back-{entity} button").filter(visible=True).click()


def contexts_with_images(home: Path, entity: int) -> tuple[list[int], list[Mention]]:
    """Context ids of an entity and the contexts as the engine takes them."""
    store = Store.open(f"sqlite:///{home / 'mese.db'}")
    ids = [c.id for c in used_contexts(store, [entity])[entity]]
    corpus = load_corpus(store)
    store.close()
    chosen = {c.id: c for c in corpus.contexts}
    return ids, [
        Mention(c.tokens, c.start, c.end, resolve(corpus.image_root, c.image) if c.image else None)
        for c in (chosen[i] for i in ids)
    ]


def test_accepted_cards_become_seeds(page: Page, live: Server, engine: Engine) -> None:
    open_expand(page, live)
    first, second = answer(engine, [0, 1, 2])[:2]
    expect_list(page, answer(engine, [0, 1, 2]))
    for entity in (first, second):
        card(page, entity).locator(".mese-accept").click()
    names = f"{NAMES[first]}, {NAMES[second]}".split(" ", maxsplit=1)[0]
    expect(page.locator(".st-key-accepted")).to_contain_text(names)
    expect(card(page, first).locator(".mese-accept")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Add 2 accepted to the seeds").click()
    expect_list(page, answer(engine, [0, 1, 2, first, second]))
    assert params(page) == {"seeds": f"0,1,2,{first},{second}", "n": "20"}
    expect(page.get_by_role("button", name="accepted to the seeds")).to_have_count(0)
    page.go_back()
    expect_list(page, answer(engine, [0, 1, 2]))


def test_an_acceptance_can_be_taken_back(page: Page, live: Server, engine: Engine) -> None:
    open_expand(page, live)
    first = answer(engine, [0, 1, 2])[0]
    accept = card(page, first).locator(".mese-accept")
    accept.click()
    expect(page.get_by_role("button", name="Add 1 accepted")).to_be_visible()
    accept.click()
    expect(page.get_by_role("button", name="Add 1 accepted")).to_have_count(0)
    expect(accept).to_have_attribute("aria-pressed", "false")


def test_rejected_cards_are_kept_out_until_they_are_brought_back(
    page: Page, live: Server, engine: Engine
) -> None:
    open_expand(page, live)
    shown = answer(engine, [0, 1, 2])
    expect_list(page, shown)
    page.evaluate(  # two presses before the first is answered
        f"""ids => ids.forEach(id => document
            .querySelector(`{CARDS}[data-entity="${{id}}"] .mese-reject`).click())""",
        shown[1:3],
    )
    expect_list(page, answer(engine, [0, 1, 2], keep_out=tuple(shown[1:3])))
    assert params(page)["out"] == f"{shown[1]},{shown[2]}"
    expect(page.get_by_text("2 entities kept out")).to_be_visible()
    bring_back(page, shown[1])
    expect_list(page, answer(engine, [0, 1, 2], keep_out=(shown[2],)))
    bring_back(page, shown[2])
    expect_list(page, shown)
    assert "out" not in params(page)


def test_the_grid_is_worked_by_keys_alone(page: Page, live: Server, engine: Engine) -> None:
    open_expand(page, live)
    shown = answer(engine, [0, 1, 2])
    expect_list(page, shown)
    card(page, shown[0]).locator(".mese-why").focus()
    focus = "document.activeElement.closest('.mese-card')?.dataset.entity"
    page.keyboard.press("ArrowRight")
    assert page.evaluate(focus) == str(shown[1])
    page.keyboard.press("End")
    assert page.evaluate(focus) == str(shown[-1])
    page.keyboard.press("Home")
    page.keyboard.press("a")
    expect(page.get_by_role("button", name="Add 1 accepted")).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("x")
    left = answer(engine, [0, 1, 2], keep_out=(shown[1],))
    expect_list(page, left)
    assert page.evaluate(focus) == str(left[1])  # where the rejected card was
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("Its rank")


def test_only_one_card_is_a_stop_of_the_tab_key(page: Page, live: Server, engine: Engine) -> None:
    open_expand(page, live)
    shown = answer(engine, [0, 1, 2])
    expect_list(page, shown)
    stops = page.locator(".mese-grid [tabindex='0']")
    expect(stops).to_have_count(4)  # its picture, accept, reject, and the way to Browse
    accept = card(page, shown[2]).locator(".mese-accept")
    accept.click()
    expect(page.get_by_role("button", name="Add 1 accepted")).to_be_visible()
    page.wait_for_selector(SETTLED)
    expect(accept).to_be_focused()
    assert stops.count() == card(page, shown[2]).locator("[tabindex='0']").count() == 4


def test_why_shows_what_the_engine_says(
    page: Page, live: Server, engine: Engine, home: Path
) -> None:
    open_expand(page, live)
    entity = next(i for i in answer(engine, [0, 1, 2]) if class_of(NAMES[i]) == "US states")
    ids, mentions = contexts_with_images(home, entity)
    why = engine.explain(entity, [0, 1, 2], Options(size=20), mentions)
    card(page, entity).locator(".mese-why").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"Why {NAMES[entity]}?")
    ranks = dialog.locator(".mese-ranks b")
    place = answer(engine, [0, 1, 2]).index(entity) + 1
    shown = [why.ranks[m] for m in ("text+image", "text", "image")]
    wanted = [f"beyond {why.looked_at}" if r is None else str(r) for r in (place, *shown)]
    expect(ranks).to_have_text(wanted)
    expect(dialog.locator(".mese-closest span:nth-child(2)")).to_have_text(
        [NAMES[seed] for seed, _ in why.closest]
    )
    contexts = dialog.locator(".mese-context")
    expect(contexts).to_have_count(len(ids), timeout=READY_SECONDS * 1000)
    expect(contexts.locator(".mese-bar b")).to_have_text([f"{c:.2f}" for _, c in why.contexts])
    expect(contexts.locator("mark")).to_have_text([NAMES[entity]] * len(ids))
    page.wait_for_function(
        "[...document.querySelectorAll('.mese-context img')].every(i => i.naturalWidth > 0)"
    )
    dialog.get_by_role("link", name="Open in Browse").click()
    expect(page.get_by_role("heading", name=NAMES[entity], exact=True)).to_be_visible()


def test_a_card_leads_to_browse_in_a_tab_of_its_own(
    page: Page, live: Server, engine: Engine
) -> None:
    open_expand(page, live)
    first = answer(engine, [0, 1, 2])[0]
    with page.expect_popup() as opened:
        card(page, first).locator(".mese-browse").click()
    expect(opened.value.get_by_role("heading", name=NAMES[first], exact=True)).to_be_visible()
    assert opened.value.url.endswith(f"/browse?entity={first}")
    expect_list(page, answer(engine, [0, 1, 2]))


def test_the_list_is_filtered_by_kind_and_name(page: Page, live: Server, engine: Engine) -> None:
    open_expand(page, live, "?seeds=0,1,2&n=20")
    shown = answer(engine, [0, 1, 2])
    expect_list(page, shown)
    states = [i for i in shown if class_of(NAMES[i]) == "US states"]
    page.get_by_text(f"▲ Hard negatives {len(states)}").click()
    expect_list(page, states)
    page.get_by_text(f"All {len(shown)}").click()
    expect_list(page, shown)
    page.get_by_label("Filter by name").press_sequentially("bold")
    expect_list(page, [i for i in shown if "bold" in NAMES[i]])


def test_settings_write_the_address_and_the_list_follows(
    page: Page, live: Server, engine: Engine
) -> None:
    open_expand(page, live)
    page.get_by_role("button", name="Settings for researchers").click()
    page.get_by_text("text only").last.click()
    expect_list(page, answer(engine, [0, 1, 2], seeds="text"))
    assert params(page)["by"] == "text"
    page.get_by_text("cosine", exact=True).click()
    expect_list(page, answer(engine, [0, 1, 2], seeds="text", method="cosine"))
    expect(page.get_by_text("seeds by text only")).to_be_visible()
    page.get_by_role("button", name="Back to the usual settings").click()
    expect_list(page, answer(engine, [0, 1, 2]))
    assert params(page) == {"seeds": "0,1,2", "n": "20"}


def test_an_address_sets_every_option(page: Page, live: Server, engine: Engine) -> None:
    open_expand(page, live, f"{FIGURE_1}&m=window&of=image&by=text&w=3&rr=0&out=5")
    options = {"method": "window", "candidates": "image", "seeds": "text", "window": 3}
    expect_list(page, answer(engine, [0, 1, 2], **options, rerank=False, keep_out=(5,)))
    expect(page.get_by_role("button", name="Settings for researchers · 5 changed")).to_be_visible()
    expect(page.get_by_text("window of 3 · not re-ranked")).to_be_visible()


def test_a_context_of_a_seed_can_be_left_out(
    page: Page, live: Server, engine: Engine, home: Path
) -> None:
    open_expand(page, live)
    page.get_by_role("button", name="Contexts of the seeds").click()
    dialog = page.get_by_role("dialog")
    ids, mentions = contexts_with_images(home, 0)
    expect(dialog.locator(".mese-context")).to_have_count(len(ids), timeout=READY_SECONDS * 1000)
    dialog.locator(f".st-key-use-{ids[0]}").get_by_text("Use it").click()
    dialog.get_by_role("button", name="Expand with these contexts").click()
    row = engine.seed_row(engine.encode(mentions, "text+image"), 0, keep=[1])
    expect_list(page, answer(engine, [0, 1, 2], [row]))
    assert params(page)["not"] == str(ids[0])
    expect(page.get_by_text("1 context left out")).to_be_visible()
    page.goto(page.url)  # cold
    expect_list(page, answer(engine, [0, 1, 2], [row]))


def test_a_seed_without_any_context_left_is_told(
    page: Page, live: Server, engine: Engine, home: Path
) -> None:
    ids, _ = contexts_with_images(home, 0)
    open_expand(page, live, f"{FIGURE_1}&not={','.join(map(str, ids))}")
    expect(page.get_by_text(f"All contexts of {NAMES[0]} are left out")).to_be_visible()
    expect_list(page, answer(engine, [1, 2]))


def test_an_open_seed_of_a_sentence_is_used_like_any(
    page: Page, live: Server, engine: Engine
) -> None:
    open_expand(page, live, "?seeds=0&n=20")
    page.get_by_role("button", name="Open seed").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Add this seed").click()
    expect(dialog.get_by_text("Give a sentence with its mention marked")).to_be_visible()
    dialog.locator("textarea").fill("See Springfield 1")
    dialog.get_by_role("textbox", name="Name").fill("Shelbyville")
    dialog.get_by_role("textbox", name="Name").press("Enter")
    expect(dialog.get_by_text("The sentence does not mention")).to_be_visible()
    dialog.get_by_role("textbox", name="Name").fill("Springfield")
    dialog.get_by_role("textbox", name="Name").press("Enter")
    expect(dialog.locator("mark")).to_have_text("Springfield")
    dialog.locator("textarea").fill("Now see Springfield 1")  # one press sends it too
    dialog.get_by_role("button", name="Add this seed").click()
    mention = read_marked("Now see [[Springfield]] 1")
    row = engine.seed_row(engine.encode([mention], "text+image"), None, "Springfield")
    page.wait_for_url(re.compile("open=[0-9a-f]{16}"), timeout=READY_SECONDS * 1000)
    expect_list(page, answer(engine, [0], [row]))
    page.goto(page.url)  # another session sees the same seed
    expect_list(page, answer(engine, [0], [row]))
    page.locator("[class*=st-key-remove-] button").first.click()  # an open seed alone
    expect_list(page, answer(engine, [], [row]))


def test_an_open_seed_can_be_a_picture(
    page: Page, live: Server, engine: Engine, tmp_path: Path
) -> None:
    Image.new("RGB", (64, 48), "teal").save(tmp_path / "teal.png")
    open_expand(page, live, "?seeds=0&n=20")
    page.get_by_role("button", name="Open seed").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Name").fill("<b>Teal</b>")
    dialog.get_by_role("textbox", name="Name").press("Enter")
    dialog.locator("input[type=file]").set_input_files(tmp_path / "teal.png")
    expect(dialog.get_by_text("teal.png")).to_be_visible()
    dialog.get_by_role("button", name="Look at it first").click()
    expect(dialog.locator("img.mese-pic")).to_be_visible()
    expect(dialog.locator(".mese-name")).to_have_text("<b>Teal</b>")
    dialog.get_by_role("button", name="Add this seed").click()
    row = engine.seed_row(
        engine.encode([Mention(image=tmp_path / "teal.png")], "text+image"), None, "Teal"
    )
    page.wait_for_url(re.compile("open=[0-9a-f]{16}"), timeout=READY_SECONDS * 1000)
    expect_list(page, answer(engine, [0], [row]))
    chip = page.locator("[class*=st-key-seed-open-] img")
    page.wait_for_function("i => i.complete && i.naturalWidth > 0", arg=chip.element_handle())


def test_a_picture_that_is_none_is_refused(page: Page, live: Server, tmp_path: Path) -> None:
    (tmp_path / "no.png").write_bytes(b"this is no picture")
    open_expand(page, live, "?seeds=0&n=20")
    page.get_by_role("button", name="Open seed").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Name").fill("No")
    dialog.get_by_role("textbox", name="Name").press("Enter")
    dialog.locator("input[type=file]").set_input_files(tmp_path / "no.png")
    expect(dialog.get_by_text("no.png")).to_be_visible()
    dialog.get_by_role("button", name="Add this seed").click()
    expect(dialog.get_by_text("The picture cannot be used")).to_be_visible()
    expect(page).not_to_have_url(re.compile("open="))


def test_a_list_is_taken_along_with_its_provenance(
    page: Page, live: Server, engine: Engine
) -> None:
    odd = NAMES.index(HOSTILE[0])
    open_expand(page, live, f"?seeds={odd},{odd + 1}&n=20&out=5")
    wanted = answer(engine, [odd, odd + 1], keep_out=(5,))
    expect_list(page, wanted)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="JSON").click()
    whole = json.loads(Path(waiting.value.path()).read_text(encoding="utf-8"))
    assert [row["id"] for row in whole["results"]] == wanted
    assert [row["name"] for row in whole["results"]] == [NAMES[i] for i in wanted]
    assert (whole["stamp"], whole["bundle"]) == (engine.stamp, "live")
    assert whole["fingerprint"] == engine.card["fingerprint"]
    assert whole["settings"]["keep_out"] == [5]
    assert dict(parse_qsl(whole["address"])) == params(page)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="CSV").click()
    text = Path(waiting.value.path()).read_bytes().decode("utf-8")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [int(row["id"]) for row in rows] == wanted
    assert [row["name"].removeprefix("'") for row in rows] == [NAMES[i] for i in wanted]
    assert waiting.value.suggested_filename.endswith(".csv")


def test_a_list_is_saved_as_a_case(page: Page, live: Server, engine: Engine, home: Path) -> None:
    open_expand(page, live, f"{FIGURE_1}&out=5")
    wanted = answer(engine, [0, 1, 2], keep_out=(5,))
    expect_list(page, wanted)
    page.get_by_role("button", name="Save as case").click()
    dialog = page.get_by_role("dialog")
    title = dialog.get_by_role("textbox", name="Title")
    expect(title).to_have_value(", ".join(NAMES[:3]))
    title.fill(" ")
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(dialog.get_by_text("needs a title")).to_be_visible()
    title.fill("Cities *without* one")
    dialog.get_by_role("textbox", name="Note").fill("Portland is rejected")
    dialog.get_by_role("textbox", name="Tags").fill("cities, hard")
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(dialog.get_by_text("Saved as case")).to_be_visible()
    asked = params(page)
    dialog.get_by_role("link", name="Open it on Cases").click()
    expect(page).to_have_url(f"{live.url}/cases?case=1")
    store = Store.open(f"sqlite:///{home / 'mese.db'}")
    (case,) = find_cases(store, "without").cases
    store.close()
    assert (case.title, case.note) == ("Cities *without* one", "Portland is rejected")
    assert set(case.tags) == {"cities", "hard"}
    assert [result["id"] for result in case.results] == wanted
    assert case.document["stamp"] == engine.stamp
    assert dict(parse_qsl(case.address)) == asked


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?seeds=0,1&out=0,1", "All seeds of the address are rejected"),
        ("?seeds=0,1&out=0", "a seed that it also rejects"),
        ("?seeds=0&open=0123456789abcdef", "There is no open seed 0123456789abcdef"),
        ("?seeds=0&m=magic", "There is no method"),
        (f"?seeds={STRANGER}", "The model does not know Stranger"),
        ("?seeds=0&not=99999999", "results"),
    ],
)
def test_what_is_wrong_is_said_calmly(page: Page, live: Server, query: str, said: str) -> None:
    open_expand(page, live, query)
    expect(page.get_by_text(said).first).to_be_visible()
    page.wait_for_selector(SETTLED)
    assert page.locator("[data-testid=stException]").count() == 0
    assert "Something went wrong" not in page.inner_text("body")


def test_a_modality_that_is_not_there_is_shown_with_the_reason(page: Page, server: Server) -> None:
    """The toy bundle has text and image together, and no model to make the others with."""
    open_expand(page, server)
    page.get_by_role("button", name="Settings for researchers").click()
    missing = page.get_by_role("radio", name="image only").or_(
        page.get_by_role("button", name="image only")
    )
    expect(missing.first).to_be_disabled()
    expect(page.get_by_text("holds no model")).to_be_visible()


def test_why_without_a_model_still_shows_the_contexts(page: Page, server: Server) -> None:
    open_expand(page, server)
    page.locator(".mese-why").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".mese-context")).to_have_count(2)
    expect(dialog.get_by_text("So they stand in their own order")).to_be_visible()


@pytest.mark.parametrize("width", [800, 1440])
def test_nothing_moves_while_one_accepts_and_filters(
    page: Page, live: Server, engine: Engine, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    open_expand(page, live)
    shown = answer(engine, [0, 1, 2])
    expect_list(page, shown)
    page.wait_for_selector(SETTLED)
    below = (
        "document.querySelector('.mese-grid').getBoundingClientRect().top"
        " - document.querySelector('h1').getBoundingClientRect().top"
    )
    before = page.evaluate(below)
    card(page, shown[0]).locator(".mese-accept").click()
    expect(page.get_by_role("button", name="Add 1 accepted")).to_be_visible()
    page.wait_for_selector(SETTLED)
    assert page.evaluate(below) == pytest.approx(before, abs=1)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_rejection_without_room_leaves_the_card_as_it_was(page: Page, live: Server) -> None:
    full = ",".join(str(number) for number in range(1_000, 1_200))
    open_expand(page, live, f"{FIGURE_1}&out={full}")
    first = ids_shown(page)[0]
    before = str(card(page, first).get_attribute("class"))
    card(page, first).locator(".mese-reject").click()
    expect(page.get_by_test_id("stToast")).to_contain_text("200 rejected entities at most")
    expect(card(page, first)).to_have_class(before)


def test_the_row_above_the_list_has_one_baseline(page: Page, live: Server) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    open_expand(page, live)
    ids_shown(page)
    row = page.locator(".st-key-filter")
    for parts in ("[data-testid=stWidgetLabel]", "[data-testid=stTextInputRootElement], button"):
        boxes = [part.bounding_box() for part in row.locator(parts).all()]
        places = {(round(box["y"]), round(box["height"])) for box in boxes if box}
        assert len(boxes) >= 3
        assert len(places) == 1


def test_a_bundle_that_is_swapped_is_used_at_once(
    page: Page, start: Start, home: Path, tmp_path: Path, engine: Engine
) -> None:
    shutil.copytree(home, tmp_path / "home")
    server = start(tmp_path / "home")
    open_expand(page, server)
    expect_list(page, answer(engine, [0, 1, 2]))
    store = Store.open(f"sqlite:///{tmp_path / 'home' / 'mese.db'}")
    other = make_bundle(tmp_path / "new" / "live", load_corpus(store), seed=5)
    store.close()
    bundles = tmp_path / "home" / "bundles"
    (bundles / "live").rename(tmp_path / "old")
    other.rename(bundles / "live")
    swapped = Engine.load(bundles / "live")
    assert answer(swapped, [0, 1, 2]) != answer(engine, [0, 1, 2])
    page.get_by_text("50", exact=True).click()
    found = swapped.expand([0, 1, 2], Options(size=50)).results
    expect_list(page, [result.id for result in found])
    server.stop()
