"""The voice in Opus becomes AAC, for players that have no Opus. Blocks.

AAC has frames of 1024 samples that follow each other without a hole, so what is missing in between
is silence, and a position is within half a frame (11 ms) of the original's.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import av
import numpy as np
from av.error import FFmpegError

from recordings.container import VOICE_RATE, Sample
from recordings.read import Damaged, packets_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from recordings.catalogue import Run

FRAME: Final = 1024  # samples
BIT_RATE: Final = 48_000  # bit/s; below it libavcodec's own encoder makes a voice hollow
PART: Final = 47 * FRAME  # samples: about a second
SLACK: Final = VOICE_RATE // 100  # samples a packet may be off without being put in its place


def encode_voice(
    run: Run, file: BinaryIO, tell: Callable[[int], None], warn: Callable[[str], None]
) -> Iterator[list[Sample]]:
    """Yield the parts of a run in AAC; `tell` hears of ms done, `warn` of damage."""
    encoder = _encoder()
    waiting: list[Sample] = []
    for sound in _frames(run, file, tell, warn):
        for packet in encoder.encode(sound):
            if packet.pts < 0:  # the encoder's own beginning, before the lesson's
                continue
            waiting.append(Sample(packet.pts, FRAME, bytes(packet), True))
        if waiting and waiting[-1].at - waiting[0].at >= PART - FRAME:
            yield waiting
            waiting = []
    waiting += [Sample(one.pts, FRAME, bytes(one), True) for one in encoder.encode(None)]
    if waiting:
        yield waiting


def _encoder() -> Any:
    codec: Any = av.CodecContext.create("aac", "w")
    codec.sample_rate, codec.layout, codec.format = VOICE_RATE, "mono", "fltp"
    codec.bit_rate, codec.time_base = BIT_RATE, Fraction(1, VOICE_RATE)
    return codec


@cache
def silence() -> bytes:
    """Return a frame of nothing."""
    codec = _encoder()
    packets = [one for number in range(4) for one in codec.encode(_frame(number, np.zeros(FRAME)))]
    return bytes(packets[-1])


def _frame(number: int, samples: Any) -> Any:
    frame = av.AudioFrame.from_ndarray(
        samples.astype(np.float32).reshape(1, -1), format="fltp", layout="mono"
    )
    frame.sample_rate, frame.time_base = VOICE_RATE, Fraction(1, VOICE_RATE)
    frame.pts = number * FRAME
    return frame


def _frames(
    run: Run, file: BinaryIO, tell: Callable[[int], None], warn: Callable[[str], None]
) -> Iterator[Any]:
    """Yield the sound in frames of AAC; their numbers are their places on the lesson's clock."""
    held = np.zeros(0, np.float32)
    number: int | None = None
    for at, samples in _decoded(run, file, tell, warn):
        if number is None:
            number = at // FRAME
            held = np.zeros(at - number * FRAME, np.float32)
        missing = at - number * FRAME - len(held)
        if missing > SLACK:
            held = np.concatenate((held, np.zeros(missing, np.float32)))
        held = np.concatenate((held, samples[-missing:] if missing < -SLACK else samples))
        while len(held) >= FRAME:
            yield _frame(number, held[:FRAME])
            held, number = held[FRAME:], number + 1
    if number is not None and len(held):
        yield _frame(number, np.pad(held, (0, FRAME - len(held))))


def _decoded(
    run: Run, file: BinaryIO, tell: Callable[[int], None], warn: Callable[[str], None]
) -> Iterator[tuple[int, Any]]:
    """Yield sound and its position in samples."""
    decoder = _decoder()
    for part in run.parts:
        try:
            for packet in packets_of(run, part, file):
                at = packet.pts * VOICE_RATE // run.timescale
                for frame in decoder.decode(packet):
                    yield at, _mono(frame)
                    at += frame.samples
        except (Damaged, FFmpegError) as error:
            warn(f"{run.name} is damaged at {part.at} ms ({error}): silence")
            decoder = _decoder()
        tell(part.length)


def _decoder() -> Any:
    codec: Any = av.CodecContext.create("libopus", "r")
    codec.sample_rate, codec.layout = VOICE_RATE, "mono"
    return codec


def _mono(frame: Any) -> Any:
    """Return samples between -1 and 1, of all channels as one."""
    samples = frame.to_ndarray()
    if not frame.format.is_planar:
        samples = samples.reshape(-1, len(frame.layout.channels)).T
    scale = 32768.0 if samples.dtype == np.int16 else 1.0
    return samples.astype(np.float32).mean(axis=0) / scale
