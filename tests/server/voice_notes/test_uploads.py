"""Voice notes on their way in: cut off, resumed, doubled, wrong, and somebody else's."""

import asyncio
import json
import uuid
from datetime import timedelta

import pytest

from server.voice_notes import uploads
from server.voice_notes.sound import packets
from tests.server.conftest import World, problem
from tests.server.voice_notes.booth import PIECE, Booth
from tests.server.voice_notes.recordings import film, mp4, recording, webm


@pytest.mark.parametrize("data", [webm(), mp4()], ids=["webm", "mp4"])
async def test_a_note_arrives_in_pieces_and_is_known_to_those_concerned(
    booth: Booth, data: bytes
) -> None:
    student, classmate, _ = booth.students
    upload = booth.upload(student, data)
    answer = await upload.send()
    facts = await answer.json()
    assert answer.status == 200
    assert (facts["state"], facts["number"], facts["offset"]) == ("ready", 1, len(data))
    assert abs(facts["length"] - 1000) < 100
    assert await booth.note_kinds(student) == ["note.ready"]
    assert await booth.note_kinds(booth.teacher, teacher=True) == ["note.ready"]
    assert await booth.note_kinds(classmate) == []
    assert await booth.notes(student) == {1: "ready"}
    assert await booth.notes(booth.teacher, teacher=True) == {1: "ready"}
    assert await booth.notes(classmate) == {}
    (kept,) = booth.files()
    assert kept.name == f"{upload.id}.webm"
    assert 48 <= len(packets(kept.read_bytes())) <= 56


async def test_a_note_that_was_cut_off_goes_on_where_it_was(booth: Booth) -> None:
    upload = booth.upload()
    await upload.announce()
    assert (await upload.put(0, upload.data[:1000])).status == 200
    assert (await upload.announce()).status == 201  # after a reload
    assert (await upload.status())["offset"] == 1000
    status, code = await problem(await upload.put(3000, upload.data[3000:3100]))
    assert (status, code) == (409, "offset-gap")
    answer = await upload.put(1000, upload.data[1000:])
    assert (await answer.json())["state"] == "ready"


async def test_pieces_sent_twice_and_at_once_make_one_note(booth: Booth) -> None:
    upload = booth.upload()
    await asyncio.gather(*(upload.announce() for _ in range(4)))
    for offset in range(0, len(upload.data), PIECE):
        answers = await asyncio.gather(*(upload.put(offset) for _ in range(4)))
        assert {one.status for one in answers} == {200}
    await upload.put(0)
    assert (await upload.send()).status == 200
    facts = await upload.status()
    assert (facts["state"], facts["number"]) == ("ready", 1)
    assert await booth.note_kinds(booth.students[0]) == ["note.ready"]
    assert len(booth.files()) == 1


async def test_pieces_that_overlap_are_taken_once(booth: Booth) -> None:
    upload = booth.upload()
    await upload.announce()
    await upload.put(0, upload.data[:2000])
    await upload.put(500, upload.data[500:3000])
    assert (await upload.status())["offset"] == 3000
    answer = await upload.put(2900, upload.data[2900:])
    assert (await answer.json())["state"] == "ready"


async def test_whole_but_not_checked_is_checked_with_an_empty_piece(booth: Booth) -> None:
    upload = booth.upload()
    await upload.announce()
    notes, lesson = booth.world.services.voice_notes, uuid.UUID(booth.lesson)
    notes.shelf.append(lesson, upload.id, upload.data)  # the process ended just then
    assert (await upload.status())["state"] == "sending"
    answer = await upload.put(len(upload.data), b"")
    assert (await answer.json())["state"] == "ready"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"GIF89a" * 500, "not-sound"),
        (film(), "not-sound"),
        (recording(seconds=32.0), "too-long"),
        (recording(seconds=0.1), "too-short"),
        (recording(live=False, seconds=3.0)[:5000], "cut-off"),
    ],
    ids=["no sound", "film", "long", "short", "cut"],
)
async def test_what_can_not_be_played_is_refused_for_good(
    booth: Booth, data: bytes, code: str
) -> None:
    upload = booth.upload(data=data)
    assert await problem(await upload.send()) == (422, code)
    facts = await upload.status()
    assert (facts["state"], facts["refusal"]) == ("refused", code)
    assert await problem(await upload.put(0)) == (422, code)
    assert await booth.note_kinds() == []
    assert booth.files() == []
    assert await booth.note() == 1


async def test_sizes_and_offsets_have_limits(small_booth: Booth) -> None:
    upload = small_booth.upload()
    for changes, code in (
        ({"size": uploads.MAX_SIZE + 1}, "invalid-field"),
        ({"size": 0}, "invalid-field"),
        ({"size": "1000"}, "invalid-field"),
        ({"id": str(uuid.uuid4())}, "invalid-field"),
        ({"at": -1}, "invalid-field"),
        ({"person": "x"}, "unknown-field"),
    ):
        assert await problem(await upload.announce(**changes)) == (422, code), changes
    await upload.announce(size=100)
    assert await problem(await upload.put(0, bytes(101))) == (422, "too-much")
    assert (await upload.put(0, bytes(65 * 1024))).status == 413
    visitor, headers = upload.someone.visitor, {"Content-Type": "application/octet-stream"}
    for text in ("", "x", "-1", "1e3", "9999999", "٣"):
        answer = await visitor.send(
            "PUT", upload.path, params={"offset": text}, data=b"x", headers=headers
        )
        assert await problem(answer) == (422, "invalid-field"), text
    answer = await visitor.send("PUT", f"{upload.path}?offset=0", json={})
    assert await problem(answer) == (415, "wrong-content-type")
    assert (await upload.status())["offset"] == 0


async def test_ids_of_others_lead_nowhere(booth: Booth) -> None:
    student, classmate, _ = booth.students
    upload = booth.upload(student)
    await upload.announce()
    stolen = booth.upload(classmate)
    stolen.id = upload.id
    assert await problem(await stolen.announce()) == (409, "note-id-taken")
    assert await problem(await stolen.put(0)) == (404, "not-found")
    assert (await classmate.visitor.get(upload.path)).status == 404
    assert await problem(await upload.announce(size=7)) == (409, "note-id-taken")
    as_teacher = booth.upload(booth.teacher)
    as_teacher.id = upload.id
    assert await problem(await as_teacher.put(0)) == (404, "not-found")
    assert (await upload.status(booth.teacher))["state"] == "sending"
    elsewhere = await booth.world.lesson(booth.teacher.visitor, booth.course, "Other")
    path = f"/api/lessons/{elsewhere['id']}/voice-notes/{upload.id}"
    assert (await student.visitor.get(path)).status == 404
    assert (await upload.status())["offset"] == 0


async def test_a_lesson_takes_notes_only_while_it_is_on(booth: Booth) -> None:
    begun = booth.upload()
    await begun.announce()
    await begun.put(0, begun.data[:1000])
    await booth.end_lesson()
    assert await problem(await booth.upload().announce()) == (409, "lesson-ended")
    assert await problem(await begun.put(1000, begun.data[1000:])) == (409, "lesson-ended")
    facts = await booth.world.lesson(booth.teacher.visitor, booth.course)
    booth.lesson = facts["id"]
    assert await problem(await booth.upload().announce()) == (409, "lesson-not-open")


async def test_nobody_fills_the_queue(booth: Booth) -> None:
    student, classmate, _ = booth.students
    for _ in range(uploads.MAX_WAITING):
        assert (await booth.upload(student).announce()).status == 201
    answer = await booth.upload(student).announce()
    assert await problem(answer) == (429, "too-many-notes")
    assert int(answer.headers["Retry-After"]) > 0
    assert await booth.note(classmate) == 1


async def test_the_position_is_that_of_the_recording_but_never_later_than_now(
    booth: Booth,
) -> None:
    booth.world.clock.pass_time(seconds=60)
    for at, expected in ((5_000, 5_000), (10**9, 60_000)):
        upload = booth.upload()
        await upload.announce(at=at)
        await upload.put(0, upload.data)
        event = next(reversed(await booth.events(booth.students[0])))
        assert event.payload["note"]["at"] == expected


async def test_teachers_listen_in_ranges_and_nobody_else_does(booth: Booth) -> None:
    upload = booth.upload()
    path = f"{upload.path}/sound"
    await upload.announce()
    assert await problem(await booth.teacher.visitor.get(path)) == (409, "note-state")
    await upload.put(0, upload.data)
    (kept,) = booth.files()
    for someone in (booth.teacher, booth.other_teacher, booth.staff):
        answer = await someone.visitor.get(path)
        assert (answer.status, await answer.read()) == (200, kept.read_bytes())
        assert answer.headers["Content-Type"] == "audio/webm"
        assert answer.headers["Cache-Control"] == "private, no-store"
    part = await booth.teacher.visitor.get(path, headers={"Range": "bytes=10-19"})
    assert (part.status, await part.read()) == (206, kept.read_bytes()[10:20])
    for student in booth.students:
        assert (await student.visitor.get(path)).status == 403
    kept.unlink()
    assert await problem(await booth.teacher.visitor.get(path)) == (404, "sound-lost")


async def test_a_note_lives_as_long_as_its_lesson(booth: Booth) -> None:
    await booth.note()
    await booth.upload(booth.students[1]).announce()
    await booth.end_lesson()
    await booth.world.services.voice_notes.tidy()
    assert len(booth.files()) == 1
    assert (await booth.staff.visitor.delete(f"/api/lessons/{booth.lesson}")).status == 204
    assert booth.files() == []


async def test_tidying_deletes_what_belongs_to_nobody(booth: Booth) -> None:
    await booth.note()
    abandoned = booth.upload(booth.students[1])
    await abandoned.announce()
    await abandoned.put(0, abandoned.data[:1000])
    notes, lesson = booth.world.services.voice_notes, uuid.UUID(booth.lesson)
    notes.shelf.append(lesson, uuid.uuid4(), b"of nobody")
    notes.shelf.append(uuid.uuid4(), uuid.uuid4(), b"of no lesson")
    await notes.tidy()
    assert len(booth.files()) == 2
    booth.world.clock.pass_time(days=2)
    await notes.tidy()
    assert [path.suffix for path in booth.files()] == [".webm"]


async def test_a_busy_server_says_so_and_the_page_tries_again(small_booth: Booth) -> None:
    upload = small_booth.upload()
    await upload.announce()
    notes = small_booth.world.services.voice_notes
    notes._waiting = 1000
    assert await problem(await upload.put(0)) == (503, "busy")
    notes._waiting = 0
    assert (await upload.put(0, upload.data)).status == 200


async def test_a_restart_in_the_middle_loses_nothing(small_world: World) -> None:
    booth = Booth(small_world)
    await booth.build()
    upload = booth.upload()
    await upload.announce()
    await upload.put(0, upload.data[:1000])
    assert json.loads(await (await upload.announce()).text())["offset"] == 1000
    assert small_world.services.voice_notes.turns == {}
    small_world.clock.pass_time(seconds=timedelta(hours=1).total_seconds())
    await small_world.services.voice_notes.tidy()
    assert (await upload.put(1000, upload.data[1000:])).status == 200
