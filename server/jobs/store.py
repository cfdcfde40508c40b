"""Jobs in the database: every change of one is made here."""

import uuid
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.clock import to_milliseconds
from server.errors import NotFound
from server.ids import uuid7
from server.jobs.states import UNFINISHED, WHOLE, JobState, check_wish, wait_after, with_line
from server.jobs.tables import Job
from server.models import Lesson

KEPT = timedelta(days=30)  # a job that is over; nobody asks how last month's went
LOOKED_AT = 200  # jobs that are due, among which the most urgent is found


async def add(
    session: AsyncSession,
    kind: str,
    lesson: uuid.UUID,
    parameters: dict[str, Any],
    *,
    now: datetime,
    due: datetime,
) -> Job:
    """Return the unfinished job of this kind and these parameters, or a new one.

    Raises NotFound when the lesson is gone.
    """
    if await session.get(Lesson, lesson, with_for_update=True) is None:  # one at a time
        raise NotFound
    query = select(Job).where(Job.lesson_id == lesson, Job.kind == kind, Job.state.in_(UNFINISHED))
    for job in await session.scalars(query):
        if job.parameters == parameters:
            return job
    job = Job(
        id=uuid7(to_milliseconds(now)),
        lesson_id=lesson,
        kind=kind,
        parameters=parameters,
        state=JobState.QUEUED,
        progress=0,
        lines=[],
        failures=0,
        due_at=due,
        created_at=now,
    )
    session.add(job)
    await session.flush()
    return job


async def put_back(session: AsyncSession) -> None:
    """Queue what was running when the process ended."""
    await session.execute(
        update(Job).where(Job.state == JobState.RUNNING).values(state=JobState.QUEUED, ends_at=None)
    )


async def take_next(
    session: AsyncSession, ranks: dict[str, int], busy: Collection[uuid.UUID], now: datetime
) -> Job | None:
    """Start the most urgent job that is due, if there is one; `ranks` are the known kinds'."""
    query = (
        select(Job)
        .where(
            Job.state == JobState.QUEUED,
            Job.due_at <= now,
            Job.kind.in_(ranks),
            Job.id.not_in(busy),
        )
        .order_by(Job.due_at)
        .limit(LOOKED_AT)
    )
    due = list(await session.scalars(query))
    if not due:
        return None
    job = min(due, key=lambda one: (ranks[one.kind], one.due_at, one.id))
    job.state, job.started_at, job.ended_at, job.reason = JobState.RUNNING, now, None, None
    return job


async def note(
    session: AsyncSession, job: uuid.UUID, progress: float, ends_at: datetime | None, lines: Any
) -> bool:
    """Keep how far a job has come; return whether it is still to be done."""
    found = await _running(session, job)
    if found is not None:
        found.progress, found.ends_at, found.lines = round(progress * WHOLE), ends_at, lines
    return found is not None


async def finish(session: AsyncSession, job: uuid.UUID, now: datetime, lines: Any) -> None:
    """Say that a job is done, unless it was cancelled meanwhile."""
    found = await _running(session, job)
    if found is not None:
        found.state, found.progress, found.ends_at = JobState.DONE, WHOLE, None
        found.ended_at, found.lines = now, lines


async def fail(
    session: AsyncSession, job: uuid.UUID, now: datetime, lines: Any, reason: str, *, final: bool
) -> JobState | None:
    """Say that a try has failed: the job is queued again or, after some tries, has failed."""
    found = await _running(session, job)
    if found is None:
        return None
    found.failures += 1
    found.reason, found.lines, found.ends_at = reason, lines, None
    wait = None if final else wait_after(found.failures)
    if wait is None:
        found.state, found.ended_at = JobState.FAILED, now
    else:
        found.state, found.due_at = JobState.QUEUED, now + wait
        found.lines = with_line(lines, now, f"trying again in {int(wait.total_seconds())} s")
    return found.state


async def _running(session: AsyncSession, job: uuid.UUID) -> Job | None:
    query = select(Job).where(Job.id == job, Job.state == JobState.RUNNING).with_for_update()
    return (await session.scalars(query)).one_or_none()


def decide(job: Job, wanted: JobState, now: datetime) -> bool:
    """Take a person's wish into a locked job; return whether it changes anything."""
    if not check_wish(job.state, wanted):
        return False
    job.state, job.ends_at = wanted, None
    if wanted is JobState.CANCELLED:
        job.ended_at = now
    else:
        job.failures, job.due_at, job.ended_at, job.reason = 0, now, None, None
    return True


async def cancel_all(
    session: AsyncSession, lesson: uuid.UUID, now: datetime
) -> Sequence[uuid.UUID]:
    """Cancel what is not finished of a lesson, and return which jobs that were."""
    query = select(Job).where(Job.lesson_id == lesson, Job.state.in_(UNFINISHED))
    jobs = list(await session.scalars(query.with_for_update()))
    for job in jobs:
        decide(job, JobState.CANCELLED, now)
    return [job.id for job in jobs]


async def of_lessons(
    session: AsyncSession, lessons: Iterable[uuid.UUID], kind: str, states: Collection[JobState]
) -> list[Job]:
    """Return the jobs of a kind in some states, the newest first."""
    query = select(Job).where(
        Job.lesson_id.in_(set(lessons)), Job.kind == kind, Job.state.in_(states)
    )
    return list(await session.scalars(query.order_by(Job.id.desc())))


async def forget_old(session: AsyncSession, now: datetime) -> None:
    """Delete jobs that were over long ago."""
    await session.execute(delete(Job).where(Job.ended_at < now - KEPT))
