"""Courses, their members and their join codes."""

import uuid
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Literal, Self

from aiohttp import web
from pydantic import model_validator
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server import accounts
from server.access import CourseAccess, course_access, require_site
from server.clock import to_milliseconds
from server.codes import new_code
from server.database import add_once
from server.errors import Conflict, NotFound
from server.ids import uuid7
from server.lesson_facts import course_teachers, lessons_facts, person_facts
from server.lesson_state import OPEN
from server.models import Course, CourseRole, JoinCode, Lesson, LessonState, Member, Person
from server.people import link_life, staff_facts
from server.recordings.files import remove_files
from server.rights import Right, Role, course_rights, course_role
from server.services import SERVICES, Services
from server.texts import Description, Login, Name, Title
from server.viewer import Viewer, viewer_of
from server.web import Body, json_answer, own_origin, path_id, read_body

routes = web.RouteTableDef()
# A lesson that should have begun longer ago than this is not "next" any more.
LATE = timedelta(hours=12)


class NewCourse(Body):
    """A course to add."""

    title: Title
    description: Description = ""


class CourseChange(Body):
    """What can be changed of a course."""

    title: Title | None = None
    description: Description | None = None


class NewMember(Body):
    """Who becomes a member: somebody known, or a new person by name."""

    person_id: uuid.UUID | None = None
    login: Login | None = None
    name: Name | None = None
    role: Literal["teacher", "student"]

    @model_validator(mode="after")
    def _one_person(self) -> Self:
        if self.person_id is None and self.login is None and self.name is None:
            raise ValueError("name a person by person_id, login or name")
        return self


async def courses_facts(
    session: AsyncSession, viewer: Viewer, courses: list[tuple[Course, Role]], services: Services
) -> list[dict[str, Any]]:
    """Return courses as one viewer may know them, by a fixed number of queries."""
    ids = [course.id for course, _ in courses]
    teachers = await course_teachers(session, ids)
    students = await _count(session, Member.course_id, ids, Member.role == CourseRole.STUDENT)
    lessons = await _count(session, Lesson.course_id, ids)
    codes = {
        row.course_id: row.code
        for row in await session.scalars(select(JoinCode).where(JoinCode.course_id.in_(ids)))
    }
    upcoming = await _upcoming(session, viewer, ids, services)
    return [
        {
            "id": str(course.id),
            "title": course.title,
            "description": course.description,
            **(
                {"join_code": codes[course.id]}
                if Right.TEACH in course_rights(role) and course.id in codes
                else {}
            ),
            "my_role": role.value if role in (Role.TEACHER, Role.STUDENT) else None,
            "teachers": teachers.get(course.id, []),
            "student_count": students.get(course.id, 0),
            "lessons_count": lessons.get(course.id, 0),
            **upcoming.get(str(course.id), {}),
        }
        for course, role in courses
    ]


async def _count(
    session: AsyncSession, column: Any, ids: list[uuid.UUID], *conditions: Any
) -> dict[uuid.UUID, int]:
    query = select(column, func.count()).where(column.in_(ids), *conditions).group_by(column)
    return {row[0]: row[1] for row in await session.execute(query)}


async def _upcoming(
    session: AsyncSession, viewer: Viewer, ids: list[uuid.UUID], services: Services
) -> dict[str, dict[str, Any]]:
    """Return each course's live lesson and the next of its scheduled ones."""
    query = (
        select(Lesson)
        .where(Lesson.course_id.in_(ids), Lesson.state != LessonState.ENDED)
        .order_by(Lesson.starts_at.is_(None), Lesson.starts_at, Lesson.id)
    )
    since = services.clock.now() - LATE
    found: dict[str, dict[str, Any]] = {}
    lessons = [
        lesson
        for lesson in await session.scalars(query)
        if lesson.state is not LessonState.SCHEDULED
        or lesson.starts_at is None
        or lesson.starts_at > since
    ]
    for facts in await lessons_facts(session, viewer, lessons):
        kind = "live_lesson" if facts["state"] == LessonState.LIVE.value else "next_lesson"
        found.setdefault(facts["course"]["id"], {}).setdefault(kind, facts)
    return found


async def _my_courses(session: AsyncSession, viewer: Viewer) -> list[tuple[Course, Role]]:
    person = viewer.must_be_somebody()
    query = (
        select(Course, Member.role)
        .outerjoin(Member, (Member.course_id == Course.id) & (Member.person_id == person.id))
        .order_by(Course.title, Course.id)
    )
    if not person.staff:
        query = query.where(Member.person_id.is_not(None))
    return [
        (course, course_role(signed_in=True, staff=person.staff, member=role))
        for course, role in await session.execute(query)
    ]


@routes.get("/api/courses")
async def list_courses(request: web.Request) -> web.Response:
    """List the courses the viewer may see."""
    services = request.app[SERVICES]
    viewer = await viewer_of(request)
    async with services.database.read() as session:
        courses = await _my_courses(session, viewer)
        facts = await courses_facts(session, viewer, courses, services)
    return json_answer({"courses": facts})


@routes.post("/api/courses")
async def add_course(request: web.Request) -> web.Response:
    """Add a course with a join code."""
    viewer = await require_site(request, Right.MANAGE)
    services = request.app[SERVICES]
    new = await read_body(request, NewCourse)
    now = services.clock.now()
    course = Course(
        id=uuid7(to_milliseconds(now)),
        title=new.title,
        description=new.description,
        created_at=now,
    )
    async with services.database.write() as session:
        session.add(course)
        await session.flush()
        await new_code(session, course=course.id)
        (facts,) = await courses_facts(session, viewer, [(course, Role.STAFF)], services)
    return json_answer(facts, status=201)


@routes.get("/api/courses/{course}")
async def get_course(request: web.Request) -> web.Response:
    """Return a course with its lessons, and its members to those who teach it."""
    services = request.app[SERVICES]
    viewer = await viewer_of(request)
    async with services.database.read() as session:
        access = await course_access(session, viewer, path_id(request, "course"), Right.SEE)
        facts = await _whole_course(session, viewer, access, services)
    return json_answer(facts)


async def _whole_course(
    session: AsyncSession, viewer: Viewer, access: CourseAccess, services: Services
) -> dict[str, Any]:
    course = access.course
    (facts,) = await courses_facts(session, viewer, [(course, access.role)], services)
    lessons = select(Lesson).where(Lesson.course_id == course.id)
    lessons = lessons.order_by(Lesson.starts_at.is_(None), Lesson.starts_at, Lesson.id)
    found = (await session.scalars(lessons)).all()
    facts["lessons"] = await lessons_facts(session, viewer, found)
    if Right.TEACH in access.rights:
        facts["members"] = await _members(session, course.id)
    return facts


async def _members(session: AsyncSession, course_id: uuid.UUID) -> list[dict[str, Any]]:
    query = (
        select(Person, Member.role)
        .join(Member, Member.person_id == Person.id)
        .where(Member.course_id == course_id)
        .order_by(Member.role.desc(), Person.name, Person.id)
    )
    return [
        {**person_facts(person), "role": role.value}
        for person, role in await session.execute(query)
    ]


@routes.patch("/api/courses/{course}")
async def change_course(request: web.Request) -> web.Response:
    """Change a course's title or description."""
    services = request.app[SERVICES]
    viewer = await viewer_of(request)
    course_id = path_id(request, "course")
    async with services.database.read() as session:
        await course_access(session, viewer, course_id, Right.TEACH)
    change = await read_body(request, CourseChange)
    async with services.database.write() as session:
        access = await course_access(session, viewer, course_id, Right.TEACH)
        if change.title is not None:
            access.course.title = change.title
        if change.description is not None:
            access.course.description = change.description
        await session.flush()
        facts = await _whole_course(session, viewer, access, services)
    return json_answer(facts)


@routes.delete("/api/courses/{course}")
async def delete_course(request: web.Request) -> web.Response:
    """Delete a course with its lessons, unless one of them is open."""
    services = request.app[SERVICES]
    viewer = await viewer_of(request)
    course_id = path_id(request, "course")
    async with services.database.write() as session:
        access = await course_access(session, viewer, course_id, Right.MANAGE)
        query = select(Lesson.id, Lesson.state).where(Lesson.course_id == course_id)
        lessons = {row[0]: row[1] for row in await session.execute(query.with_for_update())}
        if not OPEN.isdisjoint(lessons.values()):
            raise Conflict("lesson-open", "End the course's open lesson first.")
        await session.delete(access.course)
    await remove_files(services, lessons)
    return web.Response(status=HTTPStatus.NO_CONTENT)


@routes.post("/api/courses/{course}/members")
async def add_member(request: web.Request) -> web.Response:
    """Make somebody a teacher or a student; a new person gets a sign-in link."""
    services = request.app[SERVICES]
    viewer = await viewer_of(request)
    course_id = path_id(request, "course")
    async with services.database.read() as session:
        await course_access(session, viewer, course_id, Right.MANAGE)
    new = await read_body(request, NewMember)
    now = services.clock.now()
    async with services.database.write() as session:
        await course_access(session, viewer, course_id, Right.MANAGE)
        person, link = await _known_or_new(session, new, services)
        await enrol(session, course_id, person.id, CourseRole(new.role), services)
        token = (
            await accounts.add_link(session, person.id, now, link_life(services)) if link else None
        )
    await services.rooms.recheck(person.id)
    url = None if token is None else token.url(own_origin(request, services.settings))
    body = {"person": {**staff_facts(person), "role": new.role}, **({"link": url} if url else {})}
    return json_answer(body, status=201)


async def _known_or_new(
    session: AsyncSession, new: NewMember, services: Services
) -> tuple[Person, bool]:
    """Return the person meant and whether they were added just now."""
    if new.person_id is not None:
        person = await session.get(Person, new.person_id)
    elif new.login is not None:
        person = await accounts.find_person(session, new.login)
    else:
        person = None
    if person is not None:
        return person, False
    if new.person_id is not None or new.name is None:
        raise NotFound("person-unknown", "There is no such person.")
    added = await accounts.add_person(session, services.clock.now(), new.name, login=new.login)
    return added, True


async def enrol(
    session: AsyncSession,
    course_id: uuid.UUID,
    person_id: uuid.UUID,
    role: CourseRole,
    services: Services,
) -> None:
    """Give a person a role in a course, in place of the one they had."""
    member = await session.get(Member, (course_id, person_id))
    if member is not None:
        member.role = role
        return
    now = services.clock.now()
    await add_once(
        session, Member(course_id=course_id, person_id=person_id, role=role, joined_at=now)
    )


@routes.delete("/api/courses/{course}/members/{person}")
async def remove_member(request: web.Request) -> web.Response:
    """Take somebody out of a course, and out of its open lessons at once."""
    services = request.app[SERVICES]
    viewer = await viewer_of(request)
    course_id, person_id = path_id(request, "course"), path_id(request, "person")
    async with services.database.write() as session:
        await course_access(session, viewer, course_id, Right.MANAGE)
        removed = await session.scalar(
            delete(Member)
            .where(Member.course_id == course_id, Member.person_id == person_id)
            .returning(Member.person_id)
        )
        if removed is None:
            raise NotFound
    await services.rooms.recheck(person_id)
    return web.Response(status=HTTPStatus.NO_CONTENT)


@routes.post("/api/courses/{course}/join-code")
async def change_join_code(request: web.Request) -> web.Response:
    """Give a course a new join code; the old one leads nowhere."""
    services = request.app[SERVICES]
    viewer = await viewer_of(request)
    course_id = path_id(request, "course")
    async with services.database.write() as session:
        await course_access(session, viewer, course_id, Right.TEACH)
        code = await new_code(session, course=course_id)
    return json_answer({"join_code": code})
