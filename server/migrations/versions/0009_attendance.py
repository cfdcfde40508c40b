"""Who heard how much of a lesson."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def _gone_with(name: str, table: str) -> sa.Column[object]:
    key = sa.ForeignKey(f"{table}.id", ondelete="CASCADE", name=f"fk_attendance_{name}")
    return sa.Column(name, sa.Uuid(), key, nullable=False)


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "attendance",
        _gone_with("lesson_id", "lessons"),
        _gone_with("person_id", "people"),
        sa.Column("began", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("lesson_id", "person_id", "began", name="pk_attendance"),
    )
    op.create_index("ix_attendance_person_id", "attendance", ["person_id"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("attendance")
