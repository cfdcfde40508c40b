"""How a participant takes part in a room: by sending sources, by watching slots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from media.modes import (
    THIN_UNTIL,
    Mode,
    VoiceLayer,
    affordable,
    cap,
    is_whole,
    received,
    voice_layer,
)
from media.types import CloseReason, TransportState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from media.consumer import Consumer
    from media.direct import DirectConsumer, DirectTransport
    from media.endpoint import Endpoint
    from media.producer import Producer
    from media.transport import Transport
    from media.types import Slot, Source


class Membership:
    """One transport of one participant in a room."""

    def __init__(self, participant: str, transport: Endpoint) -> None:
        self.participant = participant
        self.transport = transport
        # has been, once; an end inside this process is from its first moment
        self.connected = transport.state is TransportState.CONNECTED
        self._on_connected: list[Callable[[], None]] = []
        self._on_close: list[Callable[[CloseReason], None]] = []
        transport.on_state(self._handle_state)

    @property
    def closed(self) -> bool:
        """Say whether it has ended."""
        return self.transport.state.final

    def on_connected(self, callback: Callable[[], None]) -> None:
        """Call back once when media can flow."""
        self._on_connected.append(callback)

    def on_close(self, callback: Callable[[CloseReason], None]) -> None:
        """Call back once when it has ended, whoever ended it."""
        self._on_close.append(callback)

    def close(self, reason: CloseReason = CloseReason.LEFT) -> None:
        """End it; safe to call twice."""
        self.transport.close(reason)

    def _handle_state(self, state: TransportState) -> None:
        if state is TransportState.CONNECTED and not self.connected:
            self.connected = True
            for connected in self._on_connected:
                connected()
        if state.final:
            for ended in self._on_close:
                ended(self.transport.close_reason or CloseReason.TRANSPORT_CLOSED)


class Contribution(Membership):
    """The sources that one participant sends over one transport.

    Closed with LEFT, its sources are removed at once; after any other end of the connection they
    keep their slots for a while, because the participant usually comes back.
    A guest publishes for a `turn`, and is `held` back in silence until that turn is on air.
    """

    def __init__(
        self,
        participant: str,
        transport: Endpoint,
        producers: Mapping[Source, Producer],
        turn: str | None = None,
    ) -> None:
        super().__init__(participant, transport)
        self.producers = dict(producers)
        self.turn = turn
        self.held = turn is not None
        self.retiring = False  # a successor has started, and gets a little time for the rest

    def overlap(self, other: Contribution) -> set[Source]:
        """Return the sources that both send."""
        return self.producers.keys() & other.producers.keys()

    def has_started(self, source: Source) -> bool:
        """Say whether a packet of the source has arrived."""
        return self.producers[source].started


class Publication(Contribution):
    """What a participant sends over the network."""

    transport: Transport


class DirectPublication(Contribution):
    """What is sent from within this process."""

    transport: DirectTransport


class Subscription(Membership):
    """The slots that one participant watches over one transport."""

    transport: Transport

    def __init__(
        self,
        participant: str,
        transport: Transport,
        consumers: Mapping[Slot, Consumer],
        rehearsal: bool,
    ) -> None:
        super().__init__(participant, transport)
        self.consumers = dict(consumers)
        self.rehearsal = rehearsal
        self.mode = Mode.AUTO
        self.left: int | None = None  # bytes that the participant is ready to be sent
        self._sent: int | None = None  # bytes in all, when last looked
        self._stills = False
        self._received = Mode.EVERYTHING
        self.voice: VoiceLayer | None = None  # the layer of the voice that is wanted, None for all
        self._on_voice: list[Callable[[], None]] = []
        transport.on_estimate(lambda _: self._choose_voice())

    def on_voice(self, callback: Callable[[], None]) -> None:
        """Call back when another layer of the voice is wanted."""
        self._on_voice.append(callback)

    def set_mode(self, mode: Mode) -> None:
        """Send what the participant wants to receive."""
        self.mode = mode
        self._constrain()

    def set_left(self, left: int | None) -> None:
        """Take note of how many bytes may be sent from now on, None for any number."""
        self.left = left
        self._constrain()

    def note_sent(self, sent: int) -> None:
        """Take into account how many bytes have been sent in all."""
        before, self._sent = self._sent, sent
        if self.left is not None and before is not None:
            self.set_left(max(0, self.left - (sent - before)))

    @property
    def allowed(self) -> Mode:
        """Return what is sent at most: the mode, or what the participant can afford."""
        return affordable(self.mode, self.left)

    def set_stills(self, stills: bool) -> None:
        """Take note whether pictures stand in for a screen that does not fit."""
        self._stills = stills and not self.rehearsal
        self._constrain()

    @property
    def received(self) -> Mode:
        """Return what comes, in the words of the modes."""
        if self.allowed in (Mode.SLIDES, Mode.SOUND):
            return self.allowed
        self._received = received(self.consumers, self.transport.estimate, self._received)
        return self._received

    @property
    def held(self) -> list[Slot]:
        """Return the slots whose picture is wanted and not carried by the path."""
        shown = [(slot, one) for slot, one in self.consumers.items() if one.producer is not None]
        return [slot for slot, one in shown if one.limit == 0 and one.cap != 0]

    def is_held(self, slot: Slot) -> bool:
        """Say whether the picture of a slot is not sent."""
        consumer = self.consumers.get(slot)
        return consumer is not None and consumer.bound == 0

    def _constrain(self) -> None:
        mode, stills = self.allowed, self._stills
        for slot, consumer in self.consumers.items():
            most = cap(mode, slot, stills=stills)
            consumer.set_cap(most, whole=is_whole(mode, slot, stills=stills))
        self._choose_voice()

    def _choose_voice(self) -> None:
        voice = voice_layer(self.allowed, self.transport.estimate, self.voice)
        if voice is self.voice:
            return
        self.voice = voice
        thinned = voice is VoiceLayer.THIN and self.allowed is not Mode.SOUND
        self.transport.aspired = THIN_UNTIL if thinned else None
        for callback in self._on_voice:
            callback()


class DirectSubscription(Membership):
    """The slots that are read within this process."""

    transport: DirectTransport
    rehearsal = False

    def __init__(
        self,
        participant: str,
        transport: DirectTransport,
        consumers: Mapping[Slot, DirectConsumer],
    ) -> None:
        super().__init__(participant, transport)
        self.consumers = dict(consumers)
