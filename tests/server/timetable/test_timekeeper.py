"""Lessons go live and end by the timetable: a term, a late server, a teacher who goes on."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from server.models import Lesson, LessonState
from server.timetable.due import ABSENT, Planned, due_state
from tests.server.conftest import Place, Visitor, World, running_world

START = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)
END = START + timedelta(minutes=90)
MARGIN = timedelta(minutes=15)


@pytest.mark.parametrize(
    ("state", "minutes", "absent", "due"),
    [
        ("scheduled", -1, 0, None),
        ("scheduled", 0, 0, "practice"),
        ("scheduled", 89, 0, "practice"),
        ("scheduled", 90, 0, None),  # too late for anybody
        ("practice", -1, 0, None),
        ("practice", 0, None, "live"),
        ("live", 104, 60, None),
        ("live", 105, 60, "ended"),
        ("live", 105, 1, None),  # the teacher may come back
        ("live", 600, None, None),  # who teaches on is not cut off
        ("ended", 10, 0, None),
    ],
)
def test_what_is_due(state: str, minutes: int, absent: int | None, due: str | None) -> None:
    lesson = Planned(LessonState(state), START, END, MARGIN)
    away = None if absent is None else timedelta(minutes=absent)
    found = due_state(lesson, START + timedelta(minutes=minutes), away)
    assert (None if found is None else found.value) == due


async def planned(world: World, staff: Visitor, course: str, **wish: Any) -> None:
    body = {"title": "Light", "starts": "2026-09-01T15:00", "minutes": 90} | wish
    answer = await staff.post(f"/api/courses/{course}/plan", body)
    assert answer.status == 201, await answer.text()


async def automatic(world: World, staff: Visitor) -> str:
    course: str = (await world.course(staff))["id"]
    rules = {"automatic": True, "margin_minutes": 15}
    answer = await staff.send("PUT", f"/api/courses/{course}/timetable", json=rules)
    assert await answer.json() == rules
    return course


async def states(world: World) -> dict[str, int]:
    query = select(Lesson.state, func.count()).group_by(Lesson.state)
    async with world.services.database.read() as session:
        return {state.value: count for state, count in await session.execute(query)}


async def pass_time(world: World, **parts: float) -> None:
    world.clock.pass_time(**parts)
    await world.services.timekeeper.look()


async def test_a_lesson_goes_live_and_ends_without_anyone_touching_anything(world: World) -> None:
    staff = await world.staff()
    course = await automatic(world, staff)
    by_hand = (await world.course(staff, "By hand"))["id"]
    await planned(world, staff, course)
    await planned(world, staff, by_hand, anyway=True)
    await pass_time(world, minutes=59)  # 14:59 in Dushanbe
    assert await states(world) == {"scheduled": 2}
    await pass_time(world, minutes=1)
    assert await states(world) == {"scheduled": 1, "live": 1}
    for _ in range(105):
        await pass_time(world, minutes=1)
    assert await states(world) == {"scheduled": 1, "ended": 1}
    for _ in range(3):
        await pass_time(world, minutes=1)
    assert await states(world) == {"scheduled": 1, "ended": 1}


async def test_who_teaches_on_is_not_cut_off(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    staff = await world.staff()
    await planned(world, staff, await automatic(world, staff))
    await pass_time(world, minutes=60)
    async with world.services.database.read() as session:
        lesson = await session.scalar(select(Lesson.id))
    assert isinstance(lesson, uuid.UUID)
    room = world.services.rooms.room(lesson)
    monkeypatch.setattr(room, "sources", lambda: {"camera": None})
    for _ in range(10):
        await pass_time(world, minutes=30)
    assert await states(world) == {"live": 1}
    monkeypatch.setattr(room, "sources", dict)
    await pass_time(world, seconds=ABSENT.total_seconds() - 1)
    assert await states(world) == {"live": 1}
    await pass_time(world, seconds=2)
    assert await states(world) == {"ended": 1}


async def test_a_server_that_was_away_begins_late_rather_than_never(place: Place) -> None:
    async with running_world(place) as world:
        staff = await world.staff()
        await planned(world, staff, await automatic(world, staff))
        await planned(world, staff, await automatic(world, staff), starts="2026-09-01T14:30")
    world.clock.pass_time(minutes=125)  # 16:05: the first goes on until 16:30, the other is over
    async with running_world(place, world.clock) as again:
        await again.services.timekeeper.look()
        assert await states(again) == {"live": 1, "scheduled": 1}


async def test_a_term_of_two_hundred_lessons_is_begun_and_ended(small_world: World) -> None:
    world = small_world
    staff = await world.staff()
    for hour in (8, 10, 12, 14):
        course = await automatic(world, staff)
        wish = {"starts": f"2026-09-02T{hour:02}:00", "rrule": "FREQ=DAILY;COUNT=50"}
        await planned(world, staff, course, **wish)
    assert await states(world) == {"scheduled": 200}
    for _ in range(51 * 8):  # a look in every quarter of an hour that has one to do
        await pass_time(world, minutes=120)
        await pass_time(world, minutes=3)
        await pass_time(world, minutes=57)
    assert await states(world) == {"ended": 200}
    query = select(Lesson.starts_at, Lesson.started_at)
    async with world.services.database.read() as session:
        late = [began - planned for planned, began in await session.execute(query)]
    assert all(timedelta(0) <= one < timedelta(minutes=90) for one in late)
