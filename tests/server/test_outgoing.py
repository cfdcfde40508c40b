"""The way past the library: what it relies on, in which order, for whom compressed."""

import asyncio
import json
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
import socketio
from aiohttp import web
from aiohttp.test_utils import TestServer

from server.sockets.library import Server
from server.sockets.outgoing import MAX_BUFFER, MAX_WAITING, Message, Outgoing, frames

CYRILLIC = "Чаро як килобайт 1024 байт аст, на 1000? " * 8
TAKEOVER = "permessage-deflate; server_no_context_takeover"


async def _always(_eio_sid: str) -> None:
    """Let everybody send as much as they like."""


class Door:
    """The library with our queues, and nothing else of ours."""

    def __init__(self, ping: float) -> None:
        self.sio = Server(_always)
        self.sio.eio.ping_interval = self.sio.eio.ping_timeout = ping
        app = web.Application()
        self.sio.attach(app)
        self.server = TestServer(app)

    @property
    def url(self) -> str:
        return str(self.server.make_url("")).rstrip("/")

    def ways(self) -> list[Outgoing]:
        return [socket.queue for socket in self.sio.eio.sockets.values()]

    async def stop(self) -> None:
        await self.sio.close()
        await self.server.close()


@asynccontextmanager
async def door(ping: float = 10.0) -> AsyncIterator[Door]:
    opened = Door(ping)
    await opened.server.start_server()
    try:
        yield opened
    finally:
        await opened.stop()


@asynccontextmanager
async def client(at: Door, transports: list[str]) -> AsyncIterator[list[Any]]:
    """Connect as the library's own client does; yield what is heard."""
    heard: list[Any] = []
    async with aiohttp.ClientSession() as session:
        socket = socketio.AsyncClient(reconnection=False, http_session=session)
        socket.on("news", heard.append)
        await socket.connect(at.url, transports=transports, wait_timeout=20)
        try:
            yield heard
        finally:
            await socket.eio.disconnect(abort=True)


@asynccontextmanager
async def bare_socket(at: Door, offer: str | None = None) -> AsyncIterator[Any]:
    """Open a WebSocket by hand; yield a reader of frames and the answer's extensions."""
    host, port = str(at.server.host), at.server.port
    reader, writer = await asyncio.open_connection(host, port, limit=1 << 22)
    lines = [
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1",
        f"Host: {host}:{port}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        *([] if offer is None else [f"Sec-WebSocket-Extensions: {offer}"]),
    ]
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n")
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    agreed = [
        line.partition(": ")[2]
        for line in head.split("\r\n")
        if line.lower().startswith("sec-websocket-extensions")
    ]
    try:
        yield reader, writer, agreed
    finally:
        writer.transport.abort()


async def read_frame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    first, size = await reader.readexactly(2)
    if size == 126:
        size = int.from_bytes(await reader.readexactly(2))
    elif size == 127:
        size = int.from_bytes(await reader.readexactly(8))
    return first, await reader.readexactly(size)


async def until(condition: Any) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - nothing to wait on in the library
            await asyncio.sleep(0.01)


async def is_idle(way: Outgoing) -> None:
    """Wait until the library's task has written everything and waits for more."""
    await until(lambda: way.line is not None and way.empty() and way._awaited)


@pytest.mark.parametrize(
    "transports", [["websocket"], ["polling"], ["polling", "websocket"]], ids="-".join
)
async def test_what_we_send_and_what_the_library_sends_arrive_in_order(
    transports: list[str],
) -> None:
    async with door() as at, client(at, transports) as heard:
        (way,) = at.ways()
        for number in range(0, 100, 2):
            await at.sio.emit("news", number)
            assert way.tell(Message("news", number + 1))  # type: ignore[arg-type]
            if number % 10 == 0:
                await asyncio.sleep(0.01)
        await until(lambda: len(heard) == 100)
    assert heard == list(range(100))


async def test_an_idle_websocket_is_written_to_at_once() -> None:
    async with door() as at, client(at, ["websocket"]) as heard:
        (way,) = at.ways()
        await is_idle(way)
        assert way.tell(Message("news", {"text": CYRILLIC}))
        assert way.empty()
        await until(lambda: heard)
    assert heard == [{"text": CYRILLIC}]


async def test_long_polling_waits_in_the_queue() -> None:
    async with door() as at, client(at, ["polling"]) as heard:
        (way,) = at.ways()
        assert way.tell(Message("news", {"text": CYRILLIC}))
        assert way.qsize() == 1
        await until(lambda: heard)


async def test_a_socket_whose_queue_stays_empty_is_kept() -> None:
    # The library's task gives a socket up whose queue had nothing for twice the ping.
    async with door(ping=0.3) as at, client(at, ["websocket"]) as heard:
        (way,) = at.ways()
        for number in range(40):
            assert way.tell(Message("news", number))  # type: ignore[arg-type]
            await asyncio.sleep(0.05)
        await until(lambda: len(heard) == 40)
        assert at.ways() == [way]


async def test_who_reads_nothing_is_found_out_and_costs_little() -> None:
    message = Message("news", {"text": CYRILLIC * 20})
    async with door() as at, bare_socket(at) as (_, writer, _agreed), client(at, ["websocket"]):
        silent, other = at.ways()
        await is_idle(silent)
        await is_idle(other)
        writer.transport.pause_reading()
        told = 0
        while silent.tell(message):
            told += 1
            assert told < 10_000
            await asyncio.sleep(0)
        assert silent.line is not None
        assert silent.line._transport is not None
        assert silent.qsize() == MAX_WAITING
        one = len(message.plain)
        assert silent.line._transport.get_write_buffer_size() <= MAX_BUFFER + 2 * one
        assert other.tell(message)


async def test_a_slow_reader_gets_everything_in_order() -> None:
    async with door() as at, bare_socket(at) as (reader, writer, _):
        (way,) = at.ways()
        await is_idle(way)
        writer.transport.pause_reading()
        for number in range(MAX_WAITING):
            assert way.tell(Message("news", {"number": number, "text": CYRILLIC * 10}))
        writer.transport.resume_reading()
        numbers = []
        async with asyncio.timeout(60):
            while len(numbers) < MAX_WAITING:
                _, payload = await read_frame(reader)
                if payload.startswith(b'42["news"'):
                    numbers.append(int(payload.split(b":")[1].split(b",")[0]))
    assert numbers == list(range(MAX_WAITING))


# --- compression (RFC 7692) -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("offer", "agreed"),
    [
        (None, []),
        ("permessage-deflate", [TAKEOVER]),
        ("permessage-deflate; client_max_window_bits", [TAKEOVER]),
        ("x-webkit-deflate-frame, permessage-deflate", [TAKEOVER]),
        ("permessage-deflate; server_max_window_bits=9", []),
        ("permessage-deflate; server_max_window_bits=9, permessage-deflate", [TAKEOVER]),
        ("bbf-usp-protocol", []),
        ("permessage-deflated", []),
        (";;,,=", []),
    ],
)
async def test_compression_is_agreed_in_one_way_only(offer: str | None, agreed: list[str]) -> None:
    async with door() as at, bare_socket(at, offer) as (_, _writer, answered):
        assert answered == agreed


async def test_one_compressed_frame_is_for_everybody_at_any_time() -> None:
    message = Message("news", {"text": CYRILLIC})
    async with (
        door() as at,
        bare_socket(at, "permessage-deflate") as (one, _, _),
        bare_socket(at, "permessage-deflate; client_max_window_bits") as (two, _, _),
    ):
        received = []
        for way in at.ways():
            await is_idle(way)
        for _ in range(2):
            for way in at.ways():
                assert way.tell(message)
        for reader in (one, two):
            await read_frame(reader)  # of the library: OPEN
            received += [await read_frame(reader), await read_frame(reader)]
    assert len(set(received)) == 1
    first, payload = received[0]
    assert first == 0xC1
    plain = zlib.decompressobj(-15).decompress(payload + b"\x00\x00\xff\xff")
    assert plain.decode() == message.packet.encode()
    assert len(message.compressed) < 0.4 * len(message.plain)


async def test_what_a_page_compresses_is_read_and_what_the_library_sends_it_is_compressed() -> None:
    async with door() as at, aiohttp.ClientSession() as session:
        url = f"{at.url}/socket.io/?EIO=4&transport=websocket"
        async with session.ws_connect(url, compress=15) as socket:
            await socket.receive_str()
            await socket.send_str("40" + json.dumps({"filler": "x" * 500}))
            assert (await socket.receive_str()).startswith("40")
            await at.sio.emit("news", {"text": CYRILLIC})
            assert json.loads((await socket.receive_str())[2:]) == ["news", {"text": CYRILLIC}]


async def test_a_compressed_bomb_is_not_unpacked() -> None:
    async with door() as at, aiohttp.ClientSession() as session:
        url = f"{at.url}/socket.io/?EIO=4&transport=websocket"
        async with session.ws_connect(url, compress=15) as socket:
            await socket.receive_str()
            await socket.send_str("4" + " " * 50_000_000)
            ends = (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
            async with asyncio.timeout(30):
                while (await socket.receive()).type not in ends:
                    pass


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536])
def test_a_frame_tells_its_length(size: int) -> None:
    plain, compressed = frames("x" * size)
    reader = asyncio.StreamReader(loop=asyncio.new_event_loop())
    reader.feed_data(plain)
    loop = reader._loop  # type: ignore[attr-defined]
    assert loop.run_until_complete(read_frame(reader)) == (0x81, b"x" * size)
    loop.close()
    assert len(compressed) <= len(plain)
