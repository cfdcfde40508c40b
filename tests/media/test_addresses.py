"""Peers of both families, and servers with several addresses (NAT 1:1, more than one network)."""

from __future__ import annotations

import pytest

from media.types import Candidate, Source
from media.worker import Worker
from tests.media.live_lesson import Lesson, heard
from tests.media.network_peer import Voice
from tests.media.waiting import until


async def test_peers_of_both_families_meet_in_one_lesson() -> None:
    async with Worker.open("::", announced=("127.0.0.1", "::1"), tcp_ports=(0,)) as worker:
        lesson = Lesson(worker)
        candidates = worker.candidates()
        assert [(one.address, one.protocol) for one in candidates] == [
            ("127.0.0.1", "udp"),
            ("::1", "udp"),
            ("127.0.0.1", "tcp"),
            ("::1", "tcp"),
        ]
        lesson.candidate = candidates[1]
        publication, teacher = await lesson.publish(Source.VOICE)
        voice = Voice(teacher, 1000)
        for candidate in candidates:
            lesson.candidate = candidate
            name = f"{candidate.address} {candidate.protocol}"
            subscription, student = await lesson.watch(name)
            await heard(voice, student, 5)
            where = subscription.transport.address or ""
            assert where.startswith("[::1]:" if candidate.address == "::1" else "127.0.0.1:")
        await teacher.move(candidates[0])
        await until(lambda: (publication.transport.address or "").startswith("127.0.0.1:"))
        await heard(voice, student, 5)
        await lesson.close()


@pytest.mark.parametrize("bound", ["0.0.0.0", "::"])
async def test_a_peer_is_answered_from_the_address_it_sends_to(bound: str) -> None:
    announced = ("127.0.0.1", "127.0.0.2")
    async with Worker.open(bound, announced=announced) as worker:
        lesson = Lesson(worker)
        first, second = worker.candidates()
        assert second == Candidate("127.0.0.2", worker.port)
        _, teacher = await lesson.publish(Source.VOICE)
        voice = Voice(teacher, 1000)
        lesson.candidate = second
        subscription, student = await lesson.watch()
        await heard(voice, student, 5)
        await student.move(first)
        await heard(voice, student, 5)
        await student.move(second)
        await heard(voice, student, 5)
        assert not subscription.closed
        await lesson.close()
