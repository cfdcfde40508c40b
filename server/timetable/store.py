"""The timetable in the database."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from server.database import TIMETABLE_LOCK
from server.models import (
    CourseRole,
    Lesson,
    LessonPerson,
    LessonRole,
    LessonState,
    Member,
    Person,
)
from server.timetable.clashes import DEFAULT_MINUTES, MAX_MINUTES, Busy
from server.timetable.recurrence import Slot
from server.timetable.tables import CourseTimetable, Holiday, LessonPlan

DEFAULT_MARGIN = 15  # minutes


async def lock_timetable(session: AsyncSession) -> None:
    """Let nobody else plan until the session ends, so that two never plan what clashes."""
    if session.get_bind().dialect.name == "postgresql":  # SQLite has one writer anyway
        await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": TIMETABLE_LOCK})


async def rules_of(session: AsyncSession, course: uuid.UUID) -> CourseTimetable:
    """Return what a course decided; a course without a row has the defaults."""
    found = await session.get(CourseTimetable, course)
    return found or CourseTimetable(
        course_id=course, automatic=False, margin_minutes=DEFAULT_MARGIN
    )


async def holidays_between(session: AsyncSession, first: date, last: date) -> list[Holiday]:
    """Return the holidays of some days, in order."""
    query = select(Holiday).where(Holiday.day >= first, Holiday.day <= last)
    return list(await session.scalars(query.order_by(Holiday.day)))


async def plans_of(
    session: AsyncSession, lessons: Iterable[uuid.UUID]
) -> dict[uuid.UUID, LessonPlan]:
    """Return how lessons are planned; those of which only the start is known are missing."""
    query = select(LessonPlan).where(LessonPlan.lesson_id.in_(list(lessons)))
    return {plan.lesson_id: plan for plan in await session.scalars(query)}


def ends_of(lesson: Lesson, plan: LessonPlan | None) -> datetime | None:
    """Return the planned end of a lesson."""
    if lesson.starts_at is None or plan is None:
        return None
    return lesson.starts_at + timedelta(minutes=plan.minutes)


async def taught_by_whom(
    session: AsyncSession, lessons: Sequence[Lesson]
) -> dict[uuid.UUID, frozenset[uuid.UUID]]:
    """Return who teaches each lesson: those named for it, else the teachers of its course."""
    own: dict[uuid.UUID, set[uuid.UUID]] = defaultdict(set)
    named = select(LessonPerson.lesson_id, LessonPerson.person_id).where(
        LessonPerson.lesson_id.in_([one.id for one in lessons]),
        LessonPerson.role == LessonRole.TEACHER,
    )
    for lesson, person in await session.execute(named):
        own[lesson].add(person)
    courses = {one.course_id for one in lessons if one.course_id is not None}
    teachers = {one: await course_people(session, one) for one in courses}
    nobody: frozenset[uuid.UUID] = frozenset()
    return {
        one.id: frozenset(own[one.id])
        if one.id in own
        else (nobody if one.course_id is None else teachers[one.course_id])
        for one in lessons
    }


async def course_people(session: AsyncSession, course: uuid.UUID) -> frozenset[uuid.UUID]:
    """Return the teachers of a course."""
    query = select(Member.person_id).where(
        Member.course_id == course, Member.role == CourseRole.TEACHER
    )
    return frozenset(await session.scalars(query))


async def busy_between(
    session: AsyncSession, when: Slot, without: Collection[uuid.UUID] = ()
) -> list[Busy]:
    """Return the lessons that are planned or on within a span."""
    query = select(Lesson).where(
        Lesson.state != LessonState.ENDED,
        Lesson.starts_at > when.starts - timedelta(minutes=MAX_MINUTES),
        Lesson.starts_at < when.ends,
    )
    lessons = [one for one in await session.scalars(query) if one.id not in without]
    plans = await plans_of(session, [one.id for one in lessons])
    people = await taught_by_whom(session, lessons)
    return [_busy(one, plans.get(one.id), people[one.id]) for one in lessons]


def _busy(lesson: Lesson, plan: LessonPlan | None, people: frozenset[uuid.UUID]) -> Busy:
    starts = lesson.starts_at
    if starts is None:
        raise ValueError("a lesson without a start is never busy")
    minutes = DEFAULT_MINUTES if plan is None else plan.minutes
    ends = starts + timedelta(minutes=minutes)
    classroom = None if plan is None else plan.classroom_id
    return Busy(lesson.id, lesson.title, starts, ends, people, classroom)


async def names_of(session: AsyncSession, people: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Return people's names."""
    query = select(Person.id, Person.name).where(Person.id.in_(people))
    return {row[0]: row[1] for row in await session.execute(query)}


async def set_substitute(
    session: AsyncSession, lesson: Lesson, person: uuid.UUID | None, now: datetime
) -> None:
    """Name who teaches a lesson in the place of its course's teachers, or nobody."""
    named = delete(LessonPerson).where(
        LessonPerson.lesson_id == lesson.id, LessonPerson.role == LessonRole.TEACHER
    )
    await session.execute(named)
    if person is not None:
        await session.merge(
            LessonPerson(
                lesson_id=lesson.id, person_id=person, role=LessonRole.TEACHER, joined_at=now
            )
        )
    await session.flush()
