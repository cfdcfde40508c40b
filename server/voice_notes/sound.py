"""What a browser has recorded, made into Opus packets of 20 ms; runs off the loop."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
from av.error import FFmpegError

MAX_MS = 30_000
SLACK_MS = 1_000  # a recorder that is stopped at 30 s writes its last piece a little later
MIN_MS = 300  # a button touched by chance
LOST_MS = 500  # less than the container promised; encoders round by a packet or two
MAX_CHANNELS = 2
RATE = 48_000  # Hz; what Opus plays at
BIT_RATE = 24_000  # bit/s: speech sounds good, and 30 s take 90 kB
PACKET_MS = 20
_EBML, _FTYP = b"\x1a\x45\xdf\xa3", b"ftyp"  # RFC 8794 section 11.2.1; ISO/IEC 14496-12 section 4.3
_CODECS = frozenset({"opus", "aac"})  # of all browsers' recorders


class NotUsable(Exception):  # noqa: N818  (what was recorded is at fault, nothing has failed)
    """Say why a recording can not be played; `code` is stable."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


NO_SOUND = ("not-sound", "This is no recording that can be played.")


@dataclass(frozen=True, slots=True)
class Sound:
    """A recording as it is kept: WebM with one Opus packet for every 20 ms."""

    data: bytes
    length_ms: int


def convert(data: bytes) -> Sound:
    """Return a recording as it is kept; raises NotUsable."""
    kind = _container(data)
    try:
        with av.open(io.BytesIO(data), format=kind) as source:
            return _convert(source)
    except (FFmpegError, ValueError) as error:
        raise NotUsable(*NO_SOUND) from error


def _container(data: bytes) -> str:
    """Return the one reader that may look at it: of all that FFmpeg has, two are needed."""
    if data[:4] == _EBML:
        return "matroska"
    if data[4:8] == _FTYP:
        return "mov"
    raise NotUsable(*NO_SOUND)


def _convert(source: Any) -> Sound:
    streams = list(source.streams)
    if len(streams) != 1 or not _is_sound(streams[0]):
        raise NotUsable(*NO_SOUND)
    stream = streams[0]
    written = io.BytesIO()
    samples = _write(written, _samples(source, stream))
    length_ms = samples * 1000 // RATE
    if length_ms < MIN_MS:
        raise NotUsable("too-short", "There is hardly anything to hear.")
    if _promised_ms(source, stream) - length_ms > LOST_MS:
        raise NotUsable("cut-off", "The end of the recording is missing.")
    return Sound(written.getvalue(), length_ms)


def _is_sound(stream: Any) -> bool:
    codec = stream.codec_context  # None for what FFmpeg has no decoder for
    if stream.type != "audio" or codec is None or codec.name not in _CODECS:
        return False
    return bool(1 <= codec.channels <= MAX_CHANNELS)


def _promised_ms(source: Any, stream: Any) -> float:
    """Return how long the container says it is, or 0 if it does not say."""
    if stream.duration is not None:
        return float(stream.duration * stream.time_base * 1000)
    return 0.0 if source.duration is None else float(source.duration / 1000)


def _samples(source: Any, stream: Any) -> Iterator[Any]:
    """Yield the sound at one rate on one channel."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    count = 0
    for packet in source.demux(stream):
        for frame in packet.decode():
            frame.pts = None  # a gap in its clock is no sound
            for sound in resampler.resample(frame):
                count += sound.samples
                if count > (MAX_MS + SLACK_MS) * RATE // 1000:
                    raise NotUsable("too-long", f"A voice note has {MAX_MS // 1000} seconds.")
                yield sound
    yield from resampler.resample(None)


def _write(target: io.BytesIO, sounds: Iterator[Any]) -> int:
    count = 0
    # Unconstrained, a steady tone would take twice the rate.
    options = {"application": "voip", "vbr": "constrained", "frame_duration": str(PACKET_MS)}
    with av.open(target, "w", format="webm") as output:
        stream: Any = output.add_stream("libopus", rate=RATE, options=options)
        stream.layout = "mono"
        stream.bit_rate = BIT_RATE
        for sound in sounds:
            sound.pts, sound.time_base = count, Fraction(1, RATE)
            count += sound.samples
            output.mux(stream.encode(sound))
        output.mux(stream.encode(None))
    return count


def packets(data: bytes) -> list[bytes]:
    """Return the Opus packets of a sound as it is kept; raises NotUsable."""
    try:
        with av.open(io.BytesIO(data), "r", format="matroska") as source:
            found = [bytes(packet) for packet in source.demux() if packet.size]
    except FFmpegError as error:
        raise NotUsable(*NO_SOUND) from error
    if not found:
        raise NotUsable(*NO_SOUND)
    return found
