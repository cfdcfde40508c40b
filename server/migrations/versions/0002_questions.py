"""Audiences of the timeline, commands, and questions."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _key(
    table: str,
    name: str,
    target: str,
    *,
    primary: bool = False,
    nullable: bool = False,
    outlives: bool = False,
) -> sa.Column[object]:
    action = "SET NULL" if outlives else "CASCADE"
    key = sa.ForeignKey(f"{target}.id", ondelete=action, name=f"fk_{table}_{name}")
    return sa.Column(name, sa.Uuid(), key, nullable=nullable, primary_key=primary)


def _flag(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _number(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _big(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _widen_timeline() -> None:
    with op.batch_alter_table("lesson_events") as table:
        table.add_column(sa.Column("person_id", sa.Uuid(), nullable=True))
        table.create_foreign_key(
            "fk_lesson_events_person_id", "people", ["person_id"], ["id"], ondelete="SET NULL"
        )
    for name in ("last_seq_all", "last_seq_teachers"):
        # Until now every event was for all.
        op.add_column("lessons", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
        op.execute(sa.text(f"UPDATE lessons SET {name} = last_seq"))  # noqa: S608 - our own names


def _create_commands() -> None:
    op.create_table(
        "commands",
        sa.Column("id", sa.Uuid(), nullable=False),
        _key("commands", "person_id", "people"),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_commands"),
    )
    op.create_index("ix_commands_person_id", "commands", ["person_id"])
    op.create_index("ix_commands_created_at", "commands", ["created_at"])


def _create_books() -> None:
    op.create_table(
        "question_books",
        sa.Column("id", sa.Uuid(), nullable=False),
        _key("question_books", "course_id", "courses", nullable=True),
        _key("question_books", "lesson_id", "lessons", nullable=True),
        _number("last_number"),
        sa.PrimaryKeyConstraint("id", name="pk_question_books"),
        sa.UniqueConstraint("course_id", name="uq_question_books_course_id"),
        sa.UniqueConstraint("lesson_id", name="uq_question_books_lesson_id"),
    )
    op.create_table(
        "question_settings",
        _key("question_settings", "lesson_id", "lessons"),
        _flag("anonymous"),
        _flag("review"),
        _flag("paused"),
        _number("on_screen", nullable=True),
        sa.PrimaryKeyConstraint("lesson_id", name="pk_question_settings"),
    )


def _create_questions() -> None:
    op.create_table(
        "questions",
        sa.Column("id", sa.Uuid(), nullable=False),
        _key("questions", "book_id", "question_books"),
        _number("number"),
        _key("questions", "asker_id", "people", nullable=True, outlives=True),
        _key("questions", "lesson_id", "lessons", nullable=True, outlives=True),
        sa.Column("text", sa.Text(), nullable=False),
        _flag("anonymous"),
        _flag("first"),
        _big("at", nullable=True),
        _big("asked_ms"),
        _flag("edited"),
        _flag("seen"),
        sa.Column("state", sa.String(16), nullable=False),
        _flag("published"),
        _number("version"),
        sa.Column("before", sa.JSON(), nullable=True),
        _number("merged_into", nullable=True),
        sa.Column("how", sa.String(16), nullable=True),
        _key("questions", "answer_lesson_id", "lessons", nullable=True, outlives=True),
        _big("answer_from", nullable=True),
        _big("answer_to", nullable=True),
        _number("votes"),
        _number("votes_told"),
        _flag("starred"),
        sa.Column("label", sa.String(40), nullable=True),
        _key("questions", "owner_id", "people", nullable=True, outlives=True),
        sa.Column("due", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_questions"),
        sa.UniqueConstraint("book_id", "number", name="uq_questions_book_id_number"),
    )
    op.create_index("ix_questions_asker_id", "questions", ["asker_id", "asked_ms"])
    op.create_index("ix_questions_book_id_state", "questions", ["book_id", "state"])


def _create_beside_questions() -> None:
    op.create_table(
        "question_lessons",
        _key("question_lessons", "lesson_id", "lessons"),
        _key("question_lessons", "question_id", "questions"),
        sa.PrimaryKeyConstraint("lesson_id", "question_id", name="pk_question_lessons"),
    )
    op.create_index("ix_question_lessons_question_id", "question_lessons", ["question_id"])
    op.create_table(
        "question_votes",
        _key("question_votes", "question_id", "questions"),
        _key("question_votes", "person_id", "people"),
        sa.PrimaryKeyConstraint("question_id", "person_id", name="pk_question_votes"),
    )
    op.create_index("ix_question_votes_person_id", "question_votes", ["person_id"])
    op.create_table(
        "question_answers",
        _key("question_answers", "question_id", "questions"),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        _key("question_answers", "author_id", "people", nullable=True, outlives=True),
        _flag("teacher"),
        sa.Column("text", sa.Text(), nullable=False),
        _flag("good"),
        _flag("edited"),
        _flag("removed"),
        _flag("removed_by_teacher"),
        _big("given_ms"),
        sa.PrimaryKeyConstraint("question_id", "number", name="pk_question_answers"),
    )
    op.create_index("ix_question_answers_author_id", "question_answers", ["author_id"])
    word = sa.String(24).with_variant(sa.String(24, collation="C"), "postgresql")
    op.create_table(
        "question_words",
        _key("question_words", "question_id", "questions"),
        sa.Column("word", word, nullable=False),
        _key("question_words", "book_id", "question_books"),
        sa.PrimaryKeyConstraint("question_id", "word", name="pk_question_words"),
    )
    op.create_index("ix_question_words_book_id", "question_words", ["book_id", "word"])


def upgrade() -> None:
    """Create what questions need."""
    _widen_timeline()
    _create_commands()
    _create_books()
    _create_questions()
    _create_beside_questions()


def downgrade() -> None:
    """Drop it."""
    for table in (
        "question_words",
        "question_answers",
        "question_votes",
        "question_lessons",
        "questions",
        "question_settings",
        "question_books",
        "commands",
    ):
        op.drop_table(table)
    # Events for few would be shown to all by the version before.
    op.execute("UPDATE lesson_events SET kind = 'hidden', payload = '{}' WHERE audience <> 'all'")
    with op.batch_alter_table("lesson_events") as events:
        events.drop_constraint("fk_lesson_events_person_id", type_="foreignkey")
        events.drop_column("person_id")
    for name in ("last_seq_all", "last_seq_teachers"):
        op.drop_column("lessons", name)
