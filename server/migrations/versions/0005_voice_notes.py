"""Voice notes."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _key(name: str, target: str) -> sa.Column[object]:
    key = sa.ForeignKey(f"{target}.id", ondelete="CASCADE", name=f"fk_voice_notes_{name}")
    return sa.Column(name, sa.Uuid(), key, nullable=False)


def _position(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "voice_notes",
        sa.Column("id", sa.Uuid(), nullable=False),
        _key("lesson_id", "lessons"),
        _key("person_id", "people"),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        _position("at"),
        sa.Column("length", sa.Integer(), nullable=True),
        sa.Column("refusal", sa.String(32), nullable=True),
        _position("aired_from", nullable=True),
        _position("aired_to", nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_voice_notes"),
        sa.UniqueConstraint("lesson_id", "number", name="uq_voice_notes_lesson_id_number"),
    )
    op.create_index("ix_voice_notes_lesson_id_state", "voice_notes", ["lesson_id", "state"])
    op.create_index("ix_voice_notes_person_id", "voice_notes", ["person_id"])
    op.create_index("ix_voice_notes_created_at", "voice_notes", ["created_at"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("voice_notes")
