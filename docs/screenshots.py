"""Take the documentation's screenshots from a running app: `python docs/screenshots.py URL`.

Needs requirements-dev.txt and a Chromium. Pictures go to docs/images/.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).parent / "images"
SETTLED = "[data-testid=stApp][data-test-script-state=notRunning]"
SHOWN = """() => [...document.querySelectorAll('img.mese-pic')]
    .filter(i => i.getBoundingClientRect().top < innerHeight)
    .every(i => i.complete && i.naturalWidth > 0)"""


def take(page: Page, name: str) -> None:
    page.wait_for_selector(SETTLED)
    page.wait_for_load_state("networkidle")
    page.wait_for_function(SHOWN)
    page.screenshot(path=FOLDER / f"{name}.png")
    print(FOLDER / f"{name}.png")


def main(url: str) -> None:
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(url)
        page.wait_for_selector(".js-plotly-plot .slicetext")
        take(page, "overview")
        page.goto(f"{url}/browse")
        page.get_by_label("Find an entity or a class").press_sequentially("new york")
        page.get_by_role("button", name="New York City").first.click()
        page.wait_for_selector(".mese-context")
        take(page, "browse")
        page.goto(f"{url}/data")
        page.get_by_role("tab", name="Import").wait_for()
        take(page, "data")
        page.goto(f"{url}/expand")
        page.get_by_role("button", name="Expand these").first.click()
        page.wait_for_selector(".mese-name")
        take(page, "expand")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/") if len(sys.argv) > 1 else "http://127.0.0.1:8501")
