"""Looks at the machine and says what is wrong and what to do about it."""

import asyncio
import ipaddress
import socket
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from recordings.objects import StoreAway
from server.database import Database, explain
from server.directory import disk_trouble, prepare_directory
from server.errors import StartError
from server.recordings.depot import open_objects
from server.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

MIN_PYTHON = (3, 11)
# 50 Mbit/s of media in 100 ms, the longest pause of a busy machine, twice over.
WANTED_BUFFER = 1_250_000
_RMEM = Path("/proc/sys/net/core/rmem_max")
_WMEM = Path("/proc/sys/net/core/wmem_max")
WANTED_FILES = 4096  # open files; each page takes one, each WebSocket stays


class State(StrEnum):
    """How something is."""

    GOOD = "good"
    POOR = "poor"  # works, but not for many
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    what: str
    state: State
    detail: str
    remedy: str = ""

    def to_json(self) -> dict[str, str]:
        """Return the finding for machines."""
        return {
            "what": self.what,
            "state": self.state.value,
            "detail": self.detail,
            "remedy": self.remedy,
        }


def _good(what: str, detail: str) -> Finding:
    return Finding(what, State.GOOD, detail)


async def examine(settings: Settings) -> list[Finding]:
    """Look at everything a lesson needs."""
    looks: list[Callable[[], Awaitable[Finding]]] = [
        look_at_python,
        look_at_engine,
        look_at_pages,
        lambda: look_at_data(settings),
        lambda: look_at_database(settings),
        lambda: look_at_store(settings),
        lambda: look_at_http_port(settings),
        lambda: look_at_media_port(settings),
        lambda: look_at_tcp_ports(settings),
        look_at_buffers,
        look_at_files,
        lambda: look_at_addresses(settings),
        lambda: look_at_encryption(settings),
    ]
    return [await look() for look in looks]


async def look_at_python() -> Finding:
    """Check the version of Python."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info >= MIN_PYTHON:
        return _good("Python", version)
    return Finding("Python", State.WRONG, version, "Install Python 3.11 or newer.")


async def look_at_engine() -> Finding:
    """Check that the media engine can be loaded."""
    try:
        from media import _engine  # noqa: PLC0415 - its absence is what is looked for
    except ImportError as error:
        return Finding("engine", State.WRONG, f"It can not be loaded: {error}", "Run `make build`.")
    return _good("engine", Path(str(_engine.__file__)).name)


async def look_at_pages() -> Finding:
    """Check that the front end is built."""
    from server.pages import STATIC  # noqa: PLC0415 - brings the whole application along

    if (STATIC / "index.html").is_file():
        return _good("pages", "built")
    return Finding("pages", State.WRONG, "They are not built.", "Run `make build`.")


async def look_at_data(settings: Settings) -> Finding:
    """Check the data directory and its disk."""
    try:
        directory = prepare_directory(settings)
    except StartError as error:
        return Finding("data", State.WRONG, str(error), "Free space or choose another directory.")
    trouble = await asyncio.to_thread(disk_trouble, directory)
    if trouble is not None:
        return Finding("data", State.POOR, trouble, "Free some space or fix the rights.")
    return _good("data", str(directory.resolve()))


async def look_at_database(settings: Settings) -> Finding:
    """Check that the database answers and has our tables."""
    try:
        database = Database.open(settings)
    except StartError as error:
        return Finding("database", State.WRONG, str(error), "Correct database.url.")
    try:
        await database.check()
        pending = await database.pending_migrations()
        safe = await database.waits_for_disk()
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        sentence = explain(error, database.engine.url)
        return Finding("database", State.WRONG, sentence, "Start it or correct database.url.")
    finally:
        await database.close()
    if not safe:
        sentence = "PostgreSQL does not wait for its disk: a power cut loses what was acknowledged."
        return Finding("database", State.POOR, sentence, "Set fsync = on in postgresql.conf.")
    name = "SQLite" if database.is_sqlite else "PostgreSQL"
    return _good("database", f"{name}; the next start updates it" if pending else name)


async def look_at_store(settings: Settings) -> Finding:
    """Look whether recordings can go to the store, if there is one."""
    what, objects = "store of recordings", open_objects(settings.recordings)
    if objects is None:
        return _good(what, "none: recordings stay in the data directory")
    try:
        await objects.check()
    except (StoreAway, FileNotFoundError) as error:
        remedy = "Check recordings.store, store_endpoint, store_region and the keys."
        detail = f"{settings.recordings.store} does not answer as it should: {error}"
        return Finding(what, State.WRONG, detail, remedy)
    return _good(what, f"{settings.recordings.store} answers")


async def look_at_http_port(settings: Settings) -> Finding:
    """Check that the pages' port is free, or that it is us who have it."""
    host, port = settings.server.host, settings.server.port
    return _look_at_port("pages' port", host, port, socket.SOCK_STREAM, "server.port")


async def look_at_media_port(settings: Settings) -> Finding:
    """Check that the media port is free."""
    address, port = settings.media.address, settings.media.port
    return _look_at_port("media port", address, port, socket.SOCK_DGRAM, "media.port")


async def look_at_tcp_ports(settings: Settings) -> Finding:
    """Check that those whose network blocks UDP find an open door."""
    what, media = "media over TCP", settings.media
    if not media.tcp_ports:
        remedy = "Set media.tcp_ports, for instance to [0] or [443], and open them in the firewall."
        return Finding(what, State.POOR, "Where UDP is blocked, nobody hears anything.", remedy)
    ports = [port or media.port for port in media.tcp_ports]
    looks = [
        _look_at_port(what, media.address, port, socket.SOCK_STREAM, "media.tcp_ports")
        for port in ports
    ]
    bad = [look for look in looks if look.state is not State.GOOD]
    return bad[0] if bad else _good(what, ", ".join(look.detail for look in looks))


def _look_at_port(
    what: str, host: str, port: int, kind: socket.SocketKind, setting: str
) -> Finding:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    protocol = "TCP" if kind is socket.SOCK_STREAM else "UDP"
    with socket.socket(family, kind) as probe:
        if kind is socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return Finding(
                what,
                State.POOR,
                f"{host}:{port}/{protocol} is not free: {error.strerror}.",
                f"That is so while Darsgoh runs; else stop the other program or set {setting}.",
            )
    return _good(what, f"{host}:{port}/{protocol}")


async def look_at_buffers() -> Finding:
    """Check how much the system lets a UDP socket hold."""
    try:
        sizes = [int(path.read_text()) for path in (_RMEM, _WMEM)]
    except (OSError, ValueError):
        return _good("UDP buffers", "not known on this system")
    if min(sizes) >= WANTED_BUFFER:
        return _good("UDP buffers", f"{min(sizes)} bytes")
    return Finding(
        "UDP buffers",
        State.POOR,
        f"{min(sizes)} bytes; enough for a few dozen students.",
        f"sysctl -w net.core.rmem_max={2 * WANTED_BUFFER} "
        f"net.core.wmem_max={2 * WANTED_BUFFER} (and in /etc/sysctl.d).",
    )


async def look_at_files() -> Finding:
    """Check how many files the process may hold open."""
    import resource  # noqa: PLC0415 - not on every system

    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= WANTED_FILES or soft == resource.RLIM_INFINITY:
        return _good("open files", str(soft))
    return Finding(
        "open files",
        State.POOR,
        f"{soft}; each student needs one or two.",
        "Set LimitNOFILE=65536 in the service, or run `ulimit -n 65536`.",
    )


async def look_at_addresses(settings: Settings) -> Finding:
    """Check that browsers elsewhere can be told where to send to."""
    announced = [ipaddress.ip_address(text) for text in settings.media.announced]
    if announced:
        return _good("announced address", ", ".join(map(str, announced)))
    bound = ipaddress.ip_address(settings.media.address)
    if bound.is_loopback:
        return Finding(
            "announced address",
            State.POOR,
            "Only browsers on this machine reach the media port.",
            "Set media.address to 0.0.0.0.",
        )
    return Finding(
        "announced address",
        State.POOR,
        "Browsers are told this machine's own addresses.",
        "Behind NAT (most cloud machines) set media.announced to the public address.",
    )


async def look_at_encryption(settings: Settings) -> Finding:
    """Check that browsers will open camera and microphone."""
    base = settings.server.base_url
    if base.startswith("https://"):
        return _good("HTTPS", base)
    return Finding(
        "HTTPS",
        State.POOR,
        "Without it browsers give camera and microphone to this machine only.",
        "Put a proxy such as Caddy before Darsgoh and set server.base_url to its https address.",
    )
