"""The timetable over HTTP: what is planned on some days, planning, changing and cancelling."""

from datetime import date, datetime, time, timedelta
from typing import Annotated, Any

from aiohttp import web
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.access import course_access, lesson_access
from server.clock import to_iso
from server.course_rules import read_rules, write_rules
from server.errors import Conflict, Invalid, NotAllowed
from server.ids import parse_id
from server.lesson_facts import lessons_facts
from server.lessons import forget_files, mine
from server.models import Lesson
from server.rights import Right
from server.services import SERVICES
from server.timetable import store
from server.timetable.places import classroom_facts, classrooms_of
from server.timetable.plans import (
    NewPlan,
    Outcome,
    PlanChange,
    change,
    outcome_facts,
    plan,
    zone_of,
)
from server.timetable.recurrence import to_utc, to_wall
from server.timetable.tables import CourseTimetable
from server.timetable.timekeeper import MAX_MARGIN
from server.viewer import Viewer, viewer_of
from server.web import Body, json_answer, path_id, read_body

routes = web.RouteTableDef()
MAX_DAYS = 42  # a month with the ends of its weeks
MAX_LISTED = 500  # lessons; sixteen classrooms have 480 in a week of six days of five lessons


class CourseRules(Body):
    """Whether a course's lessons go live and end by the timetable, and how long after."""

    automatic: bool
    margin_minutes: Annotated[int, Field(ge=0, le=MAX_MARGIN)]


def _days(request: web.Request, today: date) -> tuple[date, int]:
    """Return the first day that is asked for and how many."""
    text, number = request.query.get("from", today.isoformat()), request.query.get("days", "7")
    try:
        first = date.fromisoformat(text)
    except ValueError as error:
        raise Invalid("invalid-field", "from is a day such as 2026-12-31.", field="from") from error
    if not 2000 <= first.year < 2100:
        raise Invalid("invalid-field", "from is not a plausible day.", field="from")
    days = int(number) if number.isascii() and number.isdigit() and len(number) < 3 else 0
    if not 1 <= days <= MAX_DAYS:
        raise Invalid("invalid-field", f"days is a number up to {MAX_DAYS}.", field="days")
    return first, days


@routes.get("/api/timetable")
async def show_timetable(request: web.Request) -> web.Response:
    """List what is planned on some days: the viewer's own lessons and the public ones."""
    services, viewer = request.app[SERVICES], await viewer_of(request)
    viewer.must_be_somebody()
    zone = zone_of(services)
    first, days = _days(request, to_wall(services.clock.now(), zone).date())
    begin = datetime.combine(first, time())
    query = select(Lesson).where(
        mine(viewer),
        Lesson.starts_at >= to_utc(begin, zone),
        Lesson.starts_at < to_utc(begin + timedelta(days=days), zone),
    )
    if text := request.query.get("course"):
        query = query.where(Lesson.course_id == parse_id(text))
    async with services.database.read() as session:
        lessons = (
            await session.scalars(query.order_by(Lesson.starts_at, Lesson.id).limit(MAX_LISTED))
        ).all()
        holidays = await store.holidays_between(session, first, first + timedelta(days=days - 1))
        answer = {
            "from": first.isoformat(),
            "days": days,
            "zone": zone.key,
            "lessons": await _planned(session, viewer, lessons),
            "holidays": [{"day": one.day.isoformat(), "name": one.name} for one in holidays],
            "classrooms": [classroom_facts(one) for one in await classrooms_of(session)],
        }
    return json_answer(answer)


async def _planned(session: AsyncSession, viewer: Viewer, lessons: Any) -> list[dict[str, Any]]:
    plans = await store.plans_of(session, [one.id for one in lessons])
    listed = await lessons_facts(session, viewer, lessons)
    for lesson, facts in zip(lessons, listed, strict=True):
        one = plans.get(lesson.id)
        ends = store.ends_of(lesson, one)
        classroom = None if one is None else one.classroom_id
        facts["ends_at"] = None if ends is None else to_iso(ends)
        facts["series"] = one is not None and one.series_id is not None
        facts["classroom"] = None if classroom is None else str(classroom)
    return listed


@routes.post("/api/courses/{course}/plan")
async def add_plan(request: web.Request) -> web.Response:
    """Plan lessons of a course, or say what would come of it."""
    services, viewer = request.app[SERVICES], await viewer_of(request)
    course_id = path_id(request, "course")
    async with services.database.read() as session:
        await course_access(session, viewer, course_id, Right.TEACH)
    wish = await read_body(request, NewPlan)
    async with services.database.write() as session:
        access = await course_access(session, viewer, course_id, Right.TEACH)
        _check_substitute(wish.teacher_id is not None, access.rights)
        outcome = await plan(services, session, course_id, wish)
        facts = await outcome_facts(session, viewer, outcome)
    return _told(wish, outcome, facts, 201)


@routes.patch("/api/lessons/{lesson}/plan")
async def change_plan(request: web.Request) -> web.Response:
    """Change or cancel a lesson, those that follow or all of its series, or say what would come."""
    services, viewer = request.app[SERVICES], await viewer_of(request)
    lesson_id = path_id(request, "lesson")
    async with services.database.read() as session:
        await lesson_access(session, viewer, lesson_id, Right.TEACH)
    wish = await read_body(request, PlanChange)
    async with services.database.write() as session:
        access = await lesson_access(session, viewer, lesson_id, Right.TEACH)
        _check_substitute(wish.substitutes, access.rights)
        outcome = await change(services, session, access, wish)
        facts = await outcome_facts(session, viewer, outcome)
    for person in outcome.affected:
        await services.rooms.recheck(person)
    if wish.cancel:
        for one in outcome.lessons:
            await forget_files(services, one)
    return _told(wish, outcome, facts, 200)


def _check_substitute(named: bool, rights: frozenset[Right]) -> None:
    if named and Right.MANAGE not in rights:  # a substitute gets a teacher's rights
        raise NotAllowed("not-allowed", "Only staff name a substitute.")


def _told(
    wish: NewPlan | PlanChange, outcome: Outcome, facts: dict[str, Any], status: int
) -> web.Response:
    if not wish.dry and not outcome.lessons:
        raise Conflict("clashes", "Somebody or a classroom would be in two places.", **facts)
    return json_answer(facts, status=200 if wish.dry else status)


@routes.get("/api/courses/{course}/timetable")
async def show_rules(request: web.Request) -> web.Response:
    """Say what a course decided about its timetable."""
    return _rules(await read_rules(request, store.rules_of))


@routes.put("/api/courses/{course}/timetable")
async def change_rules(request: web.Request) -> web.Response:
    """Decide whether a course goes by the timetable."""
    return _rules(await write_rules(request, CourseRules, CourseTimetable))


def _rules(rules: CourseTimetable) -> web.Response:
    return json_answer({"automatic": rules.automatic, "margin_minutes": rules.margin_minutes})
