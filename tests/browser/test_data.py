"""The Data page in a real Chromium: from an empty store to a checked, exported, backed up one."""

from __future__ import annotations

import io
import re
import sqlite3
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from mese.mesed_format import read_folder, write_folder
from tests.browser.conftest import Server, Start
from tests.conftest import NAMES, small_records

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small corpus as a MESED folder, with a line that will be set aside."""
    folder = tmp_path_factory.mktemp("corpus") / "small"
    pictures = tmp_path_factory.mktemp("pictures")
    records = small_records(pictures)
    plain = {c.name: c.name.replace("/", "") for c in records.classes}  # gt files bear their names
    classes = [replace(c, name=plain[c.name]) for c in records.classes]
    members = {plain[name]: ids for name, ids in records.members.items()}
    write_folder(replace(records, classes=classes, members=members), folder)
    for picture in pictures.iterdir():
        picture.rename(folder / picture.name)
    with (folder / "sentences.json").open("a", encoding="utf-8") as stream:
        stream.write("{broken\n")
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data-home")


@pytest.fixture(scope="module")
def shop(start: Start, home: Path) -> Server:
    """One server; the tests of this file follow each other on it, from an empty store on."""
    return start(home)


def open_data(page: Page, server: Server, tab: str = "Import") -> None:
    page.goto(f"{server.url}/data")
    expect(page.get_by_role("heading", name="Data", exact=True)).to_be_visible()
    page.get_by_role("tab", name=tab).click()


def told(page: Page) -> Locator:
    return page.get_by_test_id("stAlert").first


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def import_path(page: Page, path: Path | str) -> None:
    page.get_by_label("Folder or file on the machine that runs the app").fill(str(path))
    press(page, "Import")


def test_an_empty_store_has_nothing_to_export(page: Page, shop: Server) -> None:
    open_data(page, shop, "Export")
    expect(page.get_by_text("Import a corpus first.").first).to_be_visible()


def test_a_wrong_folder_is_told_by_the_file_that_is_missing(
    page: Page, shop: Server, corpus: Path, tmp_path: Path
) -> None:
    open_data(page, shop)
    import_path(page, tmp_path)
    expect(told(page)).to_contain_text(f"entity2id.txt is missing in {tmp_path}")
    import_path(page, corpus / "nowhere")
    expect(told(page)).to_contain_text("is not on the machine that runs the app")
    import_path(page, "   ")
    expect(told(page)).to_contain_text("Write the path of a folder")


def test_an_archive_that_leads_outside_is_refused(page: Page, shop: Server, home: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("../../evil.txt", b"x")
    send(page, shop, "evil.zip", stream.getvalue())
    expect(told(page)).to_contain_text("no plain file inside it")
    assert list((home / "uploads").iterdir()) == []


def send(page: Page, server: Server, name: str, content: bytes, instead: bool = False) -> None:
    open_data(page, server)
    page.get_by_text("Or send a file from this browser").click()
    file = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    page.locator("input[type=file]").set_input_files([file])
    expect(page.get_by_text(name).first).to_be_visible()
    if instead:
        page.get_by_text("Replace the corpus in the store").nth(1).click()
    press(page, "Send and import")


def test_a_folder_is_imported_and_what_was_set_aside_is_shown(
    page: Page, shop: Server, corpus: Path, home: Path
) -> None:
    open_data(page, shop)
    import_path(page, corpus)
    expect(told(page)).to_contain_text(f"{len(NAMES)} entities, 3 classes")
    lines = sum(1 for _ in (corpus / "sentences.json").open(encoding="utf-8"))
    with page.expect_download() as download:
        page.get_by_role("button", name="Download all as CSV").click()
    rows = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    assert len(rows) == 2
    assert rows[1].startswith(f"sentences.json,{lines},")
    with sqlite3.connect(home / "mese.db") as database:
        (entities,) = database.execute("SELECT count(*) FROM entities").fetchone()
    assert entities == len(NAMES)


def test_the_report_outlives_the_tab_that_asked_for_it(page: Page, shop: Server) -> None:
    open_data(page, shop)
    expect(told(page)).to_contain_text("26 entities")
    press(page, "Dismiss")
    expect(page.get_by_test_id("stAlert")).to_have_count(0)


def test_the_same_corpus_again_changes_nothing(page: Page, shop: Server, corpus: Path) -> None:
    open_data(page, shop)
    import_path(page, corpus)
    expect(told(page)).to_contain_text("already; nothing changed")


def test_a_check_names_what_is_broken_and_the_tab_stays(
    page: Page, shop: Server, corpus: Path
) -> None:
    (corpus / "3-1.png").unlink()
    open_data(page, shop, "Check")
    press(page, "Check")
    expect(told(page)).to_contain_text("broken")
    expect(page.get_by_role("tab", name="Check")).to_have_attribute("aria-selected", "true")


def test_an_export_reads_back_as_the_corpus(page: Page, shop: Server, home: Path) -> None:
    open_data(page, shop, "Export")
    press(page, "Export")
    expect(told(page)).to_contain_text("sentences are in")
    (folder,) = (home / "exports").iterdir()
    assert [entity.name for entity in read_folder(folder).records.entities] == list(NAMES)


def test_a_backup_is_a_store_and_another_name_is_suggested_next(
    page: Page, shop: Server, home: Path
) -> None:
    open_data(page, shop, "Back up")
    field = page.get_by_label("New file")
    expect(field).to_have_value(re.compile(r"mese.*\.db$"))
    first = field.input_value()
    press(page, "Back up")
    expect(told(page)).to_contain_text("Backup to")
    with sqlite3.connect(f"file:{first}?mode=ro", uri=True) as database:
        assert database.execute("SELECT count(*) FROM entities").fetchone() == (len(NAMES),)
    field.fill(first)
    press(page, "Back up")
    expect(told(page)).to_contain_text("exists already")


def test_a_table_from_the_browser_takes_the_corpus_place(page: Page, shop: Server) -> None:
    table = "entity,sentence,image,class\nRome,Rome is old,a.png,Cities\nOslo,Oslo,b.png,Cities\n"
    send(page, shop, "towns.csv", table.encode(), instead=True)
    expect(told(page)).to_contain_text(re.compile("“towns” is in the store"))
    # Replacing the next corpus is a choice of its own.
    expect(page.locator(".st-key-upload-replace input")).not_to_be_checked()
    page.get_by_role("link", name="Browse", exact=True).click()
    page.get_by_role("link", name="Cities", exact=True).click()
    expect(page.get_by_text("2 members")).to_be_visible()
