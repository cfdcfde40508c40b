"""The way out to one page: what python-engineio sends and what we send, in one order.

The library puts each packet into a queue for each socket, and a task of that socket writes it.
For a class of five thousand that is the whole cost of an event. So while nothing waits in a queue,
frames that are made once for everybody go straight to the connection; else they wait their turn.

This is the one module that knows how the library works inside: it makes the queue and the
WebSocket of each socket. tests/server/test_outgoing.py fails when that is no longer so.
"""

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

import engineio
from aiohttp import WSMsgType, hdrs, web
from engineio.packet import MESSAGE, Packet
from socketio.packet import EVENT
from socketio.packet import Packet as Call

if TYPE_CHECKING:
    from aiohttp.abc import AbstractStreamWriter
    from engineio.async_socket import AsyncSocket

MAX_BUFFER = 64 * 1024  # bytes that the kernel has not taken; above it a page gets no frame at once
MAX_WAITING = 256  # packets; who reads none of so many is better off coming back for them
SMALL = 128  # bytes: below it compression saves less than a packet's own head
_LEVEL = 6  # of zlib: 1 is hardly faster for a kilobyte, and its result is a tenth larger
_TAIL = b"\x00\x00\xff\xff"  # of every flushed block; it does not travel (RFC 7692 §7.2.1)
_TEXT, _COMPRESSED = 0x81, 0xC1  # first byte of a frame: FIN, RSV1, opcode (RFC 6455 §5.2)
_DEFLATE = "permessage-deflate"


def deflate(payload: bytes) -> bytes:
    """Compress a message without reference to those before it, so that it fits every page."""
    squeezer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return (squeezer.compress(payload) + squeezer.flush(zlib.Z_SYNC_FLUSH)).removesuffix(_TAIL)


def frame(payload: bytes, first: int = _TEXT) -> bytes:
    """Return a text frame from a server (RFC 6455 §5.2)."""
    size = len(payload)
    if size < 126:
        head = bytes((first, size))
    elif size < 1 << 16:
        head = bytes((first, 126)) + size.to_bytes(2)
    else:
        head = bytes((first, 127)) + size.to_bytes(8)
    return head + payload


def frames(text: str) -> tuple[bytes, bytes]:
    """Return a message as a frame, and as one for pages that take compressed messages."""
    payload = text.encode()
    plain = frame(payload)
    if len(payload) < SMALL:
        return plain, plain
    small = frame(deflate(payload), _COMPRESSED)
    return plain, min(small, plain, key=len)


class Message:
    """An event that is encoded once, however many get it."""

    __slots__ = ("compressed", "packet", "plain")

    def __init__(self, name: str, body: Mapping[str, Any]) -> None:
        self.packet = Packet(MESSAGE, Call(EVENT, data=[name, body]).encode())
        self.plain, self.compressed = frames(self.packet.encode())


class Outgoing(asyncio.Queue[Packet | None]):
    """The queue of one socket, and the way past it while it is empty.

    The library's own packets all go through the queue: its task gives a socket up that had none for
    as long as a ping and its answer may take.
    """

    def __init__(self) -> None:
        super().__init__()
        self.line: Line | None = None
        self._awaited = False

    async def get(self) -> Packet | None:
        """Return the next packet; whoever waits for one has written all before it."""
        self._awaited = True
        try:
            return await super().get()
        finally:
            self._awaited = False

    def tell(self, message: Message) -> bool:
        """Send a message; return False for a page that reads nothing any more."""
        line = self.line
        # In this order: nothing waits, the library's task has written what it took, it is open.
        if self._awaited and self.empty() and line is not None and line.free:
            line.write(message.plain, message.compressed)
        elif self.qsize() < MAX_WAITING:
            self.put_nowait(message.packet)
        else:
            return False
        return True


class Line:
    """The WebSocket of a socket, in the shape that python-engineio asks for."""

    def __init__(self, handler: Callable[["Line"], Awaitable[None]], server: Any) -> None:
        self._handler = handler
        self._socket: AsyncSocket = handler.__self__  # type: ignore[attr-defined]
        self._response = web.WebSocketResponse(max_msg_size=server.max_http_buffer_size)
        self._writer: AbstractStreamWriter | None = None
        self._transport: asyncio.Transport | None = None
        self._compresses = False

    async def __call__(self, environ: Mapping[str, Any]) -> web.WebSocketResponse:
        """Answer the request for a WebSocket, and carry messages until it ends."""
        request: web.Request = environ["aiohttp.request"]
        self._transport = request.transport
        self._socket.queue.line = self
        try:
            self._writer = await self._response.prepare(_with_one_offer(request))
            self._compresses = bool(self._response.compress)
            await self._handler(self)
        finally:
            self._socket.queue.line = None
        return self._response

    @property
    def free(self) -> bool:
        """Say whether a frame can be written now that is not the library's."""
        transport = self._transport
        return (
            self._socket.upgraded
            and not self._response.closed
            and transport is not None
            and not transport.is_closing()
            and transport.get_write_buffer_size() <= MAX_BUFFER
        )

    def write(self, plain: bytes, compressed: bytes) -> None:
        """Write a frame."""
        if self._transport is not None:
            self._transport.write(compressed if self._compresses else plain)

    async def send(self, message: str) -> None:
        """Write a message of the library's, and wait for a slow reader."""
        if self._writer is None or self._response.closed:
            raise OSError("the WebSocket is closed")
        self.write(*frames(message))
        await self._writer.drain()

    async def wait(self) -> str | bytes:
        """Return the next message; raises OSError when there is none any more."""
        message = await self._response.receive()
        if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
            raise OSError("the WebSocket is closed")
        data: str | bytes = message.data
        return data

    async def close(self) -> None:
        """Say goodbye."""
        await self._response.close()

    def hang_up(self, *, politely: bool) -> None:
        """End the connection; politely, what was written before still goes out."""
        if self._transport is not None:
            (self._transport.close if politely else self._transport.abort)()


def _with_one_offer(request: web.Request) -> web.Request:
    """Leave of a page's offers to compress one that makes no frame depend on those before.

    A server may ask for that on its own (RFC 7692 §7.1.1.1). Else a page would get frames that no
    other page can read, from a compressor of its own of a quarter of a megabyte.
    """
    offers = request.headers.get(hdrs.SEC_WEBSOCKET_EXTENSIONS, "").lower().split(",")
    ours = [one for one in offers if one.partition(";")[0].strip() == _DEFLATE]
    headers = request.headers.copy()
    headers.popall(hdrs.SEC_WEBSOCKET_EXTENSIONS, None)
    if any("server_max_window_bits" not in one for one in ours):
        headers[hdrs.SEC_WEBSOCKET_EXTENSIONS] = f"{_DEFLATE}; server_no_context_takeover"
    return request.clone(headers=headers)


class Engine(engineio.AsyncServer):  # type: ignore[misc]  # the library has no types
    """python-engineio with our queue and our WebSocket for every socket."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._async: dict[str, Any] = {**self._async, "websocket": Line}

    def create_queue(self, *_args: Any, **_kwargs: Any) -> Outgoing:
        """Return the queue of a new socket."""
        return Outgoing()

    def way_to(self, eio_sid: str) -> Outgoing | None:
        """Return the way out to a page while its socket is open."""
        socket = self.sockets.get(eio_sid)
        return None if socket is None else socket.queue
