"""The benches' own instruments: a wrong ruler would measure nothing."""

import asyncio
import json
import os
import socket
import time
from pathlib import Path

import pytest
from aioice import stun
from pylibsrtp import Policy

from bench.cpu import process_ns, rss_kib
from bench.errors import BenchError
from bench.forwarder import EngineHost
from bench.keys import subscriber
from bench.lesson import Lesson
from bench.light_client import Answer, Identity, JoinError, offer
from bench.light_page import LightPage
from bench.pictures import FRAMES_PER_SECOND, Loop, rtp, sender_report
from bench.publisher import PACKETS_PER_FRAME, Publisher, stamp
from bench.recording import disk_share
from bench.report import Report, Target
from bench.sink import Listener, Sink, answer_to, check_with, host, is_media
from bench.witness import hear
from media import packets as recorded
from media.packets import parse
from signaling.sdp import parse_offer
from tests.recordings.made import MadeRecording


def test_a_missed_target_is_named() -> None:
    report = Report("example", (Target("fast", 5), Target("share", 0.6, at_most=False)))
    report.add("fast", 5.0004)
    report.add("share", 0.5)
    assert report.missed() == ["share"]
    said = json.loads(report.to_json())
    assert said["bench"] == "example"
    assert said["targets"] == {"fast": "<= 5", "share": ">= 0.6"}
    assert said["missed"] == ["share"]
    assert set(said["machine"]) == {"cpu", "cores", "kernel", "python", "load"}


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
    assert stamp(bytes([packet[0] | 0x20]) + packet[1:] + b"\x01") == 123
    publisher.close()
    listener.close()


def test_a_packet_for_somebody_else_is_not_counted_as_opened() -> None:
    session = subscriber(1).session("from-engine")
    packet = b"\x80\x60" + bytes(10) + time.time_ns().to_bytes(8)
    received = [(time.time_ns(), session.protect(packet))]
    inbound = Policy.SSRC_ANY_INBOUND
    assert hear(subscriber(1).session("from-engine", inbound), received).opened == 1
    heard = hear(subscriber(2).session("from-engine", inbound), received)
    assert (heard.opened, heard.unopened) == (0, 1)


def test_a_witness_notices_what_is_missing_and_takes_what_comes_late() -> None:
    out = subscriber(1).session("from-engine")
    sealed = []
    for number in (65_534, 65_535, 0, 1, 3, 2, 6):
        packet = b"\x80\x60" + number.to_bytes(2) + bytes(8) + time.time_ns().to_bytes(8)
        sealed.append((time.time_ns(), out.protect(packet)))
    heard = hear(subscriber(1).session("from-engine", Policy.SSRC_ANY_INBOUND), sealed)
    assert (heard.opened, heard.unopened, heard.gaps) == (7, 0, 2)
    assert hear(out, []).gaps == 0


def test_memory_is_that_of_the_process() -> None:
    assert 1000 < rss_kib(os.getpid()) < 10_000_000


def test_a_check_is_answered_so_that_its_sender_believes_it() -> None:
    request = stun.parse_message(check_with("them:us", "secret"))
    answer = answer_to(bytes(request), ("127.0.0.1", 7), "secret")
    heard = stun.parse_message(answer)
    assert heard.check_message_integrity(b"secret")
    assert heard.transaction_id == request.transaction_id
    assert heard.attributes["XOR-MAPPED-ADDRESS"] == ("127.0.0.1", 7)


def test_a_class_receives_every_packet_through_the_engine() -> None:
    with Lesson(EngineHost(5), 5, {0, 4}) as lesson:
        lesson.testimonies()
        before = lesson.forwarder.cpu_ns()
        assert lesson.run(0.3) == 1.0
        assert lesson.forwarder.cpu_ns() > before
        for heard in lesson.testimonies():
            assert (heard.opened, heard.unopened, heard.gaps) == (9 * PACKETS_PER_FRAME, 0, 0)


@pytest.mark.parametrize("publish", [True, False])
@pytest.mark.parametrize("codec", ["VP8", "H264"])
def test_the_light_client_makes_offers_the_server_understands(publish: bool, codec: str) -> None:
    parsed = parse_offer(offer(Identity.make(), publish=publish, codec=codec))
    assert [media.kind for media in parsed.active] == ["video", "audio"]
    assert [one.name for one in parsed.active[0].codecs] == [codec]


def test_what_was_received_is_known_from_what_was_recorded(tmp_path: Path) -> None:
    loop = Loop(pictures=[[bytes(988)] * 3] * FRAMES_PER_SECOND, voice=[bytes(88)] * 50)
    made = MadeRecording(tmp_path)
    made.run("camera", 0, 2)
    with pytest.raises(BenchError, match="not recorded"):
        disk_share(tmp_path, loop)
    made.run("voice", 0, 2)
    received = 2 * (3 * 1000 * FRAMES_PER_SECOND + 50 * 100)
    size = sum(file.stat().st_size for file in tmp_path.iterdir())
    assert disk_share(tmp_path, loop) == pytest.approx(size / received)


def test_a_teacher_sends_what_a_recorder_puts_together() -> None:
    report = parse(sender_report(7, 3_900_000_000.5, 90_000))
    assert isinstance(report, recorded.Report)
    packet = parse(rtp(7, 102, 65_536, 3000, b"picture", last=True))
    assert isinstance(packet, recorded.Packet)
    assert (packet.number, packet.timestamp, packet.marker) == (0, 3000, True)


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
