"""How long recordings are kept: what courses decided, and the days in which one comes back."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.models import Lesson
from server.recordings.tables import CourseRecordings, Recording

GRACE = timedelta(days=7)  # in which a deletion can be taken back


class Due(StrEnum):
    """What is to be done with a recording."""

    HIDE = "hide"  # its course keeps it no longer; it can be brought back for GRACE
    DELETE = "delete"  # its files go for good


@dataclass(frozen=True, slots=True)
class Step:
    """One recording whose time has come."""

    lesson: uuid.UUID
    title: str
    due: Due


async def due_steps(session: AsyncSession, now: datetime) -> list[Step]:
    """Return what is to be done now."""
    return [*await _outlived(session, now), *await _gone(session, now)]


async def _outlived(session: AsyncSession, now: datetime) -> list[Step]:
    query = (
        select(Lesson.id, Lesson.title, CourseRecordings.keep_days, Lesson.ended_at)
        .join(Recording, Recording.lesson_id == Lesson.id)
        .join(CourseRecordings, CourseRecordings.course_id == Lesson.course_id)
        .where(
            Recording.deleted_at.is_(None),
            CourseRecordings.keep_days.is_not(None),
            Lesson.ended_at.is_not(None),
        )
    )

    return [
        Step(lesson, title, Due.HIDE)
        for lesson, title, days, ended_at in await session.execute(query)
        if days is not None and ended_at is not None and ended_at + timedelta(days=days) <= now
    ]


async def _gone(session: AsyncSession, now: datetime) -> list[Step]:
    query = (
        select(Lesson.id, Lesson.title)
        .join(Recording, Recording.lesson_id == Lesson.id)
        .where(Recording.deleted_at < now - GRACE)
    )
    return [Step(lesson, title, Due.DELETE) for lesson, title in await session.execute(query)]


async def hide(session: AsyncSession, steps: list[Step], now: datetime) -> None:
    """Take away the recordings that their courses keep no longer."""
    for step in steps:
        if step.due is Due.HIDE:
            recording = await session.get(Recording, step.lesson, with_for_update=True)
            if recording is not None and recording.deleted_at is None:
                recording.deleted_at = now
