"""The store in full: scores, image facts, and the rules that files could break until now.

SQLite changes a table by copying it. A context repeats its sentence's number of tokens, so that a
span outside its sentence is refused by the database.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

from db.store import StoreError

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

RULES: dict[str, dict[str, str]] = {
    "corpus": {"named": "name <> ''", "name_short": "length(name) <= 1000"},
    "images": {
        "sides_not_empty": "width > 0 AND height > 0",
        "path_short": "length(path) <= 4096",
    },
    "semantic_classes": {
        "named": "name <> ''",
        "name_short": "length(name) <= 1000",
        "middle_short": "length(middle) <= 1000",
        "coarse_short": "length(coarse) <= 1000",
    },
    "entities": {
        "id_in_range": "id BETWEEN 0 AND 2147483647",
        "name_short": "length(name) <= 1000",
    },
    "aliases": {"name_short": "length(name) <= 1000"},
    "sentences": {
        "has_tokens": "token_count > 0",
        "tokens_counted": "token_count = json_array_length(tokens)",
        "line_not_negative": "line >= 0",
    },
    "contexts": {"span_ends_inside": "span_end < token_count"},
    "queries": {"has_seeds": "seed_count > 0", "number_not_negative": "number >= 0"},
}
"""Rules over what an older store may hold: looked at first, so that a refusal names its place."""

NEW_COLUMN_RULES = {
    "bytes_not_negative": "bytes >= 0",
    "checked_or_not_known": "checked_at IS NULL OR sha256 IS NOT NULL OR problem IS NOT NULL",
    "url_short": "length(url) <= 4096",
    "licence_short": "length(licence) <= 1000",
}


def upgrade() -> None:
    _add_columns()
    _refuse_what_breaks_a_rule()
    for table in RULES:
        if table != "contexts":
            with op.batch_alter_table(table) as batch:
                _add_rules(batch, table)
                if table == "sentences":
                    batch.alter_column("token_count", existing_type=sa.Integer(), nullable=False)
                    batch.create_unique_constraint(
                        op.f("uq_sentences_id_token_count"), ["id", "token_count"]
                    )
    _bind_contexts_to_their_tokens()
    _scores()


def downgrade() -> None:
    op.drop_table("candidate_scores")
    op.drop_table("scorers")
    with op.batch_alter_table("contexts") as batch:
        batch.drop_constraint(op.f("fk_contexts_sentence_id"), type_="foreignkey")
        batch.drop_constraint(op.f("ck_contexts_span_ends_inside"), type_="check")
        batch.create_foreign_key(
            op.f("fk_contexts_sentence_id"), "sentences", ["sentence_id"], ["id"]
        )
        batch.drop_column("token_count")
        batch.drop_column("extra")
    for table in reversed([name for name in RULES if name != "contexts"]):
        with op.batch_alter_table(table) as batch:
            for name in _rules_of(table):
                batch.drop_constraint(op.f(f"ck_{table}_{name}"), type_="check")
            if table == "sentences":
                batch.drop_constraint(op.f("uq_sentences_id_token_count"), type_="unique")
            for column in NEW_COLUMNS.get(table, ()):
                batch.drop_column(column)


NEW_COLUMNS: dict[str, dict[str, sa.types.TypeEngine[Any]]] = {
    "corpus": {"layout": sa.JSON()},
    "images": {
        "bytes": sa.BigInteger(),
        "url": sa.Text(),
        "licence": sa.Text(),
        "checked_at": sa.DateTime(timezone=True),
    },
    "sentences": {"token_count": sa.Integer(), "extra": sa.JSON()},
    "contexts": {"token_count": sa.Integer(), "extra": sa.JSON()},
}


def _add_columns() -> None:
    for table, columns in NEW_COLUMNS.items():
        for name, kind in columns.items():
            op.add_column(table, sa.Column(name, kind, nullable=True))
    op.execute("UPDATE sentences SET token_count = json_array_length(tokens)")
    op.execute(
        "UPDATE contexts SET token_count = "
        "(SELECT token_count FROM sentences WHERE sentences.id = contexts.sentence_id)"
    )


def _refuse_what_breaks_a_rule() -> None:
    for table, rules in RULES.items():
        for name, rule in rules.items():
            found = op.get_bind().scalar(
                sa.text(f"SELECT count(*) FROM {table} WHERE NOT ({rule})")
            )
            if found:
                raise StoreError(
                    f"{found} rows of {table} break the rule {name} ({rule}), which this program "
                    "needs; nothing was changed: import the corpus anew, into another MESE_HOME"
                )


def _rules_of(table: str) -> dict[str, str]:
    return {**RULES[table], **(NEW_COLUMN_RULES if table == "images" else {})}


def _add_rules(batch: BatchOperations, table: str) -> None:
    for name, rule in _rules_of(table).items():
        batch.create_check_constraint(op.f(f"ck_{table}_{name}"), sa.text(rule))


def _bind_contexts_to_their_tokens() -> None:
    with op.batch_alter_table("contexts") as batch:
        batch.alter_column("token_count", existing_type=sa.Integer(), nullable=False)
        batch.drop_constraint(op.f("fk_contexts_sentence_id"), type_="foreignkey")
        batch.create_foreign_key(
            op.f("fk_contexts_sentence_id"),
            "sentences",
            ["sentence_id", "token_count"],
            ["id", "token_count"],
        )
        _add_rules(batch, "contexts")


def _scores() -> None:
    op.create_table(
        "scorers",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_scorers_named")),
        sa.CheckConstraint("length(name) <= 1000", name=op.f("ck_scorers_name_short")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scorers")),
        sa.UniqueConstraint("name", name=op.f("uq_scorers_name")),
    )
    op.create_table(
        "candidate_scores",
        sa.Column("context_id", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("scorer_id", sa.Integer(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("sentence_term", sa.Double(), nullable=True),
        sa.Column("object_term", sa.Double(), nullable=True),
        *(
            sa.CheckConstraint(
                f"{term} BETWEEN -1e300 AND 1e300", name=op.f(f"ck_candidate_scores_{term}_finite")
            )
            for term in ("value", "sentence_term", "object_term")
        ),
        sa.ForeignKeyConstraint(
            ["context_id", "rank"],
            ["candidate_images.context_id", "candidate_images.rank"],
            name=op.f("fk_candidate_scores_context_id"),
        ),
        sa.ForeignKeyConstraint(
            ["scorer_id"], ["scorers.id"], name=op.f("fk_candidate_scores_scorer_id")
        ),
        sa.PrimaryKeyConstraint(
            "context_id", "rank", "scorer_id", name=op.f("pk_candidate_scores")
        ),
        sqlite_with_rowid=False,
    )
