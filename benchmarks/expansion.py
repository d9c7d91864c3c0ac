"""How long window search takes, beside a direct reading of the algorithm, at MESED's vocabulary.

    PYTHONPATH=. OMP_NUM_THREADS=1 python benchmarks/expansion.py                # V = 14,489
    PYTHONPATH=. MESE_HOME=data python benchmarks/expansion.py --bundle mese/demo/bundle

It draws distributions of V entities in 70 clusters (two float32 matrices of V × V in a temporary
folder, 1.7 GB at V = 14,489), opens them as memory maps, and expands a query of three seeds from
each cluster to 102 entities. The naive reading is tests/mese/naive_expand.py: a running sum, one
argsort of the vocabulary a step, scipy's entropy for each divergence. Both run on the same queries
in the same process, and the lists are compared. The peak resident memory is that of a program of
its own, which opens the index and answers the 70 queries; it counts the pages of the maps that the
program touched, which the system may take back. torch's batched search and the index in half
precision are compared with the same lists; `--bundle FOLDER` says what half precision does to a
bundle's own.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from mese.expand import cosine_search, window_search
from mese.index import EntityIndex
from tests.mese.naive_expand import naive_search

CLUSTERS = 70
SIZE = 102
CUTS = (10, 50, SIZE)
ARRAYS = ("mean_prob", "mean_log_prob", "row_sum", "sum_log_prob", "row_mean", "row_scale")
ROWS_AT_ONCE = 500


def main() -> int:
    options = _options()
    if options.bundle:
        _measure_bundle(options.bundle)
        return 0
    if options.peak_of:
        print(json.dumps(_answer_all(options.peak_of)))
        return 0
    with tempfile.TemporaryDirectory(prefix="mese-expansion-", dir=options.place) as made:
        folder = Path(made)
        started = time.perf_counter()
        _draw(folder, options.vocabulary)
        print(f"V = {options.vocabulary:,}, drawn in {time.perf_counter() - started:.0f} s")
        _measure(folder, options.naive)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vocabulary", type=int, default=14_489, metavar="V")
    parser.add_argument("--naive", type=int, default=5, help="queries for the naive reading")
    parser.add_argument("--place", type=Path, help="where the temporary folder is made")
    parser.add_argument(
        "--bundle", type=Path, help="only half precision, on a bundle's queries in MESE_HOME"
    )
    parser.add_argument("--peak-of", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _draw(folder: Path, size: int) -> None:
    """Log-softmax rows: noise, a cluster that they share, and a peak at oneself."""
    rng = np.random.default_rng(0)
    cluster = _clusters(size)
    shape = (size, size)
    prob = np.lib.format.open_memmap(folder / "mean_prob.npy", "w+", np.float32, shape)
    log_prob = np.lib.format.open_memmap(folder / "mean_log_prob.npy", "w+", np.float32, shape)
    for start in range(0, size, ROWS_AT_ONCE):
        rows = np.arange(start, min(start + ROWS_AT_ONCE, size))
        logits = rng.standard_normal((len(rows), size), dtype=np.float32) * 2
        logits += 3 * (cluster[rows, None] == cluster[None, :])
        logits[np.arange(len(rows)), rows] += 6
        logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))
        log_prob[rows], prob[rows] = logits, np.exp(logits)
    index = EntityIndex.from_distributions(prob, log_prob)
    for name in ARRAYS[2:]:
        np.save(folder / f"{name}.npy", getattr(index, name))


def _clusters(size: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.random.default_rng(1).integers(0, CLUSTERS, size)


def _queries(size: int) -> list[list[int]]:
    rng, cluster = np.random.default_rng(2), _clusters(size)
    members = (np.flatnonzero(cluster == number) for number in range(CLUSTERS))
    return [[int(e) for e in rng.permutation(ids)[:3]] for ids in members]


def _open(folder: Path) -> EntityIndex:
    return EntityIndex(**{name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in ARRAYS})


def _measure(folder: Path, naive: int) -> None:
    index = _open(folder)
    queries = _queries(len(index))
    lists = window_search(index, queries, SIZE)  # the maps' pages are in memory after this
    single = [_seconds(partial(window_search, index, [query], SIZE)) for query in queries * 3]
    slow, same = [], 0
    for query, found in zip(queries[:naive], lists, strict=False):
        started = time.perf_counter()
        wanted = naive_search(index.mean_prob, index.mean_log_prob, [query], SIZE, False, True)
        slow.append(time.perf_counter() - started)
        same += wanted[0] == found
    ours, theirs = statistics.median(single), statistics.median(slow)
    print(f"threads: {os.environ.get('OMP_NUM_THREADS', 'as many as there are cores')}")
    print(f"one query, {SIZE} results, median of {len(single)}: {ours * 1e3:.2f} ms")
    print(f"the naive reading, median of {len(slow)}: {theirs * 1e3:.0f} ms, {theirs / ours:.0f} ×")
    print(f"equal lists: {same} of {naive}")
    for exclusive in (False, True):
        seconds = _seconds(partial(window_search, index, queries, SIZE, exclusive=exclusive))
        kind = "side by side, exclusive" if exclusive else "each on its own"
        print(f"70 queries, {kind}: {seconds / len(queries) * 1e3:.2f} ms a query")
    _measure_torch(index, queries, lists)
    _measure_half(index, queries, lists)
    alone = statistics.median(
        _seconds(partial(cosine_search, index, [q], SIZE)) for q in queries[:9]
    )
    seconds = _seconds(partial(cosine_search, index, queries, SIZE))
    print(f"cosine: {alone * 1e3:.0f} ms, {seconds / len(queries) * 1e3:.2f} ms a query for all 70")
    command = [sys.executable, __file__, "--peak-of", str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    for line, value in json.loads(done.stdout).items():
        print(f"{line}: {value}")


def _measure_torch(index: EntityIndex, queries: list[list[int]], lists: list[list[int]]) -> None:
    """The batched search where torch runs; the first call moves the matrices there."""
    import torch

    from mese.torch_expand import window_search_batched

    for device in ("cpu", "cuda")[: 1 + torch.cuda.is_available()]:
        search = partial(window_search_batched, index, queries, SIZE, device=device)
        moving = _seconds(search)
        seconds = statistics.median(_seconds(search) for _ in range(3))
        same = sum(
            [position for position, _ in items] == wanted
            for items, wanted in zip(search(), lists, strict=True)
        )
        print(
            f"torch, {device}, 70 queries at once: {seconds / len(queries) * 1e3:.2f} ms a query "
            f"({moving:.1f} s the first time), {same} of {len(queries)} lists equal"
        )
        if device == "cuda":
            print(f"torch, cuda, memory: {torch.cuda.max_memory_allocated() / 2**30:.1f} GiB")


def _measure_half(index: EntityIndex, queries: list[list[int]], lists: list[list[int]]) -> None:
    half = index.halved()
    found = window_search(half, queries, SIZE)
    seconds = _seconds(partial(window_search, half, queries, SIZE))
    print(
        f"half precision: {changed(lists, found)}; {seconds / len(queries) * 1e3:.2f} ms a query, "
        f"{(index.mean_prob.nbytes + index.mean_log_prob.nbytes) / 2**31:.2f} GiB in place of "
        f"{(index.mean_prob.nbytes + index.mean_log_prob.nbytes) / 2**30:.2f}"
    )


def changed(lists: list[list[int]], found: list[list[int]]) -> str:
    """The share of lists whose beginning is another, and what the beginnings still share."""
    parts = []
    for cut in CUTS:
        pairs = [(one[:cut], other[:cut]) for one, other in zip(lists, found, strict=True)]
        moved = sum(one != other for one, other in pairs) / len(pairs)
        kept = statistics.mean(len({*one} & {*other}) / len(one) for one, other in pairs)
        parts.append(f"first {cut}: {moved:.0%} changed, {kept:.1%} of the entities kept")
    return "; ".join(parts)


def _measure_bundle(folder: Path) -> None:
    """A bundle's own queries in half precision: those of the store, under every modality."""
    # Here, so that the peak of memory above is not theirs.
    from db.corpus import load_corpus
    from db.store import Store
    from mese.bundle import Bundle
    from mese.settings import Settings
    from train.evaluate import query_set, score_index

    settings = Settings()
    bundle = Bundle.open(folder, settings.views)
    policy = str(bundle.meta.get("image_policy", "top1"))
    corpus = load_corpus(Store.open(settings.store_url), policy)
    vocabulary = [entity.id for entity in bundle.entities]
    classes = [one.name for one in corpus.classes]
    queries = query_set(corpus, vocabulary, classes, 3)
    print(f"bundle {bundle.name}, {len(queries)} queries of 3 seeds, V = {len(vocabulary):,}")
    for modality in bundle.modalities:
        index = bundle.index(modality)
        half = index.halved()
        ours = window_search(index, queries.seeds, SIZE), window_search(half, queries.seeds, SIZE)
        averages = [score_index(one, queries).average for one in (index, half)]
        print(
            f"{modality} in half precision: {changed(*ours)}; "
            f"Avg {averages[0]:.2f}, in half precision {averages[1]:.2f}"
        )


def _answer_all(folder: Path) -> dict[str, str]:
    started = time.perf_counter()
    index = _open(folder)
    opened = time.perf_counter() - started
    before = _peak()
    window_search(index, _queries(len(index)), SIZE)
    return {
        "opening the index": f"{opened * 1e3:.1f} ms",
        "peak resident memory": f"{_peak()} MB, {before} MB before the queries",
    }


def _peak() -> int:
    """MB. From /proc, because getrusage also counts what the parent held before it started us."""
    line = next(x for x in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in x)
    return int(line.split()[1]) // 1024


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
