"""The live state of a lesson: who publishes, who watches, which source is in which slot."""

from __future__ import annotations

import logging
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from media.dynacast import follow_demand
from media.errors import (
    CodecMismatch,
    KindMismatch,
    LimitReached,
    RoomClosed,
    SourceTaken,
)
from media.events import (
    PublisherConnected,
    RoomEvent,
    SlotChanged,
    SubscriberConnected,
    SubscriberGone,
)
from media.membership import (
    Contribution,
    DirectPublication,
    DirectSubscription,
    Publication,
    Subscription,
)
from media.seats import Seats
from media.slots import Program
from media.types import CloseReason, Slot, Source, SourceState, Turns
from media.voices import HEARD_IN, Voices

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from media.endpoint import Endpoint
    from media.modes import VoiceLayer
    from media.producer import Producer
    from media.router import Router
    from media.types import Layer, SlotParameters, TrackParameters
    from media.worker import Worker

__all__ = ["Publication", "Room", "RoomLimits", "Subscription"]

logger = logging.getLogger(__name__)

AUDIBLE = (Slot.VOICE, Slot.GUEST_VOICE)
PICTURES = (Slot.SCREEN, Slot.CAMERA, Slot.GUEST)


@dataclass(frozen=True, slots=True)
class RoomLimits:
    """How much of everything one process carries."""

    rooms: int = 200  # lessons at once; a large university teaches so many
    publications: int = 16  # in a room: a teacher's three, guests, and those being replaced
    subscriptions: int = 5000  # in a room: what one machine forwards at the very best
    per_participant: int = 8  # subscriptions of one participant: tabs and devices
    slots: int = 8  # of one subscription; the classroom page uses five


class Room:
    """One lesson's publishers and subscribers."""

    def __init__(self, worker: Worker, lesson: str, live: bool, limits: RoomLimits) -> None:
        self.lesson = lesson
        self.live = live
        self.closed = False
        self._worker = worker
        self._limits = limits
        self._subscriptions: dict[int, Subscription] = {}  # by transport, oldest first
        self._readers: list[DirectSubscription] = []
        self._program = Program()
        self._stills = False
        self._voices = Voices()
        self._seats = Seats(worker.timers, self._voices, self._emit, self._assign)
        self._listeners: list[Callable[[RoomEvent], None]] = []
        self._router = self._open_router()

    # --- what a room is asked ---------------------------------------------------------------

    def sources(self) -> dict[Source, SourceState]:
        """Return the sources that have started."""
        return self._seats.states()

    def slots(self, rehearsal: bool = False) -> dict[Slot, Source | None]:
        """Return what is in each slot, for students or for rehearsing teachers."""
        return dict(self._program.shown(rehearsal))

    def participants(self) -> dict[str, int]:
        """Return each participant with the number of their transports."""
        members = [*self._seats.publications, *self._subscriptions.values()]
        return dict(Counter(member.participant for member in members))

    def publications(self) -> list[Contribution]:
        """Return the publications, oldest first."""
        return list(self._seats.publications)

    def subscriptions(self) -> list[Subscription]:
        """Return the subscriptions, oldest first."""
        return list(self._subscriptions.values())

    @property
    def router(self) -> Router:
        """Return the room's exchange, for ends inside this process."""
        return self._router

    def time(self) -> float:
        """Return seconds on the clock by which packets are stamped."""
        return self._worker.timers.time()

    # --- what a room is told ----------------------------------------------------------------

    def subscribe_events(self, callback: Callable[[RoomEvent], None]) -> Callable[[], None]:
        """Call back for every event until the returned function is called."""
        self._listeners.append(callback)

        def unsubscribe() -> None:
            if callback in self._listeners:
                self._listeners.remove(callback)

        return unsubscribe

    def set_live(self, live: bool) -> None:
        """Show the sources to the students, or to rehearsing teachers only."""
        if self.closed or live is self.live:
            return
        self.live = live
        self._assign()

    def set_stills(self, stills: bool) -> None:
        """Take note whether students are told the screen as pictures, too."""
        self._stills = stills
        for subscription in self._subscriptions.values():
            subscription.set_stills(stills)

    def pictures(self) -> dict[Source, tuple[Layer, ...]]:
        """Return the pictures that students are shown, with the layers that are known of them."""
        return {one.source: one.layers for one in self.shown_pictures()}

    def shown_pictures(self) -> list[Producer]:
        """Return the tracks of the pictures that students are shown."""
        found = [self._producer_in(slot, rehearsal=False) for slot in PICTURES]
        return [one for one in found if one is not None]

    def set_low_picture(self, producer: Producer, low: Producer | None) -> None:
        """Send the low layer of a picture to whoever takes it, or the whole picture again."""
        producer.low = low
        self._follow_layers(producer)

    def end_low_picture(self, producer: Producer) -> None:
        """Send the whole picture, of which a keyframe came, to those who waited for that."""
        producer.awaited = False
        self._follow_layers(producer, at_keyframe=True)

    @property
    def stills(self) -> bool:
        """Say whether students are told the screen as pictures, too."""
        return self._stills

    def wanted_voice_layers(self) -> frozenset[VoiceLayer]:
        """Return the low layers of the voice that students want while somebody is heard."""
        if not any(self._producer_in(slot, rehearsal=False) for slot in AUDIBLE):
            return frozenset()
        wanted = {one.voice for one in self._subscriptions.values() if not one.rehearsal}
        return frozenset(layer for layer in wanted if layer is not None)

    def set_voice_layer(self, layer: VoiceLayer, producer: Producer | None) -> None:
        """Send a low layer of the voice to whoever wants it, or the whole voice again."""
        if self._voices.set_layer(layer, producer):
            for subscription in self._subscriptions.values():
                self._show(subscription)

    def set_turns(self, turns: Turns) -> None:
        """Put the guest whose turn it is on air; end what is published for any other turn.

        A turn that is tested sends in silence, and can not go back to that from on air.
        """
        if not self.closed:
            self._seats.set_turns(turns)

    def add_publisher(
        self,
        participant: str,
        sources: Mapping[Source, TrackParameters],
        turn: str | None = None,
    ) -> Publication:
        """Take sources from a participant, in place of those the same participant sends.

        Sources for a guest's `turn` are held back until it is on air, and end with it.
        Raises SourceTaken, TurnOver, LimitReached, KindMismatch or RoomClosed.
        """
        self._check_open()
        self._seats.check(participant, sources, turn)
        pointless = self._seats.attempts(participant, sources) + self._seats.tests(turn)
        if len(self._seats.publications) - len(pointless) >= self._limits.publications:
            raise LimitReached("publishers in a lesson", self._limits.publications)
        publication = self._publish(participant, sources, turn)
        for attempt in pointless:
            attempt.close(CloseReason.REPLACED)
        return publication

    def add_playback(self, participant: str, track: TrackParameters) -> DirectPublication:
        """Take a guest's voice from within this process, while no guest has a turn or a seat.

        A turn that comes on air ends it. Raises SourceTaken, LimitReached, KindMismatch or
        RoomClosed.
        """
        source = Source.GUEST_VOICE
        self._check_open()
        seat = self._seats.get(source)
        if seat is not None or self._seats.turns.on_air is not None:
            raise SourceTaken(source, "a guest" if seat is None else seat.participant)
        if len(self._seats.publications) >= self._limits.publications:
            raise LimitReached("publishers in a lesson", self._limits.publications)
        transport = self._router.create_direct_transport()
        publication = DirectPublication(
            participant, transport, _produce(transport, {source: track})
        )
        self._seats.keep(publication)
        return publication

    def add_subscriber(
        self,
        participant: str,
        slots: Sequence[tuple[Slot, SlotParameters]],
        rehearsal: bool = False,
    ) -> Subscription:
        """Send slots to a participant; `rehearsal` shows the sources before the lesson is live.

        A participant with too many subscriptions loses the oldest.
        Raises LimitReached, KindMismatch, CodecMismatch or RoomClosed.
        """
        self._check_subscriber(slots, rehearsal)
        self._drop_oldest(participant)
        if len(self._subscriptions) >= self._limits.subscriptions:
            raise LimitReached("subscribers in a lesson", self._limits.subscriptions)
        subscription = self._subscribe(participant, slots, rehearsal)
        self._show(subscription)
        return subscription

    def add_reader(
        self, name: str, slots: Sequence[tuple[Slot, SlotParameters]]
    ) -> DirectSubscription:
        """Hand what the students' slots show to a reader within this process; nobody sees it.

        Raises LimitReached, KindMismatch, CodecMismatch or RoomClosed.
        """
        self._check_subscriber(slots, rehearsal=False)
        transport = self._router.create_direct_transport()
        with _closing_on_error(transport):
            consumers = {slot: transport.consume(parameters) for slot, parameters in slots}
        reader = DirectSubscription(name, transport, consumers)
        self._readers.append(reader)
        reader.on_close(lambda _: self._readers.remove(reader))
        self._show(reader)
        return reader

    def close(self, reason: CloseReason = CloseReason.ROOM_CLOSED) -> None:
        """End the room with everything in it; safe to call twice."""
        if self.closed:
            return
        self.closed = True
        self._router.close(reason)
        self._seats.end(reason)
        self._listeners.clear()

    # --- checks -----------------------------------------------------------------------------

    def _check_subscriber(
        self, slots: Sequence[tuple[Slot, SlotParameters]], rehearsal: bool
    ) -> None:
        self._check_open()
        if len(slots) > self._limits.slots:
            raise LimitReached("tracks of one subscriber", self._limits.slots)
        if len({slot for slot, _ in slots}) < len(slots):
            raise ValueError("A subscriber asked twice for one slot.")
        for slot, parameters in slots:
            if slot.kind != parameters.kind:
                raise KindMismatch(slot, parameters.kind)
            producer = self._producer_in(slot, rehearsal)
            understood = {codec.name for codec in parameters.codecs}
            if producer is not None and producer.codecs.isdisjoint(understood):
                raise CodecMismatch(producer.source.value, producer.codecs, understood)

    def _check_open(self) -> None:
        if self.closed:
            raise RoomClosed(self.lesson)

    def _drop_oldest(self, participant: str) -> None:
        own = [one for one in self._subscriptions.values() if one.participant == participant]
        for subscription in own[: len(own) - self._limits.per_participant + 1]:
            subscription.close(CloseReason.REPLACED)

    # --- joining ----------------------------------------------------------------------------

    def _publish(
        self, participant: str, sources: Mapping[Source, TrackParameters], turn: str | None
    ) -> Publication:
        transport = self._router.create_transport()
        producers = _produce(transport, sources)
        publication = Publication(participant, transport, producers, turn)
        publication.on_connected(lambda: self._emit(PublisherConnected(participant)))
        for producer in producers.values():
            follow_demand(participant, producer, self._worker.timers, self._emit)
        self._seats.keep(publication)
        return publication

    def _subscribe(
        self, participant: str, slots: Sequence[tuple[Slot, SlotParameters]], rehearsal: bool
    ) -> Subscription:
        transport = self._router.create_transport()
        with _closing_on_error(transport):
            consumers = {slot: transport.consume(parameters) for slot, parameters in slots}
        subscription = Subscription(participant, transport, consumers, rehearsal)
        subscription.set_stills(self._stills)
        subscription.on_voice(lambda: self._show(subscription))
        self._subscriptions[transport.id] = subscription
        subscription.on_connected(lambda: self._emit(SubscriberConnected(participant)))
        subscription.on_close(lambda reason: self._lose_subscription(subscription, reason))
        return subscription

    # --- slots ------------------------------------------------------------------------------

    def _assign(self) -> None:
        """Work out what every slot shows, tell what changed, and show it."""
        changed = self._program.fill(self.sources(), self._voices.holder, live=self.live)
        for slot, source in changed.items():
            self._emit(SlotChanged(slot, source))
        for subscription in self._subscriptions.values():
            self._show(subscription)
        for reader in self._readers:
            self._show(reader)

    def _show(self, subscription: Subscription | DirectSubscription) -> None:
        shown = self._program.shown(subscription.rehearsal)
        layer = self._layer_for(subscription)
        for slot, consumer in subscription.consumers.items():
            if layer is not None and slot.kind == "audio":
                consumer.show(layer if slot in HEARD_IN else None)
                continue
            producer = self._producer_in(slot, subscription.rehearsal)
            if producer is not None or shown[slot] is None:  # else: keep the last picture
                consumer.show(producer)

    def _follow_layers(self, producer: Producer, *, at_keyframe: bool = False) -> None:
        for subscription in self._subscriptions.values():
            for consumer in subscription.consumers.values():
                if consumer.producer is producer:
                    consumer.follow(at_keyframe=at_keyframe)

    def _layer_for(self, subscription: Subscription | DirectSubscription) -> Producer | None:
        """Return the low layer that stands for all voices, None where they come as they are.

        Who is heard themselves would hear themselves in it.
        """
        if isinstance(subscription, DirectSubscription) or subscription.rehearsal:
            return None
        voices = (self._producer_in(slot, rehearsal=False) for slot in AUDIBLE)
        held = (self._seats.get(one.source) for one in voices if one is not None)
        speakers = {seat.participant for seat in held if seat is not None}
        if not speakers or subscription.participant in speakers:
            return None
        return self._voices.layer(subscription.voice)

    def _producer_in(self, slot: Slot, rehearsal: bool) -> Producer | None:
        source = self._program.shown(rehearsal)[slot]
        seat = None if source is None else self._seats.get(source)
        return None if seat is None else seat.shown

    # --- coming and going -------------------------------------------------------------------

    def _lose_subscription(self, subscription: Subscription, reason: CloseReason) -> None:
        del self._subscriptions[subscription.transport.id]
        self._emit(SubscriberGone(subscription.participant, reason))

    def _open_router(self) -> Router:
        router = self._worker.create_router()
        router.on_close(self._handle_router_closed)
        return router

    def _handle_router_closed(self, reason: CloseReason) -> None:
        if reason is CloseReason.ROOM_FAILED:  # everybody was sent away and may come back
            self._router = self._open_router()
        else:
            self.close(reason)

    def _emit(self, event: RoomEvent) -> None:
        for listener in list(self._listeners):
            try:
                listener(event)
            except Exception:
                logger.exception("a listener of room %s failed at %s", self.lesson, event)


def _produce(
    transport: Endpoint, sources: Mapping[Source, TrackParameters]
) -> dict[Source, Producer]:
    with _closing_on_error(transport):
        return {source: transport.produce(source, track) for source, track in sources.items()}


@contextmanager
def _closing_on_error(transport: Endpoint) -> Iterator[None]:
    """Leave no transport behind when the engine refuses what should go over it."""
    try:
        yield
    except BaseException:
        transport.close(CloseReason.TRANSPORT_CLOSED)
        raise
