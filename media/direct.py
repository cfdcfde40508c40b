"""An end inside this process: how a recorder, a camera or an encoder takes part."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from media.consumer import Consumer
from media.endpoint import Endpoint
from media.types import TransportState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from media.producer import Producer
    from media.router import Router
    from media.types import SlotParameters
    from media.worker import Worker

QUEUE_LIMIT = 4096  # packets; about ten seconds of a 720p picture


class DirectConsumer(Consumer):
    """A slot whose packets are read in this process.

    A slow reader loses whole batches at its own queue and nobody waits for it.
    """

    def __init__(
        self, consumer: int, parameters: SlotParameters, transport: Endpoint, limit: int
    ) -> None:
        super().__init__(consumer, parameters, transport)
        self.dropped = 0  # packets
        self._limit = limit
        self._waiting = 0
        self._batches: deque[tuple[float, list[bytes]]] = deque()  # with the time they came
        self._news = asyncio.Event()

    async def batches(self) -> AsyncIterator[list[bytes]]:
        """Yield plain RTP packets as they come, until the slot is closed.

        RTCP sender reports come among them; RFC 5761 section 4 tells the two apart.
        """
        while True:
            while self._batches:
                _, batch = self._batches.popleft()
                self._waiting -= len(batch)
                yield batch
            if self.closed:
                return
            await self.news()

    async def news(self) -> None:
        """Return when packets wait, when the slot is closed, or after `nudge`."""
        if not self._batches and not self.closed:
            await self._news.wait()
        self._news.clear()

    def nudge(self) -> None:
        """Let who waits for news look at something else."""
        self._news.set()

    def take(self) -> list[tuple[float, list[bytes]]]:
        """Return the batches that wait, each with the worker's time at which it came."""
        batches = list(self._batches)
        self._batches.clear()
        self._waiting = 0
        return batches

    def handle_packets(self, packets: list[bytes]) -> None:
        """Take packets from the engine."""
        if self._waiting + len(packets) > self._limit:
            self.dropped += len(packets)
            return
        self._waiting += len(packets)
        self._batches.append((self.transport.worker.timers.time(), packets))
        self._news.set()

    def close(self) -> None:
        """End the slot; what is already queued can still be read."""
        super().close()
        self._news.set()


class DirectTransport(Endpoint):
    """A transport without network: plain RTP in and out."""

    def __init__(self, worker: Worker, router: Router) -> None:
        super().__init__(worker, router)
        worker.engine.direct_transport_create(self.id, router.id)
        self._set_state(TransportState.CONNECTED)

    def send(self, producer: Producer, packets: Sequence[bytes]) -> None:
        """Feed plain RTP or RTCP packets as the producer's peer would send them.

        Raises TransportClosed.
        """
        self._check_open()
        self.worker.engine.packets_send(producer.id, list(packets))

    def consume(self, parameters: SlotParameters, limit: int = QUEUE_LIMIT) -> DirectConsumer:
        """Open a slot that holds at most `limit` unread packets.

        Raises TransportClosed.
        """
        self._check_open()
        return self._adopt(DirectConsumer(self.worker.next_id(), parameters, self, limit))
