"""The ruler of `bench layers`: a lesson in which everything that it measures is made."""

from __future__ import annotations

import contextlib

import pytest

from bench.errors import BenchError
from bench.layers import MODES, on_air
from bench.pictures import H264_TYPE
from bench.taught import SSRCS, Track
from media.packets import Packet, Report, parse
from media.types import Source
from tests.media.waiting import until

SOON = 60.0  # seconds, on a machine that stalls


def test_a_track_numbers_its_packets_and_reports_once_a_second() -> None:
    track = Track(Source.CAMERA, 90_000, [[b"one", b"two"], [b"three"]], 30)
    sent = [packet for number in range(31) for packet in track.packets(number)]
    packets = [one for one in map(parse, sent) if isinstance(one, Packet)]
    assert [one.number for one in packets] == list(range(47))
    assert {one.payload_type for one in packets} == {H264_TYPE}
    assert [one.marker for one in packets[:3]] == [False, True, True]
    assert packets[-1].timestamp == 90_000
    assert [one.timestamp for one in map(parse, sent) if isinstance(one, Report)] == [0, 90_000]
    assert {packet[8:12] for packet in sent if packet[1] != 200} == {
        SSRCS[Source.CAMERA].to_bytes(4)
    }


async def test_a_class_wants_all_that_is_measured_and_gets_it() -> None:
    async with on_air() as scene:
        with pytest.raises(BenchError):
            scene.check()
        scene.lesson.admit(len(MODES))
        for student, mode in zip(scene.lesson.students, MODES, strict=True):
            student.set_mode(mode)

        def complete() -> bool:
            with contextlib.suppress(BenchError):
                scene.check()
                return scene.lesson.sink.counted() > 100
            return False

        await until(complete, SOON)
        cpu = await scene.cpu(0.5)
        assert set(cpu) == {"low", "voices", "stills", "loop"}
        assert all(0 <= percent < 100 for percent in cpu.values())
        assert cpu["low"] > 0
