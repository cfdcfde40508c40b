"""All voices of a lesson as one: decoded, laid on the lesson's clock, mixed and encoded once.

`Mix` is the whole of it without clock and thread; `Mixers` runs all mixes of a process in one
thread. Positions are milliseconds on the lesson's clock outside, and samples of it inside.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from media.opus import (
    FRAME,
    PACKET_MS,
    PER_MS,
    NotOpus,
    Samples,
    VoiceDecoder,
    VoiceEncoder,
    duration,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from media.types import Source

logger = logging.getLogger(__name__)

HOLD_MS = 500  # a voice that is silent for longer holds the others back no more; DTX sends at 400
MAX_LAG_MS = 2_000  # between two voices; what is further behind is lost
MAX_AHEAD_MS = 2_000  # beyond the lesson's clock; a clock that drifts for hours is not so far off
FILL_MS = 1_000  # a longer silence of everybody is a gap, not sound
CONCEAL_MS = 100  # lost sound is made up for so long, ever softer
SLACK_MS = 15  # a voice may be so far from its place before it is cut or filled: under a packet
DRIFT_MS = 5  # and so far before it is played faster or slower
SLIP = (
    192  # a packet becomes longer or shorter by one of so many samples: nobody hears half a percent
)
KNEE = 0.7  # of full scale; louder sound is bent, so that many voices never clip
TICK_SECONDS = 0.1  # from a voice to the mix; a part of a recording is ten times as long
QUEUE_LIMIT = 2_000  # packets that wait for the thread: ten seconds of two voices and more
UNREAD_LIMIT = 1_500  # packets: half a minute nobody reads
MIX_LIMIT = 500  # frames at once: ten seconds, two megabytes
_FULL = 32_767.0


@dataclass(frozen=True, slots=True)
class MixedPacket:
    """One Opus packet of PACKET_MS; the position of its beginning in milliseconds."""

    position: int
    payload: bytes


@dataclass(slots=True)
class Losses:
    """What did not become sound, in packets, and what was made up, in milliseconds."""

    broken: int = 0
    late: int = 0
    early: int = 0
    concealed_ms: int = 0


class Voice:
    """One source's sound, laid on the lesson's clock; positions are samples."""

    def __init__(self, losses: Losses) -> None:
        self.heard_at = 0.0  # ms on the lesson's clock: when a packet came last
        self.end = 0  # where its sound ends; 0 before the first
        self._decoder = VoiceDecoder()
        self._losses = losses
        self._pieces: deque[tuple[int, Samples]] = deque()  # in order, without overlap
        self._concealed = 0  # samples made up since the last packet

    @property
    def begin(self) -> int | None:
        """Return where its waiting sound begins, or None."""
        return self._pieces[0][0] if self._pieces else None

    def take(self, at: int, payload: bytes, now: float) -> None:
        """Lay a packet where it belongs, or where its voice goes on; raises NotOpus."""
        sound = self._decoder.decode(payload)
        away = at - self.end
        if away < -SLACK_MS * PER_MS:
            self._losses.late += 1
            return
        if away > FILL_MS * PER_MS:
            self.end = at
        elif away > SLACK_MS * PER_MS:
            self._fill(at)
        elif abs(away) > DRIFT_MS * PER_MS:
            sound = _slip(sound, longer=away > 0)
        self.heard_at = now
        self._concealed = 0
        self._add(sound)

    def _fill(self, until: int) -> None:
        self.cover(until)
        self._add(np.zeros(until - self.end, np.int16))

    def cover(self, until: int) -> None:
        """Make up for what is missing, as long as that sounds well."""
        left = CONCEAL_MS * PER_MS - self._concealed
        missing = min(until - self.end, left)
        if missing > 0 and self.end > 0:
            self._concealed += missing
            self._losses.concealed_ms += missing // PER_MS
            self._add(self._decoder.conceal(missing))

    def fade(self) -> None:
        """Let a voice that comes no more end softly."""
        if self._concealed == 0:
            self.cover(self.end + FRAME)

    def _add(self, sound: Samples) -> None:
        if len(sound):
            self._pieces.append((self.end, sound))
            self.end += len(sound)

    def add_to(self, target: NDArray[np.float32], at: int) -> None:
        """Add the sound of an interval to a mix, and keep only what comes after it."""
        until = at + len(target)
        while self._pieces and self._pieces[0][0] < until:
            begin, sound = self._pieces.popleft()
            first, last = max(begin, at), min(begin + len(sound), until)
            if first < last:
                target[first - at : last - at] += sound[first - begin : last - begin]
            if begin + len(sound) > until:
                self._pieces.appendleft((max(until, begin), sound[max(until, begin) - begin :]))
                return


class Mix:
    """The voices of one lesson and their sum; takes the time, has none."""

    def __init__(self, after: int | None = None) -> None:
        self.losses = Losses()
        self.next = after  # the sample after the last that was mixed
        self._voices: dict[Source, Voice] = {}
        self._encoder = VoiceEncoder()

    def take(self, source: Source, position: float, payload: bytes, now: float) -> None:
        """Take a packet at its position; both in milliseconds. What is no use is counted."""
        if position > now + MAX_AHEAD_MS or position < 0:
            self.losses.early += 1
            return
        at = round(position * PER_MS)
        try:
            if self.next is not None and at + duration(payload) <= self.next:
                self.losses.late += 1
                return
            voice = self._voices.get(source)
            if voice is None:
                voice = self._voices[source] = Voice(self.losses)
            voice.take(at, payload, now)
        except NotOpus:
            self.losses.broken += 1

    def mix(self, now: float) -> list[MixedPacket]:
        """Return the packets that are complete now, in milliseconds on the lesson's clock."""
        return self._mix(self._complete(now))

    def flush(self) -> list[MixedPacket]:
        """Return what is left; the sound after it is new."""
        return self._mix(self._last_end())

    def _complete(self, now: float) -> int | None:
        """Return until where every voice that still comes has come."""
        coming: list[int] = []
        for voice in self._voices.values():
            if now - voice.heard_at <= HOLD_MS:
                coming.append(voice.end)
            else:
                voice.fade()
        last = self._last_end()
        if not coming or last is None:
            return last
        behind = max(min(coming), last - MAX_LAG_MS * PER_MS)
        return behind // FRAME * FRAME

    def _last_end(self) -> int | None:
        """Return the end of the packet in which the last sound ends, or None without sound."""
        ends = [one.end for one in self._voices.values() if one.begin is not None]
        return -(-max(ends) // FRAME) * FRAME if ends else None

    def _mix(self, until: int | None) -> list[MixedPacket]:
        begins = [begin for one in self._voices.values() if (begin := one.begin) is not None]
        if until is None or not begins:
            return []
        first = min(begins) // FRAME * FRAME
        if self.next is None or first - self.next > FILL_MS * PER_MS:
            self.next = first
        packets: list[MixedPacket] = []
        while (count := min((until - self.next) // FRAME, MIX_LIMIT)) > 0:
            packets += self._frames(self.next, count)
            self.next += count * FRAME
        return packets

    def _frames(self, at: int, count: int) -> Iterable[MixedPacket]:
        total = np.zeros(count * FRAME, np.float32)
        for voice in self._voices.values():
            if voice.begin is not None and voice.end < at + len(total):
                voice.cover(at + len(total))
            voice.add_to(total, at)
        sound = limit(total)
        for number in range(count):
            payload = self._encoder.encode(sound[number * FRAME : (number + 1) * FRAME])
            yield MixedPacket(at // PER_MS + number * PACKET_MS, payload)


def limit(total: NDArray[np.float32]) -> Samples:
    """Return a sum of voices as samples: what is below the knee as it is, the rest bent."""
    knee = KNEE * _FULL
    size = np.abs(total)
    if size.max(initial=0.0) > knee:
        bent = knee + (_FULL - knee) * np.tanh((size - knee) / (_FULL - knee))
        total = np.where(size > knee, np.copysign(bent, total), total)
    return np.rint(total).astype(np.int16)


def _slip(sound: Samples, *, longer: bool) -> Samples:
    """Return a sound that is a little longer or shorter."""
    samples = len(sound) // SLIP
    places = np.linspace(0, len(sound) - 1, len(sound) + (samples if longer else -samples))
    return np.rint(np.interp(places, np.arange(len(sound)), sound)).astype(np.int16)


class Mixer:
    """The mix of one lesson as the loop knows it: packets in, mixed packets out."""

    def __init__(self, mixers: Mixers, clock: Callable[[], float]) -> None:
        self.dropped = 0  # packets that the thread had no time for, or that nobody has read
        self._mixers = mixers
        self._clock = clock
        self._mix = Mix()
        self._waiting: list[tuple[Source, float, bytes]] = []
        self._made: deque[MixedPacket] = deque()

    @property
    def losses(self) -> Losses:
        """Return what did not become sound."""
        return self._mix.losses

    def feed(self, source: Source, position: float, payload: bytes) -> None:
        """Take a voice's packet and its position in milliseconds; never waits."""
        if len(self._waiting) >= QUEUE_LIMIT:
            self.dropped += 1
            return
        self._waiting.append((source, position, payload))

    def read(self) -> list[MixedPacket]:
        """Return what was mixed since the last call, in order; never waits."""
        return [self._made.popleft() for _ in range(len(self._made))]

    async def close(self) -> None:
        """Mix what is left, to be read once more."""
        await self._mixers.close(self)

    def job(self, *, last: bool = False) -> Callable[[], None]:
        """Return the work that waits, for the thread."""
        packets, self._waiting = self._waiting, []
        return partial(self._work, packets, self._clock(), last)

    def _work(self, packets: list[tuple[Source, float, bytes]], now: float, last: bool) -> None:
        mix = self._mix
        try:
            for source, position, payload in packets:
                mix.take(source, position, payload, now)
            self._keep(mix.flush() if last else mix.mix(now))
        except Exception:  # the other lessons in this thread go on, and so does this one
            logger.exception("a mix begins anew")
            self._mix = Mix(mix.next)

    def _keep(self, packets: list[MixedPacket]) -> None:
        self._made.extend(packets)
        while len(self._made) > UNREAD_LIMIT:
            self._made.popleft()
            self.dropped += 1


class Mixers:
    """All mixes of a process, and the one thread that makes them."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="mixer")
        self._open: dict[Mixer, None] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to mix."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End the thread; what was not closed is lost. Safe to call twice."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._thread.shutdown(wait=False, cancel_futures=True)

    def open(self, clock: Callable[[], float]) -> Mixer:
        """Begin the mix of a lesson whose clock says milliseconds."""
        mixer = Mixer(self, clock)
        self._open[mixer] = None
        return mixer

    async def close(self, mixer: Mixer) -> None:
        """End a mix; safe to call twice."""
        if self._open.pop(mixer, mixer) is None:
            await self._do([mixer.job(last=True)])

    async def turn(self) -> None:
        """Mix what has come in all lessons."""
        await self._do([mixer.job() for mixer in self._open])

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            await self.turn()

    async def _do(self, jobs: list[Callable[[], None]]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, _do_all, jobs)


def _do_all(jobs: list[Callable[[], None]]) -> None:
    for job in jobs:
        job()
