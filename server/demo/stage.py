"""The demo's people, course and live lesson: made at the first start, found again at the next."""

import base64
import hmac
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts import add_person, find_person
from server.clock import to_milliseconds
from server.ids import uuid7
from server.keys import hash_token
from server.lesson_state import take_step
from server.models import Course, CourseRole, Lesson, LessonState, Member, Person
from server.recordings import store as recordings
from server.services import Services
from server.timeline import Happening

COURSE_TITLE = "Асосҳои информатика"
COURSE_DESCRIPTION = "Дарси намунавӣ. Пример урока. A sample lesson."
LESSON_TITLE = "Байт чист?"
TOKEN_BYTES = 16  # nobody guesses 128 bit, and the link still fits a line of the terminal


class Part(StrEnum):
    """Who appears in the demo; the value is also the person's login."""

    ROBOT = "demo-robot"
    TEACHER = "demo-teacher"
    STUDENT = "demo-student"
    SECOND_STUDENT = "demo-student-2"
    STAFF = "demo-staff"


NAMES = {
    Part.ROBOT: "Устоди намунавӣ",
    Part.TEACHER: "Зарина Раҳимова",
    Part.STUDENT: "Фирдавс Назаров",
    Part.SECOND_STUDENT: "Нигора Каримова",
    Part.STAFF: "Маъмури намунавӣ",
}
ROLES = {
    Part.ROBOT: CourseRole.TEACHER,
    Part.TEACHER: CourseRole.TEACHER,
    Part.STUDENT: CourseRole.STUDENT,
    Part.SECOND_STUDENT: CourseRole.STUDENT,
}
SHOWN = {"teacher": Part.TEACHER, "student": Part.STUDENT, "staff": Part.STAFF}


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the demo takes place and who is there."""

    lesson: uuid.UUID
    people: dict[Part, uuid.UUID]


def link_token(key: bytes, part: Part) -> str:
    """Return a person's token: the same at each start, since it may be in a bookmark."""
    digest = hmac.digest(key, f"demo link of {part.value}".encode(), "sha256")
    return base64.urlsafe_b64encode(digest[:TOKEN_BYTES]).decode().rstrip("=")


def link_people(key: bytes, people: dict[Part, uuid.UUID]) -> dict[bytes, uuid.UUID]:
    """Return who each link signs in, by what is kept of its token."""
    return {hash_token(link_token(key, part)): person for part, person in people.items()}


async def set_stage(services: Services) -> Stage:
    """Make what is missing and see that there is a live lesson."""
    now = services.clock.now()
    async with services.database.write() as session:
        people = {part: (await _person(session, now, part)).id for part in Part}
        course = await _course(session, now)
        await _enrol(session, now, course, people)
        lesson = await _open_lesson(session, now, course)
    await _go_live(services, lesson)
    return Stage(lesson, people)


async def has_ended(services: Services, lesson_id: uuid.UUID) -> bool:
    """Tell whether somebody has ended or deleted the lesson."""
    async with services.database.read() as session:
        lesson = await session.get(Lesson, lesson_id)
    return lesson is None or lesson.state is LessonState.ENDED


async def _person(session: AsyncSession, now: datetime, part: Part) -> Person:
    known = await find_person(session, part.value)
    if known is not None:
        return known
    staff = part is Part.STAFF
    return await add_person(session, now, NAMES[part], login=part.value, staff=staff)


async def _course(session: AsyncSession, now: datetime) -> uuid.UUID:
    query = select(Course.id).where(Course.title == COURSE_TITLE).order_by(Course.id).limit(1)
    known = await session.scalar(query)
    if known is not None:
        return known
    course = Course(
        id=uuid7(to_milliseconds(now)),
        title=COURSE_TITLE,
        description=COURSE_DESCRIPTION,
        created_at=now,
    )
    session.add(course)
    await session.flush()
    return course.id


async def _enrol(
    session: AsyncSession, now: datetime, course: uuid.UUID, people: dict[Part, uuid.UUID]
) -> None:
    for part, role in ROLES.items():
        if await session.get(Member, (course, people[part])) is None:
            session.add(Member(course_id=course, person_id=people[part], role=role, joined_at=now))
    await session.flush()


async def _open_lesson(session: AsyncSession, now: datetime, course: uuid.UUID) -> uuid.UUID:
    """Return the newest lesson that has not ended, or a new one."""
    query = (
        select(Lesson.id)
        .where(Lesson.course_id == course, Lesson.state != LessonState.ENDED)
        .order_by(Lesson.id.desc())
        .limit(1)
    )
    known = await session.scalar(query)
    if known is not None:
        return known
    lesson = Lesson(
        id=uuid7(to_milliseconds(now)),
        course_id=course,
        title=LESSON_TITLE,
        public=False,
        state=LessonState.SCHEDULED,
        starts_at=None,
        started_at=None,
        ended_at=None,
        created_at=now,
        last_seq=0,
        last_position=0,
    )
    session.add(lesson)
    await session.flush()
    return lesson.id


async def _go_live(services: Services, lesson_id: uuid.UUID) -> None:
    """Take the lesson through its states, as a teacher's taps would."""
    for wanted in (LessonState.PRACTICE, LessonState.LIVE):

        async def decide(
            session: AsyncSession, lesson: Lesson, wanted: LessonState = wanted
        ) -> Sequence[Happening]:
            if lesson.state is LessonState.LIVE:
                return []
            if not take_step(lesson, wanted, services.clock.now()):
                return []
            await recordings.follow(session, lesson, services.clock)
            return [(f"lesson.{wanted.value}", {})]

        await services.timelines.record(lesson_id, decide)
    await services.rooms.follow(lesson_id)
