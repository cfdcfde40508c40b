"""Nonsense to every port of a real server, by strangers and by a student (F1): nobody is hurt."""

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
import socketio
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError

from signaling.client import Player, play
from tests.integration.forked_server import ForkedServer
from tests.integration.recorded_lesson import Taught, prepare, teaching
from tests.integration.test_listening_players import a_student
from tests.server.conftest import Place

PATIENCE = 60  # seconds for what takes two
DATAGRAMS = 3_000  # from each sender
SECONDS_A_LINE = 0.3  # that a line which is never closed by the server is kept open
HELLO = b"\x16\xfe\xfd" + bytes(8)  # how a DTLS record begins

pytestmark = pytest.mark.timeout(240)


def datagrams() -> Iterator[bytes]:
    """Yield what no peer sends: every first byte, every size, and beginnings of good ones."""
    dice = random.Random(5)  # the same ones every time
    good = [
        struct.pack("!HHI", 1, 0, 0x2112A442) + bytes(12),  # STUN
        HELLO + bytes(60),
        struct.pack("!BBHII", 0x80, 111, 7, 960, 1000) + bytes(60),  # RTP
        struct.pack("!BBHII", 0x80, 200, 1, 1000, 0),  # RTCP
    ]
    for number in range(DATAGRAMS):
        if number % 3 == 0:
            whole = good[number % len(good)]
            yield whole[: dice.randrange(len(whole) + 1)]
        else:
            yield bytes([number % 256]) + dice.randbytes(dice.choice((0, 7, 19, 47, 300, 1400)))


def lines(cookie: str, lesson: str) -> Iterator[bytes]:
    """Yield what no browser says over TCP; with a cookie, as a student who is signed in."""
    dice = random.Random(6)
    own = f"Host: localhost\r\nCookie: {cookie}\r\n".encode() if cookie else b"Host: localhost\r\n"
    upgrade = (
        b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n" + own + b"Upgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    post = f"POST /whep/{lesson} HTTP/1.1\r\n".encode() + own
    yield b""
    yield b"\x16\x03\x01\x02\x00\x01" + bytes(200)  # TLS where there is none
    yield from (dice.randbytes(size) for size in (1, 100, 10_000, 200_000))
    yield b"GET / HTTP/1.1\r\n" + own + b"X: " + b"x" * 100_000 + b"\r\n\r\n"
    yield b"GET / HTTP/9.9\r\n" + own + b"\r\n"
    yield b"GET /\0 HTTP/1.1\r\n" + own + b"\r\n"
    yield post + b"Content-Length: -1\r\n\r\n"
    yield post + b"Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
    yield post + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nabc"
    yield post + b"Content-Length: 100000\r\n\r\nv=0"
    yield upgrade[:60]
    yield from (upgrade + dice.randbytes(size) for size in (1, 20, 2_000, 100_000))
    yield upgrade + b"\x81\x05Hello"  # a frame without a mask
    yield upgrade + b"\x81\xff" + b"\x7f" * 8 + bytes(4) + b"a lie about its length"
    yield upgrade + b"\x8f\x80" + bytes(4)  # an opcode that does not exist


async def say(host: str, port: int, line: bytes) -> None:
    """Say something over a TCP connection of its own, and listen until it is closed or late."""
    reader, writer = await asyncio.open_connection(host, port)
    with contextlib.suppress(OSError, TimeoutError):
        writer.write(line)
        await writer.drain()
        async with asyncio.timeout(SECONDS_A_LINE):
            while await reader.read(65_536):
                pass
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


class Watching:
    """A student's eyes and ears: how many pictures and sounds were decoded."""

    def __init__(self, player: Player) -> None:
        self.player = player
        self.frames = {"video": 0, "audio": 0}

    async def look(self, track: MediaStreamTrack) -> None:
        with contextlib.suppress(MediaStreamError):
            while True:
                await track.recv()
                self.frames[track.kind] += 1

    async def goes_on(self, count: int = 20) -> None:
        """Wait for so many pictures and sounds more."""
        goal = {kind: seen + count for kind, seen in self.frames.items()}
        async with asyncio.timeout(PATIENCE):
            while any(self.frames[kind] < goal[kind] for kind in goal):  # noqa: ASYNC110 - counted
                await asyncio.sleep(0.05)
        assert self.player.peer.connectionState == "connected"

    async def send(self, datagram: bytes) -> None:
        """Send anything from the student's own address, to which the server listens."""
        ice = self.player.peer.getTransceivers()[0].receiver.transport.transport
        await ice._connection.send(datagram)

    def media_port(self, protocol: str) -> tuple[str, int]:
        """Return where the server takes media."""
        for line in self.player.answer.splitlines():
            if line.startswith("a=candidate:") and line.split()[2] == protocol:
                return line.split()[4], int(line.split()[5])
        raise AssertionError(f"no {protocol} candidate")


@asynccontextmanager
async def watching(server: ForkedServer, taught: Taught) -> AsyncIterator[Watching]:
    async with play(f"{server.url}/whep/{taught.lesson}", taught.watch) as player:
        await player.connected()
        eyes = Watching(player)
        looking = [asyncio.create_task(eyes.look(t)) for t in (*player.video, *player.audio)]
        yield eyes
    await asyncio.gather(*looking)


@asynccontextmanager
async def a_page(
    server: ForkedServer, cookie: str, lesson: str
) -> AsyncIterator[socketio.AsyncClient]:
    """Open a page's socket in the lesson."""
    headers = {"Cookie": cookie, "Origin": server.url}
    async with aiohttp.ClientSession(headers=headers) as http:
        page = socketio.AsyncClient(reconnection=False, http_session=http)
        await page.connect(server.url, headers=headers, transports=["websocket"], wait_timeout=20)
        try:
            assert (await page.call("join", {"lesson": lesson}, timeout=PATIENCE))["ok"]
            yield page
        finally:
            await page.disconnect()


@pytest.fixture(autouse=True)
def without_estimates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the student tell no estimate of its path.

    It shares a loop with those who send nonsense. Kept from its packets by them, it would tell the
    server that its path carries next to nothing, and lose the picture by that.
    """
    monkeypatch.setattr("aiortc.rate.RemoteBitrateEstimator.add", lambda *_, **__: None)


async def test_nobody_is_hurt_by_nonsense(tmp_path: Path) -> None:
    place = Place(tmp_path)
    taught = await prepare(place)
    cookie = await a_student(place, taught)
    lesson = str(taught.lesson)
    server = ForkedServer(place.directory, place.url)
    await server.open()
    try:
        await server.start()
        started = server._child
        async with (
            teaching(server, taught),
            watching(server, taught) as student,
            a_page(server, cookie, lesson) as page,
        ):
            await student.goes_on()
            stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            with stranger:
                for number, datagram in enumerate(datagrams()):
                    stranger.sendto(datagram, student.media_port("udp"))
                    await student.send(datagram)
                    if number % 50 == 0:
                        await asyncio.sleep(0.002)
            await student.goes_on()
            for who in ("", cookie):
                for line in lines(who, lesson):
                    await say("localhost", server.port, line)
                    await say(*student.media_port("tcp"), line)
            await student.goes_on()
            assert (await page.call("join", {"lesson": lesson}, timeout=PATIENCE))["ok"]
            assert page.connected
        assert server._child == started
        assert server._is_running(), server.log()
        assert "Traceback" not in server.log()
    finally:
        await server.close()
