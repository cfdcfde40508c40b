"""The tracks of a recording: frames and sound become parts, parts become runs.

Positions are milliseconds on the lesson's clock. Raises OSError when the disk takes no more.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Protocol

from media.depacketizer import H264Frames, Vp8Frames
from media.packets import Report, parse
from media.reorder import Reorder
from recordings.clock import SlotClock, Tie
from recordings.container import (
    VIDEO_RATE,
    VOICE_RATE,
    Sample,
    video_init,
    video_part,
    voice_init,
    voice_part,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from media.depacketizer import Format, Frame, Frames
    from media.mixer import MixedPacket
    from media.packets import Packet
    from media.types import Source
    from recordings.segments import Folder, Run, Why

GAP_MS: Final = 1000  # less than this is a stutter, not a gap
HOLD_MS: Final = 1000  # the last picture waits so long beyond its part for the one that ends it
STILL_MS: Final = 2000  # how long it is shown then; a source that sends none for longer has stalled
SLACK_MS: Final = 300  # from filming to arrival, before a part is late
VOICE_SLACK_MS: Final = 60  # sound may be so far from its place before it is put there
PACKET_MS: Final = 20
LARGE_FRAME: Final = 2_000  # bytes; a cursor that moves takes fewer
LARGE_CHANGE: Final = 6_000  # bytes of large frames; a page takes more
REST_MS: Final = 500  # without a large frame: what was drawn is there
SHARPENED_MS: Final = 3_000  # after a keyframe, in which encoders only make it sharper


class Keyframe(NamedTuple):
    """A picture that needs no other; `data` as a decoder of the codec takes it."""

    track: str
    at: int
    codec: Literal["H264", "VP8"]
    data: bytes


@dataclass(frozen=True, slots=True)
class Lengths:
    """How long things are, in milliseconds."""

    part: int = 800
    run: int = 600_000
    keyframe: int = 10_000  # a keyframe is asked for when the last one is older


class VoiceMix(Protocol):
    """Makes one voice of several; media.mixer has one."""

    def take(self, source: Source, position: float, payload: bytes, now: float) -> None:
        """Take an Opus packet at its position."""

    def mix(self, now: float) -> Sequence[MixedPacket]:
        """Return the Opus packets of 20 ms that are complete."""

    def flush(self) -> Sequence[MixedPacket]:
        """Return what is left."""


class _Track(ABC):
    """What pictures and sound have in common: a run, a gap before it."""

    def __init__(self, name: str, folder: Folder, lengths: Lengths, end: int | None) -> None:
        self.name = name
        self.gaps: list[tuple[int, int, Why]] = []  # told by whoever asks next
        self._folder = folder
        self._lengths = lengths
        self._run: Run | None = None
        self._run_began = 0
        self._end = end  # where the last part ended, or None if nothing is missing since
        self._why: Why = "source" if end is None else "server"

    def leave(self, why: Why | None = None) -> None:
        """End the run: the source was taken away, or something else interrupts."""
        self.end_run()
        if why is None:
            self._end = None
        else:
            self._why = why

    @abstractmethod
    def advance(self, now: float) -> None:
        """Let time pass."""

    @abstractmethod
    def forget(self) -> None:
        """Throw the open part away: the disk takes no more."""

    def end_run(self) -> None:
        """Close the run's file, if there is one."""
        if self._run is not None:
            self._folder.end_run(self._run)
            self._run = None

    def _is_gap(self, at: int) -> bool:
        """Say whether so much is missing before a position that it is a gap."""
        return self._end is not None and at - self._end >= GAP_MS

    def _note_gap(self, at: int) -> None:
        """Tell of what is missing before a position, if it is a gap."""
        if self._end is not None and self._is_gap(at):
            gap = (self._end, at - self._end, self._why)
            self._folder.gap(self.name, *gap)
            self.gaps.append(gap)
        self._end, self._why = None, "source"

    def _write(self, samples: Sequence[Sample], data: bytes, rate: int, *, key: bool) -> None:
        if self._run is None:
            return
        at = round(samples[0].at * 1000 / rate)
        end = round((samples[-1].at + samples[-1].length) * 1000 / rate)
        self._folder.add_part(self._run, at, end - at, data, key=key)
        self._end = end


class Settling:
    """Says when a screen has changed and come to rest, from the sizes of its frames.

    A keyframe shows what is new then. A film never rests, and costs none; nor does a cursor, since
    each student pays for each keyframe.
    """

    def __init__(self) -> None:
        self._changed = 0  # bytes of large frames since the last keyframe was sharp
        self._moved = self._keyed = 0.0

    def take(self, size: int, now: float, *, key: bool) -> None:
        """Take a frame."""
        if key:
            self._changed, self._keyed = 0, now
        elif size >= LARGE_FRAME and now - self._keyed >= SHARPENED_MS:
            self._changed += size
            self._moved = now

    def rests(self, now: float) -> bool:
        """Say whether there is something new, all of it."""
        return self._changed >= LARGE_CHANGE and now - self._moved >= REST_MS


class VideoTrack(_Track):
    """One slot's pictures."""

    def __init__(
        self, name: str, folder: Folder, lengths: Lengths, tie: Tie, end: int | None = None
    ) -> None:
        super().__init__(name, folder, lengths, end)
        self.clock = SlotClock(tie, VIDEO_RATE)
        self.reorder = Reorder()
        self.keyframe: Keyframe | None = None  # the newest; taken by whoever asks next
        self._settling = Settling() if name == "screen" else None
        self._frames: Frames | None = None
        self._codec = 0
        self._format: Format | None = None
        self._waiting: list[tuple[int, Frame]] = []  # ticks and frames of the open part
        self._last = -1  # tick of the newest frame
        self._keyed = 0.0  # when the last keyframe came
        self._arrival = 0.0

    def take(self, data: Sequence[bytes], arrival: float) -> None:
        """Take packets as they came."""
        self._arrival = arrival
        for one in data:
            match parse(one):
                case Report() as report:
                    self.clock.report(report, arrival)
                case None:
                    pass
                case packet:
                    self._sort(self.reorder.push(packet, arrival))

    def advance(self, now: float) -> None:
        """Let time pass: give up what is lost, close the part that is old enough."""
        self._sort(self.reorder.advance(now))
        if not self._waiting:
            return
        age = now - SLACK_MS - self._waiting[0][0] * 1000 / VIDEO_RATE
        if age >= self._lengths.part and len(self._waiting) > 1:
            newest = self._waiting.pop()
            self._cut(newest[0])
            self._waiting = [newest]
        elif age >= self._lengths.part + HOLD_MS:
            self._cut(self._waiting[-1][0] + STILL_MS * VIDEO_RATE // 1000)

    def wants_keyframe(self, now: float) -> bool:
        """Say whether the publisher should send one.

        It should when nothing can be decoded, when none came long, and when a screen has changed.
        """
        if now - self._arrival > GAP_MS:
            return False
        broken = self._frames is None or self._frames.broken or self._run is None
        changed = self._settling is not None and self._settling.rests(now)
        return broken or changed or now - self._keyed >= self._lengths.keyframe

    def leave(self, why: Why | None = None) -> None:
        """End the run with what has come."""
        self._sort(self.reorder.flush())
        if self._waiting:
            step = 3000 if len(self._waiting) < 2 else self._waiting[-1][0] - self._waiting[-2][0]
            self._cut(self._waiting[-1][0] + step)
        super().leave(why)

    def forget(self) -> None:
        """Throw the open part away: the disk takes no more."""
        self._waiting.clear()

    def _sort(self, packets: Sequence[Packet | None]) -> None:
        for packet in packets:
            if packet is None:
                if self._frames is not None:
                    self._frames.lose()
                continue
            if self._frames is None or packet.payload_type != self._codec:
                self._codec = packet.payload_type
                self._frames = H264Frames() if self._codec == H264_TYPE else Vp8Frames()
            frame = self._frames.push(packet)
            if frame is not None:
                self._add(frame)

    def _add(self, frame: Frame) -> None:
        position = self.clock.position(frame.timestamp, self._arrival)
        tick = max(round(max(position, 0.0) * VIDEO_RATE / 1000), self._last + 1)
        at = tick * 1000 // VIDEO_RATE
        fresh = self._format is None or not self._format.continues(frame.format)
        old = at - self._run_began >= self._lengths.run
        behind = self._waiting[-1][0] if self._waiting else None
        hole = behind is not None and tick - behind >= GAP_MS * 3 * VIDEO_RATE // 1000
        part = self._lengths.part * VIDEO_RATE // 1000
        if behind is not None and (frame.key or hole or tick - self._waiting[0][0] >= part):
            self._cut(min(tick, behind + STILL_MS * VIDEO_RATE // 1000))
        if self._run is not None and (fresh or (old and frame.key) or self._is_gap(at)):
            self.end_run()
        if self._run is None:
            if not frame.key:
                return
            self._begin(frame, at)
            self._note_gap(at)
        if frame.key:
            self._keyed = self._arrival
            codec: Literal["H264", "VP8"] = "H264" if self._codec == H264_TYPE else "VP8"
            self.keyframe = Keyframe(self.name, at, codec, frame.format.config + frame.data)
        if self._settling is not None:
            self._settling.take(len(frame.data), self._arrival, key=frame.key)
        self._last = tick
        self._waiting.append((tick, frame))

    def _begin(self, frame: Frame, at: int) -> None:
        shape = self._format = frame.format
        facts = {
            "codec": shape.codec,
            "width": shape.width,
            "height": shape.height,
            "timescale": VIDEO_RATE,
        }
        init = video_init(shape, frame.data)
        self._run = self._folder.begin_run(self.name, init, facts)
        self._run_began = at

    def _cut(self, until: int) -> None:
        """Write the open part; its last picture is shown until a tick."""
        waiting, self._waiting = self._waiting, []
        if self._run is None or self._format is None or not waiting:
            return
        ends = [tick for tick, _ in waiting[1:]] + [until]
        samples = [
            Sample(tick, end - tick, frame.data, frame.key)
            for (tick, frame), end in zip(waiting, ends, strict=True)
        ]
        data = video_part(self._format, samples, self._run.parts + 1)
        self._write(samples, data, VIDEO_RATE, key=samples[0].key)


class VoiceTrack(_Track):
    """The voices of a lesson as one."""

    def __init__(
        self,
        folder: Folder,
        lengths: Lengths,
        tie: Tie,
        mix: VoiceMix,
        end: int | None = None,
    ) -> None:
        super().__init__("voice", folder, lengths, end)
        self.heard: list[MixedPacket] = []  # what was mixed, until somebody takes it
        self._tie = tie
        self._mix = mix
        self._slots: dict[Source, tuple[SlotClock, Reorder]] = {}
        self._waiting: list[Sample] = []

    def take(self, source: Source, data: Sequence[bytes], arrival: float) -> None:
        """Take a voice's packets as they came."""
        clock, reorder = self._slot(source)
        for one in data:
            match parse(one):
                case Report() as report:
                    clock.report(report, arrival)
                case None:
                    pass
                case packet:
                    self._feed(source, reorder.push(packet, arrival), arrival)

    def advance(self, now: float) -> None:
        """Let time pass."""
        self._add(self._hear(now))
        if self._waiting and now - SLACK_MS - self._position(0) >= self._lengths.part + HOLD_MS:
            self._cut()

    def overhear(self, now: float) -> None:
        """Let time pass without recording: who listens goes on hearing."""
        self._hear(now)

    def _hear(self, now: float) -> Sequence[MixedPacket]:
        for source, (_, reorder) in self._slots.items():
            self._feed(source, reorder.advance(now), now)
        mixed = self._mix.mix(now)
        self.heard += mixed
        return mixed

    def leave(self, why: Why | None = None) -> None:
        """End the run with what has come."""
        self._add(self._mix.flush())
        self._cut()
        super().leave(why)

    def forget(self) -> None:
        """Throw the open part away: the disk takes no more."""
        self._waiting.clear()

    def _slot(self, source: Source) -> tuple[SlotClock, Reorder]:
        if source not in self._slots:
            self._slots[source] = (SlotClock(self._tie, VOICE_RATE), Reorder())
        return self._slots[source]

    def _feed(self, source: Source, packets: Sequence[Packet | None], now: float) -> None:
        clock, _ = self._slot(source)
        for packet in packets:
            if packet is not None:
                position = clock.position(packet.timestamp, now)
                self._mix.take(source, position, packet.payload, now)

    def _add(self, packets: Sequence[MixedPacket]) -> None:
        length = PACKET_MS * VOICE_RATE // 1000
        for packet in packets:
            at = packet.position
            if self._waiting and (
                at - self._position(-1) > PACKET_MS + 1
                or at + PACKET_MS - self._position(0) > self._lengths.part
            ):
                self._cut()
            old = at - self._run_began >= self._lengths.run
            if self._run is not None and not self._waiting and (self._is_gap(at) or old):
                self.end_run()
            if self._run is None:
                facts = {"codec": "opus", "timescale": VOICE_RATE}
                self._run = self._folder.begin_run(self.name, voice_init(), facts)
                self._run_began = at
                self._note_gap(at)
            self._waiting.append(Sample(at * VOICE_RATE // 1000, length, packet.payload, True))

    def _position(self, index: int) -> int:
        return self._waiting[index].at * 1000 // VOICE_RATE

    def _cut(self) -> None:
        waiting, self._waiting = self._waiting, []
        if self._run is not None and waiting:
            data = voice_part(waiting, self._run.parts + 1)
            self._write(waiting, data, VOICE_RATE, key=True)


H264_TYPE: Final = 102  # payload types in the recorder's own slots
VP8_TYPE: Final = 96
OPUS_TYPE: Final = 111
