"""How long a packet takes from the publisher's socket through the engine to a subscriber's."""

import numpy as np
from pylibsrtp import Error, Policy

from bench.cpu import hurry
from bench.keys import subscriber
from bench.lesson import Lesson
from bench.publisher import stamp
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
    with Lesson(subscribers, chosen) as lesson:
        for listener in lesson.listeners.values():
            listener.received.clear()
        part = lesson.run(seconds)
        heard = lesson.listeners.items()
        delays = [ms for index, each in heard for ms in delays_ms(index, each.received)]
        received = sum(len(each.received) for _, each in heard)
    report.add(f"p50_ms_{subscribers}", float(np.percentile(delays, 50)))
    report.add(f"p99_ms_{subscribers}", float(np.percentile(delays, 99)))
    report.add(f"max_ms_{subscribers}", max(delays))
    report.add(f"samples_{subscribers}", len(delays))
    report.add(f"unopened_{subscribers}", received - len(delays))
    report.add(f"lost_percent_{subscribers}", 100 * (1 - min(1.0, part)))


def delays_ms(index: int, received: list[tuple[int, bytes]]) -> list[float]:
    """Open one subscriber's packets and return how long each was under way, in milliseconds."""
    session = subscriber(index).session("from-engine", Policy.SSRC_ANY_INBOUND)
    delays = []
    for arrival, datagram in received:
        try:
            packet = session.unprotect(datagram)
        except Error:
            continue
        delays.append((arrival - stamp(packet)) / 1e6)
    return delays
