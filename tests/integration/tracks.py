"""Pictures of one colour and tones of one pitch, which can be told apart at the other end."""

from __future__ import annotations

import asyncio
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from aiortc.mediastreams import AudioStreamTrack, VideoStreamTrack
from av import AudioFrame, VideoFrame

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from aiortc import MediaStreamTrack

WIDTH, HEIGHT = 320, 240
RATE = 48_000  # Hz
SAMPLES = 960  # 20 ms
LOUDNESS = 8_000  # of 32 767

PATIENCE = 40  # s; two cores decode and encode everything here
TOLERANCE = 40  # of 255; what two encoders and colour spaces may change

RED, GREEN, BLUE = (220, 30, 30), (30, 200, 30), (30, 30, 220)


class Colour(VideoStreamTrack):
    """Thirty pictures a second of one colour, with a little movement."""

    def __init__(self, colour: tuple[int, int, int]) -> None:
        super().__init__()
        self._colour = colour
        self._count = 0

    async def recv(self) -> VideoFrame:
        pts, time_base = await self.next_timestamp()
        picture = np.full((HEIGHT, WIDTH, 3), self._colour, np.uint8)
        left = self._count * 4 % (WIDTH - 16)
        picture[:16, left : left + 16] = 255
        self._count += 1
        frame = VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts, frame.time_base = pts, time_base
        return frame


class Tone(AudioStreamTrack):
    """A sine of one pitch, in frames of 20 ms."""

    def __init__(self, hertz: float = 440.0) -> None:
        super().__init__()
        self._hertz = hertz

    async def recv(self) -> AudioFrame:
        silence = await super().recv()  # keeps the time
        assert isinstance(silence, AudioFrame)
        assert silence.pts is not None
        start = silence.pts * RATE // silence.sample_rate
        phase = 2 * np.pi * self._hertz * (start + np.arange(SAMPLES)) / RATE
        samples = (LOUDNESS * np.sin(phase)).astype(np.int16).reshape(1, -1)
        frame = AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
        return frame


def colour_of(frame: VideoFrame) -> tuple[int, int, int] | None:
    """Return which of the three colours a picture is, if any."""
    mean = frame.to_ndarray(format="rgb24")[HEIGHT // 2 :].reshape(-1, 3).mean(axis=0)
    distances = [np.abs(mean - colour).max() for colour in (RED, GREEN, BLUE)]
    nearest = int(np.argmin(distances))
    return (RED, GREEN, BLUE)[nearest] if distances[nearest] < TOLERANCE else None


def loudness_of(frame: AudioFrame) -> float:
    """Return the root mean square of a frame's samples."""
    return float(np.sqrt(np.mean(frame.to_ndarray().astype(np.float64) ** 2)))


async def wait_for_colour(track: MediaStreamTrack, colour: tuple[int, int, int]) -> None:
    """Read pictures until one is of the colour."""
    while True:
        frame = await track.recv()
        assert isinstance(frame, VideoFrame)
        if colour_of(frame) == colour:
            return


async def wait_for_sound(track: MediaStreamTrack) -> None:
    """Read sound until it is as loud as a tone."""
    while True:
        frame = await track.recv()
        assert isinstance(frame, AudioFrame)
        if loudness_of(frame) > LOUDNESS / 4:
            return


async def soon(*waiting: Awaitable[object], patience: float = PATIENCE) -> None:
    """Wait for all of them, but not for ever."""
    async with asyncio.timeout(patience):
        await asyncio.gather(*waiting)


class Drain:
    """Read a track to nowhere, so that its frames do not pile up."""

    def __init__(self, *tracks: MediaStreamTrack) -> None:
        self._tasks = [asyncio.create_task(self._read(track)) for track in tracks]

    async def __aenter__(self) -> Drain:
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _read(self, track: MediaStreamTrack) -> None:
        while True:
            await track.recv()
