"""A shared screen as pictures: keyframes in, a WebP picture out whenever something has changed.

`Stills` is the whole of it without clock and thread; it takes time of a thread, and `StillThread`
is the one that a process gives to all lessons. Positions are milliseconds on the lesson's clock.
"""

from __future__ import annotations

import asyncio
import io
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import av
import numpy as np
from av.error import FFmpegError
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

WIDTHS = (320, 640, 1280)  # pixels; a phone's list, a phone's screen, a computer's
MIN_INTERVAL_MS = 2_000  # between two pictures; nobody reads pages faster
BURST = 15  # pictures that may follow each other so; a film on the screen is no slides
REFILL_MS = 20_000  # in which one more may: 50 MB in 90 minutes at the very most
MAX_PIXELS = 4096 * 2304  # the largest picture that is decoded
MAX_BYTES = {320: 16_000, 640: 40_000, 1280: 120_000}  # 40 kB take 3 s at 100 kbit/s
QUALITIES = (80, 60, 40, 25)  # of WebP, tried until the picture is small enough
COMPARED_WIDTH = 640  # pixels; letters can just be told apart
BLOCK = 8  # pixels of the compared picture on each side
BLOCK_LEVEL = 8  # of 255: mean difference of a block that noise and another quality do not reach
CHANGED_BLOCKS = 24  # a cursor that moved changes 18 at most, a line of text twice as many
NICENESS = 10  # the lesson's packets come first
THUMB_WIDTH = 160  # pixels; beside a finger on a line
THUMB_QUALITY = 40  # of WebP: 2 kB of slides, 3 kB of people

T = TypeVar("T")
Codec = Literal["H264", "VP8"]
_DECODERS = {"H264": "h264", "VP8": "vp8"}
_START = b"\0\0\0\1"  # of an H.264 unit, ITU-T H.264 annex B


@dataclass(frozen=True, slots=True)
class StillImage:
    """A picture in one width."""

    width: int
    height: int
    data: bytes  # WebP


@dataclass(frozen=True, slots=True)
class Still:
    """What the screen showed from a position on, in all widths from the smallest."""

    position: int
    images: tuple[StillImage, ...]


class NotAPicture(ValueError):  # noqa: N818  (says what came, nothing of ours has failed)
    """A keyframe can not be decoded."""


def decode(codec: Codec, data: bytes) -> Image.Image:
    """Return the picture of one keyframe (H.264 of annex B or of MP4, VP8); raises NotAPicture.

    It is no wider than the widest of WIDTHS.
    """
    decoder: Any = av.CodecContext.create(_DECODERS[codec], "r")
    decoder.thread_count = 1
    decoder.options = {"max_pixels": str(MAX_PIXELS)}
    try:
        unit = annex_b(data) if codec == "H264" else data
        frames = [*decoder.decode(av.Packet(unit)), *decoder.decode(None)]
    except FFmpegError as error:
        raise NotAPicture(str(error)) from error
    if not frames:
        raise NotAPicture("no picture came of it")
    frame = frames[0]
    width = min(frame.width, WIDTHS[-1])  # 4K is 27 MB of which nothing more would be seen
    height = max(1, round(frame.height * width / frame.width))
    picture: Image.Image = frame.to_image(width=width, height=height, interpolation="LANCZOS")
    return picture


def thumbnail(picture: Image.Image) -> bytes:
    """Return a picture as a very small WebP."""
    width = min(picture.width, THUMB_WIDTH)
    height = max(1, round(picture.height * width / picture.width))
    target = io.BytesIO()
    small = picture.convert("RGB").resize((width, height), Image.Resampling.BOX)
    small.save(target, "WEBP", quality=THUMB_QUALITY, method=4)
    return target.getvalue()


def annex_b(data: bytes) -> bytes:
    """Return H.264 units with start codes; those of MP4 have their length in four bytes."""
    if data.startswith((_START, _START[1:])):
        return data
    units: list[bytes] = []
    at = 0
    while at + 4 <= len(data):
        size = int.from_bytes(data[at : at + 4])
        unit = data[at + 4 : at + 4 + size]
        if not size or len(unit) < size:
            raise NotAPicture("an H.264 unit longer than its picture")
        units.append(_START + unit)
        at += 4 + size
    return b"".join(units)


def encode(picture: Image.Image) -> tuple[StillImage, ...]:
    """Return a picture in its widths; a small one is not made larger."""
    widths = sorted({min(width, picture.width) for width in WIDTHS})
    return tuple(_encode(picture, width) for width in widths)


def _encode(picture: Image.Image, width: int) -> StillImage:
    height = max(1, round(picture.height * width / picture.width))
    small = picture.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
    most = next(size for known, size in MAX_BYTES.items() if width <= known)
    data = b""
    for quality in QUALITIES:
        target = io.BytesIO()
        small.save(target, "WEBP", quality=quality, method=4)
        data = target.getvalue()
        if len(data) <= most:
            break
    return StillImage(width, height, data)


def changed(before: NDArray[np.int16], after: NDArray[np.int16]) -> bool:
    """Tell whether more has changed than a cursor or the noise of an encoder."""
    if before.shape != after.shape:
        return True
    rows, columns = (size // BLOCK for size in after.shape)
    difference = np.abs(after - before)[: rows * BLOCK, : columns * BLOCK]
    blocks = difference.reshape(rows, BLOCK, columns, BLOCK).mean(axis=(1, 3))
    return int(np.count_nonzero(blocks > BLOCK_LEVEL)) >= CHANGED_BLOCKS


def _compared(picture: Image.Image) -> NDArray[np.int16]:
    height = max(BLOCK, round(picture.height * COMPARED_WIDTH / picture.width))
    grey = picture.convert("L").resize((COMPARED_WIDTH, height), Image.Resampling.BOX)
    return np.asarray(grey, dtype=np.int16)


class Stills:
    """The pictures of one lesson's screen: the changed ones, not too many, and always the last."""

    def __init__(self) -> None:
        self._shown: NDArray[np.int16] | None = None
        self._told_at = 0
        self._left = float(BURST)  # pictures that may be told, when the last one was
        self._waiting: tuple[int, Image.Image, NDArray[np.int16]] | None = None

    @property
    def waits(self) -> bool:
        """Return whether a picture waits for the last one to have stood its time."""
        return self._waiting is not None

    def take(self, position: int, picture: Image.Image) -> Still | None:
        """Take a keyframe's picture; return what is new in it."""
        compared = _compared(picture)
        if self._shown is not None and not changed(self._shown, compared):
            self._waiting = None  # it came back to what is shown
            return None
        if self._waiting is None or changed(self._waiting[2], compared):
            self._waiting = (position, picture, compared)
        return self.due(position)

    def due(self, position: int) -> Still | None:
        """Return what waited for the last picture to have stood its time."""
        if self._waiting is None:
            return None
        stood = position - self._told_at
        left = min(BURST, self._left + stood / REFILL_MS)
        if self._shown is not None and (stood < MIN_INTERVAL_MS or left < 1):
            return None
        since, picture, self._shown = self._waiting
        self._told_at, self._left, self._waiting = position, left - 1, None
        return Still(since, encode(picture))

    def forget(self) -> None:
        """Take the next picture as new, whatever it shows: the last was not kept, or is covered."""
        self._shown = self._waiting = None


class StillThread:
    """One thread of low priority for all lessons."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="stills", initializer=give_way)

    async def run(self, work: Callable[[], T]) -> T:
        """Do something with pictures when it is its turn."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def close(self) -> None:
        """End the thread; safe to call twice."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def give_way() -> None:
    """Let this thread run after those of the lesson's packets."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)  # Linux: of this thread
