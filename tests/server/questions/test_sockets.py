"""Questions over real sockets: acknowledgements, who hears what, coming back."""

import json
from typing import Any

from server.questions.lists import SNAPSHOT
from tests.server.questions.classroom import Room, Someone
from tests.server.test_sockets import Page, page


def command(room: Room, name: str, **args: Any) -> dict[str, Any]:
    return {"id": str(room.new_id()), "lesson": room.lesson, "name": name, "args": args}


async def send(one: Page, body: Any) -> dict[str, Any]:
    answer: dict[str, Any] = await one.socket.call("command", body)
    return answer


async def test_a_question_is_acknowledged_and_heard_by_all(room: Room) -> None:
    asker, other = room.students[0].visitor, room.students[1].visitor
    async with page(room.world, asker) as mine, page(room.world, other) as theirs:
        await mine.join(room.lesson)
        joined = await theirs.join(room.lesson)
        assert joined["questions"]["list"] == []
        assert joined["my"] == {"asked": [], "voted": []}
        body = command(room, "question_ask", text="Why?", anonymous=True)
        answer = await send(mine, body)
        assert answer == {
            "ok": True,
            "id": body["id"],
            "seq": 5,
            "result": {"question": 1, "state": "open"},
        }
        assert await send(mine, body) == answer
        await theirs.until(lambda: theirs.events)
        await mine.until(lambda: len(mine.events) == 2)
        assert [one["kind"] for one in theirs.events] == ["question.asked"]
        assert [one["kind"] for one in mine.events] == ["question.asked", "question.named"]
        assert (mine.events[0]["seq"], mine.events[0]["after"]) == (3, 2)
        await send(mine, command(room, "question_ask", text="And?"))
        await theirs.until(lambda: len(theirs.events) == 2)
        # Two events between were for others: the page knows that it has missed nothing.
        assert (theirs.events[1]["seq"], theirs.events[1]["after"]) == (6, 3)


async def test_teachers_hear_what_is_theirs(room: Room) -> None:
    async with (
        page(room.world, room.teacher.visitor) as teacher,
        page(room.world, room.students[1].visitor) as student,
    ):
        await teacher.join(room.lesson)
        await student.join(room.lesson)
        await send(teacher, command(room, "questions_set", review=True))
        await room.students[0].ask("Hidden?")
        await send(teacher, command(room, "question_star", question=1, on=True))
        await send(teacher, command(room, "question_approve", question=1))
        await teacher.until(lambda: len(teacher.events) == 4)
        await student.until(lambda: len(student.events) == 2)
        assert [one["kind"] for one in teacher.events] == [
            "questions.settings",
            "question.asked",
            "question.starred",
            "question.approved",
        ]
        assert [one["kind"] for one in student.events] == [
            "questions.settings",
            "question.approved",
        ]
        for one in (teacher, student):
            known = [2] + [event["seq"] for event in one.events]
            assert [event["after"] for event in one.events] == known[:-1]


async def test_coming_back_brings_events_or_everything(room: Room) -> None:
    await room.students[0].ask("One?")
    async with page(room.world, room.students[1].visitor) as one:
        seq = (await one.join(room.lesson))["seq"]
    await room.teacher.do("question_seen", questions=[1])
    await room.teacher.do("question_later", question=1)
    async with page(room.world, room.students[1].visitor) as one:
        answer = await one.join(room.lesson, since=seq)
        assert answer["questions"] is None
        assert [event["kind"] for event in answer["events"]] == ["question.later"]
        answer = await one.join(room.lesson, since=10_000)
        assert answer["questions"]["list"][0]["state"] == "later"


async def test_votes_reach_other_pages_of_the_person_and_all_in_the_end(room: Room) -> None:
    number = await room.students[0].ask()
    voter = room.students[1].visitor
    async with page(room.world, voter) as phone, page(room.world, voter) as laptop:
        mine: list[Any] = []
        laptop.socket.on("mine", mine.append)
        await phone.join(room.lesson)
        await laptop.join(room.lesson)
        answer = await send(phone, command(room, "question_vote", question=number, on=True))
        assert answer["result"] == {"question": number, "on": True, "votes": 1}
        await laptop.until(lambda: laptop.events)
        assert laptop.events[0]["payload"] == {"votes": {str(number): 1}}
        assert mine == [{"lesson": room.lesson, "voted": {str(number): True}}]
        assert (await laptop.join(room.lesson))["my"]["voted"] == [number]


async def test_a_refusal_says_when_to_come_back_and_what_is_wrong(room: Room) -> None:
    async with page(room.world, room.students[0].visitor) as one:
        for _ in range(5):
            await send(one, command(room, "question_ask", text="Why?"))
        error = (await send(one, command(room, "question_ask", text="Why?")))["error"]
        assert (error["code"], error["retry_after"]) == ("too-many-questions", 120)
        error = (await send(one, command(room, "question_reopen", question=1)))["error"]
        assert error["code"] == "not-allowed"
        error = (await send(one, command(room, "question_vote", question=1)))["error"]
        assert (error["code"], error["field"]) == ("invalid-field", "on")
        await room.teacher.do("question_begin", question=1)
        error = (await send(one, command(room, "question_withdraw", question=1)))["error"]
        assert (error["code"], error["state"]) == ("question-state", "answering")


async def test_wrong_commands_are_answered_and_hurt_nobody(small_room: Room) -> None:
    room = small_room
    good = command(room, "question_ask", text="Why?")
    async with page(room.world, room.students[0].visitor) as one:
        for body in (
            None,
            [],
            "x",
            {},
            {**good, "id": "x"},
            {**good, "id": "9b2f2c1e-7a53-4f4e-9a34-0c9a3d1f2b6a"},  # of version 4
            {**good, "args": []},
            {**good, "more": 1},
            {**good, "name": ""},
            {**good, "name": "x" * 41},
            {**good, "args": {"text": "x", "deep": [[[[[[[[]]]]]]]]}},
        ):
            answer = await send(one, body)
            assert answer["ok"] is False
            assert answer["error"]["code"] in ("invalid-field", "unknown-field")
        assert (await send(one, good))["ok"]


async def test_text_that_no_database_keeps_is_mended(room: Room) -> None:
    async with page(room.world, room.students[0].visitor) as one:
        await one.join(room.lesson)
        text = "\u202eЧаро\u202c \ud83d осмон\0 <b>кабуд</b>? سلام"
        # As a browser writes it; the client here would write what can not be sent.
        body = json.dumps(["command", command(room, "question_ask", text=text)])
        await one.socket.eio.send(f"2{body}")
        await one.until(lambda: one.events)
        question = one.events[0]["payload"]["question"]
        assert question["text"] == "Чаро  осмон <b>кабуд</b>? سلام"


async def test_commands_of_one_page_are_done_in_their_order(room: Room) -> None:
    async with page(room.world, room.teacher.visitor) as one:
        await one.join(room.lesson)
        for number in range(20):
            body = command(room, "question_ask", text=f"Question {number}?")
            await one.socket.emit("command", body)
        await one.until(lambda: len(one.events) == 20)
        texts = [event["payload"]["question"]["text"] for event in one.events]
        assert texts == [f"Question {number}?" for number in range(20)]


async def test_another_role_is_another_view(room: Room) -> None:
    student: Someone = room.students[1]
    await room.students[0].ask("Hidden?")
    await room.teacher.do("question_dismiss", question=1)
    async with page(room.world, student.visitor) as one:
        rights: list[Any] = []
        one.socket.on("rights", rights.append)
        assert (await one.join(room.lesson))["questions"]["list"] == []
        body = {"person_id": student.id, "role": "teacher"}
        path = f"/api/courses/{room.course}/members"
        assert (await room.staff.visitor.post(path, body)).status == 201
        await room.teacher.do("question_star", question=1, on=True)
        await one.until(lambda: one.events)
        assert rights == [{"lesson": room.lesson}]
        assert one.events[0]["kind"] == "question.starred"
        assert (await one.join(room.lesson))["questions"]["list"][0]["state"] == "dismissed"


async def test_counts_that_a_process_did_not_tell_are_told_by_the_next(room: Room) -> None:
    number = await room.students[0].ask()
    await room.students[1].do("question_vote", question=number, on=True)
    await room.world.services.tallies.stop()
    kinds = [event.kind for event in await room.events()]
    assert kinds[-1] == "question.votes"
    assert len(kinds) < SNAPSHOT


async def test_a_class_that_comes_in_at_once_reads_once_and_sees_the_newest(room: Room) -> None:
    await room.students[0].ask("Mine?", anonymous=True)
    async with (
        page(room.world, room.students[0].visitor) as asker,
        page(room.world, room.students[1].visitor) as one,
        page(room.world, room.students[2].visitor) as other,
    ):
        first = (await one.join(room.lesson))["questions"]
        assert (await other.join(room.lesson))["questions"] == first
        (own,) = (await asker.join(room.lesson))["questions"]["list"]
        assert own["asker"]["id"] == room.students[0].id
        await room.teacher.do("question_dismiss", question=1)
        assert (await other.join(room.lesson))["questions"]["list"] == []
        assert len((await asker.join(room.lesson))["questions"]["list"]) == 1
