"""Low layers of pictures: made for those who want them, once, and for nobody else."""

from __future__ import annotations

import asyncio
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from media import picture_layers
from media.low import LOW_PIXELS
from media.modes import Mode
from media.picture_layers import PictureLayers
from media.types import Slot, Source
from media.worker import Worker
from tests.media.live_lesson import Lesson
from tests.media.pictures import SIZE, TYPES, Camera, Viewer
from tests.media.values import H264, VP8, track
from tests.media.waiting import PATIENCE, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from media.room import Publication, Subscription
    from media.transcoder import CodecName
    from tests.media.network_peer import NetworkPeer
    from tests.media.pictures import Shown

PLI = 206  # the packet type of feedback on a picture, RFC 4585 section 6.3
LOW = (426, 240)
ASK_SECONDS = 2.0  # between two wishes for a keyframe
PACE_MS = 50  # between two pictures; the machine has more to do than this
SOON = 60.0  # seconds, on a machine that stalls
CODECS = {"VP8": VP8, "H264": H264}


class Scene:
    """A teacher whose camera sends one size, as OBS does, and films all the time."""

    def __init__(self, worker: Worker, threads: ThreadPoolExecutor) -> None:
        self.lesson = Lesson(worker)
        self.room = self.lesson.room
        self.layers = PictureLayers(self.room, threads)
        self.camera: Camera
        self.teacher: Publication
        self.peer: NetworkPeer
        self.key_every: int | None = None  # ms; then the camera hears no wishes, as OBS
        self.keyframes = 0  # sent until now
        self.garbage: list[bytes] = []  # that is sent next
        self._filming: asyncio.Task[None] | None = None

    async def begin(self, codec: CodecName = "VP8", size: tuple[int, int] = SIZE) -> None:
        self.camera = Camera(codec, size)
        parameters = {Source.CAMERA: track(Source.CAMERA, CODECS[codec])}
        self.teacher = self.room.add_publisher("teacher", parameters)
        self.peer = await self.lesson.peer(self.teacher).connect()
        self._filming = asyncio.create_task(self._film())
        self.layers.start()
        await until(lambda: self.producer.layers)

    @property
    def producer(self):  # type: ignore[no-untyped-def]
        return self.teacher.producers[Source.CAMERA]

    async def _film(self) -> None:
        loop = asyncio.get_running_loop()
        began, number, asked = loop.time(), 0, 0
        keyed = 0.0  # when the newest keyframe was sent
        while True:
            ms = round(1000 * (loop.time() - began))
            wishes = sum(report[1] == PLI for report in self.peer.reports)
            is_due = wishes > asked if self.key_every is None else ms - keyed >= self.key_every
            is_key, asked = number == 0 or is_due, wishes
            keyed = ms if is_key else keyed
            self.keyframes += is_key
            for packet in self.camera.film(ms, key=is_key):
                self.peer.send_media(packet)
            for payload in self.garbage:
                self.peer.send_media(self.camera.packet(ms + 1, payload))
            self.garbage.clear()
            number += 1
            spent = 1000 * (loop.time() - began) - ms
            await asyncio.sleep(max(1.0, PACE_MS - spent) / 1000)

    async def watch(self, name: str = "student") -> Student:
        return Student(self.camera.codec, *await self.lesson.watch(name, Slot.CAMERA))

    async def end(self) -> None:
        if self._filming is not None:
            self._filming.cancel()
            await asyncio.gather(self._filming, return_exceptions=True)
        self.layers.end()
        await self.lesson.close()


class Student:
    """Somebody who watches, and what they saw."""

    def __init__(self, codec: CodecName, member: Subscription, peer: NetworkPeer) -> None:
        self.codec, self.member, self.peer = codec, member, peer
        self._viewer = Viewer(codec)
        self._taken = 0
        self._asked = asyncio.get_running_loop().time()

    def seen(self) -> list[Shown]:
        """Return all pictures; a packet that a busy machine lost costs a wish for a keyframe."""
        shown = self._viewer.see(self._new())
        now = asyncio.get_running_loop().time()
        if self._viewer.broken and self.peer.received and now - self._asked > ASK_SECONDS:
            self._asked = now
            self.ask()
        return shown

    def _new(self) -> list[bytes]:
        came = self.peer.received[self._taken :]
        self._taken += len(came)
        kind = TYPES[self.codec]
        return [one.serialize() for one in came if one.payload_type == kind]

    def ask(self) -> None:
        """Ask for a keyframe."""
        ssrc = self.member.consumers[Slot.CAMERA].parameters.ssrc
        self.peer.send_media(bytes([0x81, PLI, 0, 2]) + bytes(4) + ssrc.to_bytes(4))

    def gets(self) -> tuple[int, int] | None:
        """Return the size of what came last, be it a picture or not."""
        for _ in self._viewer.assemble(self._new()):
            pass
        newest = self._viewer.newest
        return None if newest is None else (newest.format.width, newest.format.height)

    async def sees(self, size: tuple[int, int], pictures: int = 3) -> None:
        """Wait until the newest pictures have a size."""
        await until(
            lambda: [one.size for one in self.seen()[-pictures:]] == [size] * pictures, SOON
        )


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as threads:
        yield threads


@pytest.fixture
async def scene(threads: ThreadPoolExecutor) -> AsyncIterator[Scene]:
    async with Worker.open() as worker:
        scene = Scene(worker, threads)
        yield scene
        await scene.end()


@pytest.mark.parametrize("codec", CODECS)
async def test_low_is_seen_small_by_those_who_want_it_and_whole_by_the_others(
    scene: Scene, codec: CodecName
) -> None:
    await scene.begin(codec)
    one, two, other = [await scene.watch(name) for name in ("one", "two", "other")]
    await other.sees(SIZE)
    assert len(scene.layers) == 0
    one.member.set_mode(Mode.LOW)
    two.member.set_mode(Mode.LOW)
    await one.sees(LOW)
    await two.sees(LOW)
    assert len(scene.layers) == 1
    one.member.set_mode(Mode.EVERYTHING)
    await one.sees(SIZE)
    await other.sees(SIZE)
    assert {shown.size for shown in other.seen()} == {SIZE}


async def test_a_path_that_does_not_carry_the_whole_picture_carries_the_low_one(
    scene: Scene,
) -> None:
    await scene.begin()
    student = await scene.watch()
    await student.sees(SIZE)
    estimate = ("estimates", [(student.member.transport.id, 220_000)])
    scene.lesson.worker._dispatch(estimate)
    await student.sees(LOW)
    assert student.member.received is Mode.LOW
    assert student.member.held == []


async def test_who_needs_a_keyframe_of_the_low_layer_gets_it_and_the_source_is_left_alone(
    scene: Scene,
) -> None:
    await scene.begin()
    student = await scene.watch()
    student.member.set_mode(Mode.LOW)
    await student.sees(LOW)
    before, asked = len(student.seen()), len(scene.peer.reports)
    student.ask()
    await until(lambda: any(shown.key for shown in student.seen()[before:]))
    assert {shown.size for shown in student.seen()[before:]} == {LOW}
    assert not any(report[1] == PLI for report in scene.peer.reports[asked:])


async def test_a_layer_nobody_wants_is_made_no_more(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_layers, "LINGER_SECONDS", 0.5)
    await scene.begin()
    student = await scene.watch()
    student.member.set_mode(Mode.LOW)
    await student.sees(LOW)
    low = scene.producer.low
    assert low is not None
    student.member.close()
    await until(lambda: len(scene.layers) == 0)
    assert low.transport.state.final
    assert scene.producer.low is None


async def test_modes_that_change_all_the_time_leave_one_layer(scene: Scene) -> None:
    await scene.begin()
    student = await scene.watch()
    for turn in range(100):
        student.member.set_mode((Mode.LOW, Mode.EVERYTHING, Mode.SOUND)[turn % 3])
        await asyncio.sleep(0)
    student.member.set_mode(Mode.LOW)
    await student.sees(LOW)
    assert len(scene.layers) == 1


async def test_an_encoder_that_hears_no_wishes_leaves_no_pause_on_the_way_to_the_whole_picture(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_layers, "AWAIT_SECONDS", SOON)
    scene.key_every = 4_000
    await scene.begin()
    student = await scene.watch()
    student.member.set_mode(Mode.LOW)
    await student.sees(LOW)
    consumer = student.member.consumers[Slot.CAMERA]
    before = scene.keyframes
    await until(lambda: scene.keyframes > before)
    await asyncio.sleep(1.0)  # the next one is far away
    keyframes, before = scene.keyframes, len(student.seen())
    student.member.set_mode(Mode.EVERYTHING)
    await until(lambda: consumer.sent is scene.producer)
    assert scene.keyframes == keyframes + 1
    await student.sees(SIZE)
    sizes = [one.size for one in student.seen()[before:]]
    assert set(sizes[:5]) == {LOW}, "it goes on until the whole picture can be shown"


async def test_a_keyframe_that_never_comes_is_not_waited_for(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_layers, "AWAIT_SECONDS", 0.5)
    await scene.begin()
    student = await scene.watch()
    other = await scene.watch("other")
    for one in (student, other):
        one.member.set_mode(Mode.LOW)
        await one.sees(LOW)
    scene.key_every = 3_600_000
    student.member.set_mode(Mode.EVERYTHING)
    consumer = student.member.consumers[Slot.CAMERA]
    assert consumer.sent is scene.producer.low
    await until(lambda: consumer.sent is scene.producer)
    await other.sees(LOW)


async def test_sound_alone_makes_no_picture(scene: Scene) -> None:
    await scene.begin()
    student = await scene.watch()
    student.member.set_mode(Mode.SOUND)
    await asyncio.sleep(3 * picture_layers.LOOK_SECONDS)
    assert len(scene.layers) == 0


async def test_a_picture_that_is_small_already_is_sent_as_it_is(scene: Scene) -> None:
    await scene.begin(size=(320, 180))
    student = await scene.watch()
    student.member.set_mode(Mode.LOW)
    await student.sees((320, 180))
    await asyncio.sleep(3 * picture_layers.LOOK_SECONDS)
    assert len(scene.layers) == 0


async def test_a_teacher_who_publishes_again_is_seen_small_again(scene: Scene) -> None:
    await scene.begin()
    student = await scene.watch()
    student.member.set_mode(Mode.LOW)
    await student.sees(LOW)
    first = scene.producer
    assert scene._filming is not None
    scene._filming.cancel()
    await scene.begin()
    await until(lambda: scene.producer.low is not None)
    assert first.low is None
    before = len(student.seen())
    await until(lambda: student.seen()[before:] and student.seen()[-1].size == LOW)


async def test_garbage_among_the_pictures_does_not_end_them(scene: Scene) -> None:
    await scene.begin()
    student = await scene.watch()
    student.member.set_mode(Mode.LOW)
    await student.sees(LOW)
    low = scene.producer.low
    for turn in range(20):
        scene.garbage = [bytes([0x90, 0x80, 0x80, turn, turn % 2]) + b"\xff" * 30, b"\x10", b"\xff"]
        await asyncio.sleep(PACE_MS / 1000)
    before = len(student.seen())
    await until(lambda: len(student.seen()) > before + 5)
    assert scene.producer.low is low


async def test_a_source_that_can_not_be_made_small_comes_whole(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    await scene.begin()
    student = await scene.watch()
    student.member.set_mode(Mode.LOW)
    await student.sees(LOW)
    with caplog.at_level(logging.WARNING, "media.picture_layers"):
        scene.garbage = [b"\x90\x80\x80\x01" + b"\x10\0\0\x9d\x01\x2a\xff\x3f\xff\x3f" + bytes(50)]
        await until(lambda: len(scene.layers) == 0)
    student.ask()
    await until(lambda: student.gets() == SIZE)
    assert [one.getMessage().split(":")[0] for one in caplog.records] == [
        "the low camera of room lesson ends"
    ]
    await asyncio.sleep(3 * picture_layers.LOOK_SECONDS)
    assert len(scene.layers) == 0
    assert student.member.consumers[Slot.CAMERA].bound == LOW_PIXELS


async def test_a_machine_without_time_sends_the_whole_picture_and_nobody_waits(
    scene: Scene, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_layers, "BEHIND_SECONDS", 0.0)
    await scene.begin()
    student = await scene.watch()
    held = threading.Event()
    threads.submit(held.wait, PATIENCE)
    student.member.set_mode(Mode.LOW)
    await until(lambda: len(scene.layers) == 1)
    await student.sees(SIZE, 10)  # the loop goes on
    assert scene.producer.low is None
    held.set()
    await until(lambda: len(scene.layers) == 0)
    await student.sees(SIZE)


async def test_a_room_that_ends_takes_its_layers_along(scene: Scene) -> None:
    await scene.begin()
    student = await scene.watch()
    student.member.set_mode(Mode.LOW)
    await student.sees(LOW)
    scene.room.close()
    await until(lambda: len(scene.layers) == 0)


async def test_a_camera_in_several_sizes_has_no_layer_made_of_it(scene: Scene) -> None:
    parameters = replace(track(Source.CAMERA), rids=("low", "high"), ssrcs=())
    teacher = scene.room.add_publisher("teacher", {Source.CAMERA: parameters})
    producer = teacher.producers[Source.CAMERA]
    scene.lesson.worker._dispatch(("layers", [(producer.id, [(1280, 720, 1_000_000, 1)])]))
    producer.offer_low(True)
    assert [one.number for one in producer.layers] == [1]
