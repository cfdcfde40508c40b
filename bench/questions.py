"""How long a question takes to be seen by a whole lesson, and what that costs the server.

Beside it, in the same run, the same event is sent to as many by python-socketio and nothing else.
"""

import asyncio
import contextlib
import json
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
import uvloop

from bench.class_host import allow_many_sockets
from bench.cpu import hurry, process_ns, rss_kib
from bench.errors import BenchError
from bench.light_page import LightPage, open_page
from bench.process import running
from bench.report import Report, Target
from server.ids import uuid7
from server.sockets.outgoing import Message

if TYPE_CHECKING:
    import subprocess

SIZES, QUICK_SIZES = (1000, 5000), (1000,)
QUESTIONS, QUICK_QUESTIONS = 20, 8
AT_ONCE = 40  # students who connect at the same time, as after a break of the line
EVERY_SECONDS = 1.0  # between questions, so that one does not wait for the one before it
SEEN_SECONDS = 30.0  # until a question that not all have seen is given up
IDLE_SECONDS = 10.0  # one round of pings to everybody, whose cost is not the questions'
SETTLE_SECONDS = 2.5  # until the last change of presence has been told
TEXT = "Чаро як килобайт 1024 байт аст, на 1000? Ин дар кадом ҳолат аҳамият дорад?"

CPU_SHARE, P99_MS, JOIN_MS = 1.5, 1000.0, 5.0  # of a bare server, ms, ms

Say = Callable[[int], None]


def run(*, quick: bool) -> Report:
    """Measure every class size."""
    sizes = QUICK_SIZES if quick else SIZES
    targets = [Target(f"cpu_share_of_bare_{size}", CPU_SHARE) for size in sizes]
    targets += [Target(f"cpu_ms_per_join_{size}", JOIN_MS) for size in sizes]
    report = Report("questions", [*targets, Target(f"p99_ms_{sizes[-1]}", P99_MS)])
    allow_many_sockets()
    hurry()
    for size in sizes:
        count = QUICK_QUESTIONS if quick else QUESTIONS
        uvloop.run(_measure(report, size, count))
    return report


async def _measure(report: Report, size: int, count: int) -> None:
    async with _class("darsgoh", size) as room:
        asked = await _spread(room, count, room.ask)
        event = room.pages[-1].event()
    async with _class("bare", size) as room:
        bare = await _spread(room, count, lambda _: room.tell(event))
    for name, value in asked.figures().items():
        report.add(f"{name}_{size}", value)
    for name, value in bare.figures().items():
        report.add(f"bare_{name}_{size}", value)
    report.add(f"cpu_share_of_bare_{size}", asked.cpu_us / bare.cpu_us)
    told = Message("event", event)
    report.add(f"event_bytes_{size}", len(told.plain))
    report.add(f"event_bytes_compressed_{size}", len(told.compressed))


@dataclass
class Spread:
    """How some events reached everybody."""

    delays_ms: list[float] = field(default_factory=list)  # of every delivery
    last_ms: list[float] = field(default_factory=list)  # of every event, until all had it
    cpu_us: float = 0.0  # of the server, a delivery
    idle_percent: float = 0.0  # of one core, by pings alone
    rss_kib: float = 0.0  # a socket
    join_ms: float = 0.0  # of the server's CPU, a student

    def figures(self) -> dict[str, float]:
        """Return what is told."""
        return {
            "p50_ms": float(np.percentile(self.delays_ms, 50)),
            "p99_ms": float(np.percentile(self.delays_ms, 99)),
            "seen_by_all_p50_ms": median(self.last_ms),
            "seen_by_all_max_ms": max(self.last_ms),
            "cpu_us_per_delivery": self.cpu_us,
            "idle_cpu_percent": self.idle_percent,
            "rss_kib_per_socket": self.rss_kib,
            "cpu_ms_per_join": self.join_ms,
        }


@dataclass
class Room:
    """A server with everybody in the lesson."""

    process: "subprocess.Popen[str]"
    port: int
    lesson: str
    cookies: Sequence[str]
    pages: list[LightPage] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    rss_kib: float = 0.0
    join_ms: float = 0.0

    def arrived(self, _page: LightPage, now: float) -> None:
        """Note that an event has reached a page."""
        self.times.append(now)

    async def fill(self) -> None:
        """Let everybody in, some at a time."""
        rss, cpu = rss_kib(self.process.pid), process_ns(self.process.pid)
        waiting = iter(enumerate(self.cookies))

        async def let_in() -> None:
            for index, cookie in waiting:
                page = await open_page(index, self.port, cookie, self.lesson, self.arrived)
                self.pages.append(page)

        async with asyncio.TaskGroup() as doors:
            for _ in range(AT_ONCE):
                doors.create_task(let_in())
        await asyncio.sleep(SETTLE_SECONDS)
        size = len(self.pages)
        self.join_ms = (process_ns(self.process.pid) - cpu) / 1e6 / size
        self.rss_kib = (rss_kib(self.process.pid) - rss) / size

    def ask(self, number: int) -> None:
        """Ask a question from one of the pages."""
        body = {
            "id": str(uuid7(time.time_ns() // 1_000_000)),
            "lesson": self.lesson,
            "name": "question_ask",
            "args": {"text": TEXT},
        }
        page = self.pages[number * 7 % len(self.pages)]
        page.send(f"42{number + 1}" + json.dumps(["command", body], ensure_ascii=False))

    def tell(self, event: object) -> None:
        """Have the bare server send an event."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps(event) + "\n")
        self.process.stdin.flush()


async def _spread(room: Room, count: int, say: Say) -> Spread:
    """Say something some times, each time once all have heard the one before."""
    pid, size = room.process.pid, len(room.pages)
    spread = Spread(rss_kib=room.rss_kib, join_ms=room.join_ms)
    idle = await _idle(pid)
    began, before = time.monotonic(), process_ns(pid)
    for number in range(count):
        room.times.clear()
        said = time.perf_counter()
        say(number)
        await _until_seen(room, size)
        delays = [1000 * (at - said) for at in room.times]
        spread.delays_ms.extend(delays)
        spread.last_ms.append(max(delays))
        await asyncio.sleep(max(0.0, said + EVERY_SECONDS - time.perf_counter()))
    spent, lasted = (process_ns(pid) - before) / 1e9, time.monotonic() - began
    # The lower of two: a server that is still busy with what came before would flatter itself.
    idle = min(idle, await _idle(pid))
    spent -= idle * lasted
    spread.cpu_us = 1e6 * spent / (count * size)
    spread.idle_percent = 100 * idle
    return spread


async def _idle(pid: int) -> float:
    """Return the share of one core that the server takes while nobody says anything."""
    before = process_ns(pid)
    await asyncio.sleep(IDLE_SECONDS)
    return (process_ns(pid) - before) / 1e9 / IDLE_SECONDS


async def _until_seen(room: Room, size: int) -> None:
    try:
        async with asyncio.timeout(SEEN_SECONDS):
            while len(room.times) < size:  # noqa: ASYNC110 - an Event a delivery would be measured
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise BenchError(f"only {len(room.times)} of {size} have seen a question") from None


@contextlib.asynccontextmanager
async def _class(kind: str, size: int) -> AsyncIterator[Room]:
    with _host(kind, size) as room:
        try:
            await room.fill()
            yield room
        except* BenchError as errors:
            raise errors.exceptions[0] from None
        finally:
            for page in room.pages:
                page.close()


@contextlib.contextmanager
def _host(kind: str, size: int) -> Iterator[Room]:
    with (
        tempfile.TemporaryDirectory() as directory,
        running("bench.class_host", kind, directory, size) as (process, told),
    ):
        yield Room(process, **told)
