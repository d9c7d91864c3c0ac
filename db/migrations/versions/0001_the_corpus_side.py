"""The corpus side: one corpus with its images, classes, entities, contexts and queries.

Links are made WITHOUT ROWID on SQLite. Names of constraints are spelt out, so that a change of
the naming convention in `db.models` cannot rename what exists.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    "candidate_images",
    "contexts",
    "sentences",
    "query_seeds",
    "queries",
    "memberships",
    "aliases",
    "entities",
    "semantic_classes",
    "images",
    "corpus",
)
"""Every table, those that refer to others first."""


def upgrade() -> None:
    _corpus_and_images()
    _classes_and_entities()
    _queries()
    _sentences_and_contexts()


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)


def _corpus_and_images() -> None:
    op.create_table(
        "corpus",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("image_root", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_corpus_only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corpus")),
    )
    op.create_table(
        "images",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "sha256 IS NULL OR length(sha256) = 64", name=op.f("ck_images_sha256_is_hex")
        ),
        sa.CheckConstraint(
            "(width IS NULL) = (height IS NULL)", name=op.f("ck_images_both_sides_or_none")
        ),
        sa.CheckConstraint(
            "width IS NOT NULL OR problem IS NOT NULL", name=op.f("ck_images_sized_or_explained")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_images")),
        sa.UniqueConstraint("path", name=op.f("uq_images_path")),
    )
    op.create_index("ix_images_sha256", "images", ["sha256"])


def _classes_and_entities() -> None:
    op.create_table(
        "semantic_classes",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("middle", sa.Text(), nullable=False),
        sa.Column("coarse", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_semantic_classes")),
        sa.UniqueConstraint("name", name=op.f("uq_semantic_classes_name")),
    )
    op.create_index("ix_semantic_classes_middle", "semantic_classes", ["middle"])
    op.create_table(
        "entities",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("search_key", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("reference_image_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("name <> ''", name=op.f("ck_entities_named")),
        sa.CheckConstraint(
            "role IN ('target', 'sibling', 'bm25', 'random', 'synonym')",
            name=op.f("ck_entities_role_known"),
        ),
        sa.ForeignKeyConstraint(
            ["reference_image_id"], ["images.id"], name=op.f("fk_entities_reference_image_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entities")),
    )
    op.create_index("ix_entities_search_key", "entities", ["search_key"])
    op.create_table(
        "aliases",
        sa.Column("entity_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("search_key", sa.Text(), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_aliases_named")),
        sa.ForeignKeyConstraint(["entity_id"], ["entities.id"], name=op.f("fk_aliases_entity_id")),
        sa.PrimaryKeyConstraint("entity_id", "position", name=op.f("pk_aliases")),
        sa.UniqueConstraint("entity_id", "name", name=op.f("uq_aliases_entity_id_name")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_aliases_search_key", "aliases", ["search_key"])
    op.create_table(
        "memberships",
        sa.Column("class_id", sa.Integer(), nullable=False),
        sa.Column("entity_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["class_id"], ["semantic_classes.id"], name=op.f("fk_memberships_class_id")
        ),
        sa.ForeignKeyConstraint(
            ["entity_id"], ["entities.id"], name=op.f("fk_memberships_entity_id")
        ),
        sa.PrimaryKeyConstraint("class_id", "entity_id", name=op.f("pk_memberships")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_memberships_entity_id", "memberships", ["entity_id"])


def _queries() -> None:
    op.create_table(
        "queries",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("class_id", sa.Integer(), nullable=False),
        sa.Column("seed_count", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["class_id"], ["semantic_classes.id"], name=op.f("fk_queries_class_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queries")),
        sa.UniqueConstraint(
            "class_id", "seed_count", "number", name=op.f("uq_queries_class_id_seed_count_number")
        ),
    )
    op.create_table(
        "query_seeds",
        sa.Column("query_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("entity_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entity_id"], ["entities.id"], name=op.f("fk_query_seeds_entity_id")
        ),
        sa.ForeignKeyConstraint(["query_id"], ["queries.id"], name=op.f("fk_query_seeds_query_id")),
        sa.PrimaryKeyConstraint("query_id", "position", name=op.f("pk_query_seeds")),
        sa.UniqueConstraint(
            "query_id", "entity_id", name=op.f("uq_query_seeds_query_id_entity_id")
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_query_seeds_entity_id", "query_seeds", ["entity_id"])


def _sentences_and_contexts() -> None:
    op.create_table(
        "sentences",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("tokens", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sentences")),
    )
    op.create_table(
        "contexts",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sentence_id", sa.Integer(), nullable=False),
        sa.Column("entity_id", sa.Integer(), nullable=False),
        sa.Column("span_start", sa.Integer(), nullable=False),
        sa.Column("span_end", sa.Integer(), nullable=False),
        sa.CheckConstraint("span_start >= 0", name=op.f("ck_contexts_span_starts_inside")),
        sa.CheckConstraint("span_end >= span_start", name=op.f("ck_contexts_span_not_empty")),
        sa.ForeignKeyConstraint(["entity_id"], ["entities.id"], name=op.f("fk_contexts_entity_id")),
        sa.ForeignKeyConstraint(
            ["sentence_id"], ["sentences.id"], name=op.f("fk_contexts_sentence_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contexts")),
        sa.UniqueConstraint(
            "sentence_id",
            "entity_id",
            "span_start",
            "span_end",
            name=op.f("uq_contexts_sentence_id_entity_id_span_start_span_end"),
        ),
    )
    op.create_index("ix_contexts_entity_id", "contexts", ["entity_id"])
    op.create_table(
        "candidate_images",
        sa.Column("context_id", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("image_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("rank BETWEEN 1 AND 10", name=op.f("ck_candidate_images_rank_in_range")),
        sa.ForeignKeyConstraint(
            ["context_id"], ["contexts.id"], name=op.f("fk_candidate_images_context_id")
        ),
        sa.ForeignKeyConstraint(
            ["image_id"], ["images.id"], name=op.f("fk_candidate_images_image_id")
        ),
        sa.PrimaryKeyConstraint("context_id", "rank", name=op.f("pk_candidate_images")),
        sa.UniqueConstraint(
            "context_id", "image_id", name=op.f("uq_candidate_images_context_id_image_id")
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_candidate_images_image_id", "candidate_images", ["image_id"])
