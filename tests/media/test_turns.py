"""Guests' turns in a room: heard by nobody before, by all during, by nobody after."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from media.errors import LimitReached, SourceTaken, TurnOver
from media.events import SlotChanged, SourceAdded, SourceRemoved
from media.room import Publication, RoomLimits
from media.seats import PUBLISHER_GRACE
from media.types import CloseReason, Slot, Source, Turns
from tests.media.room_lesson import Lesson, connect, settle
from tests.media.values import tracks

if TYPE_CHECKING:
    from media.rooms import Rooms
    from tests.media.fake_engine import FakeEngine, FakeTimers

GUEST_CAMERA, GUEST_VOICE = Source.GUEST_CAMERA, Source.GUEST_VOICE
BOTH = (GUEST_CAMERA, GUEST_VOICE)


class Stage(Lesson):
    """A lesson with guests in it."""

    def allow(self, on_air: str | None, *testing: str) -> None:
        self.room.set_turns(Turns(on_air, frozenset(testing)))

    async def come(self, guest: str, turn: str, *sources: Source) -> Publication:
        """Publish for a turn until packets flow."""
        wanted = sources or BOTH
        publication = self.room.add_publisher(guest, tracks(*wanted), turn)
        connect(publication)
        await self.flow(publication, *wanted)
        return publication


@pytest.fixture
def stage(rooms: Rooms, engine: FakeEngine) -> Stage:
    return Stage(rooms, engine)


async def test_a_test_is_shown_to_nobody(stage: Stage) -> None:
    student, teacher = stage.watch("student"), stage.watch("teacher", rehearsal=True)
    stage.allow(None, "t1")
    publication = await stage.come("guest", "t1")
    publication.producers[GUEST_VOICE].handle_level(3)
    assert publication.held
    assert stage.room.sources() == {}
    assert stage.seen(student) == stage.seen(teacher) == {}
    assert not [one for one in stage.take() if isinstance(one, SourceAdded | SlotChanged)]


async def test_whoever_comes_on_air_is_there_at_once(stage: Stage) -> None:
    student = stage.watch("student")
    stage.allow(None, "t1")
    publication = await stage.come("guest", "t1")
    stage.take()
    stage.allow("t1")
    assert not publication.held
    assert stage.take() == [
        SourceAdded(GUEST_CAMERA, "guest"),
        SlotChanged(Slot.STAGE, GUEST_CAMERA),
        SlotChanged(Slot.GUEST, GUEST_CAMERA),
        SourceAdded(GUEST_VOICE, "guest"),
        SlotChanged(Slot.GUEST_VOICE, GUEST_VOICE),
        SlotChanged(Slot.LOUDEST, GUEST_VOICE),
    ]
    assert stage.seen(student) == {Slot.GUEST: GUEST_CAMERA, Slot.GUEST_VOICE: GUEST_VOICE}


async def test_when_the_turn_ends_the_engine_lets_go_at_once(stage: Stage) -> None:
    stage.allow("t1")
    publication = await stage.come("guest", "t1")
    stage.take()
    stage.allow(None)
    assert publication.closed
    assert (publication.transport.id,) in stage.engine.named("transport_close")
    removed = [one for one in stage.take() if isinstance(one, SourceRemoved)]
    assert removed == [SourceRemoved(source, "guest", CloseReason.LEFT) for source in BOTH]
    assert stage.room.sources() == {}


async def test_a_turn_that_is_not_allowed_opens_nothing(stage: Stage) -> None:
    stage.allow("t1", "t2")
    stage.allow(None, "t2")
    for turn in ("t1", "t3", ""):
        with pytest.raises(TurnOver):
            stage.room.add_publisher("guest", tracks(GUEST_VOICE), turn)
    assert stage.room.publications() == []


async def test_two_are_tested_while_one_is_on_air(stage: Stage) -> None:
    stage.allow("t1", "t2", "t3")
    first = await stage.come("first", "t1")
    second, third = await stage.come("second", "t2"), await stage.come("third", "t3")
    await stage.flow(first, *BOTH)
    assert stage.room.sources()[GUEST_VOICE].participant == "first"
    stage.allow("t3", "t2")
    assert (first.closed, second.held, third.held) == (True, True, False)
    assert not second.closed
    assert stage.room.sources()[GUEST_VOICE].participant == "third"


async def test_a_reload_during_the_test_and_on_air(stage: Stage) -> None:
    stage.allow(None, "t1")
    first = await stage.come("guest", "t1")
    second = await stage.come("guest", "t1")
    assert (first.closed, second.held) == (True, True)
    stage.allow("t1")
    third = await stage.come("guest", "t1")
    assert (second.closed, third.held) == (True, False)
    assert stage.room.sources()[GUEST_VOICE].participant == "guest"


async def test_a_guest_who_was_lost_keeps_no_place_after_the_turn(
    stage: Stage, timers: FakeTimers
) -> None:
    stage.allow("t1", "t2")
    lost = await stage.come("first", "t1")
    next_one = await stage.come("second", "t2")
    lost.close(CloseReason.EXPIRED)
    assert stage.room.sources()[GUEST_VOICE].participant == "first"
    stage.allow("t2")
    assert stage.room.sources()[GUEST_VOICE].participant == "second"
    timers.advance(PUBLISHER_GRACE + 1)
    assert stage.room.sources()[GUEST_VOICE].participant == "second"
    assert not next_one.closed


async def test_who_is_on_air_takes_the_place_of_a_teacher_at_the_guests_door(stage: Stage) -> None:
    other = await stage.start("assistant", GUEST_VOICE)
    stage.allow("t1")
    await stage.come("guest", "t1")
    assert other.closed
    assert stage.room.sources()[GUEST_VOICE].participant == "guest"
    with pytest.raises(SourceTaken):
        stage.room.add_publisher("assistant", tracks(GUEST_VOICE))


async def test_a_turn_ends_nothing_that_others_publish(stage: Stage) -> None:
    teacher = await stage.start("teacher", Source.CAMERA, Source.VOICE)
    stage.allow("t1")
    await stage.come("guest", "t1")
    stage.allow(None)
    assert not teacher.closed
    assert set(stage.room.sources()) == {Source.CAMERA, Source.VOICE}


async def test_tests_count_among_the_publications(rooms: Rooms, engine: FakeEngine) -> None:
    rooms.limits = RoomLimits(publications=2)
    stage = Stage(rooms, engine)
    stage.allow(None, "t1", "t2", "t3")
    for turn in ("t1", "t2"):
        await stage.come(turn, turn)
    await stage.come("t1", "t1")
    with pytest.raises(LimitReached):
        stage.room.add_publisher("t3", tracks(GUEST_VOICE), "t3")


async def test_nothing_is_put_on_air_in_a_closed_room(stage: Stage) -> None:
    stage.room.close()
    stage.allow("t1")
    await settle()
    assert stage.room.sources() == {}
