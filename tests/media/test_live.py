"""A room over the real engine: peers on loopback that are not our own code."""

from __future__ import annotations

import asyncio
import itertools
import random
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from media.events import (
    SourceAdded,
    SourceResumed,
    SourceStalled,
    SubscriberConnected,
)
from media.types import CloseReason, Slot, Source, TransportState
from media.worker import LOOPBACK, Worker
from tests.media.live_lesson import Lesson, gapless, heard, payloads, steps
from tests.media.network_peer import Picture, Voice, rtp
from tests.media.values import CLASSROOM, PLAIN, slot, tracks
from tests.media.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CAMERA, VOICE = Source.CAMERA, Source.VOICE
JOINS = 200


@pytest.fixture
async def live_worker() -> AsyncIterator[Worker]:
    async with Worker.open(LOOPBACK, threads=2) as worker:
        yield worker


@pytest.fixture
async def lesson(live_worker: Worker) -> AsyncIterator[Lesson]:
    lesson = Lesson(live_worker)
    yield lesson
    await lesson.close()


async def test_a_voice_goes_from_the_teacher_to_the_student(lesson: Lesson) -> None:
    subscription, student = await lesson.watch()
    publication, teacher = await lesson.publish(VOICE)
    voice = Voice(teacher, 1000)
    await heard(voice, student, 30)
    assert {packet.ssrc for packet in student.received} == {slot(Slot.VOICE)[1].ssrc}
    assert {packet.payload_type for packet in student.received} == {111}
    assert payloads(student)[-1].startswith(b"voice 1000 ")
    assert gapless(student, slot(Slot.VOICE)[1].ssrc)
    assert SourceAdded(VOICE, "teacher") in lesson.events
    assert SubscriberConnected("student") in lesson.events
    stats = await subscription.transport.stats()
    assert stats is not None
    assert stats["packets_sent"] >= 30
    assert publication.transport.address is not None


async def test_who_comes_later_gets_the_keyframe_first(lesson: Lesson) -> None:
    _, teacher = await lesson.publish(CAMERA)
    picture = Picture(teacher, 1000)
    picture.show(keyframe=True)
    for _ in range(5):
        picture.show()
    await until(lambda: CAMERA in lesson.room.sources())
    _, student = await lesson.watch("late", *PLAIN)
    await until(lambda: student.received)
    assert b"\x9d\x01\x2a" in student.received[0].payload
    await until(lambda: picture.show() or len(student.received) > 10)
    assert gapless(student, slot(Slot.STAGE)[1].ssrc)


async def test_the_same_slot_goes_on_when_the_teacher_is_replaced(lesson: Lesson) -> None:
    subscription, student = await lesson.watch()
    old, first = await lesson.publish(VOICE)
    await heard(Voice(first, 1000), student, 20)
    new, second = await lesson.publish(VOICE)
    voice = Voice(second, 1000)
    voice.sequence, voice.timestamp = 7, 12345
    await heard(voice, student, 20)
    await until(lambda: old.closed)
    assert old.transport.close_reason is CloseReason.REPLACED
    assert subscription.transport.state is TransportState.CONNECTED
    left_out = [step for step in steps(student, slot(Slot.VOICE)[1].ssrc) if step != 1]
    assert left_out in ([], [2])  # one number may say that something was cut off
    times = [packet.timestamp for packet in student.received]
    assert all(0 < (b - a) & 0xFFFFFFFF < 48000 * 30 for a, b in itertools.pairwise(times))
    assert not new.closed


async def test_a_wrong_fingerprint_closes_and_gets_no_media(lesson: Lesson) -> None:
    _, teacher = await lesson.publish(VOICE)
    voice = Voice(teacher, 1000)
    _, student = await lesson.watch()
    await heard(voice, student, 5)
    stranger = lesson.room.add_subscriber("stranger", [slot(one) for one in CLASSROOM])
    peer = await lesson.peer(stranger, known=False).connect()
    await until(lambda: stranger.closed)
    assert stranger.transport.state is TransportState.FAILED
    assert stranger.transport.close_reason is CloseReason.HANDSHAKE_FAILED
    await heard(voice, student, 20)
    assert peer.media_datagrams == 0


async def test_a_publisher_with_a_wrong_fingerprint_is_not_heard(lesson: Lesson) -> None:
    _, student = await lesson.watch()
    forged = lesson.room.add_publisher("teacher", tracks(VOICE))
    peer = await lesson.peer(forged, known=False).connect()
    voice = Voice(peer, 1000, name="forged")
    voice.say(20)
    await until(lambda: forged.closed)
    voice.say(20)
    _, teacher = await lesson.publish(VOICE)
    await heard(Voice(teacher, 1000), student, 5)
    assert all(payload.startswith(b"voice") for payload in payloads(student))


@pytest.mark.parametrize("lost", [{0}, {1}, {0, 1, 2}], ids=["hello", "second", "three"])
async def test_lost_flights_of_a_student_are_repeated(lesson: Lesson, lost: set[int]) -> None:
    subscription = lesson.room.add_subscriber("student", [slot(one) for one in CLASSROOM])
    peer = lesson.peer(subscription)
    number = iter(range(1000))
    peer.lose = lambda _: next(number) in lost
    await peer.connect()
    await until(lambda: subscription.connected)


async def test_our_goodbye_reaches_the_student(lesson: Lesson) -> None:
    subscription, student = await lesson.watch()
    subscription.close()
    await until(lambda: student.dtls.dtls.state == "closed")


async def test_the_students_goodbye_reaches_us(lesson: Lesson) -> None:
    subscription, student = await lesson.watch()
    await student.close()
    await until(lambda: subscription.closed)
    assert subscription.transport.close_reason is CloseReason.PEER_CLOSED


async def test_everybody_hears_that_the_server_stops() -> None:
    async with Worker.open(LOOPBACK) as worker:
        lesson = Lesson(worker)
        students = [(await lesson.watch(f"student {number}"))[1] for number in range(5)]
    await until(lambda: {student.dtls.dtls.state for student in students} == {"closed"})
    await lesson.close()
    left = [thread.name for thread in threading.enumerate()]
    assert "dtls" not in left
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_an_ice_restart_keeps_the_connection(lesson: Lesson) -> None:
    subscription, student = await lesson.watch()
    _, teacher = await lesson.publish(VOICE)
    voice = Voice(teacher, 1000)
    student.ice = subscription.transport.restart_ice()
    student.responses.clear()
    await student.move()
    await until(lambda: student.responses)
    await heard(voice, student, 10)
    assert subscription.transport.state is TransportState.CONNECTED


async def test_a_student_who_changes_address_is_followed(lesson: Lesson) -> None:
    subscription, student = await lesson.watch()
    _, teacher = await lesson.publish(VOICE)
    voice = Voice(teacher, 1000)
    await heard(voice, student, 5)
    before = subscription.transport.address
    await student.move()
    await heard(voice, student, 10)
    await until(lambda: subscription.transport.address != before)


async def test_a_student_who_falls_silent_may_come_back(lesson: Lesson) -> None:
    subscription, student = await lesson.watch()
    student.silent = True
    await until(lambda: subscription.transport.state is TransportState.DISCONNECTED)
    student.silent = False
    await until(lambda: subscription.transport.state is TransportState.CONNECTED)


async def test_a_voice_that_stops_is_told(lesson: Lesson) -> None:
    _, student = await lesson.watch()
    _, teacher = await lesson.publish(VOICE)
    voice = Voice(teacher, 1000)
    await heard(voice, student, 3)
    await until(lambda: SourceStalled(VOICE, "teacher") in lesson.events)
    await heard(voice, student, 3)
    assert lesson.events[-1] == SourceResumed(VOICE, "teacher")


async def test_garbage_from_strangers_and_participants_hurts_nobody(lesson: Lesson) -> None:
    _, student = await lesson.watch()
    _, teacher = await lesson.publish(VOICE)
    voice = Voice(teacher, 1000)
    await heard(voice, student, 5)
    dice = random.Random(3)  # the same garbage every time
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for size in (0, 1, 2, 12, 19, 20, 21, 100, 1200, 1500, 65000):
            for first in (0, 20, 22, 63, 64, 127, 128, 144, 191, 192, 255):
                garbage = (bytes([first]) + dice.randbytes(size))[:size]
                stranger.sendto(garbage, student.address)
                student.send(garbage)
                teacher.send(garbage)
        await asyncio.sleep(0.05)
    await heard(voice, student, 20)
    assert payloads(student)[-1].startswith(b"voice 1000 ")


async def test_rooms_do_not_hear_each_other(lesson: Lesson) -> None:
    other = Lesson(lesson.worker, "another", lesson.rooms)
    _, listener = await other.watch()
    _, student = await lesson.watch()
    _, teacher = await lesson.publish(VOICE)
    await heard(Voice(teacher, 1000), student, 10)
    assert listener.media_datagrams == 0
    await other.close()


async def test_two_hundred_joins_in_a_row(lesson: Lesson) -> None:
    _, teacher = await lesson.publish(VOICE)
    voice = Voice(teacher, 1000)
    voice.say()
    for number in range(JOINS):
        _, student = await lesson.watch(f"student {number}", *PLAIN)
        await heard(voice, student, 1)
    counters = lesson.worker.counters()
    assert counters["dtls_connected"] == JOINS + 1
    assert counters["dtls_failed"] == 0


async def test_an_end_in_this_process_hears_and_speaks(lesson: Lesson) -> None:
    router = lesson.room.router
    direct = router.create_direct_transport()
    voice = direct.produce(VOICE, tracks(VOICE)[VOICE])
    consumer = router.create_direct_transport().consume(slot(Slot.VOICE)[1])
    consumer.show(voice)
    got: list[bytes] = []

    async def listen() -> None:
        async for batch in consumer.batches():
            got.extend(batch)

    listening = asyncio.create_task(listen())
    number = iter(range(100000))

    def speak() -> bool:
        current = next(number)
        direct.send(voice, [rtp(1000, 111, current, current * 960, b"direct %d" % current)])
        return len(got) >= 10

    await until(speak)
    consumer.close()
    await listening
    assert all(b"direct " in packet for packet in got)
    assert voice.started


async def test_a_taken_port_is_an_os_error() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((LOOPBACK, 0))
        with pytest.raises(OSError, match="in use"):
            async with Worker.open(LOOPBACK, taken.getsockname()[1]):
                pass
