"""Sizes that nobody wants need not be sent, are wanted again at once, and are never forgotten."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from media.demand import wanted
from media.dynacast import PATIENCE, RENEWAL, RETURN, ROUND
from media.events import LayersRest, RoomEvent
from media.types import CloseReason, Layer, Slot, Source
from tests.media.values import slot, track

if TYPE_CHECKING:
    from media.membership import Publication, Subscription
    from media.room import Room
    from media.rooms import Rooms
    from media.worker import Worker
    from tests.media.fake_engine import FakeEngine, FakeTimers

RIDS = ("high", "low", "mid")  # as an encoder may offer them
LOW, MID, HIGH = (
    Layer(320, 180, 120_000, 1),
    Layer(640, 360, 400_000, 2),
    Layer(1280, 720, 10**6, 0),
)
LAYERS = [LOW, MID, HIGH]


@pytest.mark.parametrize(
    ("limits", "numbers"),
    [
        ([], {1}),
        ([0], {1}),
        ([None], {1, 0}),
        ([MID.pixels], {1, 2}),
        ([1], {1}),
        ([HIGH.pixels - 1, LOW.pixels], {1, 2}),
        ([None, MID.pixels], {0, 1, 2}),
    ],
)
def test_what_limits_choose_is_wanted_and_the_smallest_always(
    limits: list[int | None], numbers: set[int]
) -> None:
    assert wanted(LAYERS, limits) == numbers


def test_of_nothing_nothing_is_wanted() -> None:
    assert wanted([], [None, 5]) == frozenset()


class Lesson:
    """A teacher with a camera in three sizes."""

    def __init__(self, rooms: Rooms, worker: Worker, timers: FakeTimers) -> None:
        self.worker, self.timers = worker, timers
        self.room: Room = rooms.open("lesson", live=True)
        self.heard: list[LayersRest] = []
        self.room.subscribe_events(self._hear)
        self.publication = self.publish()

    def publish(self) -> Publication:
        camera = replace(track(Source.CAMERA), rids=RIDS, ssrcs=(), rtx_ssrcs=())
        publication = self.room.add_publisher("teacher", {Source.CAMERA: camera})
        self.publication = publication
        self.worker._dispatch(("producer_started", self.camera.id, 5))
        self.tell(*LAYERS)
        return publication

    @property
    def camera(self):
        return self.publication.producers[Source.CAMERA]

    def watch(self) -> Subscription:
        return self.room.add_subscriber("student", [slot(Slot.CAMERA)])

    def tell(self, *layers: Layer) -> None:
        told = [(one.width, one.height, one.bits, one.number) for one in layers]
        self.worker._dispatch(("layers", [(self.camera.id, told)]))

    def resting(self) -> tuple[str, ...] | None:
        return self.heard[-1].rids if self.heard else None

    def _hear(self, event: RoomEvent) -> None:
        if isinstance(event, LayersRest):
            assert (event.source, event.participant) == (Source.CAMERA, "teacher")
            self.heard.append(event)


@pytest.fixture
def lesson(rooms: Rooms, worker: Worker, timers: FakeTimers) -> Lesson:
    return Lesson(rooms, worker, timers)


async def test_what_nobody_watches_rests_after_a_while_but_for_the_smallest(
    lesson: Lesson, timers: FakeTimers
) -> None:
    timers.advance(PATIENCE - ROUND)
    assert lesson.resting() is None
    timers.advance(2 * ROUND)
    assert lesson.resting() == ("high", "mid")


async def test_a_student_without_a_limit_wakes_the_largest_at_once(
    lesson: Lesson, timers: FakeTimers
) -> None:
    timers.advance(PATIENCE + ROUND)
    lesson.watch()
    assert lesson.resting() == ("mid",)


async def test_a_limit_wakes_the_size_it_chooses_at_once(
    lesson: Lesson, timers: FakeTimers
) -> None:
    first, second = lesson.watch(), lesson.watch()
    timers.advance(PATIENCE + ROUND)
    assert lesson.resting() == ("mid",)
    lesson.tell(LOW, HIGH)
    second.consumers[Slot.CAMERA].set_limit(MID.pixels)
    assert lesson.resting() == ()
    first.close(CloseReason.LEFT)
    timers.advance(PATIENCE + ROUND)
    assert lesson.resting() == ("high",)


async def test_what_rests_is_still_known_and_for_a_while_when_it_is_wanted_again(
    lesson: Lesson, timers: FakeTimers
) -> None:
    student = lesson.watch()
    timers.advance(PATIENCE + ROUND)
    lesson.tell(LOW, HIGH)
    assert lesson.camera.layers == (LOW, MID, HIGH)
    student.consumers[Slot.CAMERA].set_limit(MID.pixels)
    lesson.tell(LOW, HIGH)  # it has not come back yet
    assert lesson.camera.layers == (LOW, MID, HIGH)
    timers.advance(RETURN + ROUND)
    lesson.tell(LOW)  # the high one rests now
    assert lesson.camera.layers == (LOW, HIGH)


async def test_the_word_is_said_again_while_it_holds(lesson: Lesson, timers: FakeTimers) -> None:
    lesson.watch()
    timers.advance(PATIENCE + ROUND + 3 * (RENEWAL + ROUND))
    assert [one.rids for one in lesson.heard] == [("mid",)] * 4


async def test_a_word_that_crosses_a_change_is_not_said(lesson: Lesson, timers: FakeTimers) -> None:
    timers.advance(PATIENCE - ROUND)
    lesson.watch()
    timers.advance(2 * ROUND)
    assert lesson.resting() == ("mid",)


async def test_the_recorder_keeps_the_largest(lesson: Lesson, timers: FakeTimers) -> None:
    reader = lesson.room.add_reader("recorder", [slot(Slot.CAMERA)])
    timers.advance(PATIENCE + ROUND)
    assert lesson.resting() == ("mid",)
    reader.close()
    timers.advance(PATIENCE + ROUND)
    assert lesson.resting() == ("high", "mid")


async def test_a_new_publication_begins_with_everything(lesson: Lesson, timers: FakeTimers) -> None:
    timers.advance(PATIENCE + ROUND)
    lesson.heard.clear()
    lesson.publish()
    timers.advance(PATIENCE - ROUND)
    assert lesson.camera.resting == frozenset()


async def test_nothing_runs_when_everything_is_wanted_or_over(
    lesson: Lesson, timers: FakeTimers
) -> None:
    lesson.watch()
    second = lesson.watch()
    second.consumers[Slot.CAMERA].set_limit(MID.pixels)
    timers.advance(ROUND)
    idle = timers.pending
    second.consumers[Slot.CAMERA].set_limit(None)
    assert timers.pending == idle + 1
    second.consumers[Slot.CAMERA].set_limit(MID.pixels)
    timers.advance(ROUND)
    assert timers.pending == idle
    second.consumers[Slot.CAMERA].set_limit(None)
    timers.advance(PATIENCE + ROUND)
    lesson.heard.clear()
    lesson.publication.close(CloseReason.LEFT)
    timers.advance(100)
    assert lesson.heard == []


async def test_a_picture_in_one_size_is_never_told_of(
    rooms: Rooms, worker: Worker, engine: FakeEngine, timers: FakeTimers
) -> None:
    heard: list[RoomEvent] = []
    room = rooms.open("another", live=True)
    room.subscribe_events(heard.append)
    publication = room.add_publisher("teacher", {Source.CAMERA: track(Source.CAMERA)})
    producer = publication.producers[Source.CAMERA]
    worker._dispatch(("layers", [(producer.id, [(640, 360, 100, 0)])]))
    timers.advance(60)
    assert not [event for event in heard if isinstance(event, LayersRest)]
