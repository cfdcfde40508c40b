"""The synthetic teacher as aiortc tracks, paced by one clock so that lips and voice agree."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction

import av
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError

from media.synthetic.camera import CameraPicture
from media.synthetic.slides import SlidesPicture
from media.synthetic.speech import SAMPLE_RATE, Voice

VIDEO_CLOCK = 90_000  # Hz, RTP clock of video
CAMERA_RATE = 15  # pictures a second: lips still move, half the cost of 30
SLIDES_RATE = 5  # pictures a second: a clock of seconds and a pointer need no more
VOICE_SAMPLES = 960  # 20 ms, the usual Opus frame
LATE_SECONDS = 0.5  # a track this far behind skips ahead rather than sending a burst


@dataclass(frozen=True, slots=True)
class LessonClock:
    """Seconds since the lesson began, shared by all tracks of one teacher."""

    now: Callable[[], float] = time.monotonic
    started: float = field(default_factory=time.monotonic)

    def seconds(self) -> float:
        """Return the lesson's time in seconds."""
        return self.now() - self.started


class _Paced(MediaStreamTrack):
    """A track whose n-th frame is due at n / rate seconds."""

    def __init__(self, clock: LessonClock, rate: Fraction) -> None:
        super().__init__()
        self._clock = clock
        self._rate = rate
        self._next = int(clock.seconds() * rate)

    async def _turn(self) -> int:
        """Wait until the next frame is due and return its number."""
        if self.readyState != "live":
            raise MediaStreamError
        late = self._clock.seconds() - self._next / self._rate
        if late > LATE_SECONDS:
            self._next = int(self._clock.seconds() * self._rate)
        elif late < 0:
            await asyncio.sleep(-late)
        number, self._next = self._next, self._next + 1
        return number


def _stamp(frame: av.VideoFrame, number: int, rate: int) -> av.VideoFrame:
    frame.pts = number * VIDEO_CLOCK // rate
    frame.time_base = Fraction(1, VIDEO_CLOCK)
    return frame


class SlidesTrack(_Paced):
    """The screen: 1280x720, five pictures a second."""

    kind = "video"

    def __init__(self, clock: LessonClock | None = None) -> None:
        super().__init__(clock or LessonClock(), Fraction(SLIDES_RATE))
        self._picture = SlidesPicture()

    async def recv(self) -> av.VideoFrame:
        """Return the next frame when it is due."""
        number = await self._turn()
        picture = self._picture.at(number / SLIDES_RATE)
        return _stamp(picture.to_frame(), number, SLIDES_RATE)


class CameraTrack(_Paced):
    """The presenter: 640x360, fifteen pictures a second; with `sync` a flash every second."""

    kind = "video"

    def __init__(
        self, clock: LessonClock | None = None, *, voice: Voice | None = None, sync: bool = False
    ) -> None:
        clock = clock or LessonClock()
        super().__init__(clock, Fraction(CAMERA_RATE))
        wall = datetime.now().astimezone()
        began = wall.timestamp() - clock.seconds()
        self._picture = CameraPicture(datetime.fromtimestamp(began, wall.tzinfo), sync=sync)
        self._voice = voice

    async def recv(self) -> av.VideoFrame:
        """Return the next frame when it is due."""
        number = await self._turn()
        seconds = number / CAMERA_RATE
        loudness = self._voice.loudness(seconds) if self._voice else 0.0
        return _stamp(self._picture.at(seconds, loudness).to_frame(), number, CAMERA_RATE)


class VoiceTrack(_Paced):
    """The voice: 48 kHz mono in frames of 20 ms; with `sync` a beep every second."""

    kind = "audio"

    def __init__(
        self, clock: LessonClock | None = None, *, voice: Voice | None = None, sync: bool = False
    ) -> None:
        super().__init__(clock or LessonClock(), Fraction(SAMPLE_RATE, VOICE_SAMPLES))
        self._voice = voice or Voice(sync=sync)

    async def recv(self) -> av.AudioFrame:
        """Return the next frame when it is due."""
        first = await self._turn() * VOICE_SAMPLES
        samples = self._voice.samples(first, VOICE_SAMPLES)
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        frame.pts = first
        frame.time_base = Fraction(1, SAMPLE_RATE)
        return frame
