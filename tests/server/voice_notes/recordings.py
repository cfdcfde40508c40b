"""Recordings as browsers make them, and some that no browser makes."""

import functools
import io
from fractions import Fraction
from typing import Any

import av
import numpy as np

RATE = 48_000  # Hz
SAMPLES = 960  # 20 ms
LOUDNESS = 8_000  # of 32 767
TONE = 880.0  # Hz


@functools.cache
def recording(
    container: str = "webm",
    codec: str = "libopus",
    seconds: float = 1.0,
    *,
    live: bool = True,
    bit_rate: int = 24_000,
) -> bytes:
    """Return a tone; `live` is written as a recorder does that does not know its end."""
    options = {"live": "1"} if live and container == "webm" else {}
    target = io.BytesIO()
    with av.open(target, "w", format=container, options=options) as output:
        stream: Any = output.add_stream(codec, rate=RATE)
        stream.layout, stream.bit_rate = "mono", bit_rate
        for number in range(int(seconds * RATE) // SAMPLES):
            output.mux(stream.encode(_frame(number)))
        output.mux(stream.encode(None))
    return target.getvalue()


def _frame(number: int) -> av.AudioFrame:
    phase = 2 * np.pi * TONE * (number * SAMPLES + np.arange(SAMPLES)) / RATE
    samples = (LOUDNESS * np.sin(phase)).astype(np.int16).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
    frame.sample_rate, frame.pts = RATE, number * SAMPLES
    frame.time_base = Fraction(1, RATE)
    return frame


def webm() -> bytes:
    """Return what Chromium and Firefox record."""
    return recording()


def mp4() -> bytes:
    """Return what Safari records."""
    return recording("mp4", "aac")


@functools.cache
def film() -> bytes:
    """Return a picture without sound."""
    target = io.BytesIO()
    with av.open(target, "w", format="webm") as output:
        stream: Any = output.add_stream("libvpx", rate=10)
        stream.width = stream.height = 64
        for _ in range(10):
            picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            output.mux(stream.encode(picture))
        output.mux(stream.encode(None))
    return target.getvalue()
