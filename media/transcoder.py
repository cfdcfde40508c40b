"""A picture once more, small: RTP packets of a source in, those of its low layer out.

No clock and no thread in here; a call takes time of a thread, one call at a time.
"""

from __future__ import annotations

import struct
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import av
from av.codec.context import Flags
from av.error import FFmpegError
from av.video.frame import PictureType
from av.video.reformatter import Interpolation, VideoReformatter

from media.depacketizer import H264Frames, Vp8Frames
from media.low import LOW_BITS, low_size
from media.packetizer import h264_payloads, vp8_payloads
from media.packets import Report, parse
from media.reorder import Reorder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from media.depacketizer import Frame

CodecName = Literal["H264", "VP8"]
RATE: Final = 90_000  # Hz of the timestamps; RFC 6184 and RFC 7741
PAYLOAD_TYPE: Final = 96  # the engine puts in each subscriber's own
HEADERS_SHARE: Final = 0.08  # of the bits: 12 frames a second of one or two packets
MAX_PIXELS: Final = 4096 * 2304  # the largest picture that is decoded
EARLY: Final = RATE // 100  # ticks by which a picture may come before its turn: sources are uneven
STALE_MS: Final = 40  # a picture that stood so long is encoded again when a keyframe is wished for
BAD_KEYFRAMES: Final = 5  # one after the other that can not be decoded: this source is not for us
_DECODERS: Final = {"H264": "h264", "VP8": "vp8"}
_FRAMES: Final = {"H264": H264Frames, "VP8": Vp8Frames}
# Keyframes when they are wished for, bits that never come in a burst, and no picture held back.
_ENCODERS: Final = {
    "H264": (
        "libx264",
        {
            "preset": "veryfast",
            "tune": "zerolatency",
            "profile": "baseline",
            "forced-idr": "1",
            "x264-params": "scenecut=0:keyint=100000:threads=1",
        },
    ),
    "VP8": (
        "libvpx",
        {
            "deadline": "realtime",
            "cpu-used": "6",
            "lag-in-frames": "0",
            "error-resilient": "default",
            "g": "100000",
            "undershoot-pct": "95",
            "max-intra-rate": "600",
        },
    ),
}


class NotDecodable(ValueError):  # noqa: N818  (says what came, nothing of ours has failed)
    """A source whose pictures can not be decoded."""


class Made(NamedTuple):
    """What a call has made."""

    packets: list[bytes]
    wants_keyframe: bool  # of the source: nothing can be decoded until one comes
    keyframe: bool  # of the source, among what was taken


class Transcoder:
    """Makes the packets of the low layer of one source in one codec, `rate` pictures a second.

    Their timestamps are the source's, so that its sender reports hold for them.
    """

    def __init__(self, codec: CodecName, ssrc: int, rate: int) -> None:
        self._reorder = Reorder()
        self._frames = _FRAMES[codec]()
        self._decoder = _Decoder(codec)
        self._encoder = _Encoder(codec, rate)
        self._ssrc = ssrc
        self._number = 0
        self._keyed = False  # since the call began

    def take(self, packets: Sequence[bytes], now: float, *, key: bool = False) -> Made:
        """Take the source's packets; `key` asks for a keyframe. `now` is any clock in ms.

        Raises NotDecodable when it is hopeless.
        """
        self._encoder.wants_key |= key
        self._keyed = False
        made: list[bytes] = []
        for packet in packets:
            parsed = parse(packet)
            if isinstance(parsed, Report):
                made.append(_report(self._ssrc, parsed))
            elif parsed is not None:
                made += self._sort(self._reorder.push(parsed, now), now)
        made += self._sort(self._reorder.advance(now), now)
        if key:
            made += self._send(self._encoder.again(now))
        return Made(made, self._frames.broken or self._decoder.broken, self._keyed)

    def lose(self) -> None:
        """Go on at the source's next keyframe: packets were left out."""
        self._reorder = Reorder()
        self._frames.lose()

    def _sort(self, packets: Sequence[Any], now: float) -> list[bytes]:
        made: list[bytes] = []
        for packet in packets:
            if packet is None:
                self._frames.lose()
            elif (frame := self._frames.push(packet)) is not None:
                self._keyed |= frame.key
                for picture in self._decoder.decode(frame):
                    made += self._send(self._encoder.encode(picture, now))
        return made

    def _send(self, encoded: _Encoded | None) -> list[bytes]:
        if encoded is None:
            return []
        last = len(encoded.payloads) - 1
        return [
            self._packet(encoded.timestamp, payload, marker=at == last)
            for at, payload in enumerate(encoded.payloads)
        ]

    def _packet(self, timestamp: int, payload: bytes, *, marker: bool) -> bytes:
        """Return the next packet (RFC 3550 section 5.1)."""
        kind = PAYLOAD_TYPE | (0x80 if marker else 0)
        number, self._number = self._number & 0xFFFF, self._number + 1
        head = struct.pack("!BBHII", 0x80, kind, number, timestamp & 0xFFFF_FFFF, self._ssrc)
        return head + payload


class _Decoder:
    """Pictures of whole frames; `broken` until a keyframe could be decoded."""

    def __init__(self, codec: CodecName) -> None:
        self.broken = True
        self._codec = codec
        self._bad = 0  # keyframes that could not be decoded, one after the other
        self._at: int | None = None  # the newest timestamp, on beyond 32 bits
        self._context = self._open()

    def decode(self, frame: Frame) -> list[Any]:
        if frame.format.width * frame.format.height > MAX_PIXELS:
            raise NotDecodable(f"{frame.format.width}x{frame.format.height} pixels")
        if self.broken and not frame.key:
            return []
        data = frame.format.config + frame.data if frame.key else frame.data
        packet: Any = av.Packet(data)
        packet.pts = packet.dts = self._unwrapped(frame.timestamp)
        try:
            pictures = self._context.decode(packet)
        except FFmpegError as error:
            self._fail(error, key=frame.key)
            return []
        if frame.key:
            self.broken, self._bad = False, 0
        return list(pictures)

    def _fail(self, error: FFmpegError, *, key: bool) -> None:
        """Begin anew at the next keyframe."""
        self.broken = True
        self._context = self._open()
        self._bad += key
        if self._bad >= BAD_KEYFRAMES:
            raise NotDecodable(str(error)) from error

    def _open(self) -> Any:
        context: Any = av.CodecContext.create(_DECODERS[self._codec], "r")
        context.thread_count = 1
        context.flags |= Flags.low_delay  # no source of ours sends pictures out of order
        context.options = {"max_pixels": str(MAX_PIXELS)}
        return context

    def _unwrapped(self, timestamp: int) -> int:
        if self._at is None:
            self._at = timestamp
        step = (timestamp - self._at) & 0xFFFF_FFFF
        self._at += step - (1 << 32 if step >= 1 << 31 else 0)
        return self._at


class _Encoded(NamedTuple):
    timestamp: int
    payloads: list[bytes]


class _Encoder:
    """Small pictures of large ones, not more than `rate` a second."""

    def __init__(self, codec: CodecName, rate: int) -> None:
        self.wants_key = False
        self._codec = codec
        self._step = RATE // rate
        self._rate = rate
        self._scaler: Any = VideoReformatter()
        self._context: Any = None
        self._due = 0  # when the next picture's turn is
        self._newest: tuple[Any, int, float] | None = None  # as it was encoded, when, and seen when
        self._count = 0
        self._pts = 0  # of the newest for the encoder, whatever the source's timestamps do

    def encode(self, picture: Any, now: float) -> _Encoded | None:
        """Encode a picture if it is its turn."""
        at = picture.pts
        if at is None or (self._newest is not None and not self._is_due(at)):
            return None
        self._due = max(self._due + self._step, at + self._step // 2)
        width, height = low_size(picture.width, picture.height)
        small = self._scaler.reformat(
            picture, width, height, "yuv420p", interpolation=Interpolation.AREA
        )
        self._fit(width, height)
        return self._encode(small, at, now)

    def again(self, now: float) -> _Encoded | None:
        """Encode what is shown as a keyframe, if one is wished for: a screen may stand still."""
        if self._newest is None or not self.wants_key:
            return None
        small, at, seen = self._newest
        stood = now - seen
        if stood < STALE_MS:
            return None  # the next one is soon there
        return self._encode(small, at + round(stood * RATE / 1000), now)

    def _is_due(self, at: int) -> bool:
        newest = self._newest[1] if self._newest is not None else at - 1
        if at > newest + 10 * RATE or at < newest - RATE:  # the source began anew
            self._due = at
            return True
        return at > newest and (self.wants_key or at >= self._due - EARLY)

    def _encode(self, small: Any, at: int, now: float) -> _Encoded | None:
        span = at - self._newest[1] if self._newest is not None else 0
        self._pts += span if 0 < span <= RATE else self._step  # encoders take no time twice
        self._newest = (small, at, now)
        small.pts, small.time_base = self._pts, Fraction(1, RATE)
        small.pict_type = PictureType.I if self.wants_key else PictureType.NONE
        data = b"".join(bytes(packet) for packet in self._context.encode(small))
        if not data:
            return None
        self.wants_key = False
        self._count += 1
        made = h264_payloads(data) if self._codec == "H264" else vp8_payloads(data, self._count)
        return _Encoded(at, made)

    def _fit(self, width: int, height: int) -> None:
        """Open an encoder for this size, unless there is one."""
        if self._context is not None and (self._context.width, self._context.height) == (
            width,
            height,
        ):
            return
        name, options = _ENCODERS[self._codec]
        bits = round(LOW_BITS * (1 - HEADERS_SHARE))
        context: Any = av.CodecContext.create(name, "w")
        context.width, context.height, context.pix_fmt = width, height, "yuv420p"
        context.time_base, context.framerate = Fraction(1, RATE), Fraction(self._rate)
        context.bit_rate, context.thread_count = bits, 1
        limits = {"maxrate": str(bits), "bufsize": str(bits)}
        if self._codec == "VP8":
            limits["minrate"] = str(bits)  # libvpx takes that as: hold the rate
        context.options = options | limits
        self._context, self.wants_key = context, True


def _report(ssrc: int, report: Report) -> bytes:
    """Return a sender report without blocks (RFC 3550 section 6.4.1) that says the same of us."""
    return struct.pack("!BBHIQIII", 0x80, 200, 6, ssrc, report.ntp, report.timestamp, 0, 0)
