"""What a kill or a power cut left behind, made whole: torn tails are cut, the index is completed.

The run files are the truth. A part counts when both of its boxes are whole and agree. A damaged
stretch between parts becomes a box that players pass over, a damaged beginning is written again
from the index's copy, and a file that nothing can be made of is set aside, never deleted. Blocks.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import mmap
import os
import struct
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import av
from av.error import FFmpegError

from media.depacketizer import VP8_CODEC
from recordings.scan import ScannedPart, beginning, scan, timescale
from recordings.segments import INDEX_NAME, RUN_SUFFIX
from recordings.stored import away

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAMAGED_SUFFIX: Final = ".damaged"
_NUMBERS: Final[dict[str, tuple[str, ...]]] = {  # what a line must have
    "start": ("at",),
    "gap": ("at", "for"),
    "still": ("number", "at"),
    "end": ("at",),
}
_BOX: Final = struct.Struct("!I4s")


@dataclass(slots=True)
class Recovered:
    """What a recording holds: where each track ends, in milliseconds; whether it is closed."""

    ends: dict[str, int] = field(default_factory=dict)
    ended: bool = False
    stills: set[tuple[int, int]] = field(default_factory=set)  # number and position
    cut: int = 0  # bytes of torn tails


def recover(folder: Path) -> Recovered:
    """Make a recording whole and say what it holds; raises OSError."""
    found = Recovered()
    entries = list(_read_index(folder / INDEX_NAME))
    told = {entry["run"]: entry for entry in entries if entry.get("type") == "run"}
    copies = {entry["run"]: entry["data"] for entry in entries if entry.get("type") == "init"}
    runs: dict[str, _Run] = {}
    for name in away(folder) & told.keys():  # whole when it went to the store
        runs[name] = _told_run(told[name], entries)
    for file in sorted(folder.glob(f"*{RUN_SUFFIX}")):
        size = file.stat().st_size
        run = _mend(file, copies.get(file.stem))
        if run is None:
            found.cut += size
            _set_aside(file)
            continue
        found.cut += max(size - run.end, 0)
        if told.get(file.stem, {}).items() >= run.entry.items():
            run.entry = told[file.stem]
        runs[file.stem] = run
    for run in runs.values():
        if run.parts:
            track, end = run.entry["track"], max(part.at + part.length for part in run.parts)
            found.ends[track] = max(found.ends.get(track, 0), end)
    lines = list(_merge(entries, runs))
    found.stills = {(one["number"], one["at"]) for one in lines if one.get("type") == "still"}
    found.ended = bool(lines) and lines[-1].get("type") == "end"
    _rewrite(folder / INDEX_NAME, lines)
    return found


@dataclass(slots=True)
class _Run:
    """A run that is whole: what the index says of it, its parts and where they end in the file."""

    entry: dict[str, Any]
    parts: list[ScannedPart]
    end: int


def _told_run(entry: dict[str, Any], entries: list[dict[str, Any]]) -> _Run:
    """Return a run as the index tells of it."""
    parts = [
        ScannedPart(one["at"], one["for"], one["bytes"][0], one["bytes"][1], one.get("key") is True)
        for one in entries
        if one.get("type") == "part" and one.get("run") == entry["run"] and _is_told(one)
    ]
    return _Run(entry, parts, parts[-1].end if parts else entry["init"][1])


def _is_told(part: dict[str, Any]) -> bool:
    where = part.get("bytes")
    numbers = [part.get("at"), part.get("for"), *(where if isinstance(where, list) else [])]
    return len(numbers) == 4 and all(type(one) is int for one in numbers)


def _mend(file: Path, copy: str | None) -> _Run | None:
    """Make a run's file one that plays; None if nothing can be made of it."""
    if copy is not None:
        _restore(file, base64.b64decode(copy))
    with _mapped(file) as data:
        init = beginning(data)
        scale = None if init is None else timescale(data)
        if init is None or scale is None:
            return None
        parts = list(scan(data, init, scale))
    end = parts[-1].end if parts else init
    os.truncate(file, end)
    _cover_holes(file, init, parts)
    entry = _describe(file, init, scale)
    return None if entry is None else _Run(entry, parts, end)


@contextlib.contextmanager
def _mapped(file: Path) -> Iterator[bytes | mmap.mmap]:
    with file.open("rb") as handle:
        if not os.fstat(handle.fileno()).st_size:
            yield b""  # nothing can be mapped
            return
        with mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as data:
            yield data


def _restore(file: Path, copy: bytes) -> None:
    """Write a run's beginning again if it is not what was written."""
    with file.open("r+b") as handle:
        if handle.read(len(copy)) != copy:
            handle.seek(0)
            handle.write(copy)


def _cover_holes(file: Path, begin: int, parts: list[ScannedPart]) -> None:
    """Make each damaged stretch between parts a box that players pass over."""
    with file.open("r+b") as handle:
        for part in parts:
            if part.offset > begin:
                header = _BOX.pack(part.offset - begin, b"free")
                handle.seek(begin)
                handle.write(header)
            begin = part.end


def _set_aside(file: Path) -> None:
    """Keep for an engineer what holds parts, and delete what holds nothing."""
    with _mapped(file) as data:
        empty = data.find(b"moof") < 0
    if empty:
        file.unlink()
    else:
        file.rename(file.with_name(file.name + DAMAGED_SUFFIX))


def _read_index(path: Path) -> Iterator[dict[str, Any]]:
    with contextlib.suppress(FileNotFoundError):
        for line in path.read_bytes().splitlines():
            with contextlib.suppress(ValueError, RecursionError):
                entry = json.loads(line)
                if isinstance(entry, dict) and _is_sound(entry):
                    yield entry


def _is_sound(entry: dict[str, Any]) -> bool:
    """Say whether a line can be kept: a flipped bit may have made nonsense of it."""
    kind = entry.get("type")
    if not isinstance(kind, str):
        return False
    if kind == "init":
        return isinstance(entry.get("run"), str) and _is_copy(entry)
    if kind != "run":
        return all(type(entry.get(name)) is int for name in _NUMBERS.get(kind, ()))
    init = entry.get("init")
    named = all(isinstance(entry.get(name), str) for name in ("run", "track", "codec"))
    whole = isinstance(init, list) and len(init) == 2 and all(type(one) is int for one in init)
    return named and whole and type(entry.get("timescale")) is int and entry["timescale"] > 0


def _is_copy(entry: dict[str, Any]) -> bool:
    try:
        data = base64.b64decode(entry["data"], validate=True)
        return bool(zlib.crc32(data) == entry["crc32"])
    except (KeyError, TypeError, ValueError, binascii.Error):
        return False


def _merge(entries: list[dict[str, Any]], runs: dict[str, _Run]) -> Iterator[dict[str, Any]]:
    """Yield the index: what it says of parts that exist, and then what it does not say yet."""
    told: set[tuple[str, int]] = set()
    seen: set[str] = set()
    end: dict[str, Any] | None = None  # nothing follows it, what was found again neither
    real = {
        (name, part.offset): _part_entry(name, part)
        for name, run in runs.items()
        for part in run.parts
    }
    for entry in entries:
        if entry.get("type") == "run":
            if entry["run"] in runs and entry["run"] not in seen:
                seen.add(entry["run"])
                yield runs[entry["run"]].entry
        elif entry.get("type") == "part":
            where = entry.get("bytes")
            key = (entry.get("run"), where[0] if isinstance(where, list) and where else None)
            if key in real and key not in told and entry.get("run") in seen:
                told.add(key)
                yield real[key]
        elif entry.get("type") == "end":
            end = entry
        else:
            end = None if entry.get("type") == "start" else end
            yield entry
    for name, run in runs.items():
        if name not in seen:
            yield run.entry
        yield from (
            real[name, part.offset] for part in run.parts if (name, part.offset) not in told
        )
    if end is not None:
        yield end


def _part_entry(run: str, part: ScannedPart) -> dict[str, Any]:
    where = {"run": run, "at": part.at, "for": part.length, "bytes": [part.offset, part.size]}
    return {"type": "part", **where, "key": part.key}


def _rewrite(path: Path, lines: list[dict[str, Any]]) -> None:
    """Write the index, unless that is what it says."""
    text = b"".join(json.dumps(one, separators=(",", ":")).encode() + b"\n" for one in lines)
    if text == (path.read_bytes() if path.exists() else b""):
        return
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        file.write(text)
        file.flush()
        os.fdatasync(file.fileno())
    fresh.replace(path)


def _describe(file: Path, init: int, scale: int) -> dict[str, Any] | None:
    """Return what the index says of a run, or None if no player opens it."""
    track = file.stem.rpartition("-")[0]
    if not track:
        return None
    entry = {"type": "run", "run": file.stem, "track": track, "init": [0, init]}
    try:
        with av.open(str(file)) as container:
            stream = container.streams[0]
            context: Any = stream.codec_context
            if stream.type == "audio":
                return {**entry, "codec": "opus", "timescale": scale}
            codec = VP8_CODEC
            if context.name == "h264":
                codec = f"avc1.{bytes(context.extradata or b'')[1:4].hex()}"
            shape = {"width": context.width, "height": context.height}
            return {**entry, "codec": codec, **shape, "timescale": scale}
    except (FFmpegError, IndexError, OSError):
        return None
