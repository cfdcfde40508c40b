"""A live lesson that a real server records while one publishes: what its folder holds."""

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import av
from av import AudioFrame, VideoFrame

from recordings.segments import INDEX_NAME
from server.clock import SystemClock
from server.demo.stage import Part, set_stage
from server.models import Lesson
from server.recordings.shelf import FOLDER
from server.timeline import position_now
from signaling.client import publish
from signaling.grants import Grant, Right, issue
from tests.integration.forked_server import ForkedServer
from tests.integration.tracks import RED, Colour, Tone
from tests.server.conftest import Place, running_world

TRACKS = ("camera", "voice")
PATIENCE = 60  # seconds for what takes two


class NotedColour(Colour):
    """Pictures of which one knows when the last was sent."""

    sent = 0.0

    async def recv(self) -> VideoFrame:
        frame = await super().recv()
        self.sent = time.monotonic()
        return frame


class NotedTone(Tone):
    """Sound of which one knows when the last was sent."""

    sent = 0.0

    async def recv(self) -> AudioFrame:
        frame = await super().recv()
        self.sent = time.monotonic()
        return frame


@dataclass
class Taught:
    """A live lesson, tokens to teach and to watch it, and the folder of its recording."""

    lesson: uuid.UUID
    token: str
    watch: str
    folder: Path
    position: Callable[[], float]
    sent: dict[str, float] = field(default_factory=dict)  # position of the last of each track

    def entries(self, kind: str) -> list[dict[str, Any]]:
        """Return what the index says; a line that is torn is not said yet."""
        lines = (self.folder / INDEX_NAME).read_text().split("\n")[:-1]
        return [one for line in lines if (one := json.loads(line))["type"] == kind]

    def runs(self) -> dict[str, str]:
        return {one["run"]: one["track"] for one in self.entries("run")}

    def parts(self, track: str) -> list[dict[str, Any]]:
        runs = self.runs()
        return [one for one in self.entries("part") if runs[one["run"]] == track]

    def end(self, track: str) -> int:
        return max((one["at"] + one["for"] for one in self.parts(track)), default=0)


async def prepare(place: Place) -> Taught:
    """Make a live lesson and a token to teach it."""
    clock = SystemClock()
    async with running_world(place, clock) as world:  # type: ignore[arg-type]  # a clock
        stage = await set_stage(world.services)
        async with world.services.database.read() as session:
            lesson = await session.get_one(Lesson, stage.lesson)
        begin = time.monotonic() * 1000 - position_now(lesson, clock)
        teacher = str(stage.people[Part.ROBOT])
        expires = clock.now() + timedelta(days=1)
        token, watch = (
            issue(
                world.services.keys.grants,
                Grant(str(stage.lesson), right, teacher, "Ustod", True, expires),
                clock.now(),
            )
            for right in (Right.PUBLISH, Right.WATCH)
        )
    folder = place.directory / FOLDER / str(stage.lesson)
    return Taught(stage.lesson, token, watch, folder, lambda: time.monotonic() * 1000 - begin)


@asynccontextmanager
async def teaching(server: ForkedServer, taught: Taught) -> AsyncIterator[None]:
    """Publish until the end of the block, and note what was sent last."""
    tone, colour = NotedTone(), NotedColour(RED)
    url = f"{server.url}/whip/{taught.lesson}"
    async with publish(url, taught.token, audio=tone, video=colour, codec="H264") as session:
        await session.connected()
        yield
        ago = time.monotonic()
        for name, sent in (("voice", tone.sent), ("camera", colour.sent)):
            taught.sent[name] = taught.position() - (ago - sent) * 1000


async def until_recorded(taught: Taught, runs: int) -> None:
    """Wait until each track has a part in a run beyond so many."""
    async with asyncio.timeout(PATIENCE):
        while any(  # noqa: ASYNC110 - another process writes
            len({part["run"] for part in taught.parts(track)}) <= runs for track in TRACKS
        ):
            await asyncio.sleep(0.05)


def check_files(folder: Path, names: set[str]) -> None:
    """Every run opens and decodes, torn or not."""
    for name in names:
        with av.open(str(folder / f"{name}.mp4")) as container:
            assert sum(1 for _ in container.decode(container.streams[0])) > 0, name
