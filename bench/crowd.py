"""A class of any size, enrolled and signed in straight in the database."""

import uuid
from collections.abc import Sequence

from server.accounts import open_session
from server.clock import to_milliseconds
from server.ids import uuid7
from server.keys import sign
from server.models import CourseRole, Lesson, Member, Person
from server.services import Services
from server.viewer import COOKIE, session_life


async def enrol(services: Services, lesson_id: uuid.UUID, students: int) -> Sequence[Person]:
    """Add students to a lesson's course."""
    now = services.clock.now()
    async with services.database.write() as session:
        lesson = await session.get_one(Lesson, lesson_id)
        people = [_person(services, number) for number in range(students)]
        session.add_all(people)
        await session.flush()
        for person in people:
            session.add(
                Member(
                    course_id=lesson.course_id,
                    person_id=person.id,
                    role=CourseRole.STUDENT,
                    joined_at=now,
                )
            )
    return people


async def sign_in(services: Services, people: Sequence[Person]) -> Sequence[str]:
    """Return the Cookie header of each one's browser."""
    now, life = services.clock.now(), session_life(services)
    async with services.database.write() as session:
        tokens = [await open_session(session, person.id, now, life) for person in people]
    return [f"{COOKIE}={sign(services.keys.cookies, token)}" for token in tokens]


def _person(services: Services, number: int) -> Person:
    now = services.clock.now()
    return Person(
        id=uuid7(to_milliseconds(now)),
        name=f"Student {number}",
        login=None,
        password_hash=None,
        staff=False,
        guest=False,
        language=None,
        created_at=now,
    )
