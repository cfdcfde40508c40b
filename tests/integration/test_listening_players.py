"""A lesson while it is taught, read by libavformat as players do: endless streams, and HLS."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from bench.crowd import enrol, sign_in
from server.clock import SystemClock
from tests.integration.forked_server import ForkedServer
from tests.integration.recorded_lesson import Taught, prepare, teaching, until_recorded
from tests.integration.test_killed_while_recording import end_meanwhile
from tests.integration.tracks import LOUDNESS
from tests.server.conftest import Place, running_world

SECONDS = 3  # of sound that a player hears before it is content
PATIENCE = 60  # seconds

pytestmark = pytest.mark.timeout(240)


async def a_student(place: Place, taught: Taught) -> str:
    """Return the Cookie header of somebody in the lesson's course."""
    async with running_world(place, SystemClock()) as world:  # type: ignore[arg-type]  # a clock
        people = await enrol(world.services, taught.lesson, 1)
        (cookie,) = await sign_in(world.services, people)
    return cookie


def hear(url: str, cookie: str, seconds: float) -> float:
    """Play a stream for a while; return how loud it was at its loudest."""
    loudest, heard = 0.0, 0.0
    options = {"headers": f"Cookie: {cookie}\r\n", "allowed_extensions": "ALL"}
    with av.open(url, options=options, timeout=PATIENCE) as container:
        for frame in container.decode(audio=0):
            sound = frame.to_ndarray().astype(np.float64)
            scale = 1.0 if frame.format.name.startswith("flt") else 1 / 32_768
            loudest = max(loudest, float(np.sqrt(np.mean((sound * scale) ** 2))))
            heard += frame.samples / frame.sample_rate
            if heard >= seconds:
                break
    assert heard >= seconds
    return loudest


def see(url: str, cookie: str, count: int) -> None:
    """Play the pictures of a stream until so many were decoded."""
    options = {"headers": f"Cookie: {cookie}\r\n", "allowed_extensions": "ALL"}
    with av.open(url, options=options, timeout=PATIENCE) as container:
        pictures = 0
        for _ in container.decode(video=0):
            pictures += 1
            if pictures >= count:
                return
    raise AssertionError(f"only {pictures} pictures")


async def played(work: Callable[..., object], *args: object) -> object:
    async with asyncio.timeout(PATIENCE):
        return await asyncio.to_thread(work, *args)


async def test_players_hear_a_lesson_while_it_is_taught_and_after_it(tmp_path: Path) -> None:
    place = Place(tmp_path)
    taught = await prepare(place)
    cookie = await a_student(place, taught)
    server = ForkedServer(place.directory, place.url)
    base = f"{server.url}/recordings/{taught.lesson}"
    await server.open()
    try:
        await server.start()
        async with teaching(server, taught):
            await until_recorded(taught, 0)
            loud = await asyncio.gather(
                played(hear, f"{base}/listen.webm", cookie, SECONDS),
                played(hear, f"{base}/listen.aac", cookie, SECONDS),
            )
            assert all(one > LOUDNESS / 32_768 / 4 for one in loud)
            await asyncio.sleep(10)  # HLS tells of segments once they are whole
            await played(hear, f"{base}/audio.m3u8", cookie, SECONDS)
            await played(see, f"{base}/index.m3u8", cookie, 10)
        await server.kill()
        await end_meanwhile(place, taught.lesson)
        await server.start()
        await played(hear, f"{base}/audio.m3u8", cookie, SECONDS)
        await played(see, f"{base}/index.m3u8", cookie, 30)
    finally:
        await server.close()
