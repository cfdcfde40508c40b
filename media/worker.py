"""Python's handle on the engine."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from media.types import Candidate


class Worker:
    """The media port, its threads and everything that goes over it."""

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        address: str = "127.0.0.1",
        port: int = 0,
        threads: int = 1,
        announced: Sequence[str] = (),
    ) -> AsyncIterator[Worker]:
        """Bind the media port and keep it for the length of the block.

        `announced` are the addresses told to peers; without any, this machine's own.
        """
        raise NotImplementedError
        yield

    def candidates(self) -> list[Candidate]:
        """Return where the media port can be reached."""
        raise NotImplementedError

    def counters(self) -> dict[str, int]:
        """Return the engine's totals since start, with those of the DTLS handshakes."""
        raise NotImplementedError
