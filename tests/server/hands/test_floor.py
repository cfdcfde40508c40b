"""What happens by itself: the media follow the turns, time runs out, people come and go."""

import uuid
from typing import Any

import pytest

from media.errors import TurnOver
from media.types import Source, Turns
from server.hands.floor import AWAY_MS, INVITED_MS, Floor
from server.hands.states import Reason, State
from server.hands.store import FIRST_LIMIT
from tests.media.room_lesson import connect
from tests.media.values import tracks
from tests.server.conftest import FakeClock, Place, problem, running_world
from tests.server.hands.stage import Stage
from tests.server.questions.classroom import Someone
from tests.signaling.offers import only, recorded

AWAY, INVITED = AWAY_MS // 1000, INVITED_MS // 1000
SDP = {"Content-Type": "application/sdp"}
OFFER = only(recorded("chrome_publish"), "audio")


def facts(number: int, person: uuid.UUID, state: str, **more: Any) -> dict[str, Any]:
    return {"number": number, "person": {"id": str(person), "name": ""}, "state": state, **more}


# --- the pure part --------------------------------------------------------------------------


def test_a_floor_knows_its_turns_by_its_events() -> None:
    floor, one, two = Floor(), uuid.uuid4(), uuid.uuid4()
    floor.hear(facts(1, one, "raised"), 0, 0)
    floor.hear(facts(2, two, "raised"), 10, 10)
    assert floor.turns() == Turns()
    floor.hear({"number": 1, "state": "testing"}, 20, 20)
    assert floor.turns() == Turns(None, frozenset({"1"}))
    floor.hear(facts(1, one, "on-air", until=120_020), 20, 20)
    floor.hear({"number": 2, "state": "testing"}, 30, 30)
    assert floor.turns() == Turns("1", frozenset({"2"}))
    floor.hear({"number": 1, "state": "ended"}, 40, 40)
    floor.hear({"number": 2, "state": "lowered"}, 40, 40)
    floor.hear({"number": 2, "state": "lowered"}, 40, 40)
    assert (floor.turns(), floor.hands) == (Turns(), {})


def test_time_is_that_of_the_lesson() -> None:
    floor, person = Floor(), uuid.uuid4()
    floor.hear(facts(1, person, "on-air", until=130_000), 10_000, 1_000_000)
    assert floor.over(1_119_999, lambda _: True) == []
    assert floor.over(1_120_000, lambda _: True) == [(1, Reason.TIME)]
    floor.hear({"number": 1, "until": None}, 130_000, 1_120_000)
    assert floor.over(9_999_999, lambda _: True) == []


def test_an_absence_counts_from_when_it_is_noticed_and_starts_anew() -> None:
    floor, person = Floor(), uuid.uuid4()
    floor.hear(facts(1, person, "raised"), 0, 0)
    assert floor.over(500_000, lambda _: False) == []
    assert floor.over(500_000 + AWAY_MS - 1, lambda _: False) == []
    assert floor.over(500_000 + AWAY_MS - 1, lambda _: True) == []
    assert floor.over(500_000 + AWAY_MS, lambda _: False) == []
    assert floor.over(500_000 + 2 * AWAY_MS, lambda _: False) == [(1, Reason.AWAY)]
    assert floor.hands[1].state is State.RAISED


# --- time and absence -----------------------------------------------------------------------


async def test_a_turn_ends_when_its_time_is_up(stage: Stage) -> None:
    stage.arrive(*stage.students)
    number = await stage.up(stage.students[0], "on-air")
    await stage.wait(FIRST_LIMIT - 1)
    assert await stage.states() == {number: "on-air"}
    await stage.wait(1)
    assert await stage.reasons() == {number: "time"}
    await stage.check_pages()


async def test_more_time_is_more_time(stage: Stage) -> None:
    stage.arrive(*stage.students)
    number = await stage.up(stage.students[0], "on-air")
    await stage.teacher.do("turn_extend", hand=number, seconds=60)
    await stage.wait(FIRST_LIMIT + 59)
    assert await stage.states() == {number: "on-air"}
    await stage.wait(1)
    assert await stage.states() == {}


async def test_an_invitation_does_not_wait_for_ever(stage: Stage) -> None:
    stage.arrive(*stage.students)
    number = await stage.up(stage.students[0], "invited")
    await stage.wait(INVITED - 1)
    assert await stage.states() == {number: "invited"}
    await stage.wait(1)
    assert await stage.reasons() == {number: "missed"}


@pytest.mark.parametrize("state", ["raised", "invited", "testing", "on-air"])
async def test_a_hand_survives_an_absence_of_less_than_a_minute(stage: Stage, state: str) -> None:
    student = stage.students[0]
    await stage.teacher.do("hands_set", limit=None)
    stage.arrive(student)
    number = await stage.up(student, state)
    stage.leave(student)
    await stage.wait(0)
    stage.world.clock.pass_time(seconds=AWAY - 1)
    stage.arrive(student)
    await stage.wait(0)
    assert await stage.states() == {number: state}
    stage.leave(student)
    await stage.wait(0)
    await stage.wait(AWAY)
    assert await stage.states() == {}
    assert (await stage.reasons())[number] in ("away", "missed")
    await stage.check_pages()


async def test_who_is_heard_is_here_even_without_a_page(stage: Stage) -> None:
    student = stage.students[0]
    await stage.teacher.do("hands_set", limit=None)
    number = await stage.up(student, "on-air")
    publication = stage.media.add_publisher(student.id, tracks(Source.GUEST_VOICE), str(number))
    connect(publication)
    await stage.wait(0)
    await stage.wait(AWAY)
    assert await stage.states() == {number: "on-air"}
    publication.close()
    await stage.wait(0)
    await stage.wait(AWAY)
    assert await stage.states() == {}


async def test_when_a_turn_ends_by_itself_the_next_may_begin_by_itself(stage: Stage) -> None:
    stage.arrive(*stage.students)
    await stage.up(stage.students[0], "on-air")
    two = await stage.up(stage.students[1], "testing")
    await stage.teacher.do("hands_set", auto=True)
    await stage.students[1].do("turn_test", hand=two, test="good")
    await stage.wait(FIRST_LIMIT)
    assert await stage.states() == {two: "on-air"}


async def test_a_database_that_is_away_only_delays(
    small_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = small_stage
    stage.arrive(*stage.students)
    await stage.up(stage.students[0], "on-air")
    with monkeypatch.context() as patch:

        async def fail(*_: Any) -> None:
            raise OSError("the disk is gone")

        patch.setattr(stage.world.services.timelines, "record", fail)
        await stage.wait(FIRST_LIMIT)
    assert len(await stage.states()) == 1
    await stage.wait(0)
    assert await stage.states() == {}


# --- the media ------------------------------------------------------------------------------


async def test_the_media_follow_every_step(stage: Stage) -> None:
    student, teacher = stage.students[0], stage.teacher
    voice = tracks(Source.GUEST_VOICE)
    number = await stage.up(student, "invited")
    with pytest.raises(TurnOver):
        stage.media.add_publisher(student.id, voice, str(number))
    await student.do("turn_accept", hand=number)
    publication = stage.media.add_publisher(student.id, voice, str(number))
    assert publication.held
    await teacher.do("turn_start", hand=number)
    assert not publication.held
    await teacher.do("turn_end", hand=number)
    assert publication.closed
    with pytest.raises(TurnOver):
        stage.media.add_publisher(student.id, voice, str(number))


@pytest.mark.parametrize(
    ("someone", "name"),
    [("student", "turn_decline"), ("student", "hand_lower"), ("teacher", "hands_lower")],
)
async def test_a_test_that_is_broken_off_ends_its_publication(
    small_stage: Stage, someone: str, name: str
) -> None:
    stage, student = small_stage, small_stage.students[0]
    number = await stage.up(student, "testing")
    publication = stage.media.add_publisher(student.id, tracks(Source.GUEST_VOICE), str(number))
    args = {} if name == "hands_lower" else {"hand": number}
    await (student if someone == "student" else stage.teacher).do(name, **args)
    assert publication.closed


async def test_hands_outlive_a_restart(place: Place) -> None:
    clock = FakeClock()
    async with running_world(place, clock) as world:
        stage = Stage(world)
        await stage.build()
        on_air = await stage.up(stage.students[0], "on-air")
        testing = await stage.up(stage.students[1], "testing")
    clock.pass_time(seconds=30)
    async with running_world(place, clock) as world:
        stage.world = world
        stage.arrive(*stage.students)
        assert await stage.states() == {on_air: "on-air", testing: "testing"}
        publication = stage.media.add_publisher("anybody", tracks(Source.GUEST_VOICE), str(on_air))
        assert not publication.held
        assert stage.media.add_publisher("b", tracks(Source.GUEST_VOICE), str(testing)).held
        await stage.wait(FIRST_LIMIT - 31)
        assert len(await stage.states()) == 2
        await stage.wait(1)
        assert await stage.states() == {testing: "testing"}
        assert publication.closed


# --- grants ---------------------------------------------------------------------------------


async def grant(someone: Someone) -> tuple[int, Any]:
    answer = await someone.visitor.post(
        f"/api/lessons/{someone.room.lesson}/grant", {"right": "speak"}
    )
    body = await answer.json()
    return answer.status, body.get("token", body.get("code"))


async def knock(someone: Someone, token: str, door: str = "whip") -> tuple[int, str]:
    """Publish at the guest's door, and return the status and the code of a refusal."""
    path = f"/{door}/{someone.room.lesson}" + ("/guest" if door == "whip" else "")
    offer = OFFER if door == "whip" else recorded("chrome_watch")
    headers = {**SDP, "Authorization": f"Bearer {token}"}
    answer = await someone.visitor.send("POST", path, data=offer.encode(), headers=headers)
    return (answer.status, "") if answer.status == 201 else await problem(answer)


async def test_only_whose_turn_it_is_gets_a_grant_to_speak(stage: Stage) -> None:
    student, other, _ = stage.students
    for state in ("raised", "invited"):
        number = await stage.up(student, state)
        assert await grant(student) == (403, "not-allowed")
        await student.do("hand_lower", hand=number)
    number = await stage.up(student, "testing")
    assert (await grant(student))[0] == 200
    assert await grant(other) == (403, "not-allowed")
    await stage.teacher.do("turn_start", hand=number)
    assert (await grant(student))[0] == 200
    await student.do("turn_end", hand=number)
    assert await grant(student) == (403, "not-allowed")


async def test_a_grant_is_good_for_its_own_turn_only(stage: Stage) -> None:
    student = stage.students[0]
    number = await stage.up(student, "on-air")
    _, token = await grant(student)
    assert await knock(student, token) == (201, "")
    assert len(stage.media.publications()) == 1
    await stage.teacher.do("turn_end", hand=number)
    assert stage.media.publications() == []
    for door in ("whip", "whep"):
        assert await knock(student, token, door) == (403, "turn-over")
    # Not for the next turn of the same person either.
    await stage.up(student, "on-air")
    assert await knock(student, token) == (403, "turn-over")
    _, fresh = await grant(student)
    assert await knock(student, fresh) == (201, "")


async def test_a_turn_that_ends_at_the_door_opens_nothing(
    small_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database has said yes, and before the offer is answered the turn is over."""
    stage, student = small_stage, small_stage.students[0]
    number = await stage.up(student, "on-air")
    _, token = await grant(student)
    monkeypatch.setattr("server.grants.turn_of", lambda *_: _answer(str(number)))
    await stage.teacher.do("turn_end", hand=number)
    assert await knock(student, token) == (403, "turn-over")


async def _answer(value: str) -> str:
    return value


async def test_a_teachers_grant_to_speak_needs_no_turn(small_stage: Stage) -> None:
    status, token = await grant(small_stage.teacher)
    assert status == 200
    assert await knock(small_stage.teacher, token) == (201, "")


async def test_who_is_sent_out_is_off_the_air_at_once(stage: Stage) -> None:
    student = stage.students[0]
    number = await stage.up(student, "on-air")
    _, token = await grant(student)
    assert await knock(student, token) == (201, "")
    path = f"/api/courses/{stage.course}/members/{student.id}"
    assert (await stage.staff.visitor.delete(path)).status == 204
    assert stage.media.publications() == []
    assert await stage.reasons() == {number: "removed"}
    assert await stage.states() == {}
    assert (await knock(student, token))[0] == 403


async def test_who_becomes_a_teacher_stays_on_air(small_stage: Stage) -> None:
    stage, student = small_stage, small_stage.students[0]
    await stage.up(student, "on-air")
    _, token = await grant(student)
    assert await knock(student, token) == (201, "")
    body = {"person_id": student.id, "role": "teacher"}
    path = f"/api/courses/{stage.course}/members"
    assert (await stage.staff.visitor.post(path, body)).status == 201
    assert len(stage.media.publications()) == 1
    assert len(await stage.states()) == 1


async def test_what_happens_in_a_lesson_that_is_gone_is_forgotten(small_stage: Stage) -> None:
    stage = small_stage
    await stage.up(stage.students[0])
    await stage.end_lesson()
    assert (await stage.staff.visitor.delete(f"/api/lessons/{stage.lesson}")).status == 204
    await stage.wait(AWAY)
    assert await stage.students[0].refused("hand_raise") == "not-found"
