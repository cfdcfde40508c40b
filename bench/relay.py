"""The same path where no namespace can be made: a bucket of our own between two sockets.

It is as exact as a thread of Python wakes up, so nothing is measured on it.
"""

import contextlib
import select
import socket
import threading
from collections import deque
from time import monotonic
from types import TracebackType
from typing import Final, Self

from bench.narrow import QUEUE_MS

STEP: Final = 0.002  # seconds between two looks
OVERHEAD: Final = 42  # bytes of Ethernet, IP and UDP
LOOPBACK: Final = "127.0.0.1"


class Relay:
    """A way to a student on this machine of which the rate can be changed."""

    def __init__(self) -> None:
        self.near = LOOPBACK
        self._rate = 0.0  # bytes a second
        self._queue: deque[tuple[float, bytes]] = deque()  # when it is through, and what
        self._busy_until = 0.0
        self._stop = threading.Event()
        self._engine = self._open()  # what the engine sees
        self._student = self._open()
        self._to: tuple[str, int] | None = None
        self._back: tuple[str, int] | None = None
        self._thread = threading.Thread(target=self._carry_on)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._engine.close()
        self._student.close()

    def carry(self, kbits: int) -> None:
        """Let so many kbit/s through from now on."""
        self._rate = kbits * 1000 / 8

    def entrance(self, port: int) -> tuple[str, int]:
        """Return where the student reaches the engine's port."""
        self._to = (LOOPBACK, port)
        return (LOOPBACK, int(self._student.getsockname()[1]))

    def open_socket(self) -> socket.socket:
        """Return the student's socket."""
        return self._open()

    @staticmethod
    def _open() -> socket.socket:
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        opened.bind((LOOPBACK, 0))
        opened.setblocking(False)
        return opened

    def _carry_on(self) -> None:
        while not self._stop.is_set():
            select.select([self._engine, self._student], [], [], STEP)
            with contextlib.suppress(BlockingIOError):
                while True:
                    datagram, self._back = self._student.recvfrom(2048)
                    if self._to is not None:
                        self._engine.sendto(datagram, self._to)
            with contextlib.suppress(BlockingIOError):
                while True:
                    self._admit(self._engine.recv(2048))
            self._let_go()

    def _admit(self, datagram: bytes) -> None:
        now = monotonic()
        begin = max(now, self._busy_until)
        if begin - now > QUEUE_MS / 1000:
            return
        self._busy_until = begin + (len(datagram) + OVERHEAD) / self._rate
        self._queue.append((self._busy_until, datagram))

    def _let_go(self) -> None:
        now = monotonic()
        while self._queue and self._queue[0][0] <= now and self._back is not None:
            with contextlib.suppress(BlockingIOError):
                self._student.sendto(self._queue.popleft()[1], self._back)
