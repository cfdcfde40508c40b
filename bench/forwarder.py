"""What stands between a publisher and a class: our engine, or a peer that is measured beside it."""

import contextlib
from dataclasses import dataclass
from typing import Any, Protocol

from pylibsrtp import Policy, Session

from bench.cpu import process_ns
from bench.keys import PUBLISHER, subscriber
from bench.process import read_line, running
from bench.publisher import Publisher
from bench.sink import check


@dataclass(frozen=True, slots=True)
class Seat:
    """A participant's way to the forwarder: its connectivity check, where to, and its keys."""

    check: bytes
    to: tuple[str, int]
    incoming: Session


class Forwarder(Protocol):
    """A running program that forwards one publisher's packets."""

    @property
    def pid(self) -> int:
        """Return its process."""

    def cpu_ns(self) -> int:
        """Return the CPU time of forwarding."""

    def publisher(self) -> tuple[Publisher, Seat]:
        """Return the publisher, who has keys."""

    def seat(self, index: int, port: int) -> Seat:
        """Let the n-th subscriber in, who speaks from this port of its own address."""

    def close(self) -> None:
        """End the process."""


class EngineHost:
    """Our engine in a process of its own, with room for so many, who need no handshake."""

    def __init__(self, subscribers: int, threads: int = 1) -> None:
        self._stack = contextlib.ExitStack()
        self._process, told = self._stack.enter_context(running("bench.host", subscribers, threads))
        self._to = ("127.0.0.1", int(told["port"]))

    @property
    def pid(self) -> int:
        """Return its process."""
        return self._process.pid

    def cpu_ns(self) -> int:
        """Return the CPU time of the engine's threads, without the Python thread beside them."""
        return process_ns(self.pid) - int(self._ask()["python_ns"])

    def publisher(self) -> tuple[Publisher, Seat]:
        """Return the publisher whose keys the engine was given."""
        seat = Seat(check(PUBLISHER), self._to, PUBLISHER.session("from-engine"))
        return Publisher.with_known_keys(), seat

    def seat(self, index: int, port: int) -> Seat:
        """Return the seat of a subscriber whose keys the engine was given."""
        peer = subscriber(index)
        return Seat(check(peer), self._to, peer.session("from-engine", Policy.SSRC_ANY_INBOUND))

    def close(self) -> None:
        """End the process."""
        self._stack.close()

    def _ask(self) -> Any:
        assert self._process.stdin
        self._process.stdin.write("?\n")
        self._process.stdin.flush()
        return read_line(self._process)
