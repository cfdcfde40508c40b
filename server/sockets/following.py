"""Who follows what: the pages that are connected, and which of them follow a lesson."""

import asyncio
import uuid
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from server.sockets.outgoing import Outgoing


@dataclass(slots=True, eq=False)
class Page:
    """One connected page."""

    sid: str
    eio_sid: str
    way: Outgoing
    person: uuid.UUID
    session: bytes
    lessons: set[uuid.UUID] = field(default_factory=set)  # in which its person is present
    follows: set[uuid.UUID] = field(default_factory=set)  # of which it is told
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)  # one wish after the other


@dataclass(slots=True)
class Following:
    """The pages that follow one lesson; a page is a teacher's or a student's."""

    teachers: set[Page] = field(default_factory=set)
    students: set[Page] = field(default_factory=set)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)  # one telling after the other

    def everybody(self) -> list[Page]:
        """Return all pages."""
        return [*self.teachers, *self.students]


class Pages:
    """The pages that are connected."""

    def __init__(self) -> None:
        self._pages: dict[str, Page] = {}
        self._people: dict[uuid.UUID, set[Page]] = defaultdict(set)
        self._lessons: dict[uuid.UUID, Following] = {}

    def __len__(self) -> int:
        return len(self._pages)

    def __iter__(self) -> Iterator[Page]:
        return iter(list(self._pages.values()))

    def get(self, sid: str) -> Page | None:
        """Return a page that is connected."""
        return self._pages.get(sid)

    def of(self, person: uuid.UUID) -> list[Page]:
        """Return the pages of a person."""
        return list(self._people.get(person, ()))

    def add(self, page: Page) -> None:
        """Take in a page that has connected."""
        self._pages[page.sid] = page
        self._people[page.person].add(page)

    def remove(self, sid: str) -> Page | None:
        """Return a page that is gone, if it was here; it follows nothing any more."""
        page = self._pages.pop(sid, None)
        if page is None:
            return None
        own = self._people[page.person]
        own.discard(page)
        if not own:
            del self._people[page.person]
        for lesson_id in list(page.follows):
            self.leave(page, lesson_id)
        return page

    def follow(self, page: Page, lesson_id: uuid.UUID, *, teacher: bool) -> None:
        """Let a page be told of a lesson."""
        page.follows.add(lesson_id)
        here = self._lessons.setdefault(lesson_id, Following())
        (here.students if teacher else here.teachers).discard(page)
        (here.teachers if teacher else here.students).add(page)

    def leave(self, page: Page, lesson_id: uuid.UUID) -> None:
        """Tell a page nothing more of a lesson."""
        page.follows.discard(lesson_id)
        here = self._lessons.get(lesson_id)
        if here is None:
            return
        here.teachers.discard(page)
        here.students.discard(page)
        if not here.teachers and not here.students:
            del self._lessons[lesson_id]

    def following(self, lesson_id: uuid.UUID) -> Following:
        """Return who follows a lesson."""
        return self._lessons.get(lesson_id) or Following()

    def of_in(self, person: uuid.UUID, lesson_id: uuid.UUID) -> list[Page]:
        """Return the pages on which a person follows a lesson."""
        return [one for one in self.of(person) if lesson_id in one.follows]
