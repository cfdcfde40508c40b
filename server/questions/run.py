"""Carrying out a command: once, in one transaction with its events, by somebody who may."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server import commands
from server.access import course_access, lesson_access
from server.commands import LessonCommand, NewCommand
from server.errors import Conflict, Invalid, NotAllowed, TooMany
from server.hands.commands import COMMANDS as HAND_COMMANDS
from server.lesson_state import OPEN
from server.limits import COMMANDS as COMMAND_LIMIT
from server.models import Lesson, LessonState
from server.polls.events import COMMANDS as POLL_COMMANDS
from server.questions.act import Act
from server.questions.events import COMMANDS as QUESTION_COMMANDS
from server.questions.events import Entry
from server.rights import Right
from server.services import Services
from server.timeline import Addressed
from server.viewer import Viewer
from server.voice_notes.commands import COMMANDS as NOTE_COMMANDS
from server.web import Body, check_body

Answer = Mapping[str, Any]
COMMANDS: Mapping[str, Entry] = {
    **QUESTION_COMMANDS,
    **HAND_COMMANDS,
    **POLL_COMMANDS,
    **NOTE_COMMANDS,
}


@dataclass(slots=True)
class _Run:
    """One command on its way."""

    services: Services
    viewer: Viewer
    command: NewCommand
    place: uuid.UUID
    entry: Entry
    args: Body
    act: Act | None = None
    answer: Answer | None = None

    async def carry_out(self, act: Act) -> Sequence[Addressed]:
        """Do what is asked, and keep the answer; return what has happened."""
        result = await self.entry.handle(act, self.args)
        await act.session.flush()
        seq = act.lesson.last_seq + len(act.said) if act.lesson and act.said else None
        answer = {"id": str(self.command.id), "seq": seq, "result": result}
        await commands.keep_answer(act.session, self.command.id, answer)
        self.act, self.answer = act, answer
        return act.said

    async def was_done(self, session: AsyncSession) -> bool:
        """Return whether the command was carried out before; then its answer is at hand."""
        person = self.viewer.must_be_somebody()
        now = self.services.clock.now()
        taken = await commands.claim(session, self.command, self.place, person.id, now)
        self.answer = taken.answer
        return taken.answer is not None

    async def finish(self) -> Answer:
        """Do what comes after the commit; return the answer."""
        for work in self.act.afterwards if self.act is not None else ():
            await work()
        if self.answer is None:
            raise RuntimeError("a command ended without an answer")
        return self.answer


async def _prepare(
    services: Services, viewer: Viewer, command: NewCommand, place: uuid.UUID
) -> _Run:
    person = viewer.must_be_somebody()
    if not await services.limits.allows(COMMAND_LIMIT, str(person.id)):
        raise TooMany("too-many-commands", "That was too much at once; please wait.", retry_after=5)
    entry = COMMANDS.get(command.name)
    if entry is None:
        raise Invalid("unknown-command", "This command is not known here.", field="name")
    return _Run(services, viewer, command, place, entry, check_body(command.args, entry.model))


async def run_in_lesson(services: Services, viewer: Viewer, command: LessonCommand) -> Answer:
    """Carry out a command sent to a lesson; raises a Problem and then has changed nothing."""
    run = await _prepare(services, viewer, command, command.lesson)

    async def decide(session: AsyncSession, lesson: Lesson) -> Sequence[Addressed]:
        if await run.was_done(session):
            return []
        return await run.carry_out(await _act_in_lesson(run, session, lesson))

    async with services.database.read() as session:
        await lesson_access(session, viewer, command.lesson, Right.SEE)
    if run.entry.alone:
        await services.timelines.record(command.lesson, decide)
    else:
        async with services.database.write() as session:
            await decide(session, await session.get_one(Lesson, command.lesson))
    return await run.finish()


async def _act_in_lesson(run: _Run, session: AsyncSession, lesson: Lesson) -> Act:
    right = Right.MODERATE if run.entry.teacher else Right.WATCH
    access = await lesson_access(session, run.viewer, lesson.id, right)
    teacher = Right.MODERATE in access.rights
    _check_lesson(lesson, run.entry, teacher=teacher)
    person = run.viewer.must_be_somebody()
    return Act(run.services, session, person, teacher, lesson.course_id, lesson, in_book=False)


def _check_lesson(lesson: Lesson, entry: Entry, *, teacher: bool) -> None:
    if lesson.state is LessonState.SCHEDULED:
        raise Conflict("lesson-not-open", "The lesson has not begun.")
    if lesson.state not in OPEN and (entry.needs_open or not teacher):
        raise Conflict("lesson-ended", "The lesson is over.")


async def run_in_book(
    services: Services, viewer: Viewer, course_id: uuid.UUID, command: NewCommand
) -> Answer:
    """Carry out a command sent to a course's question book; raises a Problem."""
    async with services.database.read() as session:
        await course_access(session, viewer, course_id, Right.SEE)
        open_id = await _open_lesson(session, course_id)
    run = await _prepare(services, viewer, command, course_id)
    if not run.entry.book:
        raise Conflict("not-in-book", "This needs a lesson that is on.")

    async def decide(session: AsyncSession, lesson: Lesson | None) -> Sequence[Addressed]:
        if await run.was_done(session):
            return []
        on = lesson if lesson is not None and lesson.state in OPEN else None
        return await run.carry_out(await _act_in_book(run, session, course_id, on))

    if open_id is not None and run.entry.alone:
        await services.timelines.record(open_id, decide)
    else:
        async with services.database.write() as session:
            lesson = None if open_id is None else await session.get(Lesson, open_id)
            await decide(session, lesson)
    return await run.finish()


async def _open_lesson(session: AsyncSession, course_id: uuid.UUID) -> uuid.UUID | None:
    query = (
        select(Lesson.id)
        .where(Lesson.course_id == course_id, Lesson.state.in_(OPEN))
        .order_by(Lesson.started_at.desc(), Lesson.id.desc())
        .limit(1)
    )
    return await session.scalar(query)


async def _act_in_book(
    run: _Run, session: AsyncSession, course_id: uuid.UUID, lesson: Lesson | None
) -> Act:
    access = await course_access(session, run.viewer, course_id, Right.SEE)
    teacher = Right.TEACH in access.rights
    if run.entry.teacher and not teacher:
        raise NotAllowed
    person = run.viewer.must_be_somebody()
    return Act(run.services, session, person, teacher, course_id, lesson, in_book=True)
