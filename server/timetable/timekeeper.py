"""Lessons begin and end by the timetable, where their course says so."""

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import Row, Select, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from server.errors import Problem
from server.lessons import set_state
from server.models import Lesson, LessonState
from server.rounds import Rounds
from server.timetable.clashes import MAX_MINUTES
from server.timetable.due import Planned, due_state
from server.timetable.tables import CourseTimetable, LessonPlan

if TYPE_CHECKING:
    from server.services import Services

log = structlog.get_logger(__name__)

LOOK_SECONDS = 5.0  # how late a lesson begins at most
MAX_MARGIN = 120  # minutes


class Timekeeper:
    """Looks at the clock for all lessons that go by it."""

    def __init__(self) -> None:
        self._taught: dict[uuid.UUID, int] = {}  # ms of the steady clock when last seen taught
        self._rounds = Rounds("timetable", LOOK_SECONDS, self.look)
        self._services: Services | None = None

    @property
    def services(self) -> "Services":
        """Return the parts of the running server."""
        if self._services is None:
            raise RuntimeError("the clock is looked at before the server has started")
        return self._services

    def start(self, services: "Services") -> None:
        """Begin to look."""
        self._services = services
        self._rounds.start()

    async def stop(self) -> None:
        """Look no more; lessons stay as they are."""
        await self._rounds.stop()

    async def look(self) -> None:
        """Take every lesson to the state it is due for; one that can not go holds up no other."""
        try:
            lessons = await self._read()
        except (SQLAlchemyError, OSError) as error:
            log.warning("the timetable waits for the database", reason=str(error))
            return
        self._taught = {one: self._taught[one] for one in self._taught.keys() & lessons.keys()}
        for lesson_id, planned in lessons.items():
            try:
                await self._go(lesson_id, planned)
            except (Problem, SQLAlchemyError, OSError) as error:
                log.warning("a lesson waits", lesson=str(lesson_id), reason=str(error))
            except Exception:  # one lesson's trouble must not keep the others from beginning
                log.exception("a lesson can not follow the timetable", lesson=str(lesson_id))

    async def _read(self) -> dict[uuid.UUID, Planned]:
        now = self.services.clock.now()
        longest = timedelta(minutes=MAX_MINUTES + MAX_MARGIN)
        query = _planned().where(
            Lesson.starts_at <= now,
            # Whatever is live is looked at: who taught on for a day ends it some time.
            (Lesson.state == LessonState.LIVE) | (Lesson.starts_at > now - longest),
        )
        async with self.services.database.read() as session:
            rows = (await session.execute(query)).all()
        found = {row[0].id: _facts(row) for row in rows}
        return {one: planned for one, planned in found.items() if planned is not None}

    async def _go(self, lesson_id: uuid.UUID, planned: Planned) -> None:
        now, absent = self.services.clock.now(), self._absent(lesson_id)
        while (due := due_state(planned, now, absent)) is not None:
            if not await self._step(lesson_id, due, now, absent):
                return
            log.info("by the timetable", lesson=str(lesson_id), state=due.value)
            planned = Planned(due, planned.starts, planned.ends, planned.margin)

    async def _step(
        self, lesson_id: uuid.UUID, due: LessonState, now: datetime, absent: timedelta | None
    ) -> bool:
        """Take one step unless the plan has been changed meanwhile; return whether it was taken."""
        taken = False

        async def allowed(session: AsyncSession, _lesson: Lesson) -> bool:
            nonlocal taken
            row = (await session.execute(_planned().where(Lesson.id == lesson_id))).one_or_none()
            planned = None if row is None else _facts(row)
            taken = planned is not None and due_state(planned, now, absent) is due
            return taken

        await set_state(self.services, lesson_id, due, allowed)
        return taken

    def _absent(self, lesson_id: uuid.UUID) -> timedelta | None:
        """Return for how long nobody has been teaching; a restart begins to count anew."""
        now = self.services.clock.steady_ms()
        room = self.services.rooms.room(lesson_id)
        if room is not None and room.sources():
            self._taught[lesson_id] = now
            return None
        return timedelta(milliseconds=now - self._taught.setdefault(lesson_id, now))


def _planned() -> Select[Lesson, int, int]:
    return (
        select(Lesson, LessonPlan.minutes, CourseTimetable.margin_minutes)
        .join(LessonPlan, LessonPlan.lesson_id == Lesson.id)
        .join(CourseTimetable, CourseTimetable.course_id == Lesson.course_id)
        .where(CourseTimetable.automatic, Lesson.state != LessonState.ENDED)
    )


def _facts(row: Row[Lesson, int, int]) -> Planned | None:
    lesson, minutes, margin = row
    if lesson.starts_at is None:
        return None
    ends = lesson.starts_at + timedelta(minutes=minutes)
    return Planned(lesson.state, lesson.starts_at, ends, timedelta(minutes=margin))
