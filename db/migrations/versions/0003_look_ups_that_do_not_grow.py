"""Indexes for what every page of an entity asks, and one order of names on every PostgreSQL.

Whether any context has a choice of images was answered by a walk through all candidates where none
has one, as in MESED itself.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SORTED = (("entities", "search_key"), ("aliases", "search_key"), ("scorers", "name"))


def upgrade() -> None:
    op.create_index(
        "ix_candidate_images_beyond_the_first",
        "candidate_images",
        ["rank"],
        sqlite_where=sa.text("rank > 1"),
        postgresql_where=sa.text("rank > 1"),
    )
    op.create_index("ix_candidate_scores_scorer_id", "candidate_scores", ["scorer_id"])
    _sort_by(sa.Text(collation="C"))


def downgrade() -> None:
    _sort_by(sa.Text(collation="default"))
    op.drop_index("ix_candidate_scores_scorer_id", "candidate_scores")
    op.drop_index("ix_candidate_images_beyond_the_first", "candidate_images")


def _sort_by(kind: sa.Text) -> None:
    """SQLite sorts by code points as it is."""
    if op.get_bind().dialect.name == "postgresql":
        for table, column in SORTED:
            op.alter_column(table, column, type_=kind, existing_nullable=False)
