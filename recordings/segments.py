"""The folder of a recording: run files that grow by parts, and the index that tells of them.

Bytes come first, then the line about them. A write that fails is taken back, so that a full disk
leaves whole parts behind.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import time
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

INDEX_NAME: Final = "index.jsonl"
RUN_SUFFIX: Final = ".mp4"
Sync = Literal["part", "interval", "never"]
Why = Literal["source", "server", "disk"]


@dataclass(slots=True)
class Run:
    """The file of a run while it grows."""

    name: str
    track: str
    file: BinaryIO
    size: int
    parts: int = 0


class Folder:
    """One recording on disk; used by one thread at a time. Raises OSError."""

    def __init__(self, path: Path, sync: Sync = "interval", sync_seconds: float = 5.0) -> None:
        self.path = path
        self.bytes = 0  # written by this process
        self._sync = sync
        self._sync_seconds = sync_seconds
        self._synced = time.monotonic()
        path.mkdir(parents=True, exist_ok=True, mode=0o750)
        self._index = (path / INDEX_NAME).open("ab", buffering=0)
        self._dirty: set[int] = set()
        self._numbers: dict[str, int] = {}
        for file in path.glob(f"*{RUN_SUFFIX}*"):  # what was set aside keeps its number too
            track, _, number = file.name.partition(".")[0].rpartition("-")
            if number.isdigit():
                self._numbers[track] = max(self._numbers.get(track, 0), int(number))

    def begin_run(self, track: str, init: bytes, facts: dict[str, Any]) -> Run:
        """Open a new run that begins with `init`."""
        number = self._numbers.get(track, 0) + 1
        name = f"{track}-{number:04}"
        file = (self.path / f"{name}{RUN_SUFFIX}").open("xb", buffering=0)
        self._numbers[track] = number
        run = Run(name, track, file, 0)
        try:
            self._write(run, init)
            entry = {"type": "run", "run": name, "track": track, "init": [0, len(init)], **facts}
            self._tell(entry)
            copy = base64.b64encode(init).decode()
            self._tell({"type": "init", "run": name, "crc32": zlib.crc32(init), "data": copy})
        except OSError:
            file.close()
            raise
        return run

    def add_part(self, run: Run, at: int, length: int, data: bytes, *, key: bool) -> None:
        """Append a part to a run; `at` and `length` in milliseconds."""
        begin = run.size
        self._write(run, data)
        run.parts += 1
        where = {"run": run.name, "at": at, "for": length, "bytes": [begin, len(data)]}
        self._tell({"type": "part", **where, "key": key})

    def end_run(self, run: Run) -> None:
        """Close the file of a run."""
        if self._sync != "never":
            with contextlib.suppress(OSError):
                os.fdatasync(run.file.fileno())
        self._dirty.discard(run.file.fileno())
        run.file.close()

    def start(self, at: int) -> None:
        """Note that recording begins, or goes on after a restart."""
        self._tell({"type": "start", "at": at})

    def gap(self, track: str, at: int, length: int, why: Why) -> None:
        """Note an interval in which a track has nothing."""
        self._tell({"type": "gap", "track": track, "at": at, "for": length, "why": why})

    def still(self, number: int, at: int, widths: Sequence[int]) -> None:
        """Note which slide is seen from a position on."""
        self._tell({"type": "still", "number": number, "at": at, "widths": list(widths)})

    def end(self, at: int) -> None:
        """Note that nothing follows."""
        self._tell({"type": "end", "at": at})

    def close(self) -> None:
        """Close the index; safe to call twice."""
        if not self._index.closed:
            if self._sync != "never":
                with contextlib.suppress(OSError):
                    os.fdatasync(self._index.fileno())
            self._index.close()

    def _write(self, run: Run, data: bytes) -> None:
        _append(run.file, data, run.size)
        run.size += len(data)
        self.bytes += len(data)
        self._settle(run.file)

    def _tell(self, entry: dict[str, Any]) -> None:
        line = json.dumps(entry, separators=(",", ":")).encode() + b"\n"
        _append(self._index, line, os.fstat(self._index.fileno()).st_size)
        self.bytes += len(line)
        self._settle(self._index)

    def _settle(self, file: Any) -> None:
        """Make bytes survive a power cut, as often as the settings say."""
        if self._sync == "part":
            os.fdatasync(file.fileno())
            return
        self._dirty.add(file.fileno())
        now = time.monotonic()
        if self._sync == "interval" and now - self._synced >= self._sync_seconds:
            self._synced = now
            for number in self._dirty:
                os.fdatasync(number)
            self._dirty.clear()


def _append(file: Any, data: bytes, size: int) -> None:
    """Write all of it or nothing."""
    try:
        left = memoryview(data)
        while left:
            left = left[file.write(left) :]
    except OSError:
        os.ftruncate(file.fileno(), size)
        file.seek(size)
        raise
