"""Commands happen once, for those who may, in the lesson that is meant."""

import asyncio
import uuid
from typing import Any

import pytest
from sqlalchemy import func, select

from server.commands import KEEP_COMMANDS, forget_old
from server.errors import Problem
from server.questions.events import COMMANDS
from server.questions.tables import Command, Question
from tests.server.questions.classroom import Room, Someone

ARGS: dict[str, dict[str, Any]] = {
    "question_ask": {"text": "Why?"},
    "question_edit": {"question": 1, "text": "Why not?"},
    "question_withdraw": {"question": 1},
    "question_vote": {"question": 1, "on": True},
    "question_undo": {"question": 1, "version": 1},
    "question_approve": {"question": 1},
    "question_dismiss": {"question": 1},
    "question_later": {"question": 1},
    "question_reopen": {"question": 1},
    "question_merge": {"question": 1, "into": 2},
    "question_begin": {"question": 1},
    "question_done": {"question": 1},
    "question_answer": {"question": 1, "text": "So."},
    "question_star": {"question": 1, "on": True},
    "question_label": {"question": 1, "label": "x"},
    "question_assign": {"question": 1, "due": "2026-10-01"},
    "question_show": {"question": 1},
    "question_seen": {"questions": [1]},
    "questions_set": {"paused": True},
    "answer_give": {"question": 1, "text": "So."},
    "answer_edit": {"question": 1, "answer": 1, "text": "So, then."},
    "answer_remove": {"question": 1, "answer": 1, "on": True},
    "answer_mark": {"question": 1, "answer": 1, "good": True},
}
# What the setting below answers to each role; everything else is done.
NOT_FOR_STUDENTS = {
    **{name: "not-allowed" for name, entry in COMMANDS.items() if entry.teacher},
    "question_edit": "not-allowed",
    "question_withdraw": "not-allowed",
    "answer_edit": "not-allowed",
    "answer_remove": "not-allowed",
    "question_undo": "nothing-to-undo",
}
NOT_FOR_TEACHERS = {
    "question_edit": "not-allowed",
    "question_withdraw": "not-allowed",
    "question_undo": "nothing-to-undo",
    "question_approve": "question-state",
    "question_reopen": "question-state",
    "answer_edit": "not-allowed",
}
AFTER_THE_END = {name for name, entry in COMMANDS.items() if not entry.needs_open}


def test_every_command_is_tried() -> None:
    assert ARGS.keys() == COMMANDS.keys()


@pytest.fixture
async def setting(room: Room) -> Room:
    """Two questions, and one answer to the first."""
    await room.students[0].ask("First?")
    await room.students[0].ask("Second?")
    await room.students[0].do("answer_give", question=1, text="Like this.")
    return room


async def outcome(someone: Someone, name: str, **options: Any) -> str:
    try:
        await someone.send(name, **options, **ARGS[name])
    except Problem as problem:
        return problem.code
    return "done"


async def state(room: Room) -> list[Any]:
    return [len(await room.events()), await room.late(room.teacher, teacher=True)]


@pytest.mark.parametrize("name", sorted(ARGS))
async def test_each_command_by_each_role(setting: Room, name: str) -> None:
    room = setting
    outsider = Someone(room, await room.world.sign_in(await room.world.person("Outsider")))
    nobody = Someone(room, await room.world.visitor())
    before = await state(room)
    assert await outcome(outsider, name) == "not-found"
    assert await outcome(nobody, name) == "not-signed-in"
    assert await outcome(room.teacher, name, lesson=str(uuid.uuid4())) == "not-found"
    elsewhere = (await room.world.course(room.staff.visitor))["id"]
    other = await room.world.lesson(room.staff.visitor, elsewhere)
    assert await outcome(room.teacher, name, lesson=other["id"]) == "not-found"
    assert await outcome(room.staff, name, lesson=other["id"]) == "lesson-not-open"
    await room.world.set_state(room.staff.visitor, other["id"], "practice")
    if name not in ("question_ask", "questions_set"):
        assert await outcome(room.staff, name, lesson=other["id"]) == "question-unknown"
    assert await state(room) == before
    expected = NOT_FOR_STUDENTS.get(name, "done")
    assert await outcome(room.students[1], name) == expected
    if expected != "done":
        assert await state(room) == before
    assert await outcome(room.teacher, name) == NOT_FOR_TEACHERS.get(name, "done")
    await room.tell_votes()
    await room.check_agreement()


@pytest.mark.parametrize("name", sorted(ARGS))
async def test_each_command_after_the_end(setting: Room, name: str) -> None:
    room = setting
    await room.end_lesson()
    over = "not-allowed" if COMMANDS[name].teacher else "lesson-ended"
    assert await outcome(room.students[1], name) == over
    wanted = NOT_FOR_TEACHERS.get(name, "done") if name in AFTER_THE_END else "lesson-ended"
    position = (await room.events())[-1].position
    room.world.clock.pass_time(days=2)
    assert await outcome(room.teacher, name) == wanted
    assert (await room.events())[-1].position == position
    await room.check_agreement()


async def test_sent_twice_it_happens_once_with_the_same_answer(room: Room) -> None:
    key = room.new_id()
    student = room.students[0]
    first = await student.send("question_ask", key=key, text="Once?")
    room.world.clock.pass_time(hours=3)
    assert await student.send("question_ask", key=key, text="Once?") == first
    assert len((await room.late(student))["list"]) == 1
    for someone, args in ((student, {"text": "Other?"}), (room.students[1], {"text": "Once?"})):
        with pytest.raises(Problem) as refused:
            await someone.send("question_ask", key=key, **args)
        assert refused.value.code == "command-reused"
    await room.end_lesson()
    assert await student.send("question_ask", key=key, text="Once?") == first


async def test_what_was_refused_may_be_sent_again(room: Room) -> None:
    key = room.new_id()
    await room.teacher.do("questions_set", paused=True)
    with pytest.raises(Problem):
        await room.students[0].send("question_ask", key=key, text="Now?")
    await room.teacher.do("questions_set", paused=False)
    answer = await room.students[0].send("question_ask", key=key, text="Now?")
    assert answer["result"]["question"] == 1


async def test_the_same_command_many_times_at_once(room: Room) -> None:
    student, key = room.students[0], room.new_id()
    answers = await asyncio.gather(
        *(student.send("question_ask", key=key, text="Once?") for _ in range(10))
    )
    assert all(answer == answers[0] for answer in answers)
    vote = room.new_id()
    answers = await asyncio.gather(
        *(room.students[1].send("question_vote", key=vote, question=1, on=True) for _ in range(10))
    )
    assert all(answer == answers[0] for answer in answers)
    async with room.world.services.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Question)) == 1
        assert await session.scalar(select(Question.votes)) == 1


async def test_many_people_at_once_get_numbers_without_gaps(room: Room) -> None:
    people = [*room.students, room.teacher, room.other_teacher]
    numbers = await asyncio.gather(*(one.ask(f"{i}?") for i in range(5) for one in people))
    assert sorted(numbers) == list(range(1, 26))
    voters = [one for one in people if one is not room.teacher]
    number = await room.teacher.ask("All?")
    await asyncio.gather(*(one.do("question_vote", question=number, on=True) for one in voters))
    await room.tell_votes()
    await room.check_agreement()
    async with room.world.services.database.read() as session:
        query = select(Question.votes).where(Question.number == number)
        assert await session.scalar(query) == len(voters)


async def test_old_commands_are_forgotten(room: Room) -> None:
    await room.students[0].ask()
    room.world.clock.pass_time(days=KEEP_COMMANDS.days + 1)
    await room.students[1].ask()
    async with room.world.services.database.write() as session:
        await forget_old(session, room.world.clock.now())
        assert await session.scalar(select(func.count()).select_from(Command)) == 1


async def test_a_script_is_slowed_down_by_person_not_by_page(small_room: Room) -> None:
    room = small_room
    number = await room.students[0].ask()
    voter = room.students[1]
    codes = []
    for turn in range(125):
        try:
            await voter.do("question_vote", question=number, on=turn % 2 == 0)
            codes.append("done")
        except Problem as problem:
            codes.append(problem.code)
    assert codes == ["done"] * 120 + ["too-many-commands"] * 5
    await room.students[2].do("question_vote", question=number, on=True)


async def test_a_role_that_changes_counts_at_once(room: Room) -> None:
    number = await room.students[0].ask()
    student = room.students[1]
    body = {"person_id": student.id, "role": "teacher"}
    path = f"/api/courses/{room.course}/members"
    assert (await room.staff.visitor.post(path, body)).status == 201
    await student.do("question_star", question=number, on=True)
    assert (await room.staff.visitor.delete(f"{path}/{student.id}")).status == 204
    assert await student.refused("question_star", question=number, on=False) == "not-found"


@pytest.mark.parametrize(
    ("name", "args", "code"),
    [
        ("nothing", {}, "unknown-command"),
        ("__class__", {}, "unknown-command"),
        ("question_ask", {}, "invalid-field"),
        ("question_ask", {"text": 1}, "invalid-field"),
        ("question_ask", {"text": "x", "asker": "me"}, "unknown-field"),
        ("question_ask", {"text": "x" * 1001}, "text-too-long"),
        ("question_ask", {"text": "x" * 4001}, "invalid-field"),
        ("question_ask", {"text": "\u202e"}, "text-empty"),
        ("question_ask", {"text": "x", "at": -1}, "invalid-field"),
        ("question_ask", {"text": "x", "at": 1.5}, "invalid-field"),
        ("question_vote", {"question": 0, "on": True}, "invalid-field"),
        ("question_vote", {"question": 2**31, "on": True}, "invalid-field"),
        ("question_vote", {"question": "1", "on": True}, "invalid-field"),
        ("question_vote", {"question": True, "on": True}, "invalid-field"),
        ("question_vote", {"question": 1, "on": 1}, "invalid-field"),
        ("question_vote", {"question": 999, "on": True}, "question-unknown"),
        ("answer_edit", {"question": 1, "answer": 9, "text": "x"}, "answer-unknown"),
    ],
)
async def test_wrong_arguments_are_named(
    small_room: Room, name: str, args: dict[str, Any], code: str
) -> None:
    await small_room.students[0].ask()
    assert await small_room.students[1].refused(name, **args) == code
