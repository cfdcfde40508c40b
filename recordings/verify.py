"""Whether a recording is what its index says: the boxes of every part, and what decodes. Blocks.

Reads beside a server that records: bytes come before the line that tells of them, so what is told
must be there, and what is not told yet is no flaw while a run grows.
"""

from __future__ import annotations

import io
import os
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple

import av
from av.error import FFmpegError

from recordings.catalogue import VOICE, Catalogue, Part, Run
from recordings.container import boxes
from recordings.scan import scan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SLACK_MS: Final = 50  # between the index and the boxes: both are rounded, no picture is so short
GROUP_MS: Final = 10_000  # of sound decoded at once; pictures are decoded from key to key


class Depth(StrEnum):
    """How much is decoded."""

    NONE = "none"
    KEYFRAMES = "keyframes"  # the pictures at which a replay can begin, a second of sound in ten
    ALL = "all"


class What(StrEnum):
    """What is wrong with a run or a part of it."""

    MISSING = "missing"  # the run's file
    SHORT = "short"  # the file ends before the part does
    BEGINNING = "beginning"  # what begins the run is none
    BOXES = "boxes"  # the part's boxes are damaged
    POSITION = "position"  # the part says another time than the index
    UNTOLD = "untold"  # bytes after the last part that the index tells of
    UNDECODABLE = "undecodable"


class Flaw(NamedTuple):
    """One thing that is wrong, and at which position in ms."""

    run: str
    at: int
    what: What


@dataclass(slots=True)
class Report:
    """What was looked at, and what is wrong with it."""

    runs: int = 0
    parts: int = 0
    bytes: int = 0
    flaws: list[Flaw] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return the report for machines."""
        flaws = [{"run": one.run, "at": one.at, "what": one.what.value} for one in self.flaws]
        return {"runs": self.runs, "parts": self.parts, "bytes": self.bytes, "flaws": flaws}


def verify(
    catalogue: Catalogue,
    open_run: Callable[[Run], BinaryIO],
    depth: Depth,
    progress: Callable[[int], None] = lambda _size: None,
) -> Report:
    """Look at every part of every run; `progress` is told bytes. Raises OSError."""
    report = Report()
    for run in catalogue.runs.values():
        report.runs += 1
        begin = run.parts[0].at if run.parts else 0
        try:
            file = open_run(run)
        except FileNotFoundError:
            report.flaws.append(Flaw(run.name, begin, What.MISSING))
            progress(run.size)
            continue
        with file:
            _verify_run(run, file, depth, report, progress)
            if catalogue.is_closed(run) and file.seek(0, os.SEEK_END) > run.size:
                report.flaws.append(Flaw(run.name, run.end, What.UNTOLD))
    return report


def _verify_run(
    run: Run, file: BinaryIO, depth: Depth, report: Report, progress: Callable[[int], None]
) -> None:
    init = _read(file, *run.init)
    progress(len(init))
    if [kind for kind, _, _ in boxes(init)] != [b"ftyp", b"moov"]:
        report.flaws.append(Flaw(run.name, run.parts[0].at if run.parts else 0, What.BEGINNING))
        return
    for group in _groups(run):
        whole: list[bytes] = []
        sound = True
        for part in group:
            data = _read(file, part.offset, part.size)
            progress(part.size)
            report.parts += 1
            report.bytes += len(data)
            if (what := _compare(part, data, run.timescale)) is not None:
                report.flaws.append(Flaw(run.name, part.at, what))
                sound = False
            if sound:  # what follows a flaw has nothing to be decoded from
                whole.append(data)
        wanted = whole if depth is Depth.ALL else whole[:1]
        if wanted and depth is not Depth.NONE and not _decodes(init + b"".join(wanted)):
            report.flaws.append(Flaw(run.name, group[0].at, What.UNDECODABLE))


def _read(file: BinaryIO, offset: int, size: int) -> bytes:
    file.seek(offset)
    return file.read(size)


def _groups(run: Run) -> Iterator[list[Part]]:
    """Yield parts that are decoded together: the first begins with a key."""
    group: list[Part] = []
    for part in run.parts:
        long_enough = run.track != VOICE or (group and part.end - group[0].at > GROUP_MS)
        if group and part.key and long_enough:
            yield group
            group = []
        group.append(part)
    if group:
        yield group


def _compare(part: Part, data: bytes, timescale: int) -> What | None:
    if len(data) < part.size:
        return What.SHORT
    found = next(iter(scan(data, 0, timescale)), None)
    if found is None or (found.offset, found.size) != (0, part.size):
        return What.BOXES
    apart = max(abs(found.at - part.at), abs(found.length - part.length))
    return What.POSITION if apart > SLACK_MS else None


def _decodes(data: bytes) -> bool:
    try:
        with av.open(io.BytesIO(data), "r") as container:
            stream: Any = container.streams[0]
            stream.codec_context.options = {"err_detect": "explode"}  # conceal nothing
            return sum(1 for _ in container.decode(stream)) > 0
    except (FFmpegError, IndexError, ValueError):
        return False
