"""The commands about voice notes (docs/voice-notes-protocol.md)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import exists, select

from media.types import Source
from server.errors import Conflict, NotAllowed
from server.hands.states import State as HandState
from server.hands.tables import Hand
from server.questions.act import Act
from server.questions.events import Entry
from server.voice_notes import events, store
from server.voice_notes.air import PARTICIPANT
from server.voice_notes.states import Reason, Step
from server.voice_notes.tables import VoiceNote
from server.web import Body

MAX_NUMBER = 2**31 - 1  # what a column of both databases holds

Result = dict[str, Any]


class OneNote(Body):
    """Which voice note."""

    note: Annotated[int, Field(ge=1, le=MAX_NUMBER)]


async def _find(act: Act, args: OneNote) -> VoiceNote:
    return await store.find(act.session, act.must_have_lesson().id, args.note)


def _stands(note: VoiceNote) -> Result:
    return {"note": note.number, "state": note.state.value}


async def play(act: Act, args: OneNote) -> Result:
    """Play a note to everybody; what was played before ends."""
    note = await _find(act, args)
    await _check_air(act)
    lesson = act.must_have_lesson()
    before = [one for one in await store.on_air(act.session, lesson.id) if one is not note]
    if store.step(note, Step.PLAY):
        for other in before:
            _end(act, other, Reason.NEXT)
        note.aired_from, note.aired_to = act.position(), None
        act.said += events.playing(note, await store.owner_of(act.session, note), act.by)
    return _stands(note)


async def _check_air(act: Act) -> None:
    lesson = act.must_have_lesson()
    speaks = exists().where(Hand.lesson_id == lesson.id, Hand.state == HandState.ON_AIR)
    room = act.services.rooms.room(lesson.id)
    source = None if room is None else room.sources().get(Source.GUEST_VOICE)
    other = source is not None and not source.participant.startswith(PARTICIPANT)
    if other or await act.session.scalar(select(speaks)):
        raise Conflict("guest-on-air", "Somebody speaks just now.")


def _end(act: Act, note: VoiceNote, reason: Reason) -> None:
    if store.step(note, Step.END):
        note.aired_to = act.position()
        act.said += events.played(note, reason, act.by)


async def stop(act: Act, args: OneNote) -> Result:
    """Play a note no more."""
    note = await _find(act, args)
    _end(act, note, Reason.TEACHER)
    return _stands(note)


async def dismiss(act: Act, args: OneNote) -> Result:
    """Put a note aside."""
    note = await _find(act, args)
    if store.step(note, Step.DISMISS):
        act.said += events.dismissed(note, act.by)
    return _stands(note)


async def restore(act: Act, args: OneNote) -> Result:
    """Bring a note back that was put aside."""
    note = await _find(act, args)
    if store.step(note, Step.RESTORE):
        act.said += events.restored(note, act.by)
    return _stands(note)


async def withdraw(act: Act, args: OneNote) -> Result:
    """Take one's own note back; its sound is deleted."""
    note = await _find(act, args)
    if note.person_id != act.person.id:
        raise NotAllowed
    if store.step(note, Step.WITHDRAW):
        act.said += events.withdrawn(note)
        act.afterwards.append(lambda: _drop(act, note))
    return _stands(note)


async def _drop(act: Act, note: VoiceNote) -> None:
    notes = act.services.voice_notes
    await notes.run(notes.shelf.drop, note.lesson_id, note.id)


_TEACHER: dict[str, Entry] = {
    "note_play": Entry(OneNote, play),
    "note_stop": Entry(OneNote, stop),
    "note_dismiss": Entry(OneNote, dismiss),
    "note_restore": Entry(OneNote, restore),
}
COMMANDS: Mapping[str, Entry] = {
    "note_withdraw": Entry(OneNote, withdraw, book=False),
    **{name: replace(entry, book=False, teacher=True) for name, entry in _TEACHER.items()},
}
