"""How long a click on the Expand page takes until the pictures are there, in real Chromium.

    python benchmarks/page.py [--home DIR] [--rounds 10] [--browsers 8] [--length 50]

Starts the served app over the embedded corpus (built into a temporary folder, or a copy of --home)
and walks through it: an example query, a card accepted and made a seed, a card rejected, a seed
taken away, the filter, and why. A click counts from its event until the list that it asked for is
drawn and every picture in the window has its pixels. Each round is a new browser session with an
empty cache. First one browser alone, then --browsers at once, each a Chromium of its own, without a
pause between clicks; they run on the same processors as the app. Not counted: the first round,
which opens the model. Needs requirements-dev.txt and a Chromium.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[1]
SETTLED = "[data-testid=stApp][data-test-script-state=notRunning]"
LISTS = ("example", "accepted to seeds", "reject", "take a seed away")
"""Clicks that ask for a list with pictures: what the target is set for."""

CLICK = """([selector, text, until]) => new Promise((done, fail) => {
  const grid = () => document.querySelector('.mese-grid');
  const before = grid()?.dataset.run;
  const seen = (item) => { const box = item.getBoundingClientRect();
    return box.width && box.top < innerHeight && box.bottom > 0; };
  const ready = {
    list: () => grid()?.dataset.run && grid().dataset.run !== before && grid().children.length
      && [...grid().querySelectorAll('img')].filter(seen)
        .every((image) => image.complete && image.naturalWidth),
    shown: () => document.querySelector('.st-key-accepted button'),
    why: () => document.querySelector('.mese-ranks'),
    contexts: () => document.querySelector('.st-key-why-contexts .mese-context'),
  };
  const found = [...document.querySelectorAll(selector)]
    .find((item) => seen(item) && (!text || item.innerText.includes(text)));
  if (!found) { done(null); return; }
  const start = performance.now();
  const look = () => {
    if (ready[until]()) done(performance.now() - start);
    else if (performance.now() - start > 60000) fail(new Error(`never: ${selector} ${until}`));
    else requestAnimationFrame(look);
  };
  found.click();
  look();
})"""

STEPS = (
    ("example", "[class*=st-key-example-] button", "", "list"),
    ("accept", ".mese-card:nth-child(1) .mese-accept", "", "shown"),
    ("accepted to seeds", ".st-key-accepted button", "Add 1", "list"),
    ("reject", ".mese-card:nth-child(2) .mese-reject", "", "list"),
    ("take a seed away", "[class*=st-key-remove-] button", "", "list"),
    ("filter", ".st-key-kind button", "Hits", "list"),
    ("why: ranks", ".mese-card:nth-child(1) .mese-why", "", "why"),
)

Times = dict[str, list[float]]


def walk(browser: Browser, url: str, number: int, times: Times) -> None:
    """One session: every step once, beginning with example query `number`."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(90_000)
    try:
        page.goto(url)
        page.wait_for_selector(STEPS[0][1])
        settle(page)
        for name, selector, text, until in STEPS:
            first = f".st-key-example-{number % 6} button"
            chosen = first if name == "example" else selector
            took = page.evaluate(CLICK, [chosen, text, until])
            if took is not None:  # no filter where the seeds share no class any more
                times[name].append(took)
            settle(page)
    finally:
        context.close()


def settle(page: Page) -> None:
    page.wait_for_selector(SETTLED)
    page.wait_for_function(
        "[...document.images].every((image) => image.complete || "
        "image.getBoundingClientRect().top > innerHeight)"
    )


def measure(url: str, rounds: int, browsers: int) -> tuple[Times, list[str]]:
    """The times of every step, in ms, of `browsers` that begin at once, and what failed."""
    times: Times = defaultdict(list)
    faults: list[str] = []
    gate = threading.Barrier(browsers)

    def one(offset: int) -> None:
        own: Times = defaultdict(list)
        try:
            with sync_playwright() as playwright:
                path = shutil.which("chromium") or shutil.which("google-chrome")
                browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
                gate.wait()
                for number in range(rounds):
                    walk(browser, url, offset + number, own)
                browser.close()
        except Exception as error:
            faults.append(f"browser {offset}: {str(error).splitlines()[0]}")
            gate.abort()
        for name, values in own.items():
            times[name].extend(values)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(browsers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times, faults


def report(title: str, times: Times) -> None:
    """One row a kind of click, and one for all that ask for a list."""
    print(f"\n{title}\n{'click':20} {'n':>5} {'median':>8} {'95 %':>8} {'worst':>8}   ms")
    rows = {name: times[name] for name, *_ in STEPS if times.get(name)}
    rows["all lists"] = [value for name in LISTS for value in times.get(name, [])]
    for name, values in rows.items():
        if values:
            middle, high = np.percentile(values, [50, 95])
            row = f"{middle:8.0f} {high:8.0f} {max(values):8.0f}"
            print(f"{name:20} {len(values):5} {row}")


@contextmanager
def served(home: Path) -> Iterator[str]:
    """The app over a home, on a free port, until it is not needed any more."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "MESE_HOME": str(home), "MESE_PORT": str(port)}
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryFile() as output:
        app = subprocess.Popen(
            [sys.executable, "asgi.py"], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
        try:
            wait_until_up(f"{url}/api/health", app)
            yield url
        finally:
            app.terminate()
            app.wait(20)


def wait_until_up(address: str, app: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if app.poll() is not None:
            sys.exit("the app ended at once; run `python asgi.py` to see why")
        try:
            urllib.request.urlopen(address, timeout=2).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return
    sys.exit("the app did not answer within a minute")


def make_home(home: Path, given: Path | None) -> None:
    """The embedded corpus, or a copy of a home, so that nothing of it is changed."""
    if given:
        shutil.copytree(given, home, dirs_exist_ok=True)
    environment = {**os.environ, "MESE_HOME": str(home)}
    command = "upgrade" if given else "demo"
    subprocess.run(
        [sys.executable, "-m", "db", command],
        cwd=ROOT,
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def load() -> str:
    return "/".join(f"{value:.1f}" for value in os.getloadavg())


def main() -> None:
    parser = argparse.ArgumentParser(description="Times of clicks on the Expand page.")
    parser.add_argument("--home", type=Path, help="a MESE_HOME to copy, in place of a new one")
    parser.add_argument("--rounds", type=int, default=10, help="sessions a browser")
    parser.add_argument("--browsers", type=int, default=8, help="how many at once")
    parser.add_argument("--length", type=int, default=50, help="results in a list")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mese-page-") as folder:
        make_home(Path(folder), asked.home)
        print(f"{os.cpu_count()} processors; load average before: {load()} (1/5/15 minutes)")
        with served(Path(folder)) as root:
            url = f"{root}/expand" + (f"?n={asked.length}" if asked.length != 50 else "")
            measure(url, 1, 1)
            faults = []
            for browsers in dict.fromkeys((1, asked.browsers)):
                times, some = measure(url, asked.rounds, browsers)
                report(f"{browsers} browser{'s' * (browsers > 1)}, {asked.length} results", times)
                print(f"load average: {load()}")
                faults += some
    if faults:
        sys.exit("\n".join(faults))


if __name__ == "__main__":
    main()
