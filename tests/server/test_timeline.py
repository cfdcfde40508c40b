"""The lesson's clock and its numbered events."""

import asyncio
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from server.models import Lesson, LessonEvent
from server.timeline import (
    PERSON,
    TEACHERS,
    Addressed,
    Event,
    Reader,
    Reading,
    View,
    position_at,
    read_events,
    start_of,
)
from tests.server.conftest import FakeClock, Place, World, running_world

HOUR = 3_600_000


def test_the_clock_starts_at_zero_and_follows_the_steady_clock() -> None:
    began = Reading("boot", 5000, 1_000_000)
    assert position_at(None, 0, began) == 0
    start = start_of(0, began)
    assert position_at(start, 0, Reading("boot", 6500, 1_000_000)) == 1500


@pytest.mark.parametrize("step", [HOUR, -HOUR, 300_000, -300_000])
def test_a_step_of_the_wall_clock_changes_nothing(step: int) -> None:
    start = start_of(0, Reading("boot", 5000, 1_000_000_000))
    stepped = Reading("boot", 65_000, 1_000_000_000 + 60_000 + step)
    assert position_at(start, 0, stepped) == 60_000
    # and is absorbed by the next event, should the machine restart after it
    start = start_of(60_000, stepped)
    rebooted = Reading("other", 10, stepped.wall_ms + 30_000)
    assert position_at(start, 60_000, rebooted) == 90_000


def test_over_a_reboot_the_wall_clock_decides_but_never_goes_back() -> None:
    start = start_of(60_000, Reading("boot", 65_000, 1_000_000_000))
    assert position_at(start, 60_000, Reading("other", 7, 1_000_020_000)) == 80_000
    assert position_at(start, 60_000, Reading("other", 7, 1_000_000_000 - HOUR)) == 60_000


readings = st.builds(
    Reading, st.sampled_from(["a", "b"]), st.integers(0, 10**12), st.integers(0, 10**13)
)


@given(st.lists(readings, max_size=20))
def test_positions_never_go_back_whatever_the_clocks_say(times: list[Reading]) -> None:
    start, last = None, 0
    for now in times:
        position = position_at(start, last, now)
        assert position >= last
        start, last = start_of(position, now), position


def event(seq: int, kind: str, **payload: Any) -> Event:
    return Event(uuid.UUID(int=1), seq, seq * 10, kind, payload)


def test_a_view_is_the_sum_of_its_events() -> None:
    view = View()
    for one in (
        event(1, "lesson.practice"),
        event(2, "source.added", source="camera", participant="p"),
        event(3, "source.added", source="voice", participant="p"),
        event(4, "slot.changed", slot="camera", source="camera"),
        event(5, "source.stalled", source="camera"),
        event(6, "source.removed", source="voice", reason="left"),
        event(7, "source.stalled", source="screen"),
        event(8, "something.new", x=1),
    ):
        view.apply(one)
    assert view == View(
        8, {"camera": {"state": "stalled", "participant": "p"}}, {"camera": "camera"}
    )


async def open_lesson(world: World) -> uuid.UUID:
    staff = await world.staff()
    course = (await world.course(staff))["id"]
    return uuid.UUID((await world.lesson(staff, course))["id"])


async def test_numbers_have_no_gaps_though_many_write_and_some_fail(world: World) -> None:
    lesson = await open_lesson(world)

    async def fail(_session: object, _lesson: Lesson) -> list[tuple[str, dict[str, Any]]]:
        raise ZeroDivisionError

    async def write(number: int) -> None:
        if number % 5 == 0:
            with pytest.raises(ZeroDivisionError):
                await world.services.timelines.record(lesson, fail)
            return
        await world.services.timelines.happened(lesson, ("test", {"n": number}), ("test", {}))

    await asyncio.gather(*(write(number) for number in range(40)))
    async with world.services.database.read() as session:
        rows = (
            await session.scalars(
                select(LessonEvent.seq)
                .where(LessonEvent.lesson_id == lesson)
                .order_by(LessonEvent.seq)
            )
        ).all()
        assert list(rows) == list(range(1, 65))
        assert (await session.get_one(Lesson, lesson)).last_seq == 64


async def test_events_are_told_after_their_commit_and_in_order(world: World) -> None:
    lesson = await open_lesson(world)
    told: list[int] = []

    async def check(one: Event) -> None:
        async with world.services.database.read() as session:
            assert await read_events(session, lesson, one.seq - 1, 1)
        told.append(one.seq)

    world.services.timelines.on_event(check)
    await asyncio.gather(
        *(world.services.timelines.happened(lesson, ("test", {})) for _ in range(20))
    )
    assert told == list(range(1, 21))


async def test_two_processes_on_one_database_share_the_numbers(place: Place) -> None:
    async with running_world(place) as one, running_world(place) as other:
        lesson = await open_lesson(one)
        await asyncio.gather(
            *(
                world.services.timelines.happened(lesson, ("test", {}))
                for world in (one, other)
                for _ in range(10)
            )
        )
        async with one.services.database.read() as session:
            events = await read_events(session, lesson, 0)
    assert [one.seq for one in events] == list(range(1, 21))


async def test_positions_go_on_over_a_restart_and_a_step_of_the_clock(place: Place) -> None:
    clock = FakeClock()
    async with running_world(place, clock) as world:
        lesson = await open_lesson(world)
        await world.services.timelines.happened(lesson, ("test", {}))
        clock.pass_time(minutes=10)
        await world.services.timelines.happened(lesson, ("test", {}))
    clock.wall = clock.wall.replace(year=2020)  # the wall clock is set, the machine runs on
    clock.steady += 60_000
    async with running_world(place, clock) as world:
        await world.services.timelines.happened(lesson, ("test", {}))
        async with world.services.database.read() as session:
            events = await read_events(session, lesson, 0)
    assert [one.position for one in events] == [0, 600_000, 660_000]


async def test_each_reader_gets_their_own_events_and_all_count_them(world: World) -> None:
    lesson = await open_lesson(world)
    student, other = await world.person(), await world.person()
    told: list[Event] = []

    async def keep(one: Event) -> None:
        told.append(one)

    async def decide(_session: object, _lesson: Lesson) -> list[Addressed]:
        return [
            Addressed("test.all", {}),
            Addressed("test.teachers", {}, TEACHERS),
            Addressed("test.person", {}, PERSON, student.id),
            Addressed("test.all", {}),
        ]

    world.services.timelines.on_event(keep)
    await world.services.timelines.record(lesson, decide)
    await world.services.timelines.happened(lesson, ("test.all", {}))
    assert [one.seq for one in told] == [1, 2, 3, 4, 5]
    assert [one.after_all for one in told] == [0, 1, 1, 1, 4]
    assert [one.after_teachers for one in told] == [0, 1, 2, 2, 4]

    async def read(reader: Reader | None) -> list[int]:
        async with world.services.database.read() as session:
            return [one.seq for one in await read_events(session, lesson, 0, reader=reader)]

    assert await read(None) == [1, 2, 3, 4, 5]
    assert await read(Reader(student.id, teacher=False)) == [1, 3, 4, 5]
    assert await read(Reader(other.id, teacher=False)) == [1, 4, 5]
    assert await read(Reader(None, teacher=False)) == [1, 4, 5]
    assert await read(Reader(other.id, teacher=True)) == [1, 2, 4, 5]


async def test_the_clock_of_a_lesson_stands_still_after_its_end(world: World) -> None:
    staff = await world.staff()
    course = (await world.course(staff))["id"]
    lesson = uuid.UUID((await world.lesson(staff, course))["id"])
    await world.set_state(staff, str(lesson), "practice", "live")
    world.clock.pass_time(minutes=5)
    await world.set_state(staff, str(lesson), "ended")
    world.clock.pass_time(days=3)
    await world.services.timelines.happened(lesson, ("test", {}))
    world.clock.pass_time(days=3)
    await world.services.timelines.happened(lesson, ("test", {}))
    async with world.services.database.read() as session:
        events = await read_events(session, lesson, 0)
    assert [one.position for one in events][-3:] == [300_000, 300_000, 300_000]
