"""What a page is told that joins: the same early or late, and shared with classmates or not."""

import uuid
from collections.abc import Mapping
from typing import Any

import pytest

from server.access import LessonAccess, follower_access
from server.questions.states import State
from server.sockets.own import read_own
from server.sockets.snapshot import KEPT_MS, _stand
from server.timeline import Reader
from server.viewer import COOKIE, cookie_of, find_viewer
from tests.server.conftest import World
from tests.server.questions.classroom import Room, Someone
from tests.server.test_sockets import page


@pytest.fixture
async def room(world: World) -> Room:
    built = Room(world)
    await built.build()
    return built


async def access_of(room: Room, someone: Someone) -> LessonAccess:
    services = room.world.services
    viewer = await find_viewer(services, cookie_of(someone.visitor.cookie()))
    assert viewer.session is not None, COOKIE
    async with services.database.read() as session:
        lesson, now = uuid.UUID(room.lesson), services.clock.now()
        return await follower_access(session, viewer.session, lesson, now)


async def read_alone(room: Room, someone: Someone) -> Mapping[str, Any]:
    """Return what somebody would be told if nothing were shared with anybody."""
    reader = Reader(uuid.UUID(someone.id), False)
    standing = await _stand(room.world.services, await access_of(room, someone), reader)
    facts = dict(standing.facts)
    return {**facts, "seq": standing.seq, "class": {"polls": facts.pop("polls"), "own": None}}


async def check_everybody(room: Room) -> None:
    for someone in room.students:
        alone = await read_alone(room, someone)
        for _ in range(2):  # read for the first, kept for the second
            async with page(room.world, someone.visitor) as one:
                joined = await one.join(room.lesson)
                again = await one.join(room.lesson)
            for name in (
                "seq",
                "questions",
                "my",
                "hands",
                "notes",
                "slide",
                "still",
                "class",
                "slots",
            ):
                assert joined[name] == alone[name], name
                assert again[name] == alone[name], name
            assert joined["lesson"] == {**alone["lesson"], "rights": joined["lesson"]["rights"]}


async def test_what_is_shared_is_what_each_would_read_alone(room: Room) -> None:
    one, two, _ = room.students
    await check_everybody(room)
    number = await one.ask("Mine, without a name?", anonymous=True)
    await check_everybody(room)
    await two.do("question_vote", question=number, on=True)
    await room.tell_votes()
    await check_everybody(room)
    await two.do("hand_raise")
    await check_everybody(room)
    await room.teacher.do("poll_make", text="Clear?", options=["yes", "no"])
    await room.teacher.do("poll_open", poll=1)
    await two.do("poll_vote", poll=1, choices=[1])
    await check_everybody(room)
    await room.teacher.do("question_dismiss", question=number)
    await check_everybody(room)


async def test_a_classmate_gets_nothing_that_is_somebodys_own(room: Room) -> None:
    asker, other, _ = room.students
    await asker.ask("Whose is this?", anonymous=True)
    await asker.do("hand_raise")
    async with page(room.world, asker.visitor) as mine, page(room.world, other.visitor) as theirs:
        own, joined = await mine.join(room.lesson), await theirs.join(room.lesson)
        joined = await theirs.join(room.lesson)
    assert own["my"]["asked"] == [1]
    assert own["hands"]["mine"] == 1
    assert joined["my"] == {"asked": [], "voted": []}
    assert joined["hands"]["mine"] is None
    assert joined["questions"]["list"][0]["asker"] is None
    assert asker.id not in str(joined["questions"])


async def test_a_class_that_joins_while_nothing_is_told_reads_once(room: Room) -> None:
    snapshots = room.world.services.sockets._snapshots
    lesson = uuid.UUID(room.lesson)
    for someone in room.students:
        async with page(room.world, someone.visitor) as one:
            await one.join(room.lesson)
        if someone is room.students[0]:
            first = snapshots._kept[lesson]
    assert snapshots._kept[lesson] is first
    await room.students[0].ask("New?")
    async with page(room.world, room.students[1].visitor) as one:
        assert len((await one.join(room.lesson))["questions"]["list"]) == 1
    second = snapshots._kept[lesson]
    assert second is not first
    room.world.clock.pass_time(seconds=KEPT_MS / 1000 + 1)
    async with page(room.world, room.students[1].visitor) as one:
        await one.join(room.lesson)
    assert snapshots._kept[lesson] is not second


async def test_who_was_away_gets_what_is_theirs_too(room: Room) -> None:
    asker = room.students[0]
    async with page(room.world, asker.visitor) as one:
        seq = (await one.join(room.lesson))["seq"]
    await asker.ask("From another tab?")
    async with page(room.world, asker.visitor) as one:
        back = await one.join(room.lesson, since=seq)
    assert back["questions"] is None
    assert [event["kind"] for event in back["events"]] == ["question.asked"]
    assert back["my"] == {"asked": [1], "voted": []}
    async with page(room.world, asker.visitor) as one:
        ahead = await one.join(room.lesson, since=back["seq"] + 100)
    assert ahead["questions"]["list"][0]["state"] == State.OPEN


async def test_own_things_are_found_by_one_query(room: Room) -> None:
    one, two, three = room.students
    number = await one.ask()
    await two.do("question_vote", question=number, on=True)
    await three.do("hand_raise")
    found = []
    for someone in room.students:
        access = await access_of(room, someone)
        async with room.world.services.database.read() as session:
            found.append(await read_own(session, access.lesson, uuid.UUID(someone.id)))
    assert [tuple(own) for own in found] == [
        (True, False, False, False, False),
        (False, True, False, False, False),
        (False, False, True, False, False),
    ]
