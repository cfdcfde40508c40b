"""Hands and turns."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _key(table: str, name: str, target: str) -> sa.Column[object]:
    key = sa.ForeignKey(f"{target}.id", ondelete="CASCADE", name=f"fk_{table}_{name}")
    return sa.Column(name, sa.Uuid(), key, nullable=False)


def _position(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _flag(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def upgrade() -> None:
    """Create what speaking needs."""
    op.create_table(
        "hands",
        _key("hands", "lesson_id", "lessons"),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        _key("hands", "person_id", "people"),
        _position("at"),
        _position("rank"),
        _flag("first"),
        _flag("camera"),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("test", sa.String(16), nullable=True),
        _position("invited_at", nullable=True),
        _position("aired_from", nullable=True),
        _position("aired_to", nullable=True),
        _position("until", nullable=True),
        _flag("talking"),
        sa.PrimaryKeyConstraint("lesson_id", "number", name="pk_hands"),
    )
    op.create_index("ix_hands_lesson_id_state", "hands", ["lesson_id", "state"])
    op.create_index("ix_hands_person_id", "hands", ["person_id"])
    op.create_table(
        "hand_settings",
        _key("hand_settings", "lesson_id", "lessons"),
        _flag("paused"),
        sa.Column("limit_seconds", sa.Integer(), nullable=True),
        _flag("auto"),
        _flag("push_to_talk"),
        sa.PrimaryKeyConstraint("lesson_id", name="pk_hand_settings"),
    )


def downgrade() -> None:
    """Drop it."""
    for table in ("hand_settings", "hands"):
        op.drop_table(table)
