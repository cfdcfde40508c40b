"""What is told of voice notes, to whom, and how a note looks to whoever reads of it."""

import uuid
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.lesson_facts import person_facts
from server.models import Person
from server.timeline import EVERYONE, PERSON, TEACHERS, Addressed
from server.voice_notes.states import KEPT, Reason, State
from server.voice_notes.tables import VoiceNote

Facts = dict[str, Any]
Told = list[Addressed]


def note_facts(note: VoiceNote, owner: Person) -> Facts:
    """Return a whole note."""
    return {
        "number": note.number,
        "id": str(note.id),
        "person": person_facts(owner),
        "state": note.state.value,
        "at": note.at,
        "length": note.length,
        "from": note.aired_from,
        "to": note.aired_to,
    }


def ready(note: VoiceNote, owner: Person) -> Told:
    """Tell teachers and its person that a note can be heard."""
    return _for_few("note.ready", {"note": note_facts(note, owner)}, note)


def playing(note: VoiceNote, owner: Person, by: Facts) -> Told:
    """Tell all whose note is on air."""
    return [Addressed("note.playing", {"note": note_facts(note, owner), "by": by}, EVERYONE)]


def played(note: VoiceNote, reason: Reason, by: Facts | None = None) -> Told:
    """Tell all that a note is on air no more."""
    news = {"number": note.number, "state": note.state.value, "to": note.aired_to}
    payload = {"note": news, "reason": reason.value, **({} if by is None else {"by": by})}
    return [Addressed("note.played", payload, EVERYONE)]


def dismissed(note: VoiceNote, by: Facts) -> Told:
    """Tell teachers and its person that a note is put aside."""
    return _for_few("note.dismissed", {"note": _stands(note), "by": by}, note)


def restored(note: VoiceNote, by: Facts) -> Told:
    """Tell teachers and its person that a note waits again."""
    return _for_few("note.restored", {"note": _stands(note), "by": by}, note)


def withdrawn(note: VoiceNote) -> Told:
    """Tell teachers and its person that a note is taken back."""
    return _for_few("note.withdrawn", {"note": _stands(note)}, note)


def _stands(note: VoiceNote) -> Facts:
    return {"number": note.number, "state": note.state.value}


def _for_few(kind: str, payload: Facts, note: VoiceNote) -> Told:
    return [
        Addressed(kind, payload, TEACHERS),
        Addressed(kind, payload, PERSON, note.person_id),
    ]


async def snapshot(
    session: AsyncSession, lesson_id: uuid.UUID, viewer: uuid.UUID | None, *, teacher: bool
) -> list[Facts]:
    """Return the notes that a page which joins is told of, oldest first."""
    query = (
        select(VoiceNote, Person)
        .join(Person, Person.id == VoiceNote.person_id)
        .where(VoiceNote.lesson_id == lesson_id, VoiceNote.state.in_(KEPT))
        .order_by(VoiceNote.number)
    )
    if not teacher:
        on_air = VoiceNote.state == State.PLAYING
        query = query.where(or_(on_air, VoiceNote.person_id == viewer))
    return [note_facts(note, owner) for note, owner in await session.execute(query)]
