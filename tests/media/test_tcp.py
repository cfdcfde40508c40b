"""Peers whose network lets no UDP through: everything goes over a TCP connection (RFC 6544)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from media.types import Slot, Source
from media.worker import LOOPBACK, Worker
from tests.media.live_lesson import Lesson, gapless, heard, payloads
from tests.media.network_peer import Framing, Picture, Voice
from tests.media.values import slot
from tests.media.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CAMERA, VOICE = Source.CAMERA, Source.VOICE
VOICE_SLOT = slot(Slot.VOICE)[1].ssrc


@pytest.fixture
async def lesson() -> AsyncIterator[Lesson]:
    async with Worker.open(LOOPBACK, threads=2, tcp_ports=(0,)) as worker:
        lesson = Lesson(worker)
        yield lesson
        await lesson.close()


def is_on_tcp(address: str | None) -> bool:
    return address is not None and address.endswith("/tcp")


async def test_a_lesson_goes_over_tcp_in_both_directions(lesson: Lesson) -> None:
    udp, tcp = lesson.worker.candidates()
    assert (udp.protocol, tcp.protocol) == ("udp", "tcp")
    assert udp.port == tcp.port
    lesson.candidate = tcp
    publication, teacher = await lesson.publish(VOICE, CAMERA)
    subscription, student = await lesson.watch()
    lesson.candidate = udp
    _, classmate = await lesson.watch("classmate")
    voice, picture = Voice(teacher, 1000), Picture(teacher, 2000)
    picture.show(keyframe=True)
    await heard(voice, student, 30)
    await until(
        lambda: picture.show(keyframe=True) or b"\x9d\x01\x2a" in b"".join(payloads(student))
    )
    await heard(voice, classmate, 5)
    assert gapless(student, VOICE_SLOT)
    assert is_on_tcp(publication.transport.address)
    assert is_on_tcp(subscription.transport.address)


async def test_a_student_moves_to_tcp_and_back(lesson: Lesson) -> None:
    udp, tcp = lesson.worker.candidates()
    _, teacher = await lesson.publish(VOICE)
    subscription, student = await lesson.watch()
    voice = Voice(teacher, 1000)
    await heard(voice, student, 10)
    for candidate in (tcp, udp, tcp, tcp):
        await student.move(candidate)
        on_tcp = candidate.protocol == "tcp"
        await until(lambda on_tcp=on_tcp: is_on_tcp(subscription.transport.address) == on_tcp)
        await heard(voice, student, 10)
    assert not subscription.closed


async def test_a_student_who_does_not_read_loses_pictures_and_nobody_else_anything(
    lesson: Lesson,
) -> None:
    _, teacher = await lesson.publish(VOICE, CAMERA)
    lesson.candidate = lesson.worker.candidates()[1]
    _, slow = await lesson.watch("slow")
    _, student = await lesson.watch("student")
    voice, picture = Voice(teacher, 1000), Picture(teacher, 2000)
    picture.show(keyframe=True)
    await heard(voice, slow, 5)
    assert isinstance(slow.socket, Framing)
    slow.socket.wire.pause_reading()

    def lost() -> int:
        return lesson.worker.counters()["dropped_by_connection"]

    def show() -> int:
        voice.say()
        for _ in range(10):
            picture.show(filling=1000)
        return lost()

    await until(show)
    before = len(student.received)
    await until(lambda: voice.say() or len(student.received) > before + 20)
    assert gapless(student, VOICE_SLOT)
    slow.socket.wire.resume_reading()
    await heard(voice, slow, 20)
    assert payloads(slow)[-1].startswith((b"voice", b"\x90"))
    assert gapless(slow, VOICE_SLOT)


async def test_strangers_do_not_get_in_and_hurt_nobody(lesson: Lesson) -> None:
    udp = lesson.candidate
    _, teacher = await lesson.publish(VOICE)
    lesson.candidate = lesson.worker.candidates()[1]
    _, student = await lesson.watch()
    voice = Voice(teacher, 1000)
    for greeting in (b"GET / HTTP/1.1\r\n\r\n", b"\x00\x04\x16\xfe\xfd\x00", b"\xff" * 5000):
        reader, writer = await asyncio.open_connection(udp.address, lesson.candidate.port)
        writer.write(greeting)
        async with asyncio.timeout(20):
            assert not await reader.read()
        writer.close()
    await heard(voice, student, 20)
    await until(lambda: lesson.worker.counters()["connections_rejected"] == 3)
