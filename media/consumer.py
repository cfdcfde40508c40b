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
        self.sent: Producer | None = None  # the same, or the low layer that is made of it
        self.limit: int | None = None  # pixels; 0 is no picture, None the largest there is
        self.cap: int | None = None  # pixels, as `limit`: the most that its subscriber wants
        self.whole = False  # not made smaller: stills stand in where it does not fit
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
        self._take(producer)
        self.follow()

    def follow(self, *, at_keyframe: bool = False) -> None:
        """Let the engine send the track as it comes, or its low layer where that is what fits.

        The low layer goes on until the track has a keyframe: `at_keyframe` says it has.
        """
        sent = None if self.producer is None else self.producer.fitting(self.bound)
        if self.closed or sent is self.sent:
            return
        climbs = sent is not None and self.sent is not None and self.sent is sent.low
        if sent is not None and climbs and not at_keyframe:
            sent.await_keyframe()
            return
        self.sent = sent
        engine = self.transport.worker.engine
        engine.consumer_set_producer(self.id, None if sent is None else sent.id)

    def set_limit(self, limit: int | None) -> None:
        """Send the largest layer of at most so many pixels, 0 for none, None for the largest."""
        self._bound(limit, self.cap)

    def set_cap(self, cap: int | None, *, whole: bool = False) -> None:
        """Send no more than so many pixels, whatever the path carries."""
        self.whole = whole
        self._bound(self.limit, cap)

    @property
    def bound(self) -> int | None:
        """Return the most pixels that are sent: 0 for none, None for the largest there is."""
        return _smaller(self.limit, self.cap)

    def _bound(self, limit: int | None, cap: int | None) -> None:
        if self.closed:
            return
        before = self.bound
        self.limit, self.cap = limit, cap
        if self.bound == before:
            return
        if self.producer is not None:
            self.producer.demand.change(before, self.bound)
        self.transport.worker.engine.consumer_set_limit(self.id, self.bound)
        self.follow()

    def close(self) -> None:
        """End the slot; safe to call twice."""
        if self.closed:
            return
        self.closed = True
        self._take(None)
        self.transport.forget_consumer(self)
        self.transport.worker.engine.consumer_close(self.id)

    def _take(self, producer: Producer | None) -> None:
        before, self.producer = self.producer, producer
        if before is not None:
            before.demand.remove(self.bound)
        if producer is not None:
            producer.demand.add(self.bound)


def _smaller(one: int | None, other: int | None) -> int | None:
    return min((each for each in (one, other) if each is not None), default=None)
