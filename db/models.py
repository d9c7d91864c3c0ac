"""The tables of the corpus side, in the words of the house plan; one store holds one corpus.

Rules that matter are named constraints here, so that no program can break them. Ids of sentences,
contexts, images and queries are given by the importer: numbers known beforehand let it insert in
bulk, the same way on SQLite and PostgreSQL.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    JSON,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    MetaData,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from mese.corpus import ROLES

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
MAX_RANK = 10
"""A context has up to ten candidate images (paper, section 3)."""

# Pure link tables are stored by their key on SQLite, which saves a second b-tree of the same size.
LINK = {"sqlite_with_rowid": False}


class Base(DeclarativeBase):
    """What all tables share: text without a length limit, and names for every constraint."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {  # noqa: RUF012 (SQLAlchemy reads it as a plain class attribute)
        str: Text,
        datetime: DateTime(timezone=True),
        list[str]: JSON,
    }


class StoredCorpus(Base):
    """The one corpus of this store and where it came from; `image_root` is an absolute folder."""

    __tablename__ = "corpus"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    source: Mapped[str]
    image_root: Mapped[str]
    fingerprint: Mapped[str]
    imported_at: Mapped[datetime]


class StoredImage(Base):
    """An image file below the image root.

    `sha256` stays empty until the second pass has read the bytes; `problem` says why an image
    cannot be shown, and is empty for a good one.
    """

    __tablename__ = "images"
    __table_args__ = (
        CheckConstraint("sha256 IS NULL OR length(sha256) = 64", name="sha256_is_hex"),
        CheckConstraint("(width IS NULL) = (height IS NULL)", name="both_sides_or_none"),
        CheckConstraint("width IS NOT NULL OR problem IS NOT NULL", name="sized_or_explained"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    path: Mapped[str] = mapped_column(unique=True)
    sha256: Mapped[str | None] = mapped_column(index=True)
    width: Mapped[int | None]
    height: Mapped[int | None]
    problem: Mapped[str | None]


class StoredClass(Base):
    """A fine semantic class with its middle and coarse class; `position` is the schema's order."""

    __tablename__ = "semantic_classes"

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
        CheckConstraint("name <> ''", name="named"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    search_key: Mapped[str] = mapped_column(index=True)
    role: Mapped[str]
    reference_image_id: Mapped[int | None] = mapped_column(ForeignKey("images.id"))


class StoredAlias(Base):
    """Another name of an entity."""

    __tablename__ = "aliases"
    __table_args__ = (
        UniqueConstraint("entity_id", "name"),
        CheckConstraint("name <> ''", name="named"),
        LINK,
    )

    entity_id: Mapped[int] = mapped_column(ForeignKey("entities.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    search_key: Mapped[str] = mapped_column(index=True)


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

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    line: Mapped[int]
    tokens: Mapped[list[str]]


class StoredContext(Base):
    """One mention of an entity: tokens `span_start` to `span_end`, both inclusive."""

    __tablename__ = "contexts"
    __table_args__ = (
        UniqueConstraint("sentence_id", "entity_id", "span_start", "span_end"),
        CheckConstraint("span_start >= 0", name="span_starts_inside"),
        CheckConstraint("span_end >= span_start", name="span_not_empty"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sentence_id: Mapped[int] = mapped_column(ForeignKey("sentences.id"))
    entity_id: Mapped[int] = mapped_column(ForeignKey("entities.id"), index=True)
    span_start: Mapped[int]
    span_end: Mapped[int]


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


class StoredQuery(Base):
    """A query of a fine class; `number` counts the class's queries of one seed count from 0."""

    __tablename__ = "queries"
    __table_args__ = (UniqueConstraint("class_id", "seed_count", "number"),)

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
