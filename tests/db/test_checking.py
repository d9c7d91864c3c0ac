"""`check`: whatever is broken is named with its place and reason, and the pass can be stopped."""

from __future__ import annotations

import os
import random
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select, text, update

from db import images, second_pass
from db.accounts import NotAllowed, Role, User
from db.checking import CheckReport, Finding, check_store, images_left
from db.corpus import hash_images, image_file, import_records
from db.models import StoredContext, StoredImage
from db.store import Store, StoreError
from mese.corpus import CorpusRecords, Query
from mese.images import sha256_of
from tests.db.conftest import BOGOTA, CHICAGO, LOS_ANGELES, NEW_YORK, WASHINGTON, draw

MISSING = Finding("image", "gone.png", "no such file")


@pytest.fixture
def records(records: CorpusRecords) -> CorpusRecords:
    """The small corpus without its faulty queries, and with a third sentence for each seed."""
    sentences = list(records.sentences)
    again = [replace(s, line=s.line + 10, tokens=(*s.tokens, "!")) for s in sentences]
    queries = (Query("US cities", 0, (WASHINGTON, CHICAGO, LOS_ANGELES)),)
    return replace(records, sentences=[*sentences, *again], queries=queries)


def found(store: Store) -> tuple[Finding, ...]:
    return check_store(store).findings


def rows(store: Store) -> dict[str, StoredImage]:
    with store.read() as session:
        images = session.scalars(select(StoredImage)).all()
        session.expunge_all()
    return {image.path: image for image in images}


def test_a_whole_store_has_one_known_gap(filled: Store, records: CorpusRecords) -> None:
    report = check_store(filled)
    assert report == CheckReport(6, 6, 10, 14, 1, {"image": 1}, (MISSING,))
    assert images_left(filled) == 0
    for path, image in rows(filled).items():
        file = records.image_root / path
        assert image.checked_at is not None
        if path != "gone.png":
            assert (image.bytes, image.sha256) == (file.stat().st_size, sha256_of(file))


def test_import_and_hashing_leave_decoding_to_check(filled: Store) -> None:
    assert images_left(filled) == 6
    assert {image.bytes is None for path, image in rows(filled).items() if path != "gone.png"} == {
        False
    }


def overwrite(path: Path, content: bytes) -> None:
    path.unlink()
    path.write_bytes(content)


def truncate(path: Path) -> None:
    noise = Image.effect_noise((64, 64), 90).convert("RGB")
    noise.save(path)
    overwrite(path, path.read_bytes()[:-2000])


def make_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def lead_outside(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/passwd")


def make_bomb(path: Path) -> None:
    Image.new("1", (400, 300)).save(path)


BREAKS = {
    "no such file": Path.unlink,
    "not an image of a known format": lambda path: overwrite(path, b"no picture at all"),
    "cannot be decoded": truncate,
    "its bytes changed since it was hashed": lambda path: draw(path.parent, path.name, (90, 90)),
    "120000 allowed|over the 100000 allowed": make_bomb,
    "leads outside the image folder": lead_outside,
    "not a file": make_pipe,
}


@pytest.mark.parametrize("reason", BREAKS)
@pytest.mark.parametrize("was_checked", [False, True])
def test_an_image_that_broke_is_named_and_never_given_out(
    filled: Store, records: CorpusRecords, reason: str, was_checked: bool
) -> None:
    if was_checked:
        check_store(filled)
    file = records.image_root / "a01.png"
    before = sha256_of(file)
    BREAKS[reason](file)
    report = check_store(filled, max_pixels=100_000)
    (finding,) = (f for f in report.findings if f.place == "a01.png")
    assert finding.kind == "image"
    assert any(part in finding.reason for part in reason.split("|"))
    assert report.counts == {"image": 2}
    assert image_file(filled, before) is None


def test_a_file_of_the_same_size_is_read_again_only_when_asked(
    filled: Store, records: CorpusRecords
) -> None:
    check_store(filled)
    file = records.image_root / "a01.png"
    whole = file.read_bytes()
    overwrite(file, whole[:-20] + bytes(20))
    quick = check_store(filled)
    assert (quick.read, quick.findings) == (1, (MISSING,))  # what had a problem is tried again
    thorough = check_store(filled, again=True)
    assert (thorough.read, thorough.counts) == (6, {"image": 2})


def test_bytes_that_changed_are_taken_by_importing_again(
    filled: Store, records: CorpusRecords
) -> None:
    draw(records.image_root, "a01.png", (90, 90))
    (finding,) = (f for f in found(filled) if f.place == "a01.png")
    assert "put the old file back, or import the corpus again" in finding.reason
    import_records(filled, records)
    assert found(filled) == (MISSING,)
    assert rows(filled)["a01.png"].sha256 == sha256_of(records.image_root / "a01.png")


def test_an_image_that_was_mended_is_whole_again(filled: Store, records: CorpusRecords) -> None:
    file = records.image_root / "a01.png"
    whole = file.read_bytes()
    overwrite(file, b"no picture")
    assert len(found(filled)) == 2
    overwrite(file, whole)
    draw(records.image_root, "gone.png")
    assert found(filled) == ()
    image = rows(filled)["gone.png"]
    assert (image.width, image.height, image.problem) == (8, 6, None)
    assert image_file(filled, str(image.sha256)) is not None


def test_a_stopped_check_goes_on_where_it_was(
    filled: Store, records: CorpusRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "HASHED_AT_ONCE", 2)
    opened: list[str] = []
    monkeypatch.setattr(second_pass, "sha256_of", lambda path: opened.append(path) or sha(path))
    sha = sha256_of

    def stop(stage: str, done: int, total: int | None) -> None:
        if stage == "Images" and done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check_store(filled, progress=stop)
    assert images_left(filled) == 2
    first = set(opened)
    opened.clear()
    report = check_store(filled)
    assert report.images == 6
    assert first.isdisjoint(opened)
    assert images_left(filled) == 0


def test_progress_counts_to_the_end(filled: Store) -> None:
    told: dict[str, tuple[int, int | None]] = {}
    check_store(filled, progress=lambda stage, done, total: told.update({stage: (done, total)}))
    assert told == {"Sentences": (10, 10), "Images": (6, 6)}


def test_a_missing_image_folder_is_one_finding_and_no_image_is_blamed(
    filled: Store, records: CorpusRecords
) -> None:
    records.image_root.rename(records.image_root.with_name("moved"))
    (finding,) = found(filled)
    assert finding.place == str(records.image_root)
    assert "import again with --image-root" in finding.reason
    assert [path for path, image in rows(filled).items() if image.problem] == ["gone.png"]


def test_queries_that_break_a_rule_are_named(store: Store, records: CorpusRecords) -> None:
    queries = (
        Query("US cities", 0, (WASHINGTON, CHICAGO, NEW_YORK)),
        Query("Capitals", 0, (WASHINGTON, BOGOTA, CHICAGO)),
    )
    import_records(store, replace(records, queries=queries))
    names = {str(finding) for finding in found(store) if finding.kind == "query"}
    city, capital = (f"query 0 of 3 seeds of '{name}': seed " for name in ("US cities", "Capitals"))
    assert names == {
        f"{city}'New York City' (16) has 0 contexts, and needs 2",
        f"{city}'Washington D.C.' (10) seeds 'Capitals' at the same number",
        f"{city}'Chicago' (11) seeds 'Capitals' at the same number",
        f"{capital}'Washington D.C.' (10) seeds 'US cities' at the same number",
        f"{capital}'Chicago' (11) seeds 'US cities' at the same number",
        f"{capital}'Chicago' (11) is not in the class",
    }


def test_what_another_program_did_to_the_file_is_found(
    sqlite_store: Store, records: CorpusRecords
) -> None:
    import_records(sqlite_store, records)
    assert sqlite_store.sqlite_file is not None
    with closing(sqlite3.connect(sqlite_store.sqlite_file)) as other:
        other.execute("PRAGMA ignore_check_constraints = ON")
        other.execute("UPDATE contexts SET span_end = 99 WHERE id = 2")
        other.execute("UPDATE sentences SET tokens = '[\"a\", 1]' WHERE id = 3")
        other.execute("UPDATE sentences SET tokens = 'not JSON' WHERE id = 4")
        other.execute("UPDATE candidate_images SET image_id = 77 WHERE context_id = 1 AND rank = 1")
        other.commit()
    report = check_store(sqlite_store)
    told = {kind: [str(f) for f in report.findings if f.kind == kind] for kind in report.counts}
    assert told["database"] == ["the file: malformed JSON"]
    assert told["context"] == ["context 2: span 4..99 lies outside the 7 tokens"]
    assert told["sentence"] == [
        "sentence 3 (line 3): its tokens are not a list of words",
        "sentence 4 (line 5): its tokens are not JSON",
    ]
    assert told["reference"] == [
        "candidate_images: context_id 1, rank 1, image_id 77: refers to images in vain"
    ]


def test_a_database_whose_keys_were_dropped_has_its_orphans_found(
    postgresql_store: Store, records: CorpusRecords
) -> None:
    import_records(postgresql_store, records)
    with postgresql_store.connection() as connection:
        connection.execute(text("ALTER TABLE contexts DROP CONSTRAINT fk_contexts_sentence_id"))
        connection.execute(
            text("ALTER TABLE contexts DROP CONSTRAINT ck_contexts_span_ends_inside")
        )
    with postgresql_store.write() as session:
        session.execute(update(StoredContext).where(StoredContext.id == 1).values(sentence_id=500))
        session.execute(update(StoredContext).where(StoredContext.id == 2).values(span_end=500))
    told = [str(f) for f in found(postgresql_store) if f.kind in ("reference", "context")]
    assert told == [
        "contexts: id 1, sentence_id 500, token_count 7: refers to sentences in vain",
        "context 2: span 4..500 lies outside the 7 tokens",
    ]


def test_a_damaged_page_is_told(sqlite_store: Store, records: CorpusRecords) -> None:
    import_records(sqlite_store, records)
    file = sqlite_store.sqlite_file
    assert file is not None
    sqlite_store.close()
    with closing(sqlite3.connect(file)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = raw.execute("PRAGMA page_size").fetchone()
        sql = "SELECT rootpage FROM sqlite_master WHERE name = 'ix_contexts_entity_id_id'"
        (page,) = raw.execute(sql).fetchone()
    with file.open("r+b") as stream:
        stream.seek((page - 1) * size + size - 40)
        stream.write(random.Random(1).randbytes(30))
    reopened = Store.open(f"sqlite:///{file}")
    kinds = check_store(reopened).counts
    reopened.close()
    assert kinds["database"] > 0


def test_only_a_lead_checks(filled: Store) -> None:
    with pytest.raises(NotAllowed, match="needs a lead"):
        check_store(filled, user=User("ann", Role.RATER))


def test_an_empty_store_says_what_to_do(store: Store) -> None:
    with pytest.raises(StoreError, match="no corpus yet"):
        check_store(store)


def test_many_findings_are_counted_and_the_first_are_named(
    filled: Store, monkeypatch: pytest.MonkeyPatch, records: CorpusRecords
) -> None:
    monkeypatch.setattr("db.checking.KEPT", 2)
    for name in ("a01.png", "b02.png", "c03.png"):
        (records.image_root / name).unlink()
    report = check_store(filled)
    assert (report.counts, len(report.findings)) == ({"image": 4}, 2)
    assert report.broken == 4


def test_what_is_broken_in_the_tables_is_counted_to_the_last(
    sqlite_store: Store, records: CorpusRecords
) -> None:
    """More than a report names, and more than SQLite itself names of its own accord."""
    many = [replace(s, line=n) for n in range(1, 301) for s in records.sentences[2:3]]
    sentences = [replace(s, tokens=(*s.tokens, str(s.line))) for s in many]
    import_records(sqlite_store, replace(records, sentences=sentences, queries=()))
    with closing(sqlite3.connect(str(sqlite_store.sqlite_file))) as other:
        other.execute("PRAGMA ignore_check_constraints = ON")
        other.execute("UPDATE contexts SET span_end = 99")
        other.execute("UPDATE sentences SET id = id + 1000")
        other.commit()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("db.checking.KEPT", 10)
        report = check_store(sqlite_store)
    assert report.counts == {"database": 300, "reference": 300, "context": 300}
    assert len(report.findings) == 30


def test_hashing_keeps_the_size_and_names_what_has_gone(
    store: Store, records: CorpusRecords
) -> None:
    import_records(store, records)
    (records.image_root / "b02.png").unlink()
    assert hash_images(store) == 4
    images = rows(store)
    assert images["a01.png"].bytes == (records.image_root / "a01.png").stat().st_size
    assert "cannot be read" in str(images["b02.png"].problem)
    assert images["b02.png"].sha256 is None
