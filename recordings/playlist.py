"""HLS playlists of a recording, straight from its parts (RFC 8216, version 7): pure.

Each segment is a byte range of a run's own file, so nothing is written or copied for them. While
the lesson is on, a playlist is of type EVENT: it grows at its end, and rewinding to the beginning
is always possible. An interval without parts is a segment marked EXT-X-GAP, which keeps the tracks
in step; a new run has an EXT-X-MAP of its own.

There is no EXT-X-DISCONTINUITY. All times are the lesson's, so that none ever breaks off, and the
numbers of discontinuities would have to be the same in all tracks at the same time (section 6.2.4),
whose runs begin each when it must: players would wait for a voice that they have.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from recordings.catalogue import RUN_SUFFIX, TRACKS, VIDEO_TRACKS, VOICE, Catalogue, Part, Run

VERSION = 7
SEGMENT_MS = 4000  # fewer requests than parts, and a live viewer is three of them behind
SEAM_MS = 150  # between parts that follow each other: the rounding of clocks, a lost frame
# No segment is longer: the target duration of a playlist must never change (section 6.2.1), and is
# the time between looks at a live one. A keyframe is asked for every ten seconds.
MAX_SEGMENT_MS = 12_000
HOLD_MS = (
    5_000  # a track that is so far behind the others has nothing: parts are late by two at most
)
AAC_VOICE = "voice-aac"  # the playlist of the voice for players that have no Opus
_UNKNOWN_BITS = 500_000  # per second; of a track that has only just begun


def media_playlist(
    catalogue: Catalogue, track: str, *, live: bool, began: datetime, start: int = 0
) -> str:
    """Return the playlist of one track from a position on; `began` is the wall clock at 0."""
    head = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{VERSION}",
        f"#EXT-X-TARGETDURATION:{MAX_SEGMENT_MS // 1000}",
        f"#EXT-X-PLAYLIST-TYPE:{'EVENT' if live else 'VOD'}",
        "#EXT-X-MEDIA-SEQUENCE:0",
    ]
    tail = [] if live else ["#EXT-X-ENDLIST"]
    runs = catalogue.track_runs(track)
    segments = _segments(runs, began, (start, catalogue.length), live=live)
    return "\n".join([*head, *segments, *tail, ""])


def first_position(catalogue: Catalogue) -> int:
    """Return where the playlists of all tracks begin: with the first part of any of them."""
    firsts = [runs[0].parts[0].at for track in TRACKS if (runs := catalogue.track_runs(track))]
    return min(firsts, default=0)


def _segments(
    runs: Sequence[Run], began: datetime, span: tuple[int, int], *, live: bool
) -> Iterator[str]:
    """Yield the lines of each segment between two positions."""
    at, end = span
    before = runs[0] if runs else None  # whose beginning stands for a gap's
    grows = False
    for number, run in enumerate(runs):
        new_run = True
        grows = live and number == len(runs) - 1 and not _is_silent(run.end, end)
        yield from _gaps(before or run, at, run.parts[0].at)  # as soon as it is over
        at = max(at, run.parts[0].at)
        for parts in _grouped(run, whole=not grows):
            if parts[0].at - at > SEAM_MS:
                yield from _gaps(run, at, parts[0].at)
                new_run = True
            yield _segment(run, parts, began, new=new_run)
            at, new_run, before = parts[-1].end, False, run
    if before is None or grows:
        return
    while live and _is_silent(at, end):
        yield _gap(before, MAX_SEGMENT_MS)
        at += MAX_SEGMENT_MS
    if not live:
        yield from _gaps(before, at, end)


def _gaps(run: Run, at: int, end: int) -> Iterator[str]:
    """Yield the segments of an interval without parts, unless it is a seam."""
    if end - at > SEAM_MS:
        yield from (_gap(run, length) for length in _pieces(end - at))


def _is_silent(at: int, end: int) -> bool:
    """Say whether a track has nothing at a position: others go on for a segment and more."""
    return end - at >= MAX_SEGMENT_MS + HOLD_MS


def _grouped(run: Run, *, whole: bool) -> Iterator[list[Part]]:
    """Yield runs of parts that last some seconds, and begin with a keyframe where there is one.

    While it grows (`whole` is false) the last group is held back until the next one begins: a
    segment that has been told of must not change.
    """
    group: list[Part] = []
    for part in run.parts:
        if group and (_is_cut(group[-1], part) or _is_full(group, part)):
            yield group
            group = []
        group.append(part)
    if group and whole:
        yield group


def _is_full(group: Sequence[Part], after: Part) -> bool:
    if after.end - group[0].at > MAX_SEGMENT_MS:
        return True
    return after.key and group[-1].end - group[0].at >= SEGMENT_MS


def _is_cut(before: Part, after: Part) -> bool:
    return after.offset != before.offset + before.size or after.at - before.end > SEAM_MS


def _pieces(length: int) -> Iterator[int]:
    while length > MAX_SEGMENT_MS:
        yield MAX_SEGMENT_MS
        length -= MAX_SEGMENT_MS
    yield length


def _uri(run: Run) -> str:
    return f"{run.name}{RUN_SUFFIX}"


def _map(run: Run) -> str:
    first, size = run.init
    return f'#EXT-X-MAP:URI="{_uri(run)}",BYTERANGE="{size}@{first}"'


def _segment(run: Run, parts: Sequence[Part], began: datetime, *, new: bool) -> str:
    size = parts[-1].offset + parts[-1].size - parts[0].offset
    moment = (began + timedelta(milliseconds=parts[0].at)).astimezone(UTC)
    head = [_map(run), _date(moment)] if new else []
    length = (parts[-1].end - parts[0].at) / 1000
    tail = [f"#EXTINF:{length:.3f},", f"#EXT-X-BYTERANGE:{size}@{parts[0].offset}", _uri(run)]
    return "\n".join([*head, *tail])


def _gap(run: Run, length: int) -> str:
    first, size = run.init
    range_ = f"#EXT-X-BYTERANGE:{size}@{first}"
    lines = [_map(run), "#EXT-X-GAP", f"#EXTINF:{length / 1000:.3f},", range_, _uri(run)]
    return "\n".join(lines)


def _date(moment: datetime) -> str:
    text = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return f"#EXT-X-PROGRAM-DATE-TIME:{text}"


def master_playlist(
    catalogue: Catalogue,
    aac: Catalogue | None = None,
    *,
    picture: str | None = None,
    audio_only: bool = False,
) -> str:
    """Return the playlist of playlists: a picture with the voice, in AAC where there is `aac`.

    There is one picture, the longest unless another is wanted, and one voice: players change from
    one variant to another as the network does, which may change neither what is seen nor a codec,
    since some fail at that (section 6.2.4). What plays HLS plays AAC.
    """
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{VERSION}"]
    name, voice = VOICE, catalogue.track_runs(VOICE)
    if aac is not None and (found := aac.track_runs(VOICE)):
        name, voice = AAC_VOICE, found
    track = None if audio_only else picture or _longest_picture(catalogue)
    if track:
        lines += [_sound(name)] if voice else []
        lines += [_variant(catalogue.track_runs(track), name, voice), f"{track}.m3u8"]
    elif voice:
        codec = f'CODECS="{_codec(voice[-1])}"'
        lines += [f"#EXT-X-STREAM-INF:BANDWIDTH={_bits(voice)},{codec}", f"{name}.m3u8"]
    return "\n".join([*lines, ""])


def _longest_picture(catalogue: Catalogue) -> str | None:
    """Return the track that has a picture for the longest time."""
    lengths = {
        track: sum(part.length for run in runs for part in run.parts)
        for track in VIDEO_TRACKS
        if (runs := catalogue.track_runs(track))
    }
    return max(lengths, key=lambda track: lengths[track], default=None)


def _sound(name: str) -> str:
    return (
        f'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="{name}",NAME="{VOICE}",DEFAULT=YES,'
        f'AUTOSELECT=YES,URI="{name}.m3u8"'
    )


def _variant(runs: Sequence[Run], name: str, voice: Sequence[Run]) -> str:
    newest = runs[-1]
    codecs = ",".join(_codec(one[-1]) for one in (runs, voice) if one)
    size = f",RESOLUTION={newest.width}x{newest.height}" if newest.width and newest.height else ""
    sound = f',AUDIO="{name}"' if voice else ""
    bits = _bits(runs) + (_bits(voice) if voice else 0)
    return f'#EXT-X-STREAM-INF:BANDWIDTH={bits},CODECS="{codecs}"{size}{sound}'


def _codec(run: Run) -> str:
    """Return a codec as it can stand between quotes of an attribute (RFC 8216 §4.2)."""
    return "".join(letter for letter in run.codec if letter.isalnum() or letter in ".-")


def _bits(runs: Sequence[Run]) -> int:
    """Return the highest bit rate of any run."""
    rates = [
        8000 * sum(part.size for part in run.parts) // max(1, run.end - run.parts[0].at)
        for run in runs
    ]
    return max(rates, default=0) or _UNKNOWN_BITS
