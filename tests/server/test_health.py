"""Class health: what reports of pages add up to, and who is told."""

import asyncio
import uuid
from typing import Any

import pytest
from pydantic import ValidationError

from media.membership import Subscription
from server.health import (
    MAX_DEVICES,
    REPORT_MS,
    ClassHealth,
    Health,
    Path,
    Report,
    classify,
    same,
)
from server.paths import Paths
from server.polls.live import LOOK_SECONDS
from server.polls.pulse import GONE_MS
from server.rights import Right
from tests.media.room_lesson import connect, settle
from tests.media.values import CLASSROOM, slot
from tests.server.questions.classroom import Room, Someone
from tests.server.test_sockets import Page, page

DISCONNECTED_S = 7  # DISCONNECTED_AFTER of media/engine/src/ice.rs
ANNA, BORIS = uuid.UUID(int=1), uuid.UUID(int=2)
LESSON = uuid.UUID(int=9)
FINE = {"loss": 0.0, "rtt": 80, "delay": 300, "sound": True, "frames": 60}


def report(**parts: Any) -> Report:
    return Report(lesson=LESSON, **{**FINE, **parts})


@pytest.mark.parametrize(
    ("parts", "before", "expected"),
    [
        ({}, None, "good"),
        ({"loss": 0.07}, None, "good"),
        ({"loss": 0.07}, "slow", "slow"),
        ({"loss": 0.05}, "slow", "good"),
        ({"loss": 0.08}, "good", "slow"),
        ({"loss": 0.12}, "good", "sound-only"),
        ({"rtt": 900}, None, "slow"),
        ({"rtt": None, "delay": None}, None, "good"),
        ({"frames": 0}, None, "sound-only"),
        ({"frames": None}, None, "good"),
        ({"sound": None}, None, "good"),
        ({"sound": None, "frames": None}, None, "good"),
        ({"sound": False}, None, "slow"),
        ({"sound": False, "frames": 0}, "good", "lost"),
        ({"sound": False, "frames": None}, None, "lost"),
    ],
)
def test_a_report_has_one_word(parts: Any, before: str | None, expected: str) -> None:
    word = None if before is None else Health(before)
    assert classify(report(**parts), word) == expected


@pytest.mark.parametrize(
    "parts",
    [
        {"loss": -0.1},
        {"loss": 1.1},
        {"loss": float("nan")},
        {"rtt": 60_001},
        {"rtt": 1.5},
        {"frames": -1},
        {"frames": 10**9},
        {"sound": "yes"},
        {"more": 1},
    ],
)
def test_a_report_is_small_and_bounded(parts: Any) -> None:
    with pytest.raises(ValidationError):
        report(**parts)


def test_an_old_report_is_lost_while_its_person_is_here() -> None:
    room = ClassHealth()
    room.heard(ANNA, "a", report(), 0)
    room.heard(BORIS, "b", report(sound=False), 10_000)
    now = room.look({ANNA, BORIS}, REPORT_MS)
    assert (now["good"], now["slow"], now["silent"], now["students"]) == (1, 1, 1, 2)
    now = room.look({ANNA, BORIS}, REPORT_MS + 1)
    assert (now["lost"], now["silent"], now["delay"]) == (1, 2, 300)
    assert room.look({BORIS}, REPORT_MS + 1)["students"] == 1


def test_who_came_a_moment_ago_is_not_counted_yet() -> None:
    room = ClassHealth()
    assert room.look({ANNA}, 0)["students"] == 0
    assert room.look({ANNA}, REPORT_MS)["students"] == 0
    late = room.look({ANNA}, REPORT_MS + 1)
    assert (late["students"], late["lost"], late["silent"]) == (1, 1, 1)


def test_a_person_counts_once_and_as_the_best_of_their_pages() -> None:
    room = ClassHealth()
    room.heard(ANNA, "phone", report(sound=False, frames=0), 0)
    room.heard(ANNA, "laptop", report(delay=500), 0)
    now = room.look({ANNA}, 0)
    assert (now["students"], now["good"], now["silent"], now["delay"]) == (1, 1, 0, 500)


def test_pages_of_one_person_are_bounded() -> None:
    room = ClassHealth()
    for number in range(3 * MAX_DEVICES):
        room.heard(ANNA, str(number), report(), number)
    assert len(room._people[ANNA].pages) == MAX_DEVICES


def test_nothing_new_is_nothing_to_tell() -> None:
    room = ClassHealth()
    room.heard(ANNA, "a", report(delay=310), 0)
    one = room.look({ANNA}, 0)
    room.heard(ANNA, "a", report(delay=390), 0)
    other = room.look({ANNA}, 0)
    assert same(one, other)
    assert not same(None, other)
    assert not same({**one, "silent": 1}, other)


# --- what the engine knows ---------------------------------------------------------------------

AWAY, FAR = Path(connected=False), Path(connected=True, rtt=900.0)


@pytest.mark.parametrize(
    ("page", "paths", "health", "silent"),
    [
        (FINE, [], "good", 0),
        (FINE, [Path(True)], "good", 0),
        (FINE, [Path(True, 0.01, 80.0)], "good", 0),
        (FINE, [Path(True, 0.09, 80.0)], "slow", 0),
        (FINE, [Path(True, 0.2, 80.0)], "sound_only", 0),
        (FINE, [FAR], "slow", 0),
        (FINE, [AWAY], "lost", 1),
        (FINE, [AWAY, Path(True, 0.0, 80.0)], "good", 0),
        ({**FINE, "loss": 0.2}, [Path(True, 0.0, 80.0)], "sound_only", 0),
        ({**FINE, "sound": False}, [Path(True, 0.0, 80.0)], "slow", 1),
        (None, [Path(True, 0.0, 80.0)], "good", 0),
        (None, [Path(True, 0.2, 80.0)], "sound_only", 0),
        (None, [AWAY], "lost", 1),
    ],
)
def test_the_engine_sees_what_a_page_does_not_say(
    page: Any, paths: list[Path], health: str, silent: int
) -> None:
    room = ClassHealth()
    if page is not None:
        room.heard(ANNA, "a", report(**page), 0)
    seen = room.look({ANNA, BORIS}, 1_000, {ANNA: paths} if paths else {})
    assert (seen[health], seen["students"], seen["silent"]) == (1, 1, silent)


def watch(room: Room, someone: Someone) -> Subscription:
    media = room.world.services.rooms.room(uuid.UUID(room.lesson))
    assert media is not None
    subscription = media.add_subscriber(someone.id, [slot(one) for one in CLASSROOM])
    connect(subscription)
    return subscription


async def test_twelve_of_forty_whose_pages_are_gone_are_lost_within_ten_seconds(
    small_world: Any,
) -> None:
    room = Room(small_world)
    await room.build(students=40)
    world, lesson = room.world, uuid.UUID(room.lesson)
    classes, presence = world.services.classes, world.services.presence
    watching = [watch(room, one) for one in room.students]
    for number, one in enumerate(room.students):
        person = uuid.UUID(one.id)
        presence.enter(lesson, person, frozenset({Right.SEE, Right.WATCH}))
        classes.report(person, str(number), Report(lesson=lesson, **FINE))
    async with page(world, room.teacher.visitor) as teacher:
        news = keep(teacher, "health")
        await teacher.join(room.lesson)
        await classes.look()
        await teacher.until(lambda: news and news[-1]["students"] == 40)
        assert news[-1]["good"] == 40
        for one in watching[:12]:  # the engine says so after 7 s without a check
            world.engine.inject(("transport_disconnected", one.transport.id))
        world.clock.pass_time(seconds=8)
        await settle()
        await classes.look()
        await teacher.until(lambda: news[-1]["silent"] == 12)
        assert (news[-1]["good"], news[-1]["lost"], news[-1]["students"]) == (28, 12, 40)
    assert DISCONNECTED_S + LOOK_SECONDS < 10


async def test_receiver_reports_tell_who_loses_packets(room: Room) -> None:
    anna, boris, _ = room.students
    first, second = watch(room, anna), watch(room, boris)
    room.world.engine.stats[first.transport.id] = {"fraction_lost": 0.3, "round_trip_ms": 90.0}
    room.world.engine.stats[second.transport.id] = {"fraction_lost": 0.0, "round_trip_ms": 950.0}
    media = room.world.services.rooms.room(uuid.UUID(room.lesson))
    assert media is not None
    media.add_subscriber("a player with a token of its own", [slot(CLASSROOM[0])])
    paths = await Paths().look(media)
    assert paths == {
        uuid.UUID(anna.id): [Path(True, 0.3, 90.0)],
        uuid.UUID(boris.id): [Path(True, 0.0, 950.0)],
    }


async def test_of_a_large_class_some_are_asked_at_each_look(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.paths.MAX_ASKED", 2)
    watching = [watch(room, one) for one in room.students]
    for one in watching:
        room.world.engine.stats[one.transport.id] = {"fraction_lost": 0.5}
    media, paths = room.world.services.rooms.room(uuid.UUID(room.lesson)), Paths()
    assert media is not None
    known = [sum(one.loss == 0.5 for (one,) in (await paths.look(media)).values()) for _ in "12"]
    assert known == [2, 3]
    watching[0].close()
    assert len(await paths.look(media)) == 2


# --- over sockets -------------------------------------------------------------------------------


@pytest.fixture
async def room(small_world: Any) -> Room:
    built = Room(small_world)
    await built.build()
    return built


def keep(one: Page, name: str) -> list[dict[str, Any]]:
    """Keep what a page is told under a name."""
    kept: list[dict[str, Any]] = []
    one.socket.on(name, one._keeper(kept))
    return kept


async def tell(one: Page, room: Room, **parts: Any) -> Any:
    return await one.socket.call("report", {"lesson": room.lesson, **FINE, **parts})


async def test_teachers_are_told_who_does_not_hear_them(room: Room) -> None:
    world, (anna, boris, _) = room.world, room.students
    async with (
        page(world, room.teacher.visitor) as teacher,
        page(world, anna.visitor) as first,
        page(world, boris.visitor) as second,
    ):
        news, secrets = keep(teacher, "health"), keep(first, "health")
        joined = await teacher.join(room.lesson)
        assert joined["class"]["health"]["students"] == 0
        assert set((await first.join(room.lesson))["class"]) == {"own", "polls"}
        await second.join(room.lesson)
        assert await tell(first, room) == {"ok": True}
        assert await tell(second, room, sound=False) == {"ok": True}
        await world.services.classes.look()
        await teacher.until(lambda: news and news[-1]["silent"] == 1)
        assert {name: news[-1][name] for name in ("good", "slow", "students", "delay")} == {
            "good": 1,
            "slow": 1,
            "students": 2,
            "delay": 300,
        }
        world.clock.pass_time(seconds=16)
        await world.services.classes.look()
        await teacher.until(lambda: news[-1]["silent"] == 2 and news[-1]["lost"] == 2)
        assert secrets == []


async def test_only_students_of_the_lesson_report(room: Room) -> None:
    async with (
        page(room.world, room.teacher.visitor) as teacher,
        page(room.world, room.students[0].visitor) as student,
    ):
        await teacher.join(room.lesson)
        assert (await tell(teacher, room))["error"]["code"] == "not-allowed"
        assert (await tell(student, room))["error"]["code"] == "not-found"
        await student.join(room.lesson)
        assert (await tell(student, room, loss=7))["error"]["code"] == "invalid-field"
        assert (await student.socket.call("report", "x"))["ok"] is False
        word = {"lesson": room.lesson, "value": "bored"}
        assert (await student.socket.call("pulse", word))["error"]["code"] == "invalid-field"
        word["value"] = "lost"
        assert (await teacher.socket.call("pulse", word))["error"]["code"] == "not-allowed"


async def test_the_pulse_reaches_teachers_and_a_persons_other_pages(room: Room) -> None:
    world, anna = room.world, room.students[0]
    async with (
        page(world, room.teacher.visitor) as teacher,
        page(world, anna.visitor) as phone,
        page(world, anna.visitor) as laptop,
    ):
        news, own = keep(teacher, "pulse"), keep(laptop, "felt")
        for one in (teacher, phone, laptop):
            await one.join(room.lesson)
        for value in ("understood", "lost", "understood", "lost"):
            await phone.socket.call("pulse", {"lesson": room.lesson, "value": value})
        await teacher.until(lambda: news and news[-1]["lost"] == 1)
        assert (news[-1]["understood"], news[-1]["lost_share"]) == (0, 1.0)
        await laptop.until(lambda: len(own) == 4)
        assert own[-1]["own"] == {"value": "lost", "left": GONE_MS}
        again = (await laptop.join(room.lesson))["class"]["own"]
        assert again["value"] == "lost"
        world.clock.pass_time(milliseconds=GONE_MS)
        await world.services.classes.look()
        await teacher.until(lambda: news[-1]["lost"] == 0)
        await phone.socket.call("pulse", {"lesson": room.lesson, "value": None})
        await laptop.until(lambda: own[-1]["own"] is None)


async def test_many_words_are_told_at_most_four_times_a_second(room: Room) -> None:
    async with (
        page(room.world, room.teacher.visitor) as teacher,
        page(room.world, room.students[0].visitor) as student,
    ):
        news = keep(teacher, "pulse")
        await teacher.join(room.lesson)
        await student.join(room.lesson)
        words = [{"lesson": room.lesson, "value": one} for one in ("lost", "understood") * 10]
        await asyncio.gather(*(student.socket.call("pulse", one) for one in words))
        await teacher.until(lambda: news and news[-1]["understood"] == 1)
        assert len(news) < len(words) / 2
