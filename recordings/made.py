"""What is made of runs for more players, and what is served in the place of the originals. Pure.

Runs of VP8 become H.264, since no browser plays VP8 from an MP4; runs of Opus become AAC, for
players that have no Opus. They lie in a folder of their own with an index of its own (FORMAT.md),
can be made again at any time, and are never the truth.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from recordings.catalogue import VOICE, Catalogue, Part, Run

FOLDER = "made"
VP8, OPUS, H264, AAC = "vp08", "opus", "avc1", "mp4a.40.2"
_WORDS = {VP8: "avc", OPUS: "aac"}  # in the name of what is made of it
# Numbers of lines as pages hold them: those of the index, and of what was made above them. A week
# of four tracks has three million lines.
LINES = 2**24


def kind_of(run: Run) -> str:
    """Return the family of a run's codec."""
    return run.codec.partition(".")[0]


def made_name(run: Run) -> str:
    """Return the name of what is made of a run of VP8 or Opus."""
    return f"{run.track}-{_WORDS[kind_of(run)]}-{run.name.rpartition('-')[2]}"


def to_be_made(catalogue: Catalogue, kind: str) -> list[Run]:
    """Return the runs of a kind that do not grow any more and are not made yet, oldest first."""
    made = {run.of for run in catalogue.made}
    found = [
        run
        for run in catalogue.runs.values()
        if kind_of(run) == kind and run.parts and run.name not in made and catalogue.is_closed(run)
    ]
    return sorted(found, key=lambda run: run.parts[0].at)


def awaited_tracks(catalogue: Catalogue) -> list[str]:
    """Return the tracks of which something can not be seen before it is made, in order."""
    made = {run.of for run in catalogue.made}
    waiting = {
        run.track
        for run in catalogue.runs.values()
        if kind_of(run) == VP8 and run.parts and run.name not in made
    }
    return sorted(waiting)


def served(catalogue: Catalogue, *, aac: bool = False) -> Catalogue:
    """Return a recording with what was made in the place of what it was made of.

    VP8 that is not made yet is left out, and so is Opus if the reader wants AAC.
    """
    old = {VP8, OPUS} if aac else {VP8}
    if not any(kind_of(run) in old for run in catalogue.runs.values()):
        return catalogue
    by_source = {run.of: run for run in catalogue.made}
    shown = Catalogue(
        gaps=catalogue.gaps,
        stills=catalogue.stills,
        lines=catalogue.lines,
        length=catalogue.length,
        ended=catalogue.ended,
        made=catalogue.made,
    )
    for run in catalogue.runs.values():
        one = by_source.get(run.name) if kind_of(run) in old else run
        if one is not None:
            shown.runs[one.name] = one
    return shown


def made_lines(catalogue: Catalogue) -> Iterator[dict[str, Any]]:
    """Yield the lines that tell of what was made and is served, as those of an index."""
    for run in catalogue.made:
        yield from run_lines(run)


def run_lines(run: Run) -> Iterator[dict[str, Any]]:
    """Yield the lines of a made run."""
    size = {} if run.width is None else {"width": run.width, "height": run.height}
    facts = {"track": run.track, "init": [*run.init], "codec": run.codec, **size}
    yield {"type": "run", "run": run.name, "of": run.of, **facts, "timescale": run.timescale}
    yield from (part_line(part) for part in run.parts)


def part_line(part: Part) -> dict[str, Any]:
    """Return the line of a part."""
    where = {"run": part.run, "at": part.at, "for": part.length, "bytes": [part.offset, part.size]}
    return {"type": "part", **where, "key": part.key}


def to_index(runs: Iterable[Run]) -> bytes:
    """Return the index of made runs."""
    lines = (line for run in runs for line in run_lines(run))
    return b"".join(json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in lines)


def from_index(data: bytes) -> list[Run]:
    """Return the made runs of an index, in the order in which they were made."""
    known = Catalogue()
    known.feed(data)
    return [run for run in known.runs.values() if run.of is not None and run.parts]


def voice_is_made(catalogue: Catalogue) -> bool:
    """Return whether the whole voice is there in AAC."""
    made = {run.of for run in catalogue.made}
    voice = catalogue.track_runs(VOICE)
    return bool(voice) and all(run.name in made for run in voice if kind_of(run) == OPUS)
