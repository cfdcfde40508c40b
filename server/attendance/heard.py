"""From looks at who hears a lesson to stretches, and from stretches to time heard; pure.

All positions are milliseconds on the lesson's clock, which a lesson and its replay share: what
somebody heard live and what they heard again in the replay lie on one line, and count once.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from recordings.cuts import Interval, merged

# Between two signs of life of one stretch. A phone that changes from Wi-Fi to the mobile network
# is back within 8 s; looks are 5 s apart, so that one of them may find it away.
BRIDGE_MS = 15_000
MINUTE_MS = 60_000


class Stretch(NamedTuple):
    """A stretch that one person heard without a break."""

    person: uuid.UUID
    began: int
    ended: int


@dataclass(slots=True)
class Roll:
    """The roll of one live lesson: who is there at each look, over all their devices."""

    looked: int | None = None
    _open: dict[uuid.UUID, Stretch] = field(default_factory=dict)

    def look(self, position: int, present: Iterable[uuid.UUID]) -> list[Stretch]:
        """Return the stretches that began or grew at this look.

        Whoever is there is taken to have been there since the look before; what a machine that
        stood still did not see is nobody's.
        """
        since = position if self.looked is None else max(self.looked, position - BRIDGE_MS)
        self.looked = position
        self._open = {
            person: stretch
            for person, stretch in self._open.items()
            if stretch.ended >= position - BRIDGE_MS
        }
        grown = [self._grow(person, since, position) for person in set(present)]
        return [stretch for stretch in grown if stretch.began < stretch.ended]

    def _grow(self, person: uuid.UUID, since: int, position: int) -> Stretch:
        known = self._open.get(person)
        stretch = Stretch(person, since if known is None else known.began, position)
        self._open[person] = stretch
        return stretch


@dataclass(frozen=True, slots=True)
class Heard:
    """How many milliseconds of a lesson somebody heard: live, in the replay, and in all."""

    live: int = 0
    replay: int = 0
    distinct: int = 0

    def __bool__(self) -> bool:
        return self.distinct > 0


def heard(
    live: Iterable[Sequence[int]], replay: Iterable[Sequence[int]], within: Interval
) -> Heard:
    """Return what was heard of a lesson that lasted `within`; what overlaps counts once."""
    first, last = _within(live, within), _within(replay, within)
    return Heard(_length(first), _length(last), _length(merged([*first, *last])))


def _within(spans: Iterable[Sequence[int]], within: Interval) -> list[Interval]:
    start, end = within
    return merged((max(span[0], start), min(span[1], end)) for span in spans)


def _length(spans: Iterable[Interval]) -> int:
    return sum(end - start for start, end in spans)


def whole_minutes(milliseconds: int) -> int:
    """Return the minutes that were heard to their end."""
    return milliseconds // MINUTE_MS
