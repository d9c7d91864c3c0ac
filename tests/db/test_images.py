"""Passes over the images: one page of them in memory, and never a word about another corpus's."""

from __future__ import annotations

import shutil
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from db import images, second_pass
from db.checking import check_store
from db.corpus import hash_images, import_records
from db.models import StoredCorpus, StoredImage
from db.store import Store, StoreError
from mese.corpus import CorpusRecords
from mese.images import sha256_of
from tests.db.conftest import draw


@pytest.fixture
def elsewhere(store_url: str) -> Iterator[Store]:
    """The same store as another program has it open."""
    opened = Store.open(store_url)
    yield opened
    opened.close()


def other_corpus(records: CorpusRecords) -> CorpusRecords:
    """Another corpus: its images are called otherwise, and have the same ids in the store."""
    root = records.image_root.with_name("others")
    sentences = []
    for sentence in records.sentences:
        mentions = []
        for mention in sentence.mentions:
            named = [replace(c, image=f"other/{c.image}") for c in mention.candidates]
            mentions.append(replace(mention, candidates=tuple(named)))
        sentences.append(replace(sentence, mentions=tuple(mentions)))
    entities = [replace(e, reference_image=None) for e in records.entities]
    for name in ("a01.png", "b02.png", "c03.png", "d04.png"):
        draw(root, f"other/{name}", (20, 20))
    return replace(
        records, name="other", image_root=root, sentences=sentences, entities=entities, images=()
    )


def wrong_hashes(store: Store) -> list[str]:
    """Images whose kept hash or size is not that of their file, by looking at every one."""
    with store.read() as session:
        root = Path(session.scalars(select(StoredCorpus.image_root)).one())
        rows = session.execute(select(StoredImage.path, StoredImage.sha256, StoredImage.bytes))
        return [
            path
            for path, sha256, size in rows
            if sha256 is not None
            and (sha256, size) != (sha256_of(root / path), (root / path).stat().st_size)
        ]


def once(action: Callable[[], object]) -> Callable[[Path], str]:
    """Hashing that lets something else happen between its first read and its first write."""
    waiting = [action]

    def hash_meanwhile(path: Path) -> str:
        digest = sha256_of(path)
        if waiting:
            waiting.pop()()
        return digest

    return hash_meanwhile


PASSES: dict[str, Callable[[Store], object]] = {"hash": hash_images, "check": check_store}


@pytest.mark.parametrize("name", PASSES)
def test_a_corpus_put_in_between_gets_none_of_the_old_ones_hashes(
    store: Store,
    elsewhere: Store,
    records: CorpusRecords,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    import_records(store, records)
    other = other_corpus(records)
    meanwhile = once(lambda: import_records(elsewhere, other, replace=True))
    for module in (images, second_pass):
        monkeypatch.setattr(module, "sha256_of", meanwhile)
    with pytest.raises(StoreError, match="was replaced, or its image folder changed"):
        PASSES[name](store)
    assert wrong_hashes(store) == []
    with store.read() as session:
        assert session.scalars(select(StoredImage.checked_at).distinct()).all() == [None]
        assert session.scalars(select(StoredImage.sha256).distinct()).all() == [None]
    PASSES[name](store)  # as the message says
    assert wrong_hashes(store) == []


@pytest.mark.parametrize("name", PASSES)
def test_a_corpus_put_in_between_two_pages_ends_the_pass(
    store: Store,
    elsewhere: Store,
    records: CorpusRecords,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    """The next page is the other corpus's: it would be looked for below the old one's folder."""
    import_records(store, records)
    other = other_corpus(records)
    monkeypatch.setattr(images, "HASHED_AT_ONCE", 2)
    keep = images.keep_seen

    def keep_and_replace(*given: object) -> None:
        keep(*given)  # type: ignore[arg-type]
        import_records(elsewhere, other, replace=True)

    for module in (images, second_pass):
        monkeypatch.setattr(module, "keep_seen", keep_and_replace)
    with pytest.raises(StoreError, match="was replaced, or its image folder changed"):
        PASSES[name](store)
    with store.read() as session:
        bad = session.scalars(select(StoredImage.path).where(StoredImage.problem.is_not(None)))
        assert bad.all() == ["other/gone.png"]


def test_a_folder_that_moved_meanwhile_gets_no_hash_of_the_old_ones_files(
    store: Store, elsewhere: Store, records: CorpusRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The corpus is the same, its fingerprint too; only the files are others now."""
    import_records(store, records)
    moved = records.image_root.with_name("moved")
    shutil.copytree(records.image_root, moved)
    draw(moved, "a01.png", (30, 30))
    again = replace(records, image_root=moved)
    monkeypatch.setattr(images, "sha256_of", once(lambda: import_records(elsewhere, again)))
    with pytest.raises(StoreError, match="its image folder changed"):
        hash_images(store)
    hash_images(store)
    assert wrong_hashes(store) == []


def test_hashing_holds_one_page_of_images(
    sqlite_store: Store, records: CorpusRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    """2,000 paths of 4,000 letters are 8 MB; a page of them is a twentieth of that."""
    import_records(sqlite_store, records)
    rows = [
        {"id": 1_000 + n, "path": f"{n:04}".rjust(4_000, "x"), "width": 1, "height": 1}
        for n in range(2_000)
    ]
    with sqlite_store.write() as session:
        session.execute(insert(StoredImage), rows)
    del rows
    seen = {"problem": None, "sha256": "a" * 64, "bytes": 1}
    monkeypatch.setattr(images, "_hash", lambda root, number, path: {"image": number, **seen})
    monkeypatch.setattr(images, "HASHED_AT_ONCE", 100)
    steps: list[tuple[int, int | None]] = []
    tracemalloc.start()
    assert hash_images(sqlite_store, lambda done, total: steps.append((done, total))) == 2_005
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4e6
    assert steps[-1] == (2_005, 2_005)
    assert len(steps) == 21
