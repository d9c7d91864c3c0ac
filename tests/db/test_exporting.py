"""Out of the store and in again: the same corpus, with all that it knows, on both databases."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from db.corpus import export_folder, hash_images, import_path, import_records, load_corpus
from db.exporting import stored_records
from db.models import StoredCorpus, StoredImage
from db.store import Store, StoreError
from mese.corpus import (
    Candidate,
    CorpusRecords,
    ImageFacts,
    Mention,
    Query,
    Score,
    Scorer,
    Sentence,
)
from mese.demo.build import make_plan, records_of
from mese.mesed_format import MesedFormatError, write_folder
from tests.db.conftest import BOGOTA, CHICAGO, GEORGIA, WASHINGTON, statements_of


@pytest.fixture
def full(records: CorpusRecords) -> CorpusRecords:
    """The small corpus with scores, image facts and words of its own."""
    scored = (
        Candidate("a01.png", 1, (Score("clip", 0.25, 0.5, None),)),
        Candidate("b02.png", 2, (Score("clip", 0.75, None, 0.1),)),
    )
    first, *rest = records.sentences
    chicago, washington = first.mentions
    mentions = (
        replace(chicago, candidates=scored),
        replace(washington, extra={"values": {"x": 1}}),
    )
    return replace(
        records,
        sentences=[replace(first, mentions=mentions, extra={"values": {"note": "ü"}}), *rest],
        queries=(
            *records.queries,
            Query("US cities", 0, (CHICAGO, WASHINGTON, GEORGIA, BOGOTA, 16)),
        ),
        scorers=(Scorer("clip", {"alpha": 0.5, "model": "ViT-B/32"}),),
        images=(
            ImageFacts("b02.png", url="https://example.org/b", licence="CC BY 4.0"),
            ImageFacts("never-fetched.png", "cd" * 32, "https://example.org/n", None),
        ),
    )


def fingerprint(store: Store) -> str:
    with store.read() as session:
        return session.get_one(StoredCorpus, 1).fingerprint


def everything(store: Store) -> dict[str, object]:
    with store.read() as session:
        held = stored_records(session, store)
        return {
            "entities": held.entities,
            "classes": held.classes,
            "members": held.members,
            "queries": held.queries,
            "sentences": [replace(s, line=0) for s in held.sentences],
            "images": sorted(held.images, key=lambda facts: facts.path),
            "scorers": held.scorers,
        }


@pytest.fixture
def second(tmp_path: Path, made_file: Path) -> Iterator[Store]:
    """Another empty store, on SQLite: a corpus may move from one database to the other."""
    path = tmp_path / "second" / "mese.db"
    path.parent.mkdir()
    shutil.copyfile(made_file, path)
    opened = Store.open(f"sqlite:///{path}")
    yield opened
    opened.close()


def test_a_corpus_comes_back_with_all_that_it_knows(
    store: Store, second: Store, full: CorpusRecords, tmp_path: Path
) -> None:
    import_records(store, full)
    hash_images(store)
    report = export_folder(store, tmp_path / "out")
    assert (report.sentences, report.image_root) == (5, full.image_root.resolve())
    import_path(second, tmp_path / "out", image_root=full.image_root)
    hash_images(second)
    assert everything(second) == everything(store)
    assert fingerprint(second) == fingerprint(store)
    facts = {facts.path: facts for facts in everything(second)["images"]}  # type: ignore[attr-defined]
    assert facts["never-fetched.png"] == full.images[1]  # type: ignore[index]
    assert facts["b02.png"].licence == "CC BY 4.0"
    assert facts["b02.png"].sha256 is not None


def test_a_second_export_equals_the_first_byte_for_byte(
    store: Store, second: Store, full: CorpusRecords, tmp_path: Path
) -> None:
    import_records(store, full)
    export_folder(store, tmp_path / "one")
    import_path(second, tmp_path / "one", image_root=full.image_root)
    export_folder(second, tmp_path / "two")
    one, two = (
        {p.relative_to(tmp_path / n): p.read_bytes() for p in (tmp_path / n).rglob("*.*")}
        for n in ("one", "two")
    )
    assert one == two


def test_a_policy_gives_one_image_a_context_and_a_line_a_mention(
    store: Store, second: Store, full: CorpusRecords, tmp_path: Path
) -> None:
    import_records(store, full)
    for policy, chosen in (("top1", "a01.png"), ("reranked", "b02.png"), ("calibrated", "b02.png")):
        out = tmp_path / policy
        report = export_folder(store, out, images=policy)
        lines = [json.loads(row) for row in (out / "sentences.json").read_text().splitlines()]
        assert report.sentences == len(lines) == 7
        assert [row.get("image") for row in lines[:2]] == [chosen, "c03.png"]
        assert [len(row["entityMentions"]) for row in lines] == [1] * 7
        assert lines[0]["note"] == lines[1]["note"] == "ü"
        assert not (out / "candidates.jsonl").exists()
        assert "image" not in lines[3]
        got = {(c.entity, c.start, c.image) for c in load_corpus(store, policy).contexts}
        said = {
            (row["entityMentions"][0]["entityId"], row["entityMentions"][0]["start"], row["image"])
            for row in lines
            if row.get("image") not in (None, "gone.png")
        }
        assert said == {key for key in got if key[2] is not None}


@pytest.mark.parametrize("policy", ["top1", "reranked"])
def test_what_a_policy_keeps_is_found_once(
    store: Store, full: CorpusRecords, monkeypatch: pytest.MonkeyPatch, policy: str
) -> None:
    """However many pages of images there are: each used to find it again, in quadratic time."""
    monkeypatch.setattr("db.exporting.AT_ONCE", 1)
    import_records(store, full)
    with store.read() as session:
        images = stored_records(session, store, policy).images
        with statements_of() as asked:
            kept = {facts.path for facts in images}
    assert len(asked) == 1
    first = "a01.png" if policy == "top1" else "b02.png"
    # The second Georgia's first is gone.png; the reference image is Washington's.
    assert kept == {first, "c03.png", "d04.png", "gone.png", "ref/e05.png"}


def test_an_export_tells_how_far_it_is(
    filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.exporting.AT_ONCE", 2)
    told: list[tuple[str, int, int | None]] = []
    export_folder(
        filled,
        tmp_path / "out",
        images="top1",
        copy=True,
        progress=lambda done, of: told.append(("sentences", done, of)),
        stages=lambda stage, done, of: told.append((stage, done, of)),
    )
    assert told[:3] == [("Writing images", n, 5) for n in (2, 4, 5)]
    # Five sentences, two of them with two mentions of different images, are seven lines.
    lines = [("sentences", n, max(n, 5)) for n in (2, 4, 6, 7)]
    assert told[3:7] == lines
    assert {stage for stage, _, _ in told[7:]} == {"Copying images"}


def test_one_image_for_all_mentions_stays_one_line(
    store: Store, records: CorpusRecords, tmp_path: Path
) -> None:
    same = (Candidate("a01.png"),)
    mentions = (Mention(CHICAGO, 0, 0, same), Mention(BOGOTA, 1, 1, same))
    import_records(store, replace(records, sentences=[Sentence(("a", "b"), mentions, 1)]))
    export_folder(store, tmp_path / "out", images="top1")
    (row,) = (tmp_path / "out" / "sentences.json").read_text().splitlines()
    assert len(json.loads(row)["entityMentions"]) == 2


def test_a_policy_that_several_scorers_could_give_is_refused(
    store: Store, full: CorpusRecords, tmp_path: Path
) -> None:
    first, *rest = full.sentences
    chicago, washington = first.mentions
    two = tuple(replace(c, scores=(*c.scores, Score("other", 0.0))) for c in chicago.candidates)
    first = replace(first, mentions=(replace(chicago, candidates=two), washington))
    scorers = (*full.scorers, Scorer("other", {}))
    import_records(store, replace(full, sentences=[first, *rest], scorers=scorers))
    with pytest.raises(StoreError, match="scores of several scorers; use top1"):
        export_folder(store, tmp_path / "out", images="reranked")
    assert not (tmp_path / "out").exists()
    assert list(tmp_path.glob(".out*")) == []


def test_images_are_copied_only_when_asked_and_only_those_that_are(
    store: Store, second: Store, full: CorpusRecords, tmp_path: Path
) -> None:
    import_records(store, full)
    report = export_folder(store, tmp_path / "out", copy=True)
    copied = {p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*.png")}
    assert copied == {"a01.png", "b02.png", "c03.png", "d04.png", "ref/e05.png"}
    assert (report.images_copied, report.not_copied) == (5, ())
    import_path(second, tmp_path / "out")
    assert load_corpus(second).contexts[0].image == "a01.png"


def test_an_export_never_writes_over_anything(filled: Store, tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    export_folder(filled, target)
    with pytest.raises(MesedFormatError, match="holds a corpus already; name an empty folder"):
        export_folder(filled, target)
    (tmp_path / "file").write_text("mine")
    with pytest.raises(MesedFormatError, match="is a file"):
        export_folder(filled, tmp_path / "file")


def test_an_empty_store_has_nothing_to_export(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="holds no corpus yet"):
        export_folder(store, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_was_said_of_a_file_that_can_be_read_is_not_believed(
    store: Store, records: CorpusRecords
) -> None:
    import_records(store, replace(records, images=[ImageFacts("a01.png", "ee" * 32)]))
    hash_images(store)
    with store.read() as session:
        found = session.scalar(select(StoredImage.sha256).where(StoredImage.path == "a01.png"))
    assert found not in (None, "ee" * 32)


@pytest.mark.photobench
def test_photobench_goes_through_the_store_byte_for_byte(
    photobench_store: Store, photobench: Path, tmp_path: Path
) -> None:
    export_folder(photobench_store, tmp_path / "out")
    names = ["entity2id.txt", "sentences.json", "eid2cls.json", "eid2cls.pkl", "schema.json"]
    files = [photobench / name for name in names]
    for name in ("gt", "query", "query_seed=5"):
        files += sorted((photobench / name).iterdir())
    for file in files:
        assert (tmp_path / "out" / file.relative_to(photobench)).read_bytes() == file.read_bytes()
    written = {p.relative_to(tmp_path / "out") for p in (tmp_path / "out").rglob("*.*")}
    assert written == {file.relative_to(photobench) for file in files}


def test_the_embedded_corpus_goes_through_the_store(
    sqlite_store: Store, second: Store, tmp_path: Path
) -> None:
    """Its records, with pictures that are not drawn: the store keeps them as missing."""
    given = records_of(make_plan(), tmp_path)
    given = replace(given, sentences=list(given.sentences))
    import_records(sqlite_store, given)
    export_folder(sqlite_store, tmp_path / "out")
    write_folder(given, tmp_path / "written")
    report = import_path(second, tmp_path / "out", image_root=tmp_path)
    assert report.set_aside == ()
    assert fingerprint(second) == fingerprint(sqlite_store)
    export_folder(second, tmp_path / "again")
    for other in ("written", "again"):
        assert files_below(tmp_path / other) == files_below(tmp_path / "out")


def files_below(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
