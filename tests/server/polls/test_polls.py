"""Polls: their life, votes that count once, who sees how they stand; on both databases."""

import asyncio
import uuid
from typing import Any

import pytest

from server.limits import Limits
from server.models import Lesson
from server.polls.events import COMMANDS
from server.polls.states import State, Step, may
from server.polls.store import MAX_POLLS, read_polls
from server.timeline import TEACHERS
from tests.server.questions.classroom import Room, Someone
from tests.server.test_health import keep
from tests.server.test_sockets import page

COLOURS: dict[str, Any] = {
    "text": "Which colour bends most?",
    "options": ["red", "green", "violet"],
}


async def make(room: Room, *, opened: bool = True, **parts: Any) -> int:
    made = await room.teacher.do("poll_make", **{**COLOURS, **parts})
    if opened:
        await room.teacher.do("poll_open", poll=made["poll"])
    number: int = made["poll"]
    return number


async def told(room: Room, who: Someone, *, teacher: bool = False) -> dict[str, Any]:
    """Return what somebody who joins now is told of polls."""
    assert who.visitor.person is not None
    async with room.world.services.database.read() as session:
        lesson = await session.get_one(Lesson, uuid.UUID(room.lesson))
        return await read_polls(session, lesson, who.visitor.person.id, teacher=teacher)


@pytest.mark.parametrize("step", Step)
def test_every_step_has_its_states(step: Step) -> None:
    expected = {
        Step.EDIT: {"draft"},
        Step.REMOVE: {"draft"},
        Step.OPEN: {"draft"},
        Step.VOTE: {"open"},
        Step.CLOSE: {"open"},
        Step.SHOW: {"open", "closed"},
    }
    assert {state.value for state in State if may(step, state)} == expected[step]


async def test_a_poll_from_draft_to_result(room: Room) -> None:
    anna, boris, _ = room.students
    number = await make(room, opened=False)
    assert (await told(room, anna))["list"] == []
    await room.teacher.do("poll_edit", poll=number, **{**COLOURS, "text": "Which one?"})
    await room.teacher.do("poll_open", poll=number)
    await anna.do("poll_vote", poll=number, choices=[0])
    await anna.do("poll_vote", poll=number, choices=[2])
    await boris.do("poll_vote", poll=number, choices=[2])
    (seen,) = (await told(room, anna))["list"]
    assert (seen["text"], seen["state"], seen["counts"]) == ("Which one?", "open", None)
    assert (await told(room, anna))["voted"] == {"1": [2]}
    (seen,) = (await told(room, room.teacher, teacher=True))["list"]
    assert (seen["counts"], seen["voters"]) == ([0, 0, 2], 2)
    await room.teacher.do("poll_close", poll=number)
    assert await anna.refused("poll_vote", poll=number, choices=[1]) == "poll-state"
    events = [one for one in await room.events() if one.kind.startswith("poll.")]
    kinds = ["poll.made", "poll.changed", "poll.opened", "poll.closed", "poll.counted"]
    assert [one.kind for one in events] == kinds
    assert events[3].payload["poll"]["counts"] is None
    assert events[4].audience == TEACHERS
    assert events[4].payload == {"poll": {"number": 1, "counts": [0, 0, 2], "voters": 2}}
    await room.other_teacher.do("poll_show", poll=number, on=True)
    assert (await room.events())[-1].payload["poll"]["counts"] == [0, 0, 2]
    (seen,) = (await told(room, anna))["list"]
    assert (seen["counts"], seen["shown"]) == ([0, 0, 2], True)


async def test_several_options_where_the_teacher_allows_it(room: Room) -> None:
    anna, boris, _ = room.students
    number = await make(room, multiple=True)
    await anna.do("poll_vote", poll=number, choices=[2, 0, 2])
    await boris.do("poll_vote", poll=number, choices=[0])
    await boris.do("poll_vote", poll=number, choices=[])
    (seen,) = (await told(room, room.teacher, teacher=True))["list"]
    assert (seen["counts"], seen["voters"]) == ([1, 0, 1], 1)
    assert await anna.refused("poll_vote", poll=number, choices=[3]) == "choice-unknown"


async def test_one_option_is_one_option(room: Room) -> None:
    number = await make(room)
    anna = room.students[0]
    assert await anna.refused("poll_vote", poll=number, choices=[0, 1]) == "choice-single"
    assert (await told(room, anna))["voted"] == {}


async def test_a_command_sent_twice_happens_once(room: Room) -> None:
    anna, number = room.students[0], await make(room)
    key = room.new_id()
    first = await anna.send("poll_vote", key, poll=number, choices=[0])
    await anna.do("poll_vote", poll=number, choices=[1])
    assert await anna.send("poll_vote", key, poll=number, choices=[0]) == first
    assert (await told(room, anna))["voted"] == {"1": [1]}
    key = room.new_id()
    await room.teacher.send("poll_make", key, **COLOURS)
    await room.teacher.send("poll_make", key, **COLOURS)
    assert len((await told(room, room.teacher, teacher=True))["list"]) == 2


async def test_two_devices_at_once_are_one_vote(room: Room) -> None:
    anna, number = room.students[0], await make(room)
    votes = (anna.do("poll_vote", poll=number, choices=[one % 3]) for one in range(12))
    await asyncio.gather(*votes)
    (seen,) = (await told(room, room.teacher, teacher=True))["list"]
    assert (sum(seen["counts"]), seen["voters"]) == (1, 1)


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - {"poll_vote"}))
async def test_students_run_no_polls(small_room: Room, name: str) -> None:
    room = small_room
    number = await make(room)
    args: dict[str, Any] = {} if name == "poll_make" else {"poll": number}
    if name in ("poll_make", "poll_edit"):
        args |= COLOURS
    if name == "poll_show":
        args["on"] = True
    before = len(await room.events())
    assert await room.students[0].refused(name, **args) == "not-allowed"
    assert len(await room.events()) == before


@pytest.mark.parametrize(
    "parts",
    [
        {"text": "   "},
        {"text": "x" * 301},
        {"text": "a\u202eb"},
        {"options": ["one"]},
        {"options": ["a", "A"]},
        {"options": ["a", "\x00"]},
        {"options": ["a"] * 9},
        {"options": ["a", "b" * 121]},
        {"multiple": "yes"},
    ],
)
async def test_what_is_no_poll_is_refused(small_room: Room, parts: dict[str, Any]) -> None:
    code = await small_room.teacher.refused("poll_make", **{**COLOURS, **parts})
    assert code == "invalid-field"


async def test_one_poll_is_open_at_a_time_and_drafts_can_go(small_room: Room) -> None:
    room = small_room
    first, second = await make(room), await make(room, opened=False)
    assert await room.teacher.refused("poll_open", poll=second) == "poll-open"
    assert await room.teacher.refused("poll_remove", poll=first) == "poll-state"
    assert await room.students[0].refused("poll_vote", poll=second, choices=[0]) == "poll-unknown"
    await room.teacher.do("poll_close", poll=first)
    await room.teacher.do("poll_remove", poll=second)
    assert await room.teacher.refused("poll_open", poll=second) == "poll-unknown"


async def test_the_polls_of_a_lesson_are_bounded(small_room: Room) -> None:
    for _ in range(MAX_POLLS):
        await make(small_room, opened=False)
        small_room.world.clock.pass_time(seconds=5)
    small_room.world.services.limits = Limits()  # a fresh minute
    assert await small_room.teacher.refused("poll_make", **COLOURS) == "too-many-polls"


async def test_live_counts_reach_who_may_see_them(small_room: Room) -> None:
    room, world = small_room, small_room.world
    anna, boris, _ = room.students
    number = await make(room)
    async with (
        page(world, room.teacher.visitor) as teacher,
        page(world, anna.visitor) as phone,
        page(world, boris.visitor) as other,
    ):
        live, secret = keep(teacher, "poll"), keep(other, "poll")
        own = keep(phone, "voted")
        for one in (teacher, phone, other):
            joined = await one.join(room.lesson)
            assert [poll["number"] for poll in joined["class"]["polls"]["list"]] == [number]
        await anna.do("poll_vote", poll=number, choices=[1])
        await teacher.until(lambda: live and live[-1]["poll"]["counts"] == [0, 1, 0])
        await phone.until(lambda: own and own[-1]["voted"] == {"1": [1]})
        assert secret == []
        await room.teacher.do("poll_show", poll=number, on=True)
        await boris.do("poll_vote", poll=number, choices=[1])
        await other.until(lambda: secret and secret[-1]["poll"]["counts"] == [0, 2, 0])
