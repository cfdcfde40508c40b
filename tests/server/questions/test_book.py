"""The course's question book: between lessons, from one to the next, and over HTTP."""

import uuid

import pytest
from sqlalchemy import select

from server.errors import Problem
from server.models import Person
from server.questions.lists import SNAPSHOT_TEXT
from server.questions.tables import Question
from server.questions.texts import MAX_TEXT
from tests.server.conftest import problem
from tests.server.questions.classroom import Room, Someone
from tests.server.questions.flood import flood


async def test_unanswered_questions_are_carried_into_the_next_lesson(room: Room) -> None:
    asker = room.students[0]
    one, two, three = await asker.ask("One?"), await asker.ask("Two?", anonymous=True), 0
    three = await room.students[1].ask("Three?")
    await room.students[2].do("question_vote", question=two, on=True)
    await room.teacher.do("question_done", question=one)
    await room.teacher.do("question_later", question=three)
    await room.teacher.do(
        "question_assign", question=three, owner=room.other_teacher.id, due="2026-10-01"
    )
    await room.end_lesson()
    before = room.lesson
    await room.open_lesson("Colours")
    late = await room.late(room.students[2])
    assert {q["number"]: q["state"] for q in late["list"]} == {two: "open", three: "later"}
    assert {q["lesson"] for q in late["list"]} == {before}
    assert late["my"]["voted"] == [two]
    await room.check_agreement()
    await room.teacher.do("question_begin", question=two)
    await room.teacher.do("question_done", question=two)
    (question,) = [q for q in (await room.late(room.students[2]))["list"] if q["number"] == two]
    assert (question["answer"]["lesson"], question["votes"]) == (room.lesson, 1)
    await room.check_agreement()


async def test_a_question_can_be_asked_between_lessons(room: Room) -> None:
    await room.end_lesson()
    assert await room.students[0].refused("question_ask", text="?!") == "lesson-ended"
    asked = await room.students[0].do_in_book("question_ask", text="Between?")
    await room.students[1].do_in_book("question_vote", question=asked["question"], on=True)
    answer = await room.students[2].visitor.get(f"/api/courses/{room.course}/questions")
    (question,) = (await answer.json())["questions"]
    assert (question["lesson"], question["at"], question["votes"]) == (None, None, 1)
    await room.open_lesson()
    assert (await room.late(room.students[2]))["list"][0]["text"] == "Between?"
    await room.check_agreement()


async def test_a_question_from_a_replay_keeps_its_lesson_and_second(room: Room) -> None:
    old = room.lesson
    room.world.clock.pass_time(seconds=90)
    await room.end_lesson()
    room.world.clock.pass_time(hours=1)
    for at, kept in ((61_000, 61_000), (10_000_000, 90_000), (None, None)):
        await room.students[0].do_in_book("question_ask", text=f"At {at}?", about=old, at=at)
        answer = await room.students[1].visitor.get(
            f"/api/courses/{room.course}/questions?sort=new"
        )
        question = (await answer.json())["questions"][0]
        assert (question["text"], question["lesson"]) == (f"At {at}?", old)
        if kept is None:
            assert question["at"] is None
        else:
            assert abs(question["at"] - kept) <= 1_000
    await room.open_lesson("Next")
    assert {one["lesson"] for one in (await room.late(room.students[2]))["list"]} == {old}
    await room.check_agreement()


async def test_a_replay_elsewhere_or_of_a_lesson_to_come_is_asked_nothing(room: Room) -> None:
    staff = await room.world.staff()
    elsewhere = await room.world.lesson(staff, (await room.world.course(staff, "Other"))["id"])
    await room.world.set_state(staff, elsewhere["id"], "practice", "live")
    to_come = await room.world.lesson(room.teacher.visitor, room.course)
    for about in (elsewhere["id"], to_come["id"], str(uuid.uuid4())):
        with pytest.raises(Problem) as refused:
            await room.students[0].do_in_book("question_ask", text="?!!", about=about, at=5)
        assert refused.value.code == "lesson-unknown"


async def test_an_open_lesson_hears_of_what_the_book_is_asked(room: Room) -> None:
    asked = await room.students[0].do_in_book("question_ask", text="From a replay?")
    assert (await room.late(room.students[1]))["list"][0]["number"] == asked["question"]
    await room.teacher.do("questions_set", paused=True)
    await room.check_agreement()


async def test_a_step_on_a_question_of_another_lesson_brings_it_here(room: Room) -> None:
    number = await room.students[0].ask("Old?")
    await room.teacher.do("question_done", question=number)
    await room.end_lesson()
    await room.open_lesson("Next")
    assert (await room.late(room.students[1]))["list"] == []
    await room.teacher.do("question_reopen", question=number)
    assert (await room.late(room.students[1]))["list"][0]["text"] == "Old?"
    await room.check_agreement()


async def test_the_book_over_http(room: Room) -> None:
    path = f"/api/courses/{room.course}/commands"
    student = room.students[0].visitor
    key = str(room.new_id())
    body = {"id": key, "name": "question_ask", "args": {"text": "Over HTTP?"}}
    first = await student.post(path, body)
    assert first.status == 200, await first.text()
    again = await student.post(path, body)
    assert await first.json() == await again.json()
    assert (await first.json())["result"] == {"question": 1, "state": "open"}
    begin = {"id": str(room.new_id()), "name": "question_begin", "args": {"question": 1}}
    assert await problem(await room.teacher.visitor.post(path, begin)) == (409, "not-in-book")
    dismiss = {"id": str(room.new_id()), "name": "question_dismiss", "args": {"question": 1}}
    assert await problem(await student.post(path, dismiss)) == (403, "not-allowed")
    for wrong in (str(uuid.uuid4()), "x", 7):
        answer = await student.post(path, {**body, "id": wrong})
        assert await problem(answer) == (422, "invalid-field")
    outsider = Someone(room, await room.world.sign_in(await room.world.person()))
    assert (await problem(await outsider.visitor.post(path, body)))[0] == 404
    assert (await problem(await (await room.world.visitor()).post(path, body)))[0] == 401


async def test_lists_come_page_by_page_to_those_who_may(room: Room) -> None:
    for number in range(7):
        await room.teacher.ask(f"Question {number}?")
    await room.teacher.do("question_dismiss", question=7)
    path = f"/api/lessons/{room.lesson}/questions"
    student = room.students[0].visitor
    seen: list[int] = []
    offset: int | None = 0
    while offset is not None:
        answer = await (await student.get(f"{path}?sort=new&limit=4&offset={offset}")).json()
        assert answer["total"] == 6
        seen += [one["number"] for one in answer["questions"]]
        offset = answer["next"]
    assert seen == [6, 5, 4, 3, 2, 1]
    answer = await room.teacher.visitor.get(f"{path}?state=dismissed")
    assert [one["number"] for one in (await answer.json())["questions"]] == [7]
    for wrong in (
        "mine=x",
        "mine=owned",
        "sort=x",
        "state=x",
        "limit=-1",
        "limit=101",
        "offset=x",
        "offset=9999999999",
    ):
        assert await problem(await student.get(f"{path}?{wrong}")) == (422, "invalid-field")
    outsider = await room.world.sign_in(await room.world.person())
    for tail in ("", "/search?q=x", "/similar?text=x", ".csv", ".xlsx"):
        assert (await problem(await outsider.get(path + tail)))[0] == 404
    for tail in (".csv", ".xlsx"):
        assert (await problem(await student.get(path + tail)))[0] == 403


async def test_lists_of_what_is_ones_own(room: Room) -> None:
    asker, voter = room.students[:2]
    own, other = await asker.ask("Mine?"), await voter.ask("Yours?")
    await asker.do("question_vote", question=other, on=True)
    await room.teacher.do("question_assign", question=other, owner=room.other_teacher.id)
    path = f"/api/courses/{room.course}/questions"

    async def numbers(who: Someone, query: str) -> list[int]:
        answer = await (await who.visitor.get(f"{path}?{query}")).json()
        return [one["number"] for one in answer["questions"]]

    assert await numbers(asker, "mine=asked") == [own]
    assert await numbers(room.other_teacher, "mine=owned") == [other]
    assert await numbers(room.teacher, "mine=owned") == []
    answer = await (await asker.visitor.get(path)).json()
    assert answer["my"] == {"asked": [own], "voted": [other]}


async def test_the_page_opens_though_there_are_very_many_questions(room: Room) -> None:
    for number in range(75):
        await room.other_teacher.ask(f"Question {number}?")
    late = await room.late(room.students[0])
    assert (len(late["list"]), late["more"]) == (60, True)
    assert late["counts"] == {"open": 75}


async def test_the_page_opens_though_texts_are_very_long(room: Room) -> None:
    own = await room.students[0].ask("Mine?")
    for _ in range(30):
        await room.other_teacher.ask("я" * MAX_TEXT)
    late = await room.late(room.students[0])
    assert sum(len(one["text"]) for one in late["list"]) <= SNAPSHOT_TEXT
    assert (late["list"][0]["number"], late["more"]) == (own, True)
    assert len(late["list"]) == SNAPSHOT_TEXT // MAX_TEXT


async def test_ten_thousand_hostile_questions(room: Room) -> None:
    await room.students[0].ask("The first?")
    async with room.world.services.database.write() as session:
        (first,) = await session.scalars(select(Question))
        await flood(session, first, 10_000, lambda number: f"<script>{number}</script>")
    late = await room.late(room.students[1])
    assert (len(late["list"]), late["counts"]) == (60, {"open": 10_000})
    base = f"/api/lessons/{room.lesson}/questions"
    visitor = room.students[1].visitor
    answer = await (await visitor.get(f"{base}?offset=9990&limit=100")).json()
    assert (len(answer["questions"]), answer["next"]) == (10, None)
    for text, found in (("script 9999", 1), ("script", 20)):
        answer = await visitor.get(f"{base}/search", params={"q": text})
        assert len((await answer.json())["questions"]) == found
    answer = await visitor.get(f"{base}/similar", params={"text": "script"})
    assert len((await answer.json())["questions"]) == 5
    assert await room.students[2].ask("Still possible?") == 10_001


async def test_a_public_event_has_a_book_of_its_own(room: Room) -> None:
    world, staff = room.world, room.staff
    await room.students[0].ask("In the course?")
    event = await world.event(staff.visitor)
    guest = await world.visitor()
    await world.set_state(staff.visitor, event["id"], "practice", "live")
    body = {"lesson": event["id"], "name": "Guest"}
    assert (await guest.post("/api/join", body)).status == 200
    me = await (await guest.get("/api/session")).json()
    async with world.services.database.read() as session:
        guest.person = await session.get(Person, uuid.UUID(me["person"]["id"]))
    asker = Someone(room, guest)
    answer = await asker.send("question_ask", lesson=event["id"], text="At the event?")
    assert answer["result"] == {"question": 1, "state": "open"}
    looker = room.students[0]  # sees the event, but has not come in
    with pytest.raises(Problem) as refused:
        await looker.send("question_vote", lesson=event["id"], question=1, on=True)
    assert refused.value.code == "not-allowed"
    await staff.send("question_begin", lesson=event["id"], question=1)
    await world.set_state(staff.visitor, event["id"], "ended")
    assert (await staff.visitor.delete(f"/api/lessons/{event['id']}")).status == 204
    async with world.services.database.read() as session:
        assert [one.text for one in await session.scalars(select(Question))] == ["In the course?"]


async def test_a_deleted_lesson_leaves_its_questions_in_the_book(room: Room) -> None:
    number = await room.students[0].ask("Kept?")
    await room.teacher.do("question_begin", question=number)
    await room.teacher.do("questions_set", review=True)
    await room.end_lesson()
    assert (await room.staff.visitor.delete(f"/api/lessons/{room.lesson}")).status == 204
    answer = await room.students[1].visitor.get(f"/api/courses/{room.course}/questions")
    (question,) = (await answer.json())["questions"]
    assert (question["text"], question["lesson"]) == ("Kept?", None)
    assert question["answer"]["lesson"] is None


async def test_text_over_http_is_mended_as_on_the_socket(room: Room) -> None:
    path = f"/api/courses/{room.course}/commands"
    body = (
        f'{{"id":"{room.new_id()}","name":"question_ask","args":{{"text":"\\ud83d Why\\u0000?"}}}}'
    )
    headers = {"Content-Type": "application/json"}
    answer = await room.students[0].visitor.send("POST", path, data=body, headers=headers)
    assert answer.status == 200, await answer.text()
    assert (await room.late(room.students[0]))["list"][0]["text"] == "Why?"
