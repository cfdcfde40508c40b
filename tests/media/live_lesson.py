"""A live room over the real engine and the network peers in it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from media.rooms import Rooms
from media.types import Fingerprint
from tests.media.network_peer import NetworkPeer
from tests.media.values import CLASSROOM, slot, tracks
from tests.media.waiting import until

if TYPE_CHECKING:
    from media.events import RoomEvent
    from media.room import Publication, Room, Subscription
    from media.types import Slot, Source
    from media.worker import Worker
    from tests.media.network_peer import Voice

WRONG = [Fingerprint("sha-256", ":".join(["00"] * 32))]


class Lesson:
    """A live room on the network, and everybody in it."""

    def __init__(self, worker: Worker, name: str = "lesson", rooms: Rooms | None = None) -> None:
        self.worker = worker
        self.name = name
        self.rooms = rooms or Rooms(worker)
        self.room: Room = self.rooms.open(name, live=True)
        self.events: list[RoomEvent] = []
        self.room.subscribe_events(self.events.append)
        self.peers: list[NetworkPeer] = []
        self.candidate = worker.candidates()[0]  # where the next peer connects to

    def peer(self, member: Publication | Subscription, known: bool = True) -> NetworkPeer:
        """Return a peer that is expected, or one with another certificate."""
        peer = NetworkPeer(member.transport, self.candidate)
        member.transport.connect(peer.dtls.fingerprints[:1] if known else WRONG)
        self.peers.append(peer)
        return peer

    async def publish(
        self, *sources: Source, first_ssrc: int = 0
    ) -> tuple[Publication, NetworkPeer]:
        publication = self.room.add_publisher("teacher", tracks(*sources))
        peer = await self.peer(publication).connect()
        await until(lambda: publication.connected)
        return publication, peer

    async def watch(
        self, participant: str = "student", *slots: Slot
    ) -> tuple[Subscription, NetworkPeer]:
        subscription = self.room.add_subscriber(
            participant, [slot(one) for one in slots or CLASSROOM]
        )
        peer = await self.peer(subscription).connect()
        await until(lambda: subscription.connected)
        return subscription, peer

    async def close(self) -> None:
        for peer in self.peers:
            await peer.close()
        self.rooms.close(self.name)


async def heard(voice: Voice, peer: NetworkPeer, count: int) -> None:
    """Speak until the peer has heard so many packets more."""
    goal = len(peer.received) + count

    def speak() -> bool:
        voice.say()
        return len(peer.received) >= goal

    await until(speak)


def payloads(peer: NetworkPeer) -> list[bytes]:
    return [packet.payload for packet in peer.received]


def steps(peer: NetworkPeer, ssrc: int) -> list[int]:
    numbers = [packet.sequence_number for packet in peer.received if packet.ssrc == ssrc]
    return [(b - a) & 0xFFFF for a, b in itertools.pairwise(numbers)]


def gapless(peer: NetworkPeer, ssrc: int) -> bool:
    return set(steps(peer, ssrc)) <= {1}
