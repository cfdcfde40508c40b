"""Pictures in VP8 become H.264: decoded and encoded once, at the same positions. Blocks.

A damaged part costs what is shown until the next keyframe, and nothing else.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import av
from av.error import FFmpegError
from av.video.frame import PictureType

from media.depacketizer import Format
from media.h264 import SPS, codec_string
from recordings.container import VIDEO_RATE, Sample
from recordings.read import Damaged, packets_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from recordings.catalogue import Run

KEY_MS: Final = 2000  # between pictures at which a player can begin: a seek decodes no more
PART_MS: Final = 1000
STILL_MS: Final = 2000  # how long a picture is shown if none follows, as in the recorder
# What a lesson's slides and faces take; the same as the eye sees of the original at 720p.
QUALITY: Final = "26"
THREADS: Final = 1  # the lessons that are on need the rest of the machine
OPTIONS: Final = {
    "profile": "baseline",  # with no B pictures: what every phone decodes
    "preset": "veryfast",
    "tune": "zerolatency",  # a picture goes in, and that picture comes out
    "crf": QUALITY,
    "forced-idr": "1",
    "x264-params": f"keyint=infinite:scenecut=0:threads={THREADS}:sliced-threads=0:annexb=1",
}


def encode_pictures(
    run: Run, file: BinaryIO, tell: Callable[[int], None], warn: Callable[[str], None]
) -> Iterator[tuple[Format, list[Sample]]]:
    """Yield the parts of a run in H.264; `tell` hears of ms done, `warn` of damage."""
    encoder: _Encoder | None = None
    waiting: list[Sample] = []
    last = -1
    for frame in _decoded(run, file, tell, warn):
        tick = frame.pts
        if tick <= last:  # a clock that went back; the next one will do
            continue
        last = tick
        encoder = encoder or _Encoder(frame)
        data, key = encoder.encode(frame)
        if waiting and (key or tick - waiting[0].at >= PART_MS * VIDEO_RATE // 1000):
            yield encoder.format, _timed(waiting, tick)
            waiting = []
        waiting.append(Sample(tick, 0, data, key))
    if encoder is not None and waiting:
        end = max(last + 1, run.end * VIDEO_RATE // 1000)
        yield encoder.format, _timed(waiting, end)


def _timed(waiting: list[Sample], end: int) -> list[Sample]:
    """Return pictures that are each shown until the next one."""
    end = min(end, waiting[-1].at + STILL_MS * VIDEO_RATE // 1000)
    ends = [*(one.at for one in waiting[1:]), end]
    return [one._replace(length=to - one.at) for one, to in zip(waiting, ends, strict=True)]


class _Encoder:
    """Encodes pictures of one size: a changed one would be another run."""

    def __init__(self, first: Any) -> None:
        self.width, self.height = first.width & ~1, first.height & ~1  # 4:2:0 has no half pixels
        self.format = Format("", self.width, self.height)
        self._key = float("-inf")
        codec: Any = av.CodecContext.create("libx264", "w")
        codec.width, codec.height, codec.pix_fmt = self.width, self.height, "yuv420p"
        codec.time_base, codec.framerate = Fraction(1, VIDEO_RATE), Fraction(25)
        codec.options = OPTIONS
        self._codec = codec

    def encode(self, frame: Any) -> tuple[bytes, bool]:
        """Return a picture, and whether a player can begin with it."""
        tick = frame.pts
        fresh = frame.reformat(self.width, self.height, "yuv420p")
        fresh.pts, fresh.time_base = tick, Fraction(1, VIDEO_RATE)
        key = tick - self._key >= KEY_MS * VIDEO_RATE // 1000
        fresh.pict_type = PictureType.I if key else PictureType.NONE
        if key:
            self._key = tick
        data = b"".join(bytes(packet) for packet in self._codec.encode(fresh))
        if not self.format.codec:
            self.format = Format(codec_string(_sps(data)), self.width, self.height)
        return data, key


def _sps(data: bytes) -> bytes:
    """Return the first sequence parameter set of a picture in Annex B."""
    units = data.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")
    return next(unit for unit in units if unit and unit[0] & 0x1F == SPS)


def _decoded(
    run: Run, file: BinaryIO, tell: Callable[[int], None], warn: Callable[[str], None]
) -> Iterator[Any]:
    decoder: Any = None
    for part in run.parts:
        try:
            packets = packets_of(run, part, file)
            for packet in packets:
                if decoder is None:
                    if not packet.is_keyframe:
                        continue  # nothing to begin with
                    decoder = av.CodecContext.create("vp8", "r")
                yield from decoder.decode(packet)
        except (Damaged, FFmpegError) as error:
            warn(f"{run.name} is damaged at {part.at} ms ({error}): left out up to a keyframe")
            decoder = None
        tell(part.length)
