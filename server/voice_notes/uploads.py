"""Voice notes on their way in: piece by piece, each piece once, checked when they are whole."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, Field
from sqlalchemy.ext.asyncio import AsyncSession

from server.access import lesson_access
from server.commands import insert_new, made_by_time
from server.errors import Conflict, Invalid, NotFound, TooMany
from server.lesson_state import OPEN
from server.limits import VOICE_NOTES
from server.models import Lesson
from server.rights import Right
from server.services import Services
from server.timeline import Addressed, lock_lesson, position_now
from server.viewer import Viewer
from server.voice_notes import sound, store
from server.voice_notes.events import ready
from server.voice_notes.sound import NotUsable, Sound
from server.voice_notes.states import KEPT, State, Step
from server.voice_notes.tables import VoiceNote
from server.web import Body

MAX_SIZE = 256 * 1024  # bytes; 30 s at the 64 kbit/s that a browser takes when it is not asked
MAX_WAITING = 3  # of one person: sent, and not played or put aside by the teacher
MAX_IN_LESSON = 200  # kept: an hour and a half of notes
RETRY_FULL = 60  # s
MAX_POSITION = 2**53  # what every JSON reader holds

REFUSALS = {
    "not-sound": "This is no recording that can be played.",
    "too-long": f"A voice note has {sound.MAX_MS // 1000} seconds.",
    "too-short": "There is hardly anything to hear.",
    "cut-off": "The end of the recording is missing.",
}


class NewNote(Body):
    """A voice note that will be sent; `id` is the page's own."""

    id: Annotated[uuid.UUID, AfterValidator(made_by_time)]
    size: Annotated[int, Field(ge=1, le=MAX_SIZE)]
    at: Annotated[int | None, Field(ge=0, le=MAX_POSITION)] = None


@dataclass(frozen=True, slots=True)
class Piece:
    """Some bytes of a recording, and where they belong."""

    offset: int
    data: bytes


def _check_open(lesson: Lesson) -> None:
    if lesson.state not in OPEN:
        ended = lesson.started_at is not None
        raise Conflict(
            "lesson-ended" if ended else "lesson-not-open",
            "The lesson is over." if ended else "The lesson has not begun.",
        )


async def create(
    services: Services, viewer: Viewer, lesson_id: uuid.UUID, new: NewNote
) -> dict[str, Any]:
    """Announce a voice note; announced again, it is the same. Raises a Problem."""
    async with services.database.write() as session:
        await lesson_access(session, viewer, lesson_id, Right.WATCH)
        lesson = await lock_lesson(session, lesson_id)
        person = viewer.must_be_somebody()
        note = await session.get(VoiceNote, new.id)
        if note is None:
            _check_open(lesson)
            await services.limits.take(VOICE_NOTES, str(person.id))
            await _check_room(session, lesson_id, person.id)
            await _add(services, session, lesson, person.id, new)
            note = await session.get_one(VoiceNote, new.id)
        if (note.person_id, note.lesson_id, note.size) != (person.id, lesson_id, new.size):
            raise Conflict("note-id-taken", "This id was used for something else.")
    return await _status(services, note)


async def _check_room(session: AsyncSession, lesson_id: uuid.UUID, person: uuid.UUID) -> None:
    own = await store.count(session, lesson_id, State.SENDING, State.READY, person=person)
    if own >= MAX_WAITING:
        detail = f"{MAX_WAITING} of your voice notes wait; please let them be heard first."
        raise TooMany("too-many-notes", detail, retry_after=RETRY_FULL)
    if await store.count(session, lesson_id, State.SENDING, *KEPT) >= MAX_IN_LESSON:
        detail = f"A lesson has room for {MAX_IN_LESSON} voice notes."
        raise TooMany("too-many-notes", detail, retry_after=RETRY_FULL)


async def _add(
    services: Services, session: AsyncSession, lesson: Lesson, person: uuid.UUID, new: NewNote
) -> None:
    now = position_now(lesson, services.clock)
    await insert_new(
        session,
        VoiceNote,
        id=new.id,
        lesson_id=lesson.id,
        person_id=person,
        state=State.SENDING,
        size=new.size,
        at=now if new.at is None else min(new.at, now),
        created_at=services.clock.now(),
    )


async def find(
    session: AsyncSession, viewer: Viewer, lesson_id: uuid.UUID, note_id: uuid.UUID, right: Right
) -> VoiceNote:
    """Return a note to its person, or to somebody who may moderate; raises a Problem."""
    access = await lesson_access(session, viewer, lesson_id, right)
    note = await session.get(VoiceNote, note_id)
    if note is None or note.lesson_id != lesson_id:
        raise NotFound
    if note.person_id != viewer.must_be_somebody().id and Right.MODERATE not in access.rights:
        raise NotFound
    return note


async def status(
    services: Services, viewer: Viewer, lesson_id: uuid.UUID, note_id: uuid.UUID
) -> dict[str, Any]:
    """Return how far a note has come; raises a Problem."""
    async with services.database.read() as session:
        note = await find(session, viewer, lesson_id, note_id, Right.WATCH)
    return await _status(services, note)


async def _status(services: Services, note: VoiceNote) -> dict[str, Any]:
    notes, offset = services.voice_notes, note.size
    if note.state is State.SENDING:
        offset = await notes.run(notes.shelf.arrived, note.lesson_id, note.id)
    return {
        "id": str(note.id),
        "state": note.state.value,
        "size": note.size,
        "offset": offset,
        "number": note.number,
        "length": note.length,
        "refusal": note.refusal,
    }


async def take_piece(
    services: Services,
    viewer: Viewer,
    lesson_id: uuid.UUID,
    note_id: uuid.UUID,
    piece: Piece,
) -> dict[str, Any]:
    """Take a piece of one's own note, and all of it when it is the last; raises a Problem."""
    async with _turn(services, note_id):
        async with services.database.read() as session:
            note = await find(session, viewer, lesson_id, note_id, Right.WATCH)
            lesson = await session.get_one(Lesson, lesson_id)
        if note.person_id != viewer.must_be_somebody().id:
            raise NotFound
        if note.state is State.SENDING:
            _check_open(lesson)
            await _take(services, note, piece.offset, piece.data)
        async with services.database.read() as session:
            note = await session.get_one(VoiceNote, note_id)
    if note.refusal is not None:
        raise Invalid(note.refusal, REFUSALS[note.refusal])
    return await _status(services, note)


@asynccontextmanager
async def _turn(services: Services, note: uuid.UUID) -> AsyncIterator[None]:
    """Let one piece of a note be taken at a time."""
    turns = services.voice_notes.turns
    lock = turns.setdefault(note, asyncio.Lock())
    try:
        async with lock:
            yield
    finally:
        if not lock.locked():
            turns.pop(note, None)


async def _take(services: Services, note: VoiceNote, offset: int, data: bytes) -> None:
    notes = services.voice_notes
    arrived = await notes.run(notes.shelf.arrived, note.lesson_id, note.id)
    if offset > arrived:
        raise Conflict("offset-gap", f"{arrived} bytes are here.", offset=arrived)
    if offset + len(data) > note.size:
        raise Invalid("too-much", f"The voice note was to have {note.size} bytes.")
    fresh = data[arrived - offset :]
    if fresh:
        await notes.run(notes.shelf.append, note.lesson_id, note.id, fresh)
    if arrived + len(fresh) == note.size:
        await _finish(services, note)


async def _finish(services: Services, note: VoiceNote) -> None:
    notes, where = services.voice_notes, (note.lesson_id, note.id)
    made: Sound | NotUsable
    try:
        made = await notes.run(_convert, services, *where)
        await notes.run(notes.shelf.keep, *where, made.data)
    except NotUsable as refusal:
        made = refusal

    async def decide(session: AsyncSession, lesson: Lesson) -> Sequence[Addressed]:
        known = await session.get_one(VoiceNote, note.id)
        if known.state is not State.SENDING:
            return []
        if isinstance(made, NotUsable):
            store.step(known, Step.REFUSE)
            known.refusal = made.code
            return []
        _check_open(lesson)
        store.step(known, Step.ACCEPT)
        known.number = await store.next_number(session, lesson.id)
        known.length = made.length_ms
        return ready(known, await store.owner_of(session, known))

    await services.timelines.record(note.lesson_id, decide)
    await notes.run(notes.shelf.drop_upload, *where)


def _convert(services: Services, lesson: uuid.UUID, note: uuid.UUID) -> Sound:
    return sound.convert(services.voice_notes.shelf.upload(lesson, note))
