"""Waiting for what other threads do, with a limit that only a hang meets."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE = 20  # seconds


async def until(condition: Callable[[], object], patience: float = PATIENCE) -> None:
    """Return when the condition holds; raise TimeoutError when it never does."""
    async with asyncio.timeout(patience):
        while not condition():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.002)
