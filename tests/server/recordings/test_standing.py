"""Teachers know whether their lesson is being recorded, also when it could not begin."""

import asyncio
import uuid
from typing import Any

from server.recordings import live
from tests.server.conftest import World
from tests.server.test_sockets import page


async def test_a_recording_that_can_not_begin_is_told_and_tried_again(
    small_world: World, monkeypatch: Any
) -> None:
    world = small_world
    monkeypatch.setattr(live, "LOOK_SECONDS", 0.05)
    staff = await world.staff()
    course = (await world.course(staff))["id"]
    lesson = (await world.lesson(staff, course))["id"]
    student = await world.member(staff, course, "student")
    place = world.services.recordings.folder(uuid.UUID(lesson))
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("in the way", encoding="utf-8")
    async with page(world, staff) as teaching, page(world, student) as watching:
        assert (await teaching.join(lesson))["recording"] is None
        await world.set_state(staff, lesson, "practice", "live")
        await teaching.until(lambda: "recording.stopped" in kinds(teaching))
        joined = await teaching.join(lesson)
        assert joined["recording"]["state"] == "stopped"
        assert joined["recording"]["why"] == "server"
        assert joined["recording"]["free"] > 0
        assert "recording" not in await watching.join(lesson)
        await asyncio.to_thread(place.unlink)
        await teaching.until(lambda: "recording.started" in kinds(teaching))
        assert kinds(teaching).count("recording.stopped") == 1
        assert (await teaching.join(lesson))["recording"]["state"] == "on"


def kinds(teaching: Any) -> list[str]:
    return [event["kind"] for event in teaching.events]
