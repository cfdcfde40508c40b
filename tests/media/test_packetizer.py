"""Frames cut into payloads come out of the depacketizer as they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.h264 import START
from media.packetizer import MAX_PAYLOAD, h264_payloads, vp8_payloads
from tests.media.network_peer import rtp
from tests.media.pictures import FRAME_MS, SIZE, Camera, frames, watch

if TYPE_CHECKING:
    from media.transcoder import CodecName

VP8_KEYFRAME = b"\x10\0\0\x9d\x01\x2a\x40\x01\xf0\0"
SETS = [bytes.fromhex("6742c01fd90141fb016a040408000003000800000300f0"), b"\x68\xce\x3c\x80"]


def packets(payloads: list[bytes]) -> list[bytes]:
    last = len(payloads) - 1
    return [rtp(1, 96, at, 7, one, marker=at == last) for at, one in enumerate(payloads)]


@given(st.binary(max_size=5 * MAX_PAYLOAD), st.integers(0, 1 << 17))
def test_a_vp8_frame_of_any_length_comes_out_whole(filling: bytes, picture: int) -> None:
    payloads = vp8_payloads(VP8_KEYFRAME + filling, picture)
    assert all(len(one) <= MAX_PAYLOAD + 4 for one in payloads)
    assert max(map(len, payloads)) - min(map(len, payloads)) <= len(payloads)
    assert {one[2:4] for one in payloads} == {(0x8000 | picture & 0x7FFF).to_bytes(2)}
    (frame,) = frames("VP8", packets(payloads))
    assert frame.data == VP8_KEYFRAME + filling


@given(st.integers(1, 5 * MAX_PAYLOAD))
def test_an_h264_picture_of_any_length_comes_out_whole(length: int) -> None:
    units = [*SETS, b"\x65" + b"\x88" * length]
    chatter = [b"\x09\x10", b"\x06\x05 an encoder speaks of itself"]
    payloads = h264_payloads(b"".join(START + one for one in [*chatter, *units]))
    assert all(len(one) <= MAX_PAYLOAD + 2 for one in payloads)
    (frame,) = frames("H264", packets(payloads))
    assert frame.format.config + frame.data == b"".join(START + one for one in units)


@pytest.mark.parametrize("codec", ["VP8", "H264"])
def test_what_an_encoder_makes_can_be_decoded(codec: CodecName) -> None:
    camera = Camera(codec)
    sent = [one for n in range(5) for one in camera.film(n * FRAME_MS, key=n == 0)]
    assert [one.size for one in watch(codec, sent)] == [SIZE] * 5


@pytest.mark.parametrize("data", [b"", b"\0\0\1", b"\0\0\1\0\0\1", b"no unit"])
def test_what_is_no_frame_has_no_payloads(data: bytes) -> None:
    assert h264_payloads(data) == []
