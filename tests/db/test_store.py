"""The store's promises: one writer at a time, readers that never wait, rules in the schema."""

from __future__ import annotations

import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from db import migrating
from db.migrating import backup_sqlite, needs_upgrade, upgrade_store
from db.models import (
    Base,
    StoredCandidate,
    StoredContext,
    StoredCorpus,
    StoredEntity,
    StoredImage,
    StoredSentence,
)
from db.store import Store, StoreError, parse_url


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
    with pytest.raises(OperationalError, match="readonly"), store.read() as session:
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


def test_the_pragmas_hold_on_every_connection(store: Store) -> None:
    for opened, writes in ((store.write, True), (store.read, False)):
        with opened() as session:
            pragmas = {
                name: session.scalar(text(f"PRAGMA {name}"))
                for name in ("journal_mode", "foreign_keys", "busy_timeout", "query_only")
            }
        assert pragmas == {
            "journal_mode": "wal",
            "foreign_keys": 1,
            "busy_timeout": 5000,
            "query_only": 0 if writes else 1,
        }


GOOD_CONTEXT = {
    "id": 1,
    "sentence_id": 1,
    "entity_id": 1,
    "span_start": 0,
    "span_end": 0,
    "token_count": 1,
}


@pytest.mark.parametrize(
    ("model", "row", "constraint"),
    [
        (StoredContext, {**GOOD_CONTEXT, "span_start": -1}, "ck_contexts_span_starts_inside"),
        (StoredContext, {**GOOD_CONTEXT, "span_start": 1}, "ck_contexts_span_not_empty"),
        (StoredContext, {**GOOD_CONTEXT, "entity_id": 2}, "FOREIGN KEY"),
        (StoredCandidate, {"context_id": 9, "image_id": 1, "rank": 0}, "rank_in_range"),
        (StoredCandidate, {"context_id": 9, "image_id": 1, "rank": 11}, "rank_in_range"),
        (StoredCandidate, {"context_id": 9, "image_id": 1, "rank": 2}, "UNIQUE"),
        (StoredEntity, {"id": 2, "name": "", "search_key": "", "role": "target"}, "named"),
        (StoredEntity, {"id": 2, "name": "a", "search_key": "a", "role": "boss"}, "role_known"),
        (StoredImage, {"id": 2, "path": "a", "width": 1, "height": 1}, "UNIQUE"),
        (StoredImage, {"id": 2, "path": "b"}, "sized_or_explained"),
        (StoredImage, {"id": 2, "path": "b", "width": 1, "problem": "x"}, "both_sides_or_none"),
        (
            StoredImage,
            {"id": 2, "path": "b", "width": 1, "height": 1, "sha256": "ab"},
            "sha256_is_hex",
        ),
    ],
)
def test_the_schema_itself_refuses_what_breaks_a_rule(
    store: Store, model: type[Base], row: dict[str, object], constraint: str
) -> None:
    with store.write() as session:
        session.add(StoredImage(id=1, path="a", width=1, height=1))
        session.add(StoredEntity(id=1, name="a", search_key="a", role="target"))
        session.add(StoredSentence(id=1, line=1, tokens=["a"], token_count=1))
        session.flush()
        session.add(StoredContext(**{**GOOD_CONTEXT, "id": 9}))
        session.flush()
        session.add(StoredCandidate(context_id=9, image_id=1, rank=1))
    with pytest.raises(IntegrityError, match=constraint), store.write() as session:
        session.execute(insert(model), [row])


def test_a_store_holds_one_corpus_only(store: Store) -> None:
    row = {"name": "a", "source": "a", "image_root": "/", "fingerprint": "a"}
    moment = migrating.datetime(2024, 1, 1)
    with pytest.raises(IntegrityError, match="only_one"), store.write() as session:
        session.execute(insert(StoredCorpus), [{"id": 2, "imported_at": moment, **row}])


def test_models_and_migrations_agree(store: Store) -> None:
    with store.connection() as connection:
        found = compare_metadata(MigrationContext.configure(connection), Base.metadata)
        kept = connection.execute(text("SELECT sql FROM sqlite_master WHERE type = 'table'"))
        migrated = " ".join(str(sql) for (sql,) in kept)
    assert found == []
    # Alembic does not compare CHECKs on SQLite, so their names are looked for.
    for table in Base.metadata.sorted_tables:
        for constraint in table.constraints:
            assert str(constraint.name) in migrated


def test_the_first_migration_can_be_undone_and_done_again(store: Store) -> None:
    with store.connection() as connection:
        config = migrating._config()
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        tables = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'"))
        assert [name for (name,) in tables] == ["alembic_version"]
    assert upgrade_store(store) == ("nothing", migrating.head())


def test_a_new_store_is_made_once_when_many_open_it_together(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new folder/100%/mese.db"
    with ThreadPoolExecutor(6) as pool:
        stores = list(pool.map(Store.open, [url] * 6))
    with stores[3].read() as session:
        assert session.scalar(select(func.count(StoredEntity.id))) == 0


@pytest.fixture
def newer_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """This program with one more migration, which makes today's store an old one."""
    folder = tmp_path / "migrations"
    shutil.copytree(migrating.MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "later.py").write_text(
        "from alembic import op\n"
        f"revision, down_revision = 'later', '{migrating.head()}'\n"
        "branch_labels = depends_on = None\n"
        "def upgrade(): op.execute('CREATE TABLE rounds (id INTEGER)')\n"
        "def downgrade(): op.execute('DROP TABLE rounds')\n"
    )
    monkeypatch.setattr(migrating, "MIGRATIONS", folder)
    return "later"


def test_an_older_store_is_not_opened_but_upgraded(store: Store, newer_program: str) -> None:
    with pytest.raises(StoreError, match="older than this program; run `python -m db upgrade`"):
        Store.open(f"sqlite:///{store.sqlite_file}")
    assert needs_upgrade(store)
    before = "0002"
    assert upgrade_store(store) == (before, newer_program)
    assert not needs_upgrade(store)
    Store.open(f"sqlite:///{store.sqlite_file}").close()


def test_a_newer_store_is_left_alone(store: Store) -> None:
    with store.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for refuse in (
        lambda: Store.open(f"sqlite:///{store.sqlite_file}"),
        lambda: upgrade_store(store),
    ):
        with pytest.raises(StoreError, match=r"newer .revision 9999. than this program"):
            refuse()


def test_somebody_elses_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE recipes (id INTEGER)")
    with pytest.raises(StoreError, match=r"not MESE Studio's \(recipes\)"):
        Store.open(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as other:
        names = other.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    assert names == [("recipes",)]


def test_a_backup_is_whole_while_the_store_is_open(store: Store, tmp_path: Path) -> None:
    add_next_image(store)  # still in the write-ahead log, which a copy of the file would miss
    assert store.sqlite_file is not None
    backup_sqlite(store.sqlite_file, tmp_path / "copy.db")
    copy = Store.open(f"sqlite:///{tmp_path / 'copy.db'}")
    with copy.read() as session:
        assert session.get(StoredImage, 1) is not None
    copy.close()
    with pytest.raises(StoreError, match="exists already"):
        backup_sqlite(store.sqlite_file, tmp_path / "copy.db")


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
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.store.BUSY_TIMEOUT_MS", 1)
    hasty = Store.connect(f"sqlite:///{store.sqlite_file}")

    def write() -> None:
        with hasty.write() as session:
            session.connection()

    with store.write() as writing:
        writing.connection()
        with pytest.raises(StoreError, match=r"locked; another program is writing"):
            write()
    write()
    hasty.close()


def test_a_backup_of_what_is_no_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mese.db").write_text("no tables" * 500)
    with pytest.raises(StoreError, match=r"mese.db, being copied to .*: file is not a database"):
        backup_sqlite(tmp_path / "mese.db", tmp_path / "copy.db")


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
