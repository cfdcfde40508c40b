"""A student's page as far as a server sees it: Socket.IO over a WebSocket, read by the clock.

Thousands of them fit into one process, since a page parses nothing but the lengths of frames. It
offers compression as browsers do; a frame that all get is inflated once.
"""

import asyncio
import base64
import functools
import json
import os
import time
import zlib
from collections.abc import Callable
from typing import Any, cast

from bench.errors import BenchError

JOIN_SECONDS = 60.0  # for a handshake and a join on a server with a queue of them
_MASK = bytes(4)  # a client must mask (RFC 6455 §5.3); zero changes nothing and costs nothing
_TEXT, _COMPRESSED = 0x81, 0xC1
_TAIL = b"\x00\x00\xff\xff"  # of a compressed message; it does not travel (RFC 7692 §7.2.2)
_EVENT = b'42["event"'
_OFFER = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
Arrived = Callable[["LightPage", float], None]


class LightPage(asyncio.Protocol):
    """One socket; `arrived` is told of every event of the timeline and when it came."""

    def __init__(self, head: bytes, lesson: str, arrived: Arrived) -> None:
        self._head = head
        self._lesson = lesson
        self._arrived = arrived
        self._buffer = b""
        self._open = False
        self._transport: asyncio.WriteTransport | None = None
        self.joined: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.last_event = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for a WebSocket."""
        self._transport = cast("asyncio.WriteTransport", transport)
        self._transport.write(self._head)

    def connection_lost(self, _error: Exception | None) -> None:
        """Tell who waits that nothing comes any more."""
        if not self.joined.done():
            self.joined.set_exception(BenchError("a socket was closed before it had joined"))

    def data_received(self, data: bytes) -> None:
        """Take frames out of what has come."""
        now = time.perf_counter()
        self._buffer = self._buffer + data if self._buffer else data
        if not self._open and not self._take_head():
            return
        while (frame := self._take_frame()) is not None:
            self._on_message(frame, now)

    def _take_head(self) -> bool:
        head, blank, rest = self._buffer.partition(b"\r\n\r\n")
        if not blank:
            return False
        if b" 101 " not in head.partition(b"\r\n")[0]:
            self._fail(f"no WebSocket: {head[:60]!r}")
            return False
        self._open, self._buffer = True, rest
        return True

    def _take_frame(self) -> bytes | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        start, length = 2, buffer[1]
        if length == 126:
            start, length = 4, int.from_bytes(buffer[2:4])
        elif length == 127:
            start, length = 10, int.from_bytes(buffer[2:10])
        if len(buffer) < start or len(buffer) < start + length:
            return None
        self._buffer = buffer[start + length :]
        payload = buffer[start : start + length]
        if buffer[0] == _COMPRESSED:
            return _inflate(payload)
        return payload if buffer[0] == _TEXT else b""

    def _on_message(self, message: bytes, now: float) -> None:
        if message.startswith(_EVENT):
            self.last_event = message
            self._arrived(self, now)
        elif message == b"2":  # Engine.IO's ping
            self.send("3")
        elif message[:1] == b"0":
            self.send("40")
        elif message[:2] == b"40":
            self.send("420" + json.dumps(["join", {"lesson": self._lesson}]))
        elif message[:3] == b"430" and not self.joined.done():
            self._on_joined(message)

    def _on_joined(self, message: bytes) -> None:
        if b'"ok":true' in message[:20]:
            self.joined.set_result(None)
        else:
            self._fail(f"not joined: {message[:100]!r}")

    def _fail(self, reason: str) -> None:
        if not self.joined.done():
            self.joined.set_exception(BenchError(reason))
        self.close()

    def send(self, text: str) -> None:
        """Send a message."""
        assert self._transport
        data = text.encode()
        size = len(data)
        length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2)
        self._transport.write(bytes([_TEXT]) + length + _MASK + data)

    def close(self) -> None:
        """Close without a word."""
        if self._transport is not None:
            self._transport.close()

    def event(self) -> Any:
        """Return the last event's body."""
        return json.loads(self.last_event[2:])[1]


@functools.lru_cache(maxsize=8)
def _inflate(payload: bytes) -> bytes:
    return zlib.decompressobj(-zlib.MAX_WBITS).decompress(payload + _TAIL)


def head(port: int, cookie: str) -> bytes:
    """Return the request for a WebSocket."""
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"Origin: http://127.0.0.1:{port}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        *([_OFFER] if cookie else []),  # the bare server would compress for each page anew
        f"Sec-WebSocket-Key: {key}",
        f"Cookie: {cookie}",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


async def open_page(index: int, port: int, cookie: str, lesson: str, arrived: Arrived) -> LightPage:
    """Open the n-th student's page, from an address of its own; raises BenchError."""
    loop = asyncio.get_running_loop()
    source = (f"127.2.{index // 250}.{index % 250 + 1}", 0)
    try:
        async with asyncio.timeout(JOIN_SECONDS):
            _, page = await loop.create_connection(
                lambda: LightPage(head(port, cookie), lesson, arrived),
                "127.0.0.1",
                port,
                local_addr=source,
            )
            await page.joined
    except (OSError, TimeoutError) as error:
        raise BenchError(f"a student could not connect: {error!r}") from error
    return page
