"""What pages draw: the overview's figures, entity cards, and the queries to begin with."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.corpus import (
    ClassSize,
    EntityCard,
    entity_cards,
    example_queries,
    hash_images,
    import_records,
    is_empty,
    load_corpus,
    overview,
)
from db.exporting import stored_records
from db.overview import summarise
from db.store import Store, StoreError
from mese.corpus import CorpusRecords, Query
from mese.images import sha256_of
from tests.db.conftest import (
    BOGOTA,
    CHICAGO,
    GEORGIA,
    GEORGIA_2,
    LOS_ANGELES,
    NEW_YORK,
    UNSEEN,
    WASHINGTON,
    statements_of,
)


def test_the_overview_counts_the_corpus(filled: Store, records: CorpusRecords) -> None:
    figures = overview(filled)
    mentions = [m.entity for s in records.sentences for m in s.mentions]
    per_entity = [mentions.count(entity.id) for entity in records.entities]
    assert (figures.name, figures.entities, figures.entities_in_a_class) == ("small", 8, 6)
    assert (figures.sentences, figures.contexts) == (5, len(mentions))
    assert (figures.images, figures.missing_images) == (6, 1)
    assert figures.queries_by_seeds == {3: 3}
    assert (figures.queries, figures.classes) == (3, 3)
    assert figures.class_sizes == (
        ClassSize("Places", "US places", "US cities", 4),
        ClassSize("Places", "US places", "US states", 1),
        ClassSize("Politics", "Seats", "Capitals", 2),
    )
    assert figures.contexts_per_entity.histogram == Counter(per_entity)
    assert figures.contexts_per_entity.median == statistics.median(per_entity)
    assert (figures.contexts_per_entity.min, figures.contexts_per_entity.max) == (0, 2)


def test_no_page_reads_how_the_folder_was_written(store: Store, records: CorpusRecords) -> None:
    """It may be many megabytes, and every page asks whether the store is empty."""
    layout = {"files": ["entity2id.txt"] * 9}
    import_records(store, replace(records, layout=layout))
    with statements_of() as asked:
        assert not is_empty(store)
        assert overview(store).name == "small"
        assert load_corpus(store).name == "small"
    assert any("FROM corpus" in statement for statement, _ in asked)
    assert not [statement for statement, _ in asked if "layout" in statement]
    with store.read() as session:
        assert stored_records(session, store).layout == layout


def test_a_class_without_members_still_counts(store: Store, records: CorpusRecords) -> None:
    import_records(store, replace(records, members={}, queries=()))
    figures = overview(store)
    assert [size.members for size in figures.class_sizes] == [0, 0, 0]
    assert (figures.entities_in_a_class, figures.queries) == (0, 0)


def test_an_empty_store_says_what_to_do(store: Store) -> None:
    with pytest.raises(StoreError, match=r"no corpus yet; run `python -m db demo`"):
        overview(store)


@given(st.lists(st.integers(0, 9), min_size=1))
def test_a_histogram_has_the_median_of_what_it_counts(values: list[int]) -> None:
    summary = summarise(dict(Counter(values)))
    assert summary.median == statistics.median(values)
    assert (summary.min, summary.max) == (min(values), max(values))


def test_over_nothing_the_figures_are_zero() -> None:
    assert summarise({}).median == 0


def test_cards_show_the_best_picture(filled: Store, records: CorpusRecords) -> None:
    def hash_of(name: str) -> str:
        return sha256_of(records.image_root / name)

    asked = [UNSEEN, WASHINGTON, 999, CHICAGO, GEORGIA_2, GEORGIA, BOGOTA, WASHINGTON]
    cards = entity_cards(filled, asked)
    assert list(cards) == [UNSEEN, WASHINGTON, CHICAGO, GEORGIA_2, GEORGIA, BOGOTA]
    assert cards[WASHINGTON] == EntityCard(
        WASHINGTON,
        "Washington D.C.",
        ("D.C.",),
        ("US cities", "Capitals"),
        hash_of("ref/e05.png"),  # its context shows c03.png
        1,
    )
    assert cards[CHICAGO].image_hash == hash_of("a01.png")  # of its first context, not b02.png
    assert cards[CHICAGO].other_name is None  # its name is what it is called
    assert cards[CHICAGO].aliases == ("Windy City", "Chi-Town")
    assert cards[GEORGIA].image_hash == hash_of("d04.png")
    assert cards[GEORGIA_2].image_hash is None  # gone.png cannot be read
    assert cards[BOGOTA].image_hash is None
    assert cards[UNSEEN] == EntityCard(UNSEEN, "Unseen", (), (), None, 0)


def test_a_reference_image_that_cannot_be_read_gives_way(
    store: Store, records: CorpusRecords
) -> None:
    (records.image_root / "ref" / "e05.png").unlink()
    import_records(store, records)
    hash_images(store)
    card = entity_cards(store, [WASHINGTON])[WASHINGTON]
    assert card.image_hash == sha256_of(records.image_root / "c03.png")


def test_an_entity_under_another_of_its_names_has_its_usual_one_beside_it(filled: Store) -> None:
    assert entity_cards(filled, [NEW_YORK])[NEW_YORK].other_name == "NYC"  # the first of two


def test_no_card_is_asked_for(filled: Store) -> None:
    assert entity_cards(filled, []) == {}


def test_examples_begin_with_figure_1(filled: Store) -> None:
    assert example_queries(filled) == [
        Query("US cities", 1, (WASHINGTON, CHICAGO, LOS_ANGELES)),
        Query("Capitals", 0, (BOGOTA, WASHINGTON, CHICAGO)),
    ]
    assert len(example_queries(filled, 1)) == 1


def test_figure_1_is_made_where_no_query_has_its_seeds(
    store: Store, records: CorpusRecords
) -> None:
    import_records(store, replace(records, queries=records.queries[:1]))
    assert example_queries(store) == [Query("US cities", 0, (WASHINGTON, CHICAGO, LOS_ANGELES))]


def test_without_the_three_cities_examples_take_turns_over_coarse_classes(
    store: Store, records: CorpusRecords
) -> None:
    entities = [e for e in records.entities if e.id != LOS_ANGELES]
    queries = (
        Query("US cities", 0, (NEW_YORK, CHICAGO, WASHINGTON)),
        Query("US cities", 1, (CHICAGO, NEW_YORK, WASHINGTON)),
        Query("US states", 0, (GEORGIA, CHICAGO, NEW_YORK)),
        Query("Capitals", 0, (BOGOTA, WASHINGTON, CHICAGO)),
    )
    import_records(store, replace(records, entities=entities, queries=queries))
    assert example_queries(store) == [queries[0], queries[3], queries[2]]


def test_an_example_has_reference_images_where_a_query_of_its_class_has_them(
    store: Store, records: CorpusRecords
) -> None:
    pictured = {CHICAGO, NEW_YORK, BOGOTA}
    entities = [
        replace(e, reference_image="ref/e05.png" if e.id in pictured else None)
        for e in records.entities
        if e.id != LOS_ANGELES
    ]
    queries = (
        Query("US cities", 0, (WASHINGTON, CHICAGO, NEW_YORK)),
        Query("US cities", 1, (BOGOTA, NEW_YORK, CHICAGO)),
        Query("US cities", 2, (CHICAGO, NEW_YORK, BOGOTA)),
        Query("Capitals", 0, (BOGOTA, WASHINGTON, CHICAGO)),
        Query("Capitals", 1, (BOGOTA, GEORGIA, CHICAGO)),
    )
    import_records(store, replace(records, entities=entities, queries=queries))
    assert example_queries(store) == [queries[1], queries[3]]


@pytest.mark.photobench
def test_photobench_overview_equals_its_own_figures(photobench_store: Store) -> None:
    figures = overview(photobench_store)
    assert (figures.entities, figures.contexts, figures.classes) == (998, 26_939, 45)
    assert figures.entities_in_a_class == 640
    assert figures.queries_by_seeds == {3: 225, 5: 225}
    per_entity = figures.contexts_per_entity
    assert (per_entity.min, per_entity.median, per_entity.max) == (13, 28.0, 30)
    assert [query.class_name for query in example_queries(photobench_store, 3)] == [
        "Terriers",
        "Fruits",
        "PassengerCars",
    ]
