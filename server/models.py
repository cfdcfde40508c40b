"""The tables. Every change here has its migration in server/migrations/versions."""

import uuid
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    Enum,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Uuid,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

NAME_LENGTH = 80  # characters; a full Tajik name with its patronymic is under 60
LOGIN_LENGTH = 64  # characters; long enough for an e-mail address
TITLE_LENGTH = 160  # characters; two lines on a phone
DESCRIPTION_LENGTH = 4000  # characters
CODE_LENGTH = 6  # digits that can be said aloud in one breath
HASH_BYTES = 32  # SHA-256


class CourseRole(StrEnum):
    """What a person is in a course."""

    TEACHER = "teacher"
    STUDENT = "student"


class LessonRole(StrEnum):
    """What a person is in one lesson beside the course's roles."""

    TEACHER = "teacher"
    GUEST = "guest"


class LessonState(StrEnum):
    """Where a lesson is in its life; changed by server.lesson_state alone."""

    SCHEDULED = "scheduled"
    PRACTICE = "practice"
    LIVE = "live"
    ENDED = "ended"


class UtcDateTime(TypeDecorator[datetime]):
    """A moment; always aware and in UTC on our side, whatever the database keeps."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone has no place in the database")
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _text_of(values: type[StrEnum]) -> Enum:
    """Keep an enum's values as plain text, which a later version can add to."""
    return Enum(
        values,
        native_enum=False,
        length=16,
        values_callable=lambda known: [one.value for one in known],
    )


class Base(DeclarativeBase):
    """The root of all tables; names of constraints are fixed so that migrations can find them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime(),
        uuid.UUID: Uuid(),
        dict[str, Any]: JSON(),
        CourseRole: _text_of(CourseRole),
        LessonRole: _text_of(LessonRole),
        LessonState: _text_of(LessonState),
    }


def _key(target: str, *, primary: bool = False, index: bool = False) -> Mapped[uuid.UUID]:
    return mapped_column(ForeignKey(target, ondelete="CASCADE"), primary_key=primary, index=index)


class Person(Base):
    """Somebody: staff, a teacher, a student, or a guest of one public event."""

    __tablename__ = "people"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    login: Mapped[str | None] = mapped_column(String(LOGIN_LENGTH), unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(255))
    staff: Mapped[bool]
    guest: Mapped[bool]
    language: Mapped[str | None] = mapped_column(String(2))
    created_at: Mapped[datetime]


class Session(Base):
    """A browser in which a person is signed in; only the hash of its token is kept."""

    __tablename__ = "sessions"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(HASH_BYTES), primary_key=True)
    person_id: Mapped[uuid.UUID] = _key("people.id", index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class SignInLink(Base):
    """A link that signs a person in once; only the hash of its token is kept."""

    __tablename__ = "sign_in_links"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(HASH_BYTES), primary_key=True)
    person_id: Mapped[uuid.UUID] = _key("people.id", index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Course(Base):
    """A series of lessons with its teachers and students."""

    __tablename__ = "courses"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(TITLE_LENGTH))
    description: Mapped[str] = mapped_column(String(DESCRIPTION_LENGTH))
    created_at: Mapped[datetime]


class Member(Base):
    """A person's role in a course."""

    __tablename__ = "members"

    course_id: Mapped[uuid.UUID] = _key("courses.id", primary=True)
    person_id: Mapped[uuid.UUID] = _key("people.id", primary=True, index=True)
    role: Mapped[CourseRole]
    joined_at: Mapped[datetime]


class Lesson(Base):
    """One meeting of a course, or a public event without a course."""

    __tablename__ = "lessons"
    __table_args__ = (
        CheckConstraint("state IN ('scheduled', 'practice', 'live', 'ended')", name="state"),
        CheckConstraint("public OR course_id IS NOT NULL", name="course_or_public"),
        Index("ix_lessons_state", "state"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    course_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("courses.id", ondelete="CASCADE"), index=True
    )
    title: Mapped[str] = mapped_column(String(TITLE_LENGTH))
    public: Mapped[bool]
    state: Mapped[LessonState]
    starts_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    # the timeline's head: the number and position of its newest event
    last_seq: Mapped[int]
    # the newest event that everybody sees, and the newest that teachers see
    last_seq_all: Mapped[int] = mapped_column(default=0, server_default="0")
    last_seq_teachers: Mapped[int] = mapped_column(default=0, server_default="0")
    last_position: Mapped[int] = mapped_column(BigInteger)
    # the lesson's clock: see server.timeline
    clock_boot: Mapped[str | None] = mapped_column(String(64))
    clock_steady_ms: Mapped[int | None] = mapped_column(BigInteger)
    clock_wall_ms: Mapped[int | None] = mapped_column(BigInteger)


class LessonPerson(Base):
    """A person's role in one lesson: the teacher or a guest of a public event."""

    __tablename__ = "lesson_people"

    lesson_id: Mapped[uuid.UUID] = _key("lessons.id", primary=True)
    person_id: Mapped[uuid.UUID] = _key("people.id", primary=True, index=True)
    role: Mapped[LessonRole]
    joined_at: Mapped[datetime]


class JoinCode(Base):
    """Six digits that lead to a course or to a public event."""

    __tablename__ = "join_codes"
    __table_args__ = (
        CheckConstraint("(course_id IS NULL) <> (lesson_id IS NULL)", name="one_target"),
    )

    code: Mapped[str] = mapped_column(String(CODE_LENGTH), primary_key=True)
    course_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("courses.id", ondelete="CASCADE"), unique=True
    )
    lesson_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("lessons.id", ondelete="CASCADE"), unique=True
    )


class LessonEvent(Base):
    """One event of a lesson's timeline, numbered from 1 without gaps."""

    __tablename__ = "lesson_events"

    lesson_id: Mapped[uuid.UUID] = _key("lessons.id", primary=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(40))
    audience: Mapped[str] = mapped_column(String(16))
    person_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("people.id", ondelete="SET NULL")
    )
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
