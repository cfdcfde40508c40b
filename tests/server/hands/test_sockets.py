"""Hands over real sockets: who hears what, and what a page is told that comes later."""

from typing import Any

from tests.server.hands.stage import Stage
from tests.server.test_sockets import Page, page


async def send(one: Page, stage: Stage, name: str, **args: Any) -> dict[str, Any]:
    body = {"id": str(stage.new_id()), "lesson": stage.lesson, "name": name, "args": args}
    answer: dict[str, Any] = await one.socket.call("command", body)
    return answer


def kinds(one: Page) -> list[str]:
    return [event["kind"] for event in one.events]


def misses_nothing(events: list[dict[str, Any]], since: int) -> bool:
    """Say whether a page may take each event, for nothing is told before it that it has not."""
    known = [since, *(event["seq"] for event in events)]
    return all(event["after"] <= last for event, last in zip(events, known, strict=False))


async def test_everybody_hears_what_is_theirs_of_a_turn(stage: Stage) -> None:
    world, (student, classmate, _) = stage.world, stage.students
    async with (
        page(world, student.visitor) as mine,
        page(world, classmate.visitor) as theirs,
        page(world, stage.teacher.visitor) as teacher,
    ):
        for one in (mine, theirs, teacher):
            joined = await one.join(stage.lesson)
            assert joined["hands"]["list"] == []
            assert joined["hands"]["mine"] is None
        raised = await send(mine, stage, "hand_raise")
        assert raised["result"] == {"hand": 1, "state": "raised", "place": 1}
        await send(teacher, stage, "turn_invite", hand=1)
        await send(mine, stage, "turn_accept", hand=1)
        await send(teacher, stage, "turn_start", hand=1)
        await send(mine, stage, "turn_end", hand=1)
        few = ["hand.raised", "turn.invited", "turn.accepted", "turn.started", "turn.ended"]
        await mine.until(lambda: len(mine.events) == 5)
        await teacher.until(lambda: len(teacher.events) == 5)
        await theirs.until(lambda: len(theirs.events) == 3)
        assert kinds(mine) == kinds(teacher) == few
        assert kinds(theirs) == ["hand.raised", "turn.started", "turn.ended"]
        # The numbers jump for those who are not told, and they know that nothing is missing.
        for one in (mine, theirs, teacher):
            assert misses_nothing(one.events, joined["seq"])


async def test_a_page_that_comes_later_knows_its_hand_and_no_secrets(stage: Stage) -> None:
    student, classmate, _ = stage.students
    await stage.up(student, "testing")
    await student.do("turn_test", hand=1, test="weak")
    told = {}
    for name, one in (("own", student), ("other", classmate), ("teacher", stage.teacher)):
        async with page(stage.world, one.visitor) as opened:
            hands = (await opened.join(stage.lesson))["hands"]
            told[name] = (hands["mine"], hands["list"][0]["state"], hands["list"][0]["test"])
    assert told == {
        "own": (1, "testing", "weak"),
        "other": (None, "raised", None),
        "teacher": (None, "testing", "weak"),
    }


async def test_what_teachers_are_told_just_before_is_no_hole_for_a_student(stage: Stage) -> None:
    world, student = stage.world, stage.students[0]
    async with (
        page(world, student.visitor) as mine,
        page(world, stage.teacher.visitor) as teacher,
    ):
        since = [(await one.join(stage.lesson))["seq"] for one in (mine, teacher)]
        for number, one in enumerate((mine, teacher), 1):
            await send(one, stage, "hand_raise")
            await send(one, stage, "hand_lower", hand=number)
        await mine.until(lambda: len(mine.events) == 5)
        await teacher.until(lambda: len(teacher.events) == 7)
        own = ["hand.raised", "hand.dropped", "hand.lowered"]
        assert kinds(mine) == [*own, "hand.raised", "hand.lowered"]
        assert kinds(teacher) == [*own, "hand.raised", *own[1:2], *own[1:]]
        for one, known in zip((mine, teacher), since, strict=True):
            assert misses_nothing(one.events, known)


async def test_a_refusal_says_why(stage: Stage) -> None:
    await stage.up(stage.students[0])
    async with page(stage.world, stage.students[0].visitor) as one:
        await one.join(stage.lesson)
        answer = await send(one, stage, "turn_accept", hand=1)
        assert answer["error"] == {
            "code": "hand-state",
            "detail": "Accept needs a hand that is invited; this one is raised.",
            "state": "raised",
        }
        again = await send(one, stage, "turn_start", hand=1)
        assert again["error"]["code"] == "not-allowed"


async def test_a_page_in_the_lesson_keeps_a_hand_up(small_stage: Stage) -> None:
    stage = small_stage
    async with page(stage.world, stage.students[0].visitor) as one:
        await one.join(stage.lesson)
        await send(one, stage, "hand_raise")
        await stage.wait(0)
        await stage.wait(300)
        assert await stage.states() == {1: "raised"}
    await one.closed.wait()


async def test_a_page_that_comes_later_knows_how_long_a_turn_has_lasted(stage: Stage) -> None:
    student, classmate, _ = stage.students
    await stage.up(student, "on-air")
    stage.world.clock.pass_time(minutes=1)
    async with page(stage.world, classmate.visitor) as opened:
        joined = await opened.join(stage.lesson)
    began = joined["hands"]["list"][0]["from"]
    assert joined["position"] - began == 60_000
