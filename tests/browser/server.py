"""A real `darsgoh serve` of its own: free ports, an empty data directory, killable."""

import asyncio
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

ROOT = Path(__file__).parent.parent.parent
START_TIMEOUT = 120  # seconds; two cores may be busy with everything else
STOP_TIMEOUT = 60
LINK = re.compile(r"/sign-in#([\w~.-]+)")


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def free_media_port() -> int:
    """Return a number that is free on UDP and on TCP."""
    while True:
        port = free_port()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


@dataclass
class RunningServer:
    """One server process; `start` after `kill` is the same server coming back."""

    data: Path
    port: int = field(default_factory=free_port)
    media_port: int = field(default_factory=free_media_port)
    admin_token: str = ""
    _process: asyncio.subprocess.Process | None = None
    _log: Path = field(init=False)

    def __post_init__(self) -> None:
        self._log = self.data / "server.log"

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def log(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def faults(self) -> list[str]:
        """Return what the server has logged as faults of its own."""
        return [line for line in self.log().splitlines() if '"level": "error"' in line]

    async def start(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "server", "serve",
                cwd=ROOT, env=self._environment(), stdout=log, stderr=log,
            )  # fmt: skip
        await self._wait_until_ready()
        self.admin_token = self.admin_token or await self._printed_token()

    async def start_again_if_ended(self) -> None:
        """Come back after a test that killed the server and did not get as far as its start."""
        if self._process is None or self._process.returncode is not None:
            await self.start()

    async def kill(self) -> None:
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        await self._end(signal.SIGTERM)

    async def _end(self, number: signal.Signals) -> None:
        if self._process is None or self._process.returncode is not None:
            return
        self._process.send_signal(number)
        await asyncio.wait_for(self._process.wait(), STOP_TIMEOUT)

    def _environment(self) -> dict[str, str]:
        return os.environ | {
            "DARSGOH_DATA__DIRECTORY": str(self.data),
            "DARSGOH_SERVER__PORT": str(self.port),
            "DARSGOH_MEDIA__PORT": str(self.media_port),
            "DARSGOH_MEDIA__ADDRESS": "127.0.0.1",
            "DARSGOH_MEDIA__ANNOUNCED": "127.0.0.1",
            "DARSGOH_PAGES__LANGUAGE": "en",
            "NO_COLOR": "1",
        }

    async def _wait_until_ready(self) -> None:
        deadline = asyncio.get_running_loop().time() + START_TIMEOUT
        async with aiohttp.ClientSession() as http:
            while asyncio.get_running_loop().time() < deadline:
                if self._process is None or self._process.returncode is not None:
                    raise AssertionError(f"the server ended while starting:\n{self.log()}")
                try:
                    async with http.get(f"{self.url}/readyz") as response:
                        if response.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.1)
        raise AssertionError(f"the server was not ready in {START_TIMEOUT} s:\n{self.log()}")

    async def _printed_token(self) -> str:
        """Return the first administrator's token, which is printed after the doors are open."""
        deadline = asyncio.get_running_loop().time() + START_TIMEOUT
        while (found := LINK.search(self.log())) is None:
            if asyncio.get_running_loop().time() > deadline:
                raise AssertionError(f"no sign-in link was printed:\n{self.log()}")
            await asyncio.sleep(0.05)
        return found[1]


class Staff:
    """A staff member at work through the HTTP API."""

    def __init__(self, http: aiohttp.ClientSession, server: RunningServer) -> None:
        self._http = http
        self._server = server

    async def call(self, method: str, path: str, body: object = None) -> Any:
        url, headers = self._server.url + path, {"Sec-Fetch-Site": "same-origin"}
        async with self._http.request(method, url, json=body, headers=headers) as response:
            text = await response.text()
            assert response.status < 300, f"{method} {path}: {response.status} {text}"
            return await response.json() if text else None

    async def create_course(self, title: str) -> dict[str, Any]:
        course: dict[str, Any] = await self.call("POST", "/api/courses", {"title": title})
        return course

    async def create_lesson(self, course: str, title: str) -> dict[str, Any]:
        path = f"/api/courses/{course}/lessons"
        lesson: dict[str, Any] = await self.call("POST", path, {"title": title})
        return lesson

    async def invite(self, course: str, name: str, role: str) -> str:
        """Return the path of the new person's sign-in link."""
        body = {"name": name, "role": role}
        answer = await self.call("POST", f"/api/courses/{course}/members", body)
        found = LINK.search(answer["link"])
        assert found, answer
        return f"/sign-in#{found[1]}"


@asynccontextmanager
async def staff_member(server: RunningServer) -> AsyncIterator[Staff]:
    """Use up the first administrator's link."""
    jar = aiohttp.CookieJar(unsafe=True)
    # Between two tests the server may be just closing a connection that was kept.
    connector = aiohttp.TCPConnector(force_close=True)
    async with aiohttp.ClientSession(cookie_jar=jar, connector=connector) as http:
        staff = Staff(http, server)
        await staff.call("POST", "/api/sign-in/link", {"token": server.admin_token})
        yield staff
