"""The rules in the schema: each named constraint refuses a row that breaks it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import CheckConstraint, ForeignKeyConstraint, UniqueConstraint, insert, select, text
from sqlalchemy.exc import IntegrityError

from db.models import (
    Base,
    StoredAlias,
    StoredCandidate,
    StoredCase,
    StoredCaseTag,
    StoredClass,
    StoredClue,
    StoredContext,
    StoredCorpus,
    StoredEntity,
    StoredImage,
    StoredMembership,
    StoredOpenSeed,
    StoredQuery,
    StoredScore,
    StoredScorer,
    StoredSeed,
    StoredSentence,
)
from db.store import Store
from mese.bounds import (
    MAX_ADDRESS,
    MAX_DOCUMENT,
    MAX_ID,
    MAX_NAME,
    MAX_NOTE,
    MAX_TAG,
    MAX_TITLE,
    MAX_TOKENS,
    MAX_URL,
)

LONG = "x" * (MAX_NAME + 1)
LONG_PATH = "x" * (MAX_URL + 1)
HASH = "0" * 64
NOW = datetime(2024, 1, 1, tzinfo=UTC)
LONG_DOCUMENT = "x" * (MAX_DOCUMENT + 1)
MANY = ["x"] * (MAX_TOKENS + 1)

GOOD: dict[type[Base], dict[str, Any]] = {
    StoredCorpus: {
        "id": 1,
        "name": "a",
        "source": "a",
        "image_root": "/",
        "fingerprint": "a",
        "imported_at": datetime(2024, 1, 1, tzinfo=UTC),
    },
    StoredImage: {"id": 1, "path": "a", "width": 1, "height": 1},
    StoredClass: {"id": 1, "name": "a", "middle": "", "coarse": "", "position": 0},
    StoredEntity: {"id": 1, "name": "a", "search_key": "a", "role": "target"},
    StoredAlias: {"entity_id": 1, "position": 0, "name": "b", "search_key": "b"},
    StoredMembership: {"class_id": 1, "entity_id": 1, "position": 0},
    StoredSentence: {"id": 1, "line": 1, "tokens": ["a", "b"], "token_count": 2},
    StoredContext: {
        "id": 1,
        "sentence_id": 1,
        "entity_id": 1,
        "span_start": 0,
        "span_end": 0,
        "token_count": 2,
    },
    StoredCandidate: {"context_id": 1, "rank": 1, "image_id": 1},
    StoredScorer: {"id": 1, "name": "clip", "settings": {}},
    StoredScore: {"context_id": 1, "rank": 1, "scorer_id": 1, "value": 0.5},
    StoredQuery: {"id": 1, "class_id": 1, "seed_count": 3, "number": 0},
    StoredSeed: {"query_id": 1, "position": 0, "entity_id": 1},
    StoredCase: {
        "id": 1,
        "title": "a",
        "note": "",
        "address": "",
        "search_key": "a",
        "document": "{}",
        "shown": "{}",
        "made_by": "a",
        "made_at": NOW,
    },
    StoredCaseTag: {"case_id": 1, "name": "a"},
    StoredClue: {"case_id": 1, "entity_id": 1, "rater": "a", "clue": "none", "tagged_at": NOW},
    StoredOpenSeed: {
        "key": "0" * 16,
        "name": "a",
        "tokens": ["a", "b"],
        "token_count": 2,
        "span_start": 0,
        "span_end": 0,
        "image_sha256": HASH,
        "made_by": "a",
        "made_at": NOW,
    },
}
"""A row of each table that keeps all rules, those referred to first."""

BROKEN: list[tuple[type[Base], dict[str, Any], str]] = [
    (StoredCorpus, {"id": 2}, "ck_corpus_only_one"),
    (StoredCorpus, {"name": ""}, "ck_corpus_named"),
    (StoredCorpus, {"name": LONG}, "ck_corpus_name_short"),
    (StoredImage, {"id": 2}, "uq_images_path"),
    (StoredImage, {"id": 2, "path": "b", "sha256": "ab"}, "ck_images_sha256_is_hex"),
    (StoredImage, {"height": None, "problem": "x"}, "ck_images_both_sides_or_none"),
    (StoredImage, {"width": None, "height": None}, "ck_images_sized_or_explained"),
    (StoredImage, {"width": 0}, "ck_images_sides_not_empty"),
    (StoredImage, {"height": -1}, "ck_images_sides_not_empty"),
    (StoredImage, {"bytes": -1}, "ck_images_bytes_not_negative"),
    (StoredImage, {"checked_at": datetime.now(UTC)}, "ck_images_checked_or_not_known"),
    (StoredImage, {"path": LONG_PATH}, "ck_images_path_short"),
    (StoredImage, {"url": LONG_PATH}, "ck_images_url_short"),
    (StoredImage, {"licence": LONG}, "ck_images_licence_short"),
    (StoredClass, {"id": 2}, "uq_semantic_classes_name"),
    (StoredClass, {"name": ""}, "ck_semantic_classes_named"),
    (StoredClass, {"name": LONG}, "ck_semantic_classes_name_short"),
    (StoredClass, {"middle": LONG}, "ck_semantic_classes_middle_short"),
    (StoredClass, {"coarse": LONG}, "ck_semantic_classes_coarse_short"),
    (StoredEntity, {"name": ""}, "ck_entities_named"),
    (StoredEntity, {"name": LONG}, "ck_entities_name_short"),
    (StoredEntity, {"role": "boss"}, "ck_entities_role_known"),
    (StoredEntity, {"id": -1}, "ck_entities_id_in_range"),
    (StoredEntity, {"id": 2, "reference_image_id": 9}, "fk_entities_reference_image_id"),
    (StoredAlias, {"position": 1}, "uq_aliases_entity_id_name"),
    (StoredAlias, {"name": ""}, "ck_aliases_named"),
    (StoredAlias, {"name": LONG}, "ck_aliases_name_short"),
    (StoredAlias, {"entity_id": 9}, "fk_aliases_entity_id"),
    (StoredMembership, {"class_id": 9}, "fk_memberships_class_id"),
    (StoredMembership, {"entity_id": 9}, "fk_memberships_entity_id"),
    (StoredSentence, {"tokens": [], "token_count": 0}, "ck_sentences_has_tokens"),
    (StoredSentence, {"token_count": 3}, "ck_sentences_tokens_counted"),
    (StoredSentence, {"line": -1}, "ck_sentences_line_not_negative"),
    (StoredContext, {"span_start": -1}, "ck_contexts_span_starts_inside"),
    (StoredContext, {"span_start": 1}, "ck_contexts_span_not_empty"),
    (StoredContext, {"span_end": 2}, "ck_contexts_span_ends_inside"),
    # A count that is not the sentence's own, made up to let the span through:
    (StoredContext, {"id": 2, "span_end": 2, "token_count": 3}, "fk_contexts_sentence_id"),
    (StoredContext, {"id": 2, "span_end": 1, "entity_id": 9}, "fk_contexts_entity_id"),
    (StoredContext, {"id": 2}, "uq_contexts_sentence_id_entity_id_span_start_span_end"),
    (StoredCandidate, {"rank": 0}, "ck_candidate_images_rank_in_range"),
    (StoredCandidate, {"rank": 11}, "ck_candidate_images_rank_in_range"),
    (StoredCandidate, {"rank": 2}, "uq_candidate_images_context_id_image_id"),
    (StoredCandidate, {"context_id": 9}, "fk_candidate_images_context_id"),
    (StoredCandidate, {"rank": 2, "image_id": 9}, "fk_candidate_images_image_id"),
    (StoredScorer, {"name": ""}, "ck_scorers_named"),
    (StoredScorer, {"name": LONG}, "ck_scorers_name_short"),
    (StoredScorer, {"id": 2}, "uq_scorers_name"),
    (StoredScore, {"value": float("inf")}, "ck_candidate_scores_value_finite"),
    (StoredScore, {"sentence_term": float("-inf")}, "ck_candidate_scores_sentence_term_finite"),
    (StoredScore, {"object_term": float("inf")}, "ck_candidate_scores_object_term_finite"),
    (StoredScore, {"rank": 2}, "fk_candidate_scores_context_id"),
    (StoredScore, {"scorer_id": 9}, "fk_candidate_scores_scorer_id"),
    (StoredQuery, {"id": 2}, "uq_queries_class_id_seed_count_number"),
    (StoredQuery, {"seed_count": 0}, "ck_queries_has_seeds"),
    (StoredQuery, {"number": -1}, "ck_queries_number_not_negative"),
    (StoredQuery, {"id": 2, "class_id": 9}, "fk_queries_class_id"),
    (StoredSeed, {"position": 1}, "uq_query_seeds_query_id_entity_id"),
    (StoredSeed, {"query_id": 9}, "fk_query_seeds_query_id"),
    (StoredSeed, {"position": 1, "entity_id": 9}, "fk_query_seeds_entity_id"),
    (StoredCase, {"title": ""}, "ck_cases_titled"),
    (StoredCase, {"title": "x" * (MAX_TITLE + 1)}, "ck_cases_title_short"),
    (StoredCase, {"note": "x" * (MAX_NOTE + 1)}, "ck_cases_note_short"),
    (StoredCase, {"address": "x" * (MAX_ADDRESS + 1)}, "ck_cases_address_short"),
    (StoredCase, {"document": LONG_DOCUMENT}, "ck_cases_document_short"),
    (StoredCase, {"shown": LONG_DOCUMENT}, "ck_cases_shown_short"),
    (StoredCase, {"made_by": LONG}, "ck_cases_made_by_short"),
    (StoredCaseTag, {"name": ""}, "ck_case_tags_named"),
    (StoredCaseTag, {"name": "x" * (MAX_TAG + 1)}, "ck_case_tags_name_short"),
    (StoredCaseTag, {"case_id": 9}, "fk_case_tags_case_id"),
    (StoredClue, {"clue": "smell"}, "ck_case_clues_clue_known"),
    (StoredClue, {"entity_id": -1}, "ck_case_clues_entity_in_range"),
    (StoredClue, {"rater": ""}, "ck_case_clues_rater_named"),
    (StoredClue, {"rater": LONG}, "ck_case_clues_rater_short"),
    (StoredClue, {"case_id": 9}, "fk_case_clues_case_id"),
    (StoredOpenSeed, {"key": "0"}, "ck_open_seeds_key_is_hex"),
    (StoredOpenSeed, {"name": ""}, "ck_open_seeds_named"),
    (StoredOpenSeed, {"name": LONG}, "ck_open_seeds_name_short"),
    (StoredOpenSeed, {"token_count": 3}, "ck_open_seeds_tokens_counted"),
    (StoredOpenSeed, {"tokens": MANY, "token_count": len(MANY)}, "ck_open_seeds_tokens_few"),
    (StoredOpenSeed, {"image_sha256": "ab"}, "ck_open_seeds_sha256_is_hex"),
    (
        StoredOpenSeed,
        {"tokens": [], "token_count": 0, "image_sha256": None},
        "ck_open_seeds_shows_something",
    ),
    (StoredOpenSeed, {"span_start": 1}, "ck_open_seeds_span_not_empty"),
    (StoredOpenSeed, {"span_end": 2}, "ck_open_seeds_span_ends_inside"),
    (StoredOpenSeed, {"made_by": LONG}, "ck_open_seeds_made_by_short"),
]


@pytest.fixture
def one_of_each(store: Store) -> Store:
    with store.write() as session:
        for model, row in GOOD.items():
            session.execute(insert(model), [row])
    return store


def as_told(store: Store, constraint: str) -> str:
    """How the database names a broken constraint: SQLite gives the names of CHECKs only."""
    kinds = {"uq": "UNIQUE constraint failed", "fk": "FOREIGN KEY constraint failed"}
    return constraint if store.sqlite_file is None else kinds.get(constraint[:2], constraint)


@pytest.mark.parametrize(("model", "change", "constraint"), BROKEN)
def test_the_schema_itself_refuses_what_breaks_a_rule(
    one_of_each: Store, model: type[Base], change: dict[str, Any], constraint: str
) -> None:
    row = {**GOOD[model], **change}
    told = as_told(one_of_each, constraint)
    with one_of_each.read() as session:
        before = session.execute(select(model.__table__)).all()
    with pytest.raises(IntegrityError, match=told), one_of_each.write() as session:
        session.execute(insert(model), [row])
    with one_of_each.read() as session:
        assert session.execute(select(model.__table__)).all() == before


def test_every_rule_of_the_models_is_tried() -> None:
    kinds = (CheckConstraint, ForeignKeyConstraint, UniqueConstraint)
    named = {
        str(constraint.name)
        for table in Base.metadata.sorted_tables
        for constraint in table.constraints
        if isinstance(constraint, kinds)
    }
    named.remove("uq_sentences_id_token_count")  # ids are unique: it is there to be referred to
    assert named == {constraint for _, _, constraint in BROKEN}


def test_a_score_that_is_no_number_is_refused(one_of_each: Store) -> None:
    with one_of_each.write() as session:
        session.execute(text("DELETE FROM candidate_scores"))
    row = {**GOOD[StoredScore], "value": float("nan")}
    with pytest.raises(IntegrityError), one_of_each.write() as session:
        session.execute(insert(StoredScore), [row])


def test_names_at_the_limit_are_taken(one_of_each: Store) -> None:
    with one_of_each.write() as session:
        row = {**GOOD[StoredEntity], "id": MAX_ID, "name": "x" * MAX_NAME}
        session.execute(insert(StoredEntity), [row])


def test_what_is_absent_is_the_databases_own_null(one_of_each: Store) -> None:
    row = {**GOOD[StoredSentence], "id": 2}
    with one_of_each.write() as session:
        session.execute(insert(StoredSentence), [{**row, "extra": None}])
        session.execute(text("UPDATE corpus SET layout = NULL"))
    with one_of_each.read() as session:
        absent = "SELECT count(*) FROM sentences WHERE extra IS NULL"
        assert session.scalar(text(absent)) == 2
        assert session.scalar(select(StoredCorpus.layout)) is None


def test_a_kept_layout_comes_back_as_it_was(one_of_each: Store) -> None:
    layout = {"files": ["gt/B.txt", "gt/A.txt"], "“quoted”": {"z": 1, "a": None}}
    with one_of_each.write() as session:
        session.get_one(StoredCorpus, 1).layout = layout
    with one_of_each.read() as session:
        kept = session.scalar(select(StoredCorpus.layout))
    assert kept == layout
    assert list(kept) == list(layout)
