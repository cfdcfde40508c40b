"""The synthetic teacher's own process: a client like any other, with a sign-in link for a key.

`python -m server.demo` reads orders from standard input, one JSON line each: the address, the
link's token and the lesson. It publishes over WHIP, comes back when it is dropped, steps aside for
a person, and ends when its input ends, which is when the server does.
"""

import asyncio
import contextlib
import functools
import json
import logging
import os
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Self
from urllib.parse import urlsplit

import aiohttp
from aiortc import MediaStreamTrack

from media.errors import MediaError
from media.synthetic import (
    CameraTrack,
    LessonClock,
    SlidesTrack,
    Voice,
    VoiceTrack,
    file_tracks,
)
from signaling.client import Declined, Session, publish

logger = logging.getLogger(__name__)

FIRST_PAUSE: Final = 1.0  # seconds before the second try
LONGEST_PAUSE: Final = 15.0  # seconds; each failure doubles the pause up to here
ASIDE_SECONDS: Final = 5.0  # between looks whether the person who teaches has finished
STEADY_SECONDS: Final = 30.0  # a connection that held this long makes the pauses short again
HTTP_SECONDS: Final = 10.0
NICENESS: Final = 5  # encoding waits for the server, never the server for encoding


class OrderError(Exception):
    """A line of standard input that is no order."""


@dataclass(frozen=True, slots=True)
class Order:
    """What the teacher is to do; sent as one line of JSON."""

    base: str  # where the server listens, as seen from this machine
    origin: str  # what the server takes for its own origin
    link: str  # the token of a sign-in link that can be used again
    lesson: str
    video: str | None = None  # a recording to show instead of the slides

    def to_line(self) -> bytes:
        """Return the order as it travels."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Self:
        """Read an order; raises OrderError for anything else."""
        try:
            return cls(**json.loads(line))
        except (ValueError, TypeError) as error:
            raise OrderError("This process takes its orders from `darsgoh demo`.") from error


@dataclass(frozen=True, slots=True)
class Grant:
    """The right to publish, and where."""

    token: str
    camera: str
    screen: str


class Door:
    """The server's HTTP side, as a signed-in teacher uses it."""

    def __init__(self, http: aiohttp.ClientSession, order: Order) -> None:
        self._http = http
        self._order = order
        self._cookies: dict[str, str] = {}

    async def grant(self, lesson: str) -> Grant:
        """Return a fresh right to publish; signs in when that is needed."""
        if not self._cookies:
            await self._post("/api/sign-in/link", {"token": self._order.link})
        try:
            facts = await self._post(f"/api/lessons/{lesson}/grant", {"right": "publish"})
        except Declined as refusal:
            if refusal.status == 401:
                self._cookies.clear()  # the session is over; the next try signs in again
            raise
        return Grant(
            str(facts["token"]), self._local(facts["whip"]), self._local(facts["whip_screen"])
        )

    async def _post(self, path: str, body: dict[str, str]) -> dict[str, object]:
        # by hand, because a cookie for https is to be sent to this machine's own http as well
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        headers = {"Origin": self._order.origin, "Cookie": cookies}
        url = self._order.base + path
        async with self._http.post(url, json=body, headers=headers) as response:
            facts = await _json(response)
            if not response.ok:
                code, detail = str(facts.get("code", "unknown")), str(facts.get("detail", ""))
                raise Declined(response.status, code, detail, None)
            self._cookies |= {name: morsel.value for name, morsel in response.cookies.items()}
            return facts

    def _local(self, url: object) -> str:
        """Return an address of the server's as this machine reaches it, without any proxy."""
        return self._order.base + urlsplit(str(url)).path


async def _json(response: aiohttp.ClientResponse) -> dict[str, object]:
    try:
        facts = await response.json(content_type=None)
    except ValueError:
        return {}
    return facts if isinstance(facts, dict) else {}


@dataclass(frozen=True, slots=True)
class Tracks:
    """What one publication sends; the clock behind them goes on from one to the next."""

    voice: MediaStreamTrack | None
    camera: MediaStreamTrack | None
    screen: MediaStreamTrack | None


TrackMaker = Callable[[], Tracks]


def synthetic_tracks() -> TrackMaker:
    """Return a maker of the drawn lesson's tracks."""
    clock, voice = LessonClock(), Voice()
    return lambda: Tracks(
        voice=VoiceTrack(clock, voice=voice),
        camera=CameraTrack(clock, voice=voice),
        screen=SlidesTrack(clock),
    )


def recording_tracks(path: Path) -> TrackMaker:
    """Return a maker of a recording's tracks, which begins again at each connection."""

    def make() -> Tracks:
        tracks = file_tracks(path)
        return Tracks(voice=tracks.audio, camera=tracks.video, screen=None)

    return make


class Teacher:
    """Teaches whenever nobody else does."""

    def __init__(self, door: Door, make_tracks: TrackMaker, lesson: str) -> None:
        self._door = door
        self._make_tracks = make_tracks
        self._lesson = lesson
        self._moved = asyncio.Event()

    def obey(self, order: Order) -> None:
        """Take a later order: to teach another lesson."""
        self._lesson = order.lesson
        self._moved.set()

    async def run(self) -> None:
        """Publish for ever."""
        pause = FIRST_PAUSE
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                await self._teach()
                continue
            except Declined as refusal:
                if refusal.code == "source-taken":
                    logger.info("somebody else teaches; stepping aside")
                    await asyncio.sleep(ASIDE_SECONDS)
                    continue
                logger.warning("the demo's teacher was refused: %s", refusal)
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                logger.warning("the demo's teacher lost its connection: %s", error or type(error))
            pause = FIRST_PAUSE if loop.time() - began > STEADY_SECONDS else pause
            await asyncio.sleep(pause)
            pause = min(LONGEST_PAUSE, pause * 2)

    async def _teach(self) -> None:
        """Publish once; returns when moved, raises ConnectionError when it is dropped."""
        self._moved.clear()
        grant = await self._door.grant(self._lesson)
        tracks = self._make_tracks()
        async with contextlib.AsyncExitStack() as stack:
            sessions = [
                await stack.enter_async_context(
                    publish(grant.camera, grant.token, audio=tracks.voice, video=tracks.camera)
                )
            ]
            if tracks.screen is not None:
                sessions.append(
                    await stack.enter_async_context(
                        publish(grant.screen, grant.token, video=tracks.screen)
                    )
                )
            for session in sessions:
                await session.connected()
            logger.info("the demo's teacher is on the air")
            _step_back()
            await self._until_dropped(sessions)

    async def _until_dropped(self, sessions: list[Session]) -> None:
        endings = [asyncio.ensure_future(session.ended()) for session in sessions]
        moved = asyncio.ensure_future(self._moved.wait())
        try:
            await asyncio.wait((*endings, moved), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (*endings, moved):
                task.cancel()
        if not self._moved.is_set():
            raise ConnectionError("the server ended the session")


@functools.cache
def _step_back() -> None:
    """Let the server come first from now on; only the start is worth hurrying."""
    os.nice(NICENESS)


async def teach(lines: AsyncIterator[bytes]) -> None:
    """Carry out the orders on the lines until they end."""
    order = Order.from_line(await anext(lines))
    make = recording_tracks(Path(order.video)) if order.video else synthetic_tracks()
    timeout = aiohttp.ClientTimeout(total=HTTP_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as http:
        teacher = Teacher(Door(http, order), make, order.lesson)
        teaching = asyncio.create_task(teacher.run())
        listening = asyncio.create_task(_listen(lines, teacher))
        try:
            await asyncio.wait((teaching, listening), return_when=asyncio.FIRST_COMPLETED)
        finally:
            listening.cancel()
            teaching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await teaching


async def _listen(lines: AsyncIterator[bytes], teacher: Teacher) -> None:
    async for line in lines:
        teacher.obey(Order.from_line(line))


async def _standard_input() -> AsyncIterator[bytes]:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        yield line


def main() -> int:
    """Teach until standard input ends."""
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    try:
        asyncio.run(teach(_standard_input()))
    except (MediaError, OrderError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - the parent's terminal is where it belongs
        return 2
    except (KeyboardInterrupt, StopAsyncIteration):
        return 0
    return 0
