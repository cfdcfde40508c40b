"""A lesson's room over a stand-in engine and clock."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import pytest

from media.errors import (
    CodecMismatch,
    KindMismatch,
    LimitReached,
    RoomClosed,
    RoomExists,
    SourceTaken,
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
    Publication,
    Room,
    RoomLimits,
    Subscription,
)
from media.rooms import Rooms
from media.seats import PUBLISHER_GRACE, REPLACE_PATIENCE
from media.transport import CONNECT_TIMEOUT
from media.types import Activity, CloseReason, Slot, Source, SourceState, TransportState
from tests.media.values import CLASSROOM, H264, PLAIN, VP8, slot, track, tracks

if TYPE_CHECKING:
    from media.worker import Worker
    from tests.media.fake_engine import FakeEngine, FakeTimers

CAMERA, SCREEN, VOICE = Source.CAMERA, Source.SCREEN, Source.VOICE
GUEST_CAMERA, GUEST_VOICE = Source.GUEST_CAMERA, Source.GUEST_VOICE


class Lesson:
    """A live room, with the moves that tests make in it."""

    def __init__(self, rooms: Rooms, engine: FakeEngine, live: bool = True) -> None:
        self.room: Room = rooms.open("lesson", live)
        self.engine = engine
        self.events: list[RoomEvent] = []
        self.room.subscribe_events(self.events.append)

    def publish(self, participant: str, *sources: Source) -> Publication:
        return self.room.add_publisher(participant, tracks(*sources))

    async def start(self, participant: str, *sources: Source) -> Publication:
        """Publish, connect and send a first packet of every source."""
        publication = self.publish(participant, *sources)
        connect(publication)
        await self.flow(publication, *sources)
        return publication

    async def flow(self, publication: Publication, *sources: Source) -> None:
        await self.tell("producer_started", publication, *sources)

    async def tell(self, event: str, publication: Publication, *sources: Source) -> None:
        for source in sources:
            self.engine.inject((event, publication.producers[source].id, 1))
        await settle()

    def watch(self, participant: str, *slots: Slot, rehearsal: bool = False) -> Subscription:
        wanted = [slot(one) for one in slots or CLASSROOM]
        return self.room.add_subscriber(participant, wanted, rehearsal)

    def seen(self, subscription: Subscription) -> dict[Slot, Source]:
        """Return which source the engine was told to send in each slot."""
        told = self.engine.shown()
        worker = subscription.transport.worker
        found = {}
        for one, consumer in subscription.consumers.items():
            producer = worker.producers.get(told.get(consumer.id) or 0)
            if producer is not None:
                found[one] = producer.source
        return found

    def take(self) -> list[RoomEvent]:
        """Return the events since the last call."""
        taken, self.events[:] = list(self.events), []
        return taken


def connect(membership: Publication | Subscription) -> None:
    """Make a transport connected without DTLS."""
    membership.transport._deadline.cancel()
    membership.transport._set_state(TransportState.CONNECTED)


async def settle() -> None:
    """Let the loop see the engine's events."""
    for _ in range(3):
        await asyncio.sleep(0.001)


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


# --- taken and replaced ---------------------------------------------------------------------


async def test_a_taken_source_is_refused_to_others(lesson: Lesson) -> None:
    first = lesson.publish("teacher", CAMERA, VOICE)
    with pytest.raises(SourceTaken) as refused:
        lesson.publish("other", VOICE)
    assert (refused.value.source, refused.value.holder) == (VOICE, "teacher")
    assert len(lesson.engine.named("transport_create")) == 1
    first.close()
    lesson.publish("other", VOICE)


async def test_a_successor_takes_over_without_a_gap(lesson: Lesson) -> None:
    student = lesson.watch("student")
    old = await lesson.start("teacher", CAMERA, VOICE)
    lesson.take()
    new = lesson.publish("teacher", CAMERA, VOICE)
    connect(new)
    assert not old.closed
    camera = student.consumers[Slot.CAMERA]
    assert camera.producer is old.producers[CAMERA]
    await lesson.flow(new, CAMERA)
    assert camera.producer is new.producers[CAMERA]
    assert not old.closed
    await lesson.flow(new, VOICE)
    assert old.closed
    assert old.transport.close_reason is CloseReason.REPLACED
    assert student.consumers[Slot.VOICE].producer is new.producers[VOICE]
    assert lesson.take() == [
        PublisherConnected("teacher"),
        PublisherGone("teacher", CloseReason.REPLACED),
    ]
    producers = [told for consumer, told in lesson.engine.named("consumer_set_producer")]
    assert None not in producers


async def test_the_old_publication_waits_only_so_long_for_the_rest(
    lesson: Lesson, timers: FakeTimers
) -> None:
    old = await lesson.start("teacher", CAMERA, VOICE)
    new = lesson.publish("teacher", CAMERA, VOICE)
    connect(new)
    await lesson.flow(new, CAMERA)
    timers.advance(REPLACE_PATIENCE - 1)
    assert not old.closed
    timers.advance(1)
    assert old.closed
    assert lesson.room.sources()[VOICE].activity is Activity.STALLED
    await lesson.flow(new, VOICE)
    assert lesson.room.sources()[VOICE].activity is Activity.ACTIVE


async def test_a_source_that_the_successor_lacks_is_removed(lesson: Lesson) -> None:
    await lesson.start("teacher", CAMERA, VOICE)
    lesson.take()
    await lesson.start("teacher", CAMERA)
    assert SourceRemoved(VOICE, "teacher", CloseReason.REPLACED) in lesson.take()
    assert set(lesson.room.sources()) == {CAMERA}


async def test_other_sources_of_the_same_participant_are_left_alone(lesson: Lesson) -> None:
    camera = await lesson.start("teacher", CAMERA, VOICE)
    await lesson.start("teacher", SCREEN)
    assert not camera.closed
    assert set(lesson.room.sources()) == {CAMERA, VOICE, SCREEN}


async def test_a_successor_that_never_connects_changes_nothing(
    lesson: Lesson, timers: FakeTimers
) -> None:
    old = await lesson.start("teacher", CAMERA)
    student = lesson.watch("student")
    connect(student)
    lesson.take()
    lesson.publish("teacher", CAMERA)
    timers.advance(CONNECT_TIMEOUT)
    assert lesson.take() == [PublisherGone("teacher", CloseReason.TIMEOUT)]
    assert student.consumers[Slot.CAMERA].producer is old.producers[CAMERA]


async def test_of_several_attempts_the_newest_counts(lesson: Lesson) -> None:
    old = await lesson.start("teacher", CAMERA)
    second = lesson.publish("teacher", CAMERA)
    third = lesson.publish("teacher", CAMERA)
    assert second.transport.close_reason is CloseReason.REPLACED
    assert not old.closed
    connect(third)
    await lesson.flow(third, CAMERA)
    assert old.closed
    assert lesson.room.publications() == [third]


async def test_reloads_without_end_leave_one_publication(lesson: Lesson) -> None:
    for _ in range(40):
        newest = await lesson.start("teacher", CAMERA, VOICE)
    assert lesson.room.publications() == [newest]
    assert lesson.room.participants() == {"teacher": 1}


# --- gone and back --------------------------------------------------------------------------


async def test_a_lost_publisher_keeps_the_slots_for_a_while(
    lesson: Lesson, timers: FakeTimers
) -> None:
    teacher = await lesson.start("teacher", CAMERA)
    student = lesson.watch("student")
    connect(student)
    lesson.take()
    teacher.close(CloseReason.PEER_CLOSED)
    assert lesson.take() == [
        SourceStalled(CAMERA, "teacher"),
        PublisherGone("teacher", CloseReason.PEER_CLOSED),
    ]
    timers.advance(PUBLISHER_GRACE - 1)
    assert lesson.room.slots()[Slot.CAMERA] is CAMERA
    assert lesson.take() == []
    timers.advance(1)
    assert lesson.take() == [
        SourceRemoved(CAMERA, "teacher", CloseReason.PEER_CLOSED),
        SlotChanged(Slot.STAGE, None),
        SlotChanged(Slot.CAMERA, None),
    ]
    assert student.consumers[Slot.CAMERA].producer is None
    assert timers.pending == 0


async def test_who_returns_in_time_resumes(lesson: Lesson, timers: FakeTimers) -> None:
    teacher = await lesson.start("teacher", CAMERA)
    student = lesson.watch("student")
    connect(student)
    teacher.close(CloseReason.EXPIRED)
    lesson.take()
    timers.advance(PUBLISHER_GRACE / 2)
    back = await lesson.start("teacher", CAMERA)
    timers.advance(PUBLISHER_GRACE * 2)
    assert lesson.take() == [PublisherConnected("teacher"), SourceResumed(CAMERA, "teacher")]
    assert student.consumers[Slot.CAMERA].producer is back.producers[CAMERA]


async def test_who_returns_slowly_is_added_again(lesson: Lesson, timers: FakeTimers) -> None:
    teacher = await lesson.start("teacher", CAMERA)
    teacher.close(CloseReason.EXPIRED)
    timers.advance(PUBLISHER_GRACE / 2)
    back = lesson.publish("teacher", CAMERA)
    connect(back)
    lesson.take()
    timers.advance(PUBLISHER_GRACE)
    assert lesson.take()[0] == SourceRemoved(CAMERA, "teacher", CloseReason.EXPIRED)
    await lesson.flow(back, CAMERA)
    assert lesson.take()[0] == SourceAdded(CAMERA, "teacher")


async def test_leaving_while_lost_frees_the_source_at_once(lesson: Lesson) -> None:
    teacher = await lesson.start("teacher", CAMERA)
    attempt = lesson.publish("teacher", CAMERA)
    teacher.close(CloseReason.EXPIRED)
    attempt.close()
    assert lesson.room.sources() == {}
    lesson.publish("other", CAMERA)


async def test_an_attempt_repeated_while_lost_does_not_remove_the_source(
    lesson: Lesson,
) -> None:
    teacher = await lesson.start("teacher", CAMERA)
    teacher.close(CloseReason.EXPIRED)
    lesson.publish("teacher", CAMERA)
    lesson.take()
    lesson.publish("teacher", CAMERA)
    assert lesson.take() == [PublisherGone("teacher", CloseReason.REPLACED)]
    assert lesson.room.slots()[Slot.CAMERA] is CAMERA


async def test_nobody_sees_a_publication_that_never_started(lesson: Lesson) -> None:
    lesson.publish("teacher", CAMERA).close()
    assert lesson.take() == [PublisherGone("teacher", CloseReason.LEFT)]
    lesson.publish("other", CAMERA)


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
