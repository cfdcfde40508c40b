"""What packets are marked with on their way (DSCP, RFC 8837), as the receiving kernel tells."""

from __future__ import annotations

import itertools
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pytest

from media._engine import Engine
from tests.media.engine_peer import EnginePeer, rtp, vp8

if TYPE_CHECKING:
    from media._engine import ConsumerParameters, ProducerParameters

EF, AF42 = 46 << 2, 36 << 2  # the byte: six bits of DSCP, two of ECN
OPUS = {"name": "opus", "payload_type": 111, "clock_rate": 48000, "rtx_payload_type": None}
VP8 = {"name": "VP8", "payload_type": 96, "clock_rate": 90000, "rtx_payload_type": None}
FAMILIES = {
    "127.0.0.1": (socket.IPPROTO_IP, socket.IP_RECVTOS, socket.IP_TOS),
    "::1": (socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS, socket.IPV6_TCLASS),
}


@dataclass
class Student(EnginePeer):
    """A peer that notes the mark of everything that comes."""

    marks: dict[str, set[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.level, option, self.kind = FAMILIES[self.host]
        self.socket.setsockopt(self.level, option, 1)

    def receive(self) -> bytes:
        datagram, ancillary, _, _ = self.socket.recvmsg(4096, 64)
        media = {96: "picture", 111: "sound"} if datagram[0] >= 128 else {}
        what = media.get(datagram[1] & 0x7F, "control")
        found = [data[0] for level, kind, data in ancillary if (level, kind) == self.wanted]
        self.marks.setdefault(what, set()).update(found)
        return datagram

    @property
    def wanted(self) -> tuple[int, int]:
        return self.level, self.kind


def both(kind: str, ssrc: int, codec: dict[str, Any]) -> dict[str, Any]:
    """Return parameters of a producer and of a consumer in one."""
    return {
        "kind": kind, "mid": kind, "codecs": [codec], "extensions": {}, "nack": False,
        "ssrcs": [ssrc], "rtx_ssrcs": [], "rids": [], "pli": False,
        "ssrc": ssrc + 100, "rtx_ssrc": None, "cname": "lesson", "remb": False,
    }  # fmt: skip


@pytest.mark.parametrize("host", FAMILIES)
@pytest.mark.parametrize("marks", [True, False])
@pytest.mark.parametrize("on_every_address", [True, False])
def test_sound_is_marked_above_pictures_unless_that_is_switched_off(
    host: str, marks: bool, on_every_address: bool
) -> None:
    engine = Engine(address="::" if on_every_address else host, marks=marks)
    engine.router_create(1)
    teacher = EnginePeer(engine, 1, host=host).connect()
    student = Student(engine, 2, host=host)
    student.connect()
    for number, (kind, codec) in enumerate([("audio", OPUS), ("video", VP8)], start=1):
        track = both(kind, 1000 * number, codec)
        engine.producer_create(number, 1, cast("ProducerParameters", track))
        engine.consumer_create(10 + number, 2, cast("ConsumerParameters", track))
        engine.consumer_set_producer(10 + number, number)
    numbers = itertools.count()

    def all_came() -> bool:
        number = next(numbers)
        teacher.send_rtp(rtp(1000, 111, number, 960 * number, b"sound"))
        teacher.send_rtp(rtp(2000, 96, number, 3000 * number, vp8(number, is_keyframe=True)))
        return student.marks.keys() == {"sound", "picture", "control"}

    student.receive_until(all_came)
    expected = {"sound": EF, "picture": AF42, "control": AF42}
    assert student.marks == {what: {mark if marks else 0} for what, mark in expected.items()}
    engine.close()
    teacher.socket.close()
    student.socket.close()
