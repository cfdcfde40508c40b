"""What is done again and again while the server runs, beside the requests."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger(__name__)


class Rounds:
    """Does something every so many seconds; a round that fails is told, and is not the last."""

    def __init__(self, what: str, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        self._what = what
        self._seconds = seconds
        self._work = work
        self._task: asyncio.Task[None] | None = None

    def start(self, *, at_once: bool = False) -> None:
        """Begin, with a pause first unless `at_once`."""
        self._task = asyncio.create_task(self._go_round(0.0 if at_once else self._seconds))

    async def stop(self) -> None:
        """End, in the middle of a round if need be; safe to call twice."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _go_round(self, pause: float) -> None:
        while True:
            await asyncio.sleep(pause)
            pause = self._seconds
            try:
                await self._work()
            except Exception:  # a fault of today must not end what is needed tomorrow
                log.exception("a round failed", what=self._what)
