"""CPU time of one forwarded packet, beside the least it can cost and beside Python alone.

The floor is AES-128-GCM and sendmmsg and nothing else, once packet by packet and once handing runs
of equal packets to the kernel whole (UDP GSO), which the engine does as well.
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.cpu import hurry
from bench.lesson import BenchError, Lesson
from bench.publisher import FRAMES_PER_SECOND, PACKETS_PER_FRAME, RTP_BYTES
from bench.report import Report, Target
from bench.sink import Sink

CRATE = Path(__file__).resolve().parent.parent / "media" / "engine"
CLASSES = (50, 200, 500)  # subscribers
ROUNDS, QUICK_ROUNDS = 6, 3  # the first is thrown away
SECONDS, QUICK_SECONDS = 4.0, 1.5  # of publishing in a round
PYTHON_PACKETS = 60_000  # of the Python peer in a round: half a second, it need not keep pace

# At least 60 % of the bare rate, and half a million packets a CPU second.
TARGETS = (
    Target("share_of_floor_in_runs_200", 0.6, at_most=False),
    Target("share_of_floor_in_runs_500", 0.6, at_most=False),
    Target("engine_us_500", 2.0),
    Target("lost_percent_500", 0.01),
)


@dataclass(frozen=True, slots=True)
class Round:
    """Microseconds of CPU a packet, one after the other; and the part that was delivered."""

    engine: float
    part: float
    floor: float
    floor_in_runs: float
    python: float


def run(*, quick: bool) -> Report:
    """Measure every class size."""
    report = Report("forward", TARGETS)
    floor = build_floor()
    hurry()
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
    """Run engine, floors and Python by turns, so that all meet the same weather."""
    seconds = QUICK_SECONDS if quick else SECONDS
    brief = PYTHON_PACKETS / subscribers / PACKETS_PER_FRAME / FRAMES_PER_SECOND
    bare, python = [str(floor)], [sys.executable, "-m", "bench.python_forward"]
    rounds: list[Round] = []
    with Lesson(subscribers) as lesson:
        for _ in range(QUICK_ROUNDS if quick else ROUNDS):
            engine, part = _engine_us(lesson, seconds)
            rounds.append(
                Round(
                    engine=engine,
                    part=part,
                    floor=_program_us(bare, subscribers, seconds, FRAMES_PER_SECOND, 0),
                    floor_in_runs=_program_us(bare, subscribers, seconds, FRAMES_PER_SECOND, 1),
                    python=_program_us(python, subscribers, brief, 0),
                )
            )
    kept = rounds[1:]
    report.add(f"engine_us_{subscribers}", median(one.engine for one in kept))
    report.add(f"floor_us_{subscribers}", median(one.floor for one in kept))
    report.add(f"floor_in_runs_us_{subscribers}", median(one.floor_in_runs for one in kept))
    report.add(f"python_us_{subscribers}", median(one.python for one in kept))
    share = median(one.floor / one.engine for one in kept)
    report.add(f"share_of_floor_{subscribers}", share)
    share = median(one.floor_in_runs / one.engine for one in kept)
    report.add(f"share_of_floor_in_runs_{subscribers}", share)
    report.add(f"lost_percent_{subscribers}", 100 * (1 - min(1.0, *(one.part for one in kept))))


def _engine_us(lesson: Lesson, seconds: float) -> tuple[float, float]:
    """Return microseconds per delivered packet and the part that was delivered."""
    before, received = lesson.engine_ns(), lesson.delivered()
    part = lesson.run(seconds)
    spent = lesson.engine_ns() - before
    return spent / 1000 / (lesson.delivered() - received), part


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
