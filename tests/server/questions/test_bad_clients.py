"""Phones with wrong clocks, commands out of order, scripts on many sockets, a minute away."""

import time
import uuid
from datetime import timedelta
from typing import Any

import pytest

from server.clock import to_milliseconds
from server.errors import Problem
from server.ids import uuid7
from server.timeline import Event
from tests.server.questions.classroom import Book, Room
from tests.server.questions.test_sockets import command, send
from tests.server.test_sockets import page

BACK_S = 2.0  # from the return to everything being there; A4 of the reliability targets
ALLOWED = 120  # commands a minute, by a person


@pytest.mark.parametrize("wrong", [timedelta(days=1), timedelta(days=-1), timedelta(days=-9000)])
async def test_a_phone_whose_clock_is_wrong_asks_in_its_place(room: Room, wrong: timedelta) -> None:
    student, now = room.students[0], room.world.clock.now()
    room.world.clock.pass_time(seconds=30)
    for ahead in (timedelta(0), wrong):
        key = uuid7(to_milliseconds(now + ahead))
        at = max(0, round(ahead.total_seconds() * 1000))
        answer = await student.send("question_ask", key=key, text="When?", at=at)
        assert await student.send("question_ask", key=key, text="When?", at=at) == answer
    asked = (await room.late(student))["list"]
    assert [one["number"] for one in sorted(asked, key=lambda one: one["number"])] == [1, 2]
    assert all(0 <= one["at"] <= 30_000 for one in asked)
    stamps = {one["asked_at"][:10] for one in asked}
    assert stamps == {f"{room.world.clock.now():%Y-%m-%d}"}
    await room.check_agreement()


async def test_commands_that_overtook_each_other_do_no_harm(room: Room) -> None:
    student, (ask, edit) = room.students[0], (room.new_id(), room.new_id())
    change = {"question": 1, "text": "And why not red?"}
    with pytest.raises(Problem) as early:
        await student.send("question_edit", key=edit, **change)
    assert early.value.code == "question-unknown"
    await student.send("question_ask", key=ask, text="Why blue?")
    first = await student.send("question_edit", key=edit, **change)
    await student.send("question_ask", key=ask, text="Why blue?")  # a late copy of the first
    assert await student.send("question_edit", key=edit, **change) == first
    (question,) = (await room.late(student))["list"]
    assert question["text"] == "And why not red?"
    await room.check_agreement()


async def test_a_script_on_many_sockets_and_addresses_has_one_vote_and_one_limit(
    small_room: Room,
) -> None:
    room = small_room
    number = await room.students[0].ask()
    script = room.students[1].visitor
    codes: list[str] = []
    async with (
        page(room.world, script) as one,
        page(room.world, script) as two,
        page(room.world, script, address="127.0.0.2") as three,
        page(room.world, script, "polling", "127.7.7.7") as four,
    ):
        for turn in range(ALLOWED + 6):
            socket = (one, two, three, four)[turn % 4]
            answer = await send(socket, command(room, "question_vote", question=number, on=True))
            codes.append("done" if answer["ok"] else answer["error"]["code"])
    assert codes == ["done"] * ALLOWED + ["too-many-commands"] * 6
    await room.students[2].do("question_vote", question=number, on=True)
    await room.tell_votes()
    assert (await room.late(room.teacher, teacher=True))["list"][0]["votes"] == 2


async def test_a_minute_away_is_made_up_for_by_one_answer(room: Room) -> None:
    student, other, _ = room.students
    mine, edited = await student.ask("Mine?"), await other.ask("Edited?")
    dismissed = await other.ask("Dismissed?")
    async with page(room.world, student.visitor) as one:
        joined = await one.join(room.lesson)
    known = Book(student.id, False)
    for event in await room.events(student):
        known.apply(event)
    room.world.clock.pass_time(seconds=60)
    await other.do("question_edit", question=edited, text="Better?")
    await room.teacher.do("question_dismiss", question=dismissed)
    await other.do("question_vote", question=mine, on=True)
    await room.tell_votes()
    new = await other.ask("New?")
    returns = []
    for _ in range(3):  # of which a busy machine may hold up some
        async with page(room.world, student.visitor) as one:
            started = time.monotonic()
            back = await one.join(room.lesson, since=joined["seq"])
            returns.append(time.monotonic() - started)
    assert min(returns) < BACK_S
    assert back["questions"] is None
    for body in back["events"]:
        known.apply(_event(body))
    late = await room.late(student)
    assert known.shown() == {one["number"]: one for one in late["list"]}
    assert set(known.questions) == {mine, edited, new}
    assert known.questions[mine]["votes"] == 1


def _event(body: dict[str, Any]) -> Event:
    facts = (body["seq"], body["position"], body["kind"], body["payload"])
    return Event(uuid.UUID(body["lesson"]), *facts)
