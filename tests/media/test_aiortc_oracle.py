"""Our RTP and RTCP beside aiortc's: what either writes, the other reads alike."""

from __future__ import annotations

import itertools
import random
import time
from typing import TYPE_CHECKING

import pytest
from aiortc.rtp import (
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpSdesPacket,
    RtcpSrPacket,
    RtpPacket,
    is_rtcp,
)

from media._engine import Engine
from tests.media.engine_peer import events_until

if TYPE_CHECKING:
    from collections.abc import Iterator

TEACHER, RECORDER, VOICE, SLOT = 10, 11, 20, 30
SSRC, SLOT_SSRC = 0x1111, 0x2222
OPUS = {"name": "opus", "payload_type": 111, "clock_rate": 48000, "rtx_payload_type": None}
PACKETS = 40  # of one run; a batch holds more
PATIENCE = 20  # seconds until an idle thread tells its totals


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine(address="127.0.0.1")
    engine.router_create(1)
    engine.direct_transport_create(TEACHER, 1)
    engine.direct_transport_create(RECORDER, 1)
    engine.producer_create(
        VOICE,
        TEACHER,
        {
            "kind": "audio", "mid": "0", "ssrcs": [SSRC], "rtx_ssrcs": [], "rids": [],
            "codecs": [OPUS],  # type: ignore[list-item]  # a plain dict of the right shape
            "extensions": {"audio_level": 1}, "nack": False, "pli": False, "remb": False,
        },
    )  # fmt: skip
    engine.consumer_create(
        SLOT,
        RECORDER,
        {
            "kind": "audio", "mid": "0", "ssrc": SLOT_SSRC, "rtx_ssrc": None, "cname": "oracle",
            "codecs": [OPUS],  # type: ignore[list-item]  # a plain dict of the right shape
            "extensions": {}, "nack": False, "remb": False,
        },
    )  # fmt: skip
    engine.consumer_set_producer(SLOT, VOICE)
    yield engine
    engine.close()


def written(dice: random.Random, number: int, first: int) -> RtpPacket:
    """Return a packet with any sources, extensions and padding that aiortc can write."""
    packet = RtpPacket(
        payload_type=111,
        marker=dice.randrange(2),
        sequence_number=(first + number) & 0xFFFF,
        timestamp=960 * number,
        ssrc=SSRC,
        payload=dice.randbytes(dice.randrange(1, 1200)),
    )
    packet.csrc = [dice.randrange(1 << 32) for _ in range(dice.randrange(16))]
    packet.padding_size = dice.choice((0, 0, 1, 4, 255))
    return packet


def copies(engine: Engine, packets: list[bytes]) -> list[bytes]:
    """Send packets and return what the recorder gets of them, RTP and RTCP."""
    engine.packets_send(VOICE, packets)
    got: list[bytes] = []

    def all_there(event: tuple[object, ...]) -> bool:
        if event[0] == "packets_received" and isinstance(event[3], list):
            got.extend(event[3])
        return sum(not is_rtcp(packet) for packet in got) >= len(packets)

    events_until(engine, all_there)
    return got


@pytest.mark.parametrize("seed", range(6))
def test_what_aiortc_writes_is_read_and_what_we_write_it_reads(engine: Engine, seed: int) -> None:
    dice = random.Random(seed)
    first = dice.choice((0, 17, 65_520))
    packets = [written(dice, number, first) for number in range(PACKETS)]
    got = copies(engine, [packet.serialize() for packet in packets])
    read = [RtpPacket.parse(packet) for packet in got if not is_rtcp(packet)]
    assert [packet.payload for packet in read] == [packet.payload for packet in packets]
    assert {packet.ssrc for packet in read} == {SLOT_SSRC}
    steps = {(b.sequence_number - a.sequence_number) & 0xFFFF for a, b in itertools.pairwise(read)}
    times = {(b.timestamp - a.timestamp) & 0xFFFFFFFF for a, b in itertools.pairwise(read)}
    assert (steps, times) == ({1}, {960})
    assert [packet.marker for packet in read[1:]] == [packet.marker for packet in packets[1:]]


@pytest.mark.parametrize("seed", range(6))
def test_a_packet_that_one_refuses_the_other_refuses(engine: Engine, seed: int) -> None:
    dice = random.Random(100 + seed)
    good = written(dice, 0, 5).serialize()
    refused = 0
    for number in range(1, 200):
        cut = bytearray(written(dice, number, 5).serialize()[: dice.randrange(12, 80)])
        try:
            whole = RtpPacket.parse(bytes(cut))
        except ValueError:
            refused += 1
            engine.packets_send(VOICE, [bytes(cut)])
            continue
        assert whole.ssrc == SSRC
    assert refused > 5
    copies(engine, [good])  # it has read everything before
    end = time.monotonic() + PATIENCE
    while engine.counters()["rejected_malformed"] < refused and time.monotonic() < end:
        time.sleep(0.01)
    assert engine.counters()["rejected_malformed"] == refused


def test_our_reports_are_read_by_aiortc(engine: Engine) -> None:
    dice = random.Random(1)
    got = copies(engine, [written(dice, number, 9).serialize() for number in range(PACKETS)])
    if not any(is_rtcp(packet) for packet in got):
        (*_, last) = events_until(
            engine,
            lambda event: event[0] == "packets_received" and any(map(is_rtcp, event[3])),  # type: ignore[call-overload]
        )
        assert isinstance(last[3], list)
        got += last[3]
    (report, names, *_) = RtcpPacket.parse(next(filter(is_rtcp, got)))
    assert isinstance(report, RtcpSrPacket)
    assert isinstance(names, RtcpSdesPacket)
    assert report.ssrc == SLOT_SSRC
    assert 0 < report.sender_info.packet_count <= PACKETS
    assert (names.chunks[0].ssrc, names.chunks[0].items) == (SLOT_SSRC, [(1, b"oracle")])


def test_what_aiortc_asks_is_understood(engine: Engine) -> None:
    engine.packets_send(VOICE, [bytes(RtcpPsfbPacket(fmt=1, ssrc=1, media_ssrc=SLOT_SSRC))])
    copies(engine, [written(random.Random(2), 0, 1).serialize()])
    assert engine.counters()["rejected_malformed"] == 0
