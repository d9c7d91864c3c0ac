"""Names are sorted by code points on every database, whatever its cluster's language."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from psycopg.errors import Error as PostgresError
from psycopg.sql import SQL, Identifier
from sqlalchemy import select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable

from db.browsing import class_view
from db.corpus import import_records
from db.exporting import stored_records
from db.migrating import upgrade_store, upgrade_to
from db.models import StoredAlias, StoredEntity, StoredScorer
from db.store import Store
from mese.corpus import CorpusRecords, Entity, Scorer, SemanticClass
from tests.postgres_cluster import Cluster

NAMES = ("zed", "ævar", "abe", "Émile")
BY_CODE_POINTS = ["abe", "Émile", "zed", "ævar"]  # é is folded to e; æ is no letter with a mark


@pytest.fixture
def languages_url(cluster: Cluster) -> Iterator[str]:
    """A database that sorts as English is sorted: ævar before zed, a before B."""
    name = "sorted_as_english"
    try:
        cluster.execute(
            SQL(
                "CREATE DATABASE {} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en' "
                "ENCODING 'UTF8'"
            ).format(Identifier(name))
        )
    except PostgresError as error:
        pytest.skip(f"this PostgreSQL sorts by no language ({error})")
    yield cluster.url(name)
    cluster.drop(name)


@pytest.fixture(params=["new", "upgraded"])
def languages(languages_url: str, request: pytest.FixtureRequest) -> Iterator[Store]:
    """A store in it, made by this program or by an older one."""
    store = Store.connect(languages_url)
    if request.param == "upgraded":
        with store.connection() as connection:
            upgrade_to(connection, "0002")
    upgrade_store(store)
    yield store
    store.close()


def named(records: CorpusRecords) -> CorpusRecords:
    entities = [*records.entities, *(Entity(20 + n, name) for n, name in enumerate(NAMES))]
    return replace(
        records,
        entities=entities,
        classes=(SemanticClass("Names"),),
        members={"Names": tuple(range(20, 24))},
        queries=(),
        scorers=(Scorer("a", {}), Scorer("B", {})),
    )


def order(store: Store) -> list[str]:
    view = class_view(store, "Names")
    assert view is not None
    return [card.name for card in view.members]


def scorers(store: Store) -> list[str]:
    with store.read() as session:
        return [scorer.name for scorer in stored_records(session, store).scorers]


def test_names_come_by_code_points_on_either_database(store: Store, records: CorpusRecords) -> None:
    import_records(store, named(records))
    assert order(store) == BY_CODE_POINTS
    assert scorers(store) == ["B", "a"]


def test_the_language_of_a_cluster_changes_no_order(
    languages: Store, records: CorpusRecords
) -> None:
    with languages.read() as session:
        found = session.scalars(text("SELECT n FROM unnest(ARRAY['zed', 'ævar']) n ORDER BY n"))
        assert found.all() == ["ævar", "zed"]  # so this database does sort otherwise
    import_records(languages, named(records))
    assert order(languages) == BY_CODE_POINTS
    assert scorers(languages) == ["B", "a"]


@pytest.mark.parametrize("model", [StoredEntity, StoredAlias, StoredScorer])
def test_only_postgresql_is_told_how_to_sort(
    model: type[StoredEntity | StoredAlias | StoredScorer],
) -> None:
    table = select(model).get_final_froms()[0]
    made = CreateTable(table)  # type: ignore[arg-type]
    assert 'COLLATE "C"' in str(made.compile(dialect=postgresql.dialect()))
    assert "COLLATE" not in str(made.compile(dialect=sqlite.dialect()))
