"""`stats`: every figure against a count by hand or a naive one over the records."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from db.corpus import hash_images, import_records
from db.seeds import COUNT, FEW, OUTSIDE, TWO, AskedQuery, faults_of
from db.stats import ClassSizes, Share, SharedWords, Table2Row, content_words, shared_words
from db.stats import statistics as count_all
from db.stats_text import as_json, in_bars, in_columns, print_statistics
from db.store import Store, StoreError
from mese.corpus import CorpusRecords, Entity, SemanticClass


def test_the_small_corpus_by_hand(filled: Store) -> None:
    figures = count_all(filled)
    assert figures.table2 == Table2Row(3, "fine", 1.0, (3,), 8, 7, "multi")
    assert figures.overview.roles == {"target": 5, "bm25": 1, "random": 1, "synonym": 1}
    assert figures.class_sizes == ClassSizes(1, 7 / 3, 4)
    assert figures.multi_class_entities == Share(1, 6)  # Washington
    assert figures.synonyms == Share(1, 8)
    # Chicago's second, Los Angeles's, Bogotá's, and the second Georgia's (its first is gone.png).
    assert figures.contexts_without_image == Share(4, 7)
    assert figures.contexts_without_image.value == 4 / 7
    assert figures.unreadable_images == Share(1, 6)
    assert figures.overview.missing_rate == 4 / 7
    # Georgia the state and Georgia the other one; "D.C." is a name's part that nobody shares.
    assert figures.shared_words == SharedWords(1, 2, 100, 0)


def test_seeds_that_break_a_rule_are_counted(filled: Store) -> None:
    seeds = count_all(filled).seeds
    # Only Chicago has two contexts, so that no query keeps every rule.
    assert seeds.valid == Share(0, 3)
    assert seeds.broken == {COUNT: 0, OUTSIDE: 1, FEW: 2 + 2 + 2, TWO: 2}


def test_a_store_without_classes_and_images_has_figures_too(
    store: Store, records: CorpusRecords
) -> None:
    sentences = [
        replace(s, mentions=tuple(replace(m, candidates=()) for m in s.mentions))
        for s in records.sentences
    ]
    entities = [replace(e, reference_image=None) for e in records.entities]
    bare = replace(
        records, classes=(), members={}, queries=(), sentences=sentences, entities=entities
    )
    import_records(store, bare)
    figures = count_all(store)
    assert figures.table2 == Table2Row(0, "none", 0.0, (), 8, 7, "text")
    assert figures.class_sizes == ClassSizes(0, 0.0, 0)
    assert figures.unreadable_images.value == 0
    assert figures.shared_words.pairs == 0  # negatives of nothing


def test_an_empty_store_says_what_to_do(store: Store) -> None:
    with pytest.raises(StoreError, match="no corpus yet"):
        count_all(store)


def test_json_holds_all_figures(filled: Store) -> None:
    told = json.loads(as_json(count_all(filled)))
    assert told["table2"]["pairs"] == 7
    assert told["synonyms"] == {"count": 1, "of": 8}
    assert told["overview"]["contexts_per_entity"]["histogram"]["1"] == 5
    assert told["seeds"]["broken"][TWO] == 2


WORDS = st.lists(
    st.sampled_from(["Red", "río", "RIO", "of", "(film)", "9"]), min_size=1, max_size=3
)
CLASSES = st.frozensets(st.integers(0, 2), max_size=2)


@given(st.lists(st.tuples(WORDS.map(" ".join), CLASSES), max_size=12))
def test_pairs_that_share_a_word_are_those_found_one_by_one(
    entities: list[tuple[str, frozenset[int]]],
) -> None:
    names = {number: name for number, (name, _) in enumerate(entities)}
    classes = {number: ids for number, (_, ids) in enumerate(entities) if ids}
    naive = [
        (a, b)
        for a, b in combinations(names, 2)
        if content_words(names[a]) & content_words(names[b])
        and (entities[a][1] or entities[b][1])
        and not entities[a][1] & entities[b][1]
    ]
    found = shared_words(names, classes)
    assert found.pairs == len(naive)
    assert found.entities == len({entity for pair in naive for entity in pair})


def test_words_that_many_bear_join_nobody_and_are_counted() -> None:
    names = {number: f"River {number}" for number in range(4)}
    assert shared_words(names, {0: frozenset([1])}, common=3).pairs == 0
    assert shared_words(names, {0: frozenset([1])}, common=3).words_left_out == 1
    assert shared_words(names, {0: frozenset([1])}, common=4).pairs == 3


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("The Wall (album)", {"wall"}),
        ("São Tomé and Príncipe", {"sao", "tome", "principe"}),
        ("Washington D.C.", {"washington", "dc"}),
        ("(film)", set()),
    ],
)
def test_content_words_tell_something(name: str, words: set[str]) -> None:
    assert content_words(name) == words


def test_each_rule_of_queries_is_told_with_its_seed() -> None:
    queries = [
        AskedQuery("A", 3, 0, (1, 2)),
        AskedQuery("A", 3, 1, (1, 2, 9)),
        AskedQuery("B", 3, 1, (1, 3, 4)),
        AskedQuery("B", 5, 1, (3, 4, 1)),
    ]
    members = {"A": [1, 2], "B": [1, 3, 4]}
    contexts = {1: 2, 2: 2, 3: 2, 4: 1, 9: 2}
    names = {number: f"e{number}" for number in contexts}
    told = {(str(f.query), f.rule, f.reason) for f in faults_of(queries, members, contexts, names)}
    a, b = "query 1 of 3 seeds of 'A'", "query 1 of 3 seeds of 'B'"
    assert told == {
        ("query 0 of 3 seeds of 'A'", COUNT, "it has 2 seeds"),
        (a, OUTSIDE, "seed 'e9' (9) is not in the class"),
        (a, TWO, "seed 'e1' (1) seeds 'B' at the same number"),
        (b, TWO, "seed 'e1' (1) seeds 'A' at the same number"),
        (b, FEW, "seed 'e4' (4) has 1 contexts, and needs 2"),
        ("query 1 of 5 seeds of 'B'", COUNT, "it has 3 seeds"),
        ("query 1 of 5 seeds of 'B'", FEW, "seed 'e4' (4) has 1 contexts, and needs 2"),
    }


def printed(store: Store) -> list[str]:
    """The lines that `stats` prints on a terminal of 80 columns."""
    with pytest.MonkeyPatch.context() as patch:
        console = Console(width=80, highlight=False, file=io.StringIO())
        patch.setattr("db.stats_text.out", console)
        print_statistics(count_all(store))
    return console.file.getvalue().splitlines()  # type: ignore[attr-defined]


def class_table(lines: list[str]) -> list[tuple[str, int]]:
    """(class, members) as the table has them, read down its columns."""
    start = next(n for n, line in enumerate(lines) if line.startswith("Members per class"))
    end = next(n for n, line in enumerate(lines) if line.startswith("Contexts per entity"))
    rows = [line.strip("│ ").split("│") for line in lines[start:end] if line.startswith("│")]
    cells = [[cell.strip() for cell in row] for row in rows]
    width = max(map(len, cells))
    return [
        (row[at], int(row[at + 1]))
        for at in range(0, width, 2)
        for row in cells
        if len(row) > at and row[at]
    ]


def test_every_class_is_printed_with_its_size(filled: Store) -> None:
    assert class_table(printed(filled)) == [("US cities", 4), ("Capitals", 2), ("US states", 1)]


@pytest.mark.parametrize("long", ["", " of a name that is rather long", " and longer" * 30])
def test_a_hundred_classes_fit_a_terminal(store: Store, records: CorpusRecords, long: str) -> None:
    names = [f"[b]Kind {number}{long}" for number in range(101)]
    members = {name: tuple(range(10, 10 + n % 8)) for n, name in enumerate(names)}
    classes = [SemanticClass(name) for name in names]
    import_records(store, replace(records, classes=classes, members=members, queries=()))
    lines = printed(store)
    assert max(map(len, lines)) <= 80
    told = class_table(lines)
    assert len(told) == 101
    assert [n for _, n in told] == sorted((len(m) for m in members.values()), reverse=True)
    if len(long) < 40:
        assert dict(told) == {name: len(ids) for name, ids in members.items()}
    if not long:
        assert len(lines) < 101  # they stand beside each other


@given(st.lists(st.integers()), st.integers(1, 5))
def test_columns_hold_each_item_once_in_order(items: list[int], columns: int) -> None:
    rows = in_columns(items, columns)
    assert all(len(row) <= columns for row in rows)
    assert [row[n] for n in range(columns) for row in rows if len(row) > n] == items


@given(st.dictionaries(st.integers(0, 500), st.integers(1, 9)), st.integers(1, 12))
def test_bars_cover_the_histogram_once(histogram: dict[int, int], bars: int) -> None:
    cut = in_bars(histogram, bars)
    assert len(cut) <= bars
    assert sum(count for _, _, count in cut) == sum(histogram.values())
    assert all(first <= last for first, last, _ in cut)
    assert all(one[1] + 1 == other[0] for one, other in pairwise(cut))


@pytest.mark.photobench
def test_photobench_has_the_issues_figures(photobench_store: Store) -> None:
    figures = count_all(photobench_store)
    assert figures.table2 == Table2Row(45, "fine", 10.0, (3, 5), 998, 26_939, "multi")
    assert figures.seeds.valid == Share(450, 450)


def test_two_entities_of_no_class_are_no_pair(store: Store, records: CorpusRecords) -> None:
    import_records(store, replace(records, entities=[*records.entities, Entity(99, "New Georgia")]))
    hash_images(store)
    # Neither it nor the second Georgia is in a class: each is a pair with the state, and it is one
    # with New York City.
    assert count_all(store).shared_words == SharedWords(3, 4, 100, 0)
