"""What is known of who heard what, gathered from the live stretches and the replay's progress."""

import asyncio
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from recordings.cuts import Interval
from server.attendance.heard import Heard, heard
from server.attendance.tables import Attendance
from server.clock import Clock
from server.models import (
    CourseRole,
    Lesson,
    LessonPerson,
    LessonRole,
    LessonState,
    Member,
    Person,
)
from server.recordings.tables import Recording, Watched
from server.timeline import position_now

MAX_LESSONS = 400  # of one sheet; a course of six months with three lessons a week has 80
TAKEN_PLACE = (LessonState.LIVE, LessonState.ENDED)

_Spans = dict[uuid.UUID, list[Sequence[int]]]  # by person


@dataclass(slots=True)
class _Kept:
    """What is kept of one lesson."""

    within: Interval
    live: _Spans = field(default_factory=lambda: defaultdict(list))
    replay: _Spans = field(default_factory=lambda: defaultdict(list))

    def count(self) -> dict[uuid.UUID, Heard]:
        """Return what each person heard."""
        people = self.live.keys() | self.replay.keys()
        return {
            one: heard(self.live.get(one, ()), self.replay.get(one, ()), self.within)
            for one in people
        }


@dataclass(frozen=True, slots=True)
class Attended:
    """A lesson that took place: when, how long in ms, and what each person heard of it."""

    lesson: Lesson
    length: int
    heard: Mapping[uuid.UUID, Heard]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Lessons in their order, and the people who were expected or came; teachers are neither."""

    lessons: Sequence[Attended]
    people: Sequence[Person]


async def course_sheet(session: AsyncSession, course: uuid.UUID, clock: Clock) -> Sheet:
    """Return the sheet of a course's lessons; members who never came are on it."""
    query = select(Lesson).where(Lesson.course_id == course, Lesson.state.in_(TAKEN_PLACE))
    query = query.order_by(Lesson.started_at, Lesson.id).limit(MAX_LESSONS)
    lessons = list(await session.scalars(query))
    attended = await _attended(session, lessons, clock)
    return Sheet(attended, await _people(session, course, attended))


async def lesson_sheet(session: AsyncSession, lesson: Lesson, clock: Clock) -> Sheet:
    """Return the sheet of one lesson, or of one public event."""
    attended = await _attended(session, [lesson], clock)
    return Sheet(attended, await _people(session, lesson.course_id, attended))


async def _attended(
    session: AsyncSession, lessons: Sequence[Lesson], clock: Clock
) -> list[Attended]:
    ids = [one.id for one in lessons]
    rows = await session.scalars(select(Recording).where(Recording.lesson_id.in_(ids)))
    recordings = {row.lesson_id: row for row in rows}
    kept = {one.id: _Kept(_within(one, recordings.get(one.id), clock)) for one in lessons}
    stretches = select(
        Attendance.lesson_id, Attendance.person_id, Attendance.began, Attendance.ended
    ).where(Attendance.lesson_id.in_(ids))
    for lesson, person, began, ended in await session.execute(stretches):
        kept[lesson].live[person].append((began, ended))
    watched = select(Watched.lesson_id, Watched.person_id, Watched.intervals)
    for lesson, person, intervals in await session.execute(
        watched.where(Watched.lesson_id.in_(ids))
    ):
        kept[lesson].replay[person].extend(intervals)
    # In a thread: a term of a large course is some ten thousand sums.
    counted = await asyncio.to_thread(lambda: [kept[one.id].count() for one in lessons])
    return [
        Attended(one, kept[one.id].within[1] - kept[one.id].within[0], sums)
        for one, sums in zip(lessons, counted, strict=True)
    ]


def _within(lesson: Lesson, recording: Recording | None, clock: Clock) -> Interval:
    """Return from where to where a lesson went on its clock: what was rehearsed is not part."""
    start = (recording.live_from if recording is not None else None) or 0
    if lesson.state is LessonState.LIVE:
        return start, max(start, position_now(lesson, clock))
    end = recording.length if recording is not None else lesson.last_position
    return start, max(start, end)


async def _people(
    session: AsyncSession, course: uuid.UUID | None, attended: Sequence[Attended]
) -> list[Person]:
    """Return who is on the sheet, by name: students, guests, and others who heard something."""
    lessons = [one.lesson.id for one in attended]
    students = select(Member.person_id).where(
        Member.course_id == course, Member.role == CourseRole.STUDENT
    )
    guests = select(LessonPerson.person_id).where(
        LessonPerson.lesson_id.in_(lessons), LessonPerson.role == LessonRole.GUEST
    )
    expected = or_(Person.id.in_(students), Person.id.in_(guests))
    live = select(Attendance.person_id).where(Attendance.lesson_id.in_(lessons))
    later = select(Watched.person_id).where(Watched.lesson_id.in_(lessons))
    came = or_(Person.id.in_(live), Person.id.in_(later))
    teachers = select(Member.person_id).where(
        Member.course_id == course, Member.role == CourseRole.TEACHER
    )
    own = select(LessonPerson.person_id).where(
        LessonPerson.lesson_id.in_(lessons), LessonPerson.role == LessonRole.TEACHER
    )
    teach = or_(Person.staff, Person.id.in_(teachers), Person.id.in_(own))
    query = select(Person).where(or_(expected, came & ~teach))
    return list(await session.scalars(query.order_by(Person.name, Person.id)))
