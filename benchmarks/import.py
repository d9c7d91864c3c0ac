"""A folder of MESED's own size: import, export, and opening an entity's page, on both databases.

    PYTHONPATH=. nice -n 10 python benchmarks/import.py                # 434,675 pairs
    PYTHONPATH=. nice -n 10 python benchmarks/import.py --scale 0.1

It generates 14,489 entities, 434,675 pairs, 70 classes, ten queries a class, and an image for every
pair: 434,675 paths, hard links to 20,000 distinct files, so that every header is read but the disk
holds 20,000. Hashing, the second pass, is `hash_images` itself, stopped once it has hashed as many
images as there are distinct files, each of them once; its time is multiplied by the number of
images, its peak memory is that of the part, as it holds one page of images and no more. The files
were written minutes ago and may lie in memory: a cold disk takes longer. The time of opening a page
is that of all that Browse asks the store to draw an entity's page.
PostgreSQL is a throw-away cluster, left out where its programs are missing.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from PIL import Image

ENTITIES, PAIRS, CLASSES, MEMBERS, FILES = 14_489, 434_675, 70, 82, 20_000
WORDS = 26
"""Tokens of a sentence, near photobench's mean."""
PAGES = 200


def main() -> int:
    options = _options()
    if options.step:
        print(json.dumps(STEPS[options.step](options.url, options.folder)))
        return 0
    with tempfile.TemporaryDirectory(prefix="mese-benchmark-", dir=options.place) as made:
        place = Path(made)
        size = [max(3, round(n * options.scale)) for n in (ENTITIES, PAIRS, FILES)]
        began = time.monotonic()
        generate(place / "folder", *size)
        print(f"{size[0]:,} entities, {size[1]:,} pairs, {CLASSES} classes, {size[2]:,} files")
        print(f"generated in {time.monotonic() - began:.0f} s; {os.cpu_count()} CPU cores\n")
        measure("SQLite", f"sqlite:///{place / 'home' / 'mese.db'}", place, size)
        if not options.sqlite_only:
            _on_postgresql(place, size)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=1.0, help="1 is MESED's size")
    parser.add_argument("--place", type=Path, help="where the temporary folder is made")
    parser.add_argument("--sqlite-only", action="store_true")
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _on_postgresql(place: Path, size: list[int]) -> None:
    from tests.postgres_cluster import NoPostgres, throwaway_cluster

    try:
        with throwaway_cluster() as cluster:
            measure("PostgreSQL", cluster.url(cluster.create()), place, size)
    except NoPostgres as error:
        print(f"PostgreSQL: not measured ({error})")


def generate(folder: Path, entities: int, pairs: int, files: int) -> None:
    """The folder with its images, from one seed."""
    rng = random.Random(20240607)
    for name in ("gt", "query", "query_seed=5", "files"):
        (folder / name).mkdir(parents=True)
    names = [f"Entity {number} {rng.choice('abcdefgh') * 5}" for number in range(entities)]
    text = "".join(f"{name}\t{number}\n" for number, name in enumerate(names))
    (folder / "entity2id.txt").write_text(text)
    for number in range(CLASSES):
        members = rng.sample(range(entities), min(MEMBERS, entities))
        lines = [f"{e}\t{names[e]}\t1\n" for e in members]
        (folder / "gt" / f"Class{number:02}.txt").write_text("".join(lines))
        for count, where in ((3, "query"), (5, "query_seed=5")):
            if len(members) >= count:
                drawn = [" ".join(map(str, rng.sample(members, count))) for _ in range(5)]
                path = folder / where / f"Class{number:02}.txt"
                path.write_text("\n".join([*drawn, "EXIT"]) + "\n")
    _draw(folder, files)
    with (folder / "sentences.json").open("w") as stream:
        stream.writelines(_lines(folder, names, pairs, files, rng))


def _draw(folder: Path, files: int) -> None:
    for number in range(files):
        colour = (number % 256, number // 256 % 256, 80)
        path = folder / "files" / f"{number}.png"
        Image.new("RGB", (192, 192), colour).save(path, compress_level=1)


def _lines(
    folder: Path, names: list[str], pairs: int, files: int, rng: random.Random
) -> Iterator[str]:
    words = [f"word{number}" for number in range(5_000)]
    for number in range(pairs):
        entity = number % len(names)
        if number % 1_000 == 0:
            (folder / f"images/{number // 1_000}").mkdir(parents=True)
        image = f"images/{number // 1_000}/{number}.png"
        os.link(folder / "files" / f"{number % files}.png", folder / image)
        tokens = [*rng.choices(words, k=WORDS - 3), *names[entity].split()]
        mention = {"entityId": entity, "start": WORDS - 3, "end": WORDS - 1}
        line = {"tokens": tokens, "entityMentions": [mention], "image": image}
        yield json.dumps(line) + "\n"


def measure(what: str, url: str, place: Path, size: list[int]) -> None:
    """Run each step in a process of its own, for its own peak memory, and print its figures."""
    folder = place / "folder"
    done = _step("import", url, folder)
    hashed = _step("hash", url, folder)
    again = _step("again", url, folder)
    page = _step("page", url, folder)
    out = _step("export", url, place / f"out-{what}")
    rate = done["contexts"] / done["seconds"]
    per_file = 1e6 * hashed["seconds"] / hashed["images"]
    rows = [
        ("import", f"{done['seconds']:.1f} s, {rate:,.0f} pairs/s, peak {done['peak_mb']:.0f} MB"),
        (
            "  of it on a processor",
            f"{done['cpu']:.1f} s (the rest: disk, database, other programs)",
        ),
        ("  of it under the write lock", f"{done['locked']:.1f} s"),
        ("the same again (no-op)", f"{again['seconds']:.1f} s, peak {again['peak_mb']:.0f} MB"),
        (
            f"hashing, {hashed['images']:,} of {size[1]:,} images",
            f"{per_file:.0f} µs each, so {per_file * size[1] / 1e6:.0f} s for all, "
            f"peak {hashed['peak_mb']:.0f} MB",
        ),
        ("export", f"{out['seconds']:.1f} s, peak {out['peak_mb']:.0f} MB"),
        (
            f"an entity's page, {PAGES} of them",
            f"median {page['median_ms']:.1f} ms, p95 {page['p95_ms']:.1f}, "
            f"max {page['max_ms']:.1f}",
        ),
    ]
    print(what)
    for name, figure in rows:
        print(f"  {name:<44} {figure}", flush=True)
    print()


def _step(step: str, url: str, folder: Path) -> dict[str, Any]:
    command = [sys.executable, __file__, "--step", step, "--url", url, "--folder", str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def step_import(url: str, folder: Path) -> dict[str, Any]:
    from db.corpus import import_path
    from db.store import Store

    store = Store.open(url)
    began, cpu = time.perf_counter(), time.process_time()
    report = import_path(store, folder)
    return {
        "seconds": time.perf_counter() - began,
        "cpu": time.process_time() - cpu,
        "locked": report.locked_seconds,
        "contexts": report.contexts,
        "peak_mb": _peak_mb(),
    }


def step_hash(url: str, folder: Path) -> dict[str, Any]:
    from db.corpus import hash_images
    from db.store import Store

    files = sum(1 for _ in (folder / "files").iterdir())
    store = Store.open(url)
    hashed = 0

    def stop_when_each_file_was_read(done: int, total: int | None) -> None:
        nonlocal hashed
        hashed = done
        if done >= files:
            raise _Enough

    began = time.perf_counter()
    with suppress(_Enough):
        hash_images(store, stop_when_each_file_was_read)
    return {"seconds": time.perf_counter() - began, "images": hashed, "peak_mb": _peak_mb()}


class _Enough(Exception):
    """As many images were hashed as are measured."""


def step_export(url: str, folder: Path) -> dict[str, Any]:
    from db.corpus import export_folder
    from db.store import Store

    began = time.perf_counter()
    export_folder(Store.open(url), folder)
    return {"seconds": time.perf_counter() - began, "peak_mb": _peak_mb()}


def step_page(url: str, folder: Path) -> dict[str, Any]:
    from sqlalchemy import func, select

    from db.browsing import entity_contexts, entity_view, given_policies
    from db.corpus import is_empty
    from db.models import StoredEntity
    from db.store import Store

    store = Store.open(url)
    with store.read() as session:
        entities = session.scalar(select(func.count(StoredEntity.id))) or 1
    times = []
    for entity in random.Random(1).choices(range(entities), k=PAGES):
        began = time.perf_counter()
        is_empty(store)  # the page's guard, then what pages/browse.py asks, in its order
        is_empty(store)
        entity_view(store, entity)
        given_policies(store)
        entity_contexts(store, entity)
        times.append(1_000 * (time.perf_counter() - began))
    ordered = sorted(times[1:])  # the first opens the connection
    p95 = ordered[int(0.95 * len(ordered))]
    return {"median_ms": statistics.median(ordered), "p95_ms": p95, "max_ms": ordered[-1]}


STEPS = {
    "import": step_import,
    "again": step_import,
    "hash": step_hash,
    "export": step_export,
    "page": step_page,
}

if __name__ == "__main__":
    sys.exit(main())
