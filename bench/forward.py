"""CPU time of one forwarded packet, beside the least it can cost and beside Python alone."""

import json
import subprocess
import sys
from pathlib import Path
from statistics import median

from bench.lesson import BenchError, Lesson
from bench.publisher import FRAMES_PER_SECOND, PACKETS_PER_FRAME, RTP_BYTES
from bench.report import Report, Target
from bench.sink import Sink

CRATE = Path(__file__).resolve().parent.parent / "media" / "engine"
CLASSES = (50, 200, 500)  # subscribers
ROUNDS, QUICK_ROUNDS = 6, 3  # the first is thrown away
SECONDS, QUICK_SECONDS = 4.0, 1.5  # of publishing in a round
PYTHON_PACKETS = 60_000  # of the Python peer in a round: half a second, it need not keep pace

# SFU.md's aim: at least 60 % of the bare rate, and half a million packets a CPU second.
TARGETS = (
    Target("share_of_floor_200", 0.6, at_most=False),
    Target("share_of_floor_500", 0.6, at_most=False),
    Target("engine_us_500", 2.0),
    Target("lost_percent_500", 0.01),
)


def run(*, quick: bool) -> Report:
    """Measure every class size."""
    report = Report("forward", TARGETS)
    floor = build_floor()
    for subscribers in CLASSES:
        _measure(report, floor, subscribers, quick=quick)
    return report


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


def _measure(report: Report, floor: Path, subscribers: int, *, quick: bool) -> None:
    seconds = QUICK_SECONDS if quick else SECONDS
    rounds = QUICK_ROUNDS if quick else ROUNDS
    engine, paced, flat, python, shares, parts = [], [], [], [], [], []
    with Lesson(subscribers) as lesson:
        for _ in range(rounds):
            cost, part = _engine_us(lesson, seconds)
            bare = _program_us([str(floor)], subscribers, seconds, FRAMES_PER_SECOND)
            engine.append(cost)
            paced.append(bare)
            shares.append(bare / cost)
            parts.append(part)
            flat.append(_program_us([str(floor)], subscribers, seconds, 0))
            peer = [sys.executable, "-m", "bench.python_forward"]
            brief = PYTHON_PACKETS / subscribers / PACKETS_PER_FRAME / FRAMES_PER_SECOND
            python.append(_program_us(peer, subscribers, brief, 0))
    report.add(f"engine_us_{subscribers}", median(engine[1:]))
    report.add(f"floor_us_{subscribers}", median(paced[1:]))
    report.add(f"floor_unpaced_us_{subscribers}", median(flat[1:]))
    report.add(f"python_us_{subscribers}", median(python[1:]))
    report.add(f"share_of_floor_{subscribers}", median(shares[1:]))
    report.add(f"lost_percent_{subscribers}", 100 * (1 - min(1.0, median(parts[1:]))))


def _engine_us(lesson: Lesson, seconds: float) -> tuple[float, float]:
    """Return microseconds per delivered packet and the part that was delivered."""
    before, received = lesson.engine_ns(), lesson.delivered()
    part = lesson.run(seconds)
    spent = lesson.engine_ns() - before
    return spent / 1000 / (lesson.delivered() - received), part


def _program_us(command: list[str], subscribers: int, seconds: float, rate: int) -> float:
    """Return microseconds per packet of a program that takes the floor's arguments."""
    sink = Sink()
    frames = max(1, round(seconds * FRAMES_PER_SECOND))
    numbers = (subscribers, sink.port, frames, PACKETS_PER_FRAME, RTP_BYTES, rate)
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
