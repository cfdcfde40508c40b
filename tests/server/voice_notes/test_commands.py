"""Voice notes in the hands of teachers: played, stopped, put aside; and taken back."""

import asyncio

import pytest

from media.types import Source, Turns
from server.errors import Problem
from server.voice_notes.states import LEADS_TO, STEPS, State, Step, take
from tests.media.values import tracks
from tests.media.waiting import until
from tests.server.voice_notes.booth import Booth


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("step", Step)
def test_every_step_from_every_state(state: State, step: Step) -> None:
    if state is LEADS_TO[step]:
        assert take(state, step) is state
    elif (state, step) in STEPS:
        assert take(state, step) is LEADS_TO[step]
    else:
        with pytest.raises(Problem) as caught:
            take(state, step)
        assert (caught.value.code, caught.value.facts) == ("note-state", {"state": state.value})


async def test_a_note_is_played_and_everybody_knows_whose_it_is(booth: Booth) -> None:
    student, classmate, _ = booth.students
    number = await booth.note(student)
    assert await booth.teacher.do("note_play", note=number) == {"note": 1, "state": "playing"}
    await booth.on_air()
    assert await booth.notes(classmate) == {1: "playing"}
    told = [one.payload for one in await booth.events(classmate) if one.kind == "note.playing"]
    assert told[0]["note"]["person"]["id"] == student.id
    assert told[0]["by"]["id"] == booth.teacher.id
    await booth.off_air()
    assert await booth.note_reasons() == ["finished"]
    assert booth.media.publications() == []
    assert await booth.notes(classmate) == {}
    assert await booth.notes(student) == {1: "played"}


async def test_a_teacher_stops_it_and_plays_it_again(booth: Booth) -> None:
    number = await booth.note()
    await booth.teacher.do("note_play", note=number)
    await booth.on_air()
    assert await booth.other_teacher.do("note_stop", note=number) == {"note": 1, "state": "played"}
    assert booth.media.publications() == []
    await booth.other_teacher.do("note_stop", note=number)
    await booth.teacher.do("note_play", note=number)
    await booth.teacher.do("note_play", note=number)
    await booth.on_air()
    await booth.teacher.do("note_stop", note=number)
    assert await booth.note_reasons() == ["teacher", "teacher"]


async def test_stopped_before_it_was_read_it_is_never_heard(small_booth: Booth) -> None:
    booth, number = small_booth, await small_booth.note()
    await booth.teacher.do("note_play", note=number)
    await booth.teacher.do("note_stop", note=number)
    await asyncio.sleep(0.3)
    assert booth.media.publications() == []


async def test_the_next_note_ends_the_one_before(booth: Booth) -> None:
    first, second = await booth.note(), await booth.note(booth.students[1])
    await booth.teacher.do("note_play", note=first)
    await booth.on_air()
    await booth.teacher.do("note_play", note=second)
    await until(lambda: [one.participant for one in booth.media.publications()] == ["voice-note:2"])
    await booth.off_air(2)
    assert await booth.note_reasons() == ["next", "finished"]
    played = await booth.notes(booth.teacher, teacher=True)
    assert played == {1: "played", 2: "played"}


async def test_nothing_is_played_over_a_guest(booth: Booth) -> None:
    number = await booth.note()
    hand = await booth.up(booth.students[1], "on-air")
    assert await booth.teacher.refused("note_play", note=number) == "guest-on-air"
    await booth.teacher.do("turn_end", hand=hand)
    assistant = booth.media.add_publisher("assistant", tracks(Source.GUEST_VOICE))
    producer = assistant.producers[Source.GUEST_VOICE]
    booth.world.engine.inject(("producer_started", producer.id, 1))
    await until(lambda: Source.GUEST_VOICE in booth.media.sources())
    assert await booth.teacher.refused("note_play", note=number) == "guest-on-air"
    assert await booth.notes(booth.teacher, teacher=True) == {1: "ready"}


async def test_a_guest_who_begins_to_speak_ends_it(small_booth: Booth) -> None:
    booth, number = small_booth, await small_booth.note()
    await booth.teacher.do("note_play", note=number)
    await booth.on_air()
    booth.media.set_turns(Turns(on_air="7"))
    booth.media.add_publisher("guest", tracks(Source.GUEST_VOICE), "7")
    await booth.off_air()
    assert await booth.note_reasons() == ["turn"]


async def test_the_end_of_the_lesson_ends_it(small_booth: Booth) -> None:
    booth, number = small_booth, await small_booth.note()
    await booth.teacher.do("note_play", note=number)
    await booth.on_air()
    await booth.end_lesson()
    await booth.off_air()
    assert await booth.note_reasons() == ["lesson-ended"]
    assert await booth.teacher.refused("note_play", note=number) == "lesson-ended"


async def test_a_lost_file_is_told_and_not_heard(small_booth: Booth) -> None:
    booth, number = small_booth, await small_booth.note()
    booth.files()[0].unlink()
    await booth.teacher.do("note_play", note=number)
    await booth.off_air()
    assert await booth.note_reasons() == ["no-sound"]


async def test_what_was_on_air_when_the_process_ended_is_played(small_booth: Booth) -> None:
    booth, number = small_booth, await small_booth.note()
    await booth.teacher.do("note_play", note=number)
    await booth.on_air()
    services = booth.world.services
    services.voice_notes._wanted.clear()  # as it is when the process begins
    await services.voice_notes.start(services)
    assert await booth.note_reasons() == ["server-restarted"]


async def test_who_may_do_what(booth: Booth) -> None:
    student, classmate, _ = booth.students
    number = await booth.note(student)
    for command in ("note_play", "note_stop", "note_dismiss", "note_restore"):
        assert await student.refused(command, note=number) == "not-allowed"
    assert await classmate.refused("note_withdraw", note=number) == "not-allowed"
    assert await booth.teacher.refused("note_withdraw", note=number) == "not-allowed"
    for command in ("note_play", "note_stop", "note_dismiss", "note_restore"):
        assert await booth.teacher.refused(command, note=99) == "note-unknown"
        assert await booth.teacher.refused(command, note=0) == "invalid-field"
    assert await booth.teacher.refused("note_stop", note=number) == "note-state"
    await booth.teacher.do("note_dismiss", note=number)
    await booth.teacher.do("note_dismiss", note=number)
    assert await booth.notes(student) == {1: "dismissed"}
    assert await booth.note_kinds(student) == ["note.ready", "note.dismissed"]
    await booth.other_teacher.do("note_restore", note=number)
    await booth.teacher.do("note_restore", note=number)
    assert await booth.notes(student) == {1: "ready"}
    assert (await booth.note_kinds(student))[2:] == ["note.restored"]


async def test_taken_back_its_sound_is_gone(booth: Booth) -> None:
    student = booth.students[0]
    number = await booth.note(student)
    await booth.teacher.do("note_play", note=number)
    assert await student.refused("note_withdraw", note=number) == "note-state"
    await booth.teacher.do("note_stop", note=number)
    await student.do("note_withdraw", note=number)
    assert booth.files() == []
    assert await booth.notes(booth.teacher, teacher=True) == {}
    assert await booth.teacher.refused("note_play", note=number) == "note-state"
