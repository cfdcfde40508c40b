"""A student whose questions get through: asked again under the same id until acknowledged."""

import asyncio
import contextlib
import random
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import socketio
from socketio.exceptions import SocketIOError

from server.ids import uuid7

CONNECT_SECONDS = 10  # twenty come at once, to a server that has just started
RETRY_SECONDS = 0.2  # until the next try to connect, with as much again by chance
AGAIN_SECONDS = 3.0  # until an unacknowledged question is sent again over the same socket
LATER = frozenset({"database-busy", "database-unavailable", "unavailable", "internal"})


@dataclass
class Asked:
    """One question of one student, and every acknowledgement it ever got."""

    text: str
    id: str = field(default_factory=lambda: str(uuid7(time.time_ns() // 1_000_000)))
    sent: int = 0
    answers: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Student:
    """One person with one page, which comes back for as long as something is unacknowledged."""

    url: str
    cookie: str
    lesson: uuid.UUID
    asked: list[Asked] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)

    async def ask(self, texts: list[str], pause: float) -> None:
        """Ask one question after the other, and stay until all are acknowledged."""
        writing = asyncio.create_task(self._write(texts, pause))
        try:
            while not writing.done() or self.unacknowledged():
                with contextlib.suppress(SocketIOError, aiohttp.ClientError, TimeoutError):
                    await self._visit(writing)
                await asyncio.sleep(RETRY_SECONDS * (1 + random.random()))  # as pages do
        finally:
            writing.cancel()

    def unacknowledged(self) -> list[Asked]:
        return [one for one in self.asked if not one.answers]

    async def _write(self, texts: list[str], pause: float) -> None:
        for text in texts:
            self.asked.append(Asked(text))
            await asyncio.sleep(pause)

    async def _visit(self, writing: "asyncio.Task[None]") -> None:
        """Keep one socket open until it breaks or all is done."""
        headers = {"Cookie": self.cookie, "Origin": self.url}
        async with aiohttp.ClientSession(headers=headers) as session:
            socket = socketio.AsyncClient(reconnection=False, http_session=session)
            closed = asyncio.Event()
            socket.on("disconnect", lambda *_: closed.set())
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    await socket.connect(self.url, headers=headers, transports=["websocket"])
                    await socket.call("join", {"lesson": str(self.lesson)})
                await self._send_all(socket, closed, writing)
            finally:
                await socket.eio.disconnect(abort=True)

    async def _send_all(
        self, socket: Any, closed: asyncio.Event, writing: "asyncio.Task[None]"
    ) -> None:
        loop = asyncio.get_running_loop()
        due: dict[str, float] = {}
        while not closed.is_set() and (not writing.done() or self.unacknowledged()):
            for one in self.unacknowledged():
                if due.get(one.id, 0.0) <= loop.time():
                    due[one.id] = loop.time() + AGAIN_SECONDS
                    await self._send(socket, one)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(closed.wait(), 0.05)

    async def _send(self, socket: Any, one: Asked) -> None:
        async def acknowledged(answer: dict[str, Any]) -> None:
            if answer["ok"]:
                one.answers.append(answer)
            elif answer["error"]["code"] not in LATER:
                self.refused.append(answer)

        one.sent += 1
        args = {"text": one.text}
        body = {"id": one.id, "lesson": str(self.lesson), "name": "question_ask", "args": args}
        await socket.emit("command", body, callback=acknowledged)
