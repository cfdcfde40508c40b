"""A whole lesson under load: the engine's process, one publisher, a class of subscribers."""

import json
import subprocess
import sys
import time
from collections.abc import Iterable
from types import TracebackType

from bench.cpu import process_ns
from bench.keys import PUBLISHER, subscriber
from bench.publisher import FRAMES_PER_SECOND, Publisher
from bench.sink import Listener, Sink, check

CHECK_SECONDS = 4.0  # between a subscriber's consent checks (RFC 7675 says about 5)
START_SECONDS = 15.0  # in which every subscriber must be connected
SETTLE_SECONDS = 0.2  # for the last packets of a run to arrive


class BenchError(Exception):
    """The bench could not be run at all."""


class Lesson:
    """A running engine with a class around it; `listeners` have sockets of their own."""

    def __init__(self, subscribers: int, listeners: Iterable[int] = ()) -> None:
        self.subscribers = subscribers
        self.publisher = Publisher.with_known_keys()
        self.sink = Sink()
        self.listeners = {index: Listener(index) for index in listeners}
        self._checks = [check(subscriber(index)) for index in range(subscribers)]
        self._next_check = 0
        self._checks_due = 0.0
        self._engine = subprocess.Popen(
            [sys.executable, "-m", "bench.host", str(subscribers)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._to = ("127.0.0.1", int(self._line()["port"]))  # type: ignore[call-overload]  # JSON

    def __enter__(self) -> "Lesson":
        self._connect()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._engine.communicate()
        self.publisher.close()
        self.sink.close()
        for listener in self.listeners.values():
            listener.close()

    def _line(self) -> dict[str, object]:
        assert self._engine.stdout
        line = self._engine.stdout.readline()
        if not line:
            raise BenchError("the engine's process ended; see its message above")
        return dict(json.loads(line))

    def engine_ns(self) -> int:
        """Return the CPU time of the engine's threads, without the Python thread beside them."""
        assert self._engine.stdin
        self._engine.stdin.write("?\n")
        self._engine.stdin.flush()
        python = int(str(self._line()["python_ns"]))
        return process_ns(self._engine.pid) - python

    def delivered(self) -> int:
        """Return how many media packets all subscribers together have received."""
        return self.sink.counted() + sum(len(each.received) for each in self.listeners.values())

    def _connect(self) -> None:
        """Connect everybody and publish until every subscriber receives every packet."""
        for index in range(self.subscribers + 1):
            self._send_check(index)
            if index % 100 == 99:
                time.sleep(0.05)  # the engine's socket buffer is not what is measured
        give_up = time.monotonic() + START_SECONDS
        while time.monotonic() < give_up:
            if self.run(0.5) >= 0.999:
                return
        raise BenchError(f"only {self.run(0.5):.1%} of the packets reach {self.subscribers}")

    def run(self, seconds: float) -> float:
        """Publish for a while; return the part of the expected packets that was delivered."""
        sent, delivered = self.publisher.sent, self.delivered()
        begin = time.monotonic()
        for frame in range(round(seconds * FRAMES_PER_SECOND)):
            time.sleep(max(0.0, begin + frame / FRAMES_PER_SECOND - time.monotonic()))
            self.publisher.frame(self._to)
            self._between_frames()
        time.sleep(SETTLE_SECONDS)
        self._drain()
        expected = (self.publisher.sent - sent) * self.subscribers
        return (self.delivered() - delivered) / expected

    def _between_frames(self) -> None:
        """Do what clients do all the time: consent checks, and reading."""
        self._checks_due += (self.subscribers + 1) / CHECK_SECONDS / FRAMES_PER_SECOND
        while self._checks_due >= 1:
            self._send_check(self._next_check)
            self._next_check = (self._next_check + 1) % (self.subscribers + 1)
            self._checks_due -= 1
        self._drain()

    def _send_check(self, index: int) -> None:
        """Send the n-th subscriber's check; after the last one comes the publisher."""
        if index == self.subscribers:
            self.publisher.socket.sendto(check(PUBLISHER), self._to)
            return
        if index in self.listeners:
            self.listeners[index].socket.sendto(self._checks[index], self._to)
            return
        self.sink.send_from(index, self._checks[index], self._to)

    def _drain(self) -> None:
        self.publisher.drain()
        self.sink.drain()
        for listener in self.listeners.values():
            listener.drain()
