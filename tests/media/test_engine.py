"""The engine through its Python joint: real sockets, real threads, foreign STUN and SRTP."""

from __future__ import annotations

import struct
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from media._engine import Engine
from tests.media.engine_peer import PROFILES, EnginePeer, events_until, rtp, vp8

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from media._engine import ConsumerParameters, ProducerParameters

    Opener = Callable[..., EnginePeer]

FIRST, SECOND = 10, 11  # transports
CAMERA, SLOT = 20, 30
CAMERA_SSRC, SLOT_SSRC, SLOT_RTX = 0x1111, 0x2222, 0x3333
VP8 = {"name": "VP8", "payload_type": 96, "clock_rate": 90000, "rtx_payload_type": 97}
VP8_OUT = VP8 | {"payload_type": 100, "rtx_payload_type": 101}

CAMERA_PARAMETERS: ProducerParameters = {
    "kind": "video",
    "mid": "0",
    "ssrcs": [CAMERA_SSRC],
    "rtx_ssrcs": [],
    "rids": [],
    "codecs": [VP8],  # type: ignore[list-item] # a plain dict of the right shape
    "extensions": {},
    "nack": True,
    "pli": True,
    "remb": False,
}
SLOT_PARAMETERS: ConsumerParameters = {
    "kind": "video",
    "mid": "1",
    "ssrc": SLOT_SSRC,
    "rtx_ssrc": SLOT_RTX,
    "cname": "lesson",
    "codecs": [VP8_OUT],  # type: ignore[list-item] # a plain dict of the right shape
    "extensions": {"mid": 4},
    "nack": True,
    "remb": False,
}


@pytest.fixture(params=[1, 3], ids=["one thread", "three threads"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    engine = Engine(address="127.0.0.1", threads=request.param)
    engine.router_create(1)
    yield engine
    engine.close()


@pytest.fixture
def open_peer(engine: Engine) -> Iterator[Callable[..., EnginePeer]]:
    with ExitStack() as stack:

        def open_peer(transport: int, profile: str = "AEAD_AES_128_GCM") -> EnginePeer:
            peer = EnginePeer(engine, transport, profile=profile)  # type: ignore[arg-type] # a key of PROFILES
            stack.callback(peer.socket.close)
            return peer

        yield open_peer


def publish(engine: Engine, transport: int = FIRST) -> None:
    engine.producer_create(CAMERA, transport, CAMERA_PARAMETERS)


def subscribe(engine: Engine, transport: int = SECOND) -> None:
    engine.consumer_create(SLOT, transport, SLOT_PARAMETERS)
    engine.consumer_set_producer(SLOT, CAMERA)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_camera_reaches_a_subscriber(engine: Engine, profile: str, open_peer: Opener) -> None:
    teacher = open_peer(FIRST, profile).connect()
    student = open_peer(SECOND, profile).connect()
    publish(engine)
    subscribe(engine)
    for number in range(20):
        frame = vp8(number, is_keyframe=number == 0)
        teacher.send_rtp(rtp(CAMERA_SSRC, 96, 65530 + number, 3000 * number, frame))
    student.receive_until(lambda: len(student.packets) >= 20)
    numbers = [struct.unpack("!H", packet[2:4])[0] for packet in student.packets]
    times = [struct.unpack("!I", packet[4:8])[0] for packet in student.packets]
    assert numbers == list(range(numbers[0], numbers[0] + 20))
    assert [(time - times[0]) % 2**32 for time in times] == [3000 * n for n in range(20)]
    assert numbers[0] < 32768
    assert {packet[8:12] for packet in student.packets} == {struct.pack("!I", SLOT_SSRC)}
    assert {packet[1] & 0x7F for packet in student.packets} == {100}


def test_a_class_on_all_threads_misses_nothing(engine: Engine, open_peer: Opener) -> None:
    teacher = open_peer(FIRST).connect()
    publish(engine)
    students = [open_peer(transport).connect() for transport in range(50, 56)]
    for number, student in enumerate(students):
        slot = SLOT_PARAMETERS | {"ssrc": SLOT_SSRC + number, "rtx_ssrc": None}
        engine.consumer_create(SLOT + number, student.transport, slot)  # type: ignore[arg-type] # a dict of the right shape
        engine.consumer_set_producer(SLOT + number, CAMERA)
    for number in range(40):
        frame = vp8(number, is_keyframe=number == 0)
        teacher.send_rtp(rtp(CAMERA_SSRC, 96, 65530 + number, 3000 * number, frame))
    for student in students:
        student.receive_until(lambda student=student: len(student.packets) >= 40)  # type: ignore[misc] # bound
        numbers = [struct.unpack("!H", packet[2:4])[0] for packet in student.packets]
        assert numbers == list(range(numbers[0], numbers[0] + 40))
    assert engine.counters()["dropped_mirrored"] == 0


def test_events_tell_what_happens(engine: Engine, open_peer: Opener) -> None:
    teacher = open_peer(FIRST).connect()
    publish(engine)
    teacher.send_rtp(rtp(CAMERA_SSRC, 96, 1, 0, vp8(0, is_keyframe=True)))
    events = events_until(engine, lambda event: event[0] == "producer_started")
    host, port = teacher.socket.getsockname()
    assert ("transport_connected", FIRST, f"{host}:{port}") in events
    assert events[-1] == ("producer_started", CAMERA, CAMERA_SSRC)


def test_dtls_passes_both_ways_after_a_check(engine: Engine, open_peer: Opener) -> None:
    peer = open_peer(FIRST)
    peer.send(b"\x16 before the check")
    peer.connect()
    peer.send(b"\x16 hello")
    events = events_until(engine, lambda event: event[0] == "dtls_received")
    assert events[-1] == ("dtls_received", FIRST, b"\x16 hello")
    engine.dtls_send(FIRST, b"\x17 and back")
    peer.receive_until(lambda: peer.dtls)
    assert peer.dtls == [b"\x17 and back"]


def test_a_lost_packet_is_asked_for_and_sent_again_as_rtx(
    engine: Engine, open_peer: Opener
) -> None:
    teacher = open_peer(FIRST).connect()
    student = open_peer(SECOND).connect()
    publish(engine)
    subscribe(engine)
    for number in (0, 1, 3):
        frame = vp8(number, is_keyframe=number == 0)
        teacher.send_rtp(rtp(CAMERA_SSRC, 96, number, 3000 * number, frame))
    teacher.receive_until(lambda: any(report[1] == 205 for report in teacher.reports))
    nack = next(report for report in teacher.reports if report[1] == 205)
    assert nack[8:16] == struct.pack("!IHH", CAMERA_SSRC, 2, 0)
    student.receive_until(lambda: len(student.packets) == 3)
    lost = struct.unpack("!H", student.packets[1][2:4])[0]
    student.send_rtcp(struct.pack("!BBHIIHH", 0x81, 205, 3, 7, SLOT_SSRC, lost, 0))
    student.receive_until(lambda: len(student.packets) == 4)
    again = student.packets[-1]
    assert again[8:12] == struct.pack("!I", SLOT_RTX)
    stats = engine.transport_stats(SECOND)
    assert stats is not None
    assert (stats["nacks_received"], stats["retransmitted"]) == (1, 1)


def test_a_subscribers_wish_for_a_keyframe_reaches_the_publisher(
    engine: Engine, open_peer: Opener
) -> None:
    teacher = open_peer(FIRST).connect()
    student = open_peer(SECOND).connect()
    publish(engine)
    teacher.send_rtp(rtp(CAMERA_SSRC, 96, 1, 0, vp8(1, is_keyframe=False)))
    events_until(engine, lambda event: event[0] == "producer_started")
    subscribe(engine)
    teacher.receive_until(lambda: any(report[1] == 206 for report in teacher.reports))
    assert not student.packets


def test_a_direct_transport_gives_and_takes_plain_packets(engine: Engine) -> None:
    engine.direct_transport_create(FIRST, 1)
    engine.direct_transport_create(SECOND, 1)
    publish(engine)
    subscribe(engine)
    packets = [rtp(5, 96, n, 3000 * n, vp8(n, is_keyframe=n == 0)) for n in range(3)]
    engine.packets_send(CAMERA, packets)
    events = events_until(engine, lambda event: event[0] == "packets_received")
    _, transport, slot, copies = events[-1]
    assert (transport, slot) == (SECOND, SLOT)
    assert isinstance(copies, list)
    assert len(copies) == 3
    assert all(isinstance(copy, bytes) for copy in copies)


def test_strangers_get_nothing(engine: Engine, open_peer: Opener) -> None:
    peer = open_peer(FIRST)
    for first in (b"", b"\x00", b"\x16", b"\x80", b"\x80\xc8", b"\xff"):
        for size in (1, 20, 1500, 65000 // 2):
            peer.send(first * size)
    peer.check(password="not the password of this one")
    peer.receive_until(lambda: peer.answers)
    assert peer.answers[0].attributes["ERROR-CODE"][0] == 401
    peer.socket.settimeout(0.3)
    with pytest.raises(TimeoutError):
        peer.socket.recv(2048)
    assert engine.counters()["rejected_stranger"] >= 4
    assert engine.transport_stats(FIRST) is not None


def test_wrong_shapes_are_value_errors(engine: Engine) -> None:
    with pytest.raises(ValueError, match="ICE password"):
        engine.transport_create(1, 1, "ufrag", "short")
    with pytest.raises(ValueError, match="'SRTP' is not an SRTP profile"):
        engine.transport_set_keys(1, "SRTP", b"", b"", b"", b"")  # type: ignore[arg-type] # on purpose
    with pytest.raises(ValueError, match="salt"):
        engine.transport_set_keys(1, "AEAD_AES_128_GCM", bytes(16), bytes(1), bytes(16), bytes(12))
    with pytest.raises(ValueError, match="mid is missing"):
        engine.producer_create(1, 1, {"kind": "audio"})  # type: ignore[typeddict-item] # on purpose
    with pytest.raises(ValueError, match="'smell' is neither audio nor video"):
        engine.producer_create(1, 1, CAMERA_PARAMETERS | {"kind": "smell"})  # type: ignore[arg-type] # on purpose
    with pytest.raises(ValueError, match="rids are at most 4"):
        engine.producer_create(1, 1, CAMERA_PARAMETERS | {"rids": ["a", "b", "c", "d", "e"]})
    with pytest.raises(ValueError, match="of 1 to 16 bytes"):
        engine.producer_create(1, 1, CAMERA_PARAMETERS | {"rids": ["x" * 17]})
    with pytest.raises(ValueError, match="codecs is empty"):
        engine.consumer_create(1, 1, SLOT_PARAMETERS | {"codecs": []})
    with pytest.raises(ValueError, match="is not an IP address"):
        Engine(address="localhost")


def test_commands_for_what_is_gone_are_ignored(engine: Engine) -> None:
    engine.transport_close(99)
    engine.producer_create(CAMERA, 99, CAMERA_PARAMETERS)
    engine.consumer_set_producer(SLOT, CAMERA)
    engine.router_close(77)
    engine.packets_send(CAMERA, [b""])
    assert engine.transport_stats(99) is None


def test_a_taken_port_is_an_os_error(engine: Engine) -> None:
    for threads in (1, 2):
        with pytest.raises(OSError, match="in use"):
            Engine(address="127.0.0.1", port=engine.port, threads=threads)


def test_closing_twice_is_closing_once() -> None:
    engine = Engine(address="127.0.0.1")
    engine.close()
    engine.close()
    assert engine.poll_events() == []
