"""Long random lives of a room: whatever happens, what is told and what is shown agree."""

from __future__ import annotations

import contextlib
import random
from typing import TYPE_CHECKING, Any

import pytest

from media.errors import LimitReached, SourceTaken, TurnOver
from media.events import (
    RoomEvent,
    SlotChanged,
    SourceAdded,
    SourceRemoved,
    SourceResumed,
    SourceStalled,
)
from media.room import Publication, Room, RoomLimits
from media.rooms import Rooms
from media.slots import assign
from media.types import Activity, CloseReason, Slot, Source, SourceState, TransportState, Turns
from tests.media.values import CLASSROOM, PLAIN, slot, tracks

if TYPE_CHECKING:
    from media.worker import Worker
    from tests.media.fake_engine import FakeEngine, FakeTimers

STEPS = 150
PARTICIPANTS = ("teacher", "assistant", "guest")
TURNS = {"guest": "turn 1", "pupil": "turn 2", "parent": "turn 3"}
ENDS = (CloseReason.LEFT, CloseReason.PEER_CLOSED, CloseReason.EXPIRED, CloseReason.TIMEOUT)


class Listener:
    """Somebody who knows the room by its events only."""

    def __init__(self, room: Room) -> None:
        self.sources: dict[Source, SourceState] = {}
        self.slots: dict[Slot, Source | None] = room.slots()
        room.subscribe_events(self.hear)

    def hear(self, event: RoomEvent) -> None:
        match event:
            case SourceAdded(source, participant):
                assert source not in self.sources
                self.sources[source] = SourceState(Activity.ACTIVE, participant)
            case SourceRemoved(source, participant, _):
                assert self.sources.pop(source).participant == participant
            case SourceStalled(source, participant):
                assert self.sources[source] == SourceState(Activity.ACTIVE, participant)
                self.sources[source] = SourceState(Activity.STALLED, participant)
            case SourceResumed(source, participant):
                assert self.sources[source] == SourceState(Activity.STALLED, participant)
                self.sources[source] = SourceState(Activity.ACTIVE, participant)
            case SlotChanged(which, source):
                assert self.slots[which] != source
                self.slots[which] = source


class Walk:
    """One random life."""

    def __init__(self, seed: int, worker: Worker, timers: FakeTimers) -> None:
        self.dice = random.Random(seed)
        self.timers = timers
        limits = RoomLimits(publications=5, subscriptions=6, per_participant=2)
        self.rooms = Rooms(worker, limits)
        self.room = self.rooms.open("lesson", live=False)
        self.listener = Listener(self.room)
        self.turns = Turns()

    def step(self) -> None:
        moves = (
            self.publish,
            self.connect,
            self.flow,
            self.flow,
            self.end_publication,
            self.watch,
            self.end_subscription,
            self.wait,
            self.speak,
            self.go_live,
            self.test,
            self.take_turns,
        )
        self.dice.choice(moves)()
        self.check()

    def publish(self) -> None:
        sources = self.dice.sample(list(Source), self.dice.randint(1, 3))
        with contextlib.suppress(SourceTaken, LimitReached):
            self.room.add_publisher(self.dice.choice(PARTICIPANTS), tracks(*sources))

    def test(self) -> None:
        """Let a guest publish for a turn that may be over, tested or on air."""
        guest, turn = self.dice.choice(list(TURNS.items()))
        sources = tracks(Source.GUEST_VOICE, Source.GUEST_CAMERA)
        with contextlib.suppress(TurnOver, LimitReached):
            self.room.add_publisher(guest, sources, turn)

    def take_turns(self) -> None:
        turns = self.dice.sample(list(TURNS.values()), self.dice.randint(0, len(TURNS)))
        on_air = turns.pop() if turns and self.dice.random() < 0.6 else None
        self.turns = Turns(on_air, frozenset(turns))
        self.room.set_turns(self.turns)

    def connect(self) -> None:
        if publication := self.any_publication():
            publication.transport._deadline.cancel()
            publication.transport._set_state(TransportState.CONNECTED)

    def flow(self) -> None:
        if publication := self.any_publication():
            producer = self.dice.choice(list(publication.producers.values()))
            producer.handle_flow(self.dice.random() < 0.7)

    def speak(self) -> None:
        if publication := self.any_publication():
            producer = self.dice.choice(list(publication.producers.values()))
            producer.handle_level(self.dice.randrange(128))

    def end_publication(self) -> None:
        if publication := self.any_publication():
            publication.close(self.dice.choice(ENDS))

    def watch(self) -> None:
        wanted = [slot(one) for one in self.dice.choice((CLASSROOM, PLAIN))]
        name = f"student {self.dice.randrange(4)}"
        with contextlib.suppress(LimitReached):
            self.room.add_subscriber(name, wanted, rehearsal=self.dice.random() < 0.3)

    def end_subscription(self) -> None:
        if subscriptions := self.room.subscriptions():
            self.dice.choice(subscriptions).close(self.dice.choice(ENDS))

    def wait(self) -> None:
        self.timers.advance(self.dice.choice((0.1, 1.0, 5.0, 31.0)))

    def go_live(self) -> None:
        self.room.set_live(self.dice.random() < 0.7)

    def any_publication(self) -> Publication | None:
        publications = self.room.publications()
        return self.dice.choice(publications) if publications else None

    def check(self) -> None:
        assert self.listener.sources == self.room.sources()
        assert self.listener.slots == self.room.slots()
        self.check_slots()
        self.check_turns()
        for subscription in self.room.subscriptions():
            self.check_shown(subscription.consumers, self.room.slots(subscription.rehearsal))

    def check_turns(self) -> None:
        for publication in self.room.publications():
            if publication.turn is not None:
                assert publication.turn in self.turns
                assert publication.held == (publication.turn != self.turns.on_air)

    def check_slots(self) -> None:
        present = self.room.sources()
        for which, source in self.room.slots(rehearsal=True).items():
            assert source is None or source in present
            if which is not Slot.LOUDEST:
                assert source is assign(present, which)
        if self.room.live:
            assert self.room.slots() == self.room.slots(rehearsal=True)
        else:
            assert set(self.room.slots().values()) == {None}

    def check_shown(self, consumers: dict[Slot, Any], slots: dict[Slot, Source | None]) -> None:
        for which, consumer in consumers.items():
            producer = consumer.producer
            if slots[which] is None:
                assert producer is None
            elif producer is not None:
                assert producer.source is slots[which] or producer.close_reason is not None
            self.check_newest(slots[which], producer)

    def check_newest(self, source: Source | None, shown: object) -> None:
        for publication in reversed(self.room.publications()):
            producer = publication.producers.get(source) if source else None
            if producer is not None and producer.started and not publication.held:
                assert shown is producer
                return


@pytest.mark.parametrize("seed", range(60))
async def test_what_is_told_and_what_is_shown_agree(
    seed: int, worker: Worker, engine: FakeEngine, timers: FakeTimers
) -> None:
    walk = Walk(seed, worker, timers)
    for _ in range(STEPS):
        walk.step()
    walk.rooms.close("lesson")
    assert walk.listener.sources == {}
    assert not worker.transports
    assert not worker.producers
    assert not worker.consumers
    opened = {number for number, *_ in engine.named("transport_create")}
    closed = {number for (number,) in engine.named("transport_close")}
    assert opened == closed
