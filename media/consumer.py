"""One subscriber's copy of whatever is in a slot."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from media.endpoint import Endpoint
    from media.producer import Producer
    from media.types import SlotParameters

logger = logging.getLogger(__name__)


class Consumer:
    """The handle on one slot of a subscriber."""

    def __init__(self, consumer: int, parameters: SlotParameters, transport: Endpoint) -> None:
        self.id = consumer
        self.parameters = parameters
        self.transport = transport
        self.producer: Producer | None = None
        self.closed = False

    @property
    def codecs(self) -> frozenset[str]:
        """Return the names of the codecs it can carry."""
        return frozenset(codec.name for codec in self.parameters.codecs)

    def understands(self, producer: Producer) -> bool:
        """Say whether the two have a codec in common."""
        return not self.codecs.isdisjoint(producer.codecs)

    def show(self, producer: Producer | None) -> None:
        """Put a track into the slot, or empty it; the subscriber need do nothing.

        A track in a codec that the subscriber did not negotiate leaves the slot empty.
        """
        if self.closed:
            return
        if producer is not None and not self.understands(producer):
            logger.info("consumer %d cannot carry producer %d: no codec", self.id, producer.id)
            producer = None
        if producer is self.producer:
            return
        self.producer = producer
        engine = self.transport.worker.engine
        engine.consumer_set_producer(self.id, None if producer is None else producer.id)

    def close(self) -> None:
        """End the slot; safe to call twice."""
        if self.closed:
            return
        self.closed = True
        self.producer = None
        self.transport.forget_consumer(self)
        self.transport.worker.engine.consumer_close(self.id)
