"""All rooms of one process: opened, found and closed by the lesson's name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from media.errors import LimitReached, RoomExists
from media.room import Room, RoomLimits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from media.types import Candidate
    from media.worker import Worker


class Rooms:
    """All rooms of this process."""

    def __init__(self, worker: Worker, limits: RoomLimits | None = None) -> None:
        self.worker = worker
        self.limits = limits or RoomLimits()
        self._rooms: dict[str, Room] = {}

    def candidates(self) -> list[Candidate]:
        """Return where the media port can be reached."""
        return self.worker.candidates()

    def get(self, lesson: str) -> Room | None:
        """Return the open room of a lesson, if there is one."""
        room = self._rooms.get(lesson)
        return None if room is None or room.closed else room

    def open(self, lesson: str, live: bool) -> Room:
        """Open the room of a lesson.

        Raises RoomExists, LimitReached or WorkerClosed.
        """
        if self.get(lesson) is not None:
            raise RoomExists(lesson)
        if len(self._rooms) >= self.limits.rooms:
            raise LimitReached("lessons at once", self.limits.rooms)
        room = self._rooms[lesson] = Room(self.worker, lesson, live, self.limits)
        return room

    def close(self, lesson: str) -> None:
        """End the room of a lesson with everything in it; safe to call twice."""
        room = self._rooms.pop(lesson, None)
        if room is not None:
            room.close()

    def __iter__(self) -> Iterator[Room]:
        return iter([room for room in self._rooms.values() if not room.closed])

    def __len__(self) -> int:
        return len(self._rooms)
