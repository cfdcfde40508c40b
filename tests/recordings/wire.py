"""Packets as the engine hands them to a recorder, made of real encoders' pictures."""

from __future__ import annotations

import struct
from fractions import Fraction
from typing import Any

import av
import numpy as np
from aiortc.codecs.h264 import H264Encoder
from av.video.frame import PictureType

from recordings.tracks import H264_TYPE
from tests.media.network_peer import rtp

# Keyframes come when they are asked for, and only then.
ENCODER = {
    "preset": "ultrafast",
    "tune": "zerolatency",
    "profile": "baseline",
    "forced-idr": "1",
    "x264-params": "scenecut=0:keyint=100000:crf=23",
}
NTP_SECOND = 1 << 32


def report(ntp_ms: float, timestamp: int) -> bytes:
    """Return a sender report without blocks (RFC 3550 section 6.4.1)."""
    ntp = round(ntp_ms * NTP_SECOND / 1000) & 0xFFFF_FFFF_FFFF_FFFF
    return struct.pack("!BBHIQIII", 0x80, 200, 6, 1, ntp, timestamp & 0xFFFF_FFFF, 0, 0)


class H264Publisher:
    """Pictures of a size, as packets; time is what the caller says."""

    def __init__(self, width: int = 160, height: int = 120) -> None:
        self.base = 4_294_900_000  # of its timestamps, soon over the edge
        self.size = (0, 0)
        self._number = 65_500
        self._packer = H264Encoder()
        self._encoder: Any
        self.resize(width, height)

    def resize(self, width: int, height: int) -> None:
        """Go on with pictures of another size, from a keyframe on."""
        self.size = (width, height)
        self._encoder = av.CodecContext.create("libx264", "w")
        self._encoder.width, self._encoder.height = width, height
        self._encoder.pix_fmt, self._encoder.time_base = "yuv420p", Fraction(1, 90_000)
        self._encoder.options = dict(ENCODER)

    def picture(self, ms: int, *, key: bool = False, noise: bool = False) -> list[bytes]:
        """Return the packets of the picture at a time."""
        width, height = self.size
        shape = (height, width, 3)
        data = np.full(shape, 60 + ms // 200, np.uint8)
        if noise:
            data = np.random.default_rng(ms).integers(0, 255, shape, np.uint8)
        frame = av.VideoFrame.from_ndarray(data, format="rgb24").reformat(format="yuv420p")
        frame.pts, frame.time_base = ms * 90, Fraction(1, 90_000)
        frame.pict_type = PictureType.I if key else PictureType.NONE
        (encoded,) = self._encoder.encode(frame)
        payloads, _ = self._packer.pack(encoded)
        return [
            self.packet(ms, payload, number == len(payloads) - 1)
            for number, payload in enumerate(payloads)
        ]

    def packet(self, ms: int, payload: bytes, marker: bool) -> bytes:
        """Return the next packet."""
        number, self._number = self._number, self._number + 1
        return rtp(1, H264_TYPE, number, self.base + ms * 90, payload, marker)

    def report(self, ms: int) -> bytes:
        return report(1e9 + ms, self.base + ms * 90)
