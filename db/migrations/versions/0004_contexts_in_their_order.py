"""An entity's contexts come from the index in their order: its first one costs one look-up."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_contexts_entity_id_id", "contexts", ["entity_id", "id"])
    op.drop_index("ix_contexts_entity_id", "contexts")


def downgrade() -> None:
    op.create_index("ix_contexts_entity_id", "contexts", ["entity_id"])
    op.drop_index("ix_contexts_entity_id_id", "contexts")
