"""A finished lesson as one file to keep: pictures with the voice, or the voice alone.

The file is progressive MP4 with its table first, so that it plays while it arrives. What is trimmed
is cut out, and so the file is shorter; what is muted or missing is silence, and the last picture
stays. Nothing is encoded: H.264 and AAC are copied.
"""

from __future__ import annotations

import hashlib
import heapq
import json
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple

import av

from recordings.aac import BIT_RATE, FRAME, silence
from recordings.catalogue import VOICE, Catalogue, Part, Run
from recordings.container import VIDEO_RATE, VOICE_RATE, voice_template
from recordings.cuts import Cuts, apply
from recordings.read import Damaged, packets_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

PICTURES: Final = ("screen", "camera")
NAMES: Final = (*PICTURES, VOICE)
_FILE: Final = re.compile(rf"(?:{'|'.join(NAMES)})-[0-9a-f]{{16}}\.(?:mp4|m4a)")
FRAME_MS: Final = FRAME * 1000 // VOICE_RATE
OVERHEAD: Final = 1.01  # of its table; the rest is copied


def ending_of(name: str) -> str:
    """Return what the name of a file ends with."""
    return ".m4a" if name == VOICE else ".mp4"


def file_name(name: str, cuts: Cuts) -> str:
    """Return the name of a download's file; with other cuts it is another file."""
    text = json.dumps([cuts.start, cuts.kept, cuts.muted]).encode()
    return f"{name}-{hashlib.sha256(text).hexdigest()[:16]}{ending_of(name)}"


def is_download(file: str) -> bool:
    """Return whether a file in the folder of what was made is a download."""
    return _FILE.fullmatch(file) is not None


def available(catalogue: Catalogue, cuts: Cuts) -> list[str]:
    """Return which downloads a recording has for whoever it is cut for."""
    shown = apply(catalogue, cuts)
    tracks = {run.track for run in shown.runs.values() if run.parts}
    return [name for name in NAMES if name in tracks]


def size_of(catalogue: Catalogue, name: str, cuts: Cuts) -> int:
    """Return about how many bytes a download has, before it is made."""
    shown = apply(catalogue, cuts)
    parts = [part for run in shown.track_runs(name) for part in run.parts] if name != VOICE else []
    seconds = Timeline(cuts, shown.length).length / 1000
    return round((sum(part.size for part in parts) + seconds * BIT_RATE / 8) * OVERHEAD)


class Timeline:
    """Where a position on the lesson's clock is in the file: what is trimmed has no length."""

    def __init__(self, cuts: Cuts, length: int, start: int = 0) -> None:
        self._kept = [
            (max(one, start), min(to, length))
            for one, to in cuts.intervals()
            if max(one, start) < min(to, length)
        ]
        self.length = sum(to - one for one, to in self._kept)

    def place(self, at: float) -> float:
        """Return the place in the file, in ms like the position."""
        before = 0.0
        for one, to in self._kept:
            if at < one:
                break
            before += min(at, to) - one
        return before


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a download comes from; `recording` has H.264 and AAC only."""

    recording: Catalogue
    cuts: Cuts
    open_run: Callable[[Run], BinaryIO]
    timeline: Timeline
    tell: Callable[[float], None]
    warn: Callable[[str], None]


class _Packet(NamedTuple):
    ms: float
    stream: int
    packet: Any
    ticks: int


def write(path: str, name: str, sources: Sources) -> None:
    """Write a download; raises OSError and FFmpegError."""
    shown = apply(sources.recording, sources.cuts)
    pictures = [] if name == VOICE else shown.track_runs(name)
    voice = sources.recording.track_runs(VOICE)
    makers: list[Iterator[_Packet]] = []
    with av.open(path, "w", format="mp4", options={"movflags": "faststart"}) as container:
        streams = []
        if pictures:
            sizes = {"width": pictures[-1].width, "height": pictures[-1].height}
            streams.append(container.add_mux_stream("h264", **sizes))
            streams[-1].time_base = Fraction(1, VIDEO_RATE)
            makers.append(_pictures(pictures, sources, len(makers)))
        if voice:
            streams.append(container.add_stream_from_template(voice_template("aac")))
            streams[-1].time_base = Fraction(1, VOICE_RATE)
            makers.append(_sound(voice, sources, len(makers), paced=not pictures))
        for one in heapq.merge(*makers, key=lambda one: one.ms):
            packet, stream = one.packet, streams[one.stream]
            packet.stream, packet.time_base = stream, stream.time_base
            packet.pts = packet.dts = one.ticks
            container.mux_one(packet)


def _pictures(runs: Sequence[Run], sources: Sources, stream: int) -> Iterator[_Packet]:
    last = -1
    for run in runs:
        broken = True
        for part, packets in _parts(run, sources):
            broken = broken or packets is None
            for packet in packets or ():
                if broken and not packet.is_keyframe:
                    continue
                broken = False
                place = sources.timeline.place(packet.pts * 1000 / run.timescale)
                ticks = round(place * VIDEO_RATE / 1000)
                if ticks > last:  # clocks of two runs may overlap
                    last = ticks
                    yield _Packet(place, stream, packet, ticks)
            sources.tell(part.length)


def _sound(runs: Sequence[Run], sources: Sources, stream: int, *, paced: bool) -> Iterator[_Packet]:
    number = 0  # of the next frame: they follow each other without a hole
    for run in runs:
        for part, packets in _parts(run, sources):
            for packet in packets or ():
                at = packet.pts * 1000 // run.timescale
                if not sources.cuts.is_heard(at, at + FRAME_MS):
                    continue
                place = sources.timeline.place(packet.pts * 1000 / run.timescale)
                wanted = round(place * VOICE_RATE / 1000 / FRAME)
                while number < wanted:
                    yield _frame(av.Packet(silence()), stream, number)
                    number += 1
                if wanted == number:
                    yield _frame(packet, stream, number)
                    number += 1
            if paced:
                sources.tell(part.length)


def _frame(packet: Any, stream: int, number: int) -> _Packet:
    packet.duration, packet.is_keyframe = FRAME, True
    return _Packet(number * FRAME * 1000 / VOICE_RATE, stream, packet, number * FRAME)


def _parts(run: Run, sources: Sources) -> Iterator[tuple[Part, list[Any] | None]]:
    """Yield the parts of a run with their packets; None for one that is damaged."""
    with sources.open_run(run) as file:
        for part in run.parts:
            try:
                packets = packets_of(run, part, file)
            except Damaged as error:
                sources.warn(f"{run.name} is damaged at {part.at} ms ({error}): left out")
                packets = None
            yield part, packets
