"""Joining by a six-digit code or a link: one field, one name, no account needed."""

import json
import uuid
from dataclasses import dataclass
from http import HTTPStatus
from typing import Self
from urllib.parse import parse_qsl

from aiohttp import web
from pydantic import model_validator
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server import accounts
from server.auth import session_answer
from server.codes import find_code
from server.courses import enrol
from server.database import add_once
from server.errors import BadRequest, Conflict, Invalid, NotFound, Problem, WrongMediaType
from server.limits import JOIN_ADDRESS, JOIN_FAILED_ADDRESS
from server.models import (
    CourseRole,
    Lesson,
    LessonPerson,
    LessonRole,
    LessonState,
    Member,
    Person,
)
from server.services import SERVICES, Services
from server.texts import Code, Name
from server.viewer import Viewer, remember_language, sign_in, viewer_of
from server.web import (
    Body,
    check_body,
    client_address,
    limit_key,
    parse_json,
    read_body,
    read_bytes,
)

routes = web.RouteTableDef()
MAX_FORM_FIELDS = 4  # ours has two


class Join(Body):
    """A code, or the id of a public event, and the name to be known by."""

    code: Code | None = None
    lesson: uuid.UUID | None = None
    name: Name | None = None

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if (self.code is None) == (self.lesson is None):
            raise ValueError("give either code or lesson")
        return self


@dataclass(frozen=True, slots=True)
class Joined:
    """Where somebody is now; `newcomer` has to be given a session."""

    course: uuid.UUID | None
    lesson: uuid.UUID | None
    newcomer: Person | None

    def facts(self) -> dict[str, object]:
        """Return what the page opens next."""
        targets = {"course": self.course, "lesson": self.lesson}
        return {name: {"id": str(value)} for name, value in targets.items() if value is not None}

    def path(self) -> str:
        """Return the page to open next."""
        return f"/lessons/{self.lesson}" if self.lesson else f"/courses/{self.course}"


@dataclass(frozen=True, slots=True)
class _Target:
    course: uuid.UUID | None = None
    lesson: uuid.UUID | None = None


async def join(request: web.Request, wish: Join) -> Joined:
    """Let somebody into a course or a public event; raises a Problem."""
    services = request.app[SERVICES]
    viewer = await viewer_of(request)
    address = limit_key(client_address(request, services.settings))
    await services.limits.take(JOIN_ADDRESS, address)
    await services.limits.check(JOIN_FAILED_ADDRESS, address)
    async with services.database.write() as session:
        target = await _find(session, wish)
        if target is not None:
            return await _enter(session, services, viewer, target, wish.name)
    await services.limits.allows(JOIN_FAILED_ADDRESS, address)
    if wish.lesson is not None:
        raise NotFound
    raise NotFound("code-unknown", "This code leads nowhere; was it typed right?")


async def _find(session: AsyncSession, wish: Join) -> _Target | None:
    if wish.code is not None:
        code = await find_code(session, wish.code)
        return None if code is None else _Target(code.course_id, code.lesson_id)
    lesson = await session.get(Lesson, wish.lesson)
    return _Target(lesson=lesson.id) if lesson is not None and lesson.public else None


async def _enter(
    session: AsyncSession, services: Services, viewer: Viewer, target: _Target, name: str | None
) -> Joined:
    person = viewer.person
    if person is None:
        if name is None:
            raise Invalid("name-missing", "Please say your name.", field="name")
        person = await accounts.add_person(
            session, services.clock.now(), name, guest=target.lesson is not None
        )
    newcomer = None if viewer.person is not None else person
    if target.course is not None:
        lesson_id = await _enter_course(session, services, target.course, person)
        return Joined(target.course, lesson_id, newcomer)
    if target.lesson is None:
        raise NotFound
    await _enter_event(session, services, target.lesson, person)
    return Joined(None, target.lesson, newcomer)


async def _enter_course(
    session: AsyncSession, services: Services, course_id: uuid.UUID, person: Person
) -> uuid.UUID | None:
    """Enrol a person unless they have a role, and return the live lesson if there is one."""
    if not person.staff and await session.get(Member, (course_id, person.id)) is None:
        # A guest who enrols is a guest no more.
        person = await session.merge(person)
        person.guest = False
        await enrol(session, course_id, person.id, CourseRole.STUDENT, services)
    query = select(Lesson.id).where(Lesson.course_id == course_id, Lesson.state == LessonState.LIVE)
    return (await session.scalars(query.order_by(Lesson.started_at.desc()))).first()


async def _enter_event(
    session: AsyncSession, services: Services, lesson_id: uuid.UUID, person: Person
) -> None:
    lesson = await session.get_one(Lesson, lesson_id)
    if lesson.state is LessonState.ENDED:
        raise Conflict("lesson-over", "This event is over.")
    if person.staff or await session.get(LessonPerson, (lesson_id, person.id)) is not None:
        return
    guest = LessonPerson(
        lesson_id=lesson_id,
        person_id=person.id,
        role=LessonRole.GUEST,
        joined_at=services.clock.now(),
    )
    await add_once(session, guest)


@routes.post("/api/join")
async def join_by_script(request: web.Request) -> web.Response:
    """Join and say where to."""
    joined = await join(request, await read_body(request, Join))
    return await session_answer(request, joined.newcomer, **joined.facts())


@routes.post("/join")
async def join_by_form(request: web.Request) -> web.Response:
    """Join from the page that works without JavaScript."""
    try:
        joined = await join(request, await _read_form(request))
    except Problem as problem:
        if request.content_type != "application/x-www-form-urlencoded":
            raise
        return _see_other(f"/join#{problem.code}")
    response = _see_other(joined.path())
    if joined.newcomer is not None:
        await sign_in(request, response, joined.newcomer)
        remember_language(request, response, joined.newcomer.language)
    return response


async def _read_form(request: web.Request) -> Join:
    if request.content_type != "application/x-www-form-urlencoded":
        raise WrongMediaType("wrong-content-type", "Send this as a form.")
    try:
        text = (await read_bytes(request)).decode("ascii")
        pairs = parse_qsl(text, errors="strict", max_num_fields=MAX_FORM_FIELDS)
    except ValueError as error:
        raise BadRequest("bad-form", "The form can not be read.") from error
    # The same checks as for JSON: no NUL, no half characters, no field twice.
    return check_body(parse_json(json.dumps(dict(pairs))), Join)


def _see_other(location: str) -> web.Response:
    return web.Response(
        status=HTTPStatus.SEE_OTHER, headers={"Location": location, "Cache-Control": "no-store"}
    )
