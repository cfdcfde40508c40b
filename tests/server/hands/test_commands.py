"""What people do with hands: who may, when, how often, and what everybody is told."""

import asyncio
import random
import uuid
from typing import Any

import pytest

from server.errors import Problem
from server.hands.commands import COMMANDS, MAX_LIMIT, MAX_NUMBER, MIN_LIMIT, MIN_MORE
from server.hands.queue import MAX_HANDS
from server.hands.store import FIRST_LIMIT
from server.models import Person
from tests.server.hands.stage import Stage
from tests.server.questions.classroom import Someone

ARGUMENTS: dict[str, dict[str, Any]] = {
    "hand_raise": {},
    "hands_lower": {},
    "hands_set": {"paused": False},
    "turn_next": {},
    "turn_test": {"hand": 1, "test": "good"},
    "turn_talk": {"hand": 1, "on": True},
    "turn_extend": {"hand": 1, "seconds": 60},
}
TEACHERS = {name for name, entry in COMMANDS.items() if entry.teacher}
# Where a hand has to be so that a command of its person, or of a teacher, can be done.
NEEDED = {
    "hand_lower": "raised",
    "hand_dismiss": "raised",
    "turn_invite": "raised",
    "turn_accept": "invited",
    "turn_decline": "invited",
    "turn_test": "testing",
    "turn_start": "testing",
    "turn_talk": "on-air",
    "turn_extend": "on-air",
    "turn_end": "on-air",
}

# Where a command can be given; where its step already leads to, it changes nothing.
POSSIBLE = {
    "hand_lower": {"raised", "invited", "testing", "lowered"},
    "hand_dismiss": {"raised", "invited", "testing", "lowered"},
    "turn_invite": {"raised", "invited"},
    "turn_accept": {"invited", "testing"},
    "turn_decline": {"invited", "testing", "lowered"},
    "turn_test": {"testing"},
    "turn_start": {"testing", "on-air"},
    "turn_talk": {"on-air"},
    "turn_end": {"on-air", "ended"},
}


def arguments(name: str, hand: int = 1) -> dict[str, Any]:
    args = ARGUMENTS.get(name, {"hand": hand})
    return {**args, "hand": hand} if "hand" in args else args


async def code(someone: Someone, name: str, **args: Any) -> str:
    """Return the code of a refusal, or "ok"."""
    try:
        await someone.send(name, **args)
    except Problem as problem:
        return problem.code
    return "ok"


# --- the way to the air ---------------------------------------------------------------------


async def test_from_a_hand_to_the_air_and_back(stage: Stage) -> None:
    student, teacher = stage.students[0], stage.teacher
    assert await student.do("hand_raise", camera=True) == {
        "hand": 1,
        "state": "raised",
        "place": 1,
    }
    for someone, name, args, state in (
        (teacher, "turn_invite", {}, "invited"),
        (student, "turn_accept", {}, "testing"),
        (student, "turn_test", {"test": "weak"}, "testing"),
        (student, "turn_test", {"test": "good"}, "testing"),
        (teacher, "turn_start", {}, "on-air"),
    ):
        result = await someone.do(name, hand=1, **args)
        assert result["state"] == state
        await stage.check_pages()
    stage.world.clock.pass_time(seconds=20)
    assert await student.do("turn_end", hand=1) == {"hand": 1, "state": "ended"}
    assert await stage.states() == {}
    assert await stage.kinds(stage.students[1]) == ["hand.raised", "turn.started", "turn.ended"]
    assert await stage.kinds(student) == [
        "hand.raised",
        "turn.invited",
        "turn.accepted",
        "turn.tested",
        "turn.tested",
        "turn.started",
        "turn.ended",
    ]
    ended = (await stage.events())[-1]
    assert ended.payload["reason"] == "self"
    started = next(one for one in await stage.events() if one.kind == "turn.started")
    assert ended.position - started.position == 20_000
    assert started.payload["hand"]["from"] == started.position
    assert started.payload["hand"]["until"] == started.position + FIRST_LIMIT * 1000
    assert ended.payload["hand"]["to"] == ended.position


async def test_an_invitation_that_is_declined(stage: Stage) -> None:
    student = stage.students[0]
    number = await stage.up(student, "invited")
    assert (await student.do("turn_decline", hand=number))["state"] == "lowered"
    assert await stage.reasons() == {number: "declined"}
    # Classmates hear that the hand is down, and nothing of why.
    assert await stage.kinds(stage.students[1]) == ["hand.raised", "hand.lowered"]
    dropped = [one for one in await stage.events() if one.kind == "hand.dropped"]
    assert {one.audience for one in dropped} == {"teachers", "person"}
    assert (await student.do("hand_raise"))["hand"] == number + 1


async def test_who_accepts_twice_on_two_pages_accepts_once(stage: Stage) -> None:
    student = stage.students[0]
    number = await stage.up(student, "invited")
    answers = await asyncio.gather(*(student.send("turn_accept", hand=number) for _ in range(3)))
    assert sorted(answer["seq"] is None for answer in answers) == [False, True, True]
    assert {answer["result"]["state"] for answer in answers} == {"testing"}


async def test_a_person_has_one_hand_over_all_pages(stage: Stage) -> None:
    student = stage.students[0]
    answers = await asyncio.gather(*(student.send("hand_raise") for _ in range(4)))
    assert {answer["result"]["hand"] for answer in answers} == {1}
    assert await stage.kinds() == ["hand.raised"]


async def test_one_is_on_air_at_a_time(stage: Stage) -> None:
    first = await stage.up(stage.students[0], "on-air")
    second = await stage.up(stage.students[1], "on-air")
    assert await stage.states() == {second: "on-air"}
    assert await stage.reasons() == {first: "next"}
    assert (await stage.kinds())[-2:] == ["turn.ended", "turn.started"]


async def test_places_move_up(stage: Stage) -> None:
    clock = stage.world.clock
    places = []
    for student in stage.students:
        clock.pass_time(seconds=1)
        places.append((await student.do("hand_raise"))["place"])
    assert places == [1, 2, 3]
    await stage.students[0].do("hand_lower", hand=1)
    again = await stage.students[2].do("hand_raise")
    assert again == {"hand": 3, "state": "raised", "place": 2}


async def test_who_has_spoken_in_the_course_waits_behind_who_has_not(stage: Stage) -> None:
    veteran, newcomer, _ = stage.students
    await stage.up(veteran, "ended")
    await stage.end_lesson()
    await stage.open_lesson("Sound")
    stage.world.clock.pass_time(minutes=5)
    await veteran.do("hand_raise")
    stage.world.clock.pass_time(seconds=100)
    assert (await newcomer.do("hand_raise"))["place"] == 1
    told = await stage.told(newcomer)
    assert [one["first"] for one in told["list"]] == [True, False]
    assert told["mine"] == 2


# --- what the teacher decides ---------------------------------------------------------------


async def test_next_ends_invites_and_starts(stage: Stage) -> None:
    teacher = stage.teacher
    assert await teacher.do("turn_next") == {"ended": None, "started": None, "invited": None}
    one, two, three = [await stage.up(student) for student in stage.students]
    assert (await teacher.do("turn_next"))["invited"] == one
    assert (await teacher.do("turn_next"))["invited"] is None
    await stage.students[0].do("turn_accept", hand=one)
    assert await teacher.do("turn_next") == {"ended": None, "started": one, "invited": None}
    assert await teacher.do("turn_next") == {"ended": one, "started": None, "invited": two}
    assert await stage.states() == {two: "invited", three: "raised"}
    assert await stage.reasons() == {one: "next"}


async def test_lower_all_leaves_who_is_on_air(stage: Stage) -> None:
    on_air = await stage.up(stage.students[0], "on-air")
    others = [await stage.up(stage.students[1], "testing"), await stage.up(stage.students[2])]
    assert await stage.teacher.do("hands_lower") == {"hands": others}
    assert await stage.states() == {on_air: "on-air"}
    await stage.check_pages()


async def test_paused_hands_take_nobody_new(stage: Stage) -> None:
    number = await stage.up(stage.students[0])
    assert (await stage.teacher.do("hands_set", paused=True))["paused"] is True
    assert await stage.students[1].refused("hand_raise") == "hands-paused"
    assert (await stage.students[0].do("hand_raise"))["hand"] == number
    before = await stage.events()
    await stage.teacher.do("hands_set", paused=True)
    assert await stage.events() == before
    await stage.check_pages()


async def test_the_server_puts_on_air_whoever_is_ready_if_it_may(stage: Stage) -> None:
    await stage.teacher.do("hands_set", auto=True)
    first, second, _ = stage.students
    one, two = await stage.up(first, "testing"), await stage.up(second, "testing")
    await first.do("turn_test", hand=one, test="weak")
    assert await stage.states() == {one: "testing", two: "testing"}
    assert (await second.do("turn_test", hand=two, test="good"))["state"] == "on-air"
    await first.do("turn_test", hand=one, test="good")
    assert await stage.states() == {two: "on-air", one: "testing"}
    await second.do("turn_end", hand=two)
    assert await stage.states() == {one: "on-air"}


async def test_turns_have_a_limit_that_can_grow(stage: Stage) -> None:
    await stage.teacher.do("hands_set", limit=MIN_LIMIT)
    one = await stage.up(stage.students[0], "on-air")
    start = (await stage.told(stage.teacher, teacher=True))["list"][0]["from"]
    extended = await stage.other_teacher.do("turn_extend", hand=one, seconds=MIN_MORE)
    assert extended == {"hand": one, "until": start + (MIN_LIMIT + MIN_MORE) * 1000}
    assert (await stage.teacher.do("hands_set", limit=None))["limit"] is None
    two = await stage.up(stage.students[1], "on-air")
    assert (await stage.told(stage.teacher, teacher=True))["list"][0]["until"] is None
    assert (await stage.teacher.do("turn_extend", hand=two, seconds=MIN_MORE))["until"] is not None
    await stage.check_pages()


async def test_push_to_talk_is_told(stage: Stage) -> None:
    await stage.teacher.do("hands_set", push_to_talk=True)
    number = await stage.up(stage.students[0], "on-air")
    told = (await stage.told(stage.students[1]))["list"][0]
    assert told["talking"] is False
    assert await stage.students[0].do("turn_talk", hand=number, on=True) == {
        "hand": number,
        "talking": True,
    }
    await stage.check_pages()
    assert await stage.teacher.refused("turn_talk", hand=number, on=False) == "not-allowed"


async def test_the_queue_is_bounded(small_stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_HANDS == 200
    monkeypatch.setattr("server.hands.store.MAX_HANDS", 2)
    for student in small_stage.students[:2]:
        await small_stage.up(student)
    assert await small_stage.students[2].refused("hand_raise") == "too-many-hands"


async def test_the_end_of_the_lesson_takes_every_hand_down(stage: Stage) -> None:
    on_air = await stage.up(stage.students[0], "on-air")
    others = [await stage.up(stage.students[1], "testing"), await stage.up(stage.students[2])]
    await stage.end_lesson()
    assert await stage.reasons() == dict.fromkeys([on_air, *others], "lesson-ended")
    assert await stage.states() == {}
    kinds = [one.kind for one in await stage.events()]
    assert kinds[-1] == "lesson.ended" or kinds.index("lesson.ended") > kinds.index("turn.ended")
    assert await stage.students[0].refused("hand_raise") == "lesson-ended"


# --- who, where, and what is no command -----------------------------------------------------


@pytest.mark.parametrize("name", sorted(COMMANDS))
async def test_every_command_by_every_role(small_stage: Stage, name: str) -> None:
    stage, world = small_stage, small_stage.world
    owner, classmate, _ = stage.students
    outsider = Someone(stage, await world.sign_in(await world.person()))
    state = NEEDED.get(name, "raised")
    number = await stage.up(owner, state)
    args = arguments(name, number)
    assert await code(outsider, name, **args) == "not-found"
    allowed = "ok" if name == "hand_raise" else "not-allowed"
    assert await code(classmate, name, **args) == allowed
    if name in TEACHERS:
        assert await code(owner, name, **args) == "not-allowed"
        assert await code(stage.other_teacher, name, **args) == "ok"
        assert await code(stage.staff, name, **args) in ("ok", "hand-state")
    else:
        shared = name in ("hand_raise", "turn_end")
        assert await code(stage.other_teacher, name, **args) == ("ok" if shared else "not-allowed")
        assert await code(owner, name, **args) == "ok"


@pytest.mark.parametrize("name", sorted(COMMANDS))
async def test_every_command_in_the_wrong_lesson(small_stage: Stage, name: str) -> None:
    stage, world = small_stage, small_stage.world
    someone = stage.teacher if name in TEACHERS else stage.students[0]
    number = await stage.up(stage.students[0], NEEDED.get(name, "raised"))
    args = arguments(name, number)
    planned = (await world.lesson(stage.teacher.visitor, stage.course))["id"]
    assert await code(someone, name, lesson=planned, **args) == "lesson-not-open"
    await world.set_state(stage.teacher.visitor, planned, "practice")
    if "hand" in args:
        assert await code(someone, name, lesson=planned, **args) == "hand-unknown"
    await world.set_state(stage.teacher.visitor, planned, "ended")
    assert await code(someone, name, lesson=planned, **args) == "lesson-ended"
    event = (await world.event(stage.staff.visitor))["id"]
    await world.set_state(stage.staff.visitor, event, "practice")
    assert await code(someone, name, lesson=event, **args) == "not-allowed"
    foreign = (await world.course(stage.staff.visitor))["id"]
    hidden = (await world.lesson(stage.staff.visitor, foreign))["id"]
    assert await code(someone, name, lesson=hidden, **args) == "not-found"
    assert await code(someone, name, lesson=str(stage.new_id()), **args) == "not-found"
    with pytest.raises(Problem) as refused:
        await someone.do_in_book(name, **args)
    assert refused.value.code == "not-in-book"


@pytest.mark.parametrize("name", sorted(set(NEEDED) - {"turn_extend"}))
@pytest.mark.parametrize("state", ["raised", "invited", "testing", "on-air", "ended", "lowered"])
async def test_every_step_in_every_state(small_stage: Stage, name: str, state: str) -> None:
    stage, student = small_stage, small_stage.students[0]
    number = await stage.up(student, state)
    someone = stage.teacher if name in TEACHERS else student
    before = await stage.events()
    if state in POSSIBLE[name]:
        result = await someone.do(name, **arguments(name, number))
        changed = result.get("state") != state or name in ("turn_test", "turn_talk")
        assert (await stage.events() != before) == (changed and result.get("talking") is not True)
    else:
        with pytest.raises(Problem) as refused:
            await someone.do(name, **arguments(name, number))
        assert (refused.value.code, refused.value.facts) == ("hand-state", {"state": state})
        assert await stage.events() == before
    await stage.check_pages()


@pytest.mark.parametrize(
    ("name", "args", "expected"),
    [
        ("hand_raise", {"at": -1}, "invalid-field"),
        ("hand_raise", {"camera": "yes"}, "invalid-field"),
        ("hand_raise", {"person": "me"}, "unknown-field"),
        ("hand_lower", {}, "invalid-field"),
        ("hand_lower", {"hand": 0}, "invalid-field"),
        ("hand_lower", {"hand": "1"}, "invalid-field"),
        ("hand_lower", {"hand": True}, "invalid-field"),
        ("hand_lower", {"hand": MAX_NUMBER + 1}, "invalid-field"),
        ("hand_lower", {"hand": MAX_NUMBER}, "hand-unknown"),
        ("turn_test", {"hand": 1, "test": "superb"}, "invalid-field"),
        ("turn_talk", {"hand": 1, "on": 1}, "invalid-field"),
        ("hands_set", {"limit": MIN_LIMIT - 1}, "invalid-field"),
        ("hands_set", {"limit": MAX_LIMIT + 1}, "invalid-field"),
        ("hands_set", {"limit": 60.5}, "invalid-field"),
        ("hands_lower", {"hand": 1}, "unknown-field"),
        ("turn_extend", {"hand": 1, "seconds": MIN_MORE - 1}, "invalid-field"),
        ("turn_next", {"hand": 1}, "unknown-field"),
        ("hand_wave", {}, "unknown-command"),
    ],
)
async def test_what_is_no_command(
    small_stage: Stage, name: str, args: dict[str, Any], expected: str
) -> None:
    assert await small_stage.teacher.refused(name, **args) == expected


# --- twice, late, out of order --------------------------------------------------------------


async def test_commands_sent_again_happen_once(stage: Stage) -> None:
    student = stage.students[0]
    key = stage.new_id()
    first = await student.send("hand_raise", key)
    await student.do("hand_lower", hand=1)
    assert await student.send("hand_raise", key) == first
    assert await stage.states() == {}
    assert await code(student, "hand_raise", key=key, camera=True) == "command-reused"
    assert await code(stage.students[1], "hand_raise", key=key) == "command-reused"


async def test_commands_in_the_wrong_order_are_refused_and_can_come_again(stage: Stage) -> None:
    student, teacher = stage.students[0], stage.teacher
    number = await stage.up(student)
    early = stage.new_id()
    assert await code(student, "turn_accept", key=early, hand=number) == "hand-state"
    await teacher.do("turn_invite", hand=number)
    assert (await student.send("turn_accept", early, hand=number))["result"]["state"] == "testing"
    # An old invitation that comes late neither opens nor closes anything.
    assert await code(teacher, "turn_invite", hand=number) == "hand-state"
    assert await stage.states() == {number: "testing"}


async def test_an_offline_hand_is_placed_where_it_was_raised(stage: Stage) -> None:
    stage.world.clock.pass_time(minutes=5)
    await stage.students[0].do("hand_raise")
    stage.world.clock.pass_time(seconds=10)
    result = await stage.students[1].do("hand_raise", at=270_000)
    assert result["place"] == 1
    future = await stage.students[2].do("hand_raise", at=10**9)
    assert future["place"] == 3
    hands = {one["number"]: one for one in (await stage.told(stage.teacher))["list"]}
    assert hands[2]["at"] == 270_000
    assert hands[3]["at"] == hands[3]["order"] + 120_000


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_people_do_all_pages_agree(stage: Stage, seed: int) -> None:
    dice = random.Random(seed)
    people = [*stage.students, stage.teacher, stage.other_teacher]
    stage.arrive(*people)
    for _ in range(40):
        name = dice.choice(sorted(COMMANDS))
        args = arguments(name, dice.randint(1, 6))
        if name == "hands_set":
            args = {dice.choice(["auto", "push_to_talk"]): dice.random() < 0.5}
        await code(dice.choice(people), name, **args)
        if dice.random() < 0.2:
            await stage.wait(dice.choice([1, 30, 61]))
        on_air = [state for state in (await stage.states()).values() if state == "on-air"]
        assert len(on_air) <= 1
    await stage.check_pages()
    numbers = [one.seq for one in await stage.events()]
    assert numbers == list(range(1, len(numbers) + 1))


async def test_a_guest_of_a_public_event_speaks_like_a_student(stage: Stage) -> None:
    world = stage.world
    event = await world.event(stage.staff.visitor)
    await world.set_state(stage.staff.visitor, event["id"], "practice", "live")
    visitor = await world.visitor()
    joined = await visitor.post("/api/join", {"lesson": event["id"], "name": "Guest"})
    assert joined.status == 200, await joined.text()
    async with world.services.database.read() as session:
        person_id = (await joined.json())["person"]["id"]
        visitor.person = await session.get(Person, uuid.UUID(person_id))
    guest, host = Someone(stage, visitor), stage.staff
    stage.lesson = event["id"]
    number = (await guest.do("hand_raise"))["hand"]
    await host.do("turn_invite", hand=number)
    await guest.do("turn_accept", hand=number)
    assert (await host.do("turn_start", hand=number))["state"] == "on-air"
    assert (await guest.do("turn_end", hand=number))["state"] == "ended"
