"""Starting and stopping the process: sockets, signals, the first administrator."""

import asyncio
import errno
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import structlog
from aiohttp import web

from server import __version__, accounts
from server.app import build_services, create_app
from server.directory import hold_directory, prepare_directory
from server.errors import DatabaseUnavailable, StartError
from server.pages import STATIC
from server.rooms import open_media
from server.services import Services
from server.settings import Settings

log = structlog.get_logger(__name__)

# A request line and headers of a browser have 2 kB; our cookies are short.
MAX_HEADER = 8190
MAX_HEADERS = 64
# s; also all the time a request line and its headers may take, which stops those who dawdle
KEEP_ALIVE = 12.0


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers at `origin`."""

    services: Services
    origin: str
    port: int


@asynccontextmanager
async def run_server(settings: Settings, static: Path = STATIC) -> AsyncIterator[Running]:
    """Run the server for the length of the block; raises StartError."""
    directory = prepare_directory(settings)
    with hold_directory(directory):
        async with open_media(settings.media) as rooms:
            services = build_services(settings, rooms)
            runner = web.AppRunner(
                create_app(services, static),
                access_log=None,
                handle_signals=False,
                keepalive_timeout=KEEP_ALIVE,
                max_line_size=MAX_HEADER,
                max_field_size=MAX_HEADER,
                max_headers=MAX_HEADERS,
                shutdown_timeout=settings.server.stop_seconds,
            )
            try:
                await _set_up(runner, services)
                port = await _listen(runner, settings)
                yield Running(services, _origin(settings, port), port)
            finally:
                await runner.cleanup()


async def _set_up(runner: web.AppRunner, services: Services) -> None:
    try:
        await runner.setup()
    except DatabaseUnavailable:
        await services.database.close()
        raise


async def _listen(runner: web.AppRunner, settings: Settings) -> int:
    host, port = settings.server.host, settings.server.port
    site = web.TCPSite(runner, host, port, reuse_address=True)
    try:
        await site.start()
    except OSError as error:
        reason = "another program uses it" if error.errno == errno.EADDRINUSE else error.strerror
        raise StartError(
            f"The address {host}:{port} (TCP) can not be opened: {reason or error}. "
            "Stop that program or set server.port in the settings."
        ) from error
    address = runner.addresses[0]
    return int(address[1])


def _origin(settings: Settings, port: int) -> str:
    if settings.server.base_url:
        return settings.server.base_url
    everywhere = settings.server.host in ("0.0.0.0", "::", "127.0.0.1", "::1", "")  # noqa: S104
    host = "localhost" if everywhere else settings.server.host
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def first_link(running: Running) -> str | None:
    """Return a sign-in link for the first administrator, as long as nobody used one."""
    services = running.services
    now = services.clock.now()
    life = timedelta(hours=services.settings.auth.link_hours)
    async with services.database.write() as session:
        person = await accounts.first_administrator(session, now)
        if person is None:
            return None
        await accounts.drop_unused_links(session, person.id)
        link = await accounts.add_link(session, person.id, now, life)
    return link.url(running.origin)


async def wait_for_stop() -> None:
    """Return when the process is asked to end."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()


async def serve_forever(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM."""
    async with run_server(settings) as running:
        link = await first_link(running)
        print(f"Darsgoh {__version__} is open at {running.origin}", flush=True)  # noqa: T201
        if link is not None:
            print(f"The first administrator signs in once with:\n\n  {link}\n", flush=True)  # noqa: T201
        await wait_for_stop()
        log.info("stopping")
