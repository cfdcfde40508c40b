"""Polls."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _key(table: str, name: str, target: str) -> sa.Column[object]:
    key = sa.ForeignKey(f"{target}.id", ondelete="CASCADE", name=f"fk_{table}_{name}")
    return sa.Column(name, sa.Uuid(), key, nullable=False)


def _number(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Integer(), nullable=False, autoincrement=False)


def upgrade() -> None:
    """Create what polls need."""
    op.create_table(
        "polls",
        _key("polls", "lesson_id", "lessons"),
        _number("number"),
        sa.Column("text", sa.String(300), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("multiple", sa.Boolean(), nullable=False),
        sa.Column("shown", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("lesson_id", "number", name="pk_polls"),
    )
    op.create_table(
        "poll_choices",
        sa.Column("lesson_id", sa.Uuid(), nullable=False),
        _number("number"),
        _key("poll_choices", "person_id", "people"),
        _number("choice"),
        sa.ForeignKeyConstraint(
            ["lesson_id", "number"],
            ["polls.lesson_id", "polls.number"],
            ondelete="CASCADE",
            name="fk_poll_choices_lesson_id_number",
        ),
        sa.PrimaryKeyConstraint(
            "lesson_id", "number", "person_id", "choice", name="pk_poll_choices"
        ),
    )
    op.create_index("ix_poll_choices_person_id", "poll_choices", ["person_id"])


def downgrade() -> None:
    """Drop it."""
    for table in ("poll_choices", "polls"):
        op.drop_table(table)
