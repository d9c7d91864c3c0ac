"""The Expand page's look-ups: contexts as a model used them, their owners, and hard negatives."""

from __future__ import annotations

import pytest

from db.corpus import hash_images, import_records, load_corpus
from db.expanding import context_owners, first_contexts, hard_negative_classes, used_contexts
from db.store import Store, StoreError
from mese.corpus import CorpusRecords
from tests.db.conftest import BOGOTA, CHICAGO, GEORGIA, GEORGIA_2, LOS_ANGELES, UNSEEN


@pytest.fixture
def shown(store: Store, records: CorpusRecords) -> Store:
    import_records(store, records)
    hash_images(store)
    return store


def test_contexts_are_those_that_training_sees(shown: Store) -> None:
    """Against the corpus as a whole: same order, same mention, same image."""
    corpus = load_corpus(shown)
    found = used_contexts(shown, [entity.id for entity in corpus.entities])
    for entity in corpus.entities:
        true = [corpus.contexts[place] for place in corpus.contexts_of[entity.id]]
        assert [
            (c.id, c.entity, c.tokens, c.start, c.end, c.image_hash)
            for c in found.get(entity.id, ())
        ] == [(c.id, c.entity, c.tokens, c.start, c.end, c.image_hash) for c in true]
    assert UNSEEN not in found


def test_a_policy_that_the_store_cannot_give_is_refused(shown: Store) -> None:
    with pytest.raises(StoreError, match="reranked"):
        used_contexts(shown, [CHICAGO], "reranked")


def test_a_missing_image_is_none(shown: Store) -> None:
    first, second = used_contexts(shown, [CHICAGO])[CHICAGO]
    assert first.image_hash is not None
    assert (second.tokens, second.image_hash) == (("In", "Chicago", "it", "blows"), None)


def test_two_of_one_name_have_contexts_that_tell_them_apart(shown: Store) -> None:
    found = first_contexts(shown, [GEORGIA, GEORGIA_2, UNSEEN])
    assert list(found) == [GEORGIA, GEORGIA_2]
    assert (found[GEORGIA].start, found[GEORGIA_2].start) == (0, 3)


def test_contexts_know_their_owners(shown: Store) -> None:
    every = {c.id: c.entity for c in load_corpus(shown).contexts}
    assert context_owners(shown, every) == every
    assert context_owners(shown, [99_999]) == {}
    one = used_contexts(shown, [BOGOTA])[BOGOTA][0].id
    assert context_owners(shown, [one, 99_999]) == {one: BOGOTA}


@pytest.mark.parametrize(
    ("wanted", "siblings"),
    [
        (["US cities"], {"US states"}),
        (["US states"], {"US cities"}),
        (["US cities", "US states"], set()),
        (["Capitals"], set()),
        (["no such class"], set()),
        ([], set()),
    ],
)
def test_hard_negatives_are_the_other_classes_of_the_parent(
    shown: Store, wanted: list[str], siblings: set[str]
) -> None:
    assert hard_negative_classes(shown, wanted) == siblings


def test_an_entity_without_an_image_has_none(shown: Store) -> None:
    assert [c.image_hash for c in used_contexts(shown, [LOS_ANGELES])[LOS_ANGELES]] == [None]
