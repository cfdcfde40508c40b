"""Pictures of real encoders as RTP packets, and what a decoder makes of such packets."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import av
import numpy as np
from av.video.frame import PictureType

from media.depacketizer import Frame, H264Frames, Vp8Frames
from media.packetizer import h264_payloads, vp8_payloads
from media.packets import Packet, parse
from tests.media.network_peer import rtp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from media.transcoder import CodecName

SIZE = (576, 324)  # more than half as large again as a low picture, and quickly encoded
GRAINS = 7  # kinds of noise
FRAME_MS = 33  # between two pictures of a camera
TYPES: dict[CodecName, int] = {"H264": 102, "VP8": 96}
_OPTIONS: dict[CodecName, tuple[str, dict[str, str]]] = {
    "H264": (
        "libx264",
        {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "profile": "baseline",
            "forced-idr": "1",
            "x264-params": "scenecut=0:keyint=100000",
        },
    ),
    "VP8": ("libvpx", {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}),
}


class Camera:
    """Somebody who moves, filmed in one size; time is what the caller says."""

    def __init__(self, codec: CodecName, size: tuple[int, int] = SIZE, ssrc: int = 1000) -> None:
        self.codec: CodecName = codec
        self.size = size
        self.ssrc = ssrc
        self._number = 65_500
        self._base = 4_294_900_000  # of its timestamps, soon over the edge
        self._count = 0
        name, options = _OPTIONS[codec]
        self._encoder: Any = av.CodecContext.create(name, "w")
        self._encoder.width, self._encoder.height = size
        self._encoder.pix_fmt, self._encoder.time_base = "yuv420p", Fraction(1, 90_000)
        self._encoder.bit_rate, self._encoder.framerate = 1_500_000, Fraction(30)
        self._encoder.options = options | {"g": "100000"}

    def film(self, ms: int, *, key: bool = False) -> list[bytes]:
        """Return the packets of the picture at a time."""
        frame = self._picture(ms)
        frame.pts, frame.time_base = ms * 90, Fraction(1, 90_000)
        frame.pict_type = PictureType.I if key else PictureType.NONE
        data = b"".join(bytes(packet) for packet in self._encoder.encode(frame))
        self._count += 1
        pack = h264_payloads(data) if self.codec == "H264" else vp8_payloads(data, self._count)
        return [
            self.packet(ms, payload, last=at == len(pack) - 1) for at, payload in enumerate(pack)
        ]

    def jump(self, ms: int) -> None:
        """Go on with timestamps that lie so far from those before."""
        self._base += ms * 90

    def packet(self, ms: int, payload: bytes, *, last: bool = True) -> bytes:
        """Return the next packet."""
        number, self._number = self._number, self._number + 1
        kind = TYPES[self.codec]
        return rtp(self.ssrc, kind, number, self._base + ms * 90, payload, last)

    def _picture(self, ms: int) -> Any:
        width, height = self.size
        picture = np.full((height, width), 120, np.int16)
        left = round((width / 2) * (0.5 + 0.4 * np.sin(ms / 600)))
        picture[height // 4 :, left : left + width // 4] = 60
        picture += _grain(self.size, ms % GRAINS)
        grey = picture.clip(0, 255).astype(np.uint8)
        return av.VideoFrame.from_ndarray(grey, format="gray").reformat(format="yuv420p")


@cache
def _grain(size: tuple[int, int], number: int) -> Any:
    """Return a camera's noise."""
    width, height = size
    grain = np.random.default_rng(number).integers(-14, 14, (height // 4 + 1, width // 4 + 1))
    return np.kron(grain, np.ones((4, 4), np.int64))[:height, :width].astype(np.int16)


class Shown(NamedTuple):
    """A picture as somebody sees it."""

    timestamp: int
    size: tuple[int, int]
    key: bool
    grey: Any  # a small copy, rows of numbers


class Viewer:
    """Sees what a decoder makes of packets that come in order, perhaps with holes."""

    def __init__(self, codec: CodecName) -> None:
        self.shown: list[Shown] = []
        self.newest: Frame | None = None  # be it a picture or not
        self._assembly = H264Frames() if codec == "H264" else Vp8Frames()
        self._expected: int | None = None
        self._decoder: Any = av.CodecContext.create({"H264": "h264", "VP8": "vp8"}[codec], "r")
        self._decoder.thread_count = 1

    def assemble(self, packets: Iterable[bytes]) -> Iterator[Frame]:
        """Yield the frames that are whole."""
        for packet in map(parse, packets):
            if not isinstance(packet, Packet):
                continue
            if self._expected not in (None, packet.number):
                self._assembly.lose()
            self._expected = (packet.number + 1) & 0xFFFF
            if (frame := self._assembly.push(packet)) is not None:
                self.newest = frame
                yield frame

    @property
    def broken(self) -> bool:
        """Say whether nothing can be seen until a keyframe comes."""
        return self._assembly.broken

    def see(self, packets: Iterable[bytes]) -> list[Shown]:
        """Return all pictures until now; raises what a decoder raises."""
        for frame in self.assemble(packets):
            data = frame.format.config + frame.data if frame.key else frame.data
            for picture in self._decoder.decode(av.Packet(data)):
                grey = picture.reformat(32, 18, "gray").to_ndarray().astype(np.int16)
                size = (picture.width, picture.height)
                self.shown.append(Shown(frame.timestamp, size, frame.key, grey))
        return self.shown


def frames(codec: CodecName, packets: Iterable[bytes]) -> Iterator[Frame]:
    """Yield the frames of packets."""
    return Viewer(codec).assemble(packets)


def watch(codec: CodecName, packets: Iterable[bytes]) -> list[Shown]:
    """Return the pictures in packets; raises what a decoder raises."""
    return Viewer(codec).see(packets)
