"""What it costs the server to let one more student in, and whether it ever fails.

A join is: HTTP POST of a WHEP offer with a token, connectivity check, DTLS handshake, first media
packet opened. Leaving with DELETE is told apart.
"""

import contextlib
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import mean, median

from bench.cpu import process_ns
from bench.lesson import BenchError
from bench.light_client import Identity, JoinError, LightClient
from bench.publisher import FRAMES_PER_SECOND, Publisher
from bench.report import Report, Target

JOINS, QUICK_JOINS = 200, 40
JOINS_PER_ROUND = 20  # the median of the rounds is told, so that a disturbance counts once
IDLE_SECONDS = 3.0  # of publishing to nobody, whose cost is not the joins'
CHECK_EVERY = 60  # frames between the publisher's consent checks

TARGETS = (  # issue 2
    Target("cpu_ms_per_join", 5.0),
    Target("failed", 0.0),
)


@dataclass(frozen=True, slots=True)
class Server:
    """A running server and the tokens it gave."""

    pid: int
    base: str
    lesson: str
    publish: str
    watch: list[str]


def run(*, quick: bool) -> Report:
    """Let students in, one after the other."""
    joins = QUICK_JOINS if quick else JOINS
    report = Report("join", TARGETS)
    with _server(joins) as server, _on_the_air(server):
        idle = _idle_share(server.pid)
        began = time.monotonic()
        rounds = [
            _round(server, server.watch[first : first + JOINS_PER_ROUND], idle)
            for first in range(0, joins, JOINS_PER_ROUND)
        ]
        elapsed = time.monotonic() - began
    times = [each for one in rounds for each in one.times]
    failures = [each for one in rounds for each in one.failures]
    for failure in failures[:5]:
        print(f"join failed: {failure}", file=sys.stderr)
    report.add("joins", joins)
    report.add("failed", len(failures))
    report.add("cpu_ms_per_join", median(one.join_ms for one in rounds))
    report.add("mean_cpu_ms_per_join", mean(one.join_ms for one in rounds))
    report.add("cpu_ms_per_leave", median(one.leave_ms for one in rounds))
    report.add("p50_ms_to_media", median(times) if times else None)
    report.add("max_ms_to_media", max(times) if times else None)
    report.add("joins_per_second", joins / elapsed)
    report.add("idle_cpu_percent", 100 * idle)
    return report


@dataclass(slots=True)
class Round:
    """What some joins cost the server each, how long they took, and what failed."""

    join_ms: float = 0.0  # of the server's CPU, for each
    leave_ms: float = 0.0
    times: list[float] = field(default_factory=list)  # to the first packet, in milliseconds
    failures: list[str] = field(default_factory=list)


def _round(server: Server, tokens: list[str], idle: float) -> Round:
    """Let students in one after the other, then out."""
    result = Round()
    clients: list[LightClient] = []
    with _spent(server.pid, idle) as joining:
        _join_all(server, tokens, clients, result)
    with _spent(server.pid, idle) as leaving:
        _leave_all(server, clients, result)
    result.join_ms = joining.ms / len(tokens)
    result.leave_ms = leaving.ms / max(1, len(clients))
    return result


@dataclass(slots=True)
class Spent:
    """CPU time in milliseconds, known at the end of the block."""

    ms: float = 0.0


@contextlib.contextmanager
def _spent(pid: int, idle: float) -> Iterator[Spent]:
    """Measure a process without the part of a core that it uses anyway."""
    spent = Spent()
    began, before = time.monotonic(), process_ns(pid)
    yield spent
    spent.ms = (process_ns(pid) - before) / 1e6 - idle * 1000 * (time.monotonic() - began)


def _join_all(server: Server, tokens: list[str], clients: list[LightClient], result: Round) -> None:
    identity = Identity.make()
    context = identity.context()
    for token in tokens:
        client = LightClient(identity, context)
        begin = time.monotonic()
        try:
            client.join(f"{server.base}/whep/{server.lesson}", token)
            client.first_media()
        except (JoinError, OSError) as error:
            result.failures.append(str(error))
            client.socket.close()
            continue
        result.times.append(1000 * (time.monotonic() - begin))
        clients.append(client)


def _leave_all(server: Server, clients: list[LightClient], result: Round) -> None:
    for client in clients:
        try:
            client.leave(server.base)
        except (JoinError, OSError) as error:
            result.failures.append(str(error))


def _idle_share(pid: int) -> float:
    """Return the part of a core that the server uses while nobody joins."""
    before = process_ns(pid)
    time.sleep(IDLE_SECONDS)
    return (process_ns(pid) - before) / 1e9 / IDLE_SECONDS


@contextlib.contextmanager
def _server(students: int) -> Iterator[Server]:
    with tempfile.TemporaryDirectory() as directory:
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.join_host", directory, str(students)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout
            line = process.stdout.readline()
            if not line:
                raise BenchError("the server did not start; see its message above")
            yield Server(pid=process.pid, **json.loads(line))
        finally:
            process.communicate()


@contextlib.contextmanager
def _on_the_air(server: Server) -> Iterator[None]:
    """Publish over WHIP from a thread, so that there is something to receive."""
    identity = Identity.make()
    client = LightClient(identity, identity.context())
    try:
        client.join(f"{server.base}/whip/{server.lesson}", server.publish, publish=True)
    except JoinError as error:
        raise BenchError(f"the publisher can not join: {error}") from error
    stop = threading.Event()
    thread = threading.Thread(target=_publish, args=(client, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        client.leave(server.base)


def _publish(client: LightClient, stop: threading.Event) -> None:
    assert client.outgoing
    publisher = Publisher(client.socket, client.outgoing)
    begin = time.monotonic()
    frame = 0
    while not stop.wait(max(0.0, begin + frame / FRAMES_PER_SECOND - time.monotonic())):
        publisher.frame(client.address)
        if frame % CHECK_EVERY == 0:
            client.recheck()
        frame += 1
