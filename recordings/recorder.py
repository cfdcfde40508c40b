"""A lesson's recorder: one more subscriber, whose packets go to disk in a thread."""

from __future__ import annotations

import asyncio
import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from media.errors import MediaError
from media.events import SourceRemoved
from media.types import CloseReason, Codec, Slot, SlotParameters, Source
from recordings.clock import Tie
from recordings.segments import Folder
from recordings.tracks import (
    H264_TYPE,
    OPUS_TYPE,
    VP8_TYPE,
    Lengths,
    VideoTrack,
    VoiceTrack,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import ThreadPoolExecutor
    from pathlib import Path

    from media.events import RoomEvent
    from media.membership import DirectSubscription
    from media.mixer import MixedPacket
    from media.room import Room
    from recordings.catalogue import Still
    from recordings.segments import Sync, Why
    from recordings.tracks import Keyframe, VoiceMix

    Batch = tuple[Slot, float, list[bytes]]  # with the lesson's time at which it came

logger = logging.getLogger(__name__)

T = TypeVar("T")

TICK_SECONDS: Final = 0.1  # from a packet's arrival to the thread; what a crash costs on top
PARTICIPANT: Final = "recorder"
TRACKS: Final = {Slot.SCREEN: "screen", Slot.CAMERA: "camera", Slot.GUEST: "guest-camera"}
VOICES: Final = {Slot.VOICE: Source.VOICE, Slot.GUEST_VOICE: Source.GUEST_VOICE}
SOURCES: Final = {
    Source.SCREEN: Slot.SCREEN,
    Source.CAMERA: Slot.CAMERA,
    Source.GUEST_CAMERA: Slot.GUEST,
}


class Gap(NamedTuple):
    """An interval, in milliseconds, in which a track has nothing."""

    track: str
    at: int
    length: int
    why: Why


class Taken(NamedTuple):
    """What a thread says after it took packets."""

    wishes: list[Slot]  # slots that need a keyframe
    gaps: list[Gap]
    voice: list[MixedPacket]
    keyframes: list[Keyframe]  # the newest of each track
    error: OSError | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """How a lesson is recorded; `ends` says where each track of an earlier recording ended.

    `stills` are the slides, by number and position, that its index has already.
    """

    path: Path
    lengths: Lengths
    sync: Sync
    sync_seconds: float
    ends: Mapping[str, int]
    stills: frozenset[tuple[int, int]] = frozenset()


class Tape:
    """What the thread holds: the tracks and their folder. One call at a time."""

    def __init__(self, plan: Plan, mix: VoiceMix, now: float) -> None:
        self.folder = Folder(plan.path, plan.sync, plan.sync_seconds)
        self.folder.start(round(now))
        tie = Tie()
        self.pictures = {
            slot: VideoTrack(name, self.folder, plan.lengths, tie, plan.ends.get(name))
            for slot, name in TRACKS.items()
        }
        self.voice = VoiceTrack(self.folder, plan.lengths, tie, mix, plan.ends.get("voice"))
        self._tracks = (*self.pictures.values(), self.voice)

    def take(
        self,
        batches: Sequence[Batch],
        left: set[Slot],
        now: float,
        stills: Sequence[Still] = (),
    ) -> Taken:
        """Take what came since the last call and let time pass."""
        error = None
        try:
            for still in stills:
                self.folder.still(still.number, still.at, still.widths)
            for slot, arrival, packets in batches:
                if slot in self.pictures:
                    self.pictures[slot].take(packets, arrival)
                else:
                    self.voice.take(VOICES[slot], packets, arrival)
            for slot in left:
                self.pictures[slot].leave()
            for track in self._tracks:
                track.advance(now)
        except OSError as failure:
            error = failure
        wishes = [slot for slot, track in self.pictures.items() if track.wants_keyframe(now)]
        return Taken(wishes, self._gaps(), self._heard(), self._keyframes(), error)

    def overhear(self, batches: Sequence[Batch], now: float) -> list[MixedPacket]:
        """Mix the voices that came since the last call, and record nothing."""
        for slot, arrival, packets in batches:
            if slot in VOICES:
                self.voice.take(VOICES[slot], packets, arrival)
        self.voice.overhear(now)
        return self._heard()

    def interrupt(self, why: Why) -> None:
        """Close the runs; what comes later is after a gap."""
        for track in self._tracks:
            try:
                track.leave(why)
            except OSError:
                track.forget()
                track.leave(why)  # nothing is left to write

    def close(self, at: int | None) -> None:
        """Write what is left, and the end if there is one."""
        self.interrupt("server")
        try:
            if at is not None:
                self.folder.end(at)
        finally:
            self.folder.close()

    def _heard(self) -> list[MixedPacket]:
        heard, self.voice.heard = self.voice.heard, []
        return heard

    def _keyframes(self) -> list[Keyframe]:
        found = [track.keyframe for track in self.pictures.values() if track.keyframe is not None]
        for track in self.pictures.values():
            track.keyframe = None
        return found

    def _gaps(self) -> list[Gap]:
        told = []
        for track in self._tracks:
            told += [Gap(track.name, *gap) for gap in track.gaps]
            track.gaps.clear()
        return told


class Recorder:
    """Records a room until it is stopped; `position` is the lesson's clock in milliseconds."""

    def __init__(
        self,
        room: Room,
        plan: Plan,
        mix: VoiceMix,
        position: Callable[[], float],
        threads: ThreadPoolExecutor,
    ) -> None:
        self.paused = False
        self.dropped = 0  # packets, at our own queue
        self._room = room
        self.plan = plan
        self._mix = mix
        self._position = position
        self._threads = threads
        self._tape: Tape | None = None
        self._busy = threading.Lock()
        self._reader: DirectSubscription | None = None
        self._left: set[Slot] = set()
        self._stills: list[Still] = []  # that the index is still to tell
        self._task: asyncio.Task[None] | None = None
        self._on_gap: list[Callable[[Gap], None]] = []
        self._on_keyframe: list[Callable[[Keyframe], None]] = []
        self._on_error: list[Callable[[OSError], None]] = []
        self._on_voice: list[Callable[[list[MixedPacket], float], None]] = []
        self._unsubscribe: Callable[[], None] | None = None

    @property
    def written(self) -> int:
        """Return how many bytes this process has written."""
        return 0 if self._tape is None else self._tape.folder.bytes

    def on_gap(self, callback: Callable[[Gap], None]) -> None:
        """Call back with every gap once it is over."""
        self._on_gap.append(callback)

    def on_keyframe(self, callback: Callable[[Keyframe], None]) -> None:
        """Call back with keyframes: the newest of each track that came within TICK_SECONDS."""
        self._on_keyframe.append(callback)

    def on_error(self, callback: Callable[[OSError], None]) -> None:
        """Call back when the disk takes no more; recording is paused then."""
        self._on_error.append(callback)

    def on_voice(self, callback: Callable[[list[MixedPacket], float], None]) -> None:
        """Call back with what was mixed and the lesson's time, ten times a second; not at the end.

        While recording is paused, too.
        """
        self._on_voice.append(callback)

    async def start(self) -> None:
        """Begin; raises OSError when the folder can not be made."""
        self._subscribe()
        self._unsubscribe = self._room.subscribe_events(self._hear)
        now = self._position()
        self._tape = await self._run(lambda: Tape(self.plan, self._mix, now))
        self._task = asyncio.create_task(self._record())

    async def pause(self) -> None:
        """Close the runs and write nothing until `resume`."""
        if not self.paused and self._tape is not None:
            self.paused = True
            tape = self._tape
            await self._run(lambda: tape.interrupt("disk"))

    def note(self, still: Still) -> None:
        """Tell in the index which slide is seen; after a pause if there is one."""
        self._stills.append(still)

    def resume(self) -> None:
        """Go on after a pause."""
        self.paused = False

    async def stop(self, *, final: bool) -> None:
        """Write what has come; `final` says that the lesson is over. Safe to call twice."""
        task, self._task = self._task, None
        if task is None or self._tape is None:
            return
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await self._turn()
        if self._unsubscribe is not None:
            self._unsubscribe()
        if self._reader is not None:
            self._reader.close(CloseReason.LEFT)
        tape, at = self._tape, round(self._position()) if final else None
        await self._run(lambda: tape.close(at))

    def _subscribe(self) -> None:
        """Watch the room; comes back when the engine's thread failed."""
        if self._room.closed:
            return
        try:
            self._reader = self._room.add_reader(PARTICIPANT, _slots())
        except MediaError as error:
            logger.warning("room %s can not be recorded: %s", self._room.lesson, error)
            return
        self._reader.on_close(self._return)

    def _return(self, reason: CloseReason) -> None:
        """Watch again when the room failed in the engine, once it has begun anew."""
        if reason is CloseReason.ROOM_FAILED:
            asyncio.get_running_loop().call_soon(self._subscribe)

    def _arrived(self) -> list[Batch]:
        """Take what waits in the slots."""
        if self._reader is None:
            return []
        behind = self._room.time() * 1000 - self._position()
        self.dropped = sum(one.dropped for one in self._reader.consumers.values())
        return [
            (slot, came * 1000 - behind, packets)
            for slot, consumer in self._reader.consumers.items()
            for came, packets in consumer.take()
        ]

    def _hear(self, event: RoomEvent) -> None:
        if isinstance(event, SourceRemoved) and event.reason is CloseReason.LEFT:
            slot = SOURCES.get(event.source)
            if slot is not None:
                self._left.add(slot)

    async def _record(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            await self._turn()

    async def _turn(self) -> None:
        arrived = self._arrived()
        left, self._left = self._left, set()
        tape = self._tape
        if tape is None:
            return
        now, stills = self._position(), tuple(self._stills)
        if self.paused:
            self._tell_voice(await self._run(lambda: tape.overhear(arrived, now)), now)
            return
        taken = await self._run(lambda: tape.take(arrived, left, now, stills))
        if taken.error is None:
            del self._stills[: len(stills)]
        self._tell_voice(taken.voice, now)
        for slot in taken.wishes:
            self._ask(slot)
        self._tell_keyframes(taken.keyframes)
        for gap in taken.gaps:
            for told in self._on_gap:
                told(gap)
        if taken.error is not None:
            await self.pause()
            for failed in self._on_error:
                failed(taken.error)

    def _tell_keyframes(self, keyframes: list[Keyframe]) -> None:
        for keyframe in keyframes:
            for shown in self._on_keyframe:
                shown(keyframe)

    def _tell_voice(self, packets: list[MixedPacket], now: float) -> None:
        for heard in self._on_voice:
            heard(packets, now)

    def _ask(self, slot: Slot) -> None:
        """Ask for a keyframe; the engine asks the publisher at most twice a second."""
        consumer = None if self._reader is None else self._reader.consumers.get(slot)
        if consumer is not None and consumer.producer is not None:
            consumer.producer.request_keyframe()

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._alone, work)

    def _alone(self, work: Callable[[], T]) -> T:
        """Work once the work before it is done: who waited for that may have been cancelled."""
        with self._busy:
            return work()


def _slots() -> list[tuple[Slot, SlotParameters]]:
    """Return the slots in which a lesson is recorded."""
    pictures = (Codec("H264", H264_TYPE, 90_000), Codec("VP8", VP8_TYPE, 90_000))
    voices = (Codec("opus", OPUS_TYPE, 48_000),)
    return [
        (
            slot,
            SlotParameters(
                kind=slot.kind,
                mid=slot.value,
                ssrc=number,
                cname=PARTICIPANT,
                codecs=pictures if slot.kind == "video" else voices,
            ),
        )
        for number, slot in enumerate((*TRACKS, *VOICES), 1)
    ]
