"""What a second core adds: one lesson at saturation, its students on one thread and on two.

The next frame is sent as soon as few are on their way, so that the engine is always busy and
nothing is lost; both engines run all the time and are measured by turns.
"""

import contextlib
import time
from dataclasses import dataclass
from statistics import median

from bench.cpu import hurry
from bench.forwarder import EngineHost
from bench.lesson import Lesson
from bench.network import enter_own_network
from bench.publisher import PACKETS_PER_FRAME
from bench.report import Report, Target

SUBSCRIBERS = 1000
THREADS = (1, 2)
ROUNDS, QUICK_ROUNDS = 6, 3  # the first is thrown away
SECONDS, QUICK_SECONDS = 3.0, 1.0  # of publishing in a round
FRAMES_UNDER_WAY = 3  # one is forwarded on each of two threads while the next comes
FRAMES_PER_SECOND = 400  # about what comes of it: how often students are due to check
LOOK_SECONDS = 0.0001  # between two looks at how many packets have come
PATIENCE_SECONDS = 2.0  # without a packet, after which what is under way counts as lost

A_SECOND_CORE_ADDS = 1.7  # times


@dataclass(frozen=True, slots=True)
class Turn:
    """What one engine did in one round."""

    per_second: float  # packets, of wall time
    us: float  # of CPU, a packet
    cores: float
    lost: int


def run(*, quick: bool) -> Report:
    """Measure one thread and two by turns."""
    report = Report("threads", [Target("times_2_threads", A_SECOND_CORE_ADDS, at_most=False)])
    enter_own_network()
    hurry()
    seconds = QUICK_SECONDS if quick else SECONDS
    with contextlib.ExitStack() as stack:
        lessons = [Lesson(EngineHost(SUBSCRIBERS, threads), SUBSCRIBERS) for threads in THREADS]
        for lesson in lessons:
            stack.enter_context(lesson)
        rounds = [
            [_turn(lesson, seconds) for lesson in lessons]
            for _ in range(QUICK_ROUNDS if quick else ROUNDS)
        ]
    kept = rounds[1:]
    for place, threads in enumerate(THREADS):
        turns = [one[place] for one in kept]
        report.add(f"packets_per_second_{threads}", median(one.per_second for one in turns))
        report.add(f"us_{threads}", median(one.us for one in turns))
        report.add(f"cores_{threads}", median(one.cores for one in turns))
        report.add(f"lost_{threads}", sum(one.lost for one in turns))
    report.add("times_2_threads", median(two.per_second / one.per_second for one, two in kept))
    return report


def _turn(lesson: Lesson, seconds: float) -> Turn:
    """Publish as fast as the engine forwards."""
    lesson.check_all()
    cpu, before, sent = lesson.forwarder.cpu_ns(), lesson.delivered(), lesson.publisher.sent
    came, lost = before, 0
    began = looked = time.monotonic()
    while (now := time.monotonic()) - began < seconds:
        delivered = lesson.delivered()
        if delivered != came:
            came, looked = delivered, now
        due = (lesson.publisher.sent - sent) * lesson.subscribers - lost
        under_way = due - (came - before)
        if now - looked > PATIENCE_SECONDS:
            lost, looked = lost + under_way, now
        elif under_way > (FRAMES_UNDER_WAY - 1) * PACKETS_PER_FRAME * lesson.subscribers:
            time.sleep(LOOK_SECONDS)
        else:
            lesson.publish(FRAMES_PER_SECOND)
    lasted = time.monotonic() - began
    received = lesson.delivered() - before
    lesson.drain()
    spent = lesson.forwarder.cpu_ns() - cpu
    total = lesson.delivered() - before
    return Turn(
        per_second=received / lasted,
        us=spent / 1000 / total,
        cores=spent / 1e9 / (lasted * total / received),
        lost=(lesson.publisher.sent - sent) * lesson.subscribers - total,
    )
