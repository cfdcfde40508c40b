"""A voice note is heard: the whole server, its real engine, and a peer that is not ours."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest
from aiohttp.test_utils import TestServer
from aiortc import MediaStreamTrack
from av import AudioFrame

from media.rooms import Rooms
from media.types import Source
from media.worker import Worker
from server.app import build_services, create_app
from signaling.client import play
from tests.integration.test_guest_turns import loudest
from tests.integration.tracks import Drain, loudness_of, soon
from tests.server.conftest import FAST_HASHER, Place, World
from tests.server.hands.test_on_air import grant
from tests.server.voice_notes.booth import Booth
from tests.server.voice_notes.recordings import LOUDNESS, TONE, recording

NEAR = 30  # Hz; a frame of 20 ms tells pitches 50 Hz apart
LOUD_FRAMES = 15  # 0.3 s


@pytest.fixture
async def on_air(sqlite_place: Place) -> AsyncIterator[Booth]:
    """A live lesson whose media are real and whose clock runs."""
    async with Worker.open("127.0.0.1", threads=1) as worker:
        services = build_services(sqlite_place.settings(), Rooms(worker), hasher=FAST_HASHER)
        app = create_app(services, static=sqlite_place.directory / "static")
        server = TestServer(app, shutdown_timeout=1)
        try:
            await server.start_server()
            clock: Any = services.clock  # a real one, and no engine to tell things
            world = World(server, services, clock, engine=None)  # type: ignore[arg-type]  # as said
            booth = Booth(world)
            await booth.build()
            yield booth
            await world.close()
        finally:
            await server.close()


def pitch_of(frame: AudioFrame) -> float:
    """Return the strongest pitch of a frame in hertz."""
    sound = frame.to_ndarray().reshape(-1, len(frame.layout.channels))[:, 0].astype(np.float64)
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 8192))
    return float(np.argmax(spectrum)) * frame.sample_rate / 8192


async def heard_pitch(track: MediaStreamTrack) -> float:
    """Return the pitch of what is loud: its beginning and a gap here and there are no pitch."""
    found: list[float] = []
    while len(found) < LOUD_FRAMES:
        frame = await track.recv()
        assert isinstance(frame, AudioFrame)
        if loudness_of(frame) > LOUDNESS / 4:
            found.append(pitch_of(frame))
    return float(np.median(found))


@pytest.mark.parametrize("container", ["webm", "mp4"])
async def test_a_note_is_heard_while_it_plays_and_nothing_after(
    on_air: Booth, container: str
) -> None:
    booth, listener = on_air, on_air.students[1]
    codec = "libopus" if container == "webm" else "aac"
    answer = await booth.upload(data=recording(container, codec, 4.0)).send()
    number = (await answer.json())["number"]
    watching = await grant(listener, "watch")
    async with (
        play(watching["whep"], watching["token"], videos=3, audios=2) as student,
        Drain(student.audio[0]),
    ):
        await soon(student.connected())
        assert await loudest(student.audio[1]) < LOUDNESS / 100

        await booth.teacher.do("note_play", note=number)
        async with asyncio.timeout(30):
            assert abs(await heard_pitch(student.audio[1]) - TONE) < NEAR
        assert set(booth.media.sources()) == {Source.GUEST_VOICE}

        if container == "webm":
            await booth.teacher.do("note_stop", note=number)
        else:
            await booth.off_air()
        assert booth.media.sources() == {}
        await loudest(student.audio[1])  # what was on its way
        before = booth.world.services.rooms.counters()["packets_forwarded"]
        assert await loudest(student.audio[1]) < LOUDNESS / 100
        assert booth.world.services.rooms.counters()["packets_forwarded"] <= before + 5
    assert await booth.note_reasons() == ["teacher" if container == "webm" else "finished"]
