"""A teacher's picture and voice, encoded once and then sent again and again."""

import struct
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import av
import numpy as np
from aiortc.codecs.h264 import H264Encoder
from av.video.frame import PictureType

from media.opus import FRAME, RATE, VoiceEncoder

WIDTH, HEIGHT, FRAMES_PER_SECOND = 1280, 720, 30
BITS_PER_SECOND = 1_500_000
GOP_SECONDS = 10  # as the recorder asks for keyframes
H264_TYPE, OPUS_TYPE = 102, 111
VOICE_SECONDS = 2
_GRAIN = 14  # of 255: a camera's noise, which is most of what a lesson's picture costs


@dataclass(frozen=True, slots=True)
class Loop:
    """Payloads of RTP: those of each picture, and one of each 20 ms of voice."""

    pictures: list[list[bytes]]
    voice: list[bytes]


@cache
def make_loop() -> Loop:
    """Encode one group of pictures and some seconds of voice; takes seconds."""
    packer = H264Encoder()
    pictures: list[list[bytes]] = []
    encoder = _encoder()
    for number in range(GOP_SECONDS * FRAMES_PER_SECOND):
        frame = av.VideoFrame.from_ndarray(_picture(number), format="gray").reformat(
            format="yuv420p"
        )
        frame.pts, frame.time_base = number, Fraction(1, FRAMES_PER_SECOND)
        frame.pict_type = PictureType.NONE if number else PictureType.I
        pictures += [packer.pack(packet)[0] for packet in encoder.encode(frame)]
    return Loop(pictures, _voice())


def _encoder() -> av.VideoCodecContext:
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, FRAMES_PER_SECOND), Fraction(30)
    encoder.bit_rate = BITS_PER_SECOND
    encoder.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "profile": "baseline",
        "x264-params": "scenecut=0:keyint=100000:vbv-maxrate=1500:vbv-bufsize=1500",
    }
    return encoder


def _picture(number: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """Return somebody who moves before a wall, grey is enough."""
    picture = np.full((HEIGHT, WIDTH), 120, np.int16)
    left = 400 + round(120 * np.sin(number / 20))
    picture[160:, left : left + 420] = 70
    grain = np.random.default_rng(number).integers(-_GRAIN, _GRAIN, (HEIGHT // 4, WIDTH // 4))
    picture += np.kron(grain, np.ones((4, 4), np.int64)).astype(np.int16)
    return picture.clip(0, 255).astype(np.uint8)


def _voice() -> list[bytes]:
    """Return syllables: a tone with overtones that swells four times a second."""
    time = np.arange(VOICE_SECONDS * RATE) / RATE
    tone = sum(np.sin(2 * np.pi * 140 * order * time) / order for order in range(1, 20))
    sound = (6000 * tone * (0.5 - 0.5 * np.cos(2 * np.pi * 4 * time))).astype(np.int16)
    encoder = VoiceEncoder()
    return [
        encoder.encode(sound[begin : begin + FRAME])
        for begin in range(0, len(sound) - FRAME + 1, FRAME)
    ]


def rtp(ssrc: int, kind: int, number: int, stamp: int, payload: bytes, *, last: bool) -> bytes:
    """Return a packet (RFC 3550 section 5.1)."""
    marker = 0x80 if last else 0
    head = (0x80, marker | kind, number & 0xFFFF, stamp & 0xFFFFFFFF, ssrc)
    return struct.pack("!BBHII", *head) + payload


def sender_report(ssrc: int, seconds: float, stamp: int) -> bytes:
    """Return a report without blocks (RFC 3550 section 6.4.1); seconds since 1900."""
    ntp = round(seconds * 2**32) & 0xFFFFFFFFFFFFFFFF
    return struct.pack("!BBHIQIII", 0x80, 200, 6, ssrc, ntp, stamp & 0xFFFFFFFF, 0, 0)
