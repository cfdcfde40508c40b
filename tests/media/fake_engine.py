"""Stand-ins for the two doors of media control: the engine and the clock."""

from __future__ import annotations

import heapq
import itertools
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

COMMANDS = (
    "router_create",
    "router_close",
    "transport_create",
    "direct_transport_create",
    "transport_restart_ice",
    "transport_set_keys",
    "transport_probe",
    "transport_close",
    "producer_create",
    "producer_close",
    "keyframe_request",
    "consumer_create",
    "consumer_set_producer",
    "consumer_set_limit",
    "consumer_close",
    "packets_send",
)


class FakeEngine:
    """Records what it is told and says what the test tells it to."""

    def __init__(self, port: int = 40000) -> None:
        self.port = port
        self.tcp_ports: list[int] = []
        self.commands: list[tuple[Any, ...]] = []
        self.sent: list[tuple[int, bytes]] = []
        self.on_dtls: Callable[[int, bytes], None] | None = None
        self.refused: set[str] = set()  # commands that raise ValueError
        self.closed = False
        self.stats: dict[int, dict[str, Any]] = {}  # what differs from nothing, by transport
        self._events: list[tuple[Any, ...]] = []
        self.event_fd = os.eventfd(0, os.EFD_NONBLOCK)

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name not in COMMANDS:
            raise AttributeError(name)

        def command(*args: Any) -> None:
            if name in self.refused:
                raise ValueError(name)
            self.commands.append((name, *args))

        return command

    def dtls_send(self, transport: int, datagram: bytes) -> None:
        self.sent.append((transport, datagram))
        if self.on_dtls is not None:
            self.on_dtls(transport, datagram)

    def inject(self, *events: tuple[Any, ...]) -> None:
        self._events.extend(events)
        os.eventfd_write(self.event_fd, 1)

    def poll_events(self) -> list[tuple[Any, ...]]:
        os.eventfd_read(self.event_fd)
        events, self._events = self._events, []
        return events

    def counters(self) -> dict[str, int]:
        return {"packets_received": 1}

    def transport_stats(self, transport: int) -> dict[str, Any] | None:
        own = {"address": None, "packets_sent": transport}
        return {**own, "fraction_lost": None, "round_trip_ms": None} | self.stats.get(transport, {})

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            os.close(self.event_fd)

    def named(self, name: str) -> list[tuple[Any, ...]]:
        """Return the arguments of every command of one name."""
        return [command[1:] for command in list(self.commands) if command[0] == name]

    def shown(self) -> dict[int, int | None]:
        """Return the newest producer of each consumer."""
        return dict(self.named("consumer_set_producer"))


class FakeTimer:
    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self.callback = None


class FakeTimers:
    """A clock that moves only when a test advances it."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._order = itertools.count()
        self._waiting: list[tuple[float, int, FakeTimer]] = []

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, callback: Callable[[], None]) -> FakeTimer:
        timer = FakeTimer(callback)
        heapq.heappush(self._waiting, (self.now + delay, next(self._order), timer))
        return timer

    def advance(self, seconds: float) -> None:
        until = self.now + seconds
        while self._waiting and self._waiting[0][0] <= until:
            self.now, _, timer = heapq.heappop(self._waiting)
            if timer.callback is not None:
                timer.callback()
        self.now = until

    @property
    def pending(self) -> int:
        return sum(timer.callback is not None for _, _, timer in self._waiting)
