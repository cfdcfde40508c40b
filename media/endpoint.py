"""What every transport is: an end of a router, with producers and consumers."""

from __future__ import annotations

import logging
from dataclasses import fields
from typing import TYPE_CHECKING, TypeVar, cast

from media.consumer import Consumer
from media.errors import KindMismatch, TransportClosed
from media.producer import Producer
from media.types import CloseReason, ExtensionIds, TransportState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from media import _engine
    from media.router import Router
    from media.types import Codec, SlotParameters, Source, TrackParameters
    from media.worker import Worker

logger = logging.getLogger(__name__)

C = TypeVar("C", bound=Consumer)
EXTENSIONS = tuple(field.name for field in fields(ExtensionIds))


class Endpoint:
    """The common part of Transport and DirectTransport.

    Closing goes downward: worker, router, transport, then producers and consumers. Each is told
    why, and each forgets itself in the one above.
    """

    def __init__(self, worker: Worker, router: Router) -> None:
        self.id = worker.next_id()
        self.worker = worker
        self.router = router
        self.state = TransportState.NEW
        self.close_reason: CloseReason | None = None
        self.producers: dict[int, Producer] = {}
        self.consumers: dict[int, Consumer] = {}
        self._on_state: list[Callable[[TransportState], None]] = []
        worker.transports[self.id] = self

    def on_state(self, callback: Callable[[TransportState], None]) -> None:
        """Call back at every change of state."""
        self._on_state.append(callback)

    def produce(self, source: Source, parameters: TrackParameters) -> Producer:
        """Take a track from the peer.

        Raises KindMismatch or TransportClosed.
        """
        self._check_open()
        if source.kind != parameters.kind:
            raise KindMismatch(source, parameters.kind)
        producer = Producer(self.worker.next_id(), source, parameters, self)
        self.worker.engine.producer_create(producer.id, self.id, _track(parameters))
        self.producers[producer.id] = self.worker.producers[producer.id] = producer
        return producer

    def consume(self, parameters: SlotParameters) -> Consumer:
        """Open a slot toward the peer; it is empty at first.

        Raises TransportClosed.
        """
        self._check_open()
        return self._adopt(Consumer(self.worker.next_id(), parameters, self))

    def close(self, reason: CloseReason) -> None:
        """End the transport with its producers and consumers; safe to call twice."""
        self._end(TransportState.CLOSED, reason)

    def forget_producer(self, producer: Producer) -> None:
        """Let go of a producer that closes."""
        self.producers.pop(producer.id, None)
        self.worker.producers.pop(producer.id, None)

    def forget_consumer(self, consumer: Consumer) -> None:
        """Let go of a consumer that closes."""
        self.consumers.pop(consumer.id, None)
        self.worker.consumers.pop(consumer.id, None)

    def handle_engine(self, event: str) -> None:
        """Take the engine's word on the connection."""

    def _adopt(self, consumer: C) -> C:
        self.worker.engine.consumer_create(consumer.id, self.id, _slot(consumer.parameters))
        self.consumers[consumer.id] = self.worker.consumers[consumer.id] = consumer
        return consumer

    def _check_open(self) -> None:
        if self.state.final:
            raise TransportClosed(self.id)

    def _end(self, state: TransportState, reason: CloseReason) -> None:
        if self.state.final:
            return
        self.close_reason = reason
        self.worker.transports.pop(self.id, None)
        self.router.forget(self)
        for consumer in list(self.consumers.values()):
            consumer.close()
        for producer in list(self.producers.values()):
            producer.close(reason)
        self._disconnect()
        self._set_state(state)

    def _disconnect(self) -> None:
        self.worker.engine.transport_close(self.id)
        self.router.release(self)

    def _set_state(self, state: TransportState) -> None:
        if state is self.state or self.state.final:
            return
        logger.debug("transport %d: %s -> %s", self.id, self.state.value, state.value)
        self.state = state
        for callback in list(self._on_state):
            callback(state)


def _codecs(codecs: Sequence[Codec]) -> list[_engine.CodecParameters]:
    return [
        {
            "name": codec.name,
            "payload_type": codec.payload_type,
            "clock_rate": codec.clock_rate,
            "rtx_payload_type": codec.rtx_payload_type,
        }
        for codec in codecs
    ]


def _extensions(ids: ExtensionIds) -> _engine.ExtensionIds:
    values = {name: getattr(ids, name) for name in EXTENSIONS}
    negotiated = {name: value for name, value in values.items() if value is not None}
    return cast("_engine.ExtensionIds", negotiated)


def _track(parameters: TrackParameters) -> _engine.ProducerParameters:
    return {
        "kind": parameters.kind,
        "mid": parameters.mid,
        "ssrcs": list(parameters.ssrcs),
        "rtx_ssrcs": list(parameters.rtx_ssrcs),
        "rids": list(parameters.rids),
        "codecs": _codecs(parameters.codecs),
        "extensions": _extensions(parameters.extensions),
        "nack": parameters.nack,
        "pli": parameters.pli,
        "remb": parameters.remb,
    }


def _slot(parameters: SlotParameters) -> _engine.ConsumerParameters:
    return {
        "kind": parameters.kind,
        "mid": parameters.mid,
        "ssrc": parameters.ssrc,
        "rtx_ssrc": parameters.rtx_ssrc,
        "cname": parameters.cname,
        "codecs": _codecs(parameters.codecs),
        "extensions": _extensions(parameters.extensions),
        "nack": parameters.nack,
        "remb": parameters.remb,
    }
