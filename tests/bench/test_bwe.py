"""The ruler of `bench bwe`: what a student saw and heard, as figures."""

import struct

import pytest

from bench.bwe import frozen, settled_at, shown_at, sound_gaps, used_percent
from bench.feedback import asks_for_keyframe, nack, pli, transport_cc
from bench.viewer import Seen, counting_on, red_blocks


def test_sound_that_the_next_packet_repeats_is_no_gap() -> None:
    seen = Seen()
    for number in range(100):
        if number not in (10, 20, 21):
            seen.sound[number] = number != 30
            seen.sound_at.append((number / 50, number))
    # 20 is gone for good: 21 would repeat it; 21 is repeated by 22, and 30, too late, by 31
    assert sound_gaps(seen, 0, 2) == pytest.approx(100 / 99)


def test_a_picture_that_stands_is_frozen_and_a_slow_one_is_not() -> None:
    seen = Seen(frames=[at / 10 for at in range(100) if not 50 <= at < 70])
    assert frozen(seen, 0, 10) == pytest.approx(21, abs=0.1)
    assert frozen(Seen(), 0, 10) == 100


def test_use_counts_what_the_bucket_counts() -> None:
    seen = Seen(sizes=[(at / 100, 958) for at in range(1000)])
    assert used_percent(seen, 1000, (0, 10)) == pytest.approx(80, abs=0.5)


def test_a_path_is_settled_when_nothing_waits_for_a_while() -> None:
    late = [(at / 10, 0.4 if at < 20 or at == 25 else 0.01) for at in range(100)]
    assert settled_at(Seen(delays=late), 0, 10) == pytest.approx(2.6)
    assert settled_at(Seen(delays=late[:30]), 0, 10) is None


def test_down_is_no_larger_and_up_is_as_large() -> None:
    seen = Seen(widths=[(0, 1280), (12, 320), (15, 640), (40, 1280)])
    assert shown_at(seen, 600, 640, 10) == 12
    assert shown_at(seen, 1500, 1280, 30) == 40
    assert shown_at(seen, 150, 320, 20) is None


def test_sound_is_taken_apart_into_copies_and_the_newest() -> None:
    payload = bytes([0xEF, 0x1E, 0, 2, 0xEF, 0x0F, 0, 3, 0x6F, 1, 2, 3, 4, 5, 6])
    assert red_blocks(payload) == [bytes([1, 2]), bytes([3, 4, 5]), bytes([6])]
    assert red_blocks(bytes([0x6F, 9])) == [bytes([9])]


def test_feedback_tells_what_came_and_when() -> None:
    packet = transport_cc(3, [(65_535, 64_000), (65_537, 65_000), (65_538, 64_500)])
    first, kind, words = struct.unpack_from("!BBH", packet)
    assert (first & 0xDF, kind, 4 * (words + 1)) == (0x8F, 205, len(packet))
    base, count = struct.unpack_from("!HH", packet, 12)
    assert (base, count) == (65_535, 4)
    assert packet[16:20] == bytes([0, 0, 1, 3])
    assert packet[20:22] == struct.pack("!H", 0xC000 | 1 << 12 | 0 << 10 | 1 << 8 | 2 << 6)
    assert packet[22:26] == bytes([0, 4]) + struct.pack("!h", -2)


def test_requests_are_read_as_they_are_written() -> None:
    assert asks_for_keyframe(pli(77)) == 77
    assert asks_for_keyframe(nack(5, [1, 2]) + pli(78)) == 78
    assert asks_for_keyframe(nack(5, [1])) is None


def test_numbers_are_counted_on_over_their_wraps() -> None:
    count = counting_on()
    assert [count(number) for number in (65_534, 65_535, 0, 65_533, 1)] == [
        65_534,
        65_535,
        65_536,
        65_533,
        65_537,
    ]
