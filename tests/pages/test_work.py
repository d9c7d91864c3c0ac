"""The Data page's work: each stage is told, each may be stopped, and no stop costs an image."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from db.accounts import Role, User
from db.corpus import ImportRefused, ImportReport, is_empty, load_corpus
from db.jobs import Jobs, Stopped, Tell
from db.store import Store, StoreError
from mese.settings import Settings
from pages.parts import work
from tests.conftest import draw_picture

LEAD = User("ann", Role.LEAD)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.delenv("MESE_DATABASE_URL", raising=False)
    return Settings(home=tmp_path / "home")


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with closing(Store.open(settings.store_url)) as opened:
        yield opened


def table(folder: Path, *towns: str) -> Path:
    """A table of towns with a picture each, in a folder of its own."""
    rows = ["entity,sentence,image"]
    for seed, town in enumerate(towns):
        draw_picture(folder / f"{town}.png", seed)
        rows.append(f"{town},In {town}.,{town}.png")
    (folder / "towns.csv").write_text("\n".join(rows) + "\n")
    return folder / "towns.csv"


def archive(folder: Path, *towns: str) -> io.BytesIO:
    stream = io.BytesIO()
    table(folder, *towns)
    with zipfile.ZipFile(stream, "w") as file:
        for path in folder.iterdir():
            file.write(path, path.name)
    return stream


def quiet(stage: str, done: int, of: int | None) -> None:
    """Nobody listens."""


def stopping_at(wanted: str) -> Tell:
    def tell(stage: str, done: int, of: int | None) -> None:
        if stage == wanted:
            raise Stopped

    return tell


def send(
    store: Store, settings: Settings, stream: io.BytesIO, tell: Tell = quiet, replace: bool = False
) -> ImportReport:
    return work.import_upload(
        store, settings, LEAD, "towns.zip", stream, replace=replace, tell=tell
    )


def uploads(settings: Settings) -> list[Path]:
    return sorted((settings.home / "uploads").iterdir())


def images_there(store: Store) -> int:
    corpus = load_corpus(store)
    return sum((corpus.image_root / str(c.image)).is_file() for c in corpus.contexts)


@pytest.mark.parametrize("replace", [False, True])
def test_an_upload_stopped_while_it_is_hashed_keeps_its_images(
    store: Store, settings: Settings, tmp_path: Path, replace: bool
) -> None:
    if replace:
        send(store, settings, archive(tmp_path / "old", "Rome"))
    stream = archive(tmp_path / "new", "Oslo", "Lima")
    report = send(store, settings, stream, stopping_at("Hashing images"), replace)
    assert report.not_hashed == (
        "the corpus is in the store; hashing its images stopped (it was asked to): "
        "`python -m db check` goes on"
    )
    assert [e.name for e in load_corpus(store).entities] == ["Oslo", "Lima"]
    assert images_there(store) == 2
    assert len(uploads(settings)) == 1


@pytest.mark.parametrize("stage", ["Reading sentences", "Storing tables"])
def test_an_upload_stopped_before_it_is_stored_leaves_nothing(
    store: Store, settings: Settings, tmp_path: Path, stage: str
) -> None:
    with pytest.raises(Stopped):
        send(store, settings, archive(tmp_path / "new", "Oslo"), stopping_at(stage))
    assert (is_empty(store), uploads(settings)) == (True, [])


@pytest.mark.parametrize("row", ["Rome,In Rome.,", "Rome,Elsewhere.,", "{"])
def test_a_table_that_is_read_tells_and_stops_there(
    store: Store, settings: Settings, tmp_path: Path, row: str
) -> None:
    path = tmp_path / "towns.csv"
    path.write_text("entity,sentence,image\n" + f"{row}\n" * 9_000 + "Oslo,In Oslo.,\n")
    told: list[tuple[str, int, int | None]] = []

    def bring_in(tell: Tell) -> None:
        work.import_from(store, settings, LEAD, path, None, replace=False, copy=False, tell=tell)

    with pytest.raises(Stopped):
        bring_in(stopping_at("Reading"))
    assert is_empty(store)
    bring_in(lambda stage, done, of: told.append((stage, done, of)))
    assert [t for t in told if t[0] == "Reading"] == [
        ("Reading", lines, 0) for lines in (2_000, 4_000, 6_000, 8_000)
    ]


@pytest.mark.parametrize("file", ["entity2id.txt", "gt/Towns.txt", "entities.jsonl"])
def test_a_folder_that_is_read_stops_there(
    store: Store, settings: Settings, tmp_path: Path, file: str
) -> None:
    folder = tmp_path / "towns"
    for name, text in {
        "entity2id.txt": "Rome\t1\n",
        "sentences.json": '{"tokens": ["Rome"], "entityMentions": '
        '[{"entityId": 1, "start": 0, "end": 0}]}\n',
        "gt/Towns.txt": "1\tRome\t1\n",
        "entities.jsonl": "{}\n",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text * (2_001 if name == file else 1))
    with pytest.raises(Stopped):
        work.import_from(
            store, settings, LEAD, folder, None, replace=False, copy=False,
            tell=stopping_at("Reading"),
        )  # fmt: skip
    assert is_empty(store)
    work.import_from(store, settings, LEAD, folder, None, replace=False, copy=False, tell=quiet)
    assert not is_empty(store)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Stopped(), "it was asked to"),
        (OSError(28, "No space left on device"), "[Errno 28] No space left on device"),
        (StoreError("the store is busy"), "the store is busy"),
        (KeyError("secret detail"), "Look for fault "),
    ],
    ids=lambda value: type(value).__name__,
)
def test_whatever_ends_the_hashing_the_import_is_reported(
    store: Store, settings: Settings, tmp_path: Path, fault: Exception, said: str
) -> None:
    path, jobs = table(tmp_path / "new", "Oslo"), Jobs()
    with path.open("a") as stream:
        stream.write("Lima,Not there.,\n")

    def bring_in(tell: Tell) -> ImportReport:
        def fail_there(stage: str, done: int, of: int | None) -> None:
            if stage == "Hashing images":
                raise fault
            tell(stage, done, of)

        return work.import_from(
            store, settings, LEAD, path, None, replace=False, copy=False, tell=fail_there
        )

    jobs.start(LEAD, "import", "Import", bring_in)
    job = jobs.wait(20)
    assert job is not None
    assert job.refusal is None
    assert (job.report.contexts, len(job.report.set_aside)) == (1, 1)
    assert "the corpus is in the store" in job.report.not_hashed
    assert said in job.report.not_hashed
    assert "secret detail" not in job.report.not_hashed
    assert [e.name for e in load_corpus(store).entities] == ["Oslo"]


def test_an_upload_is_removed_once_another_corpus_is_in_its_place(
    store: Store, settings: Settings, tmp_path: Path
) -> None:
    send(store, settings, archive(tmp_path / "a", "Rome"))
    (first,) = uploads(settings)
    with pytest.raises(ImportRefused):
        send(store, settings, archive(tmp_path / "b", "Oslo"))
    with pytest.raises(Stopped):
        send(store, settings, archive(tmp_path / "c", "Oslo"), stopping_at("Storing tables"), True)
    assert uploads(settings) == [first]
    assert images_there(store) == 1
    send(store, settings, archive(tmp_path / "d", "Oslo"), replace=True)
    (second,) = uploads(settings)
    assert second != first
    assert images_there(store) == 1
    path = table(tmp_path / "e", "Lima")
    work.import_from(store, settings, LEAD, path, None, replace=True, copy=False, tell=quiet)
    assert (uploads(settings), images_there(store)) == ([], 1)


def test_the_same_archive_sent_again_leaves_one_upload(
    store: Store, settings: Settings, tmp_path: Path
) -> None:
    for turn in "ab":
        send(store, settings, archive(tmp_path / turn, "Rome", "Oslo"))
    assert (len(uploads(settings)), images_there(store)) == (1, 2)


def test_an_upload_that_misses_images_is_refused_and_forgotten(
    store: Store, settings: Settings, tmp_path: Path
) -> None:
    send(store, settings, archive(tmp_path / "a", "Rome", "Oslo"))
    (first,), before = uploads(settings), load_corpus(store)
    stream = archive(tmp_path / "b", "Rome", "Oslo")
    with zipfile.ZipFile(stream) as full, zipfile.ZipFile(poorer := io.BytesIO(), "w") as file:
        for name in ("towns.csv", "Rome.png"):
            file.writestr(name, full.read(name))
    with pytest.raises(ImportRefused, match=r"1 image that is .* \(first: Oslo\.png\)"):
        send(store, settings, poorer)
    assert (uploads(settings), load_corpus(store)) == ([first], before)
    send(store, settings, poorer, replace=True)
    assert first in uploads(settings)  # the only place that still has all images
    assert load_corpus(store).image_root != before.image_root


@pytest.mark.parametrize("again", [False, True])
def test_copying_tells_each_image_and_stops_there(
    store: Store, settings: Settings, tmp_path: Path, again: bool
) -> None:
    path = table(tmp_path / "a", "Rome", "Oslo", "Lima")
    if again:
        work.import_from(store, settings, LEAD, path, None, replace=False, copy=False, tell=quiet)
    before = None if is_empty(store) else load_corpus(store)
    told: list[tuple[str, int, int | None]] = []

    def bring_in(tell: Tell) -> None:
        work.import_from(store, settings, LEAD, path, None, replace=False, copy=True, tell=tell)

    with pytest.raises(Stopped):
        bring_in(stopping_at("Copying images"))
    assert (None if is_empty(store) else load_corpus(store)) == before
    bring_in(lambda stage, done, of: told.append((stage, done, of)))
    assert [t for t in told if t[0] == "Copying images"] == [
        ("Copying images", n, 3) for n in (1, 2, 3)
    ]
    if again:
        looked = [t for t in told if t[0] == "Looking at images"]
        assert looked == [("Looking at images", n, 3) for n in (1, 2, 3)]
    else:
        assert [t[2] for t in told if t[0] == "Storing tables"]
    assert load_corpus(store).image_root.is_relative_to(settings.home / "images")


def test_an_export_that_copies_stops_at_an_image(
    store: Store, settings: Settings, tmp_path: Path
) -> None:
    path, target = table(tmp_path / "a", "Rome", "Oslo"), tmp_path / "out"
    work.import_from(store, settings, LEAD, path, None, replace=False, copy=False, tell=quiet)
    with pytest.raises(Stopped):
        work.export_to(store, LEAD, target, None, True, stopping_at("Copying images"))
    assert not target.exists()
