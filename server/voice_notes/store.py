"""Voice notes in the database: every change of one is made here."""

import uuid
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.errors import NotFound
from server.models import Person
from server.voice_notes.states import State, Step, take
from server.voice_notes.tables import VoiceNote


def step(note: VoiceNote, wanted: Step) -> bool:
    """Take a step with a note; return whether it changed anything, raise Conflict if it may not."""
    after = take(note.state, wanted)
    changed = after is not note.state
    note.state = after
    return changed


async def find(session: AsyncSession, lesson_id: uuid.UUID, number: int) -> VoiceNote:
    """Return a note by its number; raises NotFound."""
    query = select(VoiceNote).where(VoiceNote.lesson_id == lesson_id, VoiceNote.number == number)
    note = await session.scalar(query)
    if note is None:
        raise NotFound("note-unknown", "There is no such voice note in this lesson.")
    return note


async def owner_of(session: AsyncSession, note: VoiceNote) -> Person:
    """Return whose note it is."""
    return await session.get_one(Person, note.person_id)


async def on_air(session: AsyncSession, lesson_id: uuid.UUID) -> list[VoiceNote]:
    """Return the notes that are played: one, or none."""
    query = select(VoiceNote).where(
        VoiceNote.lesson_id == lesson_id, VoiceNote.state == State.PLAYING
    )
    return list(await session.scalars(query))


async def all_on_air(session: AsyncSession) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """Return the lesson and the note of all that are played."""
    query = select(VoiceNote.lesson_id, VoiceNote.id).where(VoiceNote.state == State.PLAYING)
    return [(row[0], row[1]) for row in await session.execute(query)]


async def next_number(session: AsyncSession, lesson_id: uuid.UUID) -> int:
    """Return the next number in a locked lesson."""
    last = select(func.max(VoiceNote.number)).where(VoiceNote.lesson_id == lesson_id)
    return (await session.scalar(last) or 0) + 1


async def count(
    session: AsyncSession, lesson_id: uuid.UUID, *states: State, person: uuid.UUID | None = None
) -> int:
    """Count the notes of a lesson in some states, of one person or of all."""
    query = select(func.count()).where(
        VoiceNote.lesson_id == lesson_id, VoiceNote.state.in_(states)
    )
    if person is not None:
        query = query.where(VoiceNote.person_id == person)
    return await session.scalar(query) or 0


async def with_files(
    session: AsyncSession, lesson_id: uuid.UUID, states: frozenset[State], since: datetime
) -> set[uuid.UUID]:
    """Return the notes whose files are worth keeping: those in `states`, and newer uploads."""
    kept = select(VoiceNote.id).where(
        VoiceNote.lesson_id == lesson_id,
        VoiceNote.state.in_(states)
        | ((VoiceNote.state == State.SENDING) & (VoiceNote.created_at >= since)),
    )
    return set(await session.scalars(kept))
