"""Telling how many votes there are: at most four times a second per lesson, however many come."""

import asyncio
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from server.errors import Problem
from server.lesson_state import OPEN
from server.models import Lesson
from server.questions.states import SHOWN
from server.questions.tables import Question, QuestionLesson
from server.timeline import Happening, Timelines

if TYPE_CHECKING:
    from server.services import Services

log = structlog.get_logger(__name__)

TALLY_SECONDS = 0.25  # four times a second looks like at once
RETRY_SECONDS = 2.0  # when the database does not answer


async def untold(session: AsyncSession, lesson: Lesson) -> Sequence[Happening]:
    """Return the counts that changed since they were last told, and remember that they are told."""
    here = select(QuestionLesson.question_id).where(QuestionLesson.lesson_id == lesson.id)
    changed = (
        update(Question)
        .where(
            Question.id.in_(here),
            Question.votes != Question.votes_told,
            Question.published.is_(True),
            Question.state.in_(SHOWN),
        )
        .values(votes_told=Question.votes)
        .returning(Question.number, Question.votes)
        .execution_options(synchronize_session=False)
    )
    votes = {str(row[0]): row[1] for row in await session.execute(changed)}
    return [("question.votes", {"votes": votes})] if votes else []


class Tallies:
    """The lessons whose counts have changed and wait for their turn."""

    def __init__(self, timelines: Timelines) -> None:
        self._timelines = timelines
        self._waiting: dict[uuid.UUID, asyncio.TimerHandle] = {}
        self._running: dict[uuid.UUID, asyncio.Task[None]] = {}
        self._stopped = False

    def changed(self, lesson_id: uuid.UUID) -> None:
        """Tell the counts of a lesson soon."""
        self._wait(lesson_id, TALLY_SECONDS)

    def _wait(self, lesson_id: uuid.UUID, seconds: float) -> None:
        if lesson_id in self._waiting or self._stopped:
            return
        loop = asyncio.get_running_loop()
        self._waiting[lesson_id] = loop.call_later(seconds, self._start, lesson_id)

    def _start(self, lesson_id: uuid.UUID) -> None:
        del self._waiting[lesson_id]
        if lesson_id in self._running:  # the database is slower than we are: its next turn
            self._wait(lesson_id, TALLY_SECONDS)
            return
        task = asyncio.create_task(self.tell(lesson_id))
        self._running[lesson_id] = task
        task.add_done_callback(lambda _: self._running.pop(lesson_id, None))

    async def tell(self, lesson_id: uuid.UUID) -> None:
        """Tell the counts of a lesson now."""
        try:
            await self._timelines.record(lesson_id, untold)
        except Problem:
            return  # the lesson is gone
        except (SQLAlchemyError, OSError) as error:
            log.warning("counts of votes wait", lesson=str(lesson_id), reason=str(error))
            self._wait(lesson_id, RETRY_SECONDS)

    async def start(self, services: "Services") -> None:
        """Tell what a process before this one had no time to tell."""
        query = (
            select(QuestionLesson.lesson_id)
            .join(Question, Question.id == QuestionLesson.question_id)
            .join(Lesson, Lesson.id == QuestionLesson.lesson_id)
            .where(Question.votes != Question.votes_told, Lesson.state.in_(OPEN))
            .distinct()
        )
        async with services.database.read() as session:
            waiting = list(await session.scalars(query))
        for lesson_id in waiting:
            self.changed(lesson_id)

    async def stop(self) -> None:
        """Tell what waits, and no more after it."""
        self._stopped = True
        waiting = list(self._waiting)
        for timer in self._waiting.values():
            timer.cancel()
        self._waiting.clear()
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        for lesson_id in waiting:
            await self.tell(lesson_id)
