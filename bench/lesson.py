"""A whole lesson under load: a forwarder, one publisher, a class of subscribers."""

import time
from collections.abc import Iterable
from types import TracebackType

from bench.errors import BenchError
from bench.forwarder import Forwarder, Seat
from bench.publisher import FRAMES_PER_SECOND
from bench.sink import Listener, Sink
from bench.witness import Testimony, hear

CHECK_SECONDS = 4.0  # between a subscriber's consent checks (RFC 7675 says about 5)
START_SECONDS = 15.0  # in which every subscriber must be connected
SETTLE_SECONDS = 0.2  # for the last packets of a run to arrive
DRAIN_SECONDS = 10.0  # at most, until a forwarder that is behind has sent what it kept


class Lesson:
    """A forwarder with a class around it; `listeners` have sockets of their own."""

    def __init__(
        self, forwarder: Forwarder, subscribers: int, listeners: Iterable[int] = ()
    ) -> None:
        self.forwarder = forwarder
        self.subscribers = subscribers
        self.sink = Sink()
        self.listeners = {index: Listener(index, self.sink.port) for index in listeners}
        self.publisher, self._desk = forwarder.publisher()
        self._seats: list[Seat] = []
        self._next_check = 0
        self._checks_due = 0.0

    def __enter__(self) -> "Lesson":
        try:
            self._connect()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def _close(self) -> None:
        self.forwarder.close()
        self.publisher.close()
        self.sink.close()
        for listener in self.listeners.values():
            listener.close()

    def delivered(self) -> int:
        """Return how many media packets all subscribers together have received."""
        return self.sink.counted() + sum(each.count for each in self.listeners.values())

    def _connect(self) -> None:
        """Connect everybody and publish until every subscriber receives packets."""
        for index in range(self.subscribers):
            self._seats.append(self.forwarder.seat(index, self.sink.port))
        self.check_all()
        give_up = time.monotonic() + START_SECONDS
        while time.monotonic() < give_up:
            if self.run(0.5, FRAMES_PER_SECOND // 3) >= 0.999:
                return
        raise BenchError(f"only {self.run(0.5):.1%} of the packets reach {self.subscribers}")

    def check_all(self) -> None:
        """Send everybody's consent check, as after a while in which nobody did."""
        for index in range(self.subscribers + 1):
            self._send_check(index)
            if index % 100 == 99:
                time.sleep(0.05)  # the forwarder's socket buffer is not what is measured

    def run(self, seconds: float, rate: int = FRAMES_PER_SECOND) -> float:
        """Publish for a while; return the part of the expected packets that came in that time."""
        sent, delivered = self.publisher.sent, self.delivered()
        begin = time.monotonic()
        for frame in range(round(seconds * rate)):
            time.sleep(max(0.0, begin + frame / rate - time.monotonic()))
            self.publish(rate)
        time.sleep(SETTLE_SECONDS)
        self._read_away()
        expected = (self.publisher.sent - sent) * self.subscribers
        return (self.delivered() - delivered) / expected

    def publish(self, rate: int = FRAMES_PER_SECOND) -> None:
        """Send one frame of so many a second, and do what clients do in between."""
        self.publisher.frame(self._desk.to)
        self._between_frames(rate)

    def drain(self) -> None:
        """Wait until a forwarder that is behind has nothing more to send."""
        give_up = time.monotonic() + DRAIN_SECONDS
        before = -1
        while before != (now := self.delivered()) and time.monotonic() < give_up:
            before = now
            time.sleep(SETTLE_SECONDS)
            self._read_away()

    def testimonies(self) -> list[Testimony]:
        """Open what the listeners have received since they were asked last."""
        heard = []
        for index, listener in self.listeners.items():
            heard.append(hear(self._seats[index].incoming, listener.received))
            listener.received.clear()
        return heard

    def _between_frames(self, rate: int) -> None:
        """Do what clients do all the time: consent checks, and reading."""
        self._checks_due += (self.subscribers + 1) / CHECK_SECONDS / rate
        while self._checks_due >= 1:
            self._send_check(self._next_check)
            self._next_check = (self._next_check + 1) % (self.subscribers + 1)
            self._checks_due -= 1
        self._read_away()

    def _send_check(self, index: int) -> None:
        """Send the n-th subscriber's check; after the last one comes the publisher."""
        if index == self.subscribers:
            self.publisher.socket.sendto(self._desk.check, self._desk.to)
            return
        seat = self._seats[index]
        if index in self.listeners:
            self.listeners[index].socket.sendto(seat.check, seat.to)
            return
        self.sink.send_from(index, seat.check, seat.to)

    def _read_away(self) -> None:
        self.publisher.drain()
        self.sink.drain()
        for listener in self.listeners.values():
            listener.drain()
