"""Recordings, what courses decide about them, and who has watched them."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = ("recordings", "course_recordings", "recording_watched")


def _key(table: str, name: str, target: str) -> sa.Column[object]:
    key = sa.ForeignKey(f"{target}.id", ondelete="CASCADE", name=f"fk_{table}_{name}")
    return sa.Column(name, sa.Uuid(), key, nullable=False)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _column(name: str, kind: Any, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, kind, nullable=nullable)


def _primary(table: str, *names: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*names, name=f"pk_{table}")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "recordings",
        _key("recordings", "lesson_id", "lessons"),
        _column("published", sa.Boolean()),
        _moment("expires_at", nullable=True),
        _column("live_from", sa.BigInteger(), nullable=True),
        _column("trims", sa.JSON()),
        _column("muted", sa.JSON()),
        _column("length", sa.BigInteger()),
        _moment("deleted_at", nullable=True),
        _moment("created_at"),
        _primary("recordings", "lesson_id"),
    )
    op.create_index("ix_recordings_deleted_at", "recordings", ["deleted_at"])
    op.create_table(
        "course_recordings",
        _key("course_recordings", "course_id", "courses"),
        _column("publish", sa.Boolean()),
        _column("pack", sa.Boolean()),
        _column("keep_days", sa.Integer(), nullable=True),
        _primary("course_recordings", "course_id"),
    )
    op.create_table(
        "recording_watched",
        _key("recording_watched", "lesson_id", "lessons"),
        _key("recording_watched", "person_id", "people"),
        _column("position", sa.BigInteger()),
        _column("intervals", sa.JSON()),
        _moment("updated_at"),
        _primary("recording_watched", "lesson_id", "person_id"),
    )
    op.create_index("ix_recording_watched_person_id", "recording_watched", ["person_id"])
    _record_open_lessons()


def _record_open_lessons() -> None:
    """Give lessons that go on over the update a recording: what follows is recorded."""
    op.execute(
        "INSERT INTO recordings (lesson_id, published, live_from, trims, muted, length, created_at)"
        " SELECT id, true, last_position, '[]', '[]', 0, created_at FROM lessons"
        " WHERE state IN ('practice', 'live')"
    )


def downgrade() -> None:
    """Drop them."""
    for table in reversed(TABLES):
        op.drop_table(table)
