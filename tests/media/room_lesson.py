"""A live room over a stand-in engine and clock, with the moves that tests make in it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from media.types import Slot, Source, TransportState
from tests.media.values import CLASSROOM, slot, tracks

if TYPE_CHECKING:
    from media.events import RoomEvent
    from media.room import Publication, Room, Subscription
    from media.rooms import Rooms
    from tests.media.fake_engine import FakeEngine


class Lesson:
    """A live room, with the moves that tests make in it."""

    def __init__(self, rooms: Rooms, engine: FakeEngine, live: bool = True) -> None:
        self.room: Room = rooms.open("lesson", live)
        self.engine = engine
        self.events: list[RoomEvent] = []
        self.room.subscribe_events(self.events.append)

    def publish(self, participant: str, *sources: Source) -> Publication:
        return self.room.add_publisher(participant, tracks(*sources))

    async def start(self, participant: str, *sources: Source) -> Publication:
        """Publish, connect and send a first packet of every source."""
        publication = self.publish(participant, *sources)
        connect(publication)
        await self.flow(publication, *sources)
        return publication

    async def flow(self, publication: Publication, *sources: Source) -> None:
        await self.tell("producer_started", publication, *sources)

    async def tell(self, event: str, publication: Publication, *sources: Source) -> None:
        for source in sources:
            self.engine.inject((event, publication.producers[source].id, 1))
        await settle()

    def watch(self, participant: str, *slots: Slot, rehearsal: bool = False) -> Subscription:
        wanted = [slot(one) for one in slots or CLASSROOM]
        return self.room.add_subscriber(participant, wanted, rehearsal)

    def seen(self, subscription: Subscription) -> dict[Slot, Source]:
        """Return which source the engine was told to send in each slot."""
        told = self.engine.shown()
        worker = subscription.transport.worker
        found = {}
        for one, consumer in subscription.consumers.items():
            producer = worker.producers.get(told.get(consumer.id) or 0)
            if producer is not None:
                found[one] = producer.source
        return found

    def take(self) -> list[RoomEvent]:
        """Return the events since the last call."""
        taken, self.events[:] = list(self.events), []
        return taken


def connect(membership: Publication | Subscription) -> None:
    """Make a transport connected without DTLS."""
    membership.transport._deadline.cancel()
    membership.transport._set_state(TransportState.CONNECTED)


async def settle() -> None:
    """Let the loop see the engine's events."""
    for _ in range(3):
        await asyncio.sleep(0.001)
