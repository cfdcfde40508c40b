"""Classrooms, holidays, and how lessons are planned."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "classrooms",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("place", sa.String(160), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_classrooms"),
        sa.UniqueConstraint("name", name="uq_classrooms_name"),
    )
    op.create_table(
        "holidays",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(160), nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_holidays"),
    )
    course = sa.ForeignKey("courses.id", ondelete="CASCADE", name="fk_course_timetables_course_id")
    op.create_table(
        "course_timetables",
        sa.Column("course_id", sa.Uuid(), course, nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("margin_minutes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("course_id", name="pk_course_timetables"),
    )
    lesson = sa.ForeignKey("lessons.id", ondelete="CASCADE", name="fk_lesson_plans_lesson_id")
    classroom = sa.ForeignKey(
        "classrooms.id", ondelete="SET NULL", name="fk_lesson_plans_classroom_id"
    )
    op.create_table(
        "lesson_plans",
        sa.Column("lesson_id", sa.Uuid(), lesson, nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("series_id", sa.Uuid(), nullable=True),
        sa.Column("classroom_id", sa.Uuid(), classroom, nullable=True),
        sa.PrimaryKeyConstraint("lesson_id", name="pk_lesson_plans"),
    )
    op.create_index("ix_lesson_plans_series_id", "lesson_plans", ["series_id"])
    op.create_index("ix_lesson_plans_classroom_id", "lesson_plans", ["classroom_id"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("lesson_plans")
    op.drop_table("course_timetables")
    op.drop_table("holidays")
    op.drop_table("classrooms")
