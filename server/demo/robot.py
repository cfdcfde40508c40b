"""Keeps the synthetic teacher's process running."""

import asyncio
import contextlib
import sys
from dataclasses import replace
from typing import Final

import structlog

from server.demo.teacher import Order

log = structlog.get_logger(__name__)

RESTART_SECONDS: Final = 2.0  # before a process that ended is started again
LONGEST_RESTART: Final = 60.0
STEADY_SECONDS: Final = 60.0  # a process that lived this long may be restarted at once
STOP_SECONDS: Final = 3.0  # to say good-bye over HTTP; then it is killed


class Robot:
    """The parent's side of the synthetic teacher."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._process: asyncio.subprocess.Process | None = None

    async def run(self) -> None:
        """Keep a process running until cancelled."""
        loop = asyncio.get_running_loop()
        pause = RESTART_SECONDS
        while True:
            began = loop.time()
            code = await self._run_once()
            pause = RESTART_SECONDS if loop.time() - began > STEADY_SECONDS else pause
            log.warning("the demo's teacher ended", exit_code=code, again_in_seconds=pause)
            await asyncio.sleep(pause)
            pause = min(LONGEST_RESTART, pause * 2)

    async def _run_once(self) -> int:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "server.demo",
            stdin=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl+C is for the server, which then says good-bye
        )
        try:
            await self._send(self._order)
            return await self._process.wait()
        finally:
            await self._stop()

    async def _send(self, order: Order) -> None:
        process = self._process
        if process is None or process.stdin is None or process.returncode is not None:
            return
        with contextlib.suppress(ConnectionError):
            process.stdin.write(order.to_line())
            await process.stdin.drain()

    async def _stop(self) -> None:
        """End the process by ending its input; kill it when it does not listen."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def move_to(self, lesson: str) -> None:
        """Teach another lesson from now on."""
        self._order = replace(self._order, lesson=lesson)
        await self._send(self._order)
