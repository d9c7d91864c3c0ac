"""Migrations: from any older store to today's tables, with all that it held, or not at all."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, func, insert, inspect, select, text
from sqlalchemy.exc import IntegrityError

from db import migrating
from db.corpus import load_corpus
from db.migrating import needs_upgrade, revision_of, upgrade_store, upgrade_to
from db.models import Base, StoredContext, StoredEntity, StoredSentence
from db.store import Store, StoreError
from mese.corpus import Context
from tests.postgres_cluster import Cluster

FIRST_STORE: dict[str, list[dict[str, Any]]] = {
    "corpus": [
        {
            "id": 1,
            "name": "old",
            "source": "/old",
            "image_root": "/old",
            "fingerprint": "f",
            "imported_at": "2024-01-01 00:00:00.000000",
        }
    ],
    "images": [
        {"id": 1, "path": "a.png", "sha256": "a" * 64, "width": 4, "height": 3, "problem": None},
        {"id": 2, "path": "", "sha256": None, "width": None, "height": None, "problem": "gone"},
    ],
    "semantic_classes": [{"id": 1, "name": "C", "middle": "", "coarse": "", "position": 0}],
    "entities": [
        {"id": 7, "name": "É", "search_key": "e", "role": "target", "reference_image_id": 1},
        {"id": 9, "name": "F", "search_key": "f", "role": "bm25", "reference_image_id": None},
    ],
    "aliases": [{"entity_id": 7, "position": 0, "name": "Eh", "search_key": "eh"}],
    "memberships": [{"class_id": 1, "entity_id": 7, "position": 0}],
    "queries": [{"id": 1, "class_id": 1, "seed_count": 1, "number": 0}],
    "query_seeds": [{"query_id": 1, "position": 0, "entity_id": 7}],
    "sentences": [
        {"id": 1, "line": 1, "tokens": json.dumps(["É", "“is”", "here"], ensure_ascii=False)},
        {"id": 2, "line": 0, "tokens": json.dumps(["F"])},
    ],
    "contexts": [
        {"id": 1, "sentence_id": 1, "entity_id": 7, "span_start": 0, "span_end": 2},
        {"id": 2, "sentence_id": 2, "entity_id": 9, "span_start": 0, "span_end": 0},
    ],
    "candidate_images": [
        {"context_id": 1, "rank": 1, "image_id": 1},
        {"context_id": 1, "rank": 3, "image_id": 2},
    ],
}
"""Rows as the first issue's program wrote them, those referred to first."""


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A place for a store where nothing is yet."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'bare.db'}"
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    name = cluster.create()
    yield cluster.url(name)
    cluster.drop(name)


@pytest.fixture
def old_store(bare_url: str) -> Iterator[Store]:
    """A store of the first issue, with data."""
    opened = Store.connect(bare_url)
    with opened.connection() as connection:
        upgrade_to(connection, "0001")
        for table, rows in FIRST_STORE.items():
            names = ", ".join(rows[0])
            values = ", ".join(f":{name}" for name in rows[0])
            connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), rows)
    yield opened
    opened.close()


def held(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """What the tables hold in the first issue's columns, as text."""
    return {
        table: [
            {name: None if value is None else str(value) for name, value in row.items()}
            for row in connection.execute(
                text(f"SELECT {', '.join(rows[0])} FROM {table} ORDER BY 1, 2")
            ).mappings()
        ]
        for table, rows in FIRST_STORE.items()
    }


def test_an_older_stores_rows_are_all_kept(old_store: Store) -> None:
    with old_store.connection() as connection:
        before = held(connection)
    assert upgrade_store(old_store) == ("0001", migrating.head())
    with old_store.connection() as connection:
        assert held(connection) == before
        counts = connection.execute(text("SELECT token_count FROM contexts ORDER BY id"))
        assert counts.scalars().all() == [3, 1]
        times = "SELECT count(*) FROM images WHERE checked_at IS NULL AND bytes IS NULL"
        assert connection.scalar(text(times)) == 2
    assert load_corpus(old_store).contexts == (
        Context(1, 7, ("É", "“is”", "here"), 0, 2, "a.png", "a" * 64),
        Context(2, 9, ("F",), 0, 0),
    )


def add_context(store: Store, sentence: int, end: int) -> None:
    row = {"id": 5, "sentence_id": sentence, "entity_id": 7, "token_count": 3}
    with store.write() as session:
        session.execute(insert(StoredContext), [{**row, "span_start": 0, "span_end": end}])


def test_an_upgraded_stores_rules_hold(old_store: Store) -> None:
    upgrade_store(old_store)
    with pytest.raises(IntegrityError, match=r"FOREIGN KEY|fk_contexts_sentence_id"):
        add_context(old_store, sentence=2, end=2)
    with pytest.raises(IntegrityError, match="span_ends_inside"):
        add_context(old_store, sentence=1, end=3)
    add_context(old_store, sentence=1, end=1)


def test_a_row_that_breaks_a_new_rule_is_named_and_nothing_is_changed(old_store: Store) -> None:
    with old_store.connection() as connection:
        connection.execute(text("UPDATE entities SET name = :name"), {"name": "x" * 1001})
        before = held(connection)
    with pytest.raises(StoreError, match="2 rows of entities break the rule name_short"):
        upgrade_store(old_store)
    with old_store.connection() as connection:
        assert revision_of(connection) == "0001"
        assert held(connection) == before
        columns = {column["name"] for column in inspect(connection).get_columns("contexts")}
    assert "token_count" not in columns


def test_migrations_can_be_undone_and_done_again(old_store: Store) -> None:
    upgrade_store(old_store)
    with old_store.connection() as connection:
        before = held(connection)
        config = migrating._config()
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
        assert held(connection) == before
        upgrade_to(connection)
        assert held(connection) == before
        command.downgrade(config, "base")
        assert inspect(connection).get_table_names() == ["alembic_version"]
    assert upgrade_store(old_store) == ("nothing", migrating.head())


def index_shape(index: Any) -> str:
    """A partial index's condition is an object, and as text its place in memory."""
    options = {name: str(value) for name, value in index.get("dialect_options", {}).items()}
    return str({**index, "dialect_options": options})


def shape(connection: Connection) -> dict[str, Any]:
    """All that a database knows of its tables, in an order of its own."""
    looked = inspect(connection)
    return {
        table: {
            "columns": sorted(
                (c["name"], str(c["type"]), c["nullable"]) for c in looked.get_columns(table)
            ),
            "checks": sorted(
                (str(c["name"]), c["sqltext"]) for c in looked.get_check_constraints(table)
            ),
            "key": looked.get_pk_constraint(table),
            "foreign keys": sorted(map(str, looked.get_foreign_keys(table))),
            "unique": sorted(map(str, looked.get_unique_constraints(table))),
            "indexes": sorted(map(index_shape, looked.get_indexes(table))),
            "options": looked.get_table_options(table),
        }
        for table in looked.get_table_names()
        if table != "alembic_version"
    }


def test_migrations_make_the_tables_that_the_models_describe(store: Store) -> None:
    with store.connection() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
        migrated = shape(connection)
        config = migrating._config()
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        Base.metadata.create_all(connection)
        assert shape(connection) == migrated


def test_a_new_store_is_made_once_when_many_open_it_together(bare_url: str) -> None:
    with ThreadPoolExecutor(6) as pool:
        stores = list(pool.map(Store.open, [bare_url] * 6))
    with stores[3].read() as session:
        assert session.scalar(select(func.count(StoredEntity.id))) == 0
    for opened in stores:
        opened.close()


def test_a_path_may_have_blanks_and_percent_signs(tmp_path: Path) -> None:
    Store.open(f"sqlite:///{tmp_path}/new folder/100%/mese.db").close()
    assert (tmp_path / "new folder" / "100%" / "mese.db").is_file()


def test_an_older_store_is_not_opened_but_upgraded(
    store: Store, store_url: str, newer_program: str
) -> None:
    with store.read() as session:
        before = revision_of(session.connection())
    with pytest.raises(StoreError, match="older than this program; run `python -m db upgrade`"):
        Store.open(store_url)
    assert needs_upgrade(store)
    assert upgrade_store(store) == (before, newer_program)
    assert not needs_upgrade(store)
    Store.open(store_url).close()


def test_a_newer_store_is_left_alone(store: Store, store_url: str) -> None:
    with store.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for refuse in (lambda: Store.open(store_url), lambda: upgrade_store(store)):
        with pytest.raises(StoreError, match=r"newer .revision 9999. than this program"):
            refuse()


def test_somebody_elses_database_is_left_alone(bare_url: str) -> None:
    others = Store.connect(bare_url)
    with others.connection() as connection:
        connection.execute(text("CREATE TABLE recipes (id INTEGER)"))
    with pytest.raises(StoreError, match=r"not MESE Studio's \(recipes\)"):
        Store.open(bare_url)
    with others.connection() as connection:
        assert inspect(connection).get_table_names() == ["recipes"]
    others.close()


def test_a_migration_that_leaves_an_orphan_is_undone(sqlite_store: Store) -> None:
    def orphan() -> None:
        with sqlite_store.connection() as connection:
            sentence = {"id": 1, "line": 1, "tokens": ["a"], "token_count": 1}
            connection.execute(insert(StoredSentence), [sentence])
            place = {"id": 1, "sentence_id": 1, "span_start": 0, "span_end": 0, "token_count": 1}
            connection.execute(insert(StoredContext), [{**place, "entity_id": 5}])

    with pytest.raises(StoreError, match="a row of contexts refers to one of entities"):
        orphan()
    assert sqlite_store.sqlite_file is not None
    with closing(sqlite3.connect(sqlite_store.sqlite_file)) as raw:
        assert raw.execute("SELECT count(*) FROM sentences").fetchone() == (0,)
    with sqlite_store.write() as session:  # and foreign keys are held again from the first row on
        assert session.scalar(text("PRAGMA foreign_keys")) == 1
