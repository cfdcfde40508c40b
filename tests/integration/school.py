"""A lesson with its doors open on loopback, and tokens for whoever wants in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from signaling.grants import Grant, Right, issue

if TYPE_CHECKING:
    from aiohttp.test_utils import TestServer

    from media.rooms import Rooms
    from media.types import Source
    from signaling.app import Signaling

KEY = b"the key of the integration tests"
LESSON = "lesson-1"


class School:
    """Addresses, tokens and what the room says."""

    def __init__(self, rooms: Rooms, server: TestServer, signaling: Signaling) -> None:
        self.rooms = rooms
        self.signaling = signaling
        self._server = server

    def url(self, path: str) -> str:
        return str(self._server.make_url(path))

    def whip(self, entrance: str = "") -> str:
        return self.url(f"/whip/{LESSON}{entrance}")

    def whep(self) -> str:
        return self.url(f"/whep/{LESSON}")

    def token(
        self,
        participant: str = "teacher",
        right: Right = Right.PUBLISH,
        *,
        lesson: str = LESSON,
        rehearsal: bool = False,
        lifetime: timedelta = timedelta(hours=1),
        key: bytes = KEY,
        turn: str | None = None,
    ) -> str:
        now = datetime.now(UTC)
        grant = Grant(lesson, right, participant, participant, rehearsal, now + lifetime, turn)
        return issue(key, grant, now + min(lifetime, timedelta(0)))

    def student(self) -> str:
        return self.token("student", Right.WATCH)

    def media_address(self) -> tuple[str, int]:
        """Return where the server takes media."""
        candidate = self.rooms.candidates()[0]
        return candidate.address, candidate.port

    def estimates(self) -> list[int | None]:
        """Return what the path toward each subscriber carries, bits a second."""
        room = self.rooms.get(LESSON)
        assert room is not None
        return [one.transport.estimate for one in room.subscriptions()]

    def sources(self) -> set[Source]:
        room = self.rooms.get(LESSON)
        assert room is not None
        return set(room.sources())
