"""Who and what would be in two places at once; pure."""

import uuid
from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.timetable.recurrence import Slot

MAX_MINUTES = 12 * 60  # of one lesson: an open day
DEFAULT_MINUTES = 90  # of a lesson whose end nobody planned


@dataclass(frozen=True, slots=True)
class Busy:
    """A lesson that is planned already, with those who teach it."""

    lesson: uuid.UUID
    title: str
    starts: datetime
    ends: datetime
    people: frozenset[uuid.UUID]
    classroom: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class Clash:
    """One slot that needs a person or a classroom that is busy then."""

    slot: Slot
    busy: Busy
    person: uuid.UUID | None = None  # None: it is the classroom


def find_clashes(
    slots: Sequence[Slot],
    people: Collection[uuid.UUID],
    classroom: uuid.UUID | None,
    busy: Sequence[Busy],
) -> list[Clash]:
    """Return what clashes, in order of time; lessons that touch do not."""
    known = sorted(busy, key=lambda one: (one.starts, one.lesson))
    starts = [one.starts for one in known]
    found: list[Clash] = []
    for slot in slots:
        first = bisect_left(starts, slot.starts - timedelta(minutes=MAX_MINUTES))
        last = bisect_left(starts, slot.ends)
        for one in known[first:last]:
            if one.ends > slot.starts:
                found += _clashes(slot, one, people, classroom)
    return found


def _clashes(
    slot: Slot, busy: Busy, people: Collection[uuid.UUID], classroom: uuid.UUID | None
) -> list[Clash]:
    persons = sorted(busy.people.intersection(people))
    found = [Clash(slot, busy, person) for person in persons]
    if classroom is not None and busy.classroom == classroom:
        found.append(Clash(slot, busy))
    return found
