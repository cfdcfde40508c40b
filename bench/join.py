"""What it costs the server to let one more student in, and whether it ever fails.

A join is: HTTP POST of a WHEP offer with a token, connectivity check, DTLS handshake, first media
packet opened. Leaving with DELETE is told apart. Then a thousand come within a minute into a
lesson that goes on.
"""

import contextlib
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from statistics import mean, median

import numpy as np

from bench.cpu import hurry, process_ns, rss_kib
from bench.errors import BenchError
from bench.light_client import Identity, JoinError, LightClient
from bench.process import running
from bench.publisher import FRAMES_PER_SECOND, Publisher
from bench.report import Report, Target
from bench.sink import Sink, host

JOINS, QUICK_JOINS = 200, 40
JOINS_PER_ROUND = 20  # the median of the rounds is told, so that a disturbance counts once
IDLE_SECONDS = 3.0  # of publishing to nobody, whose cost is not the joins'
CHECK_EVERY = 60  # frames between the publisher's consent checks
SETTLE_SECONDS = 0.3  # until the last packets have arrived
CHECK_SECONDS = 5.0  # between consent checks of everybody (RFC 7675 section 5.1)
ROUND_SECONDS = 0.1  # in which each a part of them is sent

CLASS, QUICK_CLASS = 200, 40  # students who are in the lesson while others come
RUSH, QUICK_RUSH = 1000, 100  # students who come
RUSH_SECONDS, QUICK_RUSH_SECONDS = 60.0, 6.0  # in which they begin to, evenly
AT_ONCE = 16  # students whose joins may be under way; more are late, which counts

TARGETS = (
    Target("cpu_ms_per_join", 3.0),
    Target("failed", 0.0),
    Target("rush_failed", 0.0),
    Target("rush_p95_ms", 3000.0),
    Target("class_lost_percent", 0.0),
)


@dataclass(frozen=True, slots=True)
class Server:
    """A running server and the tokens it gave."""

    pid: int
    base: str
    lesson: str
    publish: str
    watch: list[str]

    @property
    def whep(self) -> str:
        """Return where students come in."""
        return f"{self.base}/whep/{self.lesson}"


def run(*, quick: bool) -> Report:
    """Let students in, one after the other, then many."""
    joins = QUICK_JOINS if quick else JOINS
    seated, rush = (QUICK_CLASS, QUICK_RUSH) if quick else (CLASS, RUSH)
    report = Report("join", TARGETS)
    hurry()
    with _server(joins + seated + rush) as server, _on_the_air(server) as air:
        _measure_joins(report, server, server.watch[:joins])
        _measure_rush(report, server, air, server.watch[joins:], quick=quick)
    return report


def _measure_joins(report: Report, server: Server, tokens: Sequence[str]) -> None:
    idle = _idle_share(server.pid)
    began = time.monotonic()
    rounds = [
        _round(server, tokens[first : first + JOINS_PER_ROUND], idle)
        for first in range(0, len(tokens), JOINS_PER_ROUND)
    ]
    elapsed = time.monotonic() - began
    times = [each for one in rounds for each in one.times]
    failures = [each for one in rounds for each in one.failures]
    _tell_failures(failures)
    report.add("joins", len(tokens))
    report.add("failed", len(failures))
    report.add("cpu_ms_per_join", median(one.join_ms for one in rounds))
    report.add("mean_cpu_ms_per_join", mean(one.join_ms for one in rounds))
    report.add("cpu_ms_per_leave", median(one.leave_ms for one in rounds))
    report.add("p50_ms_to_media", median(times) if times else None)
    report.add("max_ms_to_media", max(times) if times else None)
    report.add("joins_per_second", len(tokens) / elapsed)
    report.add("idle_cpu_percent", 100 * idle)


@dataclass(slots=True)
class Round:
    """What some joins cost the server each, how long they took, and what failed."""

    join_ms: float = 0.0  # of the server's CPU, for each
    leave_ms: float = 0.0
    times: list[float] = field(default_factory=list)  # to the first packet, in milliseconds
    failures: list[str] = field(default_factory=list)


def _round(server: Server, tokens: Sequence[str], idle: float) -> Round:
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


def _join_all(
    server: Server, tokens: Sequence[str], clients: list[LightClient], result: Round
) -> None:
    identity = Identity.make()
    context = identity.context()
    for token in tokens:
        client = LightClient(identity, context)
        begin = time.monotonic()
        try:
            client.join(server.whep, token)
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


class Audience:
    """Students who came through sockets of their own and then share one that only counts."""

    def __init__(self) -> None:
        self.sink = Sink()
        self._identity = Identity.make()
        self._context = self._identity.context()
        self._seats: list[tuple[int, LightClient]] = []
        self._stop = threading.Event()
        self._keeper = threading.Thread(target=self._keep)
        self._keeper.start()

    def let_in(self, server: Server, place: int, token: str) -> float:
        """Join from the n-th address; return the ms until the first packet; raises JoinError."""
        client = LightClient(self._identity, self._context, (host(place), self.sink.port))
        begin = time.monotonic()
        try:
            client.join(server.whep, token)
            client.first_media()
        finally:
            client.socket.close()  # from here on the shared socket has the address
        self._seats.append((place, client))
        return 1000 * (time.monotonic() - begin)

    def close(self) -> None:
        """Stop renewing consent and close the socket."""
        self._stop.set()
        self._keeper.join()
        self.sink.close()

    def _keep(self) -> None:
        """Renew everybody's consent, a part of them at a time."""
        at = 0.0
        while not self._stop.wait(ROUND_SECONDS):
            seats = list(self._seats)
            if not seats:
                continue
            until = at + len(seats) * ROUND_SECONDS / CHECK_SECONDS
            for place, client in (seats[one % len(seats)] for one in range(int(at), int(until))):
                self.sink.send_from(place, client.check, client.address)
            self.sink.drain()
            at = until


class Air:
    """A publisher over WHIP that sends from a thread, so that there is something to receive."""

    def __init__(self, client: LightClient) -> None:
        assert client.outgoing
        self._client = client
        self._publisher = Publisher(client.socket, client.outgoing)
        self._stop = threading.Event()
        self._sending = threading.Lock()
        self._thread = threading.Thread(target=self._send)
        self._thread.start()

    @contextlib.contextmanager
    def quiet(self) -> Iterator[int]:
        """Send nothing for a while, so that packets can be counted; yield how many were sent."""
        with self._sending:
            time.sleep(SETTLE_SECONDS)
            yield self._publisher.sent

    def close(self) -> None:
        """Stop sending."""
        self._stop.set()
        self._thread.join()

    def _send(self) -> None:
        due = time.monotonic()
        frame = 0
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            with self._sending:
                self._publisher.frame(self._client.address)
                if frame % CHECK_EVERY == 0:
                    self._client.recheck()
            frame += 1
            due = max(due + 1 / FRAMES_PER_SECOND, time.monotonic())


def _rush(
    server: Server, audience: Audience, tokens: Sequence[str], seconds: float
) -> tuple[list[float], list[str]]:
    """Let many in, evenly over a time; return the ms from when each wanted to, and failures."""
    times: list[float] = []
    failures: list[str] = []
    began = time.monotonic()

    def come(place: int) -> None:
        due = began + seconds * place / len(tokens)
        time.sleep(max(0.0, due - time.monotonic()))
        try:
            audience.let_in(server, place, tokens[place])
            times.append(1000 * (time.monotonic() - due))
        except (JoinError, OSError) as error:
            failures.append(str(error))

    with ThreadPoolExecutor(AT_ONCE) as doors:
        list(doors.map(come, range(len(tokens))))
    return times, failures


def _measure_rush(
    report: Report, server: Server, air: Air, tokens: Sequence[str], *, quick: bool
) -> None:
    """Let many into a lesson, and look whether those who are there lose anything meanwhile."""
    size, seconds = (QUICK_CLASS, QUICK_RUSH_SECONDS) if quick else (CLASS, RUSH_SECONDS)
    seated, audience = Audience(), Audience()
    try:
        for place in range(size):
            seated.let_in(server, place, tokens[place])
        rss, cpu = rss_kib(server.pid), process_ns(server.pid)
        with air.quiet() as sent:
            begun = sent * size - seated.sink.counted()
        began = time.monotonic()
        times, failures = _rush(server, audience, tokens[size:], seconds)
        elapsed = time.monotonic() - began
        with air.quiet() as all_sent:
            missing = all_sent * size - seated.sink.counted() - begun
        report.add("rush_joins_per_second", len(times) / elapsed)
        report.add("rush_cores", (process_ns(server.pid) - cpu) / 1e9 / elapsed)
        report.add("rss_kib_per_student", (rss_kib(server.pid) - rss) / max(1, len(times)))
        report.add("class_lost_percent", 100 * missing / size / (all_sent - sent))
    finally:
        seated.close()
        audience.close()
    _tell_failures(failures)
    report.add("rush_joins", len(times))
    report.add("rush_failed", len(failures))
    report.add("rush_p50_ms", median(times) if times else None)
    report.add("rush_p95_ms", float(np.percentile(times, 95)) if times else None)
    report.add("rush_max_ms", max(times) if times else None)


def _tell_failures(failures: Sequence[str]) -> None:
    for failure in failures[:5]:
        print(f"join failed: {failure}", file=sys.stderr)


@contextlib.contextmanager
def _server(students: int) -> Iterator[Server]:
    with (
        tempfile.TemporaryDirectory() as directory,
        running("bench.join_host", directory, students) as (process, told),
    ):
        yield Server(process.pid, **told)


@contextlib.contextmanager
def _on_the_air(server: Server) -> Iterator[Air]:
    identity = Identity.make()
    client = LightClient(identity, identity.context())
    try:
        client.join(f"{server.base}/whip/{server.lesson}", server.publish, publish=True)
    except JoinError as error:
        raise BenchError(f"the publisher can not join: {error}") from error
    air = Air(client)
    try:
        yield air
    finally:
        air.close()
        client.leave(server.base)
