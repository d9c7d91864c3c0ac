"""How good the shipped bundle is on the embedded corpus: the README's table, and what lies behind.

    PYTHONPATH=. python benchmarks/demo_quality.py            # the bundle that ships
    PYTHONPATH=. python benchmarks/demo_quality.py --bundle NAME --home DIR

Makes the embedded corpus and the bundle's views in a home of its own (kept, so that a second call
goes on), then prints, by modality: MAP and P over the reported classes and over those of twenty
members or more; Figure 1's query; and the recall of synonyms, of entities that share a name, and of
those with two or three contexts. Nothing is trained: benchmarks/quality.py does that.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from db.corpus import load_corpus
from db.store import Store
from mese.bundle import Bundle, locate
from mese.corpus import Corpus
from mese.demo.families import all_families
from mese.demo.troubles import troubles
from mese.engine import EXPANDED
from mese.index import EntityIndex
from mese.methods import METHODS, answerable
from mese.metrics import Scores
from mese.settings import Settings
from train.evaluate import QuerySet, Row, query_set, table
from train.split import reported_classes

BIG = 20
"""Members of the classes that the second table keeps."""
RECALL_AT = 50
DEV_SHARE = 0.15
FIRST = 20


def main() -> int:
    options = _options()
    settings = Settings(home=options.home.absolute())
    _make(options.bundle, settings)
    corpus = load_corpus(Store.open_existing(settings.store_url), "top1")
    bundle = Bundle.open(locate(settings.bundles, options.bundle), settings.views)
    indexes = {modality: bundle.index(modality) for modality in bundle.modalities}
    vocabulary = [entity.id for entity in bundle.entities]
    classes = reported_classes(corpus, DEV_SHARE)
    big = [name for name in classes if len(corpus.members[name]) >= BIG]
    print(f"bundle {bundle.name}, {len(vocabulary)} entities, {os.cpu_count()} CPU cores\n")
    _print_scores(f"All {len(classes)} reported classes", corpus, vocabulary, classes, indexes)
    _print_scores(
        f"The {len(big)} of {BIG} or more", corpus, vocabulary, big, indexes, floors=False
    )
    _print_figure_1(corpus, bundle, indexes)
    _print_recall(corpus, vocabulary, classes, indexes)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bundle", default="demo", help="name or folder; `demo` is ours")
    parser.add_argument("--home", type=Path, default=Path("build/quality/demo"))
    return parser.parse_args()


def _make(bundle: str, settings: Settings) -> None:
    """The corpus and the bundle's views, by the commands that a user would type."""
    environment = {**os.environ, "MESE_HOME": str(settings.home), "COLUMNS": "160"}
    steps = [["train", "represent", "--bundle", bundle]]
    if not (settings.home / "mese.db").exists():
        steps.insert(0, ["db", "demo"])
    for step in steps:
        begun = time.monotonic()
        subprocess.run([sys.executable, "-m", *step], env=environment, check=True)
        print(f"-- python -m {' '.join(step)}: {time.monotonic() - begun:.0f} s", flush=True)


def _print_scores(
    title: str,
    corpus: Corpus,
    vocabulary: Sequence[int],
    classes: Sequence[str],
    indexes: dict[str, EntityIndex],
    floors: bool = True,
) -> None:
    print(f"## {title}\n")
    print("| seeds | ranked by | representation | MAP@10 | MAP@100 | P@10 | Avg (95 % interval) |")
    print("|---|---|---|---|---|---|---|")
    rows = table(corpus, vocabulary, classes, indexes, floors)
    for row in rows:
        said = row.as_dict()
        print(
            f"| {row.seeds} | {row.method} | {row.representation} | {said['MAP@10']:.1f} | "
            f"{said['MAP@100']:.1f} | {said['P@10']:.1f} | "
            f"{said['Avg']:.1f} ({said['Avg low']:.1f} to {said['Avg high']:.1f}) |"
        )
    print()
    _print_differences(rows)


def _print_differences(rows: Sequence[Row]) -> None:
    """What images add to text, and text to images: Avg query by query, intervals over classes."""
    by = {(row.seeds, row.method, row.representation): row.scores for row in rows}
    print("| seeds | ranked by | text+image minus text | text+image minus image |")
    print("|---|---|---|---|")
    for (seeds, method, representation), both in by.items():
        if representation == "text+image":
            others = [by.get((seeds, method, alone)) for alone in ("text", "image")]
            cells = (_difference(both.minus(one)) if one else "–" for one in others)
            print(f"| {seeds} | {method} | {' | '.join(cells)} |")
    print(flush=True)


def _difference(scores: Scores) -> str:
    found = scores.interval()
    return f"{scores.average:+.1f} ({found.low:+.1f} to {found.high:+.1f})"


def _print_figure_1(corpus: Corpus, bundle: Bundle, indexes: Mapping[str, EntityIndex]) -> None:
    """US cities: how many of the first entities are cities, and where the first state stands."""
    query = next(q for q in corpus.queries if q.class_name == "US cities" and len(q.seeds) == 3)
    seeds = [bundle.position_of[seed] for seed in query.seeds]
    names = ", ".join(corpus.entity_by_id[seed].name for seed in query.seeds)
    print(f"## Figure 1: {names}\n")
    print("| ranked by | representation | cities in the first 20 | states in the first 20 |")
    print("|---|---|---|---|")
    for modality, index in indexes.items():
        for method in answerable(index):
            (found,) = METHODS[method](index, [seeds], EXPANDED)
            first = [bundle.classes[p] for p, _ in found[:FIRST]]
            cities, states = (
                sum(name in its for its in first) for name in ("US cities", "US states")
            )
            print(f"| {method} | {modality} | {cities} | {states} |")
    print(flush=True)


def _print_recall(
    corpus: Corpus,
    vocabulary: Sequence[int],
    classes: Sequence[str],
    indexes: Mapping[str, EntityIndex],
) -> None:
    print(f"## Recall in the first {RECALL_AT}, 3 seeds\n")
    queries = query_set(corpus, vocabulary, classes, 3)
    position_of = {entity: position for position, entity in enumerate(vocabulary)}
    groups = {
        name: frozenset(position_of[e] for e in ids if e in position_of)
        for name, ids in _troubled(corpus)
    }
    print(f"| ranked by | representation | {' | '.join(groups)} |")
    print(f"|---|---|{'---|' * len(groups)}")
    for modality, index in indexes.items():
        for method in answerable(index):
            found = METHODS[method](index, queries.seeds, EXPANDED)
            lists = [[p for p, _ in items[:RECALL_AT]] for items in found]
            cells = (_recall(lists, queries, group) for group in groups.values())
            print(f"| {method} | {modality} | {' | '.join(cells)} |", flush=True)


def _troubled(corpus: Corpus) -> Iterator[tuple[str, set[int]]]:
    """Entities by their trouble; the corpus numbers them in the families' order."""
    families = all_families()
    subjects = [subject for family in families for subject in family.subjects]
    number = {subject.name: n for n, subject in enumerate(subjects)}
    if [subject.name for subject in subjects] != [entity.name for entity in corpus.entities]:
        raise SystemExit("the store holds another corpus than this version's: give another --home")
    found = troubles(families)
    yield "all", set(range(len(subjects)))
    yield "synonyms", {n for n, subject in enumerate(subjects) if subject.synonym}
    yield "shared names", {number[name] for both in found.polysemous.values() for name in both}
    yield "two or three contexts", {number[name] for name in found.long_tail}


def _recall(lists: Sequence[Sequence[int]], queries: QuerySet, group: frozenset[int]) -> str:
    """The share of the group's gold members that were found, and how many those are."""
    wanted = [gold & group for gold in queries.gold]
    hits = sum(len(some & set(found)) for some, found in zip(wanted, lists, strict=True))
    count = sum(map(len, wanted))
    return f"{100 * hits / count:.1f} % of {count:,}" if count else "none"


if __name__ == "__main__":
    sys.exit(main())
