"""Lessons: planning them, opening, going live, ending."""

import uuid
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import AfterValidator, AwareDatetime, Field
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.access import course_access, lesson_access, require_site
from server.clock import Clock, to_milliseconds
from server.codes import new_code
from server.courses import LATE
from server.errors import Conflict, NotAllowed, NotFound
from server.hands.states import Reason
from server.hands.store import lower_everything
from server.ids import uuid7
from server.lesson_facts import lesson_facts, lessons_facts
from server.lesson_state import OPEN, take_step
from server.models import (
    Lesson,
    LessonPerson,
    LessonRole,
    LessonState,
    Member,
    Person,
)
from server.questions import lessons as questions
from server.recordings import store as recordings
from server.recordings.files import remove_files
from server.rights import Right
from server.services import SERVICES, Services
from server.texts import Title
from server.timeline import Addressed, lock_lesson
from server.viewer import Viewer, viewer_of
from server.web import Body, json_answer, path_id, read_body

routes = web.RouteTableDef()
MAX_PAST = 50  # ended lessons shown in the list; a course's own page has all of its
MAX_NEXT = 100
MAX_TEACHERS = 20  # of one public event
_FIRST_YEAR, _LAST_YEAR = 2000, 2100  # a start outside is a slip of the finger


def _plausible(moment: datetime) -> datetime:
    in_utc = moment.astimezone(UTC)
    if not _FIRST_YEAR <= in_utc.year < _LAST_YEAR:
        raise ValueError("is not a plausible time")
    return in_utc


Moment = Annotated[AwareDatetime, AfterValidator(_plausible)]


class NewLesson(Body):
    """A lesson of a course."""

    title: Title
    starts_at: Moment | None = None


class NewEvent(Body):
    """A public event; whoever adds it teaches it unless teachers are named."""

    title: Title
    public: Literal[True]
    starts_at: Moment | None = None
    teacher_ids: Annotated[tuple[uuid.UUID, ...], Field(max_length=MAX_TEACHERS)] = ()


class LessonChange(Body):
    """What can be changed of a lesson; `starts_at` may be null."""

    title: Title | None = None
    starts_at: Moment | None = None


class Step(Body):
    """The state a lesson should have."""

    state: Literal["practice", "live", "ended"]


def new_lesson(
    services: Services, title: str, starts_at: datetime | None, course: uuid.UUID | None
) -> Lesson:
    """Return a scheduled lesson, not added yet; without a course it is a public event."""
    now = services.clock.now()
    return Lesson(
        id=uuid7(to_milliseconds(now)),
        course_id=course,
        title=title,
        public=course is None,
        state=LessonState.SCHEDULED,
        starts_at=starts_at,
        started_at=None,
        ended_at=None,
        created_at=now,
        last_seq=0,
        last_position=0,
    )


@routes.post("/api/courses/{course}/lessons")
async def add_lesson(request: web.Request) -> web.Response:
    """Add a lesson to a course."""
    services = request.app[SERVICES]
    viewer = await viewer_of(request)
    course_id = path_id(request, "course")
    async with services.database.read() as session:
        await course_access(session, viewer, course_id, Right.TEACH)
    new = await read_body(request, NewLesson)
    async with services.database.write() as session:
        await course_access(session, viewer, course_id, Right.TEACH)
        lesson = new_lesson(services, new.title, new.starts_at, course_id)
        session.add(lesson)
        await session.flush()
        (facts,) = await lessons_facts(session, viewer, [lesson])
    return json_answer(facts, status=201)


@routes.post("/api/lessons")
async def add_event(request: web.Request) -> web.Response:
    """Add a public event with a join code."""
    viewer = await require_site(request, Right.MANAGE)
    services = request.app[SERVICES]
    new = await read_body(request, NewEvent)
    teachers = set(new.teacher_ids) or {viewer.must_be_somebody().id}
    async with services.database.write() as session:
        lesson = new_lesson(services, new.title, new.starts_at, None)
        session.add(lesson)
        await session.flush()
        await _add_teachers(session, lesson, teachers)
        await new_code(session, lesson=lesson.id)
        (facts,) = await lessons_facts(session, viewer, [lesson])
    return json_answer(facts, status=201)


async def _add_teachers(session: AsyncSession, lesson: Lesson, teachers: set[uuid.UUID]) -> None:
    known = await session.scalars(select(Person.id).where(Person.id.in_(teachers)))
    if set(known) != teachers:
        raise NotFound("person-unknown", "There is no such person.")
    session.add_all(
        LessonPerson(
            lesson_id=lesson.id,
            person_id=person_id,
            role=LessonRole.TEACHER,
            joined_at=lesson.created_at,
        )
        for person_id in teachers
    )
    await session.flush()


def mine(viewer: Viewer) -> Any:
    """Return the condition for the lessons a viewer's list shows."""
    person = viewer.person
    if person is None:
        return Lesson.public
    if person.staff:
        return Lesson.id.is_not(None)
    courses = select(Member.course_id).where(Member.person_id == person.id)
    return or_(Lesson.public, Lesson.course_id.in_(courses))


@routes.get("/api/lessons")
async def list_lessons(request: web.Request) -> web.Response:
    """List what is on, what comes and what was: the viewer's own and the public ones."""
    services = request.app[SERVICES]
    viewer = await viewer_of(request)
    since = services.clock.now() - LATE
    own = select(Lesson).where(mine(viewer))
    on = own.where(Lesson.state.in_(OPEN)).order_by(Lesson.started_at, Lesson.id)
    soon = own.where(
        Lesson.state == LessonState.SCHEDULED,
        or_(Lesson.starts_at.is_(None), Lesson.starts_at > since),
    )
    soon = soon.order_by(Lesson.starts_at.is_(None), Lesson.starts_at, Lesson.id).limit(MAX_NEXT)
    past = own.where(Lesson.state == LessonState.ENDED)
    past = past.order_by(Lesson.ended_at.desc(), Lesson.id).limit(MAX_PAST)
    async with services.database.read() as session:
        live, upcoming = await _split_open(session, viewer, on)
        answer = {
            "live": live,
            "next": upcoming + await _listed(session, viewer, soon),
            "past": await _listed(session, viewer, past),
        }
    return json_answer(answer)


async def _listed(session: AsyncSession, viewer: Viewer, query: Any) -> list[dict[str, Any]]:
    return await lessons_facts(session, viewer, (await session.scalars(query)).all())


async def _split_open(
    session: AsyncSession, viewer: Viewer, query: Any
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return live lessons, and those in practice: to a student these are still to come."""
    lessons = await _listed(session, viewer, query)
    live = [facts for facts in lessons if facts["state"] == LessonState.LIVE.value]
    return live, [facts for facts in lessons if facts not in live]


@routes.get("/api/lessons/{lesson}")
async def get_lesson(request: web.Request) -> web.Response:
    """Return a lesson; a public event to anybody."""
    viewer = await viewer_of(request)
    async with request.app[SERVICES].database.read() as session:
        access = await lesson_access(session, viewer, path_id(request, "lesson"), Right.SEE)
        facts = await lesson_facts(session, access)
    return json_answer(facts)


@routes.patch("/api/lessons/{lesson}")
async def change_lesson(request: web.Request) -> web.Response:
    """Change a lesson's title, or its start while it has not begun."""
    services = request.app[SERVICES]
    viewer = await viewer_of(request)
    lesson_id = path_id(request, "lesson")
    async with services.database.read() as session:
        await lesson_access(session, viewer, lesson_id, Right.TEACH)
    change = await read_body(request, LessonChange)
    async with services.database.write() as session:
        access = await lesson_access(session, viewer, lesson_id, Right.TEACH)
        await lock_lesson(session, lesson_id)
        _apply(access.lesson, change)
        await session.flush()
        facts = await lesson_facts(session, access)
    return json_answer(facts)


def _apply(lesson: Lesson, change: LessonChange) -> None:
    if change.title is not None:
        lesson.title = change.title
    if "starts_at" not in change.model_fields_set:
        return
    if lesson.state is not LessonState.SCHEDULED:
        raise Conflict("lesson-begun", "The start can not be moved: the lesson has begun.")
    lesson.starts_at = change.starts_at


@routes.delete("/api/lessons/{lesson}")
async def delete_lesson(request: web.Request) -> web.Response:
    """Delete a lesson: teachers one that has not begun, staff one that is over as well."""
    services = request.app[SERVICES]
    viewer = await viewer_of(request)
    async with services.database.write() as session:
        access = await lesson_access(session, viewer, path_id(request, "lesson"), Right.TEACH)
        await lock_lesson(session, access.lesson.id)
        if access.lesson.state in OPEN:
            raise Conflict("lesson-open", "End the lesson first.")
        if access.lesson.state is LessonState.ENDED and Right.MANAGE not in access.rights:
            raise NotAllowed("not-allowed", "Only staff delete a lesson that has taken place.")
        await session.delete(access.lesson)
    await forget_files(services, access.lesson.id)
    return web.Response(status=HTTPStatus.NO_CONTENT)


async def forget_files(services: Services, lesson_id: uuid.UUID) -> None:
    """Delete what lies on the disk of a lesson that is deleted."""
    await services.voice_notes.forget(lesson_id)
    await services.slides.run(services.slides.shelf.drop_lesson, lesson_id)
    await remove_files(services, [lesson_id])


@routes.post("/api/lessons/{lesson}/state")
async def change_state(request: web.Request) -> web.Response:
    """Open a lesson for practice, go live with it, end it."""
    services = request.app[SERVICES]
    viewer = await viewer_of(request)
    lesson_id = path_id(request, "lesson")
    async with services.database.read() as session:
        await lesson_access(session, viewer, lesson_id, Right.TEACH)
    wanted = LessonState((await read_body(request, Step)).state)

    async def allowed(session: AsyncSession, _lesson: Lesson) -> bool:
        await lesson_access(session, viewer, lesson_id, Right.TEACH)
        return True

    await set_state(services, lesson_id, wanted, allowed)
    async with services.database.read() as session:
        access = await lesson_access(session, viewer, lesson_id, Right.TEACH)
        facts = await lesson_facts(session, access)
    return json_answer(facts)


async def set_state(
    services: Services,
    lesson_id: uuid.UUID,
    wanted: LessonState,
    allowed: Callable[[AsyncSession, Lesson], Awaitable[bool]],
) -> None:
    """Take a lesson to a state if it is still allowed once nobody else changes it."""
    await services.rooms.check_free(lesson_id, wanted)

    async def decide(session: AsyncSession, lesson: Lesson) -> Sequence[Addressed]:
        if not await allowed(session, lesson):
            return []
        changed = take_step(lesson, wanted, services.clock.now())
        if not changed:
            return []
        await recordings.follow(session, lesson, services.clock)
        return await _following(session, lesson, services.clock)

    await services.timelines.record(lesson_id, decide)
    await services.rooms.follow(lesson_id)


async def _following(session: AsyncSession, lesson: Lesson, clock: Clock) -> list[Addressed]:
    """Return what a lesson's new state means for its timeline."""
    told = Addressed(f"lesson.{lesson.state.value}", {})
    if lesson.state is LessonState.PRACTICE:
        return [told, *await questions.carry(session, lesson)]
    if lesson.state is LessonState.ENDED:
        down = await lower_everything(session, lesson, clock, Reason.LESSON_ENDED)
        return [*await questions.close(session, lesson, clock), *down, told]
    return [told]
