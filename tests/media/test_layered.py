"""A camera in several sizes over real sockets: the engine binds them by rid and obeys a limit."""

from __future__ import annotations

import struct
from time import sleep
from typing import TYPE_CHECKING

import pytest

from media._engine import Engine
from tests.media.engine_peer import EnginePeer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from media._engine import ConsumerParameters, Event, ProducerParameters

FIRST, SECOND = 10, 11  # transports
CAMERA, SLOT = 20, 30
MID_ID, RID_ID, REPAIRED_ID = 1, 2, 3
WIDTHS = {"low": 160, "high": 640}
VP8 = {"name": "VP8", "payload_type": 96, "clock_rate": 90000, "rtx_payload_type": 97}
ATTEMPTS = 400  # frames; a machine that stalls loses some

CAMERA_PARAMETERS: ProducerParameters = {
    "kind": "video",
    "mid": "0",
    "ssrcs": [],
    "rtx_ssrcs": [],
    "rids": list(WIDTHS),
    "codecs": [VP8],  # type: ignore[list-item] # a plain dict of the right shape
    "extensions": {"mid": MID_ID, "rid": RID_ID, "repaired_rid": REPAIRED_ID},
    "nack": False,
    "pli": True,
    "remb": False,
}
SLOT_PARAMETERS: ConsumerParameters = {
    "kind": "video",
    "mid": "1",
    "ssrc": 77,
    "rtx_ssrc": 78,
    "cname": "lesson",
    "codecs": [VP8],  # type: ignore[list-item] # a plain dict of the right shape
    "extensions": {},
    "nack": True,
    "remb": False,
}


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine(address="127.0.0.1")
    engine.router_create(1)
    yield engine
    engine.close()


def extensions(**names: tuple[int, bytes]) -> bytes:
    """Return a one-byte header extension block (RFC 8285 section 4.2)."""
    elements = b"".join(bytes([(i << 4) | len(n) - 1]) + n for i, n in names.values())
    padded = elements + bytes(-len(elements) % 4)
    return struct.pack("!HH", 0xBEDE, len(padded) // 4) + padded


class Camera:
    """Sends every frame in two sizes, all of them keyframes."""

    def __init__(self, peer: EnginePeer) -> None:
        self.peer = peer
        self.frame = 0

    def send(self) -> None:
        self.frame += 1
        for number, (rid, width) in enumerate(WIDTHS.items()):
            header = struct.pack("!BBHII", 0x90, 0xE0, self.frame, self.frame * 3000, 1000 + number)
            block = extensions(mid=(MID_ID, b"0"), rid=(RID_ID, rid.encode()))
            descriptor = struct.pack("!BBH", 0x90, 0x80, 0x8000 | self.frame)
            picture = b"\x10\x00\x00\x9d\x01\x2a" + struct.pack("<HH", width, width // 2)
            self.peer.send_rtp(header + block + descriptor + picture + bytes(200))


def width(packet: bytes) -> int:
    """Return the width of the keyframe in a packet without extensions."""
    found: int = struct.unpack_from("<H", packet, 12 + 4 + 6)[0]
    return found


def test_a_limit_chooses_between_the_sizes_of_a_camera(engine: Engine) -> None:
    teacher, student = (EnginePeer(engine, transport).connect() for transport in (FIRST, SECOND))
    camera = Camera(teacher)
    engine.producer_create(CAMERA, FIRST, CAMERA_PARAMETERS)
    engine.consumer_create(SLOT, SECOND, SLOT_PARAMETERS)
    engine.consumer_set_producer(SLOT, CAMERA)

    def sends_until(wanted: Callable[[], bool]) -> None:
        for _ in range(ATTEMPTS):
            camera.send()
            student.packets.clear()
            student.receive_until(lambda: student.packets)
            if wanted():
                return
            sleep(0.01)
        raise AssertionError("The size did not change.")

    try:
        sends_until(lambda: width(student.packets[-1]) == WIDTHS["high"])
        engine.consumer_set_limit(SLOT, 160 * 80)
        sends_until(lambda: width(student.packets[-1]) == WIDTHS["low"])
        engine.consumer_set_limit(SLOT, None)
        sends_until(lambda: width(student.packets[-1]) == WIDTHS["high"])
        assert {packet[8:12] for packet in student.packets} == {struct.pack("!I", 77)}
    finally:
        teacher.socket.close()
        student.socket.close()


def test_the_sizes_that_come_are_told(engine: Engine) -> None:
    teacher = EnginePeer(engine, FIRST).connect()
    camera = Camera(teacher)
    engine.producer_create(CAMERA, FIRST, CAMERA_PARAMETERS)

    sizes: list[tuple[int, int]] = []
    try:
        for _ in range(ATTEMPTS):
            camera.send()
            sleep(0.02)
            sizes = next(filter(None, map(told_sizes, engine.poll_events())), sizes)
            if len(sizes) == len(WIDTHS):
                break
        assert sizes == [(160, 80), (640, 320)]
    finally:
        teacher.socket.close()


def told_sizes(event: Event) -> list[tuple[int, int]]:
    """Return the sizes of the camera that an event tells."""
    match event:
        case ("layers", [(producer, layers)]):
            assert producer == CAMERA
            return [(width, height) for width, height, bits, _ in layers if bits > 0]
    return []
