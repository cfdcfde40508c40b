"""Secret addresses under which calendar programs find a person's lessons."""

import uuid
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from aiohttp import web
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.access import course_access
from server.clock import to_iso, to_milliseconds
from server.errors import Conflict, NotAllowed, NotFound
from server.ids import uuid7
from server.keys import hash_token, new_token
from server.lesson_facts import lessons_facts
from server.lessons import mine
from server.models import Lesson, Person
from server.rights import Right
from server.services import SERVICES, Services
from server.timetable import store
from server.timetable.clashes import DEFAULT_MINUTES
from server.timetable.feed import Entry, write_feed
from server.timetable.places import classrooms_of
from server.timetable.plans import check_known
from server.timetable.tables import CalendarLink, Classroom, LessonPlan
from server.viewer import Viewer, viewer_of
from server.web import Body, json_answer, own_origin, path_id, read_body

routes = web.RouteTableDef()
PAST, FUTURE = timedelta(days=60), timedelta(days=400)  # of what a calendar shows
MAX_ENTRIES = 2000  # lessons in one calendar: 600 kB
MAX_LINKS = 20  # of one person: a phone, a computer, and some courses


class NewLink(Body):
    """What a calendar shows: one course, one classroom, or all lessons of the person."""

    course_id: uuid.UUID | None = None
    classroom_id: uuid.UUID | None = None


def _link_facts(link: CalendarLink) -> dict[str, Any]:
    return {
        "id": str(link.id),
        "course": None if link.course_id is None else str(link.course_id),
        "classroom": None if link.classroom_id is None else str(link.classroom_id),
        "created_at": to_iso(link.created_at),
    }


@routes.get("/api/calendar-links")
async def list_links(request: web.Request) -> web.Response:
    """List a person's own links; the addresses themselves are not kept."""
    viewer = await viewer_of(request)
    query = select(CalendarLink).where(CalendarLink.person_id == viewer.must_be_somebody().id)
    async with request.app[SERVICES].database.read() as session:
        links = (await session.scalars(query.order_by(CalendarLink.id))).all()
    return json_answer({"links": [_link_facts(link) for link in links]})


@routes.post("/api/calendar-links")
async def add_link(request: web.Request) -> web.Response:
    """Make a link; its address is shown this once."""
    services, viewer = request.app[SERVICES], await viewer_of(request)
    person = viewer.must_be_somebody()
    if person.guest:
        raise NotAllowed
    new = await read_body(request, NewLink)
    token, now = new_token(), services.clock.now()
    async with services.database.write() as session:
        if new.course_id is not None:
            await course_access(session, viewer, new.course_id, Right.SEE)
        await check_known(session, new.classroom_id, None)
        owned = select(func.count()).where(CalendarLink.person_id == person.id)
        if (await session.scalar(owned) or 0) >= MAX_LINKS:
            raise Conflict("too-many-links", f"There are {MAX_LINKS} links; revoke one first.")
        link = CalendarLink(
            id=uuid7(to_milliseconds(now)),
            token_hash=hash_token(token),
            person_id=person.id,
            course_id=new.course_id,
            classroom_id=new.classroom_id,
            created_at=now,
        )
        session.add(link)
    url = f"{own_origin(request, services.settings)}/calendar/{token}.ics"
    return json_answer({**_link_facts(link), "url": url}, status=201)


@routes.delete("/api/calendar-links/{link}")
async def delete_link(request: web.Request) -> web.Response:
    """Let a link lead nowhere."""
    viewer, link_id = await viewer_of(request), path_id(request, "link")
    query = delete(CalendarLink).where(
        CalendarLink.id == link_id, CalendarLink.person_id == viewer.must_be_somebody().id
    )
    async with request.app[SERVICES].database.write() as session:
        if await session.scalar(query.returning(CalendarLink.id)) is None:
            raise NotFound
    return web.Response(status=HTTPStatus.NO_CONTENT)


@routes.get("/calendar/{token}.ics")
async def show_calendar(request: web.Request) -> web.Response:
    """Return the lessons that the link's person may see now; no cookie is read."""
    services = request.app[SERVICES]
    token_hash = hash_token(request.match_info["token"])
    async with services.database.read() as session:
        found = select(CalendarLink, Person).join(Person, Person.id == CalendarLink.person_id)
        row = (
            await session.execute(found.where(CalendarLink.token_hash == token_hash))
        ).one_or_none()
        if row is None:
            raise NotFound
        link, person = row
        viewer = Viewer(person, None, services.clock.now())
        entries = await _entries(services, session, viewer, link)
    body = write_feed(
        "Darsgoh", entries, own_origin(request, services.settings), services.clock.now()
    )
    return web.Response(
        body=body,
        content_type="text/calendar",
        charset="utf-8",
        headers={"Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer"},
    )


async def _entries(
    services: Services, session: AsyncSession, viewer: Viewer, link: CalendarLink
) -> list[Entry]:
    now = services.clock.now()
    query = select(Lesson).where(
        mine(viewer), Lesson.starts_at > now - PAST, Lesson.starts_at < now + FUTURE
    )
    if link.course_id is not None:
        query = query.where(Lesson.course_id == link.course_id)
    if link.classroom_id is not None:
        query = query.join(LessonPlan, LessonPlan.lesson_id == Lesson.id)
        query = query.where(LessonPlan.classroom_id == link.classroom_id)
    query = query.order_by(Lesson.starts_at, Lesson.id).limit(MAX_ENTRIES)
    lessons = list(await session.scalars(query))
    plans = await store.plans_of(session, [one.id for one in lessons])
    rooms = {room.id: room for room in await classrooms_of(session)}
    listed = await lessons_facts(session, viewer, lessons)
    return [
        _entry(lesson, plans.get(lesson.id), rooms, facts)
        for lesson, facts in zip(lessons, listed, strict=True)
    ]


def _entry(
    lesson: Lesson,
    plan: LessonPlan | None,
    rooms: dict[uuid.UUID, Classroom],
    facts: dict[str, Any],
) -> Entry:
    starts = lesson.starts_at
    if starts is None:
        raise ValueError("a lesson without a start is in no calendar")
    ends = store.ends_of(lesson, plan) or starts + timedelta(minutes=DEFAULT_MINUTES)
    room = rooms.get(plan.classroom_id) if plan is not None and plan.classroom_id else None
    place = "" if room is None else ", ".join(filter(None, (room.name, room.place)))
    course = facts["course"]
    return Entry(
        str(lesson.id),
        lesson.title,
        None if course is None else course["title"],
        tuple(one["name"] for one in facts["teachers"]),
        place,
        starts,
        ends,
    )
