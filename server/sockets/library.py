"""The boundary to python-socketio: strict JSON, what is a message, and who is cut off."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection
from typing import Any

import socketio
import structlog
from aiohttp import web

from server.errors import BadRequest, TooMany
from server.sockets.outgoing import Engine, Outgoing
from server.web import parse_json

log = structlog.get_logger(__name__)

PATH = "/socket.io/"
PING_SECONDS = 10  # with the same again to answer: a dead link is noticed within 20 s
MAX_MESSAGE = 16 * 1024  # bytes; our longest event is under one kilobyte
JOIN_SECONDS = 10  # a socket that has joined no lesson by then is closed
CLOSE_SECONDS = 2  # for the goodbye to be sent
_BINARY_EVENT, _BINARY_ACK = "5", "6"


class _StrictJson:
    """JSON as strict as that of the HTTP routes; process-wide in python-socketio."""

    @staticmethod
    def dumps(value: Any, **_options: Any) -> str:
        """Write compact JSON; a Cyrillic letter takes two bytes, not six."""
        return json.dumps(value, separators=(",", ":"), allow_nan=False, ensure_ascii=False)

    @staticmethod
    def loads(text: str, **_options: Any) -> Any:
        """Read strict JSON; raises ValueError, which is what the library expects."""
        try:
            # A phone that cuts a text in the middle of an emoji must not lose its socket for it.
            return parse_json(text, mend=True)
        except BadRequest as error:
            raise ValueError(error.detail) from error


def _check_message(data: Any) -> None:
    # We use no binary events; waiting for their attachments would only cost memory.
    if not isinstance(data, str) or data[:1] in (_BINARY_EVENT, _BINARY_ACK):
        raise ValueError("binary messages are not used here")


def is_upgrade(request: web.Request) -> bool:
    """Say whether a request asks for a WebSocket."""
    return request.headers.get("Upgrade", "").lower() == "websocket"


class Server(socketio.AsyncServer):  # type: ignore[misc]  # the library has no types
    """A server that cuts off whoever sends what is no message of ours, or nothing."""

    def __init__(self, check_rate: Callable[[str], Awaitable[None]]) -> None:
        super().__init__(
            async_mode="aiohttp",
            cors_allowed_origins=[],  # our own check stands before the library
            ping_interval=PING_SECONDS,
            ping_timeout=PING_SECONDS,
            max_http_buffer_size=MAX_MESSAGE,
            json=_StrictJson,
        )
        self._check_rate = check_rate
        self._goodbyes: set[asyncio.Task[None]] = set()
        self._seen: dict[str, float] = {}  # by Engine.IO ids, which outlive no reconnect
        self._joined: set[str] = set()

    def _engineio_server_class(self) -> type[Engine]:
        return Engine

    async def _handle_eio_message(self, eio_sid: str, data: Any) -> None:
        try:
            _check_message(data)
            await self._check_rate(eio_sid)
            await super()._handle_eio_message(eio_sid, data)
        except (ValueError, TypeError, KeyError, AttributeError, IndexError, TooMany) as error:
            log.info("socket closed for a bad message", socket=eio_sid, reason=str(error)[:200])
            self.cut(eio_sid)

    def way_to(self, sid: str) -> tuple[str, Outgoing]:
        """Return the Engine.IO id of a page that connects, and the way out to it."""
        eio_sid = self.manager.eio_sid_from_sid(sid, "/")
        way = None if eio_sid is None else self.eio.way_to(eio_sid)
        if way is None:
            raise socketio.exceptions.ConnectionRefusedError("gone")
        return eio_sid, way

    def cut(self, eio_sid: str) -> None:
        """Close a socket without waiting for whoever is at its other end."""
        task = asyncio.create_task(self._close(eio_sid))
        self._goodbyes.add(task)
        task.add_done_callback(self._goodbyes.discard)

    async def _close(self, eio_sid: str) -> None:
        way = self.eio.way_to(eio_sid)
        line = None if way is None else way.line
        polite = True
        try:
            # The library waits until everything is sent, which a silent reader never lets happen.
            async with asyncio.timeout(CLOSE_SECONDS):
                await self.eio.disconnect(eio_sid)
        except TimeoutError:
            polite = False
        if line is not None:
            # Who ignores our goodbye could go on sending: the connection itself has to end.
            line.hang_up(politely=polite)

    async def close(self) -> None:
        """Close every socket and end."""
        await asyncio.gather(*(self._close(eio_sid) for eio_sid in list(self.eio.sockets)))
        await asyncio.gather(*self._goodbyes, return_exceptions=True)
        await self.shutdown()

    def sweep(self, now: float, joined: Collection[str]) -> None:
        """Close the sockets that had their time and joined nothing; `now` is the loop's time."""
        alive = self.eio.sockets.keys()
        self._joined = (self._joined | set(joined)) & alive
        self._seen = {eio_sid: self._seen.get(eio_sid, now) for eio_sid in alive}
        for eio_sid, since in self._seen.items():
            if eio_sid not in self._joined and now - since > JOIN_SECONDS:
                self.cut(eio_sid)
