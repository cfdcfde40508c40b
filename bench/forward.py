"""CPU time of one forwarded packet: ours beside the least it can cost, Janus, and Python alone.

The floor is AES-128-GCM and sendmmsg and nothing else, once packet by packet and once handing runs
of equal packets to the kernel whole (UDP GSO), which the engine does as well.
"""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from bench import janus
from bench.cpu import hurry, rss_kib
from bench.errors import BenchError
from bench.forwarder import EngineHost, Forwarder
from bench.lesson import Lesson
from bench.network import enter_own_network
from bench.publisher import FRAMES_PER_SECOND, PACKETS_PER_FRAME, RTP_BYTES
from bench.report import Report, Target
from bench.sink import Sink

CRATE = Path(__file__).resolve().parent.parent / "media" / "engine"
CLASSES = (50, 200, 500, 1000)  # subscribers
QUICK_CLASSES = (50, 200)
ROUNDS, QUICK_ROUNDS = 6, 3  # the first is thrown away
SECONDS, QUICK_SECONDS = 4.0, 1.5  # of publishing in a round
PYTHON_PACKETS = 60_000  # of the Python peer in a round: half a second, it need not keep pace
WITNESSES = 6  # subscribers with sockets of their own, spread over the order of sending
FLAT = (1000, 5000)  # subscribers between whom a packet's cost may not change
FLAT_RATE = 10  # frames a second there: at 30 they would be a million packets a second

TIMES_FLOOR, SHARE_OF_JANUS, P99_MS, RSS_KIB, FLATNESS = 1.5, 0.2, 5.0, 64.0, 1.2
LATENCY_UP_TO = 500  # subscribers
JANUS_FROM = 200  # subscribers: with fewer, the publisher's own packets weigh


@dataclass(frozen=True, slots=True)
class Turn:
    """What one forwarder did in one round."""

    us: float  # of CPU, a delivered packet
    cores: float
    part: float  # of the expected packets, delivered while they were published
    lost_percent: float  # at the witnesses
    gaps: int  # in their sequence numbers
    unopened: int
    delays_ms: list[float]


@dataclass(frozen=True, slots=True)
class Round:
    """One after the other; microseconds of CPU a packet where nothing else is said."""

    engine: Turn
    janus: Turn | None
    floor: float
    floor_in_runs: float
    python: float


def run(*, quick: bool) -> Report:
    """Measure every class size."""
    sizes = QUICK_CLASSES if quick else CLASSES
    report = Report("forward", _targets(sizes, flat=not quick))
    floor = build_floor()
    if janus.is_there():
        report.versions["janus"] = janus.version()
    else:
        print(janus.PACKAGE_MISSING, file=sys.stderr)
    enter_own_network()
    hurry()
    for subscribers in sizes:
        _measure(report, floor, subscribers, quick=quick)
    if not quick:
        _measure_flatness(report)
    return report


def _targets(sizes: Sequence[int], *, flat: bool) -> list[Target]:
    largest = sizes[-1]
    targets = [Target(f"times_floor_{size}", TIMES_FLOOR) for size in sizes]
    wide = [size for size in sizes if size >= JANUS_FROM]
    targets += [Target(f"share_of_janus_{size}", SHARE_OF_JANUS) for size in wide]
    targets += [Target(f"lost_percent_{size}", 0) for size in sizes]
    targets += [Target(f"p99_ms_{size}", P99_MS) for size in sizes if size <= LATENCY_UP_TO]
    targets.append(Target(f"rss_kib_per_subscriber_{largest}", RSS_KIB))
    if flat:
        targets.append(Target(f"us_{FLAT[1]}_by_{FLAT[0]}", FLATNESS))
    return targets


def build_floor() -> Path:
    """Build the bare loop with the engine's own release profile; return the program."""
    command = ["cargo", "build", "--release", "--no-default-features", "--example", "floor"]
    try:
        subprocess.run(command, cwd=CRATE, check=True, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise BenchError("cargo is missing; install Rust from https://rustup.rs") from error
    except subprocess.CalledProcessError as error:
        raise BenchError(f"the floor can not be built:\n{error.stderr}") from error
    return _target_directory() / "release" / "examples" / "floor"


def _target_directory() -> Path:
    command = ["cargo", "metadata", "--format-version=1", "--no-deps"]
    found = subprocess.run(command, cwd=CRATE, check=True, capture_output=True, text=True)
    return Path(json.loads(found.stdout)["target_directory"])


class Stand:
    """A lesson at one forwarder, and how much memory the forwarder took for it."""

    def __init__(self, forwarder: Forwarder, subscribers: int) -> None:
        self._before = rss_kib(forwarder.pid)
        places = np.linspace(0, subscribers - 1, min(subscribers, WITNESSES))
        self.lesson = Lesson(forwarder, subscribers, {round(place) for place in places})

    def rss_kib(self) -> float:
        """Return the memory that was taken since the start, a subscriber."""
        grown = rss_kib(self.lesson.forwarder.pid) - self._before
        return grown / self.lesson.subscribers

    def turn(self, seconds: float, rate: int = FRAMES_PER_SECOND) -> Turn:
        """Publish for a while and look at what came of it."""
        lesson = self.lesson
        lesson.check_all()
        lesson.testimonies()
        cpu, received, sent = lesson.forwarder.cpu_ns(), lesson.delivered(), lesson.publisher.sent
        began = time.monotonic()
        part = lesson.run(seconds, rate)
        lasted = time.monotonic() - began
        lesson.drain()
        spent = lesson.forwarder.cpu_ns() - cpu
        heard = lesson.testimonies()
        expected = len(heard) * (lesson.publisher.sent - sent)
        return Turn(
            us=spent / 1000 / max(1, lesson.delivered() - received),
            cores=spent / 1e9 / lasted,
            part=min(1.0, part),
            lost_percent=100 * (1 - sum(one.opened for one in heard) / expected),
            gaps=sum(one.gaps for one in heard),
            unopened=sum(one.unopened for one in heard),
            delays_ms=[ms for one in heard for ms in one.delays_ms],
        )


def _measure(report: Report, floor: Path, subscribers: int, *, quick: bool) -> None:
    """Run all by turns, so that all meet the same weather."""
    seconds = QUICK_SECONDS if quick else SECONDS
    brief = PYTHON_PACKETS / subscribers / PACKETS_PER_FRAME / FRAMES_PER_SECOND
    bare, python = [str(floor)], [sys.executable, "-m", "bench.python_forward"]
    rounds: list[Round] = []
    with contextlib.ExitStack() as stack:
        theirs = None
        if janus.is_there():  # first, since many take longer to join than ours wait for a check
            theirs = Stand(janus.Janus(), subscribers)
            stack.enter_context(theirs.lesson)
        ours = Stand(EngineHost(subscribers), subscribers)
        stack.enter_context(ours.lesson)

        def bare_us(command: list[str], lasting: float, rate: int, *more: int) -> float:
            ours.lesson.check_all()
            return _program_us(command, subscribers, lasting, rate, *more)

        for number in range(QUICK_ROUNDS if quick else ROUNDS):
            rounds.append(
                Round(
                    engine=ours.turn(seconds),
                    floor=bare_us(bare, seconds, FRAMES_PER_SECOND, 0),
                    floor_in_runs=bare_us(bare, seconds, FRAMES_PER_SECOND, 1),
                    python=bare_us(python, brief, 0),
                    janus=theirs and theirs.turn(seconds),
                )
            )
            if number == 0:  # before a peer that is behind fills its queues
                report.add(f"rss_kib_per_subscriber_{subscribers}", ours.rss_kib())
                report.add(
                    f"janus_rss_kib_per_subscriber_{subscribers}", theirs and theirs.rss_kib()
                )
    _tell(report, subscribers, rounds[1:])


def _tell(report: Report, size: int, kept: list[Round]) -> None:
    def middle(value: Callable[[Round], float]) -> float:
        return median(value(one) for one in kept)

    report.add(f"engine_us_{size}", middle(lambda one: one.engine.us))
    report.add(f"floor_us_{size}", middle(lambda one: one.floor))
    report.add(f"floor_in_runs_us_{size}", middle(lambda one: one.floor_in_runs))
    report.add(f"python_us_{size}", middle(lambda one: one.python))
    report.add(f"times_floor_{size}", middle(lambda one: one.engine.us / one.floor))
    times = middle(lambda one: one.engine.us / one.floor_in_runs)
    report.add(f"times_floor_in_runs_{size}", times)
    _tell_turns(report, "", size, [one.engine for one in kept])
    turns = [one.janus for one in kept if one.janus]
    if not turns:
        return
    report.add(f"janus_us_{size}", median(one.us for one in turns))
    share = median(one.engine.us / one.janus.us for one in kept if one.janus)
    report.add(f"share_of_janus_{size}", share)
    _tell_turns(report, "janus_", size, turns)


def _tell_turns(report: Report, prefix: str, size: int, turns: list[Turn]) -> None:
    delays = [ms for one in turns for ms in one.delays_ms]
    report.add(f"{prefix}cores_{size}", median(one.cores for one in turns))
    report.add(f"{prefix}lost_percent_{size}", 100 * (1 - min(one.part for one in turns)))
    report.add(f"{prefix}witness_lost_percent_{size}", max(one.lost_percent for one in turns))
    report.add(f"{prefix}witness_gaps_{size}", sum(one.gaps for one in turns))
    report.add(f"{prefix}witness_unopened_{size}", sum(one.unopened for one in turns))
    report.add(f"{prefix}p50_ms_{size}", float(np.percentile(delays, 50)))
    report.add(f"{prefix}p99_ms_{size}", float(np.percentile(delays, 99)))


def _measure_flatness(report: Report) -> None:
    """Forward to a thousand and to five thousand by turns."""
    few, many = FLAT
    turns: list[tuple[Turn, Turn]] = []
    with contextlib.ExitStack() as stack:
        stands = [Stand(EngineHost(size), size) for size in FLAT]
        for stand in stands:
            stack.enter_context(stand.lesson)
        for _ in range(ROUNDS):
            first, second = (stand.turn(SECONDS, FLAT_RATE) for stand in stands)
            turns.append((first, second))
    kept = turns[1:]
    report.add(f"slow_us_{few}", median(one.us for one, _ in kept))
    report.add(f"slow_us_{many}", median(one.us for _, one in kept))
    report.add(f"us_{many}_by_{few}", median(b.us / a.us for a, b in kept))
    report.add(f"slow_lost_percent_{many}", 100 * (1 - min(one.part for _, one in kept)))


def _program_us(
    command: list[str], subscribers: int, seconds: float, rate: int, *more: int
) -> float:
    """Return microseconds per packet of a program that takes the floor's arguments."""
    sink = Sink()
    frames = max(1, round(seconds * FRAMES_PER_SECOND))
    numbers = (subscribers, sink.port, frames, PACKETS_PER_FRAME, RTP_BYTES, rate, *more)
    try:
        done = subprocess.run(
            command + [str(number) for number in numbers],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    finally:
        sink.close()
    said = json.loads(done.stdout)
    return float(said["cpu_ns"]) / 1000 / float(said["packets"])
