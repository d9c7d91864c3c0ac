"""The tables of the store, in the words of the house plan: one corpus, and what users made with it.

Rules that matter are named constraints here, so that no program can break them. Ids of sentences,
contexts, images and queries are given by the importer: numbers known beforehand let it insert in
bulk, the same way on SQLite and PostgreSQL. Cases and open seeds refer to no row of the corpus:
they hold what they show, and stay when another corpus takes its place. Later issues add rounds,
labels and runs beside these tables; they refer to contexts and images by their ids.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    MetaData,
    Text,
    UniqueConstraint,
    literal_column,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from mese.bounds import (
    CLUES,
    MAX_ADDRESS,
    MAX_DOCUMENT,
    MAX_ID,
    MAX_LICENCE,
    MAX_NAME,
    MAX_NOTE,
    MAX_NUMBER,
    MAX_RANK,
    MAX_TAG,
    MAX_TITLE,
    MAX_TOKENS,
    MAX_URL,
)
from mese.corpus import ROLES

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
FINITE = f"BETWEEN -{MAX_NUMBER:.0e} AND {MAX_NUMBER:.0e}".replace("e+", "e")
"""Neither infinite nor NaN, in words that SQLite and PostgreSQL both have."""

SORTED = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that is sorted: by code points on every PostgreSQL, whatever its locale, as on SQLite."""

# Pure link tables are stored by their key on SQLite, which saves a second b-tree of the same size.
LINK = {"sqlite_with_rowid": False}


def _short(column: str, most: int = MAX_NAME) -> CheckConstraint:
    # In letters: bytes (`mese.bounds`) cannot be counted in words that both databases have.
    return CheckConstraint(f"length({column}) <= {most}", name=f"{column}_short")


class Base(DeclarativeBase):
    """What all tables share: text without a length limit, and names for every constraint."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {  # noqa: RUF012 (SQLAlchemy reads it as a plain class attribute)
        str: Text,
        datetime: DateTime(timezone=True),
        list[str]: JSON,
        float: Double,
        # An absent value is the database's own NULL, not the JSON text "null".
        dict[str, Any]: JSON(none_as_null=True),
    }


class StoredCorpus(Base):
    """The one corpus of this store and where it came from; `image_root` is an absolute folder.

    `layout` keeps what the folder's own files said beyond the domain (which files there were, in
    which order), so that an export gives them back byte for byte; so do the columns `extra`.
    """

    __tablename__ = "corpus"
    __table_args__ = (
        CheckConstraint("id = 1", name="only_one"),
        CheckConstraint("name <> ''", name="named"),
        _short("name"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    source: Mapped[str]
    image_root: Mapped[str]
    fingerprint: Mapped[str]
    imported_at: Mapped[datetime]
    # Only an export needs it, and it may be of many megabytes.
    layout: Mapped[dict[str, Any] | None] = mapped_column(deferred=True)


class StoredImage(Base):
    """An image file below the image root.

    `sha256` and `bytes` (the file's size) stay empty until its bytes were read, `checked_at` until
    the second pass has decoded it whole; `problem` says why an image cannot be shown, and is empty
    for a good one.
    """

    __tablename__ = "images"
    __table_args__ = (
        CheckConstraint("sha256 IS NULL OR length(sha256) = 64", name="sha256_is_hex"),
        CheckConstraint("(width IS NULL) = (height IS NULL)", name="both_sides_or_none"),
        CheckConstraint("width IS NOT NULL OR problem IS NOT NULL", name="sized_or_explained"),
        CheckConstraint("width > 0 AND height > 0", name="sides_not_empty"),
        CheckConstraint("bytes >= 0", name="bytes_not_negative"),
        CheckConstraint(
            "checked_at IS NULL OR sha256 IS NOT NULL OR problem IS NOT NULL",
            name="checked_or_not_known",
        ),
        _short("path", MAX_URL),
        _short("url", MAX_URL),
        _short("licence", MAX_LICENCE),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    path: Mapped[str] = mapped_column(unique=True)
    sha256: Mapped[str | None] = mapped_column(index=True)
    width: Mapped[int | None]
    height: Mapped[int | None]
    problem: Mapped[str | None]
    bytes: Mapped[int | None] = mapped_column(BigInteger)
    url: Mapped[str | None]
    licence: Mapped[str | None]
    checked_at: Mapped[datetime | None]


class StoredClass(Base):
    """A fine semantic class with its middle and coarse class; `position` is the schema's order.

    The two upper levels are empty where the corpus came without a schema.
    """

    __tablename__ = "semantic_classes"
    __table_args__ = (
        CheckConstraint("name <> ''", name="named"),
        _short("name"),
        _short("middle"),
        _short("coarse"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(unique=True)
    middle: Mapped[str] = mapped_column(index=True)
    coarse: Mapped[str]
    position: Mapped[int]


class StoredEntity(Base):
    """An entity under the corpus's own id; `search_key` is its name as `mese.names` folds it."""

    __tablename__ = "entities"
    __table_args__ = (
        CheckConstraint(f"role IN ({', '.join(repr(role) for role in ROLES)})", name="role_known"),
        CheckConstraint(f"id BETWEEN 0 AND {MAX_ID}", name="id_in_range"),
        CheckConstraint("name <> ''", name="named"),
        _short("name"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    search_key: Mapped[str] = mapped_column(SORTED, index=True)
    role: Mapped[str]
    reference_image_id: Mapped[int | None] = mapped_column(ForeignKey("images.id"))


class StoredAlias(Base):
    """Another name of an entity."""

    __tablename__ = "aliases"
    __table_args__ = (
        UniqueConstraint("entity_id", "name"),
        CheckConstraint("name <> ''", name="named"),
        _short("name"),
        LINK,
    )

    entity_id: Mapped[int] = mapped_column(ForeignKey("entities.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    search_key: Mapped[str] = mapped_column(SORTED, index=True)


class StoredMembership(Base):
    """An entity's place in a fine class; `position` keeps the order of the gt file."""

    __tablename__ = "memberships"
    __table_args__ = (LINK,)

    class_id: Mapped[int] = mapped_column(ForeignKey("semantic_classes.id"), primary_key=True)
    entity_id: Mapped[int] = mapped_column(ForeignKey("entities.id"), primary_key=True, index=True)
    position: Mapped[int]


class StoredSentence(Base):
    """A tokenised sentence; `line` is its place in sentences.json, from 1, and 0 where unknown."""

    __tablename__ = "sentences"
    __table_args__ = (
        UniqueConstraint("id", "token_count"),  # what the contexts' spans are held against
        CheckConstraint("token_count > 0", name="has_tokens"),
        CheckConstraint("token_count = json_array_length(tokens)", name="tokens_counted"),
        CheckConstraint("line >= 0", name="line_not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    line: Mapped[int]
    tokens: Mapped[list[str]]
    token_count: Mapped[int]
    extra: Mapped[dict[str, Any] | None]


class StoredContext(Base):
    """One mention of an entity: tokens `span_start` to `span_end`, both inclusive.

    It repeats its sentence's `token_count`, so that the database itself refuses a span outside it.
    """

    __tablename__ = "contexts"
    __table_args__ = (
        UniqueConstraint("sentence_id", "entity_id", "span_start", "span_end"),
        CheckConstraint("span_start >= 0", name="span_starts_inside"),
        CheckConstraint("span_end >= span_start", name="span_not_empty"),
        CheckConstraint("span_end < token_count", name="span_ends_inside"),
        ForeignKeyConstraint(
            ["sentence_id", "token_count"], ["sentences.id", "sentences.token_count"]
        ),
        # An entity's contexts in their order, without sorting them.
        Index("ix_contexts_entity_id_id", "entity_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sentence_id: Mapped[int]
    entity_id: Mapped[int] = mapped_column(ForeignKey("entities.id"))
    span_start: Mapped[int]
    span_end: Mapped[int]
    token_count: Mapped[int]
    extra: Mapped[dict[str, Any] | None]


class StoredCandidate(Base):
    """A candidate image of a context, by its rank in the image search."""

    __tablename__ = "candidate_images"
    __table_args__ = (
        UniqueConstraint("context_id", "image_id"),
        CheckConstraint(f"rank BETWEEN 1 AND {MAX_RANK}", name="rank_in_range"),
        LINK,
    )

    context_id: Mapped[int] = mapped_column(ForeignKey("contexts.id"), primary_key=True)
    rank: Mapped[int] = mapped_column(primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("images.id"), index=True)


BEYOND_THE_FIRST = StoredCandidate.rank > literal_column("1")
"""A candidate that leaves its context a choice. It says its number, and no parameter: that these
rows are the ones of the index below must be plain before a statement's parameters are known."""

Index(
    "ix_candidate_images_beyond_the_first",
    StoredCandidate.rank,
    sqlite_where=BEYOND_THE_FIRST,
    postgresql_where=BEYOND_THE_FIRST,
)


class StoredScorer(Base):
    """Who scored candidate images, with the settings that make its scores repeatable."""

    __tablename__ = "scorers"
    __table_args__ = (CheckConstraint("name <> ''", name="named"), _short("name"))

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(SORTED, unique=True)
    settings: Mapped[dict[str, Any]]


class StoredScore(Base):
    """What a scorer says of a candidate image: Eq. 1's `value`, and its terms where it had them."""

    __tablename__ = "candidate_scores"
    __table_args__ = (
        ForeignKeyConstraint(
            ["context_id", "rank"], ["candidate_images.context_id", "candidate_images.rank"]
        ),
        CheckConstraint(f"value {FINITE}", name="value_finite"),
        CheckConstraint(f"sentence_term {FINITE}", name="sentence_term_finite"),
        CheckConstraint(f"object_term {FINITE}", name="object_term_finite"),
        LINK,
    )

    context_id: Mapped[int] = mapped_column(primary_key=True)
    rank: Mapped[int] = mapped_column(primary_key=True)
    scorer_id: Mapped[int] = mapped_column(ForeignKey("scorers.id"), primary_key=True, index=True)
    value: Mapped[float]
    sentence_term: Mapped[float | None]
    object_term: Mapped[float | None]


class StoredQuery(Base):
    """A query of a fine class; `number` counts the class's queries of one seed count from 0."""

    __tablename__ = "queries"
    __table_args__ = (
        UniqueConstraint("class_id", "seed_count", "number"),
        CheckConstraint("seed_count > 0", name="has_seeds"),
        CheckConstraint("number >= 0", name="number_not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    class_id: Mapped[int] = mapped_column(ForeignKey("semantic_classes.id"))
    seed_count: Mapped[int]
    number: Mapped[int]


class StoredSeed(Base):
    """A query's seed entity at its place."""

    __tablename__ = "query_seeds"
    __table_args__ = (
        UniqueConstraint("query_id", "entity_id"),
        Index("ix_query_seeds_entity_id", "entity_id"),
        LINK,
    )

    query_id: Mapped[int] = mapped_column(ForeignKey("queries.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    entity_id: Mapped[int] = mapped_column(ForeignKey("entities.id"))


class StoredCase(Base):
    """An expansion that somebody kept: its query, settings and result as they were, and a note.

    `document` is JSON text (`mese.provenance`); `shown` holds what the corpus said of its entities
    that day: their pictures, classes and the seeds' hard negatives (`db.shown.Shown`).
    """

    __tablename__ = "cases"
    __table_args__ = (
        CheckConstraint("title <> ''", name="titled"),
        _short("title", MAX_TITLE),
        _short("note", MAX_NOTE),
        _short("address", MAX_ADDRESS),
        _short("document", MAX_DOCUMENT),
        _short("shown", MAX_DOCUMENT),
        _short("made_by"),
        # No number is given twice, so that an address never comes to show another case.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    note: Mapped[str]
    address: Mapped[str]
    search_key: Mapped[str]
    document: Mapped[str] = mapped_column(deferred=True)
    shown: Mapped[str] = mapped_column(deferred=True)
    made_by: Mapped[str]
    made_at: Mapped[datetime]


class StoredCaseTag(Base):
    """A tag of a case."""

    __tablename__ = "case_tags"
    __table_args__ = (CheckConstraint("name <> ''", name="named"), _short("name", MAX_TAG), LINK)

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    name: Mapped[str] = mapped_column(SORTED, primary_key=True, index=True)


class StoredClue(Base):
    """A visual clue that a rater saw in an entity's picture on a case's card (Table 6).

    There may be several of an entity: the paper has 203 labels for 200 of them.
    """

    __tablename__ = "case_clues"
    __table_args__ = (
        CheckConstraint(f"clue IN ({', '.join(repr(clue) for clue in CLUES)})", name="clue_known"),
        CheckConstraint(f"entity_id BETWEEN 0 AND {MAX_ID}", name="entity_in_range"),
        CheckConstraint("rater <> ''", name="rater_named"),
        _short("rater"),
        LINK,
    )

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    entity_id: Mapped[int] = mapped_column(primary_key=True)
    rater: Mapped[str] = mapped_column(primary_key=True)
    clue: Mapped[str] = mapped_column(primary_key=True)
    tagged_at: Mapped[datetime]


class StoredOpenSeed(Base):
    """A seed that is in no vocabulary: a sentence with its mention (tokens `span_start` to
    `span_end`), an image of MESE_HOME/open_seeds by its hash, or both; `key` is its content's.
    """

    __tablename__ = "open_seeds"
    __table_args__ = (
        CheckConstraint("length(key) = 16", name="key_is_hex"),
        CheckConstraint("name <> ''", name="named"),
        _short("name"),
        CheckConstraint("token_count = json_array_length(tokens)", name="tokens_counted"),
        CheckConstraint(f"token_count <= {MAX_TOKENS}", name="tokens_few"),
        CheckConstraint("length(image_sha256) = 64", name="sha256_is_hex"),
        CheckConstraint("token_count > 0 OR image_sha256 IS NOT NULL", name="shows_something"),
        CheckConstraint("span_start >= 0 AND span_end >= span_start", name="span_not_empty"),
        CheckConstraint("span_end < token_count OR span_end = 0", name="span_ends_inside"),
        _short("made_by"),
    )

    key: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    tokens: Mapped[list[str]]
    token_count: Mapped[int]
    span_start: Mapped[int]
    span_end: Mapped[int]
    image_sha256: Mapped[str | None] = mapped_column(index=True)
    made_by: Mapped[str]
    made_at: Mapped[datetime]
