"""Tell the engine how large each subscriber's pictures may be, a few times a second."""

from __future__ import annotations

from typing import TYPE_CHECKING

from media.layers import REPLACED, Picture, Standing, decide, wanted
from media.modes import within
from media.types import Source

if TYPE_CHECKING:
    from media.consumer import Consumer
    from media.endpoint import Endpoint
    from media.producer import Producer
    from media.transport import Transport
    from media.worker import Timer, Timers

INTERVAL = 0.25  # seconds between two rounds; a path that narrows is followed within two
ORDER = (Source.SCREEN, Source.CAMERA, Source.GUEST_CAMERA)  # of pictures, the most wanted first


class Allocator:
    """Follows the estimates of all subscribers; rests while nobody has less than everything."""

    def __init__(self, timers: Timers) -> None:
        self._timers = timers
        self._standings: dict[Transport, Standing] = {}
        self._timer: Timer | None = None

    def note(self, transport: Transport) -> None:
        """Take note that a subscriber's estimate has changed."""
        self._standings.setdefault(transport, Standing())
        if self._timer is None:  # what was wide enough until now is full already: at once
            self._timer = self._timers.call_later(0, self._round)

    def close(self) -> None:
        """Decide no more; safe to call twice."""
        self._standings.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _round(self) -> None:
        now = self._timers.time()
        followed = {one: _follow(one, was, now) for one, was in self._standings.items()}
        self._standings = {
            one: standing
            for one, standing in followed.items()
            if standing.levels or one.aspired is not None
        }
        self._timer = None
        if self._standings:
            self._timer = self._timers.call_later(INTERVAL, self._round)


def _follow(transport: Transport, standing: Standing, now: float) -> Standing:
    """Decide for one subscriber, tell the engine what is new, and return where it stands."""
    if transport.state.final or transport.estimate is None:
        return Standing()
    pictures, voices, can_probe = _pictures(transport), _voices(transport), transport.can_probe
    after = decide(standing, transport.estimate, pictures, voices, now, probed=can_probe)
    aims = (transport.aspired, wanted(after, pictures, voices))
    transport.probe(max((one for one in aims if one), default=None) if can_probe else None)
    for picture in pictures:
        transport.consumers[picture.slot].set_limit(after.limit(picture))
    if not after.levels:  # also of slots of which nothing comes now
        for consumer in transport.consumers.values():
            consumer.set_limit(None)
    return after


def _pictures(transport: Endpoint) -> list[Picture]:
    """Return the wanted pictures in a subscriber's slots of which the layers are known."""
    found: list[tuple[int, Picture]] = []
    for consumer in transport.consumers.values():
        shown = consumer.producer
        if shown is not None and shown.source in ORDER and shown.layers and consumer.cap != 0:
            found.append((ORDER.index(shown.source), _picture(consumer, shown)))
    return [picture for _, picture in sorted(found, key=lambda one: one[0])]


def _picture(consumer: Consumer, shown: Producer) -> Picture:
    layers = within(shown.layers, consumer.cap)
    return (
        Picture(consumer.id, layers[-1:], REPLACED)
        if consumer.whole
        else Picture(consumer.id, layers)
    )


def _voices(transport: Endpoint) -> int:
    shown = [consumer.producer for consumer in transport.consumers.values()]
    return sum(one is not None and one.source.kind == "audio" for one in shown)
