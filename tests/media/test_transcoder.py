"""A picture made small: the same to the eye, in time, for few bits; garbage does not hurt."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np
import pytest

from media.low import LOW_BITS
from media.packets import Packet, Report, parse
from media.transcoder import BAD_KEYFRAMES, NotDecodable, Transcoder
from tests.media.pictures import FRAME_MS, SIZE, Camera, watch
from tests.recordings.wire import report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from media.transcoder import CodecName

SSRC = 77
FRAMES = 15  # a second
CODECS: Sequence[CodecName] = ("VP8", "H264")


class Studio:
    """A camera, and the transcoder of its pictures."""

    def __init__(self, codec: CodecName, size: tuple[int, int] = SIZE) -> None:
        self.camera = Camera(codec, size)
        self.codec = codec
        self.transcoder = Transcoder(codec, SSRC, FRAMES)
        self.now = 0  # ms
        self.filmed: list[bytes] = []  # of the newest call
        self.wants_keyframe = True
        self.keyed = False  # a keyframe was among them

    def film(self, seconds: float, *, wish_at: int | None = None) -> list[bytes]:
        """Film for a while; a keyframe is wished for at a time in ms."""
        made: list[bytes] = []
        until = self.now + round(1000 * seconds)
        while self.now < until:
            self.filmed = self.camera.film(self.now, key=self.wants_keyframe)
            wished = wish_at is not None and self.now >= wish_at
            wish_at = None if wished else wish_at
            made += self.take(self.filmed, key=wished)
            self.now += FRAME_MS
        return made

    def take(self, packets: Sequence[bytes], *, key: bool = False) -> list[bytes]:
        """Give the transcoder packets as they are."""
        made, self.wants_keyframe, self.keyed = self.transcoder.take(packets, self.now, key=key)
        return made


def stamps(packets: Sequence[bytes]) -> list[int]:
    found = [one.timestamp for one in map(parse, packets) if isinstance(one, Packet)]
    return sorted(set(found), key=found.index)


@pytest.mark.parametrize("codec", CODECS)
def test_the_picture_is_the_same_and_small_and_at_most_fifteen_a_second(codec: CodecName) -> None:
    studio = Studio(codec)
    made = studio.film(4)
    shown = watch(codec, made)
    assert {one.size for one in shown} == {(426, 240)}
    assert [one.key for one in shown] == [True] + [False] * (len(shown) - 1)
    assert 0.9 * FRAMES * 4 <= len(shown) <= 1.1 * FRAMES * 4
    steps = np.diff(np.array([one.timestamp for one in shown], np.uint32))
    assert set(steps.tolist()) <= {n * FRAME_MS * 90 for n in (1, 2, 3)}
    (whole,) = watch(codec, Camera(codec).film(studio.now - FRAME_MS, key=True))
    assert np.abs(whole.grey - shown[-1].grey).mean() < 6
    assert {packet[8:12] for packet in made} == {SSRC.to_bytes(4)}


@pytest.mark.parametrize("codec", CODECS)
def test_it_costs_what_it_is_said_to_cost(codec: CodecName) -> None:
    studio = Studio(codec)
    studio.film(2)
    bits = 8 * sum(len(packet) + 48 for packet in studio.film(5)) / 5  # with UDP, IP and SRTP
    assert 0.6 * LOW_BITS < bits < 1.1 * LOW_BITS


@pytest.mark.parametrize("codec", CODECS)
def test_a_keyframe_comes_when_it_is_wished_for_and_at_no_other_time(codec: CodecName) -> None:
    studio = Studio(codec)
    studio.film(1)
    before = studio.now
    made = studio.film(3, wish_at=before + 1000)
    shown = watch(codec, [*Studio(codec).film(0.1), *made])
    keys = [one.timestamp for one in shown if one.key][1:]
    assert len(keys) == 1
    base = Camera(codec).film(0)[0]
    began = parse(base)
    assert isinstance(began, Packet)
    at = ((keys[0] - began.timestamp) & 0xFFFF_FFFF) // 90
    assert before + 1000 <= at <= before + 1000 + 2 * FRAME_MS


@pytest.mark.parametrize("codec", CODECS)
def test_a_keyframe_of_a_picture_that_stands_still_comes_too(codec: CodecName) -> None:
    studio = Studio(codec)
    first = studio.film(0.5)
    studio.now += 30_000
    made = studio.take([], key=True)
    (shown,) = watch(codec, made)
    assert shown.key
    (newest, *_) = stamps(made)
    stood = ((newest - stamps(first)[-1]) & 0xFFFF_FFFF) / 90
    assert 29_000 < stood < 31_000
    assert studio.take([], key=False) == []
    assert watch(codec, [*first, *made, *studio.film(0.5)])


@pytest.mark.parametrize("codec", CODECS)
def test_what_was_lost_costs_pictures_up_to_the_next_keyframe_and_asks_for_it(
    codec: CodecName,
) -> None:
    studio = Studio(codec)
    before = studio.film(1)
    studio.transcoder.lose()
    studio.now += 2000
    studio.wants_keyframe = False
    assert studio.take(studio.camera.film(studio.now)) == []
    assert studio.wants_keyframe
    after = studio.film(1)
    shown = watch(codec, [*before, *after])
    assert len(shown) >= 2 * 0.8 * FRAMES
    assert {one.size for one in shown} == {(426, 240)}


def test_a_keyframe_of_the_source_is_told() -> None:
    studio = Studio("VP8")
    for number, key in enumerate((True, False, True, False)):
        studio.take(studio.camera.film(number * FRAME_MS, key=key))
        assert studio.keyed is key


def test_a_sender_report_goes_on_under_our_name() -> None:
    studio = Studio("VP8")
    studio.film(0.2)
    (told,) = studio.take([report(5000, 99)])
    assert parse(told) == Report(5 << 32, 99)
    assert told[4:8] == SSRC.to_bytes(4)


def test_a_camera_that_is_turned_round_goes_on_in_its_new_shape() -> None:
    studio = Studio("H264")
    made = studio.film(0.5)
    studio.camera = Camera("H264", (720, 1280))
    studio.transcoder.lose()
    studio.wants_keyframe = True
    shown = watch("H264", [*made, *studio.film(0.5)])
    assert [one.size for one in shown][0::14] == [(426, 240), (240, 426)]


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("seed", range(5))
def test_garbage_makes_no_error_and_what_follows_is_seen(codec: CodecName, seed: int) -> None:
    chance = random.Random(seed)
    studio = Studio(codec)
    studio.film(0.5)
    for _ in range(60):
        hurt = [bytearray(one) for one in studio.camera.film(studio.now, key=chance.random() < 0.1)]
        for packet in hurt:
            for _ in range(chance.randrange(20)):
                packet[chance.randrange(len(packet))] = chance.randrange(256)
        try:
            studio.take([bytes(one) for one in hurt] + [chance.randbytes(chance.randrange(40))])
        except NotDecodable:
            return  # many keyframes one after the other; the layer ends
        studio.now += FRAME_MS
    studio.transcoder.lose()
    studio.wants_keyframe = True
    assert studio.film(1)


def test_a_source_of_which_no_keyframe_can_be_decoded_is_given_up() -> None:
    studio = Studio("VP8")
    key = b"\x10\0\0\x9d\x01\x2a\x00\x05\xd0\x02" + b"\xff" * 3
    nonsense = b"\x90\x80\x80\x01" + b"\0\0\0" + key[3:]
    for turn in range(BAD_KEYFRAMES - 1):
        assert studio.take([studio.camera.packet(turn, nonsense)]) == []
    with pytest.raises(NotDecodable):
        studio.take([studio.camera.packet(BAD_KEYFRAMES, nonsense)])


@pytest.mark.parametrize("codec", CODECS)
def test_a_source_whose_times_jump_to_and_fro_goes_on(codec: CodecName) -> None:
    studio = Studio(codec)
    studio.film(0.3)
    for jump in (3_600_000, -3_600_000, -7_200_000, 10_800_000):
        studio.camera.jump(jump)
        assert len(watch(codec, [*Studio(codec).film(0.1), *studio.film(0.5)])) >= 2


def test_a_picture_larger_than_any_screen_is_not_decoded() -> None:
    studio = Studio("VP8")
    huge = b"\x90\x80\x80\x01" + b"\x10\0\0\x9d\x01\x2a\xff\x3f\xff\x3f" + bytes(50)
    with pytest.raises(NotDecodable, match="16383x16383"):
        studio.take([studio.camera.packet(0, huge)])
