"""The benches' own instruments: a wrong ruler would measure nothing."""

import asyncio
import json
import os
import socket
import time

import pytest

from bench.cpu import process_ns
from bench.keys import subscriber
from bench.latency import delays_ms
from bench.lesson import BenchError, Lesson
from bench.light_client import Answer, Identity, JoinError, offer
from bench.light_page import LightPage
from bench.publisher import PACKETS_PER_FRAME, Publisher, stamp
from bench.report import Report, Target
from bench.sink import Listener, Sink, host, is_media
from signaling.sdp import parse_offer


def test_a_missed_target_is_named() -> None:
    report = Report("example", (Target("fast", 5), Target("share", 0.6, at_most=False)))
    report.add("fast", 5.0004)
    report.add("share", 0.5)
    assert report.missed() == ["share"]
    said = json.loads(report.to_json())
    assert said["bench"] == "example"
    assert said["targets"] == {"fast": "<= 5", "share": ">= 0.6"}
    assert said["missed"] == ["share"]


def test_a_figure_that_was_not_measured_misses_its_target() -> None:
    assert Report("example", (Target("fast", 5),)).missed() == ["fast"]


def test_cpu_time_counts_work_and_not_waiting() -> None:
    before = process_ns(os.getpid())
    time.sleep(0.05)
    waited = process_ns(os.getpid()) - before
    while process_ns(os.getpid()) - before < waited + 20_000_000:
        pass
    assert waited < 45_000_000


def test_the_sink_counts_media_and_passes_the_rest() -> None:
    sink = Sink()
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    media, rtcp, check = b"\x80\x60" + bytes(50), b"\x80\xc8" + bytes(50), b"\x00\x01" + bytes(50)
    for index in range(20):
        out.sendto(media, (host(index), sink.port))
    out.sendto(rtcp, (host(0), sink.port))
    out.sendto(check, (host(1), sink.port))
    assert sink.counted() == 20
    assert sink.drain() == 2
    out.close()
    sink.close()


def test_each_subscriber_speaks_from_its_own_address() -> None:
    sink = Sink()
    peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    peer.bind(("127.0.0.1", 0))
    peer.settimeout(5)
    for index in (0, 7, 300):
        sink.send_from(index, b"hello", peer.getsockname())
        assert peer.recvfrom(100)[1] == (host(index), sink.port)
    peer.close()
    sink.close()


def test_the_publisher_sends_whole_frames_with_a_stamp() -> None:
    publisher = Publisher.with_known_keys()
    listener = Listener(0)
    publisher.frame(listener.socket.getsockname())
    assert publisher.sent == PACKETS_PER_FRAME
    listener.drain()
    assert len(listener.received) == PACKETS_PER_FRAME
    assert all(is_media(datagram) for _, datagram in listener.received)
    packet = publisher.packet(0) + (123).to_bytes(8)
    assert stamp(packet) == 123
    publisher.close()
    listener.close()


def test_a_packet_for_somebody_else_is_not_counted_as_opened() -> None:
    session = subscriber(1).session("from-engine")
    packet = b"\x80\x60" + bytes(10) + time.time_ns().to_bytes(8)
    received = [(time.time_ns(), session.protect(packet))]
    assert len(delays_ms(1, received)) == 1
    assert delays_ms(2, received) == []


def test_a_class_receives_every_packet_through_the_engine() -> None:
    with Lesson(5, {0, 4}) as lesson:
        for listener in lesson.listeners.values():
            listener.received.clear()
        before = lesson.engine_ns()
        assert lesson.run(0.3) == 1.0
        assert lesson.engine_ns() > before
        for index, listener in lesson.listeners.items():
            assert len(delays_ms(index, listener.received)) == 9 * PACKETS_PER_FRAME


@pytest.mark.parametrize("publish", [True, False])
def test_the_light_client_makes_offers_the_server_understands(publish: bool) -> None:
    parsed = parse_offer(offer(Identity.make(), publish=publish))
    assert [media.kind for media in parsed.active] == ["video", "audio"]


def test_an_answer_without_candidate_is_a_failed_join() -> None:
    with pytest.raises(JoinError):
        Answer.read("a=ice-ufrag:abcd\r\na=ice-pwd:efgh\r\n")


class Wire(asyncio.Transport):
    """Where a page writes to."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []

    def write(self, data: bytes) -> None:  # type: ignore[override]  # bytes are all we write
        self.sent.append(data)

    def close(self) -> None:
        self.sent.append(b"")


def frame(text: str) -> bytes:
    data = text.encode()
    size = bytes([len(data)]) if len(data) < 126 else b"\x7e" + len(data).to_bytes(2)
    return b"\x81" + size + data


async def test_a_light_page_joins_and_sees_every_event_however_it_is_cut() -> None:
    seen: list[float] = []
    page, wire = LightPage(b"GET", "lesson", lambda _, now: seen.append(now)), Wire()
    page.connection_made(wire)
    event = "42" + json.dumps(["event", {"seq": 7, "text": "x" * 300}], separators=(",", ":"))
    said = ["0{}", "40{}", '430[{"ok":true}]', event, "2", '42["presence",{}]', event]
    stream = b"HTTP/1.1 101 Switching\r\n\r\n" + b"".join(frame(one) for one in said)
    for byte in stream:
        page.data_received(bytes([byte]))
    assert page.joined.result() is None
    assert len(seen) == 2
    assert page.event()["seq"] == 7
    assert [one.partition(bytes(4))[2][:2] for one in wire.sent[1:]] == [b"40", b"42", b"3"]


async def test_a_light_page_that_may_not_join_says_so() -> None:
    page = LightPage(b"GET", "lesson", lambda _page, _now: None)
    page.connection_made(Wire())
    page.data_received(b"HTTP/1.1 403 Forbidden\r\n\r\n")
    with pytest.raises(BenchError, match="403"):
        await page.joined
