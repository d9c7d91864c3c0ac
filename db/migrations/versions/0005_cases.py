"""What users make with a corpus: cases with their tags and visual clues, and open seeds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SORTED = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _cases()
    _case_tags()
    _case_clues()
    _open_seeds()


def downgrade() -> None:
    for table in ("open_seeds", "case_clues", "case_tags", "cases"):
        op.drop_table(table)


def _cases() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.Integer(), nullable=False),
        *(_text(name) for name in ("title", "note", "address", "search_key", "document", "shown")),
        _text("made_by"),
        sa.Column("made_at", MOMENT, nullable=False),
        _check("cases", "titled", "title <> ''"),
        _short("cases", "title", 200),
        _short("cases", "note", 10_000),
        _short("cases", "address", 8_000),
        _short("cases", "document", 2_000_000),
        _short("cases", "shown", 2_000_000),
        _short("cases", "made_by", 1_000),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sqlite_autoincrement=True,
    )


def _case_tags() -> None:
    op.create_table(
        "case_tags",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("name", SORTED, nullable=False),
        _check("case_tags", "named", "name <> ''"),
        _short("case_tags", "name", 40),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_tags_case_id")),
        sa.PrimaryKeyConstraint("case_id", "name", name=op.f("pk_case_tags")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_case_tags_name", "case_tags", ["name"])


def _case_clues() -> None:
    clues = "'object', 'scene', 'property', 'other', 'none'"
    op.create_table(
        "case_clues",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("entity_id", sa.Integer(), nullable=False),
        _text("rater"),
        _text("clue"),
        sa.Column("tagged_at", MOMENT, nullable=False),
        _check("case_clues", "clue_known", f"clue IN ({clues})"),
        _check("case_clues", "entity_in_range", "entity_id BETWEEN 0 AND 2147483647"),
        _check("case_clues", "rater_named", "rater <> ''"),
        _short("case_clues", "rater", 1_000),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_clues_case_id")),
        sa.PrimaryKeyConstraint(
            "case_id", "entity_id", "rater", "clue", name=op.f("pk_case_clues")
        ),
        sqlite_with_rowid=False,
    )


def _open_seeds() -> None:
    op.create_table(
        "open_seeds",
        _text("key"),
        _text("name"),
        sa.Column("tokens", sa.JSON(), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("token_count", "span_start", "span_end")
        ),
        sa.Column("image_sha256", sa.Text(), nullable=True),
        _text("made_by"),
        sa.Column("made_at", MOMENT, nullable=False),
        _check("open_seeds", "key_is_hex", "length(key) = 16"),
        _check("open_seeds", "named", "name <> ''"),
        _short("open_seeds", "name", 1_000),
        _check("open_seeds", "tokens_counted", "token_count = json_array_length(tokens)"),
        _check("open_seeds", "tokens_few", "token_count <= 1000"),
        _check("open_seeds", "sha256_is_hex", "length(image_sha256) = 64"),
        _check("open_seeds", "shows_something", "token_count > 0 OR image_sha256 IS NOT NULL"),
        _check("open_seeds", "span_not_empty", "span_start >= 0 AND span_end >= span_start"),
        _check("open_seeds", "span_ends_inside", "span_end < token_count OR span_end = 0"),
        _short("open_seeds", "made_by", 1_000),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_open_seeds")),
    )
    op.create_index("ix_open_seeds_image_sha256", "open_seeds", ["image_sha256"])


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))


def _short(table: str, column: str, most: int) -> sa.CheckConstraint:
    return _check(table, f"{column}_short", f"length({column}) <= {most}")
