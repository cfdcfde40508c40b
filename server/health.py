"""How a class is doing: from what students' pages and the engine report to a few words; pure."""

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import median
from typing import Annotated, Any

from pydantic import Field

from server.web import Body

REPORT_MS = 15_000  # two reports of a slow page missed: it can not be heard of any more
MAX_DEVICES = 8  # pages of one person that count; the oldest report makes room
MAX_MS = 60_000  # of a round trip or a delay: above it nothing is live
MAX_FRAMES = 10_000  # more than any screen shows between two reports
# Share of packets lost: the same steps as the words on the student's own page.
LOSS_BETTER, LOSS_SLOW, LOSS_SOUND = 0.06, 0.08, 0.12
SLOW_TRIP_MS = 600  # a queue somewhere on the way: questions and answers fall apart

Milliseconds = Annotated[int, Field(ge=0, le=MAX_MS)]


class Report(Body):
    """What a page received since its last report; null is what could not be received."""

    lesson: uuid.UUID
    loss: Annotated[float, Field(ge=0, le=1)]  # share of packets
    rtt: Milliseconds | None = None
    delay: Milliseconds | None = None  # from the teacher to this page, as the page guesses
    sound: bool | None = None  # null while nobody speaks
    frames: Annotated[int, Field(ge=0, le=MAX_FRAMES)] | None = None  # null without a picture


class Health(StrEnum):
    """How somebody receives the lesson; the best first."""

    GOOD = "good"
    SLOW = "slow"
    SOUND_ONLY = "sound-only"
    LOST = "lost"


_ORDER = tuple(Health)


def classify(report: Report, before: Health | None = None) -> Health:
    """Name what a report tells; `before` keeps the word from flickering."""
    if report.sound is False and not report.frames:
        return Health.LOST
    if report.frames == 0 or report.loss >= LOSS_SOUND:
        return Health.SOUND_ONLY
    slow_from = LOSS_SLOW if before in (None, Health.GOOD) else LOSS_BETTER
    trip_is_slow = report.rtt is not None and report.rtt > SLOW_TRIP_MS
    if report.loss >= slow_from or trip_is_slow or report.sound is False:
        return Health.SLOW
    return Health.GOOD


@dataclass(frozen=True, slots=True)
class Path:
    """What the engine knows of the way to one page: if it answers, and what it reports to receive.

    `loss` is a share of packets, `rtt` in milliseconds; None before the first receiver report.
    """

    connected: bool
    loss: float | None = None
    rtt: float | None = None


def measured(paths: Iterable[Path]) -> Health | None:
    """Name what the engine knows of a person, the best of their pages; None when nothing."""
    return min((_grade(one) for one in paths), key=_ORDER.index, default=None)


def _grade(path: Path) -> Health:
    if not path.connected:
        return Health.LOST
    loss, trip = path.loss or 0.0, path.rtt or 0.0
    if loss >= LOSS_SOUND:
        return Health.SOUND_ONLY
    return Health.SLOW if loss >= LOSS_SLOW or trip > SLOW_TRIP_MS else Health.GOOD


@dataclass(frozen=True, slots=True)
class Heard:
    """The last report of one page, and when it came on the steady clock in milliseconds."""

    report: Report
    at: int
    health: Health

    def is_fresh(self, now_ms: int) -> bool:
        """Return whether the report still tells something."""
        return now_ms - self.at <= REPORT_MS


@dataclass(frozen=True, slots=True)
class Standing:
    """One person over all their pages; `delay` in milliseconds."""

    health: Health
    silent: bool
    delay: int | None


def standing(pages: Iterable[Heard], now_ms: int, paths: Iterable[Path] = ()) -> Standing:
    """Return how a person does who is present: as well as the best of their pages.

    The engine's word counts where it is the worse, since a page that is gone tells nothing of it;
    and alone while no page reports.
    """
    fresh, engine = [one for one in pages if one.is_fresh(now_ms)], measured(paths)
    if not fresh:
        word = engine or Health.LOST
        return Standing(word, silent=word is Health.LOST, delay=None)
    best = min(fresh, key=lambda one: _ORDER.index(one.health))
    sounds = [one.report.sound for one in fresh]
    silent = (False in sounds and True not in sounds) or engine is Health.LOST
    word = max(best.health, engine or best.health, key=_ORDER.index)
    return Standing(word, silent, best.report.delay)


def summary(standings: Iterable[Standing]) -> dict[str, Any]:
    """Return a class in numbers: people by health, who hears nothing, the median delay."""
    people = list(standings)
    counts = Counter(one.health for one in people)
    delays = [one.delay for one in people if one.delay is not None]
    return {
        "good": counts[Health.GOOD],
        "slow": counts[Health.SLOW],
        "sound_only": counts[Health.SOUND_ONLY],
        "lost": counts[Health.LOST],
        "students": len(people),
        "silent": sum(one.silent for one in people),
        "delay": round(median(delays)) if delays else None,
    }


@dataclass(slots=True)
class _Person:
    since: int
    pages: dict[str, Heard] = field(default_factory=dict)


class ClassHealth:
    """The reports of one lesson's students."""

    def __init__(self) -> None:
        self._people: dict[uuid.UUID, _Person] = {}

    def heard(self, person: uuid.UUID, page: str, report: Report, now_ms: int) -> None:
        """Take in a page's report."""
        pages = self._people.setdefault(person, _Person(now_ms)).pages
        before = pages.pop(page, None)
        if len(pages) >= MAX_DEVICES:
            del pages[next(iter(pages))]
        word = classify(report, None if before is None else before.health)
        pages[page] = Heard(report, now_ms, word)

    def look(
        self,
        present: Iterable[uuid.UUID],
        now_ms: int,
        paths: Mapping[uuid.UUID, Sequence[Path]] | None = None,
    ) -> dict[str, Any]:
        """Return the class as it is now; who came a moment ago is not counted yet."""
        known, paths = self._people, paths or {}
        self._people = {one: known.get(one) or _Person(now_ms) for one in present}
        return summary(
            standing(one.pages.values(), now_ms, paths.get(key, ()))
            for key, one in self._people.items()
            if one.pages or key in paths or now_ms - one.since > REPORT_MS
        )


def same(one: Mapping[str, Any] | None, other: Mapping[str, Any]) -> bool:
    """Return whether a teacher would see no difference; a delay is shown in tenths of a second."""
    return one is not None and _shown(one) == _shown(other)


def _shown(numbers: Mapping[str, Any]) -> dict[str, Any]:
    delay = numbers["delay"]
    return {**numbers, "delay": None if delay is None else delay // 100}
