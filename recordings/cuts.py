"""What of a recording an audience is shown: pure, and nothing is ever taken from the files.

A part is shown when the whole of it lies in what is kept, and a picture only from a keyframe on,
since without one it could not be decoded. What is muted is left out of the voice and of the
guest's picture.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from recordings.catalogue import VOICE, Catalogue, Gap, Part, Run
from recordings.made import LINES, made_lines
from recordings.webvtt import Cue

MUTED_TRACKS = frozenset({VOICE, "guest-camera"})
TRIMMED, MUTED = "trimmed", "muted"  # why the audience has a gap
FAR = 2**53  # ms; after everything

Interval = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Cuts:
    """Kept intervals (none: all), where the audience's part begins, and muted intervals."""

    start: int = 0
    kept: tuple[Interval, ...] = ()
    muted: tuple[Interval, ...] = ()

    @property
    def nothing(self) -> bool:
        """Return whether everything is shown."""
        return self.start == 0 and not self.kept and not self.muted

    def intervals(self) -> tuple[Interval, ...]:
        """Return what is kept, bounded by where the audience's part begins."""
        kept = self.kept or ((0, FAR),)
        return tuple((max(one, self.start), to) for one, to in kept if to > self.start)

    def keeps(self, at: int, end: int) -> bool:
        """Return whether an interval is kept as a whole."""
        return any(one <= at and end <= to for one, to in self.intervals())

    def shows(self, track: str, part: Part) -> bool:
        """Return whether a part may be shown, keyframes aside."""
        if track in MUTED_TRACKS:
            return self.is_heard(part.at, part.end)
        return self.keeps(part.at, part.end)

    def is_heard(self, at: int, end: int) -> bool:
        """Return whether the voice in an interval may be heard as a whole."""
        return self.keeps(at, end) and not any(one < end and at < to for one, to in self.muted)


EVERYTHING = Cuts()


def merged(intervals: Iterable[Sequence[int]]) -> list[Interval]:
    """Return intervals in order, those that touch made one; empty ones are dropped."""
    found: list[Interval] = []
    for at, end in sorted((one[0], one[1]) for one in intervals if one[0] < one[1]):
        if found and at <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((at, end))
    return found


def shown_parts(run: Run, cuts: Cuts) -> list[Part]:
    """Return the parts of a run that an audience may have."""
    if cuts.nothing:
        return run.parts
    found: list[Part] = []
    whole = False  # whether everything since the last keyframe is shown
    for part in run.parts:
        whole = cuts.shows(run.track, part) and (whole or part.key)
        if whole:
            found.append(part)
    return found


def shown_stills(catalogue: Catalogue, cuts: Cuts) -> set[int]:
    """Return the numbers of the stills that an audience may have.

    A still stays on the screen until the next one, so the last before a cut is shown after it.
    """
    if cuts.nothing:
        return {still.number for still in catalogue.stills}
    found = {still.number for still in catalogue.stills if cuts.keeps(still.at, still.at)}
    for start, _ in cuts.intervals():
        before = [still for still in catalogue.stills if still.at <= start]
        found |= {before[-1].number} if before else set()
    return found


def shown_cues(cues: Iterable[Cue], cuts: Cuts) -> list[Cue]:
    """Return the captions that an audience may read: of a whole cue that is heard, as of a part."""
    return [
        cue
        for cue in cues
        if cuts.keeps(cue.at, cue.to)
        and not any(one < cue.to and cue.at < to for one, to in cuts.muted)
    ]


def apply(catalogue: Catalogue, cuts: Cuts) -> Catalogue:
    """Return the recording as an audience has it; without cuts it is the same one."""
    if cuts.nothing:
        return catalogue
    shown = Catalogue(length=_length(catalogue, cuts), ended=catalogue.ended)
    stills = shown_stills(catalogue, cuts)
    shown.stills = [still for still in catalogue.stills if still.number in stills]
    for run in catalogue.runs.values():
        shown.runs[run.name] = Run(
            run.name,
            run.track,
            run.codec,
            run.init,
            run.timescale,
            run.width,
            run.height,
            shown_parts(run, cuts),
            run.of,
        )
    shown.gaps = [gap for gap in catalogue.gaps if cuts.keeps(gap.at, gap.at + gap.length)]
    shown.gaps += _new_gaps(catalogue, cuts)
    return shown


def _length(catalogue: Catalogue, cuts: Cuts) -> int:
    last = max((end for _, end in cuts.intervals()), default=0)
    return min(catalogue.length, last)


def _new_gaps(catalogue: Catalogue, cuts: Cuts) -> Iterator[Gap]:
    tracks = sorted({run.track for run in catalogue.runs.values()})
    length = _length(catalogue, cuts)
    between = [
        (before[1], after[0])
        for before, after in zip(cuts.intervals(), cuts.intervals()[1:], strict=False)
    ]
    for track in tracks:
        yield from (Gap(track, at, end - at, TRIMMED) for at, end in between if at < end)
        if track in MUTED_TRACKS:
            yield from (
                Gap(track, at, min(end, length) - at, MUTED)
                for at, end in cuts.muted
                if at < length
            )


def shown_lines(
    catalogue: Catalogue, cuts: Cuts, since: int, limit: int
) -> tuple[list[Mapping[str, Any]], int]:
    """Return the lines after `since` as an audience has them, and the next number.

    Numbers count the lines of the index itself, so that they stay true when cuts change, and above
    them those of what was made.
    """
    made, line = divmod(since, LINES)
    lines = catalogue.lines[line : line + limit]
    rest = max(0, limit - len(lines))
    others = list(islice(made_lines(catalogue), made, made + rest))
    following = (made + len(others)) * LINES + line + len(lines)
    lines = [
        one
        for one in [*lines, *others]
        if one["type"] not in ("run", "part") or one["run"] in catalogue.runs
    ]
    if cuts.nothing:
        return [*lines], following
    allowed = {
        (run.name, part.offset)
        for run in catalogue.runs.values()
        for part in shown_parts(run, cuts)
    }
    stills = shown_stills(catalogue, cuts)

    def is_shown(line: Mapping[str, Any]) -> bool:
        match line["type"]:
            case "part":
                return (line["run"], line["bytes"][0]) in allowed
            case "gap":
                return cuts.keeps(line["at"], line["at"] + line["for"])
            case "still":
                return line["number"] in stills
            case _:
                return True

    return [line for line in lines if is_shown(line)], following


def has_more(catalogue: Catalogue, following: int) -> bool:
    """Return whether there are lines after a number."""
    made, line = divmod(following, LINES)
    return line < len(catalogue.lines) or made < sum(len(one.parts) + 1 for one in catalogue.made)


def spans(run: Run, parts: Iterable[Part]) -> list[Interval]:
    """Return the bytes [from, to) of a run's beginning and of some of its parts, merged."""
    first, size = run.init
    return merged([(first, first + size), *((p.offset, p.offset + p.size) for p in parts)])
