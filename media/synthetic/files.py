"""A recording as a teacher: a file decoded, paced and looped without a seam in its timestamps."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError

from media.errors import MediaError
from media.synthetic.speech import SAMPLE_RATE
from media.synthetic.tracks import VIDEO_CLOCK, VOICE_SAMPLES

MAX_WIDTH, MAX_HEIGHT = 1280, 720  # pixels: what a demo can encode beside everything else
MAX_RATE = 30  # pictures a second kept; a recording of 60 loses every second one
AHEAD_SECONDS = 0.5  # decoded before it is due, so that a slow frame is not a late one
SHORTEST_LOOP = 0.1  # seconds; shorter files are pictures, not recordings
QUEUE_FRAMES = 200  # per track; over it the oldest goes, because the newest is what is live


class FileError(MediaError):
    """A recording that can not be shown; the sentence names the file and the reason."""

    code = "file-not-playable"


@dataclass(frozen=True, slots=True)
class Moment:
    """A decoded frame and when it is due, in seconds since the first showing began."""

    at: float
    frame: av.VideoFrame | av.AudioFrame


@dataclass(frozen=True, slots=True)
class FileTracks:
    """The tracks of a recording; a kind that the file lacks is None."""

    audio: MediaStreamTrack | None
    video: MediaStreamTrack | None


def file_tracks(path: Path) -> FileTracks:
    """Open a recording and return its tracks, looped; reading begins with the first `recv`.

    Raises FileError when the file is missing, unreadable, or has neither sound nor pictures.
    """
    kinds = _kinds(path)
    player = _Player(path, kinds)
    return FileTracks(
        audio=_FileTrack("audio", player) if "audio" in kinds else None,
        video=_FileTrack("video", player) if "video" in kinds else None,
    )


def _kinds(path: Path) -> set[str]:
    try:
        with av.open(str(path)) as container:
            kinds = {str(stream.type) for stream in container.streams} & {"audio", "video"}
            if not kinds:
                raise FileError(f"{path} has neither sound nor pictures")
            if next(read(path), None) is None:
                raise FileError(f"{path} is too short or can not be decoded")
            return kinds
    except (OSError, av.error.FFmpegError) as error:
        raise FileError(f"{path} can not be played: {error.strerror or error}") from error


def read(path: Path) -> Iterator[Moment]:
    """Yield the recording's frames for ever, each pass continuing the time of the one before."""
    offset = 0.0
    while True:
        length = 0.0
        for moment in _pass(path, offset):
            length = max(length, moment.at - offset + _duration(moment.frame))
            yield moment
        if length < SHORTEST_LOOP:
            return
        offset += length


def _duration(frame: av.VideoFrame | av.AudioFrame) -> float:
    if isinstance(frame, av.AudioFrame):
        return float(frame.samples / frame.sample_rate)
    return 1 / MAX_RATE


def _pass(path: Path, offset: float) -> Iterator[Moment]:
    """Yield the frames of one showing."""
    with av.open(str(path)) as container:
        streams = [*container.streams.video[:1], *container.streams.audio[:1]]
        sound = av.AudioResampler("s16", "stereo", SAMPLE_RATE, VOICE_SAMPLES)
        first = None
        heard = None  # samples since the sound's first frame, a steadier clock than its stamps
        for frame in container.decode(*streams):
            if not isinstance(frame, av.VideoFrame | av.AudioFrame) or frame.time is None:
                continue
            first = frame.time if first is None else first
            at = offset + max(0.0, frame.time - first)
            if isinstance(frame, av.VideoFrame):
                yield Moment(at, frame)
                continue
            heard = at if heard is None else heard
            for block in sound.resample(frame):
                yield Moment(heard, block)
                heard += block.samples / SAMPLE_RATE


class _Player:
    """One thread that decodes ahead of the clock for both tracks."""

    def __init__(self, path: Path, kinds: set[str]) -> None:
        self._path = path
        self._queues: dict[str, deque[Moment]] = {
            kind: deque(maxlen=QUEUE_FRAMES) for kind in kinds
        }
        self._arrived = {kind: asyncio.Event() for kind in kinds}
        self._quit = threading.Event()
        self._thread: threading.Thread | None = None
        self._began = 0.0
        self._live = set(kinds)
        self._ended = False

    def start(self) -> None:
        """Begin with the first frame now; later calls do nothing."""
        if self._thread is not None:
            return
        self._began = time.monotonic()
        loop = asyncio.get_running_loop()
        self._thread = threading.Thread(
            target=self._decode, args=(loop,), name="recording", daemon=True
        )
        self._thread.start()

    def stop(self, kind: str) -> None:
        """Give up one track; the thread ends with the last."""
        self._live.discard(kind)
        if not self._live:
            self._quit.set()

    async def next(self, kind: str) -> Moment:
        """Return the next frame of a kind when it is due."""
        while not self._queues[kind]:
            if self._ended:
                raise MediaStreamError
            self._arrived[kind].clear()
            await self._arrived[kind].wait()
        moment = self._queues[kind].popleft()
        wait = self._began + moment.at - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        return moment

    def _decode(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            for moment in read(self._path):
                ahead = self._began + moment.at - time.monotonic() - AHEAD_SECONDS
                if self._quit.wait(max(0.0, ahead)):
                    break
                loop.call_soon_threadsafe(self._put, moment)
            loop.call_soon_threadsafe(self._end)
        except av.error.FFmpegError:
            loop.call_soon_threadsafe(self._end)
        except RuntimeError:
            return  # the loop has closed: nobody is watching any more

    def _put(self, moment: Moment) -> None:
        kind = "audio" if isinstance(moment.frame, av.AudioFrame) else "video"
        self._queues[kind].append(moment)
        self._arrived[kind].set()

    def _end(self) -> None:
        self._ended = True
        for arrived in self._arrived.values():
            arrived.set()


class _FileTrack(MediaStreamTrack):
    """One kind of a recording."""

    def __init__(self, kind: str, player: _Player) -> None:
        super().__init__()
        self.kind = kind
        self._player = player
        self._last = -1.0

    async def recv(self) -> av.VideoFrame | av.AudioFrame:
        """Return the next frame when it is due."""
        if self.readyState != "live":
            raise MediaStreamError
        self._player.start()
        moment = await self._player.next(self.kind)
        while self.kind == "video" and moment.at - self._last < 0.9 / MAX_RATE:
            moment = await self._player.next(self.kind)
        self._last = moment.at
        return _fitted(moment)

    def stop(self) -> None:
        """End the track and, with the last one, the decoding."""
        super().stop()
        self._player.stop(self.kind)


def _fitted(moment: Moment) -> av.VideoFrame | av.AudioFrame:
    """Return the frame with the stamps of its showing, small enough to encode."""
    frame = moment.frame
    clock = SAMPLE_RATE
    if isinstance(frame, av.VideoFrame):
        clock = VIDEO_CLOCK
        scale = min(1.0, MAX_WIDTH / frame.width, MAX_HEIGHT / frame.height)
        width, height = (int(side * scale) // 2 * 2 for side in (frame.width, frame.height))
        frame = frame.reformat(width=width, height=height, format="yuv420p")
    frame.pts = round(moment.at * clock)
    frame.time_base = Fraction(1, clock)
    return frame
