"""From the first sign-in to the end of a lesson."""

import asyncio
from typing import Any

import socketio

from tests.server.conftest import World, problem


async def test_a_lesson_is_planned_opened_followed_and_ended(world: World) -> None:
    staff = await world.staff()
    course = await world.course(staff)
    teacher = await world.member(staff, course["id"], "teacher")
    lesson = await world.lesson(teacher, course["id"])
    assert lesson["state"] == "scheduled"
    assert lesson["teachers"][0]["name"] == "Teacher"

    student = await world.visitor()
    joined = await student.post("/api/join", {"code": course["join_code"], "name": "Парвиз"})
    assert (await joined.json())["course"] == {"id": course["id"]}

    refused = await student.post(f"/api/lessons/{lesson['id']}/grant", {"right": "watch"})
    assert await problem(refused) == (409, "lesson-not-open")

    await world.set_state(teacher, lesson["id"], "practice")
    publish = await teacher.post(f"/api/lessons/{lesson['id']}/grant", {"right": "publish"})
    assert publish.status == 200
    assert (await publish.json())["whip"].endswith(f"/whip/{lesson['id']}")

    socket = socketio.AsyncClient()
    heard: list[dict[str, Any]] = []
    live = asyncio.Event()

    async def on_event(event: dict[str, Any]) -> None:
        heard.append(event)
        if event["kind"] == "lesson.live":
            live.set()

    socket.on("event", on_event)
    origin = str(world.server.make_url("")).rstrip("/")
    await socket.connect(
        origin, headers={"Cookie": student.cookie(), "Origin": origin}, wait_timeout=20
    )
    answer = await socket.call("join", {"lesson": lesson["id"]})
    assert answer["ok"], answer
    assert answer["seq"] == 1
    assert answer["present"] == {"students": 1, "teachers": 0}

    await world.set_state(teacher, lesson["id"], "live")
    await asyncio.wait_for(live.wait(), 10)
    assert [event["seq"] for event in heard] == [2]
    await socket.disconnect()

    ended = await world.set_state(teacher, lesson["id"], "ended")
    assert ended["ended_at"] == "2026-09-01T09:00:00.000Z"
