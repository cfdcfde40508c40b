"""What it costs the server to let one more student in, and whether it ever fails.

A join is: HTTP POST of a WHEP offer with a token, connectivity check, DTLS handshake, first media
packet opened. The student then leaves with DELETE, which is counted too.
"""

import contextlib
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
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
    costs = [one.cpu_ms for one in rounds]
    times = [each for one in rounds for each in one.times]
    failures = [each for one in rounds for each in one.failures]
    for failure in failures[:5]:
        print(f"join failed: {failure}", file=sys.stderr)
    report.add("joins", joins)
    report.add("failed", len(failures))
    report.add("cpu_ms_per_join", median(costs))
    report.add("mean_cpu_ms_per_join", mean(costs))
    report.add("p50_ms_to_media", median(times) if times else None)
    report.add("max_ms_to_media", max(times) if times else None)
    report.add("joins_per_second", joins / elapsed)
    report.add("idle_cpu_percent", 100 * idle)
    return report


@dataclass(frozen=True, slots=True)
class Round:
    """What some joins cost the server each, how long they took, and what failed."""

    cpu_ms: float
    times: list[float]  # milliseconds to the first packet, of those that succeeded
    failures: list[str]


def _round(server: Server, tokens: list[str], idle: float) -> Round:
    began, before = time.monotonic(), process_ns(server.pid)
    times, failures = _join_all(server, tokens)
    spent = process_ns(server.pid) - before - idle * (time.monotonic() - began) * 1e9
    return Round(spent / 1e6 / len(tokens), times, failures)


def _join_all(server: Server, tokens: list[str]) -> tuple[list[float], list[str]]:
    """Let students in, one after the other."""
    identity = Identity.make()
    context = identity.context()
    times, failures = [], []
    for token in tokens:
        client = LightClient(identity, context)
        begin = time.monotonic()
        try:
            client.join(f"{server.base}/whep/{server.lesson}", token)
            client.first_media()
            times.append(1000 * (time.monotonic() - begin))
            client.leave(server.base)
        except (JoinError, OSError) as error:
            failures.append(str(error))
            client.socket.close()
    return times, failures


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
