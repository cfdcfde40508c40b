"""Planning lessons and changing plans: what would come of it and what clashes, before saving."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, NaiveDatetime
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.access import LessonAccess
from server.clock import to_iso
from server.errors import Conflict, Invalid, NotFound
from server.lessons import Moment, new_lesson
from server.models import Lesson, LessonState, Person
from server.services import Services
from server.texts import Title
from server.timetable import store
from server.timetable.clashes import DEFAULT_MINUTES, MAX_MINUTES, Clash, find_clashes
from server.timetable.recurrence import (
    MAX_RULE,
    BadRule,
    Slot,
    expand,
    moved,
    span,
    to_utc,
    to_wall,
    without_holidays,
)
from server.timetable.tables import Classroom, Holiday, LessonPlan
from server.viewer import Viewer
from server.web import Body

MIN_MINUTES = 5  # of a lesson; shorter is a slip of the finger
MAX_SHOWN = 50  # clashes told at once; whoever has more has chosen the wrong hour


def _plausible(wall: datetime) -> datetime:
    if not 2000 <= wall.year < 2100:
        raise ValueError("is not a plausible time")
    return wall


Wall = Annotated[NaiveDatetime, AfterValidator(_plausible)]
Minutes = Annotated[int, Field(ge=MIN_MINUTES, le=MAX_MINUTES)]


class NewPlan(Body):
    """Lessons of a course; `starts` is on the wall of the school's zone, `rrule` is RFC 5545's."""

    title: Title
    starts: Wall
    minutes: Minutes
    rrule: Annotated[str, Field(max_length=MAX_RULE)] | None = None
    classroom_id: uuid.UUID | None = None
    teacher_id: uuid.UUID | None = None
    dry: bool = False
    anyway: bool = False


class PlanChange(Body):
    """A change of a lesson, of it and those that follow, or of all that were planned with it.

    `was` is the start that the page showed; `classroom_id` and `teacher_id` may be null.
    """

    scope: Literal["this", "following", "all"]
    was: Moment | None
    title: Title | None = None
    starts: Wall | None = None
    minutes: Minutes | None = None
    classroom_id: uuid.UUID | None = None
    teacher_id: uuid.UUID | None = None
    cancel: bool = False
    dry: bool = False
    anyway: bool = False

    @property
    def substitutes(self) -> bool:
        """Return whether somebody else is to teach, or nobody else any more."""
        return "teacher_id" in self.model_fields_set


@dataclass(slots=True)
class Outcome:
    """What a plan comes to."""

    slots: Sequence[Slot]
    clashes: Sequence[Clash] = ()
    skipped: Sequence[Holiday] = ()
    lessons: list[uuid.UUID] = field(default_factory=list)
    affected: set[uuid.UUID] = field(default_factory=set)  # people whose rights may have changed


def zone_of(services: Services) -> ZoneInfo:
    """Return the zone of the school's clocks."""
    return ZoneInfo(services.settings.pages.time_zone)


async def plan(
    services: Services, session: AsyncSession, course: uuid.UUID, wish: NewPlan
) -> Outcome:
    """Plan lessons of a course; nothing is kept of a dry run, or where something clashes."""
    await store.lock_timetable(session)
    await check_known(session, wish.classroom_id, wish.teacher_id)
    zone = zone_of(services)
    try:
        slots = expand(wish.starts, wish.minutes, wish.rrule, zone)
    except BadRule as error:
        raise Invalid("bad-rule", f"This can not be planned: {error}.", field="rrule") from error
    skipped: list[Holiday] = []
    if wish.rrule is not None:  # a single lesson on a holiday is meant
        days = [to_wall(slot.starts, zone).date() for slot in slots]
        holidays = await store.holidays_between(session, days[0], days[-1])
        slots, out = without_holidays(slots, {one.day for one in holidays}, zone)
        skipped = [one for one in holidays if one.day in out]
    if not slots:
        raise Invalid("bad-rule", "There are only holidays on these days.", field="rrule")
    people = await _people(session, course, wish.teacher_id)
    busy = await store.busy_between(session, span(slots))
    outcome = Outcome(slots, find_clashes(slots, people, wish.classroom_id, busy), skipped)
    if not wish.dry and (wish.anyway or not outcome.clashes):
        await _save(services, session, course, wish, outcome)
    return outcome


async def _people(
    session: AsyncSession, course: uuid.UUID | None, teacher: uuid.UUID | None
) -> Collection[uuid.UUID]:
    if teacher is not None:
        return {teacher}
    return () if course is None else await store.course_people(session, course)


async def check_known(
    session: AsyncSession, classroom: uuid.UUID | None, teacher: uuid.UUID | None
) -> None:
    """Raise NotFound for a classroom or a person that is not there."""
    if classroom is not None and await session.get(Classroom, classroom) is None:
        raise NotFound("classroom-unknown", "There is no such classroom.")
    if teacher is not None and await session.get(Person, teacher) is None:
        raise NotFound("person-unknown", "There is no such person.")


async def _save(
    services: Services,
    session: AsyncSession,
    course: uuid.UUID,
    wish: NewPlan,
    outcome: Outcome,
) -> None:
    lessons = [new_lesson(services, wish.title, slot.starts, course) for slot in outcome.slots]
    session.add_all(lessons)
    await session.flush()
    series = lessons[0].id if len(lessons) > 1 else None
    session.add_all(
        LessonPlan(
            lesson_id=one.id,
            minutes=wish.minutes,
            series_id=series,
            classroom_id=wish.classroom_id,
        )
        for one in lessons
    )
    if wish.teacher_id is not None:
        for lesson in lessons:
            await store.set_substitute(session, lesson, wish.teacher_id, services.clock.now())
    await session.flush()
    outcome.lessons = [one.id for one in lessons]


async def change(
    services: Services, session: AsyncSession, access: LessonAccess, wish: PlanChange
) -> Outcome:
    """Change planned lessons; nothing is kept of a dry run, or where something clashes."""
    await store.lock_timetable(session)
    await check_known(session, wish.classroom_id, wish.teacher_id)
    lesson = access.lesson
    await session.refresh(lesson, with_for_update=True)
    if lesson.state is not LessonState.SCHEDULED:
        raise Conflict("lesson-begun", "The plan can not be changed: the lesson has begun.")
    if lesson.starts_at != wish.was:
        raise Conflict("changed-meanwhile", "Somebody else has changed this lesson.")
    lessons = await _meant(session, lesson, wish.scope)
    if wish.cancel:
        return await _cancel(session, lessons, dry=wish.dry)
    starts = _moved(lesson, lessons, wish, zone_of(services))
    return await _change(services, session, lessons, starts, wish)


async def _meant(session: AsyncSession, lesson: Lesson, scope: str) -> list[Lesson]:
    plan = await session.get(LessonPlan, lesson.id)
    if scope == "this" or plan is None or plan.series_id is None:
        return [lesson]
    query = (
        select(Lesson)
        .join(LessonPlan, LessonPlan.lesson_id == Lesson.id)
        .where(LessonPlan.series_id == plan.series_id, Lesson.state == LessonState.SCHEDULED)
        .order_by(Lesson.starts_at, Lesson.id)
        .with_for_update(of=Lesson)
    )
    if scope == "following":
        query = query.where(Lesson.starts_at >= lesson.starts_at)
    return list(await session.scalars(query))


def _moved(
    lesson: Lesson, lessons: Sequence[Lesson], wish: PlanChange, zone: ZoneInfo
) -> dict[uuid.UUID, datetime | None]:
    """Return where each lesson begins: all are moved on the wall as the one in hand is."""
    if wish.starts is None:
        return {one.id: one.starts_at for one in lessons}
    if lesson.starts_at is None:
        return {lesson.id: to_utc(wish.starts, zone)}
    by = wish.starts - to_wall(lesson.starts_at, zone)
    return {
        one.id: None if one.starts_at is None else moved(one.starts_at, by, zone) for one in lessons
    }


async def _cancel(session: AsyncSession, lessons: Sequence[Lesson], *, dry: bool) -> Outcome:
    plans = await store.plans_of(session, [one.id for one in lessons])
    ends = [(one.starts_at, store.ends_of(one, plans.get(one.id))) for one in lessons]
    outcome = Outcome([Slot(start, end or start) for start, end in ends if start is not None])
    if not dry:
        for lesson in lessons:
            await session.delete(lesson)
        outcome.lessons = [one.id for one in lessons]
    return outcome


@dataclass(frozen=True, slots=True)
class _Draft:
    """A lesson as it would be."""

    lesson: Lesson
    starts: datetime | None
    plan: LessonPlan
    people: Collection[uuid.UUID]

    @property
    def slot(self) -> Slot | None:
        if self.starts is None:
            return None
        return Slot(self.starts, self.starts + timedelta(minutes=self.plan.minutes))


async def _change(
    services: Services,
    session: AsyncSession,
    lessons: Sequence[Lesson],
    starts: dict[uuid.UUID, datetime | None],
    wish: PlanChange,
) -> Outcome:
    plans = await store.plans_of(session, [one.id for one in lessons])
    before = await store.taught_by_whom(session, lessons)
    people: dict[uuid.UUID, Collection[uuid.UUID]] = dict(before)
    if wish.substitutes:
        new = await _people(session, lessons[0].course_id, wish.teacher_id)
        people = dict.fromkeys(people, new)
    drafts = [
        _Draft(one, starts[one.id], _planned(one, plans.get(one.id), wish), people[one.id])
        for one in lessons
    ]
    slots = [draft.slot for draft in drafts if draft.slot is not None]
    outcome = Outcome(slots, await _clashes(session, drafts))
    if not wish.dry and (wish.anyway or not outcome.clashes):
        await _write(services, session, drafts, wish)
        outcome.lessons = [one.id for one in lessons]
        if wish.substitutes:
            outcome.affected = {
                one for those in (before, people) for x in those.values() for one in x
            }
    return outcome


def _planned(lesson: Lesson, plan: LessonPlan | None, wish: PlanChange) -> LessonPlan:
    classroom = None if plan is None else plan.classroom_id
    return LessonPlan(
        lesson_id=lesson.id,
        minutes=wish.minutes or (DEFAULT_MINUTES if plan is None else plan.minutes),
        series_id=None if plan is None else plan.series_id,
        classroom_id=wish.classroom_id if "classroom_id" in wish.model_fields_set else classroom,
    )


async def _clashes(session: AsyncSession, drafts: Sequence[_Draft]) -> list[Clash]:
    slots = sorted(draft.slot for draft in drafts if draft.slot is not None)
    if not slots:
        return []
    busy = await store.busy_between(session, span(slots), {one.lesson.id for one in drafts})
    return [
        clash
        for draft in drafts
        if draft.slot is not None
        for clash in find_clashes([draft.slot], draft.people, draft.plan.classroom_id, busy)
    ]


async def _write(
    services: Services, session: AsyncSession, drafts: Sequence[_Draft], wish: PlanChange
) -> None:
    for draft in drafts:
        draft.lesson.starts_at = draft.starts
        draft.lesson.title = wish.title or draft.lesson.title
        await session.merge(draft.plan)
        if wish.substitutes:
            now = services.clock.now()
            await store.set_substitute(session, draft.lesson, wish.teacher_id, now)
    await session.flush()


async def outcome_facts(session: AsyncSession, viewer: Viewer, outcome: Outcome) -> dict[str, Any]:
    """Return what a plan comes to, as one viewer may know it."""
    shown = outcome.clashes[:MAX_SHOWN]
    names = await store.names_of(session, {one.person for one in shown if one.person})
    return {
        "saved": bool(outcome.lessons),
        "lessons": [
            {"starts_at": to_iso(slot.starts), "ends_at": to_iso(slot.ends)}
            for slot in outcome.slots
        ],
        "skipped": [{"day": one.day.isoformat(), "name": one.name} for one in outcome.skipped],
        "clashes": [_clash(viewer, one, names) for one in shown],
        "clash_count": len(outcome.clashes),
    }


def _clash(viewer: Viewer, clash: Clash, names: dict[uuid.UUID, str]) -> dict[str, Any]:
    person = viewer.person
    # Titles of other courses are for staff, and for those who teach them.
    known = person is not None and (person.staff or person.id in clash.busy.people)
    return {
        "starts_at": to_iso(clash.slot.starts),
        "teacher": None if clash.person is None else names.get(clash.person, ""),
        "title": clash.busy.title if known else None,
        "from": to_iso(clash.busy.starts),
        "to": to_iso(clash.busy.ends),
    }
