"""Secret addresses for calendar programs."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def _gone_with(name: str, table: str, *, nullable: bool) -> sa.Column[object]:
    key = sa.ForeignKey(f"{table}.id", ondelete="CASCADE", name=f"fk_calendar_links_{name}")
    return sa.Column(name, sa.Uuid(), key, nullable=nullable)


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "calendar_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        _gone_with("person_id", "people", nullable=False),
        _gone_with("course_id", "courses", nullable=True),
        _gone_with("classroom_id", "classrooms", nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_calendar_links"),
        sa.UniqueConstraint("token_hash", name="uq_calendar_links_token_hash"),
    )
    op.create_index("ix_calendar_links_person_id", "calendar_links", ["person_id"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("calendar_links")
