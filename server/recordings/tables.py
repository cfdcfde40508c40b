"""The tables of recordings; their migrations are server/migrations/versions/0006 and 0007."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.models import Base


def _gone_with(target: str, **options: Any) -> Any:
    return mapped_column(ForeignKey(target, ondelete="CASCADE"), **options)


class Recording(Base):
    """A lesson's recording; positions are milliseconds on the lesson's clock."""

    __tablename__ = "recordings"
    __table_args__ = (Index("ix_recordings_deleted_at", "deleted_at"),)

    lesson_id: Mapped[uuid.UUID] = _gone_with("lessons.id", primary_key=True)
    published: Mapped[bool]
    expires_at: Mapped[datetime | None]
    # the position at which the lesson went live: what was rehearsed before is for teachers
    live_from: Mapped[int | None] = mapped_column(BigInteger)
    # what the audience is shown: kept intervals [[from, to], …] (none: all), muted hands' numbers
    trims: Mapped[list[list[int]]] = mapped_column(JSON)
    muted: Mapped[list[int]] = mapped_column(JSON)
    length: Mapped[int] = mapped_column(BigInteger)
    # of the files as they were recorded, for the library's order; None: not measured yet
    size: Mapped[int | None] = mapped_column(BigInteger)
    deleted_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class CourseRecordings(Base):
    """What a course decided about its recordings; a course without a row has the defaults."""

    __tablename__ = "course_recordings"

    course_id: Mapped[uuid.UUID] = _gone_with("courses.id", primary_key=True)
    publish: Mapped[bool]  # whether a recording is published as soon as its lesson ends
    pack: Mapped[bool]  # whether students may take the lesson home as one file
    keep_days: Mapped[int | None]  # None: for ever


class Watched(Base):
    """How far a person has come in a recording, over all their devices."""

    __tablename__ = "recording_watched"

    lesson_id: Mapped[uuid.UUID] = _gone_with("lessons.id", primary_key=True)
    person_id: Mapped[uuid.UUID] = _gone_with("people.id", primary_key=True, index=True)
    position: Mapped[int] = mapped_column(BigInteger)
    intervals: Mapped[list[list[int]]] = mapped_column(JSON)
    updated_at: Mapped[datetime]


class Captions(Base):
    """What is said in a recording in one language; the words are in a file beside its runs."""

    __tablename__ = "recording_captions"

    lesson_id: Mapped[uuid.UUID] = _gone_with("lessons.id", primary_key=True)
    language: Mapped[str] = mapped_column(String(2), primary_key=True)
    automatic: Mapped[bool]  # whether a machine wrote them and nobody has read them over
    cues: Mapped[int]
    person_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("people.id", ondelete="SET NULL")
    )
    created_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]
