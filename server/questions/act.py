"""A command being carried out: who, where, when, and what it makes known."""

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from server.clock import to_milliseconds
from server.errors import Conflict
from server.lesson_facts import person_facts
from server.models import Lesson, Person
from server.questions.states import Who
from server.questions.tables import Question
from server.services import Services
from server.timeline import EVERYONE, PERSON, TEACHERS, Addressed, position_now


@dataclass(slots=True)
class Act:
    """One command within its transaction.

    `lesson` is the lesson whose timeline hears of it; None in the book of a course that has no
    open lesson. `in_book` says that the command was not sent to a lesson.
    """

    services: Services
    session: AsyncSession
    person: Person
    teacher: bool
    course: uuid.UUID | None
    lesson: Lesson | None
    in_book: bool
    said: list[Addressed] = field(default_factory=list)
    afterwards: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        """Return the wall clock."""
        return self.services.clock.now()

    @property
    def now_ms(self) -> int:
        """Return the wall clock as Unix milliseconds."""
        return to_milliseconds(self.now)

    @property
    def book(self) -> uuid.UUID:
        """Return the id of the book: that of the course, or of the public event."""
        if self.course is not None:
            return self.course
        return self.must_have_lesson().id

    @property
    def by(self) -> dict[str, str]:
        """Return the teacher as everybody may know them."""
        return person_facts(self.person)

    def must_have_lesson(self) -> Lesson:
        """Return the lesson; raises Conflict in a book."""
        if self.lesson is None:
            raise Conflict("not-in-book", "This needs a lesson that is on.")
        return self.lesson

    def position(self) -> int | None:
        """Return where the lesson is on its clock, in milliseconds."""
        return None if self.lesson is None else position_now(self.lesson, self.services.clock)

    def is_asker(self, question: Question) -> bool:
        """Return whether the question is the person's own."""
        return question.asker_id == self.person.id

    def who(self, question: Question) -> frozenset[Who]:
        """Return what the person is toward a question."""
        found = {Who.TEACHER} if self.teacher else set()
        return frozenset(found | {Who.ASKER} if self.is_asker(question) else found)

    def tell_all(self, kind: str, payload: dict[str, Any]) -> None:
        """Make something known to everybody in the lesson."""
        self._tell(Addressed(kind, payload, EVERYONE))

    def tell_teachers(self, kind: str, payload: dict[str, Any]) -> None:
        """Make something known to teachers."""
        self._tell(Addressed(kind, payload, TEACHERS))

    def tell(self, person: uuid.UUID | None, kind: str, payload: dict[str, Any]) -> None:
        """Make something known to one person, if they are still known here."""
        if person is not None:
            self._tell(Addressed(kind, payload, PERSON, person))

    def _tell(self, event: Addressed) -> None:
        if self.lesson is not None:
            self.said.append(event)
