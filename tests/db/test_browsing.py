"""What Browse draws: against the records it came from, and without walking through large tables."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from db.browsing import (
    class_cards,
    class_view,
    count_classes,
    entity_contexts,
    entity_view,
    given_policies,
    page_start,
    search_classes,
)
from db.corpus import entity_cards, hash_images, import_records, load_corpus
from db.store import Store, StoreError
from mese.corpus import IMAGE_POLICIES, CorpusRecords, Score, Scorer
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

NAMES_IN_ORDER = ["Chicago", "Los Angeles", "New York City", "Washington D.C."]


def test_classes_come_in_the_schemas_order_with_their_members_counted(
    shown: Store, records: CorpusRecords
) -> None:
    cards = class_cards(shown)
    assert [(c.name, c.middle, c.coarse, c.members) for c in cards] == [
        (c.name, c.middle, c.coarse, len(records.members[c.name])) for c in records.classes
    ]
    assert count_classes(shown) == len(records.classes)


def test_a_class_shows_members_with_a_reference_image_then_the_first_by_name(
    shown: Store, records: CorpusRecords
) -> None:
    cities, states, capitals = class_cards(shown)
    washington = sha256_of(records.image_root / "ref/e05.png")
    chicago = sha256_of(records.image_root / "a01.png")
    assert cities.cover == (washington, chicago, None)  # Los Angeles has no picture
    assert states.cover == (sha256_of(records.image_root / "d04.png"),)
    assert capitals.cover == (washington, None)  # Bogotá, before it by name, has none


def test_a_reference_image_that_cannot_be_read_puts_nobody_first(
    store: Store, records: CorpusRecords
) -> None:
    (records.image_root / "ref" / "e05.png").unlink()
    import_records(store, records)
    hash_images(store)
    chicago = sha256_of(records.image_root / "a01.png")
    assert class_cards(store)[0].cover == (chicago, None, None)


def test_classes_are_paged(shown: Store) -> None:
    assert [c.name for c in class_cards(shown, 2, 2)] == ["Capitals"]
    assert [c.name for c in class_cards(shown, 99, 2)] == ["Capitals"]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("us", ["US cities", "US states"]),
        ("US CITIES", ["US cities"]),
        ("uscit", ["US cities"]),
        ("states", ["US states"]),
        ("s", ["US cities", "US states", "Capitals"]),
        ("", []),
        ("%", []),
        ("no such class", []),
    ],
)
def test_a_class_is_found_by_part_of_its_name(shown: Store, typed: str, found: list[str]) -> None:
    hits = search_classes(shown, typed)
    assert sorted(card.name for card in hits.cards) == sorted(found)
    assert hits.total == len(found)


def test_the_beginning_of_a_class_name_comes_first(shown: Store) -> None:
    assert [card.name for card in search_classes(shown, "us").cards] == ["US cities", "US states"]
    best = search_classes(shown, "c", limit=1)
    assert [card.name for card in best.cards] == ["Capitals"]
    assert best.total == 2  # and US cities


def test_a_class_has_members_siblings_and_queries(shown: Store, records: CorpusRecords) -> None:
    view = class_view(shown, "US cities")
    assert view is not None
    assert [card.name for card in view.members] == NAMES_IN_ORDER
    assert [(c.name, c.members) for c in view.siblings] == [("US states", 1)]
    wanted = [query.seeds for query in records.queries if query.class_name == "US cities"]
    assert [tuple(card.id for card in query.seeds) for query in view.queries] == wanted


def test_members_are_paged_and_the_last_page_stands_for_what_lies_beyond(shown: Store) -> None:
    pages = [class_view(shown, "US cities", page, 3) for page in (1, 2, 9)]
    assert [[c.name for c in v.members] for v in pages if v] == [
        NAMES_IN_ORDER[:3],
        NAMES_IN_ORDER[3:],
        NAMES_IN_ORDER[3:],
    ]


def test_a_class_alone_with_its_parent_has_no_siblings(shown: Store) -> None:
    view = class_view(shown, "Capitals")
    assert view is not None
    assert view.siblings == ()


@pytest.mark.parametrize("name", ["us cities", "", "Nope", "'; DROP TABLE entities; --"])
def test_there_is_no_such_class(shown: Store, name: str) -> None:
    assert class_view(shown, name) is None


def test_an_entity_has_names_classes_fellows_and_siblings(
    shown: Store, records: CorpusRecords
) -> None:
    view = entity_view(shown, WASHINGTON)
    assert view is not None
    assert (view.card.name, view.card.aliases, view.role) == (
        "Washington D.C.",
        ("D.C.",),
        "target",
    )
    assert view.reference_hash == sha256_of(records.image_root / "ref/e05.png")
    assert [c.name for c in view.classes] == ["US cities", "Capitals"]
    assert [[card.id for card in fellows] for fellows in view.fellows] == [
        [CHICAGO, LOS_ANGELES, NEW_YORK],
        [BOGOTA],
    ]
    assert [c.name for c in view.siblings] == ["US states"]
    assert view.namesakes == ()


def test_fellows_are_as_many_as_asked_for_and_never_oneself(shown: Store) -> None:
    view = entity_view(shown, CHICAGO, fellows=2)
    assert view is not None
    assert [card.id for card in view.fellows[0]] == [LOS_ANGELES, NEW_YORK]


def test_others_of_the_same_name_are_told(shown: Store) -> None:
    view, other = entity_view(shown, GEORGIA), entity_view(shown, GEORGIA_2)
    assert view is not None
    assert other is not None
    assert [card.id for card in view.namesakes] == [GEORGIA_2]
    assert [card.id for card in other.namesakes] == [GEORGIA]
    assert (other.role, other.classes, other.siblings) == ("bm25", (), ())


@pytest.mark.parametrize("entity", [-1, 0, 999, 2**31 - 1])
def test_there_is_no_such_entity(shown: Store, entity: int) -> None:
    assert entity_view(shown, entity) is None
    assert entity_contexts(shown, entity) == []


def test_contexts_are_those_of_the_records(shown: Store, records: CorpusRecords) -> None:
    for entity in records.entities:
        wanted = [
            (sentence.tokens, m.start, m.end, sorted(c.rank for c in m.candidates))
            for sentence in records.sentences
            for m in sentence.mentions
            if m.entity == entity.id
        ]
        seen = [
            (c.tokens, c.start, c.end, [candidate.rank for candidate in c.candidates])
            for c in entity_contexts(shown, entity.id)
        ]
        assert seen == wanted


def test_candidates_come_in_search_order_and_the_first_is_chosen(
    shown: Store, records: CorpusRecords
) -> None:
    first, second = entity_contexts(shown, CHICAGO)
    assert [(c.rank, c.sha256, c.chosen) for c in first.candidates] == [
        (1, sha256_of(records.image_root / "a01.png"), True),
        (2, sha256_of(records.image_root / "b02.png"), False),
    ]
    assert first.chosen == first.candidates[0]
    (gone,) = second.candidates
    assert gone.sha256 is None
    assert "gone.png" in (gone.problem or "")
    assert gone.chosen  # as in `load_corpus`: the policy gives this image, which cannot be read


def test_a_context_without_images_has_none_chosen(shown: Store) -> None:
    (context,) = entity_contexts(shown, BOGOTA)
    assert (context.candidates, context.chosen) == ((), None)
    assert entity_contexts(shown, UNSEEN) == []


def scored(records: CorpusRecords) -> CorpusRecords:
    """The corpus with scores by which Chicago's second candidate is its best."""
    first, *others = records.sentences
    chicago, washington = first.mentions
    candidates = tuple(
        replace(candidate, scores=(Score("clip", value),))
        for candidate, value in zip(chicago.candidates, (0.2, 0.9), strict=True)
    )
    mentions = (replace(chicago, candidates=candidates), washington)
    sentences = (replace(first, mentions=mentions), *others)
    return replace(records, sentences=sentences, scorers=(Scorer("clip", {}),))


def test_the_image_policy_chooses_among_the_candidates(
    store: Store, records: CorpusRecords
) -> None:
    """As `load_corpus` does it: the same image for every context, under every policy."""
    import_records(store, scored(records))
    hash_images(store)
    assert given_policies(store) == IMAGE_POLICIES
    assert entity_contexts(store, CHICAGO, image_policy="reranked")[0].chosen.rank == 2
    for policy in IMAGE_POLICIES:
        corpus = load_corpus(store, policy)
        loaded = {context.id: context.image_hash for context in corpus.contexts}
        shown = {
            context.id: context.chosen.sha256 if context.chosen else None
            for entity in records.entities
            for context in entity_contexts(store, entity.id, image_policy=policy)
        }
        assert shown == loaded


def test_without_scores_the_store_gives_only_top1(shown: Store) -> None:
    assert given_policies(shown) == ("top1",)
    with pytest.raises(StoreError, match="needs the re-ranking scores"):
        entity_contexts(shown, CHICAGO, image_policy="reranked")


def test_where_every_context_has_one_image_there_is_no_choice_of_policy(
    store: Store, records: CorpusRecords
) -> None:
    """As in MESED: each policy would give the same image, whatever its score."""
    corpus = scored(records)
    first, *_ = corpus.sentences
    alone = tuple(replace(m, candidates=m.candidates[:1]) for m in first.mentions)
    import_records(store, replace(corpus, sentences=(replace(first, mentions=alone),)))
    assert given_policies(store) == ("top1",)


def test_contexts_are_paged(shown: Store) -> None:
    both = entity_contexts(shown, CHICAGO)
    assert [entity_contexts(shown, CHICAGO, page, 1) for page in (1, 2, 50)] == [
        both[:1],
        both[1:],
        both[1:],
    ]


@given(st.integers(-3, 40), st.integers(1, 9), st.integers(0, 60))
def test_a_page_begins_where_a_walk_through_the_pages_would(
    page: int, per_page: int, items: int
) -> None:
    starts = list(range(0, items, per_page)) or [0]
    assert page_start(page, per_page, items) == starts[min(max(page, 1), len(starts)) - 1]


GROWS = (
    "contexts",
    "sentences",
    "images",
    "candidate_images",
    "candidate_scores",
    "entities",
    "aliases",
)
"""Tables that grow with the corpus: no look-up may walk through one."""


@pytest.mark.parametrize("has_scores", [True, False])
def test_no_look_up_walks_through_a_table_that_grows(
    store: Store, records: CorpusRecords, has_scores: bool
) -> None:
    import_records(store, scored(records) if has_scores else records)
    with statements_of() as seen:
        class_cards(store)
        search_classes(store, "us")
        class_view(store, "US cities")
        entity_view(store, WASHINGTON)
        for policy in given_policies(store):
            entity_contexts(store, CHICAGO, image_policy=policy)
    asked = [(sql, values) for sql, values in seen if sql.startswith("SELECT")]
    assert len(asked) > 10
    with store.read() as session:
        walks = [
            f"{step}: {sql}"
            for sql, values in asked
            for step in plan_of(session, sql, values)
            if re.match(rf"(SCAN|Seq Scan on) ({'|'.join(GROWS)})\b", step)
        ]
    assert walks == []


def plan_of(session: Session, sql: str, values: Any) -> list[str]:
    """The steps by which a statement is answered, whatever the size of the tables."""
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)
        return [row[-1] for row in rows]
    # Or it would walk through these tables because they are small.
    connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    return [row[0].lstrip(" ->") for row in connection.exec_driver_sql(f"EXPLAIN {sql}", values)]


def test_whether_there_is_a_choice_is_answered_by_the_index_of_choices(
    store: Store, records: CorpusRecords
) -> None:
    """In MESED itself no context has one, and a walk would go to the end."""
    import_records(store, records)
    with statements_of() as seen:
        given_policies(store)
    asked = [(sql, values) for sql, values in seen if "FROM candidate_images" in sql]
    assert asked
    with store.read() as session:
        for sql, values in asked:
            assert "ix_candidate_images_beyond_the_first" in str(plan_of(session, sql, values))


def test_an_entitys_first_picture_is_looked_up_entity_by_entity(
    store: Store, records: CorpusRecords
) -> None:
    """PostgreSQL's old count of hashed images (none) must not tempt it to begin with those."""
    import_records(store, records)
    hash_images(store)
    with statements_of() as seen:
        entity_cards(store, [CHICAGO, WASHINGTON])
    (asked,) = [(sql, values) for sql, values in seen if "JOIN candidate_images" in sql]
    with store.read() as session:
        steps = " ".join(plan_of(session, *asked))
    assert "ix_contexts_entity_id_id" in steps
    assert "ix_images_sha256" not in steps
