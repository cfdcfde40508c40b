"""The live state of a lesson: who publishes, who watches, which source is in which slot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from media.types import CloseReason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from media.events import RoomEvent
    from media.transport import Transport
    from media.types import (
        Candidate,
        Slot,
        SlotParameters,
        Source,
        SourceState,
        TrackParameters,
    )
    from media.worker import Worker


class Publication:
    """The sources that one participant sends over one transport."""

    participant: str
    transport: Transport

    def on_close(self, callback: Callable[[CloseReason], None]) -> None:
        """Call back once when the publication has ended, whoever ended it."""
        raise NotImplementedError

    def close(self, reason: CloseReason = CloseReason.LEFT) -> None:
        """End the publication; LEFT removes its sources at once."""
        raise NotImplementedError


class Subscription:
    """The slots that one participant watches over one transport."""

    participant: str
    transport: Transport

    def on_close(self, callback: Callable[[CloseReason], None]) -> None:
        """Call back once when the subscription has ended, whoever ended it."""
        raise NotImplementedError

    def close(self, reason: CloseReason = CloseReason.LEFT) -> None:
        """End the subscription."""
        raise NotImplementedError


class Room:
    """One lesson's publishers and subscribers."""

    lesson: str
    live: bool
    closed: bool

    def set_live(self, live: bool) -> None:
        """Show the sources to the students, or to rehearsing teachers only."""
        raise NotImplementedError

    def participants(self) -> dict[str, int]:
        """Return each participant with the number of their transports."""
        raise NotImplementedError

    def add_publisher(
        self, participant: str, sources: Mapping[Source, TrackParameters]
    ) -> Publication:
        """Take sources from a participant, in place of those the same participant sends.

        Raises SourceTaken, LimitReached, KindMismatch or RoomClosed.
        """
        raise NotImplementedError

    def add_subscriber(
        self,
        participant: str,
        slots: Sequence[tuple[Slot, SlotParameters]],
        rehearsal: bool = False,
    ) -> Subscription:
        """Send slots to a participant; `rehearsal` shows the sources before the lesson is live.

        Raises LimitReached, KindMismatch, CodecMismatch or RoomClosed.
        """
        raise NotImplementedError

    def sources(self) -> dict[Source, SourceState]:
        """Return the sources that have started."""
        raise NotImplementedError

    def slots(self, rehearsal: bool = False) -> dict[Slot, Source | None]:
        """Return what is in each slot, for students or for rehearsing teachers."""
        raise NotImplementedError

    def subscribe_events(self, callback: Callable[[RoomEvent], None]) -> Callable[[], None]:
        """Call back for every event until the returned function is called."""
        raise NotImplementedError


class Rooms:
    """All rooms of this process."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker

    def candidates(self) -> list[Candidate]:
        """Return where the media port can be reached."""
        raise NotImplementedError

    def get(self, lesson: str) -> Room | None:
        """Return the open room of a lesson, if there is one."""
        raise NotImplementedError

    def open(self, lesson: str, live: bool) -> Room:
        """Open the room of a lesson.

        Raises RoomExists or LimitReached.
        """
        raise NotImplementedError

    def close(self, lesson: str) -> None:
        """End the room of a lesson with everything in it; safe to call twice."""
        raise NotImplementedError

    def __iter__(self) -> Iterator[Room]:
        raise NotImplementedError
