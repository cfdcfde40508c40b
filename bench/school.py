"""A server with a class for each teacher, in a process of its own.

`python -m bench.school DIRECTORY LESSONS` makes so many lessons that have not begun, prints one
JSON line with the address, a Cookie header of their teacher and one of a student, and each lesson
with a token to publish; ends when its standard input does.
"""

import sys
import uuid
from datetime import timedelta
from pathlib import Path

import uvloop

from bench.darsgoh import say, serving
from server.accounts import add_person, open_session
from server.clock import to_milliseconds
from server.ids import uuid7
from server.keys import sign
from server.models import Course, CourseRole, Lesson, LessonState, Member
from server.services import Services
from server.viewer import COOKIE, session_life
from signaling.grants import Grant, Right, issue

TOKEN_LIFE = timedelta(hours=2)


async def main() -> None:
    """Serve until standard input ends."""
    directory, lessons = Path(sys.argv[1]), int(sys.argv[2])
    async with serving(directory) as (services, port):
        await say(base=f"http://localhost:{port}", **await _furnish(services, lessons))


async def _furnish(services: Services, lessons: int) -> dict[str, object]:
    now = services.clock.now()
    cookies = {}
    async with services.database.write() as session:
        course = Course(
            id=uuid7(to_milliseconds(now)), title="Bench", description="", created_at=now
        )
        session.add(course)
        await session.flush()
        for role in (CourseRole.STUDENT, CourseRole.TEACHER):
            person = await add_person(session, now, role.value.title())
            member = Member(course_id=course.id, person_id=person.id, role=role, joined_at=now)
            session.add(member)
            token = await open_session(session, person.id, now, session_life(services))
            cookies[role.value] = f"{COOKIE}={sign(services.keys.cookies, token)}"
        ids = [_lesson(services, course.id) for _ in range(lessons)]
        session.add_all(ids)
    teacher = str(person.id)
    tokens = {str(one.id): _token(services, one.id, teacher) for one in ids}
    return {**cookies, "lessons": tokens}


def _lesson(services: Services, course: uuid.UUID) -> Lesson:
    now = services.clock.now()
    return Lesson(
        id=uuid7(to_milliseconds(now)),
        course_id=course,
        title="Bench",
        public=False,
        state=LessonState.SCHEDULED,
        starts_at=None,
        started_at=None,
        ended_at=None,
        created_at=now,
        last_seq=0,
        last_position=0,
    )


def _token(services: Services, lesson: uuid.UUID, teacher: str) -> str:
    now = services.clock.now()
    grant = Grant(str(lesson), Right.PUBLISH, teacher, "bench", True, now + TOKEN_LIFE)
    return issue(services.keys.grants, grant, now)


if __name__ == "__main__":
    uvloop.run(main())  # as `darsgoh serve` does
