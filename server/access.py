"""Fetching a course or a lesson together with what the viewer may do there."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from aiohttp import web
from sqlalchemy import and_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.errors import NotAllowed, NotFound, NotSignedIn
from server.lesson_state import OPEN
from server.models import Course, Lesson, LessonPerson, Member, Person
from server.rights import (
    Right,
    Role,
    course_rights,
    course_role,
    lesson_rights,
    lesson_role,
    site_rights,
)
from server.viewer import Viewer, viewer_of


@dataclass(frozen=True, slots=True)
class CourseAccess:
    """A course as one viewer meets it."""

    course: Course
    role: Role
    rights: frozenset[Right]


@dataclass(frozen=True, slots=True)
class LessonAccess:
    """A lesson as one viewer meets it."""

    lesson: Lesson
    role: Role
    rights: frozenset[Right]


async def require_site(request: web.Request, right: Right) -> Viewer:
    """Return the viewer if they have a right that belongs to no course."""
    viewer = await viewer_of(request)
    if right not in site_rights(viewer.role):
        viewer.must_be_somebody()
        raise NotAllowed
    return viewer


def check(viewer: Viewer, rights: frozenset[Right], right: Right) -> None:
    """Raise what a viewer without a right is told; what they may not see does not exist."""
    if right in rights:
        return
    if viewer.person is None:
        raise NotSignedIn
    if Right.SEE not in rights:
        raise NotFound
    raise NotAllowed


async def course_access(
    session: AsyncSession, viewer: Viewer, course_id: uuid.UUID, right: Right
) -> CourseAccess:
    """Return a course to somebody who has a right in it; raises a Problem otherwise."""
    person = viewer.person
    course = await session.get(Course, course_id) if person is not None else None
    if course is None or person is None:
        viewer.must_be_somebody()
        raise NotFound
    member = await session.get(Member, (course_id, person.id))
    role = course_role(
        signed_in=True, staff=person.staff, member=None if member is None else member.role
    )
    rights = course_rights(role)
    check(viewer, rights, right)
    return CourseAccess(course, role, rights)


async def lesson_access(
    session: AsyncSession, viewer: Viewer, lesson_id: uuid.UUID, right: Right
) -> LessonAccess:
    """Return a lesson to somebody who has a right in it; raises a Problem otherwise."""
    lesson = await session.get(Lesson, lesson_id)
    if lesson is None:
        viewer.must_be_somebody()
        raise NotFound
    (access,) = await describe_access(session, viewer, [lesson])
    check(viewer, access.rights, right)
    return access


async def describe_access(
    session: AsyncSession, viewer: Viewer, lessons: Iterable[Lesson]
) -> list[LessonAccess]:
    """Return lessons with what a viewer may do in each, by two queries for all of them."""
    lessons = list(lessons)
    person = viewer.person
    members: dict[uuid.UUID, Member] = {}
    own: dict[uuid.UUID, LessonPerson] = {}
    if person is not None:
        courses = {lesson.course_id for lesson in lessons if lesson.course_id is not None}
        of_course = select(Member).where(
            Member.person_id == person.id, Member.course_id.in_(courses)
        )
        of_lesson = select(LessonPerson).where(
            LessonPerson.person_id == person.id,
            LessonPerson.lesson_id.in_([lesson.id for lesson in lessons]),
        )
        members = {row.course_id: row for row in await session.scalars(of_course)}
        own = {row.lesson_id: row for row in await session.scalars(of_lesson)}
    return [_access(viewer, lesson, members, own) for lesson in lessons]


def _access(
    viewer: Viewer,
    lesson: Lesson,
    members: dict[uuid.UUID, Member],
    own: dict[uuid.UUID, LessonPerson],
) -> LessonAccess:
    member = members.get(lesson.course_id) if lesson.course_id is not None else None
    here = own.get(lesson.id)
    role = lesson_role(
        signed_in=viewer.person is not None,
        staff=viewer.person is not None and viewer.person.staff,
        member=None if member is None else member.role,
        own=None if here is None else here.role,
    )
    return LessonAccess(lesson, role, lesson_rights(role, public=lesson.public))


# Built once: building it costs as much as asking it.
_OPEN_LESSON = (
    select(Lesson.public, Person.staff, Member.role, LessonPerson.role)
    .select_from(Lesson)
    .join(Person, Person.id == bindparam("person"))
    .outerjoin(Member, and_(Member.course_id == Lesson.course_id, Member.person_id == Person.id))
    .outerjoin(
        LessonPerson,
        and_(LessonPerson.lesson_id == Lesson.id, LessonPerson.person_id == Person.id),
    )
    .where(Lesson.id == bindparam("lesson"), Lesson.state.in_(OPEN))
)


async def open_lesson_rights(
    session: AsyncSession, person_id: uuid.UUID, lesson_id: uuid.UUID
) -> frozenset[Right]:
    """Return what a person may do in a lesson that is open; nothing for anybody in any other.

    One query, because it is asked whenever a student comes in, and a class comes in at once.
    """
    found = await session.execute(_OPEN_LESSON, {"person": person_id, "lesson": lesson_id})
    row = found.one_or_none()
    if row is None:
        return frozenset()
    public, staff, member, own = row
    return lesson_rights(
        lesson_role(signed_in=True, staff=staff, member=member, own=own), public=public
    )
