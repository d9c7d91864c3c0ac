"""The store's promises: one writer at a time, readers that never wait, faults told plainly."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import DBAPIError

from db.backing_up import back_up
from db.models import StoredImage
from db.store import Store, StoreError, parse_url
from tests.postgres_cluster import Cluster

PRAGMAS = ("journal_mode", "foreign_keys", "busy_timeout", "query_only", "synchronous")


def add_next_image(store: Store) -> None:
    """Read, then write what was read: wrong as soon as two of these overlap."""
    with store.write() as session:
        last = session.scalar(select(func.max(StoredImage.id))) or 0
        session.add(StoredImage(id=last + 1, path=f"{last + 1}.png", width=1, height=1))


def test_writers_in_many_threads_never_read_the_same_state(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(add_next_image, store) for _ in range(120)]:
            done.result()
    with store.read() as session:
        assert session.scalars(select(StoredImage.id).order_by(StoredImage.id)).all() == list(
            range(1, 121)
        )


def test_a_reader_neither_waits_for_a_writer_nor_sees_its_half_done_work(store: Store) -> None:
    with store.write() as writing:
        writing.add(StoredImage(id=1, path="a.png", width=1, height=1))
        writing.flush()
        with store.read() as reading:
            assert reading.scalar(select(func.count(StoredImage.id))) == 0
    with store.read() as reading:
        assert reading.scalar(select(func.count(StoredImage.id))) == 1


def test_a_reader_sees_one_state_from_its_first_look_to_its_last(store: Store) -> None:
    with store.read() as reading:
        assert reading.scalar(select(func.count(StoredImage.id))) == 0
        add_next_image(store)
        assert reading.scalar(select(func.count(StoredImage.id))) == 0


def test_a_reader_cannot_write(store: Store) -> None:
    with pytest.raises(DBAPIError, match=r"read-?only"), store.read() as session:
        session.execute(insert(StoredImage), [{"id": 1, "path": "a", "width": 1, "height": 1}])


def test_an_error_undoes_the_whole_transaction(store: Store) -> None:
    def fail_halfway() -> None:
        with store.write() as session:
            session.add(StoredImage(id=1, path="a.png", width=1, height=1))
            session.flush()
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        fail_halfway()
    with store.read() as session:
        assert session.get(StoredImage, 1) is None


def test_the_pragmas_hold_on_every_connection(sqlite_store: Store) -> None:
    for opened, writes in ((sqlite_store.write, True), (sqlite_store.read, False)):
        with opened() as session:
            pragmas = {name: session.scalar(text(f"PRAGMA {name}")) for name in PRAGMAS}
        assert pragmas == {
            "journal_mode": "wal",
            "foreign_keys": 1,
            "busy_timeout": 5000,
            "query_only": 0 if writes else 1,
            "synchronous": 1 if writes else 2,  # NORMAL, and SQLite's own FULL
        }


def damaged(path: Path) -> Path:
    """A store whose first page tells of tables and whose others are noise."""
    Store.open(f"sqlite:///{path}").close()
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    return path


def test_a_damaged_file_is_refused_with_its_place_and_the_mend(tmp_path: Path) -> None:
    path = damaged(tmp_path / "mese.db")
    with pytest.raises(StoreError, match=r"malformed; look at MESE_HOME .* import again") as told:
        Store.open(f"sqlite:///{path}")
    assert str(path) in str(told.value)


def test_a_writer_that_waits_in_vain_says_why(
    store: Store, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.store.BUSY_TIMEOUT_MS", 1)
    hasty = Store.connect(store_url)
    with store.write() as writing:
        writing.connection()
        with pytest.raises(StoreError, match=r"another program is writing to it, try again"):
            add_next_image(hasty)
        with hasty.read() as session:  # which waits for nobody
            assert session.scalar(select(func.count(StoredImage.id))) == 0
    add_next_image(hasty)
    hasty.close()


def test_a_writer_waits_for_another_to_be_done(store: Store) -> None:
    first_writes, first_may_end = threading.Event(), threading.Event()

    def first() -> None:
        with store.write() as session:
            session.add(StoredImage(id=1, path="1.png", width=1, height=1))
            session.flush()
            first_writes.set()
            assert first_may_end.wait(10)

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(first)
        assert first_writes.wait(10)
        two = pool.submit(add_next_image, store)
        first_may_end.set()
        one.result()
        two.result()
    with store.read() as session:
        assert session.scalars(select(StoredImage.path).order_by(StoredImage.id)).all() == [
            "1.png",
            "2.png",
        ]


def look(store: Store) -> None:
    with store.read() as session:
        session.scalar(select(func.count(StoredImage.id)))


@pytest.mark.parametrize("use", [look, add_next_image])
@pytest.mark.parametrize("fate", ["removed", "replaced by another"])
def test_a_file_that_was_taken_away_is_noticed(
    sqlite_store: Store, made_file: Path, tmp_path: Path, use: Callable[[Store], None], fate: str
) -> None:
    add_next_image(sqlite_store)
    look(sqlite_store)
    file = sqlite_store.sqlite_file
    assert file is not None
    if fate == "removed":
        file.unlink()
    else:
        shutil.copyfile(made_file, tmp_path / "other.db")
        os.replace(tmp_path / "other.db", file)
    for _ in range(2):  # it stays noticed
        with pytest.raises(StoreError, match=f"mese.db was {fate} while .* put a copy of it back"):
            use(sqlite_store)


def test_a_writer_whose_file_goes_under_its_hands_is_not_told_that_all_is_well(
    sqlite_store: Store,
) -> None:
    file = sqlite_store.sqlite_file
    assert file is not None

    def write() -> None:
        with sqlite_store.write() as session:
            session.add(StoredImage(id=1, path="a", width=1, height=1))
            session.flush()
            file.unlink()

    with pytest.raises(StoreError, match="was removed"):
        write()


def test_a_store_that_was_closed_takes_the_file_that_is_there(
    sqlite_store: Store, made_file: Path
) -> None:
    add_next_image(sqlite_store)
    sqlite_store.close()
    file = sqlite_store.sqlite_file
    assert file is not None
    file.unlink()
    shutil.copyfile(made_file, file)
    add_next_image(sqlite_store)


def test_a_copy_beside_the_log_of_the_file_before_it_is_refused(
    sqlite_store: Store, tmp_path: Path
) -> None:
    back_up(sqlite_store, tmp_path / "copy.db")
    add_next_image(sqlite_store)
    file = sqlite_store.sqlite_file
    assert file is not None
    log = file.with_name("mese.db-wal")
    assert log.stat().st_size > 0
    whole = (tmp_path / "copy.db").read_bytes()
    os.replace(tmp_path / "copy.db", file)
    for use in (Store.open, Store.open_existing):
        with pytest.raises(StoreError, match=r"another file: .* remove mese.db-wal and mese.db-sh"):
            use(f"sqlite:///{file}")
    assert file.read_bytes() == whole
    for beside in (log, file.with_name("mese.db-shm")):
        beside.unlink()
    with closing(Store.open(f"sqlite:///{file}")) as restored, restored.read() as session:
        assert session.scalar(select(func.count(StoredImage.id))) == 0


def test_any_copy_beside_its_log_is_refused_by_a_program_that_had_the_file_open(
    sqlite_store: Store,
) -> None:
    add_next_image(sqlite_store)
    file = sqlite_store.sqlite_file
    assert file is not None
    with closing(sqlite_store.open_again()) as again:
        look(again)
    shutil.copyfile(file, file.with_name("copy.db"))  # which claims to have a log
    os.replace(file.with_name("copy.db"), file)
    with pytest.raises(StoreError, match=r"beside the log of another file"):
        sqlite_store.open_again()
    for beside in ("mese.db-wal", "mese.db-shm"):
        file.with_name(beside).unlink()
    with closing(sqlite_store.open_again()) as restored:
        add_next_image(restored)


def test_a_database_that_lost_its_tables_is_missed_and_not_made_anew(
    cluster: Cluster, made_database: str
) -> None:
    name = cluster.create(made_database)
    with closing(Store.open(cluster.url(name))) as store:
        with psycopg.connect(cluster.url(name), autocommit=True) as other:
            other.execute("DROP SCHEMA public CASCADE")
            other.execute("CREATE SCHEMA public")
        with pytest.raises(StoreError, match=r"has lost its tables while .* restore a backup"):
            store.open_again()
    cluster.drop(name)


@pytest.fixture
def read_only_disk(made_file: Path, tmp_path: Path) -> Iterator[Path]:
    """A disk with a store on it that nothing can be written to."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    if not mount or subprocess.run([mount, "-t", "tmpfs", "none", place], check=False).returncode:
        pytest.skip("only who may mount a disk can make it read-only")
    try:
        shutil.copyfile(made_file, place / "mese.db")
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


def make_read_only(place: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", place], check=True)


def test_a_store_on_a_read_only_disk_is_read_and_copied(
    read_only_disk: Path, tmp_path: Path
) -> None:
    make_read_only(read_only_disk)
    store = Store.open_existing(f"sqlite:///{read_only_disk / 'mese.db'}")
    look(store)
    back_up(store, tmp_path / "copy.db")
    with pytest.raises(StoreError, match=r"can only be read there; move it .* or look at MESE_HOM"):
        add_next_image(store)
    store.close()
    assert os.listdir(read_only_disk) == ["mese.db"]
    with closing(Store.open_existing(f"sqlite:///{tmp_path / 'copy.db'}")) as copy:
        look(copy)


def test_a_read_only_store_whose_log_holds_more_says_what_to_do(read_only_disk: Path) -> None:
    url = f"sqlite:///{read_only_disk / 'mese.db'}"
    written = Store.open(url)
    add_next_image(written)
    log = (read_only_disk / "mese.db-wal").read_bytes()
    written.close()
    (read_only_disk / "mese.db-wal").write_bytes(log)  # as a program that was killed leaves it
    make_read_only(read_only_disk)
    with pytest.raises(StoreError, match=r"read-only disk.* mese.db-wal .* copy both files to"):
        Store.open_existing(url)


def test_a_full_disk_is_told_with_the_mend(read_only_disk: Path) -> None:
    store = Store.open(f"sqlite:///{read_only_disk / 'mese.db'}")
    size = sum(file.stat().st_size for file in read_only_disk.iterdir()) // 1024 + 200
    subprocess.run(["mount", "-o", f"remount,size={size}k", read_only_disk], check=True)

    def fill() -> None:
        with store.write() as session:
            rows = ({"id": n, "path": f"{n:0200}", "width": 1, "height": 1} for n in range(5000))
            session.execute(insert(StoredImage), list(rows))

    with pytest.raises(StoreError, match=r"mese.db: .* is full; make room on that disk"):
        fill()
    store.close()


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_that_cannot_hold_every_name_is_refused(cluster: Cluster, encoding: str) -> None:
    name = cluster.create(encoding=encoding)
    for use in (Store.open, Store.open_existing):
        with pytest.raises(StoreError, match=f"in {encoding}, .* with ENCODING 'UTF8'") as told:
            use(cluster.url(name))
        assert f"the database {name} " in str(told.value)
    cluster.drop(name)


def test_the_environment_does_not_choose_the_encoding(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    with closing(Store.open(postgresql_url)) as store, store.read() as session:
        assert session.scalar(text("SELECT 'Łódź 東京'")) == "Łódź 東京"


@pytest.mark.parametrize(
    "options",
    ["bogus=1", "connect_timeout=abc", "port=abc", "port=1&port=2", "plugin=x", "conninfo=s3cret"],
)
def test_what_the_driver_does_not_know_is_told_without_the_password(options: str) -> None:
    with pytest.raises(StoreError, match=r"^MESE_DATABASE_URL: .*; mend or leave out") as told:
        Store.open(f"postgresql://u:s3cret@/n?host=/nowhere&{options}")
    assert "s3cret" not in str(told.value)
    assert "\n" not in str(told.value)


def test_a_postgresql_store_that_was_taken_away_is_told_in_one_line(
    cluster: Cluster, made_database: str
) -> None:
    name = cluster.create(made_database)
    store = Store.open(cluster.url(name))
    with psycopg.connect(cluster.url(name), autocommit=True) as other:
        other.execute("ALTER TABLE images RENAME TO pictures")
    for use in (look, add_next_image):
        with pytest.raises(StoreError, match=r'"images" does not exist; look at MESE_HOME'):
            use(store)
    cluster.drop(name)
    for use in (look, add_next_image):
        with pytest.raises(StoreError, match=r"does not exist.*; look at MESE_HOME") as told:
            use(store)
        assert "\n" not in str(told.value)
    store.close()


def test_postgresql_urls_get_psycopg_3() -> None:
    for given in ("postgresql://u:p@h:5/n", "postgresql+psycopg2://u:p@h:5/n"):
        parsed = parse_url(given)
        assert parsed.render_as_string(hide_password=False) == "postgresql+psycopg://u:p@h:5/n"


@pytest.mark.parametrize(
    "url",
    ["", "not a url", "mysql://h/n", "sqlite://", "sqlite:///:memory:", "sqlite:///f?mode=ro"],
)
def test_urls_that_cannot_be_a_store_are_refused_with_a_way_out(url: str) -> None:
    with pytest.raises(StoreError, match=r"sqlite"):
        Store.open(url)
