"""What a recording holds, read from its index: runs, parts, gaps and stills (FORMAT.md).

Pure: bytes of index.jsonl go in, in any pieces; a line that is torn waits for its rest, and a line
that is none of ours is passed over, since the run files are the truth and the index only tells of
them. Positions and lengths are milliseconds on the lesson's clock, offsets and sizes bytes.
"""

import json
import re
from bisect import insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

INDEX_NAME = "index.jsonl"
RUN_SUFFIX = ".mp4"
VIDEO_TRACKS = ("screen", "camera", "guest-camera")  # the first that exists is the main picture
VOICE = "voice"
TRACKS = (*VIDEO_TRACKS, VOICE)
MAX_LINE = 4096  # bytes; ours are under 200, and a still's under a kilobyte
# A run's name is all that ever becomes part of a path.
_RUN = re.compile(r"[a-z]{1,16}(?:-[a-z]{1,16}){0,2}-[0-9]{4,8}")


class Part(NamedTuple):
    """The smallest complete piece of a run; `key` begins with a keyframe."""

    run: str
    at: int
    length: int
    offset: int
    size: int
    key: bool

    @property
    def end(self) -> int:
        """Return the position at which it ends."""
        return self.at + self.length


@dataclass(slots=True)
class Run:
    """One file of one track, and the parts in it in the order of their bytes."""

    name: str
    track: str
    codec: str
    init: tuple[int, int]
    timescale: int
    width: int | None = None
    height: int | None = None
    parts: list[Part] = field(default_factory=list)
    of: str | None = None  # the run it was made of, if it was made

    @property
    def size(self) -> int:
        """Return how many bytes are complete."""
        if not self.parts:
            return sum(self.init)
        return self.parts[-1].offset + self.parts[-1].size

    @property
    def end(self) -> int:
        """Return the position at which its last part ends."""
        return self.parts[-1].end if self.parts else 0


@dataclass(frozen=True, slots=True)
class Gap:
    """An interval in which a track has nothing; `why` is a word for people's pages."""

    track: str
    at: int
    length: int
    why: str


@dataclass(frozen=True, slots=True)
class Still:
    """A picture of what was shown from a position on; one file per width in pixels."""

    number: int
    at: int
    widths: tuple[int, ...]


@dataclass(slots=True)
class Catalogue:
    """A recording as far as its index has been read."""

    runs: dict[str, Run] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    stills: list[Still] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)  # as they stand in the index
    length: int = 0
    ended: bool = False
    made: list[Run] = field(default_factory=list)  # of runs that not every player has
    _rest: bytes = b""

    def feed(self, data: bytes) -> None:
        """Take in what was appended to the index."""
        *whole, rest = (self._rest + data).split(b"\n")
        self._rest = rest[: MAX_LINE + 1]
        for line in whole:
            entry = _parse(line)
            if entry is not None and self._take(entry):
                self.lines.append(entry)

    def _take(self, entry: dict[str, Any]) -> bool:
        """Return whether an entry makes sense after those before it."""
        try:
            match entry["type"]:
                case "run":
                    return self._take_run(entry)
                case "part":
                    return self._take_part(entry)
                case "gap":
                    self.gaps.append(_gap(entry))
                case "end":
                    self.length = max(self.length, _natural(entry["at"]))
                    self.ended = True
                    return True
                case "still":  # one of a screen comes some seconds after it was seen
                    insort(self.stills, _still(entry), key=lambda still: still.at)
                case _:
                    return False
        except (KeyError, TypeError, ValueError):
            return False
        if entry["type"] != "still":
            self.ended = False  # what goes on after a restart was not ended
        return True

    def _take_run(self, entry: dict[str, Any]) -> bool:
        name = is_run_name(entry["run"])
        if name is None or name in self.runs or entry["track"] not in TRACKS:
            return False
        first, size = entry["init"]
        self.runs[name] = Run(
            name,
            str(entry["track"]),
            str(entry["codec"]),
            (_natural(first), _natural(size)),
            _natural(entry["timescale"]),
            _size(entry.get("width")),
            _size(entry.get("height")),
            of=is_run_name(entry.get("of")),
        )
        self.ended = False
        return True

    def _take_part(self, entry: dict[str, Any]) -> bool:
        run = self.runs[entry["run"]]
        offset, size = (_natural(value) for value in entry["bytes"])
        part = Part(
            run.name,
            _natural(entry["at"]),
            _natural(entry["for"]),
            offset,
            size,
            entry.get("key") is True or run.track == VOICE,
        )
        if offset < run.size or size == 0:
            return False
        run.parts.append(part)
        self.length = max(self.length, part.end)
        self.ended = False
        return True

    def track_runs(self, track: str) -> list[Run]:
        """Return the runs of a track that have parts, in the order of time."""
        found = [run for run in self.runs.values() if run.track == track and run.parts]
        return sorted(found, key=lambda run: run.parts[0].at)

    def track_parts(self, track: str) -> Iterator[Part]:
        """Yield the parts of a track in the order of time."""
        for run in self.track_runs(track):
            yield from run.parts

    def is_closed(self, run: Run) -> bool:
        """Return whether a run's file will not grow any more."""
        return run.of is not None or self.ended or self.track_newest(run.track) != run.name

    def track_newest(self, track: str) -> str | None:
        """Return the name of the run that a track began last."""
        return next((name for name in reversed(self.runs) if self.runs[name].track == track), None)

    @property
    def size(self) -> int:
        """Return the bytes of all runs."""
        return sum(run.size for run in self.runs.values())


def is_run_name(value: object) -> str | None:
    """Return a text if it can be the name of a run."""
    return value if isinstance(value, str) and _RUN.fullmatch(value) else None


def _parse(line: bytes) -> dict[str, Any] | None:
    if not line.strip() or len(line) > MAX_LINE:
        return None
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) else None


def _natural(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        raise ValueError("not a natural number that a browser can hold")
    return value


def _size(value: object) -> int | None:
    return None if value is None else _natural(value)


def _gap(entry: dict[str, Any]) -> Gap:
    if entry["track"] not in TRACKS:
        raise ValueError("a gap of no track")
    return Gap(entry["track"], _natural(entry["at"]), _natural(entry["for"]), str(entry["why"]))


def _still(entry: dict[str, Any]) -> Still:
    widths = tuple(sorted(_natural(width) for width in entry["widths"]))
    return Still(_natural(entry["number"]), _natural(entry["at"]), widths)
