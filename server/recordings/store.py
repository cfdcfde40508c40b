"""Recordings in the database: every change of one is made here."""

import uuid
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from recordings.chapters import Answered, Shown
from recordings.cuts import Cuts, Interval, merged
from server.clock import Clock
from server.hands.tables import Hand
from server.models import Lesson, LessonEvent, LessonState, Person
from server.questions.states import is_shown
from server.questions.tables import Question
from server.recordings.tables import CourseRecordings, Recording, Watched
from server.services import Services
from server.slides.showing import KINDS, Seen, Showing
from server.timeline import EVERYONE, position_now

MAX_EVENTS = 10_000  # of slides in one lesson; one every half second for 90 minutes
SCREEN_CHAPTER = 30_000  # ms; who shows how to do something changes the screen all the time


async def settings_of(session: AsyncSession, course: uuid.UUID | None) -> CourseRecordings:
    """Return what a course decided; a course without a row, or a public event, has the defaults."""
    found = None if course is None else await session.get(CourseRecordings, course)
    return found or CourseRecordings(course_id=course, publish=True, pack=True, keep_days=None)


async def follow(session: AsyncSession, lesson: Lesson, clock: Clock) -> None:
    """Take a locked lesson's new state into its recording, in the transaction of the step."""
    recording = await ensure(session, lesson, clock)
    if lesson.state is LessonState.LIVE:
        recording.live_from = position_now(lesson, clock)
    if lesson.state is LessonState.ENDED:
        recording.length = position_now(lesson, clock)
        recording.size = None  # it is measured once the last part is written


async def ensure(session: AsyncSession, lesson: Lesson, clock: Clock) -> Recording:
    """Return the row of a lesson's recording, made with the course's defaults if it is missing."""
    known = await session.get(Recording, lesson.id)
    if known is not None:
        return known
    defaults = await settings_of(session, lesson.course_id)
    recording = Recording(
        lesson_id=lesson.id,
        published=defaults.publish,
        expires_at=None,
        live_from=None,
        trims=[],
        muted=[],
        length=0,
        size=None,
        deleted_at=None,
        created_at=clock.now(),
    )
    session.add(recording)
    await session.flush()
    return recording


async def measure(services: Services, lesson: uuid.UUID) -> None:
    """Note how large a recording that is over has become, for the library's order."""
    size = (await services.recordings.catalogue(lesson)).size
    async with services.database.write() as session:
        recording = await session.get(Recording, lesson)
        if recording is not None:
            recording.size = size


async def cuts_of(session: AsyncSession, recording: Recording, *, teacher: bool) -> Cuts:
    """Return what is cut for a reader; teachers have everything."""
    if teacher:
        return Cuts()
    kept = tuple(merged(recording.trims))
    return Cuts(recording.live_from or 0, kept, tuple(await _muted(session, recording)))


async def _muted(session: AsyncSession, recording: Recording) -> list[Interval]:
    if not recording.muted:
        return []
    turns = await turns_of(session, recording.lesson_id)
    return merged(
        (turn.aired_from or 0, turn.aired_to or 0)
        for turn in turns
        if turn.number in recording.muted
    )


async def turns_of(session: AsyncSession, lesson: uuid.UUID) -> list[Hand]:
    """Return the turns on air that are over, in order."""
    query = select(Hand).where(
        Hand.lesson_id == lesson, Hand.aired_from.is_not(None), Hand.aired_to.is_not(None)
    )
    return list(await session.scalars(query.order_by(Hand.aired_from)))


async def names_of(session: AsyncSession, people: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Return people's names."""
    query = select(Person.id, Person.name).where(Person.id.in_(set(people)))
    return {row[0]: row[1] for row in await session.execute(query)}


async def answers_of(session: AsyncSession, lesson: uuid.UUID) -> list[Answered]:
    """Return the questions that were answered aloud in a lesson, as classmates may know them."""
    query = select(Question).where(
        Question.answer_lesson_id == lesson, Question.answer_from.is_not(None)
    )
    return [
        Answered(one.number, one.text, one.answer_from, one.answer_to)
        for one in await session.scalars(query)
        if one.answer_from is not None and is_shown(one.state, published=one.published)
    ]


async def slides_of(session: AsyncSession, lesson: uuid.UUID) -> list[Shown]:
    """Return when which slide was seen, for chapters."""
    return [
        Shown(one.number, one.text, one.at, 0 if one.page else SCREEN_CHAPTER)
        for one in await seen_slides(session, lesson)
    ]


async def seen_slides(
    session: AsyncSession, lesson: uuid.UUID, showing: Showing | None = None
) -> list[Seen]:
    """Return when which slide was seen; `showing` knows what is shown now, afterwards."""
    showing = showing or Showing()
    query = (
        select(LessonEvent.kind, LessonEvent.position, LessonEvent.payload)
        .where(
            LessonEvent.lesson_id == lesson,
            LessonEvent.kind.in_(KINDS),
            LessonEvent.audience == EVERYONE,
        )
        .order_by(LessonEvent.seq)
        .limit(MAX_EVENTS)
    )
    told = [showing.take(*event) for event in await session.execute(query)]
    return [one for one in told if one is not None]


async def watched(
    session: AsyncSession, lesson: uuid.UUID, person: uuid.UUID
) -> tuple[int, list[Interval]]:
    """Return where a person is in a recording, and what of it they have seen."""
    row = await session.get(Watched, (lesson, person))
    return (0, []) if row is None else (row.position, merged(row.intervals))
