"""Who sends which source: taken, handed over, lost and resumed, over a stand-in engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from media.errors import (
    SourceTaken,
)
from media.events import (
    PublisherConnected,
    PublisherGone,
    SlotChanged,
    SourceAdded,
    SourceRemoved,
    SourceResumed,
    SourceStalled,
)
from media.seats import PUBLISHER_GRACE, REPLACE_PATIENCE
from media.transport import CONNECT_TIMEOUT
from media.types import Activity, CloseReason, Slot, Source
from tests.media.room_lesson import Lesson, connect

if TYPE_CHECKING:
    from media.rooms import Rooms
    from tests.media.fake_engine import FakeEngine, FakeTimers

CAMERA, SCREEN, VOICE = Source.CAMERA, Source.SCREEN, Source.VOICE
GUEST_CAMERA, GUEST_VOICE = Source.GUEST_CAMERA, Source.GUEST_VOICE


@pytest.fixture
def lesson(rooms: Rooms, engine: FakeEngine) -> Lesson:
    return Lesson(rooms, engine)


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
