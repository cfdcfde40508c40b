"""Python's handle on the engine: commands go down, events come up and find whom they concern."""

from __future__ import annotations

import asyncio
import ipaddress
import itertools
import logging
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Protocol, cast

import ifaddr

from media import _engine
from media.allocator import Allocator
from media.direct import DirectConsumer
from media.dtls import Handshakes
from media.errors import WorkerClosed
from media.hush import Hush
from media.router import Router
from media.transport import Transport
from media.types import Candidate, CloseReason, Layer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from media._engine import Engine, Event
    from media.consumer import Consumer
    from media.endpoint import Endpoint
    from media.producer import Producer

logger = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"  # the candidate of a machine without any network


class Timer(Protocol):
    """Something that will happen."""

    def cancel(self) -> None:
        """Let it not happen."""


class Timers(Protocol):
    """The clock of the media package; an event loop is one, tests bring their own."""

    def time(self) -> float:
        """Return seconds since some fixed moment."""

    def call_later(self, delay: float, callback: Callable[[], None]) -> Timer:
        """Call back after so many seconds."""


class Worker:
    """The media port, its threads and everything that goes over it."""

    def __init__(
        self,
        engine: Engine,
        address: str = LOOPBACK,
        announced: Sequence[str] = (),
        timers: Timers | None = None,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.engine = engine
        self.timers: Timers = timers or cast("Timers", loop)
        self.handshakes = Handshakes(engine)
        self.routers: dict[int, Router] = {}
        self.transports: dict[int, Endpoint] = {}
        self.producers: dict[int, Producer] = {}
        self.consumers: dict[int, Consumer] = {}
        self.closed = False
        self._allocator = Allocator(self.timers)
        self._failures, self._mishandled = Hush(), Hush()
        self._addresses = list(announced) or reachable_addresses(address)
        self._ids = itertools.count(1)
        self._router_ids = itertools.count(1)
        self._loop = loop
        self._fd = engine.event_fd
        loop.add_reader(self._fd, self._drain)

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        address: str = LOOPBACK,
        port: int = 0,
        threads: int = 1,
        announced: Sequence[str] = (),
        *,
        tcp_ports: Sequence[int] = (),
        marks: bool = True,
    ) -> AsyncIterator[Worker]:
        """Bind the media port and keep it for the length of the block.

        `announced` are the addresses told to peers; without any, this machine's own. A TCP port
        of 0 has the number of the UDP port. `marks` is whether packets carry a DSCP (RFC 8837).
        Raises OSError when a port is taken or the address is not ours.
        """
        engine = _engine.Engine(
            address=address, port=port, threads=threads, tcp_ports=list(tcp_ports), marks=marks
        )
        worker = cls(engine, address, announced)
        try:
            yield worker
        finally:
            await worker.close()

    @property
    def port(self) -> int:
        """Return the bound UDP port."""
        return self.engine.port

    def candidates(self) -> list[Candidate]:
        """Return where the media port can be reached, on UDP first."""
        on_udp = [Candidate(one, self.engine.port) for one in self._addresses]
        tcp_ports = self.engine.tcp_ports
        return on_udp + [
            Candidate(one, port, "tcp") for port in tcp_ports for one in self._addresses
        ]

    def create_router(self) -> Router:
        """Open an exchange for one room.

        Raises WorkerClosed.
        """
        if self.closed:
            raise WorkerClosed
        return Router(self)

    def counters(self) -> dict[str, int]:
        """Return the engine's totals since start, with those of the DTLS handshakes."""
        dtls = asdict(self.handshakes.counters)
        return self.engine.counters() | {f"dtls_{name}": value for name, value in dtls.items()}

    async def close(self) -> None:
        """Say goodbye to everybody and close the port; safe to call twice."""
        if self.closed:
            return
        self.closed = True
        self._loop.remove_reader(self._fd)
        self._allocator.close()
        for router in list(self.routers.values()):
            router.close(CloseReason.WORKER_CLOSED)
        await self.handshakes.close()
        self.engine.close()

    def next_id(self) -> int:
        """Return an id for a transport, producer or consumer."""
        return next(self._ids)

    def next_router_id(self) -> int:
        """Return an id for a router; they are consecutive, which spreads them over the threads."""
        return next(self._router_ids)

    def _drain(self) -> None:
        for event in self.engine.poll_events():
            try:
                self._dispatch(event)
            except Exception:
                if (more := self._mishandled.passes(self.timers.time())) is not None:
                    logger.exception("the event %s was not handled%s", event[0], more)

    def _dispatch(self, event: Event) -> None:
        # What is named may be gone already: closing crosses events on the way.
        match event:
            case ("dtls_received", int(transport), bytes(datagram)):
                if isinstance(peer := self.transports.get(transport), Transport):
                    peer.handle_datagram(datagram)
            case ("packets_received", int(), int(consumer), list(packets)):
                if isinstance(reader := self.consumers.get(consumer), DirectConsumer):
                    reader.handle_packets(packets)
            case ("audio_levels" | "estimates" | "layers" as name, list(values)):
                self._dispatch_values(name, values)
            case ("room_failed", int(router), message):
                self._handle_failure(router, message)
            case (str(name), int(number), *rest):
                self._dispatch_named(name, number, rest)
            case _:
                logger.warning("an event of no known shape: %r", event[:1])

    def _dispatch_values(self, name: str, values: list[tuple[int, Any]]) -> None:
        for number, value in values:
            producer, peer = self.producers.get(number), self.transports.get(number)
            if name == "estimates" and isinstance(peer, Transport):
                peer.handle_estimate(value)
                self._allocator.note(peer)
            elif name == "audio_levels" and producer is not None:
                producer.handle_level(value)
            elif name == "layers" and producer is not None:
                producer.handle_layers([Layer(*layer) for layer in value])

    def _dispatch_named(self, name: str, number: int, rest: list[object]) -> None:
        match name:
            case "producer_started" | "producer_resumed" | "producer_stalled":
                if (producer := self.producers.get(number)) is not None:
                    producer.handle_flow(name != "producer_stalled")
            case "keyframe_requested":
                if (producer := self.producers.get(number)) is not None:
                    producer.handle_keyframe_wish()
            case "transport_connected" | "transport_migrated":
                if isinstance(peer := self.transports.get(number), Transport):
                    peer.handle_address(str(rest[0]))
                    peer.handle_engine(name)
            case "transport_disconnected" | "transport_expired":
                if (transport := self.transports.get(number)) is not None:
                    transport.handle_engine(name)
            case _:
                logger.warning("an unknown event: %s", name)

    def _handle_failure(self, router: int, message: object) -> None:
        """End what is left of a room on other threads; its room opens another router."""
        if (more := self._failures.passes(self.timers.time())) is not None:
            logger.error("a room failed in the engine and begins anew: %s%s", message, more)
        if (failed := self.routers.get(router)) is not None:
            failed.close(CloseReason.ROOM_FAILED)


def reachable_addresses(bound: str) -> list[str]:
    """Return the addresses under which a socket bound to an address can be reached."""
    address = ipaddress.ip_address(bound)
    if not address.is_unspecified:
        return [bound]
    found = [ip for ip in _interface_addresses() if address.version == 6 or ip.version == 4]
    usable = [str(ip) for ip in found if not (ip.is_loopback or ip.is_link_local)]
    return usable or [LOOPBACK]


def _interface_addresses() -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    ips = [ip.ip for adapter in ifaddr.get_adapters() for ip in adapter.ips]
    return [ipaddress.ip_address(ip if isinstance(ip, str) else ip[0]) for ip in ips]
