"""The folder of what is made of a recording, and the child process that fills it. Blocks.

A run is made whole under another name and then told of in the index, which is replaced at once: a
kill leaves what was finished, and the next child goes on with the next run.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from recordings import downloads, made
from recordings.aac import encode_voice
from recordings.avc import encode_pictures
from recordings.catalogue import INDEX_NAME, RUN_SUFFIX, VOICE, Catalogue, Part, Run
from recordings.container import VIDEO_RATE, VOICE_RATE, video_init, video_part, voice_init
from recordings.container import voice_part as sound_part
from recordings.cuts import Cuts, apply
from recordings.downloads import is_download
from recordings.work import Hopeless, Teller, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from media.depacketizer import Format
    from recordings.container import Sample

UNFINISHED: Final = ".part"
MODULE: Final = "recordings.making"


def read_recording(folder: Path) -> Catalogue:
    """Return what a folder holds, what was made included; raises OSError."""
    catalogue = Catalogue()
    catalogue.feed((folder / INDEX_NAME).read_bytes())
    catalogue.made = read_made(folder)
    return catalogue


def read_made(folder: Path) -> list[Run]:
    """Return what was made."""
    try:
        return made.from_index((folder / made.FOLDER / INDEX_NAME).read_bytes())
    except FileNotFoundError:
        return []


def open_run(folder: Path, one: Run) -> BinaryIO:
    """Open the file of a run; raises OSError."""
    return (folder / file_of(one)).open("rb")


def file_of(one: Run) -> Path:
    """Return where in its folder a run lies."""
    return Path(made.FOLDER if one.of else "", f"{one.name}{RUN_SUFFIX}")


class Workbench:
    """Makes runs of a recording, and leaves room on the disk for everything else."""

    def __init__(self, folder: Path, reserve: int, tell: Teller) -> None:
        self.folder = folder
        self.catalogue = read_recording(folder)
        self._reserve = reserve  # bytes
        self._tell = tell
        self._done = 0.0  # ms
        self._all = 1.0  # ms

    def plan(self, length: float) -> None:
        """Say how much there is to do, in ms of the recording."""
        self._all = max(1.0, length)

    def step(self, length: float) -> None:
        """Say that some ms of the recording are done; raises OSError when the disk is full."""
        self._done += length
        if shutil.disk_usage(self.folder).free < self._reserve:
            raise OSError(errno.ENOSPC, "No room is left beside the reserve")
        self._tell(self._done / self._all)

    def warn(self, line: str) -> None:
        """Say that something is wrong, and go on."""
        self._tell(self._done / self._all, line)

    def wanted(self, *kinds: str) -> list[Run]:
        """Return the runs that are still to be made."""
        return [one for kind in kinds for one in made.to_be_made(self.catalogue, kind)]

    def make_runs(self, runs: Sequence[Run]) -> None:
        """Make runs one after the other, each told of as soon as it is whole."""
        for one in runs:
            with open_run(self.folder, one) as file:
                parts = self._parts(one, file)
                found = self._write(one, parts)
            if found is None:
                self.warn(f"nothing of {one.name} can be decoded")
                continue
            self._tell_of(found)

    def _parts(self, one: Run, file: BinaryIO) -> Iterator[tuple[Format | None, list[Sample]]]:
        if made.kind_of(one) == made.VP8:
            yield from encode_pictures(one, file, self.step, self.warn)
        else:
            for samples in encode_voice(one, file, self.step, self.warn):
                yield None, samples

    def _write(
        self, source: Run, parts: Iterator[tuple[Format | None, list[Sample]]]
    ) -> Run | None:
        """Write what is made of a run; None if it came to nothing."""
        name = made.made_name(source)
        found: Run | None = None
        with self.fresh(f"{name}{RUN_SUFFIX}") as path, path.open("wb") as file:
            for number, (shape, samples) in enumerate(parts, 1):
                if found is None:
                    init = _init(shape, samples)
                    found = _describe(source, name, shape, len(init))
                    file.write(init)
                data = _part(shape, samples, number)
                found.parts.append(_told(found, samples, file.tell(), len(data)))
                file.write(data)
        if found is None:
            (self.folder / made.FOLDER / f"{name}{RUN_SUFFIX}").unlink()
        return found

    def _tell_of(self, found: Run) -> None:
        self.catalogue.made.append(found)
        with self.fresh(INDEX_NAME) as path:
            path.write_bytes(made.to_index(self.catalogue.made))

    def keep_only(self, name: str, files: Sequence[str]) -> None:
        """Delete the downloads that were made before somebody cut the recording otherwise."""
        for path in (self.folder / made.FOLDER).glob(f"{name}-*{downloads.ending_of(name)}"):
            if is_download(path.name) and path.name not in files:
                path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def fresh(self, name: str) -> Iterator[Path]:
        """Give the path of a file that has its name once it is whole."""
        path = self.folder / made.FOLDER / name
        path.parent.mkdir(exist_ok=True)
        fresh = path.with_name(path.name + UNFINISHED)
        try:
            yield fresh
            with fresh.open("rb") as file:
                os.fdatasync(file.fileno())
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)


def _init(shape: Format | None, samples: list[Sample]) -> bytes:
    return voice_init("aac") if shape is None else video_init(shape, samples[0].data)


def _part(shape: Format | None, samples: list[Sample], number: int) -> bytes:
    if shape is None:
        return sound_part(samples, number, "aac")
    return video_part(shape, samples, number)


def _describe(source: Run, name: str, shape: Format | None, init: int) -> Run:
    if shape is None:
        return Run(name, source.track, made.AAC, (0, init), VOICE_RATE, of=source.name)
    size = (shape.width, shape.height)
    return Run(name, source.track, shape.codec, (0, init), VIDEO_RATE, *size, of=source.name)


def _told(found: Run, samples: list[Sample], offset: int, size: int) -> Part:
    at = round(samples[0].at * 1000 / found.timescale)
    end = round((samples[-1].at + samples[-1].length) * 1000 / found.timescale)
    return Part(found.name, at, end - at, offset, size, samples[0].key)


def make_download(bench: Workbench, name: str, cuts: Cuts) -> None:
    """Make a file to keep of a recording that is over, and first the runs that it needs."""
    runs = [one for one in bench.wanted(made.VP8, made.OPUS) if one.track in (name, VOICE)]
    copied = apply(bench.catalogue, cuts).track_runs(name)
    bench.plan(sum(_length(one) for one in [*runs, *copied]))
    bench.make_runs(runs)
    recording = made.served(bench.catalogue, aac=True)
    shown = apply(recording, cuts)
    if not shown.track_runs(name):
        raise Hopeless("nothing-left", "Nothing of this can be played.")
    timeline = downloads.Timeline(cuts, shown.length, _start(shown, name))
    sources = downloads.Sources(
        recording, cuts, lambda one: open_run(bench.folder, one), timeline, bench.step, bench.warn
    )
    with bench.fresh(downloads.file_name(name, cuts)) as path:
        downloads.write(str(path), name, sources)


def _start(recording: Catalogue, name: str) -> int:
    """Return where something is to be seen or heard first."""
    runs = [*recording.track_runs(name), *recording.track_runs(VOICE)]
    return min((one.parts[0].at for one in runs), default=0)


def _length(one: Run) -> int:
    return sum(part.length for part in one.parts)


def work(tell: Teller) -> None:
    """Do what the arguments ask for: the folder, and a wish in JSON."""
    folder, wish = Path(sys.argv[1]), json.loads(sys.argv[2])
    try:
        _do(Workbench(folder, wish["reserve"], tell), wish)
    except FileNotFoundError as error:
        if not (folder / INDEX_NAME).exists():
            raise Hopeless("recording-gone", "The recording was deleted.") from error
        raise


def _do(bench: Workbench, wish: dict[str, Any]) -> None:
    if wish["kind"] == "download":
        kept, muted = (tuple((one, to) for one, to in wish[key]) for key in ("kept", "muted"))
        make_download(bench, wish["name"], Cuts(wish["start"], kept, muted))
        bench.keep_only(wish["name"], wish["keep"])
        return
    runs = bench.wanted({"h264": made.VP8, "aac": made.OPUS}[wish["kind"]])
    bench.plan(sum(_length(one) for one in runs))
    bench.make_runs(runs)


if __name__ == "__main__":
    run(work)
