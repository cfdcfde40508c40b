"""A lesson's room over a stand-in engine and clock."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from media.errors import (
    CodecMismatch,
    KindMismatch,
    LimitReached,
    RoomClosed,
    RoomExists,
)
from media.events import (
    PublisherConnected,
    PublisherGone,
    RoomEvent,
    SlotChanged,
    SourceAdded,
    SourceRemoved,
    SourceResumed,
    SourceStalled,
    SubscriberConnected,
    SubscriberGone,
)
from media.room import (
    RoomLimits,
)
from media.rooms import Rooms
from media.transport import CONNECT_TIMEOUT
from media.types import Activity, CloseReason, Slot, Source, SourceState
from tests.media.room_lesson import Lesson, connect, settle
from tests.media.values import CLASSROOM, H264, PLAIN, VP8, slot, track

if TYPE_CHECKING:
    from media.worker import Worker
    from tests.media.fake_engine import FakeEngine, FakeTimers

CAMERA, SCREEN, VOICE = Source.CAMERA, Source.SCREEN, Source.VOICE
GUEST_CAMERA, GUEST_VOICE = Source.GUEST_CAMERA, Source.GUEST_VOICE


@pytest.fixture
def lesson(rooms: Rooms, engine: FakeEngine) -> Lesson:
    return Lesson(rooms, engine)


# --- sources and slots ----------------------------------------------------------------------


async def test_a_source_appears_with_its_first_packet(lesson: Lesson) -> None:
    student = lesson.watch("student")
    publication = lesson.publish("teacher", CAMERA, VOICE)
    assert lesson.room.sources() == {}
    connect(publication)
    await lesson.flow(publication, CAMERA, VOICE)
    assert lesson.take() == [
        PublisherConnected("teacher"),
        SourceAdded(CAMERA, "teacher"),
        SlotChanged(Slot.STAGE, CAMERA),
        SlotChanged(Slot.CAMERA, CAMERA),
        SourceAdded(VOICE, "teacher"),
        SlotChanged(Slot.VOICE, VOICE),
        SlotChanged(Slot.LOUDEST, VOICE),
    ]
    assert lesson.room.sources()[CAMERA] == SourceState(Activity.ACTIVE, "teacher")
    assert lesson.seen(student) == {Slot.CAMERA: CAMERA, Slot.VOICE: VOICE}


async def test_who_comes_later_sees_at_once_what_is_there(lesson: Lesson) -> None:
    await lesson.start("teacher", CAMERA, VOICE, SCREEN)
    student = lesson.watch("student")
    assert lesson.seen(student) == {
        Slot.CAMERA: CAMERA,
        Slot.VOICE: VOICE,
        Slot.SCREEN: SCREEN,
    }


async def test_a_plain_player_sees_the_screen_while_there_is_one(lesson: Lesson) -> None:
    await lesson.start("teacher", CAMERA, VOICE)
    player = lesson.watch("player", *PLAIN)
    assert lesson.seen(player) == {Slot.STAGE: CAMERA, Slot.LOUDEST: VOICE}
    screen = await lesson.start("teacher", SCREEN)
    assert lesson.seen(player)[Slot.STAGE] is SCREEN
    lesson.take()
    screen.close()
    assert lesson.seen(player)[Slot.STAGE] is CAMERA
    assert lesson.take() == [
        SourceRemoved(SCREEN, "teacher", CloseReason.LEFT),
        SlotChanged(Slot.STAGE, CAMERA),
        SlotChanged(Slot.SCREEN, None),
        PublisherGone("teacher", CloseReason.LEFT),
    ]


async def test_the_loudest_voice_goes_to_the_plain_player(
    lesson: Lesson, timers: FakeTimers
) -> None:
    teacher = await lesson.start("teacher", VOICE)
    guest = await lesson.start("guest", GUEST_VOICE)
    player = lesson.watch("player", *PLAIN)
    student = lesson.watch("student")
    assert lesson.seen(player)[Slot.LOUDEST] is VOICE
    for _ in range(2):
        levels = [(teacher.producers[VOICE].id, 100), (guest.producers[GUEST_VOICE].id, 20)]
        lesson.engine.inject(("audio_levels", levels))
        await settle()
        timers.advance(1.0)
    assert lesson.seen(player)[Slot.LOUDEST] is GUEST_VOICE
    assert lesson.room.slots()[Slot.LOUDEST] is GUEST_VOICE
    assert lesson.seen(student) == {Slot.VOICE: VOICE, Slot.GUEST_VOICE: GUEST_VOICE}
    guest.close()
    assert lesson.seen(player)[Slot.LOUDEST] is VOICE


async def test_stalled_and_resumed_are_told_and_change_no_slot(lesson: Lesson) -> None:
    teacher = await lesson.start("teacher", CAMERA)
    student = lesson.watch("student")
    lesson.take()
    await lesson.tell("producer_stalled", teacher, CAMERA)
    assert lesson.room.sources()[CAMERA].activity is Activity.STALLED
    assert lesson.room.slots()[Slot.CAMERA] is CAMERA
    await lesson.tell("producer_resumed", teacher, CAMERA)
    assert lesson.take() == [SourceStalled(CAMERA, "teacher"), SourceResumed(CAMERA, "teacher")]
    assert lesson.seen(student) == {Slot.CAMERA: CAMERA}


# --- practice and live ----------------------------------------------------------------------


async def test_practice_is_seen_in_rehearsal_only(rooms: Rooms, engine: FakeEngine) -> None:
    lesson = Lesson(rooms, engine, live=False)
    student = lesson.watch("student")
    teacher = lesson.watch("teacher", rehearsal=True)
    await lesson.start("teacher", CAMERA)
    assert lesson.take() == [PublisherConnected("teacher"), SourceAdded(CAMERA, "teacher")]
    assert lesson.seen(student) == {}
    assert lesson.seen(teacher) == {Slot.CAMERA: CAMERA}
    assert lesson.room.slots()[Slot.CAMERA] is None
    assert lesson.room.slots(rehearsal=True)[Slot.CAMERA] is CAMERA
    lesson.room.set_live(True)
    lesson.room.set_live(True)
    assert lesson.take() == [SlotChanged(Slot.STAGE, CAMERA), SlotChanged(Slot.CAMERA, CAMERA)]
    assert lesson.seen(student) == {Slot.CAMERA: CAMERA}
    lesson.room.set_live(False)
    assert lesson.take() == [SlotChanged(Slot.STAGE, None), SlotChanged(Slot.CAMERA, None)]
    assert lesson.seen(student) == {}
    assert lesson.seen(teacher) == {Slot.CAMERA: CAMERA}


# --- subscribers ----------------------------------------------------------------------------


async def test_subscribers_are_told_when_they_come_and_go(
    lesson: Lesson, timers: FakeTimers
) -> None:
    ends: list[CloseReason] = []
    here, gone = lesson.watch("here"), lesson.watch("gone")
    gone.on_close(ends.append)
    connect(here)
    connect(here)
    timers.advance(CONNECT_TIMEOUT)
    assert lesson.take() == [
        SubscriberConnected("here"),
        SubscriberGone("gone", CloseReason.TIMEOUT),
    ]
    assert ends == [CloseReason.TIMEOUT]
    assert lesson.room.participants() == {"here": 1}
    here.close()
    here.close()
    assert lesson.take() == [SubscriberGone("here", CloseReason.LEFT)]


async def test_one_more_tab_than_allowed_ends_the_oldest(
    worker: Worker, engine: FakeEngine
) -> None:
    lesson = Lesson(Rooms(worker, RoomLimits(per_participant=2)), engine)
    tabs = [lesson.watch("student") for _ in range(3)]
    other = lesson.watch("other")
    assert [tab.closed for tab in tabs] == [True, False, False]
    assert tabs[0].transport.close_reason is CloseReason.REPLACED
    assert not other.closed


# --- refusals -------------------------------------------------------------------------------


async def test_limits_are_named_and_cost_nobody_anything(
    worker: Worker, engine: FakeEngine
) -> None:
    limits = RoomLimits(rooms=1, publications=1, subscriptions=1, slots=2)
    rooms = Rooms(worker, limits)
    lesson = Lesson(rooms, engine)
    lesson.publish("teacher", CAMERA)
    lesson.watch("student", *PLAIN)
    with pytest.raises(LimitReached, match="No more than 1 lessons"):
        rooms.open("another", live=True)
    with pytest.raises(LimitReached, match="No more than 1 publishers"):
        lesson.publish("guest", GUEST_CAMERA)
    with pytest.raises(LimitReached, match="No more than 1 subscribers"):
        lesson.watch("second", *PLAIN)
    with pytest.raises(LimitReached, match="No more than 2 tracks"):
        lesson.watch("second", *CLASSROOM)
    assert len(engine.named("transport_create")) == 2
    lesson.publish("teacher", CAMERA)


async def test_the_wrong_medium_is_refused(lesson: Lesson) -> None:
    with pytest.raises(KindMismatch):
        lesson.room.add_publisher("teacher", {CAMERA: track(VOICE)})
    with pytest.raises(KindMismatch):
        lesson.room.add_subscriber("student", [(Slot.STAGE, slot(Slot.LOUDEST)[1])])
    with pytest.raises(ValueError, match="twice"):
        lesson.watch("student", Slot.STAGE, Slot.STAGE)
    assert not lesson.engine.named("transport_create")


async def test_a_player_without_the_codec_is_told(lesson: Lesson) -> None:
    await lesson.start("teacher", CAMERA)
    with pytest.raises(CodecMismatch, match=r"camera is sent as VP8, .* understands H264"):
        lesson.room.add_subscriber("player", [slot(Slot.STAGE, H264)])


async def test_a_source_in_another_codec_leaves_the_slot_empty(lesson: Lesson) -> None:
    player = lesson.room.add_subscriber("player", [slot(Slot.STAGE, H264)])
    await lesson.start("teacher", CAMERA)
    assert lesson.seen(player) == {}
    publication = lesson.room.add_publisher("teacher", {SCREEN: track(SCREEN, VP8, H264)})
    connect(publication)
    await lesson.flow(publication, SCREEN)
    assert lesson.seen(player) == {Slot.STAGE: SCREEN}


async def test_what_the_engine_refuses_leaves_nothing_behind(
    lesson: Lesson, worker: Worker
) -> None:
    lesson.engine.refused = {"producer_create", "consumer_create"}
    with pytest.raises(ValueError, match="producer_create"):
        lesson.publish("teacher", CAMERA)
    with pytest.raises(ValueError, match="consumer_create"):
        lesson.watch("student")
    assert not worker.transports
    lesson.engine.refused = set()
    lesson.publish("other", CAMERA)


# --- the end --------------------------------------------------------------------------------


async def test_closing_the_room_ends_everything_in_it(
    rooms: Rooms, lesson: Lesson, worker: Worker, timers: FakeTimers
) -> None:
    teacher = await lesson.start("teacher", CAMERA)
    student = lesson.watch("student")
    lost = await lesson.start("guest", GUEST_CAMERA)
    lost.close(CloseReason.EXPIRED)
    ends: list[CloseReason] = []
    teacher.on_close(ends.append)
    student.on_close(ends.append)
    lesson.take()
    rooms.close("lesson")
    rooms.close("lesson")
    lesson.room.close()
    assert ends == [CloseReason.ROOM_CLOSED] * 2
    assert SourceRemoved(CAMERA, "teacher", CloseReason.ROOM_CLOSED) in lesson.take()
    assert rooms.get("lesson") is None
    assert not list(rooms)
    assert not worker.transports
    assert timers.pending == 0
    assert lesson.engine.named("router_close")
    with pytest.raises(RoomClosed):
        lesson.publish("teacher", CAMERA)
    with pytest.raises(RoomClosed):
        lesson.watch("student")
    lesson.room.set_live(False)
    rooms.open("lesson", live=True)


async def test_a_lesson_has_one_room(rooms: Rooms) -> None:
    room = rooms.open("lesson", live=False)
    assert rooms.get("lesson") is room
    assert list(rooms) == [room]
    with pytest.raises(RoomExists):
        rooms.open("lesson", live=True)


async def test_after_a_failure_everybody_may_come_back(
    lesson: Lesson, caplog: pytest.LogCaptureFixture
) -> None:
    teacher = await lesson.start("teacher", CAMERA)
    student = lesson.watch("student")
    lesson.take()
    with caplog.at_level(logging.ERROR):
        lesson.engine.inject(("room_failed", lesson.room.router.id, "panic"))
        await settle()
    assert teacher.closed
    assert student.closed
    assert lesson.room.sources() == {}
    assert not lesson.room.closed
    assert "panic" in caplog.text
    await lesson.start("teacher", CAMERA)
    assert lesson.seen(lesson.watch("student")) == {Slot.CAMERA: CAMERA}


async def test_the_worker_closing_closes_the_rooms(
    rooms: Rooms, lesson: Lesson, worker: Worker
) -> None:
    student = lesson.watch("student")
    await worker.close()
    assert lesson.room.closed
    assert student.transport.close_reason is CloseReason.WORKER_CLOSED
    assert rooms.get("lesson") is None


async def test_a_broken_listener_hurts_nobody(
    lesson: Lesson, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: RoomEvent) -> None:
        raise RuntimeError("broken")

    stop = lesson.room.subscribe_events(broken)
    heard: list[RoomEvent] = []
    lesson.room.subscribe_events(heard.append)
    lesson.watch("student").close()
    assert heard == [SubscriberGone("student", CloseReason.LEFT)]
    assert "broken" in caplog.text
    caplog.clear()
    stop()
    stop()
    lesson.watch("student").close()
    assert not caplog.records


async def test_a_listener_may_close_the_room_it_hears_of(
    rooms: Rooms, lesson: Lesson, worker: Worker
) -> None:
    lesson.room.subscribe_events(
        lambda event: rooms.close("lesson") if isinstance(event, SourceAdded) else None
    )
    lesson.watch("student")
    publication = await lesson.start("teacher", CAMERA)
    assert publication.closed
    assert lesson.room.closed
    assert not worker.transports


async def test_who_was_to_come_back_is_removed_with_the_room(
    rooms: Rooms, lesson: Lesson, timers: FakeTimers
) -> None:
    teacher = await lesson.start("teacher", CAMERA)
    teacher.close(CloseReason.EXPIRED)
    lesson.take()
    rooms.close("lesson")
    assert lesson.take()[0] == SourceRemoved(CAMERA, "teacher", CloseReason.ROOM_CLOSED)
    assert timers.pending == 0
