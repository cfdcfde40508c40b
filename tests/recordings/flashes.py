"""A teacher who flashes and beeps once a second, over the network and the real engine."""

from __future__ import annotations

import asyncio
import time
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from aiortc.codecs import get_encoder
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.rtp import RtcpSenderInfo, RtcpSrPacket

from media.types import Codec, Source
from tests.media.network_peer import NetworkPeer, rtp
from tests.media.values import H264, VP8, track
from tests.media.waiting import until

if TYPE_CHECKING:
    from media.membership import Publication
    from tests.media.live_lesson import Lesson

CAMERA, VOICE = 5000, 6000  # SSRCs
FRAME_MS, PACKET_MS = 40, 20
FLASH_MS = 120
MIMES = {"H264": "video/H264", "VP8": "video/VP8"}
NTP_TO_UNIX = 2_208_988_800


class Flashes:
    """Sends pictures and sound in real time; both say how long ago the second began."""

    def __init__(self, peer: NetworkPeer, publication: Publication, codec: Codec) -> None:
        self.peer = peer
        self.publication = publication
        self.size = (320, 240)
        self.keyframes = True
        self.lose = lambda _sequence: False
        self.stamps = (4_294_900_000, 4_294_960_000)  # soon over the edge
        self._codec = codec
        self._encoder: Any = get_encoder(
            RTCRtpCodecParameters(MIMES[codec.name], 90_000, payloadType=codec.payload_type)
        )
        self._opus = av.CodecContext.create("libopus", "w")
        self._opus.sample_rate, self._opus.layout, self._opus.format = 48_000, "mono", "s16"
        self._numbers = {CAMERA: 65_500, VOICE: 65_500}
        self._frames = self._packets = 0
        self._began = time.time()

    async def show(self, seconds: float) -> None:
        """Teach for a while."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            ms = int((time.time() - self._began) * 1000)
            while self._packets * PACKET_MS <= ms:
                self._say(self._packets * PACKET_MS)
            if self._frames * FRAME_MS <= ms:
                self._frames = ms // FRAME_MS
                self._picture(self._frames * FRAME_MS)
                self._frames += 1
            await asyncio.sleep(0.005)

    def report(self, ms: int) -> None:
        """Send both sender reports."""
        seconds = self._began + ms / 1000 + NTP_TO_UNIX
        ntp = int(seconds * 2**32)
        for ssrc, base, rate in ((CAMERA, self.stamps[0], 90), (VOICE, self.stamps[1], 48)):
            info = RtcpSenderInfo(ntp, (base + ms * rate) & 0xFFFFFFFF, 0, 0)
            self.peer.send_media(bytes(RtcpSrPacket(ssrc=ssrc, sender_info=info)))

    def _picture(self, ms: int) -> None:
        width, height = self.size
        bright = 235 if ms % 1000 < FLASH_MS else 20
        frame = av.VideoFrame.from_ndarray(
            np.full((height, width, 3), bright, np.uint8), format="rgb24"
        ).reformat(format="yuv420p")
        frame.pts, frame.time_base = ms * 90, Fraction(1, 90_000)
        key = self.keyframes and (self._frames % 50 == 0 or ms % 1000 < FRAME_MS)
        payloads, _ = self._encoder.encode(frame, force_keyframe=key)
        for number, payload in enumerate(payloads):
            last = number == len(payloads) - 1
            self._send(CAMERA, self._codec.payload_type, self.stamps[0] + ms * 90, payload, last)

    def _say(self, ms: int) -> None:
        if ms % 500 == 0:
            self.report(ms)
        loud = 8000 if ms % 1000 < FLASH_MS else 0
        wave = loud * np.sin(2 * np.pi * 1000 * np.arange(960) / 48_000)
        frame = av.AudioFrame.from_ndarray(
            wave.astype(np.int16).reshape(1, -1), format="s16", layout="mono"
        )
        frame.sample_rate, frame.pts = 48_000, self._packets * 960
        for packet in self._opus.encode(frame):
            self._send(VOICE, 111, self.stamps[1] + ms * 48, bytes(packet), marker=False)
        self._packets += 1

    def _send(self, ssrc: int, kind: int, stamp: int, payload: bytes, marker: bool) -> None:
        number = self._numbers[ssrc]
        self._numbers[ssrc] = number + 1
        if not self.lose(number):
            self.peer.send_media(rtp(ssrc, kind, number, stamp, payload, marker))


async def teach(lesson: Lesson, codec: Codec = H264) -> Flashes:
    """Let the teacher in."""
    sources = {
        Source.CAMERA: track(Source.CAMERA, codec, ssrc=CAMERA),
        Source.VOICE: track(Source.VOICE, ssrc=VOICE),
    }
    publication = lesson.room.add_publisher("teacher", sources)
    peer = await lesson.peer(publication).connect()
    await until(lambda: publication.connected)
    return Flashes(peer, publication, codec)


__all__ = ["H264", "VP8", "Flashes", "teach"]
