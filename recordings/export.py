"""A recording as files that any player opens: its parts copied, nothing encoded again. Blocks.

Pictures in H.264 and the voice become one MP4. VP8 has no place there that players know: a track
with any of it becomes a WebM beside it. Positions are counted from where the recording begins.
"""

from __future__ import annotations

import contextlib
import heapq
import io
from fractions import Fraction
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple

import av
from av.bitstream import BitStreamFilterContext

from recordings.catalogue import TRACKS, VOICE, Catalogue, Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

H264, VP8 = "h264", "vp8"
_UNFINISHED: Final = ".part"


class Plan(NamedTuple):
    """One file to be made: which tracks are in it, and what its name ends with."""

    tracks: tuple[str, ...]
    ending: str


class _Piece(NamedTuple):
    """A packet on its way: its time in ms orders it among those of other tracks."""

    at: float
    number: int  # of its track, so that no two packets are ever compared
    packet: Any
    ticks: int


def plan(catalogue: Catalogue, tracks: Sequence[str], *, single: bool) -> list[Plan]:
    """Return the files that hold these tracks: one for all, or with `single` one for each."""
    there = [track for track in TRACKS if track in tracks and catalogue.track_runs(track)]
    old = [track for track in there if _has_vp8(catalogue, track)]
    if single:
        return [Plan((one,), f"-{one}.{'webm' if one in old else 'mp4'}") for one in there]
    together = tuple(track for track in there if track not in old)
    sound = [VOICE] if VOICE in there else []
    files = [Plan(together, ".mp4")] if together and (together != (VOICE,) or not old) else []
    return files + [Plan((one, *sound), f"-{one}.webm") for one in old]


def _has_vp8(catalogue: Catalogue, track: str) -> bool:
    return any(run.codec.startswith("vp08") for run in catalogue.track_runs(track))


def size_of(catalogue: Catalogue, wanted: Plan) -> int:
    """Return how many bytes are read for a file."""
    return sum(part.size for track in wanted.tracks for part in catalogue.track_parts(track))


def export(
    catalogue: Catalogue,
    open_run: Callable[[Run], BinaryIO],
    wanted: Plan,
    path: Path,
    progress: Callable[[int], None] = lambda _size: None,
) -> None:
    """Write one file; it has its name once it is whole. Raises OSError and FFmpegError."""
    fresh = path.with_name(path.name + _UNFINISHED)
    kind = path.suffix.removeprefix(".")
    options = {"movflags": "faststart"} if kind == "mp4" else {}
    runs = {track: catalogue.track_runs(track) for track in wanted.tracks}
    start = min(some[0].parts[0].at for some in runs.values())
    try:
        with av.open(str(fresh), "w", format=kind, options=options) as container:
            streams = [_stream(container, runs[track], open_run) for track in wanted.tracks]
            pieces = [
                _pieces(number, runs[track], open_run, start, progress)
                for number, track in enumerate(wanted.tracks)
            ]
            for piece in heapq.merge(*pieces):
                _mux(container, streams[piece.number], piece)
        fresh.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            fresh.unlink()


def _stream(container: Any, runs: Sequence[Run], open_run: Callable[[Run], BinaryIO]) -> Any:
    newest = runs[-1]
    if newest.width is None:
        with open_run(newest) as file, av.open(io.BytesIO(_read(file, *newest.init))) as sound:
            stream = container.add_stream_from_template(sound.streams[0])
    else:
        codec = VP8 if newest.codec.startswith("vp08") else H264
        stream = container.add_mux_stream(codec, width=newest.width, height=newest.height)
    stream.time_base = Fraction(1, newest.timescale)
    return stream


def _mux(container: Any, stream: Any, piece: _Piece) -> None:
    packet = piece.packet
    packet.stream = stream
    packet.time_base = stream.time_base
    packet.pts = packet.dts = piece.ticks
    container.mux_one(packet)


def _pieces(
    number: int,
    runs: Sequence[Run],
    open_run: Callable[[Run], BinaryIO],
    start: int,
    progress: Callable[[int], None],
) -> Iterator[_Piece]:
    """Yield a track's packets with times that grow."""
    last = -1
    for run in runs:
        with open_run(run) as file:
            init = _read(file, *run.init)
            for part in run.parts:
                data = _read(file, part.offset, part.size)
                progress(part.size)
                for packet in _packets(run, init + data):
                    ticks = packet.pts - start * run.timescale // 1000
                    if ticks <= last:  # clocks of two runs that overlap
                        continue
                    last = ticks
                    yield _Piece(ticks * 1000 / run.timescale, number, packet, ticks)


def _read(file: BinaryIO, offset: int, size: int) -> bytes:
    file.seek(offset)
    return file.read(size)


def _packets(run: Run, data: bytes) -> Iterator[Any]:
    """Yield packets; those of H.264 with their parameter sets, which may differ between runs."""
    with av.open(io.BytesIO(data), "r") as container:
        stream = container.streams[0]
        plain = run.codec.startswith("avc1")
        whole = BitStreamFilterContext("h264_mp4toannexb", stream) if plain else None
        for packet in container.demux(stream):
            if packet.size:
                yield from (packet,) if whole is None else whole.filter(packet)
