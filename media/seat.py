"""The place of one source in a room, which outlives the producers that fill it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from media.producer import ProducerState
from media.types import Activity, CloseReason, SourceState

if TYPE_CHECKING:
    from media.producer import Producer
    from media.types import Source
    from media.worker import Timer

# After these nobody waits for the participant to come back.
ENDED_FOR_GOOD = frozenset(
    {
        CloseReason.LEFT,
        CloseReason.REPLACED,
        CloseReason.ROOM_CLOSED,
        CloseReason.WORKER_CLOSED,
        CloseReason.ROOM_FAILED,
    }
)


class Seat:
    """A source held by a participant.

    A participant who publishes again adds a producer; the newest one that has started is shown,
    so that what students see goes on until its successor is there.
    """

    def __init__(self, source: Source, participant: str) -> None:
        self.source = source
        self.participant = participant
        self.turn: str | None = None  # the turn of a guest, with which the seat ends
        self.producers: list[Producer] = []  # oldest first, closed ones taken out
        self.shown: Producer | None = None  # the newest that has started
        self.announced = False  # the room has been told that the source is there
        self.activity = Activity.STALLED
        self.last_reason = CloseReason.LEFT  # why the newest closed producer ended
        self.grace: Timer | None = None  # running while nothing is shown

    @property
    def abandoned(self) -> bool:
        """Say whether the source is over at once."""
        return not self.producers and (not self.announced or self.last_reason in ENDED_FOR_GOOD)

    @property
    def state(self) -> SourceState:
        """Return the source as the room tells it."""
        return SourceState(self.activity, self.participant)

    def take(self, producer: Producer) -> None:
        """Add the newest producer."""
        self.producers.append(producer)

    def note(self, producer: Producer) -> None:
        """Take a producer's change of state into account."""
        if producer.state is ProducerState.CLOSED:
            self.producers = [one for one in self.producers if one is not producer]
            self.last_reason = producer.close_reason or CloseReason.TRANSPORT_CLOSED
        self.shown = next((one for one in reversed(self.producers) if one.started), None)
        flowing = self.shown is not None and self.shown.state is ProducerState.ACTIVE
        self.activity = Activity.ACTIVE if flowing else Activity.STALLED

    def stop_grace(self) -> None:
        """Stop waiting for the participant."""
        if self.grace is not None:
            self.grace.cancel()
            self.grace = None
