"""A published track."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from media.demand import Demand
from media.low import takes_low, with_low

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from media.endpoint import Endpoint
    from media.types import CloseReason, Layer, Source, TrackParameters


class ProducerState(StrEnum):
    """Where a producer is in its life."""

    WAITING = "waiting"  # for its first packet
    ACTIVE = "active"
    STALLED = "stalled"  # no packets arrive
    CLOSED = "closed"


class Producer:
    """The handle on one track of a publisher."""

    def __init__(
        self, producer: int, source: Source, parameters: TrackParameters, transport: Endpoint
    ) -> None:
        self.id = producer
        self.source = source
        self.parameters = parameters
        self.transport = transport
        self.state = ProducerState.WAITING
        self.close_reason: CloseReason | None = None
        self.layers: tuple[Layer, ...] = ()  # what comes of a picture when wanted, smallest first
        self.resting: frozenset[int] = frozenset()  # numbers of layers that need not come now
        self.demand = Demand()
        self.low: Producer | None = None  # the low layer, made here of a picture in one size
        self.awaited = False  # a keyframe, by slots that come from the low layer
        self._come: tuple[Layer, ...] = ()
        self._has_low = False
        self._on_state: list[Callable[[Producer], None]] = []
        self._on_level: list[Callable[[Producer, int], None]] = []
        self._on_keyframe_wish: list[Callable[[Producer], None]] = []

    @property
    def codecs(self) -> frozenset[str]:
        """Return the names of the codecs it may arrive in."""
        return frozenset(codec.name for codec in self.parameters.codecs)

    @property
    def started(self) -> bool:
        """Say whether it has something to show, be it the last picture."""
        return self.state in (ProducerState.ACTIVE, ProducerState.STALLED)

    def on_state(self, callback: Callable[[Producer], None]) -> None:
        """Call back at every change of state."""
        self._on_state.append(callback)

    def on_level(self, callback: Callable[[Producer, int], None]) -> None:
        """Call back with each audio level (RFC 6464: 0 loud, 127 silent)."""
        self._on_level.append(callback)

    def on_keyframe_wish(self, callback: Callable[[Producer], None]) -> None:
        """Call back when a producer of a DirectTransport should send a keyframe."""
        self._on_keyframe_wish.append(callback)

    def request_keyframe(self) -> None:
        """Ask the publisher for a keyframe; the engine throttles."""
        if self.state is not ProducerState.CLOSED:
            self.transport.worker.engine.keyframe_request(self.id)

    def await_keyframe(self) -> None:
        """Ask for a keyframe at which slots go on from the low layer to the whole picture."""
        self.awaited = True
        self.request_keyframe()

    def close(self, reason: CloseReason) -> None:
        """End the track; safe to call twice."""
        if self.state is ProducerState.CLOSED:
            return
        self.close_reason = reason
        self.transport.forget_producer(self)
        self.transport.worker.engine.producer_close(self.id)
        self._set_state(ProducerState.CLOSED)

    def handle_flow(self, flowing: bool) -> None:
        """Take the engine's word on whether packets arrive."""
        if self.state is ProducerState.CLOSED:
            return
        self._set_state(ProducerState.ACTIVE if flowing else ProducerState.STALLED)

    def handle_level(self, level: int) -> None:
        """Take the engine's word on how loud it is."""
        for callback in self._on_level:
            callback(self, level)

    def handle_layers(self, layers: Sequence[Layer]) -> None:
        """Take the engine's word on which layers come; what rests is as it was."""
        come = {layer.number for layer in layers}
        rest = [one for one in self._come if one.number in self.resting - come]
        self._come = tuple(sorted([*layers, *rest], key=lambda one: one.pixels))
        self._tell_layers()

    def offer_low(self, offered: bool) -> None:
        """Count a low layer among the layers of a picture in one size: it is made when wanted."""
        if offered is not self._has_low and len(self.parameters.rids) < 2:
            self._has_low = offered
            self._tell_layers()

    def fitting(self, limit: int | None) -> Producer:
        """Return the track that is sent where a picture has at most so many pixels."""
        return self.low if self.low is not None and takes_low(self.layers, limit) else self

    def handle_keyframe_wish(self) -> None:
        """Take the engine's word that subscribers need a keyframe."""
        for callback in self._on_keyframe_wish:
            callback(self)

    def _tell_layers(self) -> None:
        self.layers = with_low(self._come) if self._has_low else self._come
        self.demand.tell()

    def _set_state(self, state: ProducerState) -> None:
        if state is self.state:
            return
        self.state = state
        for callback in self._on_state:
            callback(self)
