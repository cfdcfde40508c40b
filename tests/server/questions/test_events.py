"""From a command to rows and events: what each does, and to whom it is told."""

import pytest

from server.errors import Problem
from tests.server.questions.classroom import Room


async def test_a_question_goes_from_asked_to_answered(room: Room) -> None:
    first, second, third = room.students
    number = await first.ask("Чаро осмон кабуд аст?")
    assert number == 1
    for voter in (second, third, second):
        assert (await voter.do("question_vote", question=number, on=True))["on"]
    await room.tell_votes()
    room.world.clock.pass_time(seconds=30)
    begun = await room.teacher.do("question_begin", question=number)
    assert begun == {"question": number, "state": "answering", "version": 2}
    room.world.clock.pass_time(seconds=45)
    await room.teacher.do("question_done", question=number)
    late = await room.late(second)
    (question,) = late["list"]
    assert (question["state"], question["votes"]) == ("answered", 2)
    answer = question["answer"]
    assert (answer["how"], answer["to"] - answer["from"]) == ("live", 45_000)
    assert answer["lesson"] == room.lesson
    assert [one.kind for one in await room.events()][2:] == [
        "question.asked",
        "question.votes",
        "question.answering",
        "question.answered",
    ]
    await room.check_agreement()


async def test_an_anonymous_question_names_its_asker_to_teachers_alone(room: Room) -> None:
    asker, other, _ = room.students
    number = await asker.ask(anonymous=True)
    (seen,) = (await room.late(other))["list"]
    assert seen["asker"] is None
    assert asker.id not in str([one.payload for one in await room.events(other)])
    (own,) = (await room.late(asker))["list"]
    assert own["asker"]["id"] == asker.id
    (known,) = (await room.late(room.teacher, teacher=True))["list"]
    assert known["asker"]["id"] == asker.id
    await room.teacher.do("questions_set", anonymous=False)
    assert await asker.refused("question_ask", text="Again?", anonymous=True) == (
        "anonymous-not-allowed"
    )
    assert number == 1
    await room.check_agreement()


async def test_a_question_in_review_is_seen_by_teachers_and_asker(room: Room) -> None:
    asker, other, _ = room.students
    await room.teacher.do("questions_set", review=True)
    number = await asker.ask()
    assert (await room.late(other))["list"] == []
    assert [one.kind for one in await room.events(other)][-1] == "questions.settings"
    assert (await room.late(asker))["list"][0]["state"] == "in-review"
    assert await other.refused("question_vote", question=number, on=True) == "question-unknown"
    await room.check_agreement()
    await room.teacher.do("question_approve", question=number)
    assert (await room.late(other))["list"][0]["state"] == "open"
    await room.check_agreement()


async def test_merging_adds_people_not_votes_and_can_be_undone(room: Room) -> None:
    first, second, third = room.students
    one, two = await first.ask("Why blue?"), await second.ask("Why is it blue?")
    await third.do("question_vote", question=one, on=True)
    await third.do("question_vote", question=two, on=True)
    await first.do("question_vote", question=two, on=True)
    merged = await room.teacher.do("question_merge", question=two, into=one)
    votes = {q["number"]: q["votes"] for q in (await room.late(third))["list"]}
    assert votes == {1: 2, 2: 2}  # the third person, and who asked the other one
    assert (await room.late(second))["my"] == {"asked": [2], "voted": [1]}
    assert (await room.late(third))["my"] == {"asked": [], "voted": [1]}
    answer = await third.do("question_vote", question=two, on=False)
    assert answer == {"question": one, "on": False, "votes": 1}
    await room.tell_votes()
    await room.check_agreement()
    await room.teacher.do("question_undo", question=two, version=merged["version"])
    votes = {q["number"]: q["votes"] for q in (await room.late(third))["list"]}
    assert votes == {1: 0, 2: 1}
    await room.check_agreement()


async def test_beginning_the_next_ends_the_one_before(room: Room) -> None:
    one, two = await room.students[0].ask("One?"), await room.students[1].ask("Two?")
    await room.teacher.do("question_begin", question=one)
    await room.other_teacher.do("question_begin", question=two)
    states = {q["number"]: q["state"] for q in (await room.late(room.students[2]))["list"]}
    assert states == {one: "answered", two: "answering"}
    await room.end_lesson()
    states = {q["number"]: q["state"] for q in (await room.late(room.students[2]))["list"]}
    assert states == {one: "answered", two: "answered"}
    await room.check_agreement()


async def test_an_undo_that_comes_too_late_changes_nothing(room: Room) -> None:
    number = await room.students[0].ask()
    later = await room.teacher.do("question_later", question=number)
    await room.other_teacher.do("question_begin", question=number)
    undo = {"question": number, "version": later["version"]}
    assert await room.teacher.refused("question_undo", **undo) == "changed-since"
    done = await room.teacher.do("question_undo", question=number, version=3)
    assert done["state"] == "later"
    undo = {"question": number, "version": done["version"]}
    assert await room.teacher.refused("question_undo", **undo) == "nothing-to-undo"
    await room.check_agreement()


async def test_an_undo_never_leaves_two_questions_being_answered(room: Room) -> None:
    one, two = await room.students[0].ask("One?"), await room.students[1].ask("Two?")
    await room.teacher.do("question_begin", question=one)
    begun = await room.teacher.do("question_begin", question=two)
    undo = {"question": one, "version": 3}
    assert await room.teacher.refused("question_undo", **undo) == "changed-since"
    await room.teacher.do("question_undo", question=two, version=begun["version"])
    assert (await room.teacher.do("question_undo", **undo))["state"] == "answering"
    await room.check_agreement()


async def test_merging_never_goes_in_a_circle(room: Room) -> None:
    one, two = await room.students[0].ask("One?"), await room.students[1].ask("Two?")
    await room.teacher.do("question_merge", question=one, into=two)
    assert await room.teacher.refused("question_merge", question=two, into=one) == "question-state"
    assert await room.teacher.refused("question_merge", question=two, into=two) == "invalid-field"
    back = await room.teacher.do("question_reopen", question=one)
    await room.teacher.do("question_merge", question=two, into=one)
    undo = {"question": one, "version": back["version"]}
    assert await room.teacher.refused("question_undo", **undo) == "changed-since"
    await room.check_agreement()


async def test_an_answer_in_text_is_taken_back_with_its_text(room: Room) -> None:
    number = await room.students[0].ask()
    done = await room.teacher.do("question_answer", question=number, text="Scattering.")
    (question,) = (await room.late(room.students[1]))["list"]
    assert (question["state"], question["answer"]["how"]) == ("answered", "text")
    assert question["answers"][0]["text"] == "Scattering."
    await room.teacher.do("question_undo", question=number, version=done["version"])
    (question,) = (await room.late(room.students[1]))["list"]
    assert (question["state"], question["answers"], question["answer"]) == ("open", [], None)
    await room.check_agreement()


async def test_students_answer_each_other_and_the_teacher_marks_the_good(room: Room) -> None:
    asker, helper, other = room.students
    number = await asker.ask()
    given = await helper.do("answer_give", question=number, text="Because of the air.")
    assert given == {"question": number, "answer": 1}
    await room.teacher.do("answer_mark", question=number, answer=1, good=True)
    assert await helper.refused("answer_mark", question=number, answer=1, good=True) == (
        "not-allowed"
    )
    assert await other.refused("answer_edit", question=number, answer=1, text="x") == "not-allowed"
    await helper.do("answer_edit", question=number, answer=1, text="Because of molecules.")
    (answer,) = (await room.late(other))["list"][0]["answers"]
    assert (answer["good"], answer["edited"]) == (False, True)
    await room.teacher.do("answer_remove", question=number, answer=1, on=True)
    assert await helper.refused("answer_remove", question=number, answer=1, on=False) == (
        "not-allowed"
    )
    assert (await room.late(other))["list"][0]["answers"] == []
    await room.check_agreement()
    await room.teacher.do("answer_remove", question=number, answer=1, on=False)
    await room.check_agreement()


async def test_a_question_changes_until_it_is_seen(room: Room) -> None:
    asker, other, _ = room.students
    number = await asker.ask("Wy?")
    await asker.do("question_edit", question=number, text="Why?")
    assert await other.refused("question_edit", question=number, text="x") == "not-allowed"
    assert await room.teacher.refused("question_edit", question=number, text="x") == "not-allowed"
    assert (await room.teacher.do("question_seen", questions=[number, number])) == {
        "questions": [number]
    }
    assert await asker.refused("question_edit", question=number, text="x") == "question-seen"
    (question,) = (await room.late(asker))["list"]
    assert (question["text"], question["edited"], question["seen"]) == ("Why?", True, True)
    assert "seen" not in (await room.late(other))["list"][0]
    await room.check_agreement()


async def test_what_teachers_note_is_theirs(room: Room) -> None:
    number = await room.students[0].ask()
    await room.teacher.do("question_star", question=number, on=True)
    await room.teacher.do(
        "question_assign", question=number, owner=room.other_teacher.id, due="2026-10-01"
    )
    assert await room.teacher.refused(
        "question_assign", question=number, owner=room.students[1].id
    ) == ("person-unknown")
    (known,) = (await room.late(room.teacher, teacher=True))["list"]
    assert (known["starred"], known["due"]) == (True, "2026-10-01")
    assert known["owner"]["id"] == room.other_teacher.id
    await room.teacher.do("question_label", question=number, label="  home\u202ework ")
    assert (await room.late(room.students[1]))["list"][0]["label"] == "homework"
    await room.check_agreement()


async def test_the_screen_shows_one_question_while_it_is_there(room: Room) -> None:
    one, two = await room.students[0].ask("One?"), await room.students[1].ask("Two?")
    await room.teacher.do("question_show", question=one)
    await room.teacher.do("question_show", question=two)
    assert (await room.late(room.students[2]))["on_screen"] == two
    await room.teacher.do("question_dismiss", question=two)
    assert (await room.late(room.students[2]))["on_screen"] is None
    assert await room.teacher.refused("question_show", question=two) == "question-state"
    await room.check_agreement()


async def test_a_pause_and_its_end(room: Room) -> None:
    await room.teacher.do("questions_set", paused=True)
    assert await room.students[0].refused("question_ask", text="?!") == "questions-paused"
    await room.teacher.do("questions_set", paused=False)
    await room.students[0].ask()


async def test_five_in_two_minutes_are_enough(room: Room) -> None:
    student = room.students[0]
    for number in range(5):
        await student.ask(f"Question {number}?")
        room.world.clock.pass_time(seconds=10)
    with pytest.raises(Problem) as refused:
        await student.ask("One more?")
    assert refused.value.short()["code"] == "too-many-questions"
    assert refused.value.short()["retry_after"] == 70
    room.world.clock.pass_time(seconds=70)
    await student.ask("One more?")
    for number in range(5):
        await room.teacher.ask(f"A teacher's {number}?")


async def test_voting(room: Room) -> None:
    asker, voter, _ = room.students
    number = await asker.ask()
    assert await asker.refused("question_vote", question=number, on=True) == "own-question"
    for on, votes in ((True, 1), (True, 1), (False, 0), (False, 0), (True, 1)):
        answer = await voter.do("question_vote", question=number, on=on)
        assert answer == {"question": number, "on": on, "votes": votes}
    await asker.do("question_withdraw", question=number)
    assert await voter.refused("question_vote", question=number, on=True) == "question-unknown"
    await asker.do("question_undo", question=number, version=2)
    assert (await room.late(voter))["list"][0]["votes"] == 1


async def test_counts_are_told_once_for_many_votes(room: Room) -> None:
    one, two = await room.students[0].ask("One?"), await room.students[0].ask("Two?")
    for number in (one, two):
        for voter in (*room.students[1:], room.teacher):
            await voter.do("question_vote", question=number, on=True)
    await room.tell_votes()
    await room.tell_votes()
    told = [event.payload for event in await room.events() if event.kind == "question.votes"]
    assert told == [{"votes": {str(one): 3, str(two): 3}}]


async def test_an_offline_question_keeps_its_place_within_the_lesson(room: Room) -> None:
    room.world.clock.pass_time(minutes=10)
    for at, kept in ((60_000, 60_000), (10**12, 600_000), (None, 600_000)):
        await room.students[0].ask("When?", at=at)
        assert (await room.late(room.students[1]))["list"][-1]["at"] == kept
