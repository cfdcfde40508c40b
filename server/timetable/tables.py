"""The tables of the timetable; their migrations are server/migrations/versions/0010 and 0011."""

import uuid
from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.models import HASH_BYTES, NAME_LENGTH, TITLE_LENGTH, Base


class Classroom(Base):
    """A physical room; its cameras are no part of this table."""

    __tablename__ = "classrooms"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH), unique=True)
    place: Mapped[str] = mapped_column(String(TITLE_LENGTH))


class Holiday(Base):
    """A day of the school's own calendar on which no lesson of a series is held."""

    __tablename__ = "holidays"

    day: Mapped[date] = mapped_column(Date(), primary_key=True)
    name: Mapped[str] = mapped_column(String(TITLE_LENGTH))


class CourseTimetable(Base):
    """What a course decided about its timetable; a course without a row has the defaults."""

    __tablename__ = "course_timetables"

    course_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("courses.id", ondelete="CASCADE"), primary_key=True
    )
    automatic: Mapped[bool]  # whether its lessons go live and end by the timetable
    margin_minutes: Mapped[int]  # after its planned end a lesson that nobody teaches is ended


class LessonPlan(Base):
    """How a lesson is planned, beside its start; a lesson without a row has no planned end."""

    __tablename__ = "lesson_plans"

    lesson_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("lessons.id", ondelete="CASCADE"), primary_key=True
    )
    minutes: Mapped[int]
    # what "this and following" and "all" mean: the lessons that were planned together
    series_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    classroom_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("classrooms.id", ondelete="SET NULL"), index=True
    )


class CalendarLink(Base):
    """A secret address of a person's lessons for calendar programs; only its hash is kept."""

    __tablename__ = "calendar_links"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(HASH_BYTES), unique=True)
    person_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), index=True
    )
    # only the lessons of a course, or those in a classroom; both None: all of the person's
    course_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("courses.id", ondelete="CASCADE")
    )
    classroom_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("classrooms.id", ondelete="CASCADE")
    )
    created_at: Mapped[datetime]
