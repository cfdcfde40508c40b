"""What pages are told: each thing encoded once and written to all who follow a lesson."""

import asyncio
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from server.presence import Present
from server.sockets.following import Following, Page, Pages
from server.sockets.outgoing import Message
from server.timeline import PERSON, TEACHERS, Event

SLICE = 200  # pages between two looks at what else there is to do: about two milliseconds
STUDENTS = "students"  # those who follow a lesson and are not its teachers


def parts(event: Event) -> Iterator[tuple[str, int]]:
    """Yield who is told, and the event that they were told before; all at once where they can.

    One person's event is counted by nobody else, and may follow one for teachers that a student was
    not told of: its number says nothing of what came before it.
    """
    if event.audience == TEACHERS:
        yield TEACHERS, event.after_teachers
    elif event.after_all == event.after_teachers:
        yield "", event.after_all
    else:
        yield STUDENTS, event.after_all
        yield TEACHERS, event.after_teachers


class Telling:
    """Tells the pages that follow a lesson; `cut` is called for those that read nothing."""

    def __init__(self, cut: Callable[[Page], None]) -> None:
        self._pages = Pages()
        self._cut_page = cut
        self._told: Counter[uuid.UUID] = Counter()

    def told(self, lesson_id: uuid.UUID) -> int:
        """Return how many things have been told of a lesson, presence aside."""
        return self._told[lesson_id]

    async def tell_event(self, event: Event) -> None:
        """Tell what is on the timeline to its audience."""
        self._told[event.lesson] += 1
        for part, after in parts(event):
            here = self._pages.following(event.lesson)
            message = Message("event", event.to_json(after))
            if event.audience == PERSON:
                self._tell(self._own_pages(event, here, part), message)
            else:
                await self._tell_part(here, part, message)

    def _own_pages(self, event: Event, here: Following, part: str) -> list[Page]:
        """Return the pages of an event's person that are in a part of a class."""
        own = [] if event.person is None else self._pages.of_in(event.person, event.lesson)
        return [page for page in own if not part or (page in here.teachers) == (part == TEACHERS)]

    async def tell_mine(
        self, lesson_id: uuid.UUID, person: uuid.UUID, voted: Mapping[str, bool]
    ) -> None:
        """Tell a person's pages what they voted for on one of them."""
        await self.tell_person("mine", lesson_id, person, {"voted": dict(voted)})

    async def tell_teachers(self, name: str, lesson_id: uuid.UUID, facts: dict[str, Any]) -> None:
        """Tell the teachers' pages something that is on no timeline."""
        message = self._message(name, lesson_id, facts)
        await self._tell_part(self._pages.following(lesson_id), TEACHERS, message)

    async def tell_all(self, name: str, lesson_id: uuid.UUID, facts: dict[str, Any]) -> None:
        """Tell all pages of a lesson something that is on no timeline."""
        message = self._message(name, lesson_id, facts)
        await self._tell_part(self._pages.following(lesson_id), "", message)

    async def tell_presence(self, lesson_id: uuid.UUID, present: Present) -> None:
        """Tell all pages of a lesson how many are here."""
        counts = {"students": present.students, "teachers": present.teachers}
        message = Message("presence", {"lesson": str(lesson_id), **counts})
        await self._tell_part(self._pages.following(lesson_id), "", message)

    async def tell_person(
        self, name: str, lesson_id: uuid.UUID, person: uuid.UUID, facts: dict[str, Any]
    ) -> None:
        """Tell one person's pages something that is on no timeline."""
        message = self._message(name, lesson_id, facts)
        self._tell(self._pages.of_in(person, lesson_id), message)

    def _message(self, name: str, lesson_id: uuid.UUID, facts: dict[str, Any]) -> Message:
        self._told[lesson_id] += 1
        return Message(name, {"lesson": str(lesson_id), **facts})

    async def _tell_part(self, here: Following, part: str, message: Message) -> None:
        # In turn, so that what is told first arrives first although others work in between.
        async with here.turn:
            if part == TEACHERS:
                pages = list(here.teachers)
            elif part == STUDENTS:
                pages = list(here.students)
            else:
                pages = here.everybody()
            for start in range(0, len(pages), SLICE):
                if start:
                    await asyncio.sleep(0)
                self._tell(pages[start : start + SLICE], message)

    def _tell(self, pages: Collection[Page], message: Message) -> None:
        for page in pages:
            if not page.way.tell(message):
                self._cut_page(page)
