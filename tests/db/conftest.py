"""A small corpus with every trouble in it, and a store of its own for each test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import event
from sqlalchemy.engine import Engine

from db import migrating
from db.corpus import hash_images, import_path, import_records
from db.store import Store
from mese.corpus import Candidate, CorpusRecords, Entity, Mention, Query, SemanticClass, Sentence
from tests.postgres_cluster import Cluster, NoPostgres, throwaway_cluster

PHOTOBENCH = Path(__file__).parents[3] / "shared" / "data" / "photobench"

WASHINGTON, CHICAGO, LOS_ANGELES, BOGOTA, GEORGIA, GEORGIA_2, NEW_YORK, UNSEEN = range(10, 18)


def draw(root: Path, name: str, size: tuple[int, int] = (8, 6)) -> None:
    """A picture whose bytes differ from every other name's."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    colour = tuple(name.encode().ljust(3)[-7:-4])
    Image.new("RGB", size, colour).save(path)


def sentence(text: str, *mentions: Mention, line: int) -> Sentence:
    return Sentence(tuple(text.split()), mentions, line)


@pytest.fixture
def records(tmp_path: Path) -> CorpusRecords:
    """Sibling classes, two Georgias, a missing image, an entity without a context."""
    return make_records(tmp_path / "pictures")


def make_records(root: Path) -> CorpusRecords:
    """The small corpus, its pictures drawn below `root`."""
    for name in ("a01.png", "b02.png", "c03.png", "d04.png", "ref/e05.png"):
        draw(root, name)
    return CorpusRecords(
        name="small",
        entities=(
            Entity(WASHINGTON, "Washington D.C.", ("D.C.",), reference_image="ref/e05.png"),
            Entity(CHICAGO, "Chicago", ("Windy City", "Chi-Town")),
            Entity(LOS_ANGELES, "Los Angeles", ("L.A.",)),
            Entity(BOGOTA, "Bogotá"),
            Entity(GEORGIA, "Georgia"),
            Entity(GEORGIA_2, "Georgia", ("Sakartvelo",), role="bm25"),
            Entity(NEW_YORK, "New York City", ("NYC", "The Big Apple"), role="synonym"),
            Entity(UNSEEN, "Unseen", role="random"),
        ),
        classes=(
            SemanticClass("US cities", "US places", "Places"),
            SemanticClass("US states", "US places", "Places"),
            SemanticClass("Capitals", "Seats", "Politics"),
        ),
        members={
            "US cities": (CHICAGO, WASHINGTON, LOS_ANGELES, NEW_YORK),
            "US states": (GEORGIA,),
            "Capitals": (WASHINGTON, BOGOTA),
        },
        queries=(
            Query("US cities", 0, (NEW_YORK, CHICAGO, LOS_ANGELES)),
            Query("US cities", 1, (WASHINGTON, CHICAGO, LOS_ANGELES)),
            Query("Capitals", 0, (BOGOTA, WASHINGTON, CHICAGO)),
        ),
        sentences=(
            sentence(
                "Chicago lies west of Washington D.C. today",
                Mention(CHICAGO, 0, 0, (Candidate("a01.png"), Candidate("b02.png", 2))),
                Mention(WASHINGTON, 4, 5, (Candidate("c03.png"),)),
                line=1,
            ),
            sentence(
                "In Chicago it blows", Mention(CHICAGO, 1, 1, (Candidate("gone.png"),)), line=2
            ),
            sentence("Los Angeles", Mention(LOS_ANGELES, 0, 1), line=3),
            sentence(
                "Georgia is not Georgia",
                Mention(GEORGIA, 0, 0, (Candidate("d04.png"),)),
                Mention(GEORGIA_2, 3, 3, (Candidate("a01.png", 3), Candidate("gone.png"))),
                line=5,
            ),
            sentence("Bogotá über alles “quoted”", Mention(BOGOTA, 0, 0), line=6),
        ),
        image_root=root,
    )


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL of the tests' own. Where there is none its tests are skipped, but not in CI."""
    try:
        with throwaway_cluster() as running:
            yield running
    except NoPostgres as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def made_database(cluster: Cluster) -> str:
    """A PostgreSQL database with empty tables, made once and then copied for each test."""
    name = cluster.create()
    Store.open(cluster.url(name)).close()
    return name


@pytest.fixture(scope="session")
def made_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with empty tables, made once and then copied for each test."""
    path = tmp_path_factory.mktemp("made") / "mese.db"
    Store.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def sqlite_url(tmp_path: Path, made_file: Path) -> str:
    path = tmp_path / "home" / "mese.db"
    path.parent.mkdir()
    shutil.copyfile(made_file, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgresql_url(cluster: Cluster, made_database: str) -> Iterator[str]:
    name = cluster.create(made_database)
    yield cluster.url(name)
    cluster.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str:
    """An empty store of the test's own, on either database."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = Store.open(store_url)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_store(sqlite_url: str) -> Iterator[Store]:
    """For what is SQLite's alone."""
    opened = Store.open(sqlite_url)
    yield opened
    opened.close()


@pytest.fixture
def postgresql_store(postgresql_url: str) -> Iterator[Store]:
    """For what is PostgreSQL's alone."""
    opened = Store.open(postgresql_url)
    yield opened
    opened.close()


@pytest.fixture
def filled(store: Store, records: CorpusRecords) -> Store:
    """The store with the small corpus, hashed."""
    import_records(store, replace(records, sentences=iter(records.sentences)))
    hash_images(store)
    return store


@contextmanager
def lent_store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """A new store on the database that the fixture's parameter names, for many tests to read."""
    if request.param == "sqlite":
        folder = request.getfixturevalue("tmp_path_factory").mktemp("lent")
        url = f"sqlite:///{folder / 'mese.db'}"
    else:
        running = request.getfixturevalue("cluster")
        url = running.url(running.create())
    with closing(Store.open(url)) as opened:
        yield opened


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def shown(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """As `filled`, made once: for tests that only look."""
    with lent_store(request) as store:
        import_records(store, make_records(tmp_path_factory.mktemp("shown")))
        hash_images(store)
        yield store


@pytest.fixture(scope="session")
def photobench() -> Path:
    if not PHOTOBENCH.is_dir():
        pytest.skip(f"{PHOTOBENCH} is not there; it is the real data of the issues")
    return PHOTOBENCH


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def photobench_store(request: pytest.FixtureRequest, photobench: Path) -> Iterator[Store]:
    """photobench in a store, unhashed, imported once: for tests that only look."""
    with lent_store(request) as store:
        import_path(store, photobench)
        yield store


@contextmanager
def statements_of() -> Iterator[list[tuple[str, object]]]:
    """What is asked of any store meanwhile, with its parameters."""
    seen: list[tuple[str, object]] = []

    def note(conn: object, cursor: object, statement: str, parameters: object, *_: object) -> None:
        seen.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


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
