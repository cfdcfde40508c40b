"""One room's exchange: packets never cross from one router to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from media.direct import DirectTransport
from media.errors import Closed
from media.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Callable

    from media.endpoint import Endpoint
    from media.types import CloseReason, IceCredentials
    from media.worker import Worker


class Router:
    """The transports between which packets are forwarded."""

    def __init__(self, worker: Worker) -> None:
        self.id = worker.next_router_id()
        self.closed = False
        self.transports: dict[int, Endpoint] = {}
        self._leaving: dict[int, Endpoint] = {}  # closed, but still saying goodbye
        self._worker = worker
        self._on_close: list[Callable[[CloseReason], None]] = []
        worker.routers[self.id] = self
        worker.engine.router_create(self.id)

    def create_transport(self, ice: IceCredentials | None = None) -> Transport:
        """Open an end for a peer on the network.

        Raises Closed.
        """
        self._check_open()
        transport = Transport(self._worker, self, ice)
        self.transports[transport.id] = transport
        return transport

    def create_direct_transport(self) -> DirectTransport:
        """Open an end in this process.

        Raises Closed.
        """
        self._check_open()
        transport = DirectTransport(self._worker, self)
        self.transports[transport.id] = transport
        return transport

    def on_close(self, callback: Callable[[CloseReason], None]) -> None:
        """Call back once when the router has ended, after everything in it."""
        self._on_close.append(callback)

    def forget(self, transport: Endpoint) -> None:
        """Let go of a transport that closes; it still says goodbye until `release`."""
        self.transports.pop(transport.id, None)
        self._leaving[transport.id] = transport

    def release(self, transport: Endpoint) -> None:
        """Forget a transport that has said goodbye; the last one takes a closed router along."""
        self._leaving.pop(transport.id, None)
        if self.closed and not self._leaving:
            self._worker.engine.router_close(self.id)

    def close(self, reason: CloseReason) -> None:
        """End the router with its transports; safe to call twice."""
        if self.closed:
            return
        self.closed = True
        self._worker.routers.pop(self.id, None)
        empty = not self.transports and not self._leaving
        for transport in list(self.transports.values()):
            transport.close(reason)
        if empty:
            self._worker.engine.router_close(self.id)
        for callback in self._on_close:
            callback(reason)

    def _check_open(self) -> None:
        if self.closed:
            raise Closed("The router is closed.")
