"""Importing: the Corpus that comes out is the one that went in, or the store is as it was."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from db.corpus import (
    ImportRefused,
    hash_images,
    image_file,
    import_records,
    is_empty,
    load_corpus,
)
from db.models import Base, StoredImage
from db.staging import AT_ONCE
from db.store import Store, StoreError
from mese.corpus import (
    Candidate,
    Context,
    Corpus,
    CorpusRecords,
    Entity,
    ImageFacts,
    Mention,
    Query,
    Sentence,
)
from mese.images import sha256_of
from mese.mesed_format import MesedFormatError, read_folder
from tests.db.conftest import BOGOTA, CHICAGO, GEORGIA, LOS_ANGELES, draw


def expected_corpus(records: CorpusRecords) -> Corpus:
    """What the records say, written down without a database."""
    contexts = []
    for sentence in records.sentences:
        for m in sentence.mentions:
            first = next((c.image for c in m.candidates if c.rank == 1), None)
            if first and not (records.image_root / first).is_file():
                first = None
            hashed = sha256_of(records.image_root / first) if first else None
            number = len(contexts) + 1
            words = sentence.tokens
            contexts.append(Context(number, m.entity, words, m.start, m.end, first, hashed))
    return Corpus(
        name=records.name,
        entities=tuple(records.entities),
        classes=tuple(records.classes),
        members={name: frozenset(ids) for name, ids in records.members.items()},
        queries=tuple(records.queries),
        contexts=tuple(contexts),
        image_root=records.image_root.resolve(),
    )


def by_class(corpus: Corpus) -> list[Query]:
    return sorted(corpus.queries, key=lambda q: (q.class_name, len(q.seeds), q.index))


def rows_of(store: Store) -> dict[str, int]:
    with store.read() as session:
        return {
            table.name: session.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
        }


def with_sentences(records: CorpusRecords, *sentences: Sentence) -> CorpusRecords:
    return replace(records, sentences=sentences)


def test_what_goes_in_comes_out(filled: Store, records: CorpusRecords) -> None:
    loaded, expected = load_corpus(filled), expected_corpus(records)
    assert replace(loaded, queries=()) == replace(expected, queries=())
    assert by_class(loaded) == by_class(expected)
    assert loaded.fingerprint == expected.fingerprint


def test_the_report_counts_what_was_stored(store: Store, records: CorpusRecords) -> None:
    report = import_records(store, records)
    rows = rows_of(store)
    assert (report.entities, report.classes, report.queries) == (8, 3, 3)
    assert (report.sentences, report.contexts, report.images) == (5, 7, 6)
    assert report.unreadable_images == 1
    assert report.set_aside == ()
    assert rows["contexts"] == 7
    assert rows["candidate_images"] == 7


@pytest.mark.parametrize(
    ("mention", "reason"),
    [
        (Mention(CHICAGO, 2, 2), "mention 2..2 lies outside the 2 tokens; the line was set aside"),
        (Mention(CHICAGO, -1, 0), "mention -1..0 lies outside"),
        (Mention(CHICAGO, 1, 0), "mention 1..0 lies outside"),
        (Mention(999, 0, 0), "entity 999, which the corpus does not have"),
    ],
)
def test_a_mention_that_does_not_fit_is_set_aside_with_its_place(
    store: Store, records: CorpusRecords, mention: Mention, reason: str
) -> None:
    good = Sentence(("fine", "Chicago"), (Mention(CHICAGO, 1, 1),), 7)
    bad = Sentence(("two", "words"), (mention,), 8)
    report = import_records(store, with_sentences(records, good, bad, good))
    (item,) = report.set_aside
    assert str(item).startswith("sentences.json:8: ")
    assert reason in str(item)
    assert [c.tokens for c in load_corpus(store).contexts] == [("fine", "Chicago")] * 2


def test_one_bad_mention_does_not_cost_the_others(store: Store, records: CorpusRecords) -> None:
    mentions = (Mention(CHICAGO, 0, 0), Mention(CHICAGO, 0, 0), Mention(BOGOTA, 1, 5))
    report = import_records(store, with_sentences(records, Sentence(("a", "b"), mentions, 4)))
    assert [str(item) for item in report.set_aside] == [
        f"sentences.json:4: mention 0..0 of entity {CHICAGO} stands here twice; it was set aside",
        "sentences.json:4: mention 1..5 lies outside the 2 tokens; it was set aside",
    ]
    assert [(c.entity, c.start) for c in load_corpus(store).contexts] == [(CHICAGO, 0)]


def test_candidates_that_break_a_rule_are_set_aside(store: Store, records: CorpusRecords) -> None:
    candidates = tuple(
        Candidate(image, rank)
        for image, rank in (("b02.png", 1), ("c03.png", 1), ("b02.png", 2), ("a01.png", 11))
    )
    line = Sentence(("Chicago",), (Mention(CHICAGO, 0, 0, candidates),), 3)
    report = import_records(store, with_sentences(records, line))
    assert len(report.set_aside) == 3
    assert load_corpus(store).contexts[0].image == "b02.png"


def test_members_and_queries_that_do_not_fit_are_set_aside(
    store: Store, records: CorpusRecords
) -> None:
    queries = (
        Query("US cities", 0, (CHICAGO, BOGOTA, LOS_ANGELES)),
        Query("US cities", 0, (CHICAGO, BOGOTA, GEORGIA)),
        Query("US cities", 1, (CHICAGO, CHICAGO, GEORGIA)),
        Query("US cities", 2, (CHICAGO, 999, GEORGIA)),
        Query("Rivers", 0, (CHICAGO, BOGOTA, GEORGIA)),
    )
    members = {**records.members, "US states": (GEORGIA, 999), "Rivers": (CHICAGO,)}
    report = import_records(store, replace(records, queries=queries, members=members))
    assert len(report.set_aside) == 6
    assert load_corpus(store).queries == queries[:1]
    assert load_corpus(store).members["US states"] == {GEORGIA}


def failing_late(sentences: tuple[Sentence, ...]) -> Iterator[Sentence]:
    for _ in range(AT_ONCE):
        yield from sentences
    raise RuntimeError("the disk went away")


def test_a_failure_leaves_the_store_as_it_was(store: Store, records: CorpusRecords) -> None:
    before = rows_of(store)
    sentences = tuple(records.sentences)
    with pytest.raises(RuntimeError, match="the disk went away"):
        import_records(store, replace(records, sentences=failing_late(sentences)))
    assert rows_of(store) == before
    assert import_records(store, records).changed


def test_strict_stops_at_the_first_misfit_and_stores_nothing(
    store: Store, records: CorpusRecords
) -> None:
    bad = Sentence(("x",), (Mention(CHICAGO, 1, 1),), 41)
    with pytest.raises(MesedFormatError, match=r"sentences\.json:41: mention 1\.\.1 lies outside"):
        import_records(store, with_sentences(records, *records.sentences, bad), strict=True)
    assert is_empty(store)


def test_a_corpus_without_a_usable_sentence_is_refused(
    store: Store, records: CorpusRecords
) -> None:
    bad = Sentence(("x",), (Mention(CHICAGO, 1, 1),), 41)
    with pytest.raises(ImportRefused, match=r"no usable sentence; first of all sentences\.json:41"):
        import_records(store, with_sentences(records, bad))
    assert is_empty(store)


def test_the_same_corpus_again_changes_nothing(filled: Store, records: CorpusRecords) -> None:
    before, corpus = rows_of(filled), load_corpus(filled)
    report = import_records(filled, replace(records, sentences=iter(records.sentences)))
    assert not report.changed
    assert rows_of(filled) == before
    assert load_corpus(filled) == corpus


def test_another_corpus_is_refused_with_a_way_out(filled: Store, records: CorpusRecords) -> None:
    before = rows_of(filled)
    sentences = list(records.sentences)
    for other in (
        replace(records, sentences=sentences[:-1]),
        replace(records, sentences=[*sentences, sentences[0]]),
        replace(records, members={**records.members, "US states": (BOGOTA,)}),
        replace(records, queries=records.queries[1:]),
        replace(records, entities=[*records.entities[:-1], Entity(17, "Other")]),
    ):
        with pytest.raises(ImportRefused, match=r"holds the corpus 'small'.*set MESE_HOME"):
            import_records(filled, replace(other, name="other"))
    assert rows_of(filled) == before


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("gone.png", "no such file"),
        ("../outside.png", "leads outside the image folder"),
        ("text.png", "not an image of a known format"),
        ("large.png", "over the 100 allowed"),
        ("", "not a file"),
    ],
)
def test_an_unreadable_image_is_kept_with_its_reason_and_never_given(
    store: Store, records: CorpusRecords, path: str, problem: str
) -> None:
    draw(records.image_root.parent, "outside.png")
    draw(records.image_root, "large.png", (11, 10))
    (records.image_root / "text.png").write_text("no picture")
    line = Sentence(("Chicago",), (Mention(CHICAGO, 0, 0, (Candidate(path),)),), 1)
    report = import_records(store, with_sentences(records, line), image_max_pixels=100)
    hash_images(store)
    with store.read() as session:
        wanted = select(StoredImage.sha256, StoredImage.problem).where(StoredImage.path == path)
        sha256, kept = session.execute(wanted).one()
    assert report.unreadable_images == 1
    assert sha256 is None
    assert problem in kept
    assert load_corpus(store).contexts[0].image is None


def test_an_image_that_came_later_is_found_by_importing_again(
    filled: Store, records: CorpusRecords
) -> None:
    draw(records.image_root, "gone.png")
    report = import_records(filled, records)
    assert (report.changed, report.images) == (True, 1)
    assert hash_images(filled) == 1
    assert load_corpus(filled) == expected_corpus_in_order(filled, records)


def expected_corpus_in_order(store: Store, records: CorpusRecords) -> Corpus:
    """Queries come in schema order from the store; everything else is compared as it is."""
    return replace(expected_corpus(records), queries=load_corpus(store).queries)


def test_images_that_moved_are_found_by_importing_with_the_new_root(
    filled: Store, records: CorpusRecords, tmp_path: Path
) -> None:
    moved = tmp_path / "moved"
    shutil.move(records.image_root, moved)
    records = replace(records, image_root=moved)
    assert import_records(filled, records).changed
    assert hash_images(filled) == 5
    assert load_corpus(filled) == expected_corpus_in_order(filled, records)


def test_a_root_without_the_images_is_refused_unless_asked_for(
    filled: Store, records: CorpusRecords, tmp_path: Path
) -> None:
    old, new, before = records.image_root, tmp_path / "new", load_corpus(filled)
    draw(new, "a01.png")
    poorer = replace(records, image_root=new)
    with pytest.raises(ImportRefused) as refused:
        import_records(filled, poorer, source="elsewhere")
    assert str(refused.value) == (
        f"4 images that are readable below {old.resolve()} would not be below {new.resolve()} "
        "(first: ref/e05.png); nothing was changed: name where they are with --image-root, or "
        "take them so with --replace"
    )
    assert load_corpus(filled) == before
    assert hash_images(filled) == 0
    assert import_records(filled, poorer, replace=True).changed
    assert hash_images(filled) == 1
    assert load_corpus(filled) == expected_corpus_in_order(filled, poorer)


def test_copies_that_cannot_be_made_cost_no_image(
    filled: Store, records: CorpusRecords, tmp_path: Path
) -> None:
    before = load_corpus(filled)
    poorer = replace(records, image_root=tmp_path)
    with pytest.raises(ImportRefused, match="5 images that are readable"):
        import_records(filled, poorer, copy_to=tmp_path / "images")
    assert load_corpus(filled) == before


def test_hashing_goes_on_where_it_was_stopped(
    store: Store, records: CorpusRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.images.HASHED_AT_ONCE", 2)
    import_records(store, records)

    def stop(done: int, total: int | None) -> None:
        assert (done, total) == (2, 5)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hash_images(store, stop)
    steps: list[tuple[int, int | None]] = []
    assert hash_images(store, lambda done, total: steps.append((done, total))) == 3
    assert steps == [(2, 3), (3, 3)]
    assert hash_images(store) == 0
    assert load_corpus(store) == expected_corpus_in_order(store, records)


def test_a_file_that_went_between_import_and_hashing_gets_a_problem(
    store: Store, records: CorpusRecords
) -> None:
    import_records(store, records)
    (records.image_root / "c03.png").unlink()
    assert hash_images(store) == 4
    with store.read() as session:
        problem = session.scalar(select(StoredImage.problem).where(StoredImage.path == "c03.png"))
    assert "cannot be read" in problem


def test_an_image_is_served_by_its_hash_and_by_nothing_else(
    filled: Store, records: CorpusRecords
) -> None:
    path = records.image_root / "d04.png"
    assert image_file(filled, sha256_of(path)) == path.resolve()
    for wrong in ("", "0" * 64, "d04.png", "../outside.png", sha256_of(path).upper(), "é" * 64):
        assert image_file(filled, wrong) is None
    sha256 = sha256_of(path)
    path.unlink()
    assert image_file(filled, sha256) is None


def test_a_link_that_leads_out_of_the_image_root_is_not_followed(
    filled: Store, records: CorpusRecords, tmp_path: Path
) -> None:
    path = records.image_root / "d04.png"
    sha256 = sha256_of(path)
    path.rename(tmp_path / "secret.png")
    path.symlink_to(tmp_path / "secret.png")
    assert image_file(filled, sha256) is None


def test_progress_counts_up_to_all_sentences(store: Store, records: CorpusRecords) -> None:
    steps: list[tuple[int, int | None]] = []
    many = tuple(records.sentences) * 500
    import_records(store, with_sentences(records, *many), progress=lambda *step: steps.append(step))
    assert steps == [(1000, 2500), (2000, 2500), (2500, 2500)]


@pytest.mark.parametrize("again", [False, True])
def test_an_import_stops_among_the_images_that_are_only_known(
    store: Store, records: CorpusRecords, again: bool
) -> None:
    known = [ImageFacts(f"{number}.png", licence="CC0") for number in range(1_001)]
    many = replace(records, images=known)
    if again:
        import_records(store, many)

    def stop(done: int, total: int | None) -> None:
        assert done == 0
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_records(store, many, progress=stop)
    assert is_empty(store) is not again


def test_policies_that_need_a_choice_are_refused_while_there_is_none(
    store: Store, records: CorpusRecords
) -> None:
    with pytest.raises(StoreError, match="holds no corpus yet"):
        load_corpus(store)
    import_records(store, records)
    with pytest.raises(StoreError, match="no image policy 'best'; use top1"):
        load_corpus(store, "best")
    with pytest.raises(
        StoreError, match="needs the re-ranking scores of one scorer, and this store holds none"
    ):
        load_corpus(store, "reranked")


def test_with_one_candidate_a_context_every_policy_gives_it(
    store: Store, records: CorpusRecords
) -> None:
    line = Sentence(("Chicago",), (Mention(CHICAGO, 0, 0, (Candidate("a01.png"),)),), 1)
    import_records(store, with_sentences(records, line))
    for policy in ("top1", "reranked", "calibrated"):
        corpus = load_corpus(store, policy)
        assert (corpus.image_policy, corpus.contexts[0].image) == (policy, "a01.png")


@pytest.mark.photobench
def test_photobench_comes_in_as_its_own_figures_say(store: Store, photobench: Path) -> None:
    figures = json.loads((photobench / "stats.json").read_text())
    folder = read_folder(photobench)
    report = import_records(store, folder.records)
    assert folder.set_aside == report.set_aside == ()
    assert hash_images(store) == figures["images"]
    corpus = load_corpus(store)
    assert len(corpus.entities) == figures["entities"] == 998
    assert len(corpus.contexts) == figures["sentences"] == 26_939
    assert {n: len(ids) for n, ids in corpus.members.items()} == figures["class_sizes"]
    assert corpus.fingerprint == expected_corpus(folder.records).fingerprint
