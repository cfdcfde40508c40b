"""How long a packet takes from the publisher's socket through the engine to a subscriber's."""

import numpy as np

from bench.cpu import hurry
from bench.forwarder import EngineHost
from bench.lesson import Lesson
from bench.report import Report, Target

CLASSES = (1, 50, 200)  # subscribers
LISTENERS = 8  # of them with sockets of their own, spread over the order of sending
SECONDS, QUICK_SECONDS = 20.0, 4.0

TARGETS = (Target("p99_ms_200", 5.0), Target("unopened_200", 0))


def run(*, quick: bool) -> Report:
    """Measure every class size."""
    report = Report("latency", TARGETS)
    hurry()
    for subscribers in CLASSES:
        _measure(report, subscribers, QUICK_SECONDS if quick else SECONDS)
    return report


def _measure(report: Report, subscribers: int, seconds: float) -> None:
    count = min(subscribers, LISTENERS)
    chosen = {round(place) for place in np.linspace(0, subscribers - 1, count)}
    with Lesson(EngineHost(subscribers), subscribers, chosen) as lesson:
        lesson.testimonies()
        part = lesson.run(seconds)
        heard = lesson.testimonies()
    delays = [ms for one in heard for ms in one.delays_ms]
    report.add(f"p50_ms_{subscribers}", float(np.percentile(delays, 50)))
    report.add(f"p99_ms_{subscribers}", float(np.percentile(delays, 99)))
    report.add(f"max_ms_{subscribers}", max(delays))
    report.add(f"samples_{subscribers}", len(delays))
    report.add(f"unopened_{subscribers}", sum(one.unopened for one in heard))
    report.add(f"lost_percent_{subscribers}", 100 * (1 - min(1.0, part)))
