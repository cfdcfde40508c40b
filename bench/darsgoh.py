"""A whole Darsgoh in this process, as the benches' hosts serve it."""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import web

from server.app import build_services, create_app
from server.logs import configure_logs
from server.rooms import open_media
from server.services import Services
from server.settings import Settings

BACKLOG = 1024  # connections that wait: a class comes at once
SHUTDOWN_SECONDS = 1.0  # for requests under way at the end


@contextlib.asynccontextmanager
async def serving(directory: Path, host: str = "127.0.0.1") -> AsyncIterator[tuple[Services, int]]:
    """Serve with everything in this directory; yield its services and port."""
    settings = Settings().with_values(
        data={"directory": directory},
        database={"url": ""},
        media={"address": "127.0.0.1", "port": 0, "announced": ["127.0.0.1"]},
        log={"level": "warning"},
    )
    configure_logs(settings.log)
    async with open_media(settings.media) as rooms:
        services = build_services(settings, rooms)
        runner = web.AppRunner(
            create_app(services), access_log=None, shutdown_timeout=SHUTDOWN_SECONDS
        )
        yield services, await listen(runner, host)
        await runner.cleanup()


async def listen(runner: web.AppRunner, host: str) -> int:
    """Begin to listen on a free port and return it."""
    await runner.setup()
    await web.TCPSite(runner, host, 0, backlog=BACKLOG).start()
    return int(runner.addresses[0][1])


async def say(**facts: object) -> None:
    """Tell the bench in one JSON line, and wait until it lets us go."""
    print(json.dumps(facts), flush=True)
    await asyncio.to_thread(sys.stdin.read)
