"""A lesson with a recording, and those who ask for it."""

import uuid
from dataclasses import dataclass

import pytest

from tests.recordings.made import MadeRecording
from tests.server.conftest import Visitor, World

SECONDS = 6  # of camera and voice


@dataclass
class Replay:
    """An ended lesson of a course, its made recording, and its people."""

    world: World
    made: MadeRecording
    lesson: str
    staff: Visitor
    teacher: Visitor
    student: Visitor
    outsider: Visitor
    camera: str = ""
    voice: str = ""

    @property
    def id(self) -> uuid.UUID:
        return uuid.UUID(self.lesson)

    def url(self, name: str) -> str:
        return f"/recordings/{self.lesson}/{name}"

    def api(self, rest: str = "") -> str:
        return f"/api/lessons/{self.lesson}/recording{rest}"

    async def change(self, **wish: object) -> dict[str, object]:
        answer = await self.teacher.post(self.api(), wish)
        assert answer.status == 200, await answer.text()
        facts: dict[str, object] = await answer.json()
        return facts

    def record(self, start: int = 0, seconds: int = SECONDS) -> None:
        self.camera = self.made.run("camera", start, seconds)
        self.voice = self.made.run("voice", start, seconds)

    async def end(self) -> None:
        self.made.end(SECONDS * 1000)
        await self.world.set_state(self.staff, self.lesson, "ended")
        self.world.services.recordings.forget(self.id)


async def live_replay(world: World) -> Replay:
    """Return a lesson that is live and recorded so far."""
    staff = await world.staff()
    course = (await world.course(staff))["id"]
    other = (await world.course(staff, "Elsewhere"))["id"]
    lesson = (await world.lesson(staff, course))["id"]
    made = MadeRecording(world.services.recordings.folder(uuid.UUID(lesson)))
    replay = Replay(
        world,
        made,
        lesson,
        staff,
        await world.member(staff, course, "teacher"),
        await world.member(staff, course, "student"),
        await world.member(staff, other, "student"),
    )
    await world.set_state(staff, lesson, "practice", "live")
    replay.record()
    return replay


@pytest.fixture
async def on_air(small_world: World) -> Replay:
    return await live_replay(small_world)


@pytest.fixture
async def replay(on_air: Replay) -> Replay:
    on_air.world.clock.pass_time(seconds=SECONDS)
    await on_air.end()
    return on_air
