"""Lessons as they are told to a page; a list of them costs a fixed number of queries."""

import uuid
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.access import LessonAccess, describe_access
from server.clock import to_iso
from server.models import (
    Course,
    CourseRole,
    JoinCode,
    Lesson,
    LessonPerson,
    LessonRole,
    Member,
    Person,
)
from server.recordings.offered import offered_replays
from server.rights import Right, in_order
from server.viewer import Viewer

People = dict[uuid.UUID, list[dict[str, str]]]


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else to_iso(moment)


def person_facts(person: Person) -> dict[str, str]:
    """Return what everybody may know of a person."""
    return {"id": str(person.id), "name": person.name}


async def course_teachers(session: AsyncSession, courses: Iterable[uuid.UUID]) -> People:
    """Return the teachers of each course."""
    query = (
        select(Member.course_id, Person)
        .join(Person, Person.id == Member.person_id)
        .where(Member.course_id.in_(set(courses)), Member.role == CourseRole.TEACHER)
        .order_by(Person.name, Person.id)
    )
    return _by_key((await session.execute(query)).all())


async def _event_teachers(session: AsyncSession, lessons: Iterable[uuid.UUID]) -> People:
    query = (
        select(LessonPerson.lesson_id, Person)
        .join(Person, Person.id == LessonPerson.person_id)
        .where(LessonPerson.lesson_id.in_(set(lessons)), LessonPerson.role == LessonRole.TEACHER)
        .order_by(Person.name, Person.id)
    )
    return _by_key((await session.execute(query)).all())


def _by_key(rows: Iterable[Any]) -> People:
    found: People = defaultdict(list)
    for key, person in rows:
        found[key].append(person_facts(person))
    return found


async def lessons_facts(
    session: AsyncSession, viewer: Viewer, lessons: Iterable[Lesson]
) -> list[dict[str, Any]]:
    """Return lessons as one viewer may know them, with the replays that are open to them."""
    accesses = await describe_access(session, viewer, lessons)
    replays = await offered_replays(session, viewer, accesses)
    return [
        facts | ({"replay": replays[facts["id"]]} if facts["id"] in replays else {})
        for facts in await accesses_facts(session, accesses)
    ]


async def accesses_facts(
    session: AsyncSession, accesses: Iterable[LessonAccess]
) -> list[dict[str, Any]]:
    """Return lessons whose rights are known already."""
    accesses = list(accesses)
    courses = {access.lesson.course_id for access in accesses} - {None}
    lessons = {access.lesson.id for access in accesses}
    titles = {
        row.id: row.title
        for row in await session.execute(
            select(Course.id, Course.title).where(Course.id.in_(courses))
        )
    }
    codes = {
        row.lesson_id: row.code
        for row in await session.scalars(select(JoinCode).where(JoinCode.lesson_id.in_(lessons)))
    }
    teachers = await course_teachers(session, [one for one in courses if one is not None])
    own = await _event_teachers(session, lessons)
    return [_facts(access, titles, codes, teachers, own) for access in accesses]


def _facts(
    access: LessonAccess,
    titles: dict[uuid.UUID, str],
    codes: dict[uuid.UUID | None, str],
    teachers: People,
    own: People,
) -> dict[str, Any]:
    lesson = access.lesson
    course = None
    if lesson.course_id is not None:
        course = {"id": str(lesson.course_id), "title": titles.get(lesson.course_id, "")}
    code = codes.get(lesson.id) if Right.TEACH in access.rights else None
    return {
        "id": str(lesson.id),
        "course": course,
        "title": lesson.title,
        "public": lesson.public,
        **({"join_code": code} if code else {}),
        "state": lesson.state.value,
        "starts_at": _iso(lesson.starts_at),
        "started_at": _iso(lesson.started_at),
        "ended_at": _iso(lesson.ended_at),
        "teachers": (teachers.get(lesson.course_id, []) if lesson.course_id else [])
        + own.get(lesson.id, []),
        "rights": in_order(access.rights),
    }


async def lesson_facts(session: AsyncSession, access: LessonAccess) -> dict[str, Any]:
    """Return one lesson."""
    (facts,) = await accesses_facts(session, [access])
    return facts
