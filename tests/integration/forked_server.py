"""A real `darsgoh serve` that is back at once: everything is loaded once and forked for a start."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import aiohttp

from tests.browser.server import ROOT, free_port

# Each line it reads is a start; what it forks is the whole program with its command line.
_FORKER = """
import os, signal, sys
import server.__main__ as program
import server.serve, uvloop, aiosqlite, psycopg
signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel forgets who has ended
while sys.stdin.readline():
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        sys.argv = ["darsgoh", "serve"]
        program.main()
    print(child, flush=True)
"""
# Bounds, not targets: two hundred starts are a quarter of an hour beside everything else.
START_TIMEOUT = 180  # seconds
STOP_TIMEOUT = 90  # seconds
_GONE_SECONDS = 0.01  # between looks whether a killed process is gone


class ForkedServer:
    """One server that can be killed and started many times a minute."""

    def __init__(self, data: Path, database: str = "") -> None:
        self.port = free_port()
        self.starts: list[float] = []  # how long each took until it was ready, in seconds
        self._log = data / "server.log"
        self._environment = os.environ | {
            "DARSGOH_DATA__DIRECTORY": str(data),
            "DARSGOH_DATABASE__URL": database,
            "DARSGOH_SERVER__PORT": str(self.port),
            "DARSGOH_MEDIA__PORT": "0",
            "DARSGOH_MEDIA__ADDRESS": "127.0.0.1",
            "DARSGOH_MEDIA__ANNOUNCED": "127.0.0.1",
            "NO_COLOR": "1",
        }
        self._forker: asyncio.subprocess.Process | None = None
        self._child: int | None = None

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def log(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    async def open(self) -> None:
        """Load the program without starting it."""
        with self._log.open("ab") as log:
            self._forker = await asyncio.create_subprocess_exec(
                sys.executable, "-c", _FORKER, cwd=ROOT, env=self._environment,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=log,
            )  # fmt: skip

    async def start(self) -> None:
        """Start, and wait until it is ready."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        assert self._forker
        assert self._forker.stdin
        self._forker.stdin.write(b"\n")
        self._child = await self._read_pid()
        await self._wait_until_ready()
        self.starts.append(loop.time() - began)

    async def _read_pid(self) -> int:
        assert self._forker
        assert self._forker.stdout
        async with asyncio.timeout(START_TIMEOUT):
            # What the server prints shares the pipe; a number alone is no sentence of its.
            while line := await self._forker.stdout.readline():
                if line.strip().isdigit():
                    return int(line)
        raise AssertionError(f"the program could not be loaded:\n{self.log()}")

    async def _wait_until_ready(self) -> None:
        async with aiohttp.ClientSession() as http, asyncio.timeout(START_TIMEOUT):
            while True:
                assert self._is_running(), f"the server ended while starting:\n{self.log()}"
                try:
                    async with http.get(f"{self.url}/readyz") as response:
                        if response.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.05)

    def _is_running(self) -> bool:
        try:
            os.kill(self._child or 0, 0)
        except ProcessLookupError:
            return False
        return self._child is not None

    async def kill(self) -> None:
        """End it with SIGKILL, which nothing can prepare for."""
        await self._end(signal.SIGKILL)

    async def _end(self, number: signal.Signals) -> None:
        if self._child is None:
            return
        if self._is_running():
            os.kill(self._child, number)
        async with asyncio.timeout(STOP_TIMEOUT):
            while self._is_running():  # noqa: ASYNC110 - no child of ours, nobody tells us
                await asyncio.sleep(_GONE_SECONDS)
        self._child = None

    async def close(self) -> None:
        """Stop in order, and forget what was loaded."""
        await self._end(signal.SIGTERM)
        if self._forker is not None:
            self._forker.kill()
            await self._forker.wait()
