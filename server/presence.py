"""Who is in a lesson right now: people, however many tabs and devices each has open."""

import uuid
from collections import Counter
from dataclasses import dataclass, field

from server.rights import Right


@dataclass(frozen=True, slots=True)
class Present:
    """How many people are here."""

    students: int = 0
    teachers: int = 0


@dataclass(slots=True)
class _Lesson:
    sockets: Counter[uuid.UUID] = field(default_factory=Counter)
    teachers: set[uuid.UUID] = field(default_factory=set)
    watchers: set[uuid.UUID] = field(default_factory=set)


class Presence:
    """Counts people by their sockets."""

    def __init__(self) -> None:
        self._lessons: dict[uuid.UUID, _Lesson] = {}

    def enter(self, lesson: uuid.UUID, person: uuid.UUID, rights: frozenset[Right]) -> None:
        """Count one more socket of a person."""
        here = self._lessons.setdefault(lesson, _Lesson())
        here.sockets[person] += 1
        (here.teachers.add if Right.TEACH in rights else here.teachers.discard)(person)
        (here.watchers.add if Right.WATCH in rights else here.watchers.discard)(person)

    def leave(self, lesson: uuid.UUID, person: uuid.UUID) -> None:
        """Count one socket of a person less; one who is not here can leave."""
        here = self._lessons.get(lesson)
        if here is None or person not in here.sockets:
            return
        here.sockets[person] -= 1
        if here.sockets[person] <= 0:
            del here.sockets[person]
            here.teachers.discard(person)
            here.watchers.discard(person)
        if not here.sockets:
            del self._lessons[lesson]

    def is_here(self, lesson: uuid.UUID, person: uuid.UUID) -> bool:
        """Return whether somebody has a page open in a lesson."""
        here = self._lessons.get(lesson)
        return here is not None and person in here.sockets

    def lessons(self) -> frozenset[uuid.UUID]:
        """Return the lessons in which a page is open."""
        return frozenset(self._lessons)

    def students(self, lesson: uuid.UUID) -> frozenset[uuid.UUID]:
        """Return who is here to watch and does not teach."""
        here = self._lessons.get(lesson)
        return frozenset() if here is None else frozenset(here.watchers - here.teachers)

    def present(self, lesson: uuid.UUID) -> Present:
        """Return how many people are in a lesson."""
        here = self._lessons.get(lesson)
        if here is None:
            return Present()
        return Present(len(here.sockets) - len(here.teachers), len(here.teachers))
