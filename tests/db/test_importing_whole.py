"""An import is whole or not at all: stopped, killed, raced, replaced; and what differs is told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from db.corpus import ImportRefused, hash_images, import_path, import_records, load_corpus
from db.models import StoredCorpus
from db.staging import PREFIX
from db.store import Store
from mese.corpus import (
    Candidate,
    CorpusRecords,
    Entity,
    ImageFacts,
    Mention,
    Query,
    Scorer,
    SemanticClass,
    Sentence,
)
from mese.mesed_format import write_folder
from tests.db.conftest import BOGOTA, CHICAGO, GEORGIA, LOS_ANGELES, WASHINGTON, draw
from tests.db.test_importing import rows_of

ROOT = Path(__file__).parents[2]


def litter(store: Store) -> list[Path]:
    home = store.sqlite_file.parent if store.sqlite_file else Path("/nowhere")
    return [path for path in home.glob("*") if not path.name.startswith("mese.db")]


def other(records: CorpusRecords) -> CorpusRecords:
    """Another corpus with one difference of every kind."""
    entities = [e for e in records.entities if e.id != 17]
    entities[1] = replace(entities[1], name="Chicago, Ill.")
    entities[2] = replace(entities[2], role="sibling")
    first, *rest = records.sentences
    return replace(
        records,
        name="other",
        entities=[*entities, Entity(99, "Newtown")],
        classes=[*records.classes[:2], SemanticClass("Seats", "Seats", "Politics")],
        members={
            **records.members,
            "US states": (GEORGIA, BOGOTA),
            "Seats": (BOGOTA,),
        },
        queries=(*records.queries[:1], Query("US cities", 1, (CHICAGO, WASHINGTON, LOS_ANGELES))),
        sentences=[*rest, replace(first, tokens=("Then", *first.tokens[1:])), rest[0]],
        scorers=(Scorer("clip", {}),),
        images=(ImageFacts("a01.png", None, "https://example.org", None),),
    )


def test_what_differs_is_told_with_first_examples(filled: Store, records: CorpusRecords) -> None:
    before = rows_of(filled)
    with pytest.raises(ImportRefused) as refused:
        import_records(filled, other(records))
    told = {d.what: (d.count, d.examples) for d in refused.value.differences}
    assert told == {
        "entities added": (1, ("Newtown (99)",)),
        "entities removed": (1, ("Unseen (17)",)),
        "entities renamed": (1, (f"{CHICAGO}: Chicago → Chicago, Ill.",)),
        "entities with other aliases, role or reference image": (
            1,
            (f"Los Angeles ({LOS_ANGELES})",),
        ),
        "classes added": (1, ("Seats",)),
        "classes removed": (1, ("Capitals",)),
        "classes with other members": (1, ("US states",)),
        "queries added": (1, ("US cities 1: 11 10 12",)),
        "queries removed": (2, ("US cities 1: 10 11 12", "Capitals 0: 13 10 11")),
        "scorers or their settings changed": (1, ("scorers.json",)),
        "images with another URL or licence": (1, ("a01.png (https://example.org, no licence)",)),
        "sentences added": (
            2,
            ("line 1: 'Then lies west of Washington D.C. today'", "line 2: 'In Chicago it blows'"),
        ),
        "sentences removed": (1, ("line 1: 'Chicago lies west of Washington D.C. today'",)),
    }
    assert "1 entities added (Newtown (99))" in str(refused.value)
    assert "import it with --replace" in str(refused.value)
    assert rows_of(filled) == before
    assert litter(filled) == []


def test_replace_puts_another_corpus_in_its_place(
    filled: Store, records: CorpusRecords, tmp_path: Path
) -> None:
    given = other(records)
    report = import_records(filled, given, replace=True)
    assert (report.changed, report.replaced, report.name) == (True, "small", "other")
    fresh = Store.open(f"sqlite:///{tmp_path / 'fresh' / 'mese.db'}")
    with closing(fresh):
        import_records(fresh, given)
        assert load_corpus(filled) == load_corpus(fresh)
        assert rows_of(filled) == rows_of(fresh)
    assert not import_records(filled, given, replace=True).changed
    assert import_records(filled, records, replace=True).replaced == "other"


def failing(sentences: tuple[Sentence, ...]) -> Iterator[Sentence]:
    yield from sentences
    raise KeyboardInterrupt


def test_a_replacement_that_is_stopped_leaves_what_there_was(
    filled: Store, records: CorpusRecords
) -> None:
    before, corpus = rows_of(filled), load_corpus(filled)
    stopped = replace(other(records), sentences=failing(tuple(records.sentences)))
    with pytest.raises(KeyboardInterrupt):
        import_records(filled, stopped, replace=True)
    assert (rows_of(filled), load_corpus(filled)) == (before, corpus)
    assert litter(filled) == []


def test_a_replacement_that_fails_while_pouring_leaves_what_there_was(
    filled: Store, records: CorpusRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, corpus = rows_of(filled), load_corpus(filled)

    def pour_half(*given: object) -> None:
        raise OSError("the disk went away")

    monkeypatch.setattr("db.importing.pour", pour_half)
    with pytest.raises(OSError, match="the disk went away"):
        import_records(filled, other(records), replace=True)
    assert (rows_of(filled), load_corpus(filled)) == (before, corpus)


def test_others_may_write_while_a_corpus_is_read(store: Store, records: CorpusRecords) -> None:
    """Were the write lock held, the inner write would wait for it until it is refused."""

    def writing() -> Iterator[Sentence]:
        for sentence in records.sentences:
            with store.write() as session:
                session.scalar(select(StoredCorpus.id))
            yield sentence

    assert import_records(store, replace(records, sentences=writing())).contexts == 7


def test_of_two_imports_at_once_the_second_is_told(store: Store, records: CorpusRecords) -> None:
    def overtaken() -> Iterator[Sentence]:
        yield from records.sentences
        import_records(store, replace(records, name="quicker"))

    with pytest.raises(ImportRefused, match=r"another import into .* came first; nothing was done"):
        import_records(store, replace(records, sentences=overtaken()))
    assert load_corpus(store).name == "quicker"


def test_a_killed_import_leaves_the_store_and_its_litter_is_taken_away(
    sqlite_store: Store, records: CorpusRecords, tmp_path: Path
) -> None:
    sentences = tuple(records.sentences) * 4_000
    write_folder(replace(records, sentences=sentences), tmp_path / "folder")
    home = sqlite_store.sqlite_file.parent  # type: ignore[union-attr]
    environment = {**os.environ, "MESE_HOME": str(home)}
    environment.pop("MESE_DATABASE_URL", None)
    command = [sys.executable, "-m", "db", "import", str(tmp_path / "folder")]
    running = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not list(home.glob(f"{PREFIX}*/staged.db")):
        assert running.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    running.wait()
    (left,) = home.glob(f"{PREFIX}*")
    assert rows_of(sqlite_store)["contexts"] == 0
    import_records(sqlite_store, records)
    assert not left.exists()
    assert litter(sqlite_store) == []


def test_a_working_folder_in_use_is_left_alone(
    sqlite_store: Store, records: CorpusRecords, tmp_path: Path
) -> None:
    def meanwhile() -> Iterator[Sentence]:
        second = Store.open(f"sqlite:///{sqlite_store.sqlite_file.parent / 'second.db'}")  # type: ignore[union-attr]
        with closing(second):
            import_records(second, records)
        yield from records.sentences

    assert import_records(sqlite_store, replace(records, sentences=meanwhile())).contexts == 7


def test_postgresql_keeps_working_files_where_it_is_told(
    postgresql_store: Store, records: CorpusRecords, tmp_path: Path
) -> None:
    """The system's temporary folder is memory on many machines."""
    seen: list[Path] = []

    def looking() -> Iterator[Sentence]:
        seen.extend((tmp_path / "home").glob(f"{PREFIX}*"))
        yield from records.sentences

    given = replace(records, sentences=looking())
    import_records(postgresql_store, given, work_in=tmp_path / "home")
    assert len(set(seen)) == 1
    assert list((tmp_path / "home").iterdir()) == []


def test_looking_again_tells_each_image_and_may_be_stopped(
    filled: Store, records: CorpusRecords
) -> None:
    draw(records.image_root, "gone.png")
    told: list[tuple[str, int, int]] = []
    before = load_corpus(filled)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_records(filled, records, stages=stop)
    assert load_corpus(filled) == before
    import_records(filled, records, stages=lambda *given: told.append(given))
    assert told == [("Looking at images", 1, 1)]
    assert load_corpus(filled) != before


def test_images_are_copied_below_the_home_when_asked(
    store: Store, records: CorpusRecords, tmp_path: Path
) -> None:
    import_records(store, records, copy_to=tmp_path / "images")
    for path in sorted(records.image_root.rglob("*.png")):
        path.unlink()
    assert hash_images(store) == 5
    corpus = load_corpus(store)
    assert corpus.image_root.parent == tmp_path / "images"
    assert (corpus.image_root / "ref" / "e05.png").is_file()
    assert corpus.contexts[0].image == "a01.png"
    assert not list((tmp_path / "images").rglob("*.part"))


def test_a_copy_never_leaves_its_folder(
    store: Store, records: CorpusRecords, tmp_path: Path
) -> None:
    entities = [replace(e, reference_image="../pictures/a01.png") for e in records.entities]
    import_records(store, replace(records, entities=entities), copy_to=tmp_path / "images")
    found = {p.relative_to(tmp_path).parts[0] for p in tmp_path.rglob("a01.png")}
    assert found == {"pictures", "images"}
    (only,) = (tmp_path / "images").iterdir()
    assert sorted(p.name for p in only.iterdir()) == ["a01.png", "b02.png", "c03.png", "d04.png"]


def test_the_simple_form_goes_into_the_store(store: Store, records: CorpusRecords) -> None:
    names = ("Chicago", "Bogotá", "Peru")
    rows = [f"{n},I like {n} {word}.,a01.png,Places" for n in names for word in ("now", "then")]
    path = records.image_root / "mine.csv"
    path.write_text("\n".join(["entity,sentence,image,class", *rows, "Rome,Nothing,,"]) + "\n")
    report = import_path(store, path)
    assert (report.entities, report.contexts, report.queries) == (3, 6, 1)
    assert [str(item) for item in report.set_aside] == [
        "mine.csv:8: 'Rome' does not stand in the sentence; the row was set aside"
    ]
    assert load_corpus(store).contexts[2].tokens == ("I", "like", "Bogotá", "now", ".")
    assert not import_path(store, path).changed


def test_mentions_that_do_not_fit_do_not_change_the_fingerprint(
    store: Store, records: CorpusRecords
) -> None:
    bad = Sentence(("x",), (), 9)
    assert import_records(store, replace(records, sentences=[*records.sentences, bad])).set_aside
    assert not import_records(store, records).changed


def test_an_image_that_came_later_is_copied_by_importing_again(
    store: Store, records: CorpusRecords, tmp_path: Path
) -> None:
    import_records(store, records, copy_to=tmp_path / "images")
    draw(records.image_root, "gone.png")
    report = import_records(store, records, copy_to=tmp_path / "images")
    assert (report.changed, report.images) == (True, 1)
    assert len(list((tmp_path / "images").rglob("gone.png"))) == 1
    assert hash_images(store) == 6
    assert not import_records(store, records, copy_to=tmp_path / "images").changed


def test_importing_again_takes_no_more_memory_for_more_images(
    sqlite_store: Store, records: CorpusRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None of these images is there, so all are looked at again."""
    monkeypatch.setattr("db.second_look.AT_ONCE", 100)

    def peak(images: int) -> int:
        mentions = (Mention(CHICAGO, 0, 0, (Candidate(f"{n}.png"),)) for n in range(images))
        rows = tuple(Sentence(("Chicago",), (m,), n) for n, m in enumerate(mentions, 1))
        given = replace(records, sentences=rows)
        import_records(sqlite_store, given, replace=True)
        tracemalloc.start()
        assert not import_records(sqlite_store, given).changed
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(100)  # what is imported and compiled once does not count
    assert peak(2_000) < 1.2 * peak(500)
