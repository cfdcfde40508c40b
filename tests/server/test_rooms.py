"""Rooms follow lessons, and what happens in a room joins its lesson's timeline."""

import asyncio
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from media import events
from media.room import Room
from media.types import Activity, CloseReason, Slot, Source, SourceState
from server import grants
from server.rooms import MAX_WAITING, difference, happening
from server.timeline import Event, View, read_events
from signaling.errors import Refused
from signaling.grants import Grant, Right, verify
from tests.server.conftest import Place, Visitor, World, problem, running_world


def room_of(world: World, lesson: str) -> Room:
    room = world.services.rooms.room(uuid.UUID(lesson))
    assert room is not None
    return room


def emit(room: Room, *happened: events.RoomEvent) -> None:
    """Let a room say that something happened."""
    for one in happened:
        for listener in list(room._listeners):
            listener(one)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - the writer tells nobody when it is done
            await asyncio.sleep(0.01)


async def timeline(world: World, lesson: str) -> list[Event]:
    async with world.services.database.read() as session:
        return await read_events(session, uuid.UUID(lesson), 0)


async def open_lesson(world: World, *states: str) -> tuple[Visitor, str]:
    staff = await world.staff()
    course = (await world.course(staff))["id"]
    lesson = str((await world.lesson(staff, course))["id"])
    await world.set_state(staff, lesson, *states)
    return staff, lesson


async def test_a_room_opens_goes_live_and_closes_with_its_lesson(world: World) -> None:
    staff, lesson = await open_lesson(world)
    rooms = world.services.rooms
    assert rooms.room(uuid.UUID(lesson)) is None
    await world.set_state(staff, lesson, "practice")
    room = room_of(world, lesson)
    assert not room.live
    await world.set_state(staff, lesson, "live")
    assert room_of(world, lesson) is room
    assert room.live
    await world.set_state(staff, lesson, "ended")
    assert room.closed
    assert rooms.room(uuid.UUID(lesson)) is None


async def test_what_happens_in_a_room_is_written_in_order(world: World) -> None:
    staff, lesson = await open_lesson(world, "practice", "live")
    room = room_of(world, lesson)
    teacher = "teacher-id"
    emit(
        room,
        events.PublisherConnected(teacher),
        events.SourceAdded(Source.CAMERA, teacher),
        events.SlotChanged(Slot.CAMERA, Source.CAMERA),
        events.SourceStalled(Source.CAMERA, teacher),
        events.SourceResumed(Source.CAMERA, teacher),
        events.SourceRemoved(Source.CAMERA, teacher, CloseReason.LEFT),
        events.SlotChanged(Slot.CAMERA, None),
    )
    view = world.services.timelines.view(uuid.UUID(lesson))
    assert view is not None
    await until(lambda: view.seq == 8)
    written = [(one.seq, one.kind, dict(one.payload)) for one in await timeline(world, lesson)]
    assert written == [
        (1, "lesson.practice", {}),
        (2, "lesson.live", {}),
        (3, "source.added", {"source": "camera", "participant": teacher}),
        (4, "slot.changed", {"slot": "camera", "source": "camera"}),
        (5, "source.stalled", {"source": "camera"}),
        (6, "source.resumed", {"source": "camera"}),
        (7, "source.removed", {"source": "camera", "reason": "left"}),
        (8, "slot.changed", {"slot": "camera", "source": None}),
    ]
    del staff


async def test_after_a_crash_the_timeline_says_what_was_lost(place: Place) -> None:
    async with running_world(place) as world:
        _, lesson = await open_lesson(world, "practice", "live")
        added = events.SourceAdded(Source.VOICE, "p")
        emit(room_of(world, lesson), added, events.SlotChanged(Slot.VOICE, Source.VOICE))
        view = world.services.timelines.view(uuid.UUID(lesson))
        assert view is not None
        await until(lambda: view.seq == 4)
    async with running_world(place) as world:
        assert room_of(world, lesson).live
        last = (await timeline(world, lesson))[-2:]
    assert [(one.kind, dict(one.payload)) for one in last] == [
        ("source.removed", {"source": "voice", "reason": "server-restarted"}),
        ("slot.changed", {"slot": "voice", "source": None}),
    ]


async def test_events_wait_while_the_database_is_away(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, lesson = await open_lesson(world, "practice", "live")
    timelines = world.services.timelines
    true_way, failures = timelines.happened, []

    async def fail_twice(lesson_id: uuid.UUID, *happened: Any) -> None:
        if len(failures) < 2:
            failures.append(happened)
            raise OperationalError("INSERT", {}, Exception("gone"))
        await true_way(lesson_id, *happened)

    monkeypatch.setattr(timelines, "happened", fail_twice)
    monkeypatch.setattr("server.rooms.FIRST_RETRY", 0.01)
    room = room_of(world, lesson)
    emit(room, events.SourceAdded(Source.CAMERA, "p"))
    await until(lambda: failures)
    emit(room, events.SourceRemoved(Source.CAMERA, "p", CloseReason.LEFT))
    view = timelines.view(uuid.UUID(lesson))
    assert view is not None
    await until(lambda: view.seq == 4)
    kinds = [one.kind for one in await timeline(world, lesson)]
    assert kinds == ["lesson.practice", "lesson.live", "source.added", "source.removed"]


async def test_more_events_than_can_wait_become_their_sum(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, lesson = await open_lesson(world, "practice", "live")
    room = room_of(world, lesson)
    state = {Source.CAMERA: SourceState(Activity.STALLED, "p")}
    monkeypatch.setattr(room, "sources", lambda: state)
    for _ in range(MAX_WAITING):
        emit(room, events.SourceAdded(Source.CAMERA, "p"))
        emit(room, events.SourceRemoved(Source.CAMERA, "p", CloseReason.LEFT))
    view = world.services.timelines.view(uuid.UUID(lesson))
    assert view is not None
    await until(lambda: view.seq >= 4)
    kinds = [one.kind for one in await timeline(world, lesson)]
    assert kinds[2:] == ["source.added", "source.stalled"]


def test_a_subscriber_is_no_part_of_the_timeline() -> None:
    assert happening(events.SubscriberConnected("p")) is None
    assert happening(events.PublisherGone("p", CloseReason.LEFT)) is None


def test_the_difference_leads_from_a_view_to_nothing() -> None:
    view = View(
        3, {"camera": {"state": "active", "participant": "p"}}, {"camera": "camera", "voice": None}
    )
    assert difference(view, None, "why") == [
        ("source.removed", {"source": "camera", "reason": "why"}),
        ("slot.changed", {"slot": "camera", "source": None}),
    ]
    assert difference(View(), None, "why") == []


async def test_a_grant_names_the_lesson_the_right_and_the_person(world: World) -> None:
    staff, lesson = await open_lesson(world, "practice")
    answer = await staff.post(f"/api/lessons/{lesson}/grant", {"right": "publish"})
    body = await answer.json()
    grant = verify(world.services.keys.grants, body["token"], world.clock.now())
    assert staff.person is not None
    assert (grant.lesson, grant.right, grant.participant) == (
        lesson,
        Right.PUBLISH,
        str(staff.person.id),
    )
    assert grant.rehearsal
    base = str(world.server.make_url("")).rstrip("/")
    assert body["whip_screen"] == f"{base}/whip/{lesson}/screen"
    assert body["whep"] == f"{base}/whep/{lesson}"
    assert body["network"] == "127.0.0.0"
    assert body["expires_at"] == "2026-09-01T09:10:00.000Z"


async def test_an_encoder_gets_a_token_for_the_day_and_a_watcher_does_not(world: World) -> None:
    staff, lesson = await open_lesson(world, "practice")
    for right, expected in (("publish", "2026-09-01T21:00"), ("watch", "2026-09-01T09:10")):
        wish = {"right": right, "encoder": True}
        answer = await staff.post(f"/api/lessons/{lesson}/grant", wish)
        assert (await answer.json())["expires_at"].startswith(expected)


async def test_the_door_asks_again(world: World) -> None:
    staff, lesson = await open_lesson(world, "practice")
    facts = await (await staff.get(f"/api/lessons/{lesson}")).json()
    student = await world.member(staff, facts["course"]["id"], "student")
    assert student.person is not None
    grant = Grant(
        lesson=lesson,
        right=Right.WATCH,
        participant=str(student.person.id),
        name="Student",
        rehearsal=False,
        expires_at=world.clock.now() + timedelta(hours=1),
    )
    await grants.may_join(world.services, grant)
    path = f"/api/courses/{facts['course']['id']}/members/{student.person.id}"
    assert (await staff.delete(path)).status == 204
    with pytest.raises(Refused):
        await grants.may_join(world.services, grant)


async def test_a_lesson_that_is_over_gives_no_grants(world: World) -> None:
    staff, lesson = await open_lesson(world, "practice", "live", "ended")
    answer = await staff.post(f"/api/lessons/{lesson}/grant", {"right": "watch"})
    assert await problem(answer) == (409, "lesson-not-open")
    assert (await answer.json())["state"] == "ended"


async def test_the_media_doors_are_open_without_cookie_and_closed_without_token(
    world: World,
) -> None:
    _, lesson = await open_lesson(world, "practice")
    visitor = await world.visitor()
    visitor.headers = {"Content-Type": "application/sdp", "Origin": "https://elsewhere.example"}
    answer = await visitor.send("POST", f"/whep/{lesson}", data=b"v=0\r\n")
    assert answer.status == 401
    assert answer.content_type == "application/problem+json"


async def test_more_lessons_than_fit_are_refused_before_anything_changes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    staff, lesson = await open_lesson(world)
    monkeypatch.setattr("server.rooms.RoomLimits", lambda: type("Few", (), {"rooms": 0}))
    answer = await staff.post(f"/api/lessons/{lesson}/state", {"state": "practice"})
    assert await problem(answer) == (503, "too-many-lessons")
    assert (await (await staff.get(f"/api/lessons/{lesson}")).json())["state"] == "scheduled"
