"""What is read of packets: any bytes, in any order; nothing raises, nothing is made up."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media import h264
from media.depacketizer import H264Frames, Vp8Frames
from media.packets import Packet, Report, parse
from media.reorder import MAX_HELD, WAIT_MS, Reorder
from tests.media.network_peer import rtp, vp8
from tests.recordings.wire import H264Publisher, report

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from media.depacketizer import Frame, Frames

# The parameter set of aiortc's encoder for 320x240, constrained baseline 3.1.
SPS = bytes.fromhex("6742c01fd90141fb016a040408000003000800000300f0")
HOUR = 3_600_000
RATE = 90_000


def packet(
    number: int, payload: bytes = b"x", *, timestamp: int = 0, marker: bool = False
) -> Packet:
    return Packet(number & 0xFFFF, timestamp, 102, marker, payload)


# --- packets --------------------------------------------------------------------------------


@given(st.binary(max_size=80))
def test_any_datagram_is_a_packet_a_report_or_nothing(data: bytes) -> None:
    found = parse(data)
    if isinstance(found, Packet):
        assert found.payload
        assert found.payload in data


def test_extensions_contributors_and_padding_are_no_payload() -> None:
    head = bytes.fromhex("b2e6fffe 00015f90 00000007".replace(" ", ""))
    contributors, extension = b"\0\0\0\1\0\0\0\2", bytes.fromhex("bede000110ff0000")
    found = parse(head + contributors + extension + b"picture" + b"\0\0\3")
    assert found == Packet(0xFFFE, 90_000, 102, True, b"picture")
    assert parse(head + contributors + extension + b"\0\0\3") is None
    assert parse(head + contributors + b"\xbe\xde\xff\xff") is None


def test_a_sender_report_says_two_times_and_other_reports_nothing() -> None:
    found = parse(report(1500, 77))
    assert found == Report(round(1.5 * 2**32), 77)
    assert parse(report(0, 0)[:19]) is None
    assert parse(bytes([0x80, 201]) + bytes(26)) is None


# --- reorder --------------------------------------------------------------------------------


@given(st.integers(0, 0xFFFF), st.integers(1, 60), st.randoms(), st.sets(st.integers(1, 59)))
def test_order_is_restored_and_each_hole_is_told_once(
    first: int, count: int, chance: random.Random, lost: set[int]
) -> None:
    sent = [number for number in range(1, count) if number not in lost]
    chance.shuffle(sent)
    reorder = Reorder()
    out = reorder.push(packet(first), 0)
    for number in sent + sent[:3]:
        out += reorder.push(packet(first + number), 1.0)
    assert reorder.advance(1.0 + WAIT_MS - 1) == []
    out += reorder.flush()
    numbers = [(one.number - first) & 0xFFFF for one in out if one is not None]
    assert numbers == [0, *sorted(sent)]
    holes = sum(1 for a, b in pairwise(numbers) if b - a > 1)
    assert out.count(None) == holes
    assert reorder.lost == len([number for number in lost if number < max(numbers)])


@given(st.lists(st.tuples(st.integers(0, 0xFFFF), st.floats(0, 5000)), max_size=300))
def test_any_numbers_come_out_at_most_once_each_and_few_are_held(
    pushed: list[tuple[int, float]],
) -> None:
    reorder = Reorder()
    out: list[Packet | None] = []
    for number, now in pushed:
        out += reorder.push(packet(number), now)
        out += reorder.advance(now)
    out += reorder.flush()
    assert len([one for one in out if one is not None]) <= len(pushed)


def test_a_hole_is_given_up_after_a_while_or_behind_many() -> None:
    reorder = Reorder()
    reorder.push(packet(0), 0)
    assert reorder.push(packet(2), 0) == []
    assert reorder.advance(WAIT_MS) == [None, packet(2)]
    out: list[Packet | None] = []
    for number in range(4, 4 + MAX_HELD + 1):
        out += reorder.push(packet(number), WAIT_MS)
    assert out[:2] == [None, packet(4)]


# --- depacketizer ---------------------------------------------------------------------------


def frames_of(frames: Frames, packets: Sequence[bytes]) -> list[Frame]:
    found = []
    for data in packets:
        one = parse(data)
        assert isinstance(one, Packet)
        frame = frames.push(one)
        if frame is not None:
            found.append(frame)
    return found


def sent_pictures(count: int) -> list[bytes]:
    publisher = H264Publisher(160, 120)
    return [
        one
        for number in range(count)
        for one in publisher.picture(number * 100, key=number % 5 == 0, noise=True)
    ]


def test_real_pictures_come_out_whole_with_their_shape() -> None:
    frames = frames_of(H264Frames(), sent_pictures(6))
    assert [frame.key for frame in frames] == [True, False, False, False, False, True]
    assert {(frame.format.width, frame.format.height) for frame in frames} == {(160, 120)}
    assert frames[0].format.codec.startswith("avc1.42")


@given(st.data())
def test_a_loss_leaves_out_up_to_the_next_keyframe_and_nothing_else(data: st.DataObject) -> None:
    packets = PICTURES
    missing = data.draw(st.integers(0, len(packets) - 1))
    frames = H264Frames()
    found = frames_of(frames, packets[:missing])
    frames.lose()
    found += frames_of(frames, packets[missing + 1 :])
    whole = {frame.timestamp: frame.data for frame in WHOLE}
    assert all(whole[frame.timestamp] == frame.data for frame in found)
    lost = [frame for frame in WHOLE if frame.timestamp not in {one.timestamp for one in found}]
    assert 1 <= len(lost) <= 5
    assert [one for one in WHOLE if one in lost] == lost


@given(st.lists(st.tuples(st.binary(min_size=1, max_size=40), st.integers(0, 3), st.booleans())))
def test_any_payloads_make_no_error_and_no_picture_without_a_keyframe(
    payloads: list[tuple[bytes, int, bool]],
) -> None:
    for frames in (H264Frames(), Vp8Frames()):
        for number, (payload, timestamp, marker) in enumerate(payloads):
            made = frames.push(packet(number, payload, timestamp=timestamp, marker=marker))
            assert made is None or made.format.width > 0


@given(st.lists(st.tuples(st.integers(0, 999), st.integers(0, 60), st.integers(0, 7))))
def test_flipped_bits_in_real_packets_make_no_error(flips: list[tuple[int, int, int]]) -> None:
    packets = [bytearray(one) for one in PICTURES]
    for number, place, bit in flips:
        hurt = packets[number % len(packets)]
        hurt[(12 + place) % len(hurt)] ^= 1 << bit
    frames = H264Frames()
    for data in packets:
        one = parse(bytes(data))
        if isinstance(one, Packet):
            frames.push(one)


def test_a_vp8_keyframe_tells_its_size() -> None:
    payloads = [vp8(True, 1, b"key"), vp8(False, 2, b"more")]
    packets = [rtp(1, 96, number, number, one, True) for number, one in enumerate(payloads)]
    first, second = frames_of(Vp8Frames(), packets)
    assert (first.key, first.format.width, first.format.height) == (True, 320, 240)
    assert (second.key, second.data) == (False, b"\x11\x02\x00more")
    assert frames_of(Vp8Frames(), packets[1:]) == []


# --- parameter sets -------------------------------------------------------------------------


def test_a_parameter_set_tells_the_size() -> None:
    assert h264.picture_size(SPS) == (320, 240)
    assert h264.codec_string(SPS) == "avc1.42c01f"


@given(st.binary(max_size=60), st.integers(0, len(SPS)))
def test_a_parameter_set_of_any_bytes_has_a_sane_size_or_is_refused(data: bytes, kept: int) -> None:
    try:
        width, height = h264.picture_size(SPS[:kept] + data)
    except h264.NotH264:
        return
    assert 0 < width <= h264.MAX_SIZE
    assert 0 < height <= h264.MAX_SIZE


@pytest.mark.parametrize("profile", [66, 77, 100])
def test_zeros_are_no_parameter_set(profile: int) -> None:
    with pytest.raises(h264.NotH264):
        h264.picture_size(bytes([0x67, profile, 0, 31]) + bytes(40))


PICTURES = sent_pictures(11)
WHOLE = frames_of(H264Frames(), PICTURES)
