"""Fixtures of the HTTP tests: real rooms over a stand-in engine, behind a real aiohttp server."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest
from aiohttp import web

from media.rooms import Rooms
from media.types import Candidate
from media.worker import Worker
from signaling.app import Signaling, SignalingSettings
from signaling.grants import Grant, Right, issue
from tests.media.fake_engine import FakeEngine, FakeTimers
from tests.signaling.offers import recorded

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from aiohttp import ClientResponse
    from aiohttp.test_utils import TestClient
    from pytest_aiohttp import AiohttpClient

    from media._engine import Engine

KEY = b"the key that signs grants in tests"
LESSON = "0197-lesson"
START = datetime(2026, 3, 21, 9, 0, tzinfo=UTC)
SDP = {"Content-Type": "application/sdp"}
FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag"}
CANDIDATE = "a=candidate:1 1 udp 2122260223 192.0.2.1 61764 typ host\r\n"


@dataclass
class Door:
    """A teacher's or student's view of the doors: verbs for what they send."""

    client: TestClient[Any, Any]
    signaling: Signaling
    engine: FakeEngine
    timers: FakeTimers
    rooms: Rooms
    now: list[datetime] = field(default_factory=lambda: [START])
    refusals: list[Exception] = field(default_factory=list)  # what may_join raises

    def token(self, right: Right = Right.PUBLISH, **changes: object) -> str:
        values: dict[str, Any] = {
            "lesson": LESSON,
            "right": right,
            "participant": "teacher-1" if right is Right.PUBLISH else "student-1",
            "name": "Фирӯза",
            "rehearsal": False,
            "expires_at": self.now[0] + timedelta(hours=1),
        }
        return issue(KEY, Grant(**(values | changes)), self.now[0])

    def bearer(self, right: Right = Right.PUBLISH, **changes: object) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(right, **changes)}"}

    async def publish(
        self,
        offer: str | None = None,
        entrance: str = "",
        headers: dict[str, str] | None = None,
        **changes: object,
    ) -> ClientResponse:
        return await self.client.post(
            f"/whip/{LESSON}{entrance}",
            data=(recorded("chrome_publish") if offer is None else offer).encode(),
            headers={**SDP, **self.bearer(**changes), **(headers or {})},  # type: ignore[arg-type]
        )

    async def watch(
        self,
        offer: str | None = None,
        headers: dict[str, str] | None = None,
        **changes: object,
    ) -> ClientResponse:
        return await self.client.post(
            f"/whep/{LESSON}",
            data=(recorded("chrome_watch") if offer is None else offer).encode(),
            headers={**SDP, **self.bearer(Right.WATCH, **changes), **(headers or {})},
        )

    async def patch(
        self,
        url: str,
        body: str,
        tag: str | None,
        right: Right = Right.PUBLISH,
        headers: dict[str, str] | None = None,
    ) -> ClientResponse:
        match = {} if tag is None else {"If-Match": tag}
        return await self.client.patch(
            url,
            data=body.encode(),
            headers={**FRAGMENT, **self.bearer(right), **match, **(headers or {})},
        )


def fragment(offer: str, *, restart: bool = False) -> str:
    """Return a fragment with a candidate, for the offer's ICE generation or a new one."""
    lines = [line for line in offer.split("\r\n") if line.startswith(("a=ice-ufrag", "a=ice-pwd"))]
    if restart:
        lines = ["a=ice-ufrag:newufrag", "a=ice-pwd:a-new-password".ljust(34, "x")]
    return "\r\n".join([*lines[:2], "m=audio 9 UDP/TLS/RTP/SAVPF 0", "a=mid:0", CANDIDATE])


async def problem(response: ClientResponse) -> str:
    """Check that a response is a well-formed problem and return its code."""
    assert response.content_type == "application/problem+json"
    body = await response.json(content_type=None)
    assert body["status"] == response.status
    assert body["type"] == "about:blank"
    assert body["title"]
    assert body["detail"].endswith(".")
    code = body["code"]
    assert isinstance(code, str)
    return code


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def timers() -> FakeTimers:
    return FakeTimers()


@pytest.fixture
async def rooms(engine: FakeEngine, timers: FakeTimers) -> AsyncIterator[Rooms]:
    worker = Worker(cast("Engine", engine), announced=("198.51.100.1",), timers=timers)
    yield Rooms(worker)
    await worker.close()


@pytest.fixture
def open_doors(
    aiohttp_client: AiohttpClient, rooms: Rooms, engine: FakeEngine, timers: FakeTimers
) -> Callable[..., Any]:
    async def opened(settings: SignalingSettings | None = None) -> Door:
        now, refusals = [START], list[Exception]()

        async def may_join(grant: Grant) -> None:
            if refusals:
                raise refusals[0]

        signaling = Signaling(rooms, KEY, settings, may_join, clock=lambda: now[0])
        app = web.Application()
        app.add_routes(signaling.routes())
        client = await aiohttp_client(app)
        return Door(client, signaling, engine, timers, rooms, now, refusals)

    return opened


@pytest.fixture
async def door(open_doors: Callable[..., Any], rooms: Rooms) -> Door:
    rooms.open(LESSON, live=True)
    opened: Door = await open_doors()
    assert rooms.candidates() == [Candidate("198.51.100.1", 40000)]
    return opened
