"""Let a publisher rest the sizes of its picture that nobody wants.

Each size costs the uplink of a school and a processor's time. What is unwanted for a while may be
left out; it is wanted again at once. The recorder wants the largest like any slot without a limit,
so while a lesson is recorded it is the middle sizes that rest. A publisher that knows nothing of
this sends everything, as ever.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from media.demand import wanted
from media.events import LayersRest
from media.producer import ProducerState

if TYPE_CHECKING:
    from collections.abc import Callable

    from media.producer import Producer
    from media.worker import Timer, Timers

PATIENCE = 4.0  # seconds unwanted before a layer rests: a reload takes three
ROUND = 1.0  # seconds between two looks while a layer is unwanted
RENEWAL = 5.0  # seconds between two words while a layer rests; the page's trust ends after three
RETURN = 10.0  # seconds for a layer to come back before it counts as one that does not come


def follow_demand(
    participant: str, producer: Producer, timers: Timers, emit: Callable[[LayersRest], None]
) -> None:
    """Tell which of a track's several layers nobody wants, for as long as it is there."""
    rids = producer.parameters.rids

    def tell(rest: frozenset[int]) -> None:
        names = tuple(rids[number] for number in sorted(rest))
        emit(LayersRest(producer.source, participant, names))

    if rids:
        Dynacast(producer, timers, tell)


class Dynacast:
    """Follows the demand for the layers of one track; `tell` gets the numbers of those that rest.

    What is told holds for a short time and is told again, so that a page that has missed a word
    sends too much and never too little.
    """

    def __init__(
        self, producer: Producer, timers: Timers, tell: Callable[[frozenset[int]], None]
    ) -> None:
        self._producer = producer
        self._timers = timers
        self._tell = tell
        self._unwanted: dict[int, float] = {}  # since when
        self._returning: dict[int, float] = {}  # until when they are waited for
        self._off: frozenset[int] = frozenset()  # as told
        self._told = 0.0
        self._timer: Timer | None = None
        producer.demand.on_change(self._look)
        producer.on_state(self._end)

    def _look(self) -> None:
        """Wake what is wanted again, and begin to watch what is not."""
        if self._producer.state is ProducerState.CLOSED:
            return
        now = self._timers.time()
        known = frozenset(layer.number for layer in self._producer.layers)
        unwanted = known - wanted(self._producer.layers, self._producer.demand.limits)
        self._unwanted = {one: self._unwanted.get(one, now) for one in unwanted}
        if not self._off <= unwanted:
            self._rest(self._off & unwanted, now)
        self._wake_later()

    def _round(self) -> None:
        self._timer = None
        now = self._timers.time()
        tired = {one for one, since in self._unwanted.items() if now - since >= PATIENCE}
        off = self._off | tired
        if off != self._off or (off and now - self._told >= RENEWAL):
            self._rest(off, now)
        self._returning = {one: until for one, until in self._returning.items() if until > now}
        self._producer.resting = self._off | self._returning.keys()
        self._wake_later()

    def _rest(self, off: frozenset[int], now: float) -> None:
        for number in self._off - off:
            self._returning[number] = now + RETURN
        self._off, self._told = off, now
        self._producer.resting = off | self._returning.keys()
        self._tell(off)

    def _wake_later(self) -> None:
        if self._timer is None and (self._unwanted or self._returning):
            self._timer = self._timers.call_later(ROUND, self._round)

    def _end(self, producer: Producer) -> None:
        if producer.state is ProducerState.CLOSED and self._timer is not None:
            self._timer.cancel()
            self._timer = None
