"""Listening only: a live lesson's voice as one HTTP answer that ends with the lesson.

A phone plays it with its screen off, and pays for 32 kbit/s. Nothing here waits for a listener: who
reads too slowly skips what did not fit into their queue, who reads nothing at all is let go.
"""

import asyncio
import socket
import uuid
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import structlog
from aiohttp import hdrs, web
from sqlalchemy.exc import SQLAlchemyError

from media.listening import AacEncoder, Unbroken, webm_blocks, webm_cluster, webm_header
from media.mixer import MixedPacket
from media.opus import PACKET_MS, NotOpus
from server.access import follower_access, lesson_access
from server.errors import Conflict, NotFound, Problem, Unavailable
from server.models import LessonState
from server.pages import secure
from server.rights import Right
from server.services import SERVICES
from server.viewer import Viewer, viewer_of
from server.web import path_id

log = structlog.get_logger(__name__)
routes = web.RouteTableDef()

MAX_LISTENERS = 300  # of one lesson; each costs a query every CHECK_SECONDS and 32 kbit/s
PIECE_PACKETS = 20  # 400 ms: what is sent at once
QUEUE_PIECES = 25  # ten seconds; who is further behind skips the oldest
SEND_BUFFER = 16 * 1024  # bytes in the kernel, which doubles it: eight seconds of voice
WAITING_BYTES = 8 * 1024  # unsent in this process; above it, pieces wait in the listener's queue
LOOK_SECONDS = 0.2  # between looks whether a slow listener has read
STALL_SECONDS = 30  # without reading: a phone in a lift is back by then, a lost one is not
CHECK_SECONDS = 5.0  # between questions whether somebody may still listen


@dataclass(frozen=True, slots=True)
class Kind:
    """A way to write the voice: what begins it, and how a piece stands at a time in ms."""

    media_type: str
    head: Callable[[], bytes]
    piece: Callable[[int, bytes], bytes]


def _as_it_is(_at: int, data: bytes) -> bytes:
    return data


KINDS = {
    "webm": Kind("audio/webm", webm_header, webm_cluster),
    "aac": Kind("audio/aac", bytes, _as_it_is),
}


class Listener:
    """One who listens: the pieces that wait for them."""

    def __init__(self, kind: Kind, person: uuid.UUID | None = None) -> None:
        self.person = person
        self.skipped = 0  # pieces
        self._kind = kind
        self._waiting: deque[bytes] = deque(maxlen=QUEUE_PIECES)
        self._news = asyncio.Event()
        self._over = False
        self._given = 0

    def offer(self, piece: bytes) -> None:
        """Let a piece wait; the oldest gives way."""
        self.skipped += len(self._waiting) == QUEUE_PIECES
        self._waiting.append(piece)
        self._news.set()

    def end(self) -> None:
        """Let nothing follow."""
        self._over = True
        self._news.set()

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the stream from its beginning; its own times go on whatever was skipped."""
        yield self._kind.head()
        while True:
            while self._waiting:
                at = self._given * PIECE_PACKETS * PACKET_MS
                self._given += 1
                yield self._kind.piece(at, self._waiting.popleft())
            if self._over:
                return
            self._news.clear()
            await self._news.wait()


class Broadcast:
    """One lesson's voice; AAC is encoded once for all, and only while somebody wants it."""

    def __init__(self, threads: ThreadPoolExecutor) -> None:
        self._threads = threads
        self._line = Unbroken()
        self._payloads: list[bytes] = []
        self._listeners: dict[str, set[Listener]] = {name: set() for name in KINDS}
        self._encoder: AacEncoder | None = None
        self._over = False

    def __len__(self) -> int:
        return sum(len(those) for those in self._listeners.values())

    def people(self) -> frozenset[uuid.UUID]:
        """Return who listens, however many phones each has."""
        everybody = (one.person for those in self._listeners.values() for one in those)
        return frozenset(person for person in everybody if person is not None)

    def join(self, name: str, person: uuid.UUID | None = None) -> Listener:
        """Begin to listen now; raises Unavailable when there are too many."""
        if len(self) >= MAX_LISTENERS:
            raise Unavailable("too-many-listeners", "Too many people only listen to this lesson.")
        listener = Listener(KINDS[name], person)
        self._listeners[name].add(listener)
        if self._over:
            listener.end()
        return listener

    def leave(self, name: str, listener: Listener) -> None:
        """Listen no more."""
        self._listeners[name].discard(listener)

    def hear(self, packets: Sequence[MixedPacket], now: float) -> None:
        """Take what was mixed; `now` is the lesson's time in ms. Never waits."""
        self._payloads += self._line.take(packets, now)
        while len(self._payloads) >= PIECE_PACKETS:
            piece = self._payloads[:PIECE_PACKETS]
            del self._payloads[:PIECE_PACKETS]
            self._send(piece)

    def end(self) -> None:
        """Let everybody hear what waits for them, and nothing more."""
        self._over = True
        for those in self._listeners.values():
            for listener in those:
                listener.end()

    def _send(self, payloads: Sequence[bytes]) -> None:
        if self._listeners["webm"]:
            self._offer("webm", webm_blocks(payloads))
        if not self._listeners["aac"]:
            self._encoder = None
            return
        self._encoder = encoder = self._encoder or AacEncoder()
        # One thread takes the pieces of all lessons in their order.
        work = asyncio.get_running_loop().run_in_executor(self._threads, _encode, encoder, payloads)
        work.add_done_callback(self._encoded)

    def _encoded(self, work: "asyncio.Future[bytes]") -> None:
        if not work.cancelled() and (data := work.result()):
            self._offer("aac", data)

    def _offer(self, name: str, piece: bytes) -> None:
        for listener in self._listeners[name]:
            listener.offer(piece)


def _encode(encoder: AacEncoder, payloads: Sequence[bytes]) -> bytes:
    try:
        return encoder.encode(payloads)
    except NotOpus as error:  # of our own mixer: it can not be, and others go on listening
        log.exception("a piece of a voice can not be encoded", reason=str(error))
        return b""


@routes.get("/recordings/{lesson}/listen.{kind}")
async def listen(request: web.Request) -> web.StreamResponse:
    """Send a live lesson's voice from now on, until it ends."""
    services, viewer = request.app[SERVICES], await viewer_of(request)
    lesson_id, name = path_id(request, "lesson"), request.match_info["kind"]
    async with services.database.read() as session:
        access = await lesson_access(session, viewer, lesson_id, Right.WATCH)
    if name not in KINDS:
        raise NotFound
    broadcast = services.recorders.broadcast(lesson_id)
    if broadcast is None or access.lesson.state is not LessonState.LIVE:
        raise Conflict("not-live", "There is nothing to listen to now.")
    response = web.StreamResponse(
        headers={
            hdrs.CONTENT_TYPE: KINDS[name].media_type,
            hdrs.CACHE_CONTROL: "no-store",
            "X-Accel-Buffering": "no",  # a proxy that collects would make it late
        }
    )
    secure(request, response)
    if request.method == hdrs.METH_HEAD:
        await response.prepare(request)
        return response
    listener = broadcast.join(name, viewer.must_be_somebody().id)
    watch = asyncio.create_task(_watch(request, viewer, lesson_id, listener))
    try:
        await _send(request, response, listener)
    finally:
        broadcast.leave(name, listener)
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)
    return response


async def _send(request: web.Request, response: web.StreamResponse, listener: Listener) -> None:
    """Send what comes, as fast as it is read."""
    transport = request.transport
    if transport is None:
        return
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    await response.prepare(request)
    try:
        async for piece in listener.pieces():
            async with asyncio.timeout(STALL_SECONDS):
                while transport.get_write_buffer_size() > WAITING_BYTES:  # noqa: ASYNC110 - of others
                    await asyncio.sleep(LOOK_SECONDS)
            await response.write(piece)
        await response.write_eof()
    except ConnectionError:
        return  # they listen no more
    except TimeoutError:
        transport.abort()


async def _watch(
    request: web.Request, viewer: Viewer, lesson_id: uuid.UUID, listener: Listener
) -> None:
    """End the stream of somebody who may not listen any more."""
    services = request.app[SERVICES]
    while True:
        await asyncio.sleep(CHECK_SECONDS)
        try:
            async with services.database.read() as session:
                access = await follower_access(
                    session, viewer.session or b"", lesson_id, services.clock.now()
                )
        except Problem:
            break
        except (SQLAlchemyError, OSError) as error:
            log.warning("whether somebody may listen is not known", reason=str(error))
            continue
        if Right.WATCH not in access.rights:
            break
    listener.end()
