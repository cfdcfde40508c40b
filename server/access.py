"""Fetching a course or a lesson together with what the viewer may do there."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web
from sqlalchemy import ColumnElement, Connection, and_, bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts import find_holder
from server.errors import NotAllowed, NotFound, NotSignedIn
from server.lesson_state import OPEN
from server.models import (
    Course,
    CourseRole,
    Lesson,
    LessonPerson,
    LessonRole,
    LessonState,
    Member,
    Person,
    Session,
)
from server.recordings.tables import Recording
from server.rights import (
    Opening,
    Right,
    Role,
    course_rights,
    course_role,
    lesson_rights,
    lesson_role,
    opening,
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
    recording: Recording | None = None


def taught_by(viewer: Viewer) -> ColumnElement[bool]:
    """Return the condition for the lessons somebody looks after; raises NotSignedIn."""
    person = viewer.must_be_somebody()
    if person.staff:
        return Lesson.id.is_not(None)
    courses = select(Member.course_id).where(
        Member.person_id == person.id, Member.role == CourseRole.TEACHER
    )
    events = select(LessonPerson.lesson_id).where(
        LessonPerson.person_id == person.id, LessonPerson.role == LessonRole.TEACHER
    )
    return or_(Lesson.course_id.in_(courses), Lesson.id.in_(events))


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
    """Return lessons with what a viewer may do in each, by three queries for all of them."""
    lessons = list(lessons)
    person = viewer.person
    recorded = select(Recording).where(Recording.lesson_id.in_([one.id for one in lessons]))
    recordings = {row.lesson_id: row for row in await session.scalars(recorded)}
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
    return [_access(viewer, lesson, members, own, recordings.get(lesson.id)) for lesson in lessons]


def _opening(viewer: Viewer, lesson: Lesson, recording: Recording | None) -> Opening:
    """Return for whom a recording is open at the moment of asking."""
    if recording is None:
        return Opening.CLOSED
    expires = recording.expires_at
    return opening(
        live=lesson.state is LessonState.LIVE,
        ended=lesson.state is LessonState.ENDED,
        published=recording.published,
        expired=expires is not None and (viewer.at is None or expires <= viewer.at),
        gone=recording.deleted_at is not None,
    )


def _access(
    viewer: Viewer,
    lesson: Lesson,
    members: dict[uuid.UUID, Member],
    own: dict[uuid.UUID, LessonPerson],
    recording: Recording | None,
) -> LessonAccess:
    member = members.get(lesson.course_id) if lesson.course_id is not None else None
    here = own.get(lesson.id)
    role = lesson_role(
        signed_in=viewer.person is not None,
        staff=viewer.person is not None and viewer.person.staff,
        member=None if member is None else member.role,
        own=None if here is None else here.role,
    )
    opened = _opening(viewer, lesson, recording)
    rights = lesson_rights(role, public=lesson.public, recording=opened)
    return LessonAccess(lesson, role, rights, recording)


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


def open_lesson_rights(
    connection: Connection, person_id: uuid.UUID, lesson_id: uuid.UUID
) -> frozenset[Right]:
    """Return what a person may do in a lesson that is open; nothing for anybody in any other.

    One query, because it is asked whenever a student comes in, and a class comes in at once.
    """
    found = connection.execute(_OPEN_LESSON, {"person": person_id, "lesson": lesson_id})
    row = found.one_or_none()
    if row is None:
        return frozenset()
    public, staff, member, own = row
    return lesson_rights(
        lesson_role(signed_in=True, staff=staff, member=member, own=own), public=public
    )


# The same with everything that a right depends on, for whoever follows a lesson over a socket.
_FOLLOWER = (
    select(Person, Lesson, Member, LessonPerson, Recording)
    .select_from(Session)
    .join(Person, Person.id == Session.person_id)
    .join(Lesson, Lesson.id == bindparam("lesson"))
    .outerjoin(Member, and_(Member.course_id == Lesson.course_id, Member.person_id == Person.id))
    .outerjoin(
        LessonPerson,
        and_(LessonPerson.lesson_id == Lesson.id, LessonPerson.person_id == Person.id),
    )
    .outerjoin(Recording, Recording.lesson_id == Lesson.id)
    .where(Session.token_hash == bindparam("session"), Session.expires_at > bindparam("now"))
)


async def follower_access(
    session: AsyncSession, token_hash: bytes, lesson_id: uuid.UUID, now: datetime
) -> LessonAccess:
    """Return a lesson to whoever holds a session and may see it; raises a Problem otherwise."""
    about = {"session": token_hash, "lesson": lesson_id, "now": now}
    row = (await session.execute(_FOLLOWER, about)).one_or_none()
    if row is None:
        if await find_holder(session, token_hash, now) is None:
            raise NotSignedIn
        raise NotFound
    person, lesson, member, own, recording = row
    viewer = Viewer(person, token_hash, now)
    access = _access(
        viewer,
        lesson,
        {} if member is None else {member.course_id: member},
        {} if own is None else {own.lesson_id: own},
        recording,
    )
    check(viewer, access.rights, Right.SEE)
    return access
