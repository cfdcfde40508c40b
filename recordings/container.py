"""Fragmented MP4 in memory by libavformat: what begins a run, and its parts.

Each part is muxed for itself and loses its copy of the beginning: nothing is kept from one to the
next, so a part is a function of its samples.
"""

from __future__ import annotations

import io
import struct
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import av

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from mmap import mmap

    from media.depacketizer import Format

VIDEO_RATE: Final = 90_000  # ticks a second
VOICE_RATE: Final = 48_000
Sound = Literal["libopus", "aac"]  # the encoders whose packets are sound
# libavformat cuts no part itself, and writes positions as they are: they are the lesson's.
_FLAGS: Final = "empty_moov+default_base_moof+frag_discont+skip_trailer+frag_custom"
_HEADER: Final = struct.Struct("!I4s")


class Sample(NamedTuple):
    """One picture or packet of sound; times in ticks."""

    at: int
    length: int
    data: bytes
    key: bool


def boxes(
    data: bytes | mmap, begin: int = 0, end: int | None = None
) -> Iterator[tuple[bytes, int, int]]:
    """Yield the kind, the beginning and the size of each whole box (ISO/IEC 14496-12, 4.2)."""
    end = len(data) if end is None else end
    while begin + _HEADER.size <= end:
        size, kind = _HEADER.unpack_from(data, begin)
        if size < _HEADER.size or begin + size > end:
            return
        yield kind, begin, size
        begin += size


def video_init(shape: Format, first: bytes) -> bytes:
    """Return what begins a run of pictures; `first` is its first keyframe."""
    sample = Sample(0, 1, shape.config + first, True)
    return _beginning(_rename(_mux(shape, (sample,), 1, "delay_moov+"), shape))


def video_part(shape: Format, samples: Sequence[Sample], number: int) -> bytes:
    """Return a part of pictures, the `number`-th of its run."""
    return _after_beginning(_mux(shape, samples, number))


def voice_init(codec: Sound = "libopus") -> bytes:
    """Return what begins a run of sound."""
    return _beginning(_mux(codec, (Sample(0, 960, b"\xf8\xff\xfe", True),), 1))


def voice_part(samples: Sequence[Sample], number: int, codec: Sound = "libopus") -> bytes:
    """Return a part of sound, the `number`-th of its run."""
    return _after_beginning(_mux(codec, samples, number))


def voice_template(codec: Sound) -> Any:
    """Return a stream of sound that another container can have one like."""
    return _sound(codec).streams.audio[0]


def _mux(shape: Format | Sound, samples: Sequence[Sample], number: int, more: str = "") -> bytes:
    out = io.BytesIO()
    options = {
        "movflags": more + _FLAGS,
        "use_editlist": "0",
        "avoid_negative_ts": "disabled",
        "fragment_index": str(number),
    }
    with av.open(out, "w", format="mp4", options=options) as container:
        stream = _stream(container, shape)
        tick = Fraction(1, VOICE_RATE if isinstance(shape, str) else VIDEO_RATE)
        stream.time_base = tick
        for sample in samples:
            packet = av.Packet(sample.data)
            packet.stream, packet.time_base = stream, tick
            packet.pts = packet.dts = sample.at
            packet.duration, packet.is_keyframe = sample.length, sample.key
            container.mux_one(packet)
    return out.getvalue()


def _stream(container: Any, shape: Format | Sound) -> Any:
    if isinstance(shape, str):
        return container.add_stream_from_template(voice_template(shape))
    # libavformat has no VP8 in MP4, but VP9's boxes differ in the name alone: see _rename
    codec = "h264" if shape.codec.startswith("avc1") else "vp9"
    return container.add_mux_stream(codec, width=shape.width, height=shape.height)


def _rename(data: bytes, shape: Format) -> bytes:
    return data if shape.codec.startswith("avc1") else data.replace(b"vp09", b"vp08", 1)


@cache
def _sound(codec: Sound) -> Any:
    """Return a container whose stream says what a decoder of the voice must know."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4", options={"movflags": _FLAGS}) as container:
        container.add_stream(codec, rate=VOICE_RATE, layout="mono")
        container.start_encoding()
    return av.open(io.BytesIO(out.getvalue()))


def _beginning(data: bytes) -> bytes:
    return b"".join(
        data[begin : begin + size]
        for kind, begin, size in boxes(data)
        if kind in (b"ftyp", b"moov")
    )


def _after_beginning(data: bytes) -> bytes:
    return b"".join(
        data[begin : begin + size]
        for kind, begin, size in boxes(data)
        if kind in (b"moof", b"mdat")
    )
