"""What is counted for Prometheus; names and meanings are in docs/operations.md."""

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from server import __version__

# From a cached page to a password check; a lesson's own path has metrics of its own.
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """One registry per application, so that two in one process do not mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "darsgoh_http_requests",
            "Requests answered.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.request_seconds = Histogram(
            "darsgoh_http_request_seconds",
            "Time to answer a request.",
            ("route",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.sockets = Gauge("darsgoh_sockets", "Open sockets.", registry=self.registry)
        self.lessons = Gauge(
            "darsgoh_open_lessons", "Lessons in practice or live.", registry=self.registry
        )
        self.events = Counter(
            "darsgoh_timeline_events", "Events recorded.", ("kind",), registry=self.registry
        )
        self.refused = Counter(
            "darsgoh_refused", "Requests and events refused.", ("code",), registry=self.registry
        )
        build = Gauge("darsgoh_build", "This program.", ("version",), registry=self.registry)
        build.labels(__version__).set(1)

    def watch_engine(self, counters: Callable[[], dict[str, int]]) -> None:
        """Add the media engine's totals."""
        self.registry.register(_EngineCollector(counters))

    def watch_recordings(self, written: Callable[[], int], lessons: Callable[[], int]) -> None:
        """Add how much is recorded."""
        size = Gauge(
            "darsgoh_recorded_bytes",
            "Bytes written of lessons that are recorded.",
            registry=self.registry,
        )
        size.set_function(written)
        count = Gauge(
            "darsgoh_recorded_lessons", "Lessons that are recorded.", registry=self.registry
        )
        count.set_function(lessons)

    def text(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self.registry)


class _EngineCollector(Collector):
    def __init__(self, counters: Callable[[], dict[str, int]]) -> None:
        self._counters = counters

    def collect(self) -> Iterator[CounterMetricFamily]:
        family = CounterMetricFamily(
            "darsgoh_engine", "Totals of the media engine since start.", labels=("what",)
        )
        for name, value in sorted(self._counters().items()):
            family.add_metric((name,), value)
        yield family

    def describe(self) -> Iterator[CounterMetricFamily]:
        # Without this the registry would call the engine once just to learn the name.
        yield CounterMetricFamily("darsgoh_engine", "Totals of the media engine since start.")
