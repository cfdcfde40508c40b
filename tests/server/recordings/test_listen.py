"""Listening only: what a phone hears, and those who read slowly, too many, or may not any more."""

import asyncio
import io
import socket
from collections.abc import Callable
from itertools import count, pairwise

import av
import numpy as np
import pytest
from aiohttp import ClientResponse
from numpy.typing import NDArray

from media.mixer import MixedPacket
from media.opus import PACKET_MS
from server.recordings import listen
from server.recordings.listen import PIECE_PACKETS, QUEUE_PIECES, Broadcast
from tests.media.voices import packets, strength, tone
from tests.server.conftest import Visitor, problem
from tests.server.recordings.conftest import Replay

HERTZ = 440.0
PATIENCE = 30  # seconds for what takes none
FORMATS = {"webm": ("audio/webm", "matroska"), "aac": ("audio/aac", "aac")}


class Speaker:
    """Somebody whose tone is mixed, as fast as we like."""

    def __init__(self, broadcast: Broadcast) -> None:
        self._broadcast = broadcast
        self._payloads = list(packets(tone(HERTZ, 1)))
        self._numbers = count()

    def speak(self, seconds: int) -> None:
        for _ in range(seconds):
            self._broadcast.hear([self._next(one) for one in self._payloads], 0)

    def _next(self, payload: bytes) -> MixedPacket:
        return MixedPacket(next(self._numbers) * PACKET_MS, payload)


@pytest.fixture
def broadcast(on_air: Replay) -> Broadcast:
    found = on_air.world.services.recorders.broadcast(on_air.id)
    assert found is not None
    return found


@pytest.fixture
def speaker(broadcast: Broadcast) -> Speaker:
    return Speaker(broadcast)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110 - what others do
            await asyncio.sleep(0.02)


async def listening(who: Visitor, replay: Replay, name: str = "webm") -> ClientResponse:
    answer = await who.get(replay.url(f"listen.{name}"))
    assert answer.status == 200, await answer.text()
    assert answer.content_type == FORMATS[name][0]
    assert answer.headers["Cache-Control"] == "no-store"
    return answer


async def the_rest(answer: ClientResponse) -> bytes:
    async with asyncio.timeout(PATIENCE):
        return await answer.read()


def decoded(data: bytes, name: str) -> tuple[NDArray[np.int16], int]:
    with av.open(io.BytesIO(data), format=FORMATS[name][1]) as container:
        frames = list(container.decode(audio=0))
    sound = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    return (sound * 32_767).astype(np.int16), frames[0].sample_rate


@pytest.mark.parametrize("name", FORMATS)
async def test_a_phone_hears_the_lesson_from_now_to_its_end(
    on_air: Replay, speaker: Speaker, name: str
) -> None:
    speaker.speak(5)
    answer = await listening(on_air.student, on_air, name)
    for _ in range(4):
        speaker.speak(1)
        await asyncio.sleep(0.1)
    await asyncio.sleep(0.5)  # the encoder has a thread of its own
    await on_air.world.set_state(on_air.staff, on_air.lesson, "ended")
    sound, rate = decoded(await the_rest(answer), name)
    assert 2 < len(sound) / rate < 5
    assert np.abs(sound[rate // 2 : -rate // 2]).max() > 4_000
    if name == "webm":
        assert strength(sound[rate // 2 : -rate // 2], HERTZ) > 0.2


async def test_times_of_webm_begin_at_nothing_whenever_one_comes(
    on_air: Replay, speaker: Speaker
) -> None:
    speaker.speak(60)
    answer = await listening(on_air.student, on_air)
    speaker.speak(2)
    await on_air.world.set_state(on_air.staff, on_air.lesson, "ended")
    with av.open(io.BytesIO(await the_rest(answer)), format="matroska") as container:
        times = [packet.pts for packet in container.demux(audio=0) if packet.pts is not None]
    assert times[0] <= PACKET_MS
    steps = [after - before for before, after in pairwise(times)]
    assert set(steps) == {PACKET_MS}


async def test_aac_is_encoded_only_while_somebody_wants_it(
    on_air: Replay, broadcast: Broadcast, speaker: Speaker
) -> None:
    speaker.speak(1)
    assert broadcast._encoder is None
    answer = await listening(on_air.student, on_air, "aac")
    speaker.speak(1)
    assert broadcast._encoder is not None
    answer.close()
    await until(lambda: _after(speaker, broadcast))
    assert broadcast._encoder is None


def _after(speaker: Speaker, broadcast: Broadcast) -> bool:
    """Say something, so that it is noticed who is gone."""
    speaker.speak(1)
    return len(broadcast) == 0


async def test_who_reads_nothing_skips_hinders_nobody_and_is_let_go(
    on_air: Replay, broadcast: Broadcast, speaker: Speaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listen, "STALL_SECONDS", 1.0)
    silent = socket.socket()
    silent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    silent.setblocking(False)
    loop = asyncio.get_running_loop()
    url = on_air.student.client.make_url(on_air.url("listen.webm"))
    await loop.sock_connect(silent, ("127.0.0.1", url.port))
    head = f"GET {url.path} HTTP/1.1\r\nHost: {url.host}\r\nCookie: {on_air.student.cookie()}\r\n"
    await loop.sock_sendall(silent, head.encode() + b"\r\n")
    await until(lambda: len(broadcast) == 1)
    (stalled,) = broadcast._listeners["webm"]
    good = await listening(on_air.teacher, on_air)
    heard = 0
    async with asyncio.timeout(PATIENCE):
        while not stalled.skipped:
            speaker.speak(2)
            heard += len(await good.content.readany())
        while len(broadcast) > 1:
            speaker.speak(1)
            heard += len(await good.content.readany())
    assert heard > QUEUE_PIECES * PIECE_PACKETS * 50
    silent.close()
    good.close()


async def test_there_is_a_limit(
    on_air: Replay, speaker: Speaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listen, "MAX_LISTENERS", 1)
    first = await listening(on_air.student, on_air)
    again = await on_air.teacher.get(on_air.url("listen.aac"))
    assert await problem(again) == (503, "too-many-listeners")
    first.close()


async def test_who_is_sent_away_hears_no_more(
    on_air: Replay, broadcast: Broadcast, speaker: Speaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listen, "CHECK_SECONDS", 0.05)
    answer = await listening(on_air.student, on_air)
    signed_out = await listening(on_air.teacher, on_air)
    speaker.speak(1)
    lesson = await (await on_air.staff.get(f"/api/lessons/{on_air.lesson}")).json()
    person = on_air.student.person
    assert person is not None
    gone = await on_air.staff.delete(f"/api/courses/{lesson['course']['id']}/members/{person.id}")
    assert gone.status == 204
    assert await the_rest(answer)
    assert len(broadcast) == 1
    await on_air.teacher.post("/api/sign-out")
    assert await the_rest(signed_out)


async def test_only_a_lesson_that_is_live_is_heard(replay: Replay) -> None:
    for who in (replay.student, replay.teacher):
        assert await problem(await who.get(replay.url("listen.webm"))) == (409, "not-live")
    assert (await replay.student.get(replay.url("listen.mp3"))).status == 404


async def test_a_head_request_holds_nothing(on_air: Replay, broadcast: Broadcast) -> None:
    answer = await on_air.student.send("HEAD", on_air.url("listen.webm"))
    assert (answer.status, await answer.read()) == (200, b"")
    assert len(broadcast) == 0


async def test_a_server_that_stops_lets_them_go(on_air: Replay, speaker: Speaker) -> None:
    answer = await listening(on_air.student, on_air)
    speaker.speak(1)
    async with asyncio.timeout(PATIENCE):
        await on_air.world.server.close()
    assert await the_rest(answer)
