"""People, courses, lessons and their timeline."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, _MOMENT, nullable=nullable)


def _reference(
    name: str, target: str, table: str, *, primary: bool = False, nullable: bool = False
) -> sa.Column[object]:
    key = sa.ForeignKey(target, ondelete="CASCADE", name=f"fk_{table}_{name}")
    return sa.Column(name, sa.Uuid(), key, nullable=nullable, primary_key=primary)


def _create_people() -> None:
    op.create_table(
        "people",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("login", sa.String(64), nullable=True),
        sa.Column("password_hash", sa.String(255), nullable=True),
        sa.Column("staff", sa.Boolean(), nullable=False),
        sa.Column("guest", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(2), nullable=True),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_people"),
        sa.UniqueConstraint("login", name="uq_people_login"),
    )
    for table, extra in (("sessions", []), ("sign_in_links", [_moment("used_at", nullable=True)])):
        op.create_table(
            table,
            sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
            _reference("person_id", "people.id", table),
            _moment("created_at"),
            _moment("expires_at"),
            *extra,
            sa.PrimaryKeyConstraint("token_hash", name=f"pk_{table}"),
        )
        op.create_index(f"ix_{table}_person_id", table, ["person_id"])


def _create_courses() -> None:
    op.create_table(
        "courses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(160), nullable=False),
        sa.Column("description", sa.String(4000), nullable=False),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_courses"),
    )
    op.create_table(
        "members",
        _reference("course_id", "courses.id", "members"),
        _reference("person_id", "people.id", "members"),
        sa.Column("role", sa.String(16), nullable=False),
        _moment("joined_at"),
        sa.PrimaryKeyConstraint("course_id", "person_id", name="pk_members"),
    )
    op.create_index("ix_members_person_id", "members", ["person_id"])


def _create_lessons() -> None:
    op.create_table(
        "lessons",
        sa.Column("id", sa.Uuid(), nullable=False),
        _reference("course_id", "courses.id", "lessons", nullable=True),
        sa.Column("title", sa.String(160), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        _moment("starts_at", nullable=True),
        _moment("started_at", nullable=True),
        _moment("ended_at", nullable=True),
        _moment("created_at"),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("last_position", sa.BigInteger(), nullable=False),
        sa.Column("clock_boot", sa.String(64), nullable=True),
        sa.Column("clock_steady_ms", sa.BigInteger(), nullable=True),
        sa.Column("clock_wall_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_lessons"),
        sa.CheckConstraint(
            "state IN ('scheduled', 'practice', 'live', 'ended')", name="ck_lessons_state"
        ),
        sa.CheckConstraint("public OR course_id IS NOT NULL", name="ck_lessons_course_or_public"),
    )
    op.create_index("ix_lessons_state", "lessons", ["state"])
    op.create_index("ix_lessons_course_id", "lessons", ["course_id"])
    op.create_table(
        "lesson_people",
        _reference("lesson_id", "lessons.id", "lesson_people"),
        _reference("person_id", "people.id", "lesson_people"),
        sa.Column("role", sa.String(16), nullable=False),
        _moment("joined_at"),
        sa.PrimaryKeyConstraint("lesson_id", "person_id", name="pk_lesson_people"),
    )
    op.create_index("ix_lesson_people_person_id", "lesson_people", ["person_id"])


def _create_join_codes() -> None:
    op.create_table(
        "join_codes",
        sa.Column("code", sa.String(6), nullable=False),
        _reference("course_id", "courses.id", "join_codes", nullable=True),
        _reference("lesson_id", "lessons.id", "join_codes", nullable=True),
        sa.PrimaryKeyConstraint("code", name="pk_join_codes"),
        sa.UniqueConstraint("course_id", name="uq_join_codes_course_id"),
        sa.UniqueConstraint("lesson_id", name="uq_join_codes_lesson_id"),
        sa.CheckConstraint(
            "(course_id IS NULL) <> (lesson_id IS NULL)", name="ck_join_codes_one_target"
        ),
    )


def _create_timeline() -> None:
    op.create_table(
        "lesson_events",
        _reference("lesson_id", "lessons.id", "lesson_events"),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("audience", sa.String(16), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("lesson_id", "seq", name="pk_lesson_events"),
    )


def upgrade() -> None:
    """Create the first tables."""
    _create_people()
    _create_courses()
    _create_lessons()
    _create_join_codes()
    _create_timeline()


def downgrade() -> None:
    """Drop them all."""
    for table in (
        "lesson_events",
        "join_codes",
        "lesson_people",
        "lessons",
        "members",
        "courses",
        "sign_in_links",
        "sessions",
        "people",
    ):
        op.drop_table(table)
